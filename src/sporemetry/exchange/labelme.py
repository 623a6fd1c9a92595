"""LabelMe: one JSON file a picture, with polygons, circles and masks.

Source: the format that labelme 5 writes (github.com/wkentaro/labelme). Coordinates are those of pixel
corners; a mask's points are its first and last pixel, both inside.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, picture_size, ring_of
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.foreign_names import last_part
from sporemetry.exchange.outlines import label_patches, trace_rings
from sporemetry.exchange.painting import farthest
from sporemetry.exchange.shapes import Shape, clipped, draw_ellipse, near
from sporemetry.exchange.sketch import Sketch, sound_box
from sporemetry.formats.encode import encode_png
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS, Budget
from sporemetry.formats.png import read_png
from sporemetry.formats.refusal import Refusal
from sporemetry.formats.source import Source
from sporemetry.storage import make_folder, write_atomic

_VERSION = "5.5.0"
_CLASS = "spore"
_BOX = "rectangle"


def read_labelme(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read LabelMe's files.

    Parameters
    ----------
    path : Path
        A JSON file, or a folder of them (subfolders too).
    size : PictureSize
        Held against the sizes that the files state.

    Yields
    ------
    Annotation
        One a file, in the order of the names. Polygons, circles and masks; shapes of one label and
        ``group_id`` are pieces of one instance. An image with rectangles only gives ``boxes``; beside
        outlines they are ignored, as is what lies around points and lines. ``_background_`` is cut out,
        ``__ignore__`` ignored. Shapes that cannot be used are left out, and a note names each. The image's
        name is the file's, with the folder in which it lies; an embedded image is not read. A file that
        cannot be used has a ``problem``.

    Raises
    ------
    LabelReadError
        When there is no such file.
    """
    others = []
    for file, folder in _files(path):
        name = file.stem
        try:
            document = read_json(file)
            if path.is_dir() and not _is_labelme(document.value):
                others.append(file.name)
                continue
            if document.get("imagePath") is not None:
                name = last_part(picture_name(document.field("imagePath")))
            name = f"{folder}/{name}" if folder else name
            remarks: list[str] = []
            shape = picture_size(document, name, _stated_size(document, remarks), size)
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)
            continue
        yield _annotation(document, name, shape, remarks)
    if others:
        yield Annotation(
            name="", notes=(f"{len(others)} JSON files that are not LabelMe's: {', '.join(others[:5])}",)
        )


def write_labelme(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write ``<name>.json`` for each picture.

    Parameters
    ----------
    output : Path
        The folder; made if missing.
    pictures : iterable of LabelledPicture
        Held one at a time. Their files are named by ``imagePath``, not copied.

    Returns
    -------
    list of Path
        What was written.

    Notes
    -----
    Pieces of one instance share a ``group_id``; instances with holes, which polygons here cannot have, are
    masks. The scale is lost, and ids are closed up on reading.
    """
    written = []
    for picture in pictures:
        path = output / f"{safe_name(picture.name)}.json"
        make_folder(path.parent)
        write_atomic(path, _encoded(picture))
        written.append(path)
    return written


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return each file and the folder in which it lies below ``path``."""
    if not path.is_dir():
        return [(path, "")]
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() == ".json" and not file.name.startswith(".") and file.is_file()
    )
    if not files:
        raise LabelReadError(path, expected="LabelMe's JSON files, one a picture", found="none")
    folders = [file.parent.relative_to(path).as_posix() for file in files]
    return [(file, "" if folder == "." else folder) for file, folder in zip(files, folders, strict=True)]


def _is_labelme(value: object) -> bool:
    return isinstance(value, dict) and "shapes" in value


def _stated_size(document: Entry, remarks: list[str]) -> tuple[int, int] | None:
    height, width = document.get("imageHeight"), document.get("imageWidth")
    if height is None or width is None:
        return None
    stated = height.whole(0, 1 << 31), width.whole(0, 1 << 31)
    if min(stated) > 0:
        return stated
    remarks.append(f"the file states a size of {stated[1]} x {stated[0]}: that of the image itself was taken")
    return None


def _annotation(document: Entry, name: str, shape: tuple[int, int], remarks: list[str]) -> Annotation:
    sketch = Sketch(document.path, name, shape)
    for remark in remarks:
        sketch.remark(remark)
    try:
        shapes = document.list_of("shapes")
    except LabelReadError as error:
        return Annotation(name=name, problem=error)
    for each in shapes:
        try:
            _take(sketch, each, shape)
        except LabelReadError as error:
            points = each.value.get("points") if isinstance(each.value, dict) else None
            sketch.spoiled(each.where, error, sound_box(points, shape))
    return sketch.annotation()


