"""One ImageJ region of interest (ROI), from and to its bytes.

Source: the description at the head of ImageJ's RoiDecoder, and what its RoiEncoder writes. All numbers are
big endian. Area ROIs keep pixel corners, as polygons do here: the pixel in column c covers x from c to c + 1.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.outlines import Polygon
from sporemetry.exchange.shapes import box_ring, draw_ellipse

MAGIC = b"Iout"
_VERSION = 227
_HEADER, _HEADER2 = 64, 64
SMALLEST_ROI = _HEADER
"""Bytes of the smallest ROI, which is a header alone."""
_POLYGON, _RECTANGLE, _OVAL, _FREEHAND, _TRACED = 0, 1, 2, 7, 8
_OTHER = {3: "line", 4: "freehand line", 5: "segmented line", 6: "empty region", 9: "angle", 10: "point"}
_LINE, _VERTICES = 3, (4, 5, 9, 10)
_TEXT, _ELLIPSE, _PICTURE, _TURNED_BOX = 1, 3, 4, 5
_SUB_PIXEL = 128
# Versions from which floats follow the whole numbers, and from which boxes have floats too.
_FLOAT_POINTS, _FLOAT_BOXES = 222, 223
# ImageJ takes whole numbers below -5,000 for unsigned ones, so those from here on do not come back.
_LARGEST_WHOLE = 60_000
_MOST_POINTS = 65_535
# Parts of a path: how many numbers follow each kind of step (to, line, quadratic, cubic, close).
_STEPS = (2, 2, 4, 6, 0)
_CURVE_PARTS = 16

Draw = Callable[[tuple[int, int]], Patch]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roi:
    """A region of interest.

    Attributes
    ----------
    name : str
        As the ROI manager shows it; empty where the file has none.
    draw : callable or None
        Takes height and width of the picture and gives the pixels; None for what has no area.
    kind : str
        What it is: ``area``, ``line``, ``point``, ``text``, ...
    group : int
        ImageJ's group, 1 to 255; 0 is none.
    position : int
        The slice of a stack that it belongs to, from 1; 0 is any.
    points : float array, N x 2
        x and y of what has no area: points, or the vertices of a line.
    rings : sequence of float arrays, N x 2
        The outlines that ``draw`` fills by the even-odd rule; empty where it draws an ellipse.
    box : (float, float, float, float)
        ``x0, y0, x1, y1``, as the file states it.
    """

    name: str
    draw: Draw | None
    kind: str
    group: int = 0
    position: int = 0
    points: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    rings: Sequence[NDArray[np.float64]] = ()
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def decode_roi(content: bytes) -> Roi:
    """Return the region that the bytes of a ``.roi`` file describe.

    Rectangles, ovals, ellipses, turned rectangles, polygons, freehand and traced regions and composite ones
    (with holes, in several pieces) have an area. Rounded corners of rectangles are taken for sharp ones.

    Raises
    ------
    SettingsError
        When they describe none: cut off, numbers that are not finite, an unknown type.
    """
    if content[:4] != MAGIC:
        raise _damaged("a ROI, which starts with 'Iout'", repr(content[:4]))
    try:
        return _decoded(content)
    except (struct.error, ValueError) as error:
        if isinstance(error, SettingsError):
            raise
        raise _damaged("a whole ROI", f"one cut off after {len(content):,} bytes") from error


def encode_roi(pieces: Sequence[Polygon], name: str) -> bytes:
    """Return the bytes of a ``.roi`` file, version 227.

    Parameters
    ----------
    pieces : sequence of Polygon
        One piece without holes becomes a traced region, as the wand tool makes it; anything else a composite
        region. At least one.
    name : str
        Shown by the ROI manager.
    """
    every = np.concatenate([piece.outer for piece in pieces])
    left, top = every.min(axis=0).tolist()
    right, below = every.max(axis=0).tolist()
    plain = len(pieces) == 1 and not pieces[0].holes and len(every) <= _MOST_POINTS
    if plain and max(right, below) < _LARGEST_WHOLE:
        kind, points, numbers = _TRACED, len(every), 0
        body = bytes((every - np.array([left, top])).T.astype(">u2").tobytes())
    else:
        path = _path(pieces)
        kind, points, numbers = _RECTANGLE, 0, path.size
        body = bytes(path.astype(">f4").tobytes())
    header = bytearray(_HEADER)
    bounds = [min(value, 65_535) for value in (top, left, below, right)]
    struct.pack_into(">4shBx4HH", header, 0, MAGIC, _VERSION, kind, *bounds, points)
    struct.pack_into(">i", header, 36, numbers)
    struct.pack_into(">i", header, 60, _HEADER + len(body))
    text = name.encode("utf-16-be", "replace")
    header2 = bytearray(_HEADER2)
    struct.pack_into(">ii", header2, 16, _HEADER + len(body) + _HEADER2, len(text) // 2)
    return bytes(header) + body + bytes(header2) + text


def _decoded(content: bytes) -> Roi:
    version, kind = struct.unpack_from(">hB", content, 4)
    subtype, options = struct.unpack_from(">hH", content, 48)
    (position,) = struct.unpack_from(">i", content, 56)
    name, group = _name_and_group(content)
    draw: Draw | None = None
    what = _OTHER.get(kind, "area")
    if kind == _RECTANGLE and subtype in (_TEXT, _PICTURE):
        what = "text" if subtype == _TEXT else "picture"
    elif kind in (_RECTANGLE, _OVAL):
        draw = _box_or_path(content, kind, version, options)
    elif kind in (_POLYGON, _FREEHAND, _TRACED):
        draw = _outline(content, kind, subtype, version, options)
    elif kind not in _OTHER:
        raise _damaged("a ROI of type 0 to 10", f"type {kind}")
    points = np.zeros((0, 2))
    if kind == _LINE:
        points = _floats(content, 18, 4).reshape(2, 2)
    elif kind in _VERTICES:
        points = _vertices(content, version, options)
    top, left, below, right = (float(_whole(number)) for number in struct.unpack_from(">4h", content, 8))
    box = (left, top, right, below)
    return Roi(
        name=name,
        draw=draw,
        kind=what,
        group=group,
        position=max(position, 0),
        points=points,
        rings=draw.args[0] if isinstance(draw, partial) else (),
        box=box,
    )


def _box_or_path(content: bytes, kind: int, version: int, options: int) -> Draw:
    (numbers,) = struct.unpack_from(">i", content, 36)
    if kind == _RECTANGLE and numbers > 0:
        return partial(fill_patch, list(_rings_of_path(_floats(content, _HEADER, numbers))))
    top, left, below, right = (_whole(number) for number in struct.unpack_from(">4h", content, 8))
    x, y, width, height = float(left), float(top), float(right - left), float(below - top)
    if options & _SUB_PIXEL and version >= _FLOAT_BOXES:
        x, y, width, height = _floats(content, 18, 4).tolist()
    if kind == _RECTANGLE:
        return partial(fill_patch, [box_ring(x, y, x + width, y + height)])
    centre, radii = (x + width / 2, y + height / 2), (width / 2, height / 2)
    return lambda size: draw_ellipse(centre, radii, size)


def _outline(content: bytes, kind: int, subtype: int, version: int, options: int) -> Draw:
    if kind == _FREEHAND and subtype in (_ELLIPSE, _TURNED_BOX):
        return _along_axis(content, subtype)
    return partial(fill_patch, [_vertices(content, version, options)])


def _vertices(content: bytes, version: int, options: int) -> NDArray[np.float64]:
    """Return x and y of the vertices of an outline or a line, or of points."""
    (points,) = struct.unpack_from(">H", content, 16)
    if points == 0:
        (points,) = struct.unpack_from(">i", content, 18)
    points = max(points, 0)
    if options & _SUB_PIXEL and version >= _FLOAT_POINTS:
        return _floats(content, _HEADER + 4 * points, 2 * points).reshape(2, -1).T
    top, left = (_whole(number) for number in struct.unpack_from(">2h", content, 8))
    whole = np.frombuffer(content, ">i2", 2 * points, _HEADER).astype(np.float64).reshape(2, -1).T
    whole[whole < -5000] += 65_536
    return np.asarray(whole + np.array([left, top]), dtype=np.float64)


def _along_axis(content: bytes, subtype: int) -> Draw:
    """Return an ellipse, or a turned rectangle, given by the two ends of its axis."""
    x0, y0, x1, y1 = _floats(content, 18, 4).tolist()
    (across,) = _floats(content, 52, 1).tolist()
    length, degrees = math.hypot(x1 - x0, y1 - y0), math.degrees(math.atan2(y1 - y0, x1 - x0))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if subtype == _ELLIPSE:  # across is the ratio of the axes
        radii = (length / 2, length * across / 2)
        return lambda size: draw_ellipse((x, y), radii, size, degrees)
    half = (length / 2, across / 2)
    return partial(fill_patch, [box_ring(x - half[0], y - half[1], x + half[0], y + half[1], degrees)])


def _name_and_group(content: bytes) -> tuple[str, int]:
    """Return both from the second header; files of old versions have none."""
    (header2,) = struct.unpack_from(">i", content, 60)
    if not 0 < header2 <= len(content) - 52:
        return "", 0
    start, length = struct.unpack_from(">ii", content, header2 + 16)
    text = ""
    if start > 0 and 0 < length <= (len(content) - start) // 2:
        text = content[start : start + 2 * length].decode("utf-16-be", "replace")
    return text, content[header2 + 30]


def _path(pieces: Sequence[Polygon]) -> NDArray[np.float32]:
    parts = []
    for ring in (ring for piece in pieces for ring in piece.rings):
        steps = np.ones((len(ring), 3), dtype=np.float32)
        steps[0, 0] = 0.0
        steps[:, 1:] = ring
        parts += [steps.ravel(), np.array([4.0], dtype=np.float32)]
    return np.concatenate(parts)


def _rings_of_path(path: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the rings of a path of steps; curves become 16 straight parts."""
    numbers = path.tolist()
    ring: list[tuple[float, float]] = []
    place = 0
    while place < len(numbers):
        step = numbers[place]
        if step not in (0, 1, 2, 3, 4):
            raise _damaged("a path of steps 0 to 4", f"step {step:g}")
        count = _STEPS[int(step)]
        given = numbers[place + 1 : place + 1 + count]
        place += 1 + count
        if len(given) < count:
            raise _damaged("a whole path", "one that ends within a step")
        points = list(zip(given[::2], given[1::2], strict=True))
        if step in (0, 4) and ring:
            yield np.array(ring)
            ring = []
        ring += points if step < 2 else _curve(ring[-1:] + points) if step < 4 else []
    if ring:
        yield np.array(ring)


def _curve(controls: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points on a Bezier curve, without its start."""
    along = np.linspace(0.0, 1.0, _CURVE_PARTS + 1)[1:, None]
    levels = [np.broadcast_to(np.array(point), (_CURVE_PARTS, 2)) for point in controls]
    while len(levels) > 1:
        levels = [a * (1 - along) + b * along for a, b in pairwise(levels)]
    return [(x, y) for x, y in levels[0].tolist()]


def _floats(content: bytes, start: int, count: int) -> NDArray[np.float64]:
    numbers = np.frombuffer(content, ">f4", count, start)
    if not np.isfinite(numbers).all():  # before they are cast: a signalling NaN warns there
        raise _damaged("finite coordinates", "NaN or infinity")
    return numbers.astype(np.float64)


def _whole(number: int) -> int:
    return number + 65_536 if number < -5000 else number


def _damaged(expected: str, found: str) -> SettingsError:
    return SettingsError("roi", expected=expected, found=found)
