"""CVAT for images 1.1: one XML file of many pictures, with polygons, ellipses and masks.

Source: the format page of CVAT's documentation (docs.cvat.ai). Coordinates are those of pixel corners; runs
of masks go along the rows of the mask's own box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import parse_xml, picture_name, read_bytes, read_zip_member, safe_name
from sporemetry.exchange.entries import Entry, picture_size, ring_of
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.outlines import label_patches
from sporemetry.exchange.painting import Piece, farthest
from sporemetry.exchange.rle import fill_runs, run_lengths
from sporemetry.exchange.shapes import Shape, box_ring, clipped, draw_ellipse, near
from sporemetry.exchange.sketch import Corners, Sketch, sound_box
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS
from sporemetry.storage import make_folder, write_atomic

FILE_NAME = "annotations.xml"
_CLASS = "spore"
_BOX_KEYS = ("left", "top", "width", "height")
_ZIP = b"PK"
_Area = tuple[Sequence[Piece], Callable[[], Patch] | None, Corners | None, bool]


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
        One for each image, in the order of the file. Polygons, ellipses and masks; those of one label and
        ``group_id`` are pieces of one instance; ``z_order`` decides what lies above. An image with boxes only
        gives ``boxes``; beside outlines they are ignored, as is what lies around points, lines and skeletons.
        Shapes that cannot be used are left out, and a note names each. An image that cannot be used has a
        ``problem``.

    Raises
    ------
    LabelReadError
        For what is no such file, or tracks of a video.
    """
    document = _document(path)
    if document.find("track") is not None:
        raise LabelReadError(
            path,
            expected="CVAT for images 1.1",
            found="tracks, as of CVAT for video 1.1",
            remedy="Export the task as 'CVAT for images 1.1'.",
        )
    tags = {each.tag for image in document.findall("image") for each in image}
    boxes_only = "box" in tags and not tags & _DRAWN.keys()
    for index, image in enumerate(document.findall("image")):
        attributes = Entry(path, f"image[{index}]", dict(image.attrib))
        name = attributes.where
        try:
            name = picture_name(attributes.field("name"))
            remarks: list[str] = []
            shape = picture_size(attributes, name, _stated_size(attributes, remarks), size)
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)
            continue
        sketch = Sketch(path, name, shape)
        for remark in remarks:
            sketch.remark(remark)
        for place, each in enumerate(image):
            entry = Entry(path, f"image[{index}].{each.tag}[{place}]", dict(each.attrib))
            try:
                _take(sketch, each, entry, shape)
            except LabelReadError as error:
                sketch.spoiled(entry.where, error, _known_box(each, shape))
        yield sketch.annotation(boxes_only=boxes_only)


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
        parts += [_mask_element(patch) for _, patch in label_patches(picture.labels)]
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


def _stated_size(image: Entry, remarks: list[str]) -> tuple[int, int] | None:
    if image.get("height") is None or image.get("width") is None:
        return None
    stated = image.field("height").whole(0, 1 << 31), image.field("width").whole(0, 1 << 31)
    if min(stated) > 0:
        return stated
    remarks.append(f"the file states a size of {stated[1]} x {stated[0]}: that of the image itself was taken")
    return None


def _take(sketch: Sketch, element: Element, each: Entry, size: tuple[int, int]) -> None:
    tag = element.tag
    if tag == "tag":
        return
    label = element.get("label", "")
    if tag in _DRAWN:
        group = each.get("group_id")
        number = 0 if group is None else group.whole(0, 1 << 53)
        pieces, draw, box, over_edge = _DRAWN[tag](each, size)
        sketch.outline(
            Shape(
                label=label,
                pieces=pieces,
                draw=draw,
                group=number or None,  # CVAT writes 0 for none
                layer=int(_number(each, "z_order")),
                where=each.where,
                box=box,
                over_edge=over_edge,
            )
        )
    elif tag == "box":
        sketch.box(label, _corners(each), each.where)
    elif tag == "points":
        sketch.marks("point", label, _points(each.field("points")), each.where)
    elif tag == "polyline":
        sketch.marks("line", label, _points(each.field("points")), each.where)
    elif tag == "skeleton":
        joints = [_points(Entry(each.path, each.where, part.get("points", ""))) for part in element]
        sketch.marks("line", label, np.concatenate([np.zeros((0, 2)), *joints]), each.where)
    else:
        sketch.spoiled(each.where, f"expected a shape of a known kind; found {tag[:40]!r}", _around(each))


