"""Labels as horizontal runs: the one pass over the pixels from which pieces, areas, moments and hulls follow.

A spore of 600 pixels is about 30 runs, so everything after this pass handles some twenty times fewer
numbers than the image has spore pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STRIP_PIXELS = 1 << 18  # pixels looked at in one go: they stay in the cache, and the working memory is small


def find_runs(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return the runs of equal label along the rows, in the order of the pixels, background left out.

    Parameters
    ----------
    labels : (H, W) array of whole numbers
        0 is background.

    Returns
    -------
    value : (R,) array
        The label of each run, in the type of ``labels``.
    begin, end : (R,) int64
        The run covers the pixels from ``begin`` up to ``end`` (exclusive) of the flattened image. A run never
        goes on into the next row. Without any label all are empty.

    Examples
    --------
    >>> [part.tolist() for part in find_runs(np.array([[0, 7, 7], [7, 2, 0]]))]
    [[7, 7, 2], [1, 3, 4], [3, 4, 5]]
    """
    height, width = labels.shape
    if labels.size == 0:
        nothing = np.empty(0, np.int64)
        return np.empty(0, labels.dtype), nothing, nothing
    step = max(1, STRIP_PIXELS // width)
    strips = [_strip_runs(labels[top : top + step], top * width) for top in range(0, height, step)]
    value, begin, end = (np.concatenate(parts) for parts in zip(*strips, strict=True))
    return value, begin, end


def _strip_runs(
    strip: NDArray[Any], offset: int
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    flat = np.ascontiguousarray(strip).ravel()
    change = np.empty(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=change[1:])
    change[:: strip.shape[1]] = True
    begin = np.flatnonzero(change)
    value = flat[begin]
    end = np.append(begin[1:], flat.size)
    kept = np.flatnonzero(value != 0)
    return value[kept], begin[kept] + offset, end[kept] + offset
