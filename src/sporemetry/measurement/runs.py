"""Labels as horizontal runs: the one pass over the picture from which areas, moments and hulls follow.

A spore of 600 pixels is about 30 runs, so everything after this pass handles some twenty times fewer
numbers than the picture has spore pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRIP_PIXELS = 1 << 18  # pixels looked at in one go: they stay in the cache, and the working memory is small


@dataclass(frozen=True)
class Runs:
    """The runs of equal label along the rows, sorted by label, then row, then column.

    Attributes
    ----------
    values : (S,) int64
        The labels that are present, ascending.
    spore : (R,) int64
        For each run, the position of its label in ``values``.
    row, start, stop : (R,) int64
        The run covers the pixels ``labels[row, start:stop]``.
    first : (S,) int64
        For each label, the position of its first run.
    """

    values: NDArray[np.int64]
    spore: NDArray[np.int64]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    first: NDArray[np.int64]


def label_runs(labels: NDArray[Any]) -> Runs:
    """Find the runs of every label.

    Parameters
    ----------
    labels : (H, W) integer
        0 is background; the other values may have gaps, touch, and consist of several parts.

    Returns
    -------
    Runs
        Without any label, all its arrays are empty.

    Examples
    --------
    >>> runs = label_runs(np.array([[0, 7, 7], [2, 7, 2]]))
    >>> runs.values.tolist(), runs.spore.tolist()
    ([2, 7], [0, 0, 1, 1])
    >>> runs.row.tolist(), runs.start.tolist(), runs.stop.tolist()
    ([1, 1, 0, 1], [0, 2, 1, 1], [1, 3, 3, 2])
    """
    height, width = labels.shape
    if labels.size == 0:
        return _sorted_runs(*(np.empty(0, np.int64) for _ in range(3)), width=1)
    step = max(1, STRIP_PIXELS // width)
    strips = [_strip_runs(labels[top : top + step], top * width) for top in range(0, height, step)]
    value, begin, end = (np.concatenate(parts) for parts in zip(*strips, strict=True))
    return _sorted_runs(value, begin, end, width=width)


def _strip_runs(strip: NDArray[Any], offset: int) -> tuple[NDArray[np.int64], ...]:
    """Return value, begin and end of the foreground runs of some rows, in raster positions of the picture."""
    flat = np.ascontiguousarray(strip).ravel()
    change = np.empty(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=change[1:])
    change[:: strip.shape[1]] = True  # a run never goes on into the next row
    begin = np.flatnonzero(change)
    value = flat[begin].astype(np.int64)
    end = np.append(begin[1:], flat.size)
    kept = np.flatnonzero(value != 0)
    return value[kept], begin[kept] + offset, end[kept] + offset


def _sorted_runs(
    value: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], *, width: int
) -> Runs:
    order = np.argsort(value, kind="stable")  # stable: the raster order stays within a label
    value, begin, end = value[order], begin[order], end[order]
    new = np.ones(value.size, bool)
    np.not_equal(value[1:], value[:-1], out=new[1:])
    first = np.flatnonzero(new)
    row = begin // width
    return Runs(
        values=value[first],
        spore=np.cumsum(new) - 1,
        row=row,
        start=begin - row * width,
        stop=end - row * width,
        first=first,
    )
