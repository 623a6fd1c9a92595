"""CVAT for images 1.1: one XML file of many pictures, with polygons, ellipses and masks.

Source: the format page of CVAT's documentation (docs.cvat.ai). Coordinates are those of pixel corners; runs
of masks go along the rows of the mask's own box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, BoxArray, LabelledPicture, PictureSize
from sporemetry.exchange.documents import parse_xml, picture_name, read_bytes, read_zip_member, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.outlines import label_patches
from sporemetry.exchange.rle import cropped, fill_runs, run_lengths
from sporemetry.exchange.shapes import Shape, box_ring, draw_ellipse, draw_shapes
from sporemetry.storage import make_folder, write_atomic

FILE_NAME = "annotations.xml"
_CLASS = "spore"
_ZIP = b"PK"


def read_cvat(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read an export of the kind "CVAT for images 1.1".

    Parameters
    ----------
    path : Path
        The zip that CVAT makes, the ``annotations.xml`` in it, or the folder that holds that.
    size : PictureSize
        Held against the sizes that the file states.

    Yields
    ------
    Annotation
        One for each picture, in the order of the file. Polygons, ellipses and masks; those of one label and
        ``group_id`` are pieces of one instance; ``z_order`` decides what lies above. Where the whole file has
        boxes only, ``boxes`` are given; beside outlines they are left out, as are points, lines and
        skeletons, and a note says so.

    Raises
    ------
    LabelReadError
        For what is no such file, tracks of a video, or another size than the picture's.
    """
    document = _document(path)
    if document.find("track") is not None:
        raise LabelReadError(
            path,
            expected="CVAT for images 1.1",
            found="tracks, as of CVAT for video 1.1",
            remedy="Export the task as 'CVAT for images 1.1'.",
        )
    images = document.findall("image")
    boxes_only = any(image.find("box") is not None for image in images) and not any(
        image.find(kind) is not None for image in images for kind in _DRAWN
    )
    names: dict[str, int] = {}
    for index, image in enumerate(images):
        attributes = Entry(path, f"image[{index}]", dict(image.attrib))
        name = picture_name(attributes.field("name"))
        check_unique(names, attributes, name)
        stated = attributes.field("height").whole(0, 1 << 31), attributes.field("width").whole(0, 1 << 31)
        shape = picture_size(attributes, name, stated, size)
        found = [
            (each.tag, Entry(path, f"image[{index}].{each.tag}[{place}]", dict(each.attrib)))
            for place, each in enumerate(image)
        ]
        yield _with_boxes(name, found) if boxes_only else _with_labels(name, found, shape)


