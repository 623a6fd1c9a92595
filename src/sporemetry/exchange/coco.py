"""COCO: one JSON file of many pictures, with polygons or run lengths.

Source: the data format page of cocodataset.org. Coordinates are those of pixel corners, run lengths go down
the columns.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from sporemetry.errors import SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.outlines import label_patches, trace_rings
from sporemetry.exchange.rle import columns_of_patch, decode_counts, encode_counts, patch_of_columns
from sporemetry.exchange.shapes import Drawn, Shape, draw_rings, draw_shapes
from sporemetry.storage import write_atomic

FILE_NAME = "annotations.json"
Segmentation = Literal["polygons", "rle"]
_SPORE = 1


def read_coco(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read a COCO file.

    Parameters
    ----------
    path : Path
        The JSON file, or a folder that holds ``annotations.json``.
    size : PictureSize
        Held against the sizes that the file states.

    Yields
    ------
    Annotation
        One for each entry of ``images``, in their order. Polygons of one annotation are pieces of one
        instance; run lengths may be plain or compressed. Where no annotation of the file has an outline,
        ``boxes`` are given and no labels; else annotations with a box only are left out, and a note says so.
        ``iscrowd`` is noted and the region taken for one instance, because programs set it for every mask.

    Raises
    ------
    LabelReadError
        For what is no such file, a picture named twice or of another size, an annotation of no picture.
    """
    document = read_json(path / FILE_NAME if path.is_dir() else path)
    categories = {
        category.field("id").identity(): category.field("name").text()
        for category in document.list_of("categories")
    }
    images = list(document.field("images").items())
    by_image: dict[int | str, list[Entry]] = {image.field("id").identity(): [] for image in images}
    if len(by_image) != len(images):
        raise document.error("an id of its own for each of the images", found="an id twice")
    annotations = document.list_of("annotations")
    for annotation in annotations:
        image = annotation.field("image_id")
        if image.identity() not in by_image:
            raise image.error("the id of one of the images")
        by_image[image.identity()].append(annotation)
    boxes_only = bool(annotations) and not any(map(_outline, annotations))
    names: dict[str, int] = {}
    for image in images:
        name = picture_name(image.field("file_name"))
        check_unique(names, image, name)
        found = by_image[image.field("id").identity()]
        scale = image.get("um_per_px")
        um_per_px = None if scale is None else scale.number()
        if boxes_only:
            yield _with_boxes(name, um_per_px, found, categories)
        else:
            shape = picture_size(image, name, _stated_size(image), size)
            yield _with_labels(name, um_per_px, found, categories, shape)


def write_coco(
    output: Path, pictures: Iterable[LabelledPicture], *, segmentation: Segmentation = "polygons"
) -> list[Path]:
    """Write one COCO file.

    Parameters
    ----------
    output : Path
        The file, if it ends in ``.json``; else the folder in which ``annotations.json`` is written.
    pictures : iterable of LabelledPicture
        Held one at a time; what is written of them is held until the end. None give a file without images.
    segmentation : {"polygons", "rle"}
        Instances without holes as polygons along pixel edges; those with holes, or all, as compressed run
        lengths, because polygons cannot hold them.

    Returns
    -------
    list of Path
        The file.

    Notes
    -----
    Area and box are exact. Ids are numbered over the whole file, so that gaps between a picture's ids are
    closed. The scale goes into ``um_per_px`` of the image, which other programs pass over.
    """
    if segmentation not in ("polygons", "rle"):
        raise SettingsError("segmentation", expected="polygons or rle", found=repr(segmentation))
    path = output if output.suffix.lower() == ".json" else output / FILE_NAME
    images: list[str] = []
    annotations: list[str] = []
    for number, picture in enumerate(pictures, start=1):
        images.append(json.dumps(_image(number, picture), ensure_ascii=False))
        height, width = picture.labels.shape
        for _, patch in label_patches(picture.labels):
            annotation = {
                "id": len(annotations) + 1,
                "image_id": number,
                "category_id": _SPORE,
                "segmentation": _segmentation(patch, (height, width), segmentation),
                "area": int(np.count_nonzero(patch.mask)),
                "bbox": [patch.col, patch.row, patch.mask.shape[1], patch.mask.shape[0]],
                "iscrowd": 0,
            }
            annotations.append(json.dumps(annotation, separators=(",", ":")))
    path.parent.mkdir(parents=True, exist_ok=True)
    category = '{"id": 1, "name": "spore", "supercategory": ""}'
    content = (
        '{"info": {"description": "written by Sporemetry"}, "licenses": [],\n"categories": ['
        + f'{category}],\n"images": [\n'
        + ",\n".join(images)
        + '\n],\n"annotations": [\n'
        + ",\n".join(annotations)
        + "\n]}\n"
    )
    write_atomic(path, content.encode("utf-8"))
    return [path]


