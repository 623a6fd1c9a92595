"""Runs of labels sorted by label, from which areas, moments and hulls follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_runs import find_runs


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
    value, begin, end = find_runs(labels)
    return _sorted_runs(value.astype(np.int64), begin, end, width=max(labels.shape[1], 1))


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
