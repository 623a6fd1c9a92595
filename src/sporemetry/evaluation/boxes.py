"""Boxes as truth: a spore is found when the centroid of a predicted one lies in its box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.assignment import assign
from sporemetry.evaluation.detections import DetectionMatch, spore_places

_PAIRS_AT_ONCE = 4_000_000  # 4 M comparisons keep the working memory below 100 MB


def match_boxes(
    predicted: NDArray[np.integer], boxes: NDArray[np.float64], ignore: NDArray[np.bool_] | None = None
) -> DetectionMatch:
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
    DetectionTally(predicted=2, truth=1, matched=1, dropped_predicted=0, dropped_truth=0)
    """
    _check_boxes(boxes)
    ids, centroids, hidden = spore_places(predicted, ignore)
    box_hidden = np.zeros(len(boxes)) if ignore is None else _ignored_shares(boxes, ignore)
    kept, kept_boxes = hidden <= 0.5, np.flatnonzero(box_hidden <= 0.5)
    rows, columns, distance = _inside(centroids[kept], boxes[kept_boxes])
    chosen = assign(rows, columns, 1 - distance)  # inside a box the distance is at most sqrt(1/2)
    return DetectionMatch(
        ids[kept], ids[~kept], kept_boxes, np.flatnonzero(box_hidden > 0.5), rows[chosen], columns[chosen]
    )


def _check_boxes(boxes: NDArray[np.float64]) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise SettingsError(
            "boxes", expected="a finite array of shape (B, 4)", found=f"{boxes.dtype} of shape {boxes.shape}"
        )
    if not (boxes[:, :2] < boxes[:, 2:]).all():
        raise SettingsError("boxes", expected="x0 < x1 and y0 < y1 in every row", found="an empty box")


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
