"""COCO: one JSON file of many pictures, with polygons or run lengths.

Source: the data format page of cocodataset.org. Coordinates are those of pixel corners, run lengths go down
the columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, picture_size, ring_of
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.outlines import label_patches, trace_rings
from sporemetry.exchange.painting import Runs
from sporemetry.exchange.rle import columns_of_patch, decode_counts, encode_counts, runs_of_columns
from sporemetry.exchange.shapes import Shape, box_ring
from sporemetry.exchange.sketch import Corners, Sketch, why_of
from sporemetry.storage import write_atomic

FILE_NAME = "annotations.json"
Segmentation = Literal["polygons", "rle"]
_SPORE = 1
_MOST_NAMED = 1000


def read_coco(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read a COCO file.

    Parameters
    ----------
    path : Path
        The JSON file, or a folder that holds ``annotations.json`` or no other JSON file than one.
    size : PictureSize
        Held against the sizes that the file states.

    Yields
    ------
    Annotation
        One for each entry of ``images``, in their order. Polygons of one annotation are pieces of one
        instance; run lengths may be plain or compressed. An image whose annotations have boxes only gives
        ``boxes``. What stands beside outlines and cannot be drawn (a box, key points) is ignored there, and
        so are regions marked ``iscrowd``; but where a file marks all its outlines so, as some programs do
        for every mask, each is one instance. Annotations that cannot be used are left out, and a note names
        each; those of no image are named at the end, in one without a name.

    Raises
    ------
    LabelReadError
        For what is no such file, or one of whose annotations none belongs to an image.
    """
    document = read_json(_file(path))
    remarks: list[str] = []
    categories = _categories(document, remarks)
    images = list(document.field("images").items())
    by_image, twice = _ids(images)
    annotations = list(document.field("annotations").items())
    if images and not annotations:
        remarks.append(
            f"the file has no annotation: its {len(images):,} images are taken for ones without spores"
        )
    orphans = 0
    for annotation in annotations:
        found = _image_of(annotation, by_image)
        if found is None:
            orphans += 1
            if orphans <= _MOST_NAMED:
                stated = annotation.value.get("image_id") if isinstance(annotation.value, dict) else None
                remarks.append(
                    f"{_place(annotation)} was left out: its image_id {stated!r:.80} is that of no image"
                )
        else:
            found.append(annotation)
    if annotations and orphans == len(annotations):
        raise document.error(
            "annotations of the images that the file lists",
            found=f"{orphans:,} annotations, of which none has the id of one of {len(images):,} images",
            remedy="Export images and annotations together.",
        )
    if orphans > _MOST_NAMED:
        remarks.append(f"{orphans - _MOST_NAMED} more annotations of no image were left out")
    outlined = [each for each in annotations if _outline(each) is not None]
    crowd_means_nothing = all(map(_is_crowd, outlined or annotations))
    reading = _Reading(categories, crowd_means_nothing, bool(annotations) and not outlined, remarks)
    for image in images:
        yield from reading.image(image, by_image, twice, size)
    if reading.unlisted:
        listed = ", ".join(sorted(reading.unlisted)[:5])
        remarks.append(f"annotations have categories that the file does not list: {listed}")
    if remarks:
        yield Annotation(name="", notes=tuple(remarks))


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