def _stated_size(image: Entry) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    if height is None or width is None:
        return None
    return height.whole(0, 1 << 31), width.whole(0, 1 << 31)


def _outline(annotation: Entry) -> Entry | None:
    """Return the segmentation, None where there is only a box."""
    found = annotation.get("segmentation")
    return found if found is not None and found.value else None


def _category(annotation: Entry, categories: dict[int | str, str]) -> str:
    category = annotation.get("category_id")
    if category is None:
        return ""
    return categories.get(category.identity(), str(category.value))


def _with_boxes(
    name: str, um_per_px: float | None, found: list[Entry], categories: dict[int | str, str]
) -> Annotation:
    boxes = np.zeros((len(found), 4))
    for index, annotation in enumerate(found):
        corners = annotation.field("bbox").numbers()
        if corners.size != 4 or corners[2:].min() <= 0:
            raise annotation.error("a bbox of four numbers: x, y, and a width and height above 0")
        boxes[index] = (*corners[:2], *(corners[:2] + corners[2:]))
    return Annotation(
        name=name,
        boxes=boxes,
        classes=tuple(_category(annotation, categories) for annotation in found),
        um_per_px=um_per_px,
        notes=("the annotations have boxes only, no outlines",) if found else (),
    )


def _with_labels(
    name: str,
    um_per_px: float | None,
    found: list[Entry],
    categories: dict[int | str, str],
    shape: tuple[int, int],
) -> Annotation:
    notes: Counter[str] = Counter()
    shapes = []
    for annotation in found:
        outline = _outline(annotation)
        if outline is None:
            notes["annotations without an outline were left out"] += 1
            continue
        crowd = annotation.get("iscrowd")
        if crowd is not None and crowd.number():
            notes["annotations are marked iscrowd; each was taken for one instance"] += 1
        shapes.append(Shape(label=_category(annotation, categories), draw=_drawing(outline, shape)))
    drawn: Drawn = draw_shapes(shapes, shape)
    return Annotation(
        name=name,
        labels=drawn.labels,
        classes=drawn.classes,
        um_per_px=um_per_px,
        notes=(*(f"{count} {text}" for text, count in notes.items()), *drawn.notes),
    )


def _drawing(outline: Entry, shape: tuple[int, int]) -> Callable[[], Patch]:
    if isinstance(outline.value, dict):
        return partial(_draw_runs, outline, shape)
    if isinstance(outline.value, list):
        return partial(_draw_polygons, outline, shape)
    raise outline.error("a list of polygons, or an object with counts and size")


def _draw_polygons(outline: Entry, shape: tuple[int, int]) -> Patch:
    return draw_rings((polygon.flat_points() for polygon in outline.items()), shape)


def _draw_runs(outline: Entry, shape: tuple[int, int]) -> Patch:
    size, counts = outline.field("size"), outline.field("counts")
    if tuple(size.numbers().tolist()) != shape:
        raise size.error(f"the size of the picture, [{shape[0]}, {shape[1]}] (height, width)")
    try:
        runs = decode_counts(counts.value) if isinstance(counts.value, str) else counts.counts()
        return patch_of_columns(runs, shape)
    except SettingsError as error:
        raise counts.error(error.expected, found=error.found) from error


def _image(number: int, picture: LabelledPicture) -> dict[str, object]:
    height, width = picture.labels.shape
    ending = picture.image.suffix if picture.image is not None else ""
    image: dict[str, object] = {
        "id": number,
        "file_name": safe_name(picture.name) + ending,
        "height": height,
        "width": width,
    }
    return image if picture.um_per_px is None else {**image, "um_per_px": picture.um_per_px}


def _segmentation(patch: Patch, shape: tuple[int, int], form: Segmentation) -> object:
    if form == "polygons":
        pieces = trace_rings(patch.mask, (patch.row, patch.col))
        if not any(piece.holes for piece in pieces):
            return [piece.outer.ravel().tolist() for piece in pieces]
    return {"size": list(shape), "counts": encode_counts(columns_of_patch(patch, shape))}
