"""Drawn shapes -> labels: pieces joined to instances, instances laid over one another.

A shape is drawn only when its turn comes, so that a file of a million shapes takes the memory of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.entries import Entry
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.painting import (
    Canvas,
    Piece,
    Pixels,
    Runs,
    farthest,
    flat_pixels,
    piece_runs,
    runs_of,
)

# What is thinner meets no centre but by chance, and its square is no number any more.
_SMALLEST_RADIUS = 1e-9
# Of a shape whose box is that of a later one: two spores that cross show more of the lower one.
_MOST_OF_TWIN = 0.25
_FAR_OUT = "expected points in or near the image; found some far outside"
NOTHING = Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """One drawn shape.

    Attributes
    ----------
    label : str
        Its class.
    name : str
        What it is called in the file; of an instance of several pieces, the first one's counts.
    pieces : sequence of sequences of float arrays, N x 2
        Its outlines; the rings of a piece are filled together by the even-odd rule, pieces each by itself.
    draw : callable or None
        Gives its pixels where it has no outlines.
    group : hashable or None
        Shapes of one label and group are pieces of one instance.
    layer : int
        Instances of higher layers lie above; within a layer, the later ones of the file.
    where : str
        Its place in the file, by which notes name it.
    box : (float, float, float, float) or None
        ``x0, y0, x1, y1``: where it lies, should it turn out that it cannot be drawn.
    over_edge : bool
        Whether pixels that ``draw`` does not give lie outside of the image.
    """

    label: str = ""
    name: str = ""
    pieces: Sequence[Piece] = ()
    draw: Callable[[], Pixels] | None = None
    group: Hashable = None
    layer: int = 0
    where: str = ""
    box: tuple[float, float, float, float] | None = None
    over_edge: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Shapes put into a label image: see :class:`sporemetry.exchange.annotation.Annotation`.

    Attributes
    ----------
    labels : int32 array, H x W
        0 background, 1..n without gaps, in the order of the file.
    classes : tuple of str
        The class of each.
    notes : tuple of str
        Pixels that several instances claimed, and instances of which nothing was left.
    bad : tuple of (Shape, str)
        Shapes that could not be drawn, and why.
    names : tuple of str
        What each instance is called in the file.
    """

    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    bad: tuple[tuple[Shape, str], ...]
    names: tuple[str, ...]


def draw_shapes(
    shapes: Sequence[Shape],
    size: tuple[int, int],
    *,
    cut: Sequence[Shape] = (),
    twins: NDArray[np.bool_] | None = None,
) -> Drawn:
    """Return the label image of some shapes, each later one above the earlier.

    Parameters
    ----------
    shapes : sequence of Shape
        In the order of the file.
    size : (int, int)
        Height and width of the image.
    cut : sequence of Shape
        Shapes that mark background: they are cut out of every instance that is larger than they are, wherever
        they stand in the file.
    twins : bool array, optional
        Shapes whose box is nearly that of a later one: where that one hides most of such a shape, both are
        drawings of one spore, and the later one counts.

    Returns
    -------
    Drawn
        Ids follow the order in which instances first appear. No shapes give zeros. Instances without
        pixels, or hidden by later ones, are left out and noted.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    >>> draw_shapes([Shape(pieces=[[square]]), Shape(pieces=[[square + 1]])], (3, 3)).labels
    array([[1, 1, 0],
           [1, 2, 2],
           [0, 2, 2]], dtype=int32)
    """
    instances = _instances(shapes)
    layers = [max(shape.layer for shape in pieces) for pieces in instances]
    bottom_up = sorted(range(len(instances)), key=layers.__getitem__)
    canvas = Canvas(size, len(instances))
    bad: dict[int, list[tuple[Shape, str]]] = {}
    for number, index in enumerate(bottom_up, start=1):
        for shape in instances[index]:
            try:
                _add(canvas, number, shape)
            except (LabelReadError, SettingsError) as error:
                bad.setdefault(number, []).append((shape, why(error, shape.where)))
    labels = canvas.finish()
    for number in np.flatnonzero(canvas.far).tolist():
        found = [(shape, _FAR_OUT) for shape in instances[bottom_up[number - 1]]]
        bad.setdefault(number, []).extend(found)
    notes, broken = [], sum(canvas.claimed[number] == 0 for number in bad)
    twice = _drawn_twice(canvas, [instances[index] for index in bottom_up], shapes, twins)
    cut_out = _cut(canvas, cut, size, bad)
    left = np.flatnonzero(np.bincount(labels.ravel(), minlength=len(instances) + 1)[1:])
    if cut_out:
        notes.append(f"{cut_out} shapes that mark background were cut out")
    notes += _overlap_notes(canvas, len(instances), int(left.size) + twice, broken)
    if twice:
        notes.append(f"{twice} outlines were nearly the same as later ones and were left out")
    # From numbers in drawing order to ids in the order of the file.
    kept = sorted(left.tolist(), key=bottom_up.__getitem__)
    if kept != list(range(len(instances))):
        numbers = np.zeros(len(instances) + 1, dtype=np.int32)
        numbers[np.array(kept, dtype=np.int64) + 1] = np.arange(1, len(kept) + 1)
        labels = numbers[labels]
    firsts = [instances[bottom_up[place]][0] for place in kept]
    return Drawn(
        labels,
        tuple(shape.label for shape in firsts),
        tuple(notes),
        tuple(each for found in bad.values() for each in found),
        tuple(shape.name for shape in firsts),
    )


