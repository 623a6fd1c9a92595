"""Boxes as truth: a spore is found when the centroid of a predicted one lies in its box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.assignment import assign
from sporemetry.evaluation.ratios import f1_score, ratio

_PAIRS_AT_ONCE = 4_000_000  # 4 M comparisons keep the working memory below 100 MB


@dataclass(frozen=True)
class BoxTally:
    """Spores of one picture or of several with boxes as truth; tallies add up.

    Attributes
    ----------
    predicted, truth, matched : int
        Predicted spores and boxes that count, and pairs of them.
    dropped_predicted, dropped_truth : int
        Those left out because more than half of their area lies in ignored pixels.
    """

    predicted: int
    truth: int
    matched: int
    dropped_predicted: int
    dropped_truth: int

    def __add__(self, other: BoxTally) -> BoxTally:
        """Pool two pictures."""
        return BoxTally(
            self.predicted + other.predicted,
            self.truth + other.truth,
            self.matched + other.matched,
            self.dropped_predicted + other.dropped_predicted,
            self.dropped_truth + other.dropped_truth,
        )

    @property
    def precision(self) -> float:
        """The share of predicted spores that are in a box of their own; undefined without any."""
        return ratio(self.matched, self.predicted)

    @property
    def recall(self) -> float:
        """The share of boxes with a predicted spore of their own; undefined without any."""
        return ratio(self.matched, self.truth)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); undefined where neither side has a spore."""
        return f1_score(self.matched, self.predicted, self.truth)


@dataclass(frozen=True)
class BoxMatch:
    """Which predicted spore lies in which box.

    Attributes
    ----------
    ids, dropped_ids : (N,) and (D,) int64
        Labels that count, ascending, and labels left out as ignored.
    boxes, dropped_boxes : (B,) and (E,) int
        The same for the boxes, as their positions in the input.
    rows, columns : (M,) int
        The matched pairs, as positions in ``ids`` and in ``boxes``.
    """

    ids: NDArray[np.int64]
    dropped_ids: NDArray[np.int64]
    boxes: NDArray[np.intp]
    dropped_boxes: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def tally(self) -> BoxTally:
        """Return the numbers of spores, boxes and matches."""
        return BoxTally(
            self.ids.size, self.boxes.size, self.rows.size, self.dropped_ids.size, self.dropped_boxes.size
        )


def match_boxes(
    predicted: NDArray[np.integer], boxes: NDArray[np.float64], ignore: NDArray[np.bool_] | None = None
) -> BoxMatch:
    """Match predicted spores one to one with the boxes that hold their centroids.

    The matching has as many pairs as possible, and of those matchings the one in which the centroids lie
    nearest to the centres of the boxes, distances along x and y being taken in widths and heights of the box.

    Parameters
    ----------
    predicted : (H, W) int
        Labels, 0 = background.
    boxes : (B, 4) float64
        x0, y0, x1, y1 in pixels from the picture's top left corner: pixel (row, column) covers
        column..column + 1 and row..row + 1. A centroid on the rim is inside.
    ignore : (H, W) bool, optional
        A spore or box with more than half of its area in these pixels neither counts nor errs.

    Raises
    ------
    SettingsError
        When ``boxes`` is not such an array.

    Examples
    --------
    >>> found = match_boxes(np.array([[1, 1, 0, 0, 2]]), np.array([[0.0, 0.0, 2.0, 1.0]]))
    >>> found.tally()
    BoxTally(predicted=2, truth=1, matched=1, dropped_predicted=0, dropped_truth=0)
    """
    _check_boxes(boxes)
    ids, centroids, hidden = _spore_places(predicted, ignore)
    box_hidden = np.zeros(len(boxes)) if ignore is None else _ignored_shares(boxes, ignore)
    kept, kept_boxes = hidden <= 0.5, np.flatnonzero(box_hidden <= 0.5)
    rows, columns, distance = _inside(centroids[kept], boxes[kept_boxes])
    chosen = assign(rows, columns, 1 - distance)  # inside a box the distance is at most sqrt(1/2)
    return BoxMatch(
        ids[kept], ids[~kept], kept_boxes, np.flatnonzero(box_hidden > 0.5), rows[chosen], columns[chosen]
    )


def _check_boxes(boxes: NDArray[np.float64]) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise SettingsError(
            "boxes", expected="a finite array of shape (B, 4)", found=f"{boxes.dtype} of shape {boxes.shape}"
        )
    if not (boxes[:, :2] < boxes[:, 2:]).all():
        raise SettingsError("boxes", expected="x0 < x1 and y0 < y1 in every row", found="an empty box")


def _spore_places(
    labels: NDArray[np.integer], ignore: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the ids (N,), their centroids (N, 2) as x, y, and the share of each that is ignored (N,)."""
    y, x = np.nonzero(labels)
    ids, position = np.unique(labels[y, x].astype(np.int64), return_inverse=True)
    area = np.bincount(position, minlength=ids.size)
    # The centre of pixel 0 lies at 0.5.
    means = [np.bincount(position, weights=axis, minlength=ids.size) / area + 0.5 for axis in (x, y)]
    hidden = np.zeros(ids.size)
    if ignore is not None:
        hidden = np.bincount(position, weights=ignore[y, x], minlength=ids.size) / area
    return ids, np.stack(means, axis=1), hidden


def _ignored_shares(boxes: NDArray[np.float64], ignore: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each box the share of its pixels that is ignored, from a summed-area table."""
    table = np.zeros((ignore.shape[0] + 1, ignore.shape[1] + 1), dtype=np.int64)
    np.cumsum(np.cumsum(ignore, axis=0, dtype=np.int64), axis=1, out=table[1:, 1:])
    size = np.array([ignore.shape[1], ignore.shape[0]])
    # Pixels with their centre in the box; at least the one at its corner, and none beyond the border.
    low = np.clip(np.ceil(boxes[:, :2] - 0.5), 0, size - 1).astype(np.intp)
    high = np.clip(np.floor(boxes[:, 2:] + 0.5), low + 1, size).astype(np.intp)
    (x0, y0), (x1, y1) = low.T, high.T
    hidden = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    return np.asarray(hidden / np.prod(high - low, axis=1), dtype=np.float64)


def _inside(
    points: NDArray[np.float64], boxes: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return every (point, box) with the point inside, and its distance to the centre in box sizes."""
    centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    step = max(1, _PAIRS_AT_ONCE // max(1, len(boxes)))
    rows, columns = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    for start in range(0, len(points), step):
        part = points[start : start + step, None, :]
        row, column = np.nonzero(((part >= boxes[:, :2]) & (part <= boxes[:, 2:])).all(axis=2))
        rows.append(row + start)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    offset = (points[row] - centres[column]) / sizes[column]
    return row, column, np.hypot(offset[:, 0], offset[:, 1])
