"""What a network may be taught beside spore or not, so that touching spores come apart: one map a head.

A head is one more output channel. Its truth is drawn from the instance labels of a whole picture, as bytes
that stand for 0 to 1, and is cut and turned with the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

LabelArray = NDArray[np.int32]
ByteMap = NDArray[np.uint8]

BORDER_RADIUS = 2
_REACH = 2.0
"""Standard deviations of an ellipse's pixels from its centre to its outline, along any direction."""


def border_map(labels: LabelArray) -> ByteMap:
    """Return 255 where two spores meet: two labels within a square of radius 2 px around the pixel.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores.

    Returns
    -------
    (H, W) uint8 array
        0 or 255; all 0 where no two spores are near each other.

    Examples
    --------
    >>> row = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0]], dtype=np.int32)
    >>> (border_map(row) > 0).astype(int).tolist()
    [[0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]]
    """
    side = 2 * BORDER_RADIUS + 1
    square = np.ones((side, side), dtype=np.uint8)
    numbers = labels.astype(np.float32)  # exact to 2^24 spores
    beyond = np.float32(np.inf)
    most = cv2.dilate(numbers, square)
    least = cv2.erode(np.where(labels > 0, numbers, beyond), square)
    return np.where((least < most) & (most > 0), 255, 0).astype(np.uint8)


def centre_map(labels: LabelArray) -> ByteMap:
    """Return how near each spore pixel is to the middle of its spore: 255 there, 0 on the outline.

    The distance is measured in the ellipse that has the spore's second moments, so that it falls to the
    outline evenly along and across: a long spore has one summit, as a round one has.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores.

    Returns
    -------
    (H, W) uint8 array
        0 in the background, and all 0 without spores.

    Examples
    --------
    >>> labels = np.zeros((9, 21), dtype=np.int32)
    >>> labels[2:7, 3:18] = 1
    >>> found = centre_map(labels)
    >>> int(found[4, 10]), bool(found[4, 3] < 60), int(found[0, 0])
    (255, True, 0)
    """
    rows, columns = np.nonzero(labels)
    result = np.zeros(labels.shape, dtype=np.uint8)
    if not rows.size:
        return result
    number = labels[rows, columns]
    area = np.bincount(number).astype(np.float64)
    area[area == 0] = 1
    centred = []
    for places in (rows, columns):
        mean = np.bincount(number, weights=places) / area
        centred.append(places - mean[number])
    y, x = centred
    # A pixel is a square: its own spread is 1/12.
    yy = np.bincount(number, weights=y * y) / area + 1 / 12
    xx = np.bincount(number, weights=x * x) / area + 1 / 12
    xy = np.bincount(number, weights=x * y) / area
    determinant = yy * xx - xy * xy
    squared = (xx[number] * y * y - 2 * xy[number] * x * y + yy[number] * x * x) / determinant[number]
    near = np.clip(1 - np.sqrt(squared) / _REACH, 0, 1)
    result[rows, columns] = np.rint(255 * near).astype(np.uint8)
    return result


HEADS: Mapping[str, Callable[[LabelArray], ByteMap]] = {"border": border_map, "centre": centre_map}
"""What draws the truth of each head, by name."""


def draw_heads(labels: LabelArray, names: Sequence[str]) -> ByteMap:
    """Return the maps of some heads as (H, W, K) uint8, K may be 0.

    Raises
    ------
    SettingsError
        For a head that is not known.
    """
    for name in names:
        if name not in HEADS:
            raise SettingsError("network.heads", expected=f"one of {', '.join(HEADS)}", found=repr(name))
    return (
        np.dstack([HEADS[name](labels) for name in names])
        if names
        else np.empty((*labels.shape, 0), np.uint8)
    )
