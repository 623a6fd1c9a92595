"""Polygons -> pixels: those whose centre lies inside, so that neighbours neither overlap nor leave a gap.

Coordinates are those of pixel corners: pixel (row r, column c) covers x from c to c + 1 and y from r to r +
1, its centre is (c + 0.5, r + 0.5). Drawing programs' own filling (OpenCV, Pillow) also takes the pixels
under the line and so makes every instance larger; hence this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

FillRule = Literal["even-odd", "nonzero"]

# Farther out than any picture: keeps the sums below finite, whatever a file states.
_FARTHEST = float(1 << 40)
# Crossings of edges with pixel rows that are held at one time: 32 MB.
_CROSSINGS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A mask that covers only part of a picture.

    Attributes
    ----------
    row, col : int
        Where the upper left pixel of ``mask`` lies in the picture, not negative.
    mask : bool array, h x w
        The part; outside it nothing is set. May have no pixels.
    """

    row: int
    col: int
    mask: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the picture that the patch covers."""
        height, width = self.mask.shape
        return slice(self.row, self.row + height), slice(self.col, self.col + width)


def fill_polygons(
    rings: Sequence[NDArray[np.floating] | NDArray[np.integer]],
    shape: tuple[int, int],
    *,
    rule: FillRule = "even-odd",
) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie inside the rings together.

    Parameters
    ----------
    rings : sequence of arrays, N x 2
        x and y of each vertex in pixels; the last joins the first. A hole is one more ring. Rings of fewer
        than three vertices enclose nothing.
    shape : (int, int)
        Height and width of the picture. What lies outside is cut off.
    rule : {"even-odd", "nonzero"}
        A point is inside when a ray from it crosses the rings an odd number of times, or a number of times
        that differs between the two directions.

    Returns
    -------
    bool array, H x W
        No rings give no pixels. A centre that lies on an edge belongs to what is right of it or below it, so
        that two polygons with a common edge share its pixels out completely and without overlap.

    Raises
    ------
    SettingsError
        When a vertex is not a finite pair of numbers.

    Examples
    --------
    >>> fill_polygons([np.array([[1, 0], [3, 0], [3, 2], [1, 2]])], (3, 4)).astype(int)
    array([[0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 0]])
    """
    patch = fill_patch(rings, shape, rule=rule)
    filled = np.zeros(shape, dtype=np.bool_)
    filled[patch.window] = patch.mask
    return filled


def fill_patch(
    rings: Sequence[NDArray[np.floating] | NDArray[np.integer]],
    shape: tuple[int, int],
    *,
    rule: FillRule = "even-odd",
) -> Patch:
    """Do as :func:`fill_polygons`, but return only the part of the picture that the rings span."""
    points = [_checked(ring) for ring in rings]
    points = [ring for ring in points if len(ring) >= 3]
    if not points:
        return Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))
    every = np.concatenate(points)
    col, row = np.clip(np.floor(every.min(axis=0)), 0, (shape[1], shape[0])).astype(int).tolist()
    right, below = np.clip(np.ceil(every.max(axis=0)), 0, (shape[1], shape[0])).astype(int).tolist()
    height, width = max(below - row, 0), max(right - col, 0)
    if height == 0 or width == 0:
        return Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))
    turns = np.zeros(height * (width + 1), dtype=np.int32)
    starts = np.concatenate(points)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in points])
    for place, sign in _crossings(starts - (col, row), ends - (col, row), height, width):
        np.add.at(turns, place, sign)
    winding = np.cumsum(turns.reshape(height, width + 1)[:, :width], axis=1, dtype=np.int32)
    return Patch(row, col, winding % 2 == 1 if rule == "even-odd" else winding != 0)


def _checked(ring: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
    points = np.asarray(ring, dtype=np.float64)
    if points.size == 0:
        return np.zeros((0, 2))
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise SettingsError(
            "rings",
            expected="vertices of two finite numbers each, x and y",
            found=f"shape {points.shape}, {np.count_nonzero(~np.isfinite(points))} numbers not finite",
        )
    return np.clip(points, -_FARTHEST, _FARTHEST)


def _crossings(
    starts: NDArray[np.float64], ends: NDArray[np.float64], height: int, width: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Yield where edges cross the centre lines of pixel rows, as places in height x (width + 1), and how.

    A crossing changes what lies right of it: its place is the first pixel whose centre is not left of it. An
    edge crosses the rows with centres from its upper end inclusive to its lower end exclusive.
    """
    down = starts[:, 1] < ends[:, 1]
    # From top to bottom whichever way the ring runs: two polygons must compute a common edge alike.
    upper = np.where(down[:, None], starts, ends)
    lower = np.where(down[:, None], ends, starts)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.int64)
    stop = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.int64)
    counts = stop - first
    crossing = np.flatnonzero(counts > 0)
    done = np.concatenate([[0], np.cumsum(counts[crossing])])
    begin = 0
    while begin < crossing.size:
        end = max(int(np.searchsorted(done, done[begin] + _CROSSINGS_AT_ONCE, side="right")) - 1, begin + 1)
        edges = np.repeat(crossing[begin:end], counts[crossing[begin:end]])
        rows = np.arange(edges.size) - np.repeat(done[begin:end] - done[begin], counts[crossing[begin:end]])
        rows += first[edges]
        (x0, y0), (x1, y1) = upper[edges].T, lower[edges].T
        x = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
        columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
        yield rows * (width + 1) + columns, np.where(down[edges], 1, -1).astype(np.int32)
        begin = end
