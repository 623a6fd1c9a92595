"""Largest and smallest caliper of convex polygons, many at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PAIRS = 1 << 16  # pairs of corners compared in one go: they stay in the cache


@dataclass(frozen=True)
class Calipers:
    """The calipers of each of S polygons.

    Attributes
    ----------
    largest, smallest : (S,) float64
        Distances between parallel tangents.
    flush : (S,) int64
        The position, among the corners, of the first end of the edge that the smallest caliper lies on.
    """

    largest: NDArray[np.float64]
    smallest: NDArray[np.float64]
    flush: NDArray[np.int64]


def calipers(spore: NDArray[np.int64], points: NDArray[np.float64], count: int) -> Calipers:
    """Return the largest and the smallest distance between parallel tangents of each polygon.

    The largest is the distance of two corners. The smallest has one of its tangents on an edge, so it
    is the least, over the edges, of the distance to the farthest corner [1]_.

    Parameters
    ----------
    spore : (V,) int64
        The polygon that each corner belongs to, ascending, 0 to ``count - 1``, each at least once.
    points : (V, 2) float64
        The corners of each polygon, in order around it.
    count : int
        Number of polygons; with 0 both results are empty.

    Returns
    -------
    Calipers
        In the unit of ``points``. A single point gives zeros.

    References
    ----------
    .. [1] M. I. Shamos, Computational geometry, thesis, Yale University, 1978 (rotating calipers). All
       pairs are compared here: hulls of spores have some twenty corners, and numpy does them all together.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]])
    >>> found = calipers(np.zeros(4, np.int64), square, 1)
    >>> found.largest.tolist(), found.smallest.tolist()
    ([5.0], [3.0])
    """
    corners = np.bincount(spore, minlength=count)  # a corner may be listed twice
    largest, smallest, flush = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    for low, high in _batches(corners):
        first, last = np.searchsorted(spore, [low, high])
        reach, height = _all_pairs(points[first:last], corners[low:high])
        begin = np.cumsum(corners[low:high]) - corners[low:high]
        largest[low:high] = np.maximum.reduceat(reach, begin)
        smallest[low:high] = np.minimum.reduceat(height, begin)
        # The first corner of each polygon whose edge has the least height.
        least = np.flatnonzero(height == np.repeat(smallest[low:high], corners[low:high]))
        flush[low:high] = first + least[np.searchsorted(least, begin)]
    smallest[largest == 0] = 0
    return Calipers(largest, smallest, flush)


def _batches(corners: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Split the polygons so that each part has a bounded number of pairs, or is one polygon."""
    before = np.concatenate([[0], np.cumsum(corners**2)])
    low = 0
    while low < corners.size:
        high = max(low + 1, int(np.searchsorted(before, before[low] + _PAIRS, side="right")) - 1)
        yield low, high
        low = high


def following_corner(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of the next corner around each polygon, given the numbers of corners."""
    end = np.cumsum(corners)
    following = np.arange(1, corners.sum() + 1)
    following[end - 1] = end - corners
    return following


def _all_pairs(
    points: NDArray[np.float64], corners: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each corner, the farthest corner's distance from it and from the edge that it begins."""
    y, x = np.ascontiguousarray(points.T)
    following = following_corner(corners)
    edge_y, edge_x = y[following] - y, x[following] - x
    # Corner i of polygon p is paired with begin[p], begin[p] + 1, ... in turn.
    begin = np.cumsum(corners) - corners
    repeats = np.repeat(corners, corners)
    first_pair = np.cumsum(repeats) - repeats
    other = np.arange(repeats.sum()) - np.repeat(first_pair - np.repeat(begin, corners), repeats)
    gap_y, gap_x = y[other] - np.repeat(y, repeats), x[other] - np.repeat(x, repeats)
    reach = np.maximum.reduceat(gap_y * gap_y + gap_x * gap_x, first_pair)
    cross = np.repeat(edge_y, repeats) * gap_x - np.repeat(edge_x, repeats) * gap_y
    area, length = np.maximum.reduceat(np.abs(cross), first_pair), np.hypot(edge_y, edge_x)
    # A corner listed twice makes an edge without direction, which no tangent lies on.
    height = np.divide(area, length, out=np.full_like(area, np.inf), where=length > 0)
    return np.sqrt(reach), height