def _corners(box: Entry) -> Corners:
    """Return a box as x0, y0, x1, y1; of a turned one, the box around it."""
    sides = [box.field(key).number() for key in ("xtl", "ytl", "xbr", "ybr")]
    if sides[2] <= sides[0] or sides[3] <= sides[1]:
        return sides[0], sides[1], sides[2], sides[3]
    ring = box_ring(sides[0], sides[1], sides[2], sides[3], _number(box, "rotation"))
    (x0, y0), (x1, y1) = ring.min(axis=0).tolist(), ring.max(axis=0).tolist()
    return x0, y0, x1, y1


def _known_box(element: Element, size: tuple[int, int]) -> Corners | None:
    """Return where a shape with a fault lies, from the numbers of it that can be read."""
    text = element.get("points")
    if text is None:
        try:
            left, top, width, height = (float(element.get(key, "")) for key in _BOX_KEYS)
        except ValueError:
            return None
        return sound_box([[left, top], [left + width, top + height]], size)
    points = []
    for part in text.split(";"):
        try:
            points.append([float(word) for word in part.split(",")[:2]])
        except ValueError:
            continue
    return sound_box(points, size)


def _around(cuboid: Entry) -> Corners | None:
    """Return the box around the corners of a cuboid: attributes xtl1, ytl1, ..."""
    values = cuboid.value if isinstance(cuboid.value, dict) else {}
    sides: dict[str, list[float]] = {"x": [], "y": []}
    for key in values:
        if key[:1] in sides and key[1:2] in ("t", "b") and key[-1:].isdigit():
            sides[key[0]].append(cuboid.field(key).number())
    if not sides["x"] or not sides["y"]:
        return None
    return min(sides["x"]), min(sides["y"]), max(sides["x"]), max(sides["y"])


def _number(shape: Entry, key: str) -> float:
    found = shape.get(key)
    return 0.0 if found is None else found.number()


def _points(entry: Entry) -> NDArray[np.float64]:
    """Return points ``x,y;x,y;...``, N x 2; a text of nothing gives none."""
    parts = entry.text().split(";")
    if not parts[-1].strip():
        parts.pop()
    wrong = [part for part in parts if part.count(",") != 1]
    if wrong:
        raise entry.error("finite numbers, two for each point", found=f"{wrong[0].strip()[:60]!r}")
    return _numbers(entry, ",".join(parts)).reshape(-1, 2)


def _polygon(shape: Entry, size: tuple[int, int]) -> _Area:
    del size
    return [[ring_of(shape, _points(shape.field("points")))]], None, None, False


def _ellipse(shape: Entry, size: tuple[int, int]) -> _Area:
    centre = shape.field("cx").number(), shape.field("cy").number()
    radii = shape.field("rx").number(), shape.field("ry").number()
    near(shape, (*centre, *radii), size)
    return [], partial(draw_ellipse, centre, radii, size, _number(shape, "rotation")), None, False


def _mask(shape: Entry, size: tuple[int, int]) -> _Area:
    reach = int(farthest(size))
    left, top = (shape.field(key).whole(-reach, reach + max(size)) for key in ("left", "top"))
    width, height = (shape.field(key).whole(0, 1 << 31) for key in ("width", "height"))
    if width * height > DEFAULT_MAX_PIXELS:
        raise shape.error(f"a mask of at most {DEFAULT_MAX_PIXELS:,} pixels", found=f"{width} x {height}")

    def draw() -> Patch:
        runs = shape.field("rle")
        counts = _numbers(runs, runs.text())
        if (counts != np.rint(counts)).any():
            raise runs.error("whole numbers")
        try:
            first, rows = fill_runs(counts.astype(np.int64), height, width)
        except SettingsError as error:
            raise runs.error(error.expected, found=error.found) from error
        return clipped(top + first, left, rows, size)

    beyond = max(-left, -top, left + width - size[1], top + height - size[0])
    box = (float(left), float(top), float(left + width), float(top + height))
    return [], draw, box, beyond > 0


def _numbers(entry: Entry, text: str) -> NDArray[np.float64]:
    """Return numbers that commas part; a text of nothing gives none."""
    words = text.split(",") if text.strip() else []
    try:
        numbers = np.array([float(word) for word in words], dtype=np.float64)
    except ValueError as error:
        raise entry.error("numbers with commas between them") from error
    if not np.isfinite(numbers).all() or (np.abs(numbers) > 2.0**53).any():
        raise entry.error("finite numbers")
    return numbers


_DRAWN = {"polygon": _polygon, "ellipse": _ellipse, "mask": _mask}


def _mask_element(patch: Patch) -> str:
    height, width = patch.mask.shape
    runs = ", ".join(map(str, run_lengths(patch.mask.ravel()).tolist()))
    return (
        f'<mask label="{_CLASS}" source="manual" occluded="0" rle="{runs}" left="{patch.col}" '
        f'top="{patch.row}" width="{width}" height="{height}" z_order="0"></mask>\n'
    )