@dataclass(slots=True)
class _Reading:
    """What is known of the whole file while its images are read."""

    categories: dict[str, str]
    crowd_means_nothing: bool
    boxes_only: bool
    remarks: list[str]
    unlisted: set[str] = field(default_factory=set)

    def image(
        self, image: Entry, by_image: dict[str, list[Entry]], twice: set[str], size: PictureSize
    ) -> Iterator[Annotation]:
        """Yield the annotation of one image, or why there is none."""
        name = image.where
        try:
            key = _key(image.field("id"))
            name = picture_name(image.field("file_name"))
            if key in twice:
                raise image.error(
                    "an id of its own for each of the images",
                    found=f"the id {key} for several, so that nobody knows whose the annotations are",
                    remedy="Number the images anew.",
                )
            shape = picture_size(image, name, _stated_size(image, self.remarks), size)
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)
            return
        sketch = Sketch(image.path, name, shape)
        for annotation in by_image[key]:
            self._take(sketch, annotation, shape)
        yield sketch.annotation(um_per_px=_scale(image, sketch), boxes_only=self.boxes_only)

    def _take(self, sketch: Sketch, annotation: Entry, shape: tuple[int, int]) -> None:
        where = _place(annotation)
        box: Corners | None = None
        try:
            outline = _outline(annotation)
            box = _corners(annotation)
            label = self._category(annotation)
            has_box = box is not None and box[2] > box[0] and box[3] > box[1]
            drawn = None
            if outline is not None:
                drawn = _shape(outline, shape, label, where, box)
            elif has_box and box is not None:
                drawn = Shape(label=label, pieces=[[box_ring(*box)]], where=where, box=box)
            if drawn is not None and self._is_ignored(sketch, annotation):
                sketch.ignore(drawn)
                return
            if outline is not None and drawn is not None:
                sketch.outline(drawn)
                return
            points = _key_points(annotation)
            if has_box and box is not None:
                sketch.box(label, box, where)
            elif len(points):
                sketch.marks("point", label, points, where)
            elif box is not None and box[:2] == box[2:] and box[:2] != (0.0, 0.0):
                sketch.marks("point", label, np.array([box[:2]]), where)
            elif box is not None:
                sketch.box(label, box, where)
            else:
                sketch.spoiled(where, "expected a segmentation or a bbox; found neither")
        except LabelReadError as error:
            sketch.spoiled(
                where, error, box if box is not None and box[2] > box[0] and box[3] > box[1] else None
            )

    def _is_ignored(self, sketch: Sketch, annotation: Entry) -> bool:
        if _is_set(annotation, "ignore"):
            sketch.note("annotations marked ignore were ignored")
            return True
        if not _is_crowd(annotation):
            return False
        if self.crowd_means_nothing:
            sketch.note("annotations are marked iscrowd, as all are; each was taken for one instance")
            return False
        sketch.note("annotations marked iscrowd were ignored; set iscrowd to 0 where they are one spore")
        return True

    def _category(self, annotation: Entry) -> str:
        category = annotation.get("category_id")
        if category is None:
            return ""
        key = _key(category)
        if key not in self.categories:
            self.unlisted.add(key)
        return self.categories.get(key, key)


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    if (path / FILE_NAME).is_file():
        return path / FILE_NAME
    found = sorted(file for file in path.rglob("*.json") if not file.name.startswith(".") and file.is_file())
    if len(found) != 1:
        raise LabelReadError(
            path,
            expected=f"{FILE_NAME}, or one JSON file in the folder",
            found=", ".join(file.name for file in found[:3]) or "none",
            remedy="Name the file itself.",
        )
    return found[0]


def _place(annotation: Entry) -> str:
    """Return where an annotation stands, with its own id, by which people look for it."""
    own = annotation.value.get("id") if isinstance(annotation.value, dict) else None
    return f"{annotation.where} (id {own!r:.40})" if isinstance(own, int | str) else annotation.where


def _key(entry: Entry) -> str:
    """Return an id as text: some programs write 7 in one place and "7" in another."""
    return str(entry.identity())


def _categories(document: Entry, remarks: list[str]) -> dict[str, str]:
    names = {}
    for category in document.list_of("categories"):
        try:
            names[_key(category.field("id"))] = category.field("name").text()
        except LabelReadError as error:
            remarks.append(f"{category.where} was left out: {why_of(error, category.where)}")
    return names


