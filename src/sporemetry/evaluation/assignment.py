"""One-to-one assignment: as many pairs as possible, and among those the best ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def assign(rows: NDArray[np.intp], columns: NDArray[np.intp], gain: NDArray[np.float64]) -> NDArray[np.intp]:
    """Choose from candidate pairs so that each row and each column is in one pair at most.

    The choice has the greatest possible number of pairs, and of those choices the greatest total gain.
    Pairs without a rival are taken at once; the rest is solved exactly, group by group of connected
    candidates, by scipy's ``linear_sum_assignment`` (Crouse 2016, doi 10.1109/TAES.2016.140952).

    Parameters
    ----------
    rows, columns : (K,) int
        The two ends of each candidate pair, numbered from 0; no pair twice.
    gain : (K,) float64
        What each pair is worth, 0 to 1.

    Returns
    -------
    (M,) int
        Indices of the chosen candidates, ascending; empty without candidates.

    Examples
    --------
    The best single pair is (0, 0), but taking it would leave row 1 alone.

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.5, 0.6])).tolist()
    [1, 2]
    """
    if rows.size == 0:
        return np.zeros(0, dtype=np.intp)
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    contested = np.flatnonzero(~alone)
    solved = [
        group[_solve(rows[group], columns[group], gain[group])] for group in _groups(rows, columns, contested)
    ]
    return np.sort(np.concatenate([np.flatnonzero(alone), *solved]))


def _groups(
    rows: NDArray[np.intp], columns: NDArray[np.intp], contested: NDArray[np.intp]
) -> list[NDArray[np.intp]]:
    """Part the contested candidates into groups that share no row and no column."""
    if contested.size == 0:
        return []
    n_rows, n_columns = int(rows.max()) + 1, int(columns.max()) + 1
    ends = (rows[contested], n_rows + columns[contested])  # one graph with both kinds of node
    graph = coo_array((np.ones(contested.size), ends), shape=(n_rows + n_columns, n_rows + n_columns))
    component = connected_components(graph, directed=False)[1][rows[contested]]
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.diff(component[order])) + 1
    return np.split(contested[order], starts)


def _solve(rows: NDArray[np.intp], columns: NDArray[np.intp], gain: NDArray[np.float64]) -> NDArray[np.intp]:
    """Solve one group exactly, and return the positions of the chosen candidates in it."""
    row_ids, row = np.unique(rows, return_inverse=True)
    column_ids, column = np.unique(columns, return_inverse=True)
    position = np.full((row_ids.size, column_ids.size), -1, dtype=np.intp)
    position[row, column] = np.arange(rows.size)
    worth = np.zeros(position.shape)
    # One pair more outweighs any sum of gains, so the number of pairs comes first.
    worth[row, column] = gain + min(position.shape) + 1
    chosen = position[linear_sum_assignment(worth, maximize=True)]
    return np.asarray(chosen[chosen >= 0], dtype=np.intp)