def write_cvat(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write one file that CVAT takes by "Upload annotations", each instance a mask that its brush can change.

    Parameters
    ----------
    output : Path
        The file, if it ends in ``.xml``; else the folder in which ``annotations.xml`` is written.
    pictures : iterable of LabelledPicture
        Held one at a time. CVAT finds them by their names in a task with a label ``spore``.

    Returns
    -------
    list of Path
        The file.

    Notes
    -----
    Everything but the scale is held; ids are closed up on reading.
    """
    path = output if output.suffix.lower() == ".xml" else output / FILE_NAME
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n']
    for number, picture in enumerate(pictures):
        height, width = picture.labels.shape
        ending = picture.image.suffix if picture.image is not None else ""
        name = quoteattr(safe_name(picture.name) + ending)
        parts.append(f'<image id="{number}" name={name} width="{width}" height="{height}">\n')
        parts += [_mask(patch) for _, patch in label_patches(picture.labels)]
        parts.append("</image>\n")
    parts.append("</annotations>\n")
    make_folder(path.parent)
    write_atomic(path, "".join(parts).encode("utf-8"))
    return [path]


def _document(path: Path) -> Element:
    file = path / FILE_NAME if path.is_dir() else path
    content = read_bytes(file)
    if content[:2] == _ZIP:
        content = read_zip_member(file, FILE_NAME)
    document = parse_xml(file, content)
    if document.tag != "annotations":
        raise LabelReadError(file, expected="the element annotations", found=document.tag[:100])
    return document


def _with_boxes(name: str, found: list[tuple[str, Entry]]) -> Annotation:
    boxes = [each for tag, each in found if tag == "box"]
    other = sum(1 for tag, _ in found if tag not in ("box", "tag"))
    notes = ["the annotations have boxes only, no outlines"] if boxes else []
    if other:
        notes.append(f"{other} points or lines were left out")
    corners: BoxArray = np.array([_corners(each) for each in boxes], dtype=np.float64).reshape(-1, 4)
    return Annotation(
        name=name, boxes=corners, classes=tuple(_label(each) for each in boxes), notes=tuple(notes)
    )


def _corners(box: Entry) -> list[float]:
    """Return a box as x0, y0, x1, y1; of a turned one, the box around it."""
    sides = [box.field(key).number() for key in ("xtl", "ytl", "xbr", "ybr")]
    ring = box_ring(sides[0], sides[1], sides[2], sides[3], _number(box, "rotation"))
    return [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()]


def _with_labels(name: str, found: list[tuple[str, Entry]], shape: tuple[int, int]) -> Annotation:
    notes: Counter[str] = Counter()
    shapes: list[Shape] = []
    for tag, each in found:
        if tag not in _DRAWN:
            if tag != "tag":
                notes[f"shapes of the kind {tag[:40]} were left out"] += 1
            continue
        group = each.get("group_id")
        number = 0 if group is None else group.whole(0, 1 << 53)
        shapes.append(
            Shape(
                label=_label(each),
                draw=partial(_DRAWN[tag], each, shape),
                group=number or None,  # CVAT writes 0 for none
                layer=int(_number(each, "z_order")),
            )
        )
    drawn = draw_shapes(shapes, shape)
    return Annotation(
        name=name,
        labels=drawn.labels,
        classes=drawn.classes,
        notes=(*(f"{count} {text}" for text, count in notes.items()), *drawn.notes),
    )


def _label(shape: Entry) -> str:
    return shape.field("label").text()


def _number(shape: Entry, key: str) -> float:
    found = shape.get(key)
    return 0.0 if found is None else found.number()


def _draw_polygon(shape: Entry, size: tuple[int, int]) -> Patch:
    entry = shape.field("points")
    return fill_patch([_numbers(entry, entry.text().replace(";", ","), pairs=True).reshape(-1, 2)], size)


def _draw_ellipse(shape: Entry, size: tuple[int, int]) -> Patch:
    centre = shape.field("cx").number(), shape.field("cy").number()
    radii = shape.field("rx").number(), shape.field("ry").number()
    return draw_ellipse(centre, radii, size, _number(shape, "rotation"))


def _draw_mask(shape: Entry, size: tuple[int, int]) -> Patch:
    left, top = (shape.field(key).whole(0, side) for key, side in (("left", size[1]), ("top", size[0])))
    width, height = (shape.field(key).whole(0, 1 << 31) for key in ("width", "height"))
    if height > size[0] - top or width > size[1] - left:
        raise shape.error("a mask inside the picture", found=f"{width} x {height} from {left}, {top}")
    runs = shape.field("rle")
    counts = _numbers(runs, runs.text(), pairs=False)
    if (counts != np.rint(counts)).any():
        raise runs.error("whole numbers")
    try:
        first, rows = fill_runs(counts.astype(np.int64), height, width)
    except SettingsError as error:
        raise runs.error(error.expected, found=error.found) from error
    return cropped(top + first, left, rows)


def _numbers(entry: Entry, text: str, *, pairs: bool) -> NDArray[np.float64]:
    """Return numbers that commas part; a text of nothing gives none."""
    words = text.split(",") if text.strip() else []
    try:
        numbers = np.array([float(word) for word in words], dtype=np.float64)
    except ValueError as error:
        raise entry.error("numbers with commas between them") from error
    if not np.isfinite(numbers).all() or (np.abs(numbers) > 2.0**53).any() or (pairs and numbers.size % 2):
        raise entry.error("finite numbers, two for each point" if pairs else "finite numbers")
    return numbers


_DRAWN = {"polygon": _draw_polygon, "ellipse": _draw_ellipse, "mask": _draw_mask}


def _mask(patch: Patch) -> str:
    height, width = patch.mask.shape
    runs = ", ".join(map(str, run_lengths(patch.mask.ravel()).tolist()))
    return (
        f'<mask label="{_CLASS}" source="manual" occluded="0" rle="{runs}" left="{patch.col}" '
        f'top="{patch.row}" width="{width}" height="{height}" z_order="0"></mask>\n'
    )
