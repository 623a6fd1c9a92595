"""Which outlines mark a region rather than an object: those that enclose others, or are far larger."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sporemetry.exchange.filling import Patch
from sporemetry.exchange.painting import farthest

Boxes = NDArray[np.float64]

# A grid of at most so many cells counts the objects in a box at once, before any pair is looked at.
_MOST_CELLS = 1 << 22
_FAR_LARGER = 10.0
# A rectangle that was drawn around one spore to box it leaves no such margin.
_FRAME_LARGER = 4.0
# Of the image: a smaller outline around one other is rather a spore with something in it.
_SMALLEST_SHARE = 0.05
# Of very many objects that lie one on another not every pair is looked at.
_PAIRS_LOOKED_AT = 100_000_000
_FEWEST_LOOKED_AT = 500


def find_regions(
    boxes: Boxes,
    drawn_by_hand: NDArray[np.bool_],
    draw: Callable[[int], Patch],
    size: tuple[int, int],
    *,
    frames: NDArray[np.bool_] | None = None,
    whole_image: float = 0.9,
) -> set[int]:
    """Return which objects are regions.

    An outline drawn by hand is a region when it holds most of an object that a program has found, or two
    other outlines that lie beside one another (not several drawings of one spore), or, if it
    covers a twentieth of the image, one that it is ten times as large as (a frame: four times, however
    small it is); and
    when it covers the share ``whole_image`` of the image, or is ten times as large as the largest object
    that a program has found. One outline within another of like size may be a spore on a spore.

    Parameters
    ----------
    boxes : float array, N x 4
        ``x0, y0, x1, y1`` of each object. None gives no regions.
    drawn_by_hand : bool array, N
        Annotations as against detections; only they can be regions.
    draw : callable
        Gives the pixels of an object.
    size : (int, int)
        Height and width of the image.
    frames : bool array, N, optional
        Outlines that are upright rectangles, which no spore is.
    whole_image : float
        The share of the image from which on an outline is that of the field.
    """
    by_hand = np.flatnonzero(drawn_by_hand)
    if not by_hand.size:
        return set()
    limit = farthest(size) + max(size)  # what lies beyond is no number to reckon with
    boxes = np.clip(boxes, -limit, limit)
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    found_areas = areas[~drawn_by_hand]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    regions = set()
    field = whole_image * size[0] * size[1]
    least = min(field, _FAR_LARGER * float(found_areas.max()) if found_areas.size else np.inf)
    for index in by_hand[areas[by_hand] >= least].tolist():
        if np.count_nonzero(draw(index).mask) >= least:  # its box is, but is it?
            regions.add(index)
    crowded = by_hand[_centres_in(boxes[by_hand], centres, size) > 1].tolist()
    by_x = np.argsort(centres[:, 0], kind="stable")
    sorted_x = centres[by_x, 0]
    frames = np.zeros(len(boxes), dtype=np.bool_) if frames is None else frames
    larger = {False: (_FAR_LARGER, _SMALLEST_SHARE * size[0] * size[1]), True: (_FRAME_LARGER, 0.0)}
    most = max(_FEWEST_LOOKED_AT, _PAIRS_LOOKED_AT // max(len(crowded), 1))
    for index in crowded:
        x0, y0, x1, y1 = boxes[index].tolist()
        first, end = np.searchsorted(sorted_x, x0), np.searchsorted(sorted_x, x1, side="right")
        if end - first > most:  # as of thousands drawn in one place: the nearest tell enough
            first = max(first, np.searchsorted(sorted_x, centres[index, 0]) - most // 2)
            end = min(end, first + most)
        near = by_x[first:end]
        near = near[(centres[near, 1] >= y0) & (centres[near, 1] <= y1) & (near != index)]
        near = near[areas[near] < areas[index]]
        # Of other outlines only those count that lie wholly within: their boxes tell without drawing them.
        corners = boxes[near]
        within = ((corners[:, :2] >= (x0 - 1, y0 - 1)) & (corners[:, 2:] <= (x1 + 1, y1 + 1))).all(axis=1)
        near = near[within | ~drawn_by_hand[near]]
        if (
            index not in regions
            and near.size
            and _is_region(index, near, areas, drawn_by_hand, draw, *larger[bool(frames[index])])
        ):
            regions.add(index)
    return regions


def _is_region(
    index: int,
    near: NDArray[np.int64],
    areas: NDArray[np.float64],
    drawn_by_hand: NDArray[np.bool_],
    draw: Callable[[int], Patch],
    factor: float,
    smallest: float,
) -> bool:
    outer = draw(index)
    outer_area = np.count_nonzero(outer.mask)
    inside, area = 0, 0
    # What a program found tells most, then the smallest: if two of these are too large together, all are.
    order = np.lexsort((areas[near], drawn_by_hand[near]))
    for other in near[order][:_FEWEST_LOOKED_AT].tolist():
        inner = draw(other)
        share = _share_within(inner, outer)
        if share > 0.5 and not drawn_by_hand[other]:
            return True
        if share == 1.0:
            inside += 1
            area += int(np.count_nonzero(inner.mask))
            if (inside > 1 and area <= outer_area) or areas[index] >= max(factor * areas[other], smallest):
                return True
            if inside > 1:
                return False
    return False


def _centres_in(boxes: Boxes, centres: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.int64]:
    """Return how many centres lie in each box, or more: a grid counts those in all cells it touches."""
    step = max(1.0, float(np.sqrt(size[0] * size[1] / _MOST_CELLS)))
    rows, cols = int(size[0] / step) + 1, int(size[1] / step) + 1

    def cell(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
        return np.clip(np.floor(values / step), 0, most - 1).astype(np.int64)

    places = cell(centres[:, 1], rows) * cols + cell(centres[:, 0], cols)
    table = np.zeros((rows + 1, cols + 1), dtype=np.int64)
    counts = np.bincount(places, minlength=rows * cols).reshape(rows, cols)
    np.cumsum(np.cumsum(counts, axis=0), axis=1, out=table[1:, 1:])
    left, right = cell(boxes[:, 0], cols), cell(boxes[:, 2], cols) + 1
    top, below = cell(boxes[:, 1], rows), cell(boxes[:, 3], rows) + 1
    found = table[below, right] - table[top, right] - table[below, left] + table[top, left]
    return np.asarray(found)


def _share_within(inner: Patch, outer: Patch) -> float:
    """Return which share of a patch's pixels belongs to the other; 0 for a patch without pixels."""
    rows, cols = np.nonzero(inner.mask)
    if not rows.size:
        return 0.0
    rows, cols = rows + inner.row - outer.row, cols + inner.col - outer.col
    height, width = outer.mask.shape
    known = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return float(np.count_nonzero(outer.mask[rows[known], cols[known]]) / rows.size)
