"""Boxes that were drawn twice around one spore: nearly the same, so that they cannot be two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Two people, or one twice, draw a box of 30 px with an overlap (intersection over union) above this.
SAME_OVERLAP = 0.8
# Of very many boxes in one place not every pair is looked at.
_MOST_NEIGHBOURS = 500


def near_duplicates(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which boxes are nearly the same as a later one: of those the last counts.

    Parameters
    ----------
    boxes : float array, N x 4
        ``x0, y0, x1, y1``. Empty boxes are the same as none.

    Returns
    -------
    bool array, N
        True where a later box shares 80 % of the area that the two cover.

    Examples
    --------
    >>> near_duplicates(np.array([[10, 10, 40, 40], [60, 10, 90, 40], [11, 11, 41, 41.0]])).tolist()
    [True, False, False]
    """
    found = np.zeros(len(boxes), dtype=np.bool_)
    _, last = np.unique(boxes[::-1], axis=0, return_index=True)
    distinct = len(boxes) - 1 - last
    found[:] = True
    found[distinct] = False
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    found[areas == 0] = False
    order = distinct[areas[distinct] > 0]
    order = order[np.argsort(boxes[order, 0], kind="stable")]
    x0, reach = boxes[order, 0], (1 - SAME_OVERLAP) * (boxes[order, 2] - boxes[order, 0])
    active = np.arange(len(order))
    for step in range(1, _MOST_NEIGHBOURS + 1):
        active = active[active + step < len(order)]
        active = active[x0[active + step] - x0[active] <= reach[active]]
        if not active.size:
            break
        one, other = order[active], order[active + step]
        sides = np.minimum(boxes[one, 2:], boxes[other, 2:]) - np.maximum(boxes[one, :2], boxes[other, :2])
        shared = np.prod(np.maximum(sides, 0), axis=1)
        same = shared >= SAME_OVERLAP * (areas[one] + areas[other] - shared)
        found[np.minimum(one[same], other[same])] = True
    return found
