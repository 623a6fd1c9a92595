"""Labels of spores that are known by boxes only: in each box the ellipse that fits the picture best.

A box that touches its spore on four sides leaves an ellipse one freedom, how far it leans. It leans so that
what differs from the picture's ground lies inside. The outline is a guess: pixels near it, and conspicuous
ones of a box outside its ellipse, are to be ignored in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_LEANS: Final = np.linspace(-0.94, 0.94, 48)
_GROUND_PX: Final = 61
_INNER: Final = 0.75
"""Squared distance from the centre, 1 on the outline, below which a pixel surely belongs to the spore."""
_OUTER: Final = 1.5
"""The same, above which it surely does not."""
_WIDTH_WEIGHT: Final = 0.5
_LEAST_SIDE_PX: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class BoxLabels:
    """Labels made from boxes.

    Attributes
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores in the order of the boxes; a box that another one hides has no pixel.
    ignore : (H, W) bool array
        True where the boxes do not tell spore from background.
    """

    labels: NDArray[np.int32]
    ignore: NDArray[np.bool_]


def labels_from_boxes(pixels: NDArray[np.uint8], boxes: FloatArray) -> BoxLabels:
    """Return labels from boxes.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 array
        The picture.
    boxes : (n, 4) float array
        Left, top, right and bottom edges in px; pixel (row i, column j) covers j to j + 1 and i to i + 1.
        None gives background only.

    Returns
    -------
    BoxLabels

    Examples
    --------
    >>> picture = np.full((40, 40, 3), 200, dtype=np.uint8)
    >>> _ = cv2.ellipse(picture, (20, 20), (12, 5), 45, 0, 360, (90, 90, 90), -1)
    >>> found = labels_from_boxes(picture, np.array([[10.5, 10.5, 30.5, 30.5]]))
    >>> int(found.labels[26, 26]), int(found.labels[14, 26])
    (1, 0)
    """
    shape = pixels.shape[:2]
    nearest = np.full(shape, np.inf)
    labels = np.zeros(shape, dtype=np.int32)
    doubtful = np.zeros(shape, dtype=bool)
    unlike = _unlike_ground(pixels)
    usual = _usual_width(boxes)
    for number, box in enumerate(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), start=1):
        window, u, v = _grid(box, shape)
        if not u.size:
            continue
        within = unlike[window]
        distance = _distance(u, v, _lean(within, u, v, box, usual))
        closer = (distance < nearest[window]) & (distance < _OUTER)
        labels[window][closer & (distance <= 1)] = number
        nearest[window][closer] = distance[closer]
        doubtful[window] |= _conspicuous_outside(within, distance) & (np.abs(u) <= 1) & (np.abs(v) <= 1)
    ring = (nearest > _INNER) & (nearest < _OUTER)
    return BoxLabels(labels, ring | (doubtful & (nearest > _INNER)))


def _unlike_ground(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how far each pixel is from the median of its surroundings, over all channels."""
    pixels = np.ascontiguousarray(pixels)
    ground = cv2.medianBlur(pixels, _GROUND_PX)
    away = np.abs(pixels.astype(np.float32) - ground).mean(axis=2)
    return np.asarray(cv2.GaussianBlur(away, (0, 0), 1.0), dtype=np.float32)


def _usual_width(boxes: FloatArray) -> float:
    """Return the width of spores in px: the shorter side of the flattest boxes, which lie along an axis."""
    sides = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(sides):
        return 1.0
    shorter = np.minimum(sides[:, 2] - sides[:, 0], sides[:, 3] - sides[:, 1])
    return float(max(np.percentile(shorter, 8), _LEAST_SIDE_PX))


def _grid(box: FloatArray, shape: tuple[int, int]) -> tuple[tuple[slice, slice], FloatArray, FloatArray]:
    """Return the window around a box, a third larger, and its pixels' places with the box from -1 to 1."""
    left, top, right, bottom = box
    half_width = max(right - left, _LEAST_SIDE_PX) / 2
    half_height = max(bottom - top, _LEAST_SIDE_PX) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    first_row, last_row = np.clip(np.rint([y - 4 / 3 * half_height, y + 4 / 3 * half_height]), 0, shape[0])
    first_column, last_column = np.clip(
        np.rint([x - 4 / 3 * half_width, x + 4 / 3 * half_width]), 0, shape[1]
    )
    rows, columns = np.arange(first_row, last_row), np.arange(first_column, last_column)
    u, v = np.meshgrid((columns + 0.5 - x) / half_width, (rows + 0.5 - y) / half_height)
    window = (slice(int(first_row), int(last_row)), slice(int(first_column), int(last_column)))
    return window, u, v


def _distance(u: FloatArray, v: FloatArray, lean: float) -> FloatArray:
    """Return the squared distance in the ellipse that fills the box at a lean: 1 on its outline."""
    return np.asarray((u * u - 2 * lean * u * v + v * v) / (1 - lean * lean))


def _lean(unlike: NDArray[np.float32], u: FloatArray, v: FloatArray, box: FloatArray, usual: float) -> float:
    """Return the lean whose inside differs most from its outside, among widths that are usual."""
    in_box = (np.abs(u) <= 1) & (np.abs(v) <= 1)
    half_width, half_height = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    spread = max(float(unlike[in_box].std()), 1e-6) if in_box.any() else 1.0
    best, chosen = -np.inf, 0.0
    for lean in _LEANS:
        inside = _distance(u, v, lean) <= 1
        outside = in_box & ~inside
        if not inside.any() or not outside.any():
            continue
        contrast = (float(unlike[inside].mean()) - float(unlike[outside].mean())) / spread
        width = _minor_axis(half_width, half_height, lean)
        score = contrast - _WIDTH_WEIGHT * abs(np.log(max(width, 1e-3) / usual))
        if score > best:
            best, chosen = score, float(lean)
    return chosen


def _minor_axis(half_width: float, half_height: float, lean: float) -> float:
    """Return the full minor axis of the ellipse, px."""
    matrix = np.array(
        [
            [half_width**2, lean * half_width * half_height],
            [lean * half_width * half_height, half_height**2],
        ]
    )
    return float(2 * np.sqrt(max(np.linalg.eigvalsh(matrix)[0], 0.0)))


def _conspicuous_outside(unlike: NDArray[np.float32], distance: FloatArray) -> NDArray[np.bool_]:
    """Return the pixels outside an ellipse that look as its inside does."""
    inside, outside = unlike[distance <= 1], unlike[distance > _OUTER]
    if not inside.size or not outside.size:
        return np.zeros(distance.shape, dtype=bool)
    between = (float(inside.mean()) + float(np.median(outside))) / 2
    return np.asarray((distance > 1) & (unlike > between))