def mask_of(
    shapes: Iterable[Shape], size: tuple[int, int]
) -> tuple[NDArray[np.bool_], list[tuple[Shape, str]]]:
    """Return the pixels that belong to any of the shapes, H x W, and the shapes that could not be drawn."""
    mask = np.zeros(size[0] * size[1], dtype=np.bool_)
    bad = []
    for shape in shapes:
        try:
            for flat in _pixels_of(shape, size):
                mask[flat] = True
        except (LabelReadError, SettingsError) as error:
            bad.append((shape, why(error, shape.where)))
    return mask.reshape(size), bad


def why(error: LabelReadError | SettingsError, where: str = "") -> str:
    """Return what is wrong as part of a sentence, without the place, which is named before."""
    place = where.partition(" (")[0]
    found = error.found.removeprefix(f"{place}: ").removeprefix(f"{place}.") if place else error.found
    return f"expected {error.expected}; found {found}" + (f". {error.remedy}" if error.remedy else "")


def _add(canvas: Canvas, number: int, shape: Shape) -> None:
    for piece in shape.pieces:
        canvas.add_piece(number, piece)
    if shape.draw is not None:
        canvas.add_pixels(number, shape.draw())
    canvas.beyond[number] |= shape.over_edge


def _pixels_of(shape: Shape, size: tuple[int, int]) -> Iterator[NDArray[np.int64]]:
    found = piece_runs(shape.pieces, size)
    if found.far.any():
        raise SettingsError("points", expected="points in or near the image", found="some far outside")
    yield from flat_pixels(Runs(found.starts, found.lengths), size)
    if shape.draw is not None:
        yield from flat_pixels(runs_of(shape.draw(), size), size)


def _cut(
    canvas: Canvas, cut: Sequence[Shape], size: tuple[int, int], bad: dict[int, list[tuple[Shape, str]]]
) -> int:
    """Make pixels background again; return how many shapes have done so."""
    count = 0
    for shape in cut:
        try:
            parts = list(_pixels_of(shape, size))
        except (LabelReadError, SettingsError) as error:
            bad.setdefault(0, []).append((shape, why(error, shape.where)))
            continue
        area = sum(part.size for part in parts)
        for part in parts:
            ids = canvas.labels[part]
            canvas.labels[part[(ids > 0) & (canvas.claimed[ids] > area)]] = 0
        count += area > 0
    return count


def _drawn_twice(
    canvas: Canvas,
    instances: Sequence[Sequence[Shape]],
    shapes: Sequence[Shape],
    twins: NDArray[np.bool_] | None,
) -> int:
    """Take out what later ones leave of shapes that were drawn twice; return how many shapes those are."""
    if twins is None or not twins.any():
        return 0
    twin = {id(shape) for shape, is_twin in zip(shapes, twins.tolist(), strict=True) if is_twin}
    of_twin = np.array([False, *(len(each) == 1 and id(each[0]) in twin for each in instances)])
    visible = np.bincount(canvas.labels, minlength=len(of_twin))
    gone = of_twin & (visible > 0) & (visible < _MOST_OF_TWIN * canvas.claimed)
    canvas.labels[gone[canvas.labels]] = 0
    return int(np.count_nonzero(gone))


def _overlap_notes(canvas: Canvas, instances: int, left: int, broken: int) -> list[str]:
    notes = []
    if canvas.shared is not None:
        notes.append(
            f"{np.count_nonzero(canvas.shared)} pixels belonged to more than one of "
            f"{np.count_nonzero(canvas.involved)} overlapping instances: the later one of the file has them"
        )
    beyond = int(np.count_nonzero(canvas.beyond))
    if beyond:
        notes.append(
            f"{beyond} of {instances} instances reached over the edge of the image and were cut off there"
        )
    empty = int(np.count_nonzero(canvas.claimed[1:] == 0)) - broken
    if empty:
        notes.append(f"{empty} of {instances} instances had no pixel inside the image and were left out")
    hidden = instances - broken - empty - left
    if hidden:
        notes.append(f"{hidden} of {instances} instances lay wholly under later ones and were left out")
    return notes


