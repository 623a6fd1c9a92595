"""Largest and smallest caliper of convex polygons, many at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_PAIRS = 1 << 20  # pairs of corners compared in one go: bounds the working memory


def calipers(
    spore: NDArray[np.int64], points: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
    largest, smallest : (count,) float64
        In the unit of ``points``. A single point gives zeros.

    References
    ----------
    .. [1] M. I. Shamos, Computational geometry, thesis, Yale University, 1978 (rotating calipers). All
       pairs are compared here: hulls of spores have some twenty corners, and numpy does them all together.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]])
    >>> largest, smallest = calipers(np.zeros(4, np.int64), square, 1)
    >>> largest.tolist(), smallest.tolist()
    ([5.0], [3.0])
    """
    corners = np.bincount(spore, minlength=count)
    largest, smallest = np.zeros(count), np.zeros(count)
    for low, high in _batches(corners):
        inside = slice(*np.searchsorted(spore, [low, high]))
        largest[low:high], smallest[low:high] = _all_pairs(points[inside], corners[low:high])
    return largest, smallest


def _batches(corners: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Split the polygons so that each part has a bounded number of pairs, or is one polygon."""
    before = np.concatenate([[0], np.cumsum(corners**2)])
    low = 0
    while low < corners.size:
        high = max(low + 1, int(np.searchsorted(before, before[low] + _PAIRS, side="right")) - 1)
        yield low, high
        low = high


def _all_pairs(
    points: NDArray[np.float64], corners: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    end = np.cumsum(corners)
    begin = end - corners
    owner = np.repeat(np.arange(corners.size), corners)
    following = np.arange(1, owner.size + 1)
    following[end - 1] = begin  # each polygon is closed
    edge = points[following] - points
    edge /= np.maximum(np.hypot(*edge.T), np.finfo(float).tiny)[:, None]
    # Row i of polygon p lists its corners once more: (i, begin[p]), (i, begin[p] + 1), ...
    repeats = corners[owner]
    first_pair = np.cumsum(repeats) - repeats
    i = np.repeat(np.arange(owner.size), repeats)
    j = np.arange(i.size) - np.repeat(first_pair - begin[owner], repeats)
    gap = points[j] - points[i]
    reach = np.maximum.reduceat(np.einsum("ij,ij->i", gap, gap), first_pair)
    height = np.abs(edge[i, 0] * gap[:, 1] - edge[i, 1] * gap[:, 0])
    return (
        np.sqrt(np.maximum.reduceat(reach, begin)),
        np.minimum.reduceat(np.maximum.reduceat(height, first_pair), begin),
    )