def _ids(images: list[Entry]) -> tuple[dict[str, list[Entry]], set[str]]:
    """Return an empty list for the id of each image, and the ids that images of different names have."""
    names: dict[str, object] = {}
    twice = set()
    for image in images:
        try:
            key = _key(image.field("id"))
            name = image.value.get("file_name") if isinstance(image.value, dict) else None
        except LabelReadError:
            continue  # said when the image's own turn comes
        if names.setdefault(key, name) != name:
            twice.add(key)
    return {key: [] for key in names}, twice


def _image_of(annotation: Entry, by_image: dict[str, list[Entry]]) -> list[Entry] | None:
    try:
        return by_image.get(_key(annotation.field("image_id")))
    except LabelReadError:
        return None


def _stated_size(image: Entry, remarks: list[str]) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    if height is None or width is None:
        return None
    stated = height.whole(0, 1 << 31), width.whole(0, 1 << 31)
    if min(stated) > 0:
        return stated
    remarks.append(
        f"{image.where} states a size of {stated[1]} x {stated[0]}: that of the image itself was taken"
    )
    return None


def _scale(image: Entry, sketch: Sketch) -> float | None:
    scale = image.get("um_per_px")
    if scale is None:
        return None
    try:
        number = scale.number()
        if not 0 < number < 1e6:
            raise scale.error("a scale above 0, in µm a pixel")
    except LabelReadError as error:
        sketch.remark(f"the scale was left out: {why_of(error, scale.where)}")
        return None
    return number


def _outline(annotation: Entry) -> Entry | None:
    """Return the segmentation, None where there is none."""
    if not isinstance(annotation.value, dict):
        return None
    found = annotation.get("segmentation")
    if found is None or not found.value or (isinstance(found.value, list) and not any(found.value)):
        return None
    return found


def _is_crowd(annotation: Entry) -> bool:
    return _is_set(annotation, "iscrowd")


def _is_set(annotation: Entry, key: str) -> bool:
    return isinstance(annotation.value, dict) and annotation.value.get(key) in (1, "1", True)


def _corners(annotation: Entry) -> Corners | None:
    """Return the bbox as x0, y0, x1, y1; None where there is none."""
    found = annotation.get("bbox")
    if found is None or not found.value:
        return None
    numbers = found.numbers()
    if numbers.size != 4:
        raise found.error("a bbox of four numbers: x, y, width and height")
    x, y, width, height = numbers.tolist()
    # Some programs write the way that the mouse went: to the left, or up.
    return min(x, x + width), min(y, y + height), max(x, x + width), max(y, y + height)


def _key_points(annotation: Entry) -> NDArray[np.float64]:
    """Return the key points that are set, N x 2."""
    found = annotation.get("keypoints")
    if found is None:
        return np.zeros((0, 2))
    numbers = found.numbers()
    if numbers.size % 3:
        raise found.error("key points of three numbers each: x, y and visibility")
    points = numbers.reshape(-1, 3)
    return points[points[:, 2] > 0, :2]


def _shape(outline: Entry, size: tuple[int, int], label: str, where: str, box: Corners | None) -> Shape:
    if isinstance(outline.value, dict):
        return Shape(label=label, draw=cache(partial(_draw_runs, outline, size)), where=where, box=box)
    if not isinstance(outline.value, list):
        raise outline.error("a list of polygons, or an object with counts and size")
    flat = not isinstance(outline.value[0], list)  # one polygon without the list around it
    polygons = [outline] if flat else [each for each in outline.items() if each.value]
    return Shape(
        label=label, pieces=[[ring_of(each, each.flat_points())] for each in polygons], where=where, box=box
    )


def _draw_runs(outline: Entry, shape: tuple[int, int]) -> Runs:
    size, counts = outline.field("size"), outline.field("counts")
    if tuple(size.numbers().tolist()) != shape:
        raise size.error(f"the size of the picture, [{shape[0]}, {shape[1]}] (height, width)")
    try:
        lengths = decode_counts(counts.value) if isinstance(counts.value, str) else counts.counts()
        return runs_of_columns(lengths, shape)
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