def union(patches: Sequence[Patch]) -> Patch:
    """Return the pixels that are in any of the patches; none gives none."""
    filled = [patch for patch in patches if patch.mask.size]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    row, col = min(patch.row for patch in filled), min(patch.col for patch in filled)
    below = max(patch.row + patch.mask.shape[0] for patch in filled)
    right = max(patch.col + patch.mask.shape[1] for patch in filled)
    mask = np.zeros((below - row, right - col), dtype=np.bool_)
    for patch in filled:
        rows, cols = patch.mask.shape
        top, left = patch.row - row, patch.col - col
        mask[top : top + rows, left : left + cols] |= patch.mask
    return Patch(row, col, mask)


def draw_rings(rings: Iterable[NDArray[np.float64]], size: tuple[int, int]) -> Patch:
    """Return the pixels inside any of the rings, each filled by itself: pieces, not holes."""
    return union([fill_patch([ring], size) for ring in rings])


def box_ring(x0: float, y0: float, x1: float, y1: float, degrees: float = 0.0) -> NDArray[np.float64]:
    """Return the corners of a box, turned clockwise on the screen about its centre."""
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if degrees % 360 == 0:
        return corners  # to the digit: turning by a cosine of 1 would move edges by rounding
    centre = corners.mean(axis=0)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = (corners - centre) @ np.array([[cosine, sine], [-sine, cosine]]) + centre
    return np.asarray(turned, dtype=np.float64)


def clipped(row: int, col: int, mask: NDArray[np.bool_], size: tuple[int, int]) -> Patch:
    """Return the part of a mask that lies in the image; ``row`` and ``col`` may be negative."""
    top, left = max(-row, 0), max(-col, 0)
    below, right = size[0] - row, size[1] - col
    part = mask[top : max(below, top), left : max(right, left)]
    return Patch(row + top, col + left, part) if part.size else NOTHING


def near(entry: Entry, numbers: Iterable[float], size: tuple[int, int]) -> None:
    """Refuse numbers that are too large for places or lengths in or near the image."""
    limit = farthest(size) + max(size)
    if not all(abs(number) <= limit for number in numbers):
        raise entry.error("a place in or near the image", found="one far outside")


def draw_ellipse(
    centre: tuple[float, float],
    radii: tuple[float, float],
    size: tuple[int, int],
    degrees: float = 0.0,
) -> Patch:
    """Return the pixels whose centres lie inside an ellipse.

    Parameters
    ----------
    centre, radii : (float, float)
        x and y in pixels; the radii along the ellipse's own axes. A radius of 0 or less gives no pixels.
    size : (int, int)
        Height and width of the picture; what lies outside is cut off.
    degrees : float
        By how much the ellipse is turned clockwise on the screen.
    """
    height, width = size
    if min(radii) < _SMALLEST_RADIUS:
        return NOTHING
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    reach_x = math.hypot(radii[0] * cosine, radii[1] * sine)
    reach_y = math.hypot(radii[0] * sine, radii[1] * cosine)
    left, right = _span(centre[0] - reach_x, centre[0] + reach_x, width)
    top, below = _span(centre[1] - reach_y, centre[1] + reach_y, height)
    if left >= right or top >= below:
        return NOTHING
    x = np.arange(left, right)[None, :] + 0.5 - centre[0]
    y = np.arange(top, below)[:, None] + 0.5 - centre[1]
    along, across = x * cosine + y * sine, y * cosine - x * sine
    # Division before squaring: radii may be of any size.
    mask = np.square(along / radii[0]) + np.square(across / radii[1]) < 1
    return Patch(top, left, mask)


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last between two coordinates, within 0..length."""
    return int(max(0.0, min(math.floor(low), length))), int(max(0.0, min(math.ceil(high), length)))


def _instances(shapes: Iterable[Shape]) -> list[list[Shape]]:
    instances: list[list[Shape]] = []
    groups: dict[tuple[str, Hashable], list[Shape]] = {}
    for shape in shapes:
        if shape.group is None:
            instances.append([shape])
            continue
        key = (shape.label, shape.group)
        if key not in groups:
            groups[key] = []
            instances.append(groups[key])
        groups[key].append(shape)
    return instances
