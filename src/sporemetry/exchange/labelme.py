"""LabelMe: one JSON file a picture, with polygons, circles and masks.

Source: the format that labelme 5 writes (github.com/wkentaro/labelme). Coordinates are those of pixel
corners; a mask's points are its first and last pixel, both inside.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.outlines import label_patches, trace_rings
from sporemetry.exchange.rle import cropped
from sporemetry.exchange.shapes import Shape, draw_ellipse, draw_shapes
from sporemetry.formats.encode import encode_png
from sporemetry.formats.limits import Budget
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
        ``group_id`` are pieces of one instance. A picture with rectangles only gives ``boxes``; beside
        outlines they are left out, as are points and lines, and a note says so. The picture's name is the
        file's, with the folder in which it lies; an embedded picture is not read.

    Raises
    ------
    LabelReadError
        For what is no such file, or states another size than the picture's.
    """
    names: dict[str, int] = {}
    for file, folder in _files(path):
        document = read_json(file)
        stated = document.field("imagePath")
        name = picture_name(stated, last_part_only=True)
        name = f"{folder}/{name}" if folder else name
        check_unique(names, stated, name)
        shape = picture_size(document, name, _stated_size(document), size)
        yield _annotation(document, name, shape)


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


def _stated_size(document: Entry) -> tuple[int, int] | None:
    height, width = document.get("imageHeight"), document.get("imageWidth")
    if height is None or width is None:
        return None
    return height.whole(0, 1 << 31), width.whole(0, 1 << 31)


def _annotation(document: Entry, name: str, shape: tuple[int, int]) -> Annotation:
    found = document.list_of("shapes")
    kinds = [_kind(each) for each in found]
    if found and all(kind == _BOX for kind in kinds):
        return Annotation(
            name=name,
            boxes=np.array([_corners(each) for each in found]),
            classes=tuple(_label(each) for each in found),
            notes=("the annotations have rectangles only, no outlines",),
        )
    notes: Counter[str] = Counter()
    shapes: list[Shape] = []
    for each, kind in zip(found, kinds, strict=True):
        if kind not in _DRAWN:
            notes[f"shapes of the kind {kind[:40]} were left out"] += 1
            continue
        group = each.get("group_id")
        shapes.append(
            Shape(
                label=_label(each),
                draw=partial(_DRAWN[kind], each, shape),
                group=None if group is None else group.identity(),
            )
        )
    drawn = draw_shapes(shapes, shape)
    return Annotation(
        name=name,
        labels=drawn.labels,
        classes=drawn.classes,
        notes=(*(f"{count} {text}" for text, count in notes.items()), *drawn.notes),
    )


def _kind(shape: Entry) -> str:
    kind = shape.get("shape_type")
    return "polygon" if kind is None else kind.text()


def _label(shape: Entry) -> str:
    return shape.field("label").text()


def _corners(shape: Entry) -> tuple[float, float, float, float]:
    points = shape.field("points").pairs()
    if len(points) not in (2, 4):
        raise shape.error("a rectangle of two corners")
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1


def _draw_polygon(shape: Entry, size: tuple[int, int]) -> Patch:
    return fill_patch([shape.field("points").pairs()], size)


def _draw_circle(shape: Entry, size: tuple[int, int]) -> Patch:
    points = shape.field("points").pairs()
    if len(points) != 2:
        raise shape.error("a circle of two points, its centre and one on its line")
    (x, y), (on_x, on_y) = points.tolist()
    radius = math.hypot(on_x - x, on_y - y)
    return draw_ellipse((x, y), (radius, radius), size)


def _draw_mask(shape: Entry, size: tuple[int, int]) -> Patch:
    corners = np.rint(shape.field("points").pairs())
    if corners.shape != (2, 2):
        raise shape.error("a mask of two points, its first and its last pixel")
    (left, top), (right, below) = corners.astype(int).tolist()
    height, width = below - top + 1, right - left + 1
    fits = 0 < height <= size[0] - top and 0 < width <= size[1] - left
    if min(top, left) < 0 or not fits:
        raise shape.error("a mask inside the picture", found=f"from {left}, {top} to {right}, {below}")
    mask = _decoded(shape.field("mask"), (height, width))
    return cropped(top, left, mask)


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


_DRAWN = {"polygon": _draw_polygon, "circle": _draw_circle, "mask": _draw_mask}


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