def _take(sketch: Sketch, each: Entry, size: tuple[int, int]) -> None:
    kind = _kind(each)
    label = _label(sketch, each)
    if kind == "mask":
        sketch.outline(_mask_shape(each, label, size))
        return
    points = each.field("points").pairs()
    if kind == "polygon" and len(points) > 2:
        shape = Shape(label=label, pieces=[[ring_of(each, points)]], group=_group(each), where=each.where)
        sketch.outline(shape)
    elif kind == "circle":
        if len(points) != 2:
            raise each.error("a circle of two points, its centre and one on its line")
        (x, y), (on_x, on_y) = points.tolist()
        radius = math.hypot(on_x - x, on_y - y)
        near(each, (x, y, radius), size)
        draw = partial(draw_ellipse, (x, y), (radius, radius), size)
        sketch.outline(Shape(label=label, draw=draw, group=_group(each), where=each.where))
    elif kind in (_BOX, "rotation"):
        if len(points) not in (2, 4):
            raise each.error("a rectangle of two corners")
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        sketch.box(label, (x0, y0, x1, y1), each.where)
    elif kind in ("point", "points") or len(points) == 1:
        sketch.marks("point", label, points, each.where)
    elif kind in ("line", "linestrip", "polygon"):
        sketch.marks("line", label, points, each.where)
    else:
        box = (*points.min(axis=0).tolist(), *points.max(axis=0).tolist()) if len(points) else None
        sketch.spoiled(each.where, f"expected a shape of a known kind; found {kind[:40]!r}", box)


def _kind(shape: Entry) -> str:
    kind = shape.get("shape_type")
    return "polygon" if kind is None else kind.text()


def _label(sketch: Sketch, shape: Entry) -> str:
    found = shape.get("label")
    if found is None or not isinstance(found.value, str):
        sketch.note("shapes have no label; they were taken as they are")
        return ""
    return found.value


def _group(shape: Entry) -> int | str | None:
    """Return what joins pieces; anything else than a number or a text joins nothing."""
    group = shape.get("group_id")
    value = None if group is None else group.value
    return value if isinstance(value, int | str) else None


def _mask_shape(each: Entry, label: str, size: tuple[int, int]) -> Shape:
    corners = np.rint(each.field("points").pairs())
    if corners.shape != (2, 2):
        raise each.error("a mask of two points, its first and its last pixel")
    if (np.abs(corners) > farthest(size) + max(size)).any():
        raise each.error("a mask in or near the image", found="one far outside")
    (left, top), (right, below) = corners.astype(int).tolist()
    height, width = below - top + 1, right - left + 1
    if height < 1 or width < 1 or height * width > DEFAULT_MAX_PIXELS:
        raise each.error("a mask from its first to its last pixel", found=f"{width} x {height} pixels")

    def draw() -> Patch:
        mask = _decoded(each.field("mask"), (height, width))
        return clipped(top, left, mask, size)

    box = (float(left), float(top), float(right + 1), float(below + 1))
    over_edge = min(left, top) < 0 or right >= size[1] or below >= size[0]
    return Shape(label=label, draw=draw, group=_group(each), where=each.where, box=box, over_edge=over_edge)


def _decoded(entry: Entry, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of a PNG in base64, of which the size is known beforehand."""
    try:
        content = base64.b64decode(entry.text(), validate=True)
        array = read_png(Source.of_bytes(content), Budget(size[0] * size[1])).array
    except (binascii.Error, ValueError) as error:
        raise entry.error("a PNG file in base64", found=str(error)[:100]) from error
    except Refusal as error:
        raise entry.error(error.expected, found=error.found) from error
    mask = array.any(axis=2) if array.ndim == 3 else array != 0
    if mask.shape != size:
        raise entry.error(
            f"a mask of {size[1]} x {size[0]} pixels", found=f"{mask.shape[1]} x {mask.shape[0]}"
        )
    return np.asarray(mask, dtype=np.bool_)


def _encoded(picture: LabelledPicture) -> bytes:
    height, width = picture.labels.shape
    ending = picture.image.suffix if picture.image is not None else ""
    content = {
        "version": _VERSION,
        "flags": {},
        "shapes": [
            shape for number, patch in label_patches(picture.labels) for shape in _shapes(number, patch)
        ],
        "imagePath": f"{safe_name(picture.name).rpartition('/')[2]}{ending}",
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _shapes(number: int, patch: Patch) -> list[dict[str, object]]:
    pieces = trace_rings(patch.mask, (patch.row, patch.col))
    if any(piece.holes for piece in pieces):
        rows, cols = patch.mask.shape
        corners = [[patch.col, patch.row], [patch.col + cols - 1, patch.row + rows - 1]]
        png = base64.b64encode(encode_png(patch.mask.astype(np.uint8))).decode("ascii")
        return [{**_shape("mask", corners, None), "mask": png}]
    group = number if len(pieces) > 1 else None
    return [_shape("polygon", piece.outer.tolist(), group) for piece in pieces]


def _shape(kind: str, points: list[list[int]], group: int | None) -> dict[str, object]:
    return {
        "label": _CLASS,
        "points": points,
        "group_id": group,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }
