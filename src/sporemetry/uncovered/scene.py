"""An image as contrast against its ground, shrunk to a bounded size, with the labels over it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST_PIXELS = 600_000
"""A larger image is shrunk to this."""
_GROUND_SIDE = 128  # px of the image in which the ground is looked for
_LARGEST_WINDOW = 63  # px there
_NEAR = 4.0  # levels: pixels so near to the median are of the ground
_SMOOTHING = 1.0  # px
_BORDER = 9  # px: contrast beside the border of the field is the border's


@dataclass(frozen=True, eq=False)
class Scene:
    """What is compared.

    Attributes
    ----------
    contrast : (H, W) float32 array
        Distance in colour from the ground, in levels of 0 to 255; of a colour image the root of the mean of
        the squares of its channels.
    edges : (H, W) float32 array
        The steepest slope of the contrast within 2 px, levels per px.
    inside : (H, W) uint8 array
        1 in the field and away from its border.
    labels : (H, W) int32 array
        What was outlined; 0 background.
    factor : float
        Times the height and width of the image.
    """

    contrast: Floats
    edges: Floats
    inside: NDArray[np.uint8]
    labels: NDArray[np.int32]
    factor: float


def scene_of(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    field_mask: NDArray[np.bool_],
    labels: NDArray[np.int32],
) -> Scene:
    """Return the contrast of an image, see :class:`Scene`."""
    height, width = field_mask.shape
    factor = min(1.0, (MOST_PIXELS / (height * width)) ** 0.5)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    field = field_mask.astype(np.uint8)
    if factor < 1:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        field = cv2.resize(field, size, interpolation=cv2.INTER_NEAREST)
        labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    levels = pixels.astype(np.float32) / np.float32(257 if pixels.dtype == np.uint16 else 1)
    inside = field
    if not field.all():
        inside = cv2.erode(field, np.ones((_BORDER, _BORDER), np.uint8), borderValue=1)
    contrast = _contrast(levels, field)
    along = cv2.Sobel(contrast, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(contrast, cv2.CV_32F, 0, 1, scale=1 / 8)
    edges = cv2.dilate(cv2.magnitude(along, down), np.ones((5, 5), np.uint8))
    return Scene(contrast, edges, inside, labels, factor)


def _contrast(levels: Floats, field: NDArray[np.uint8]) -> Floats:
    channels = list(cv2.split(levels))
    if all(np.array_equal(channels[0], each) for each in channels[1:]):
        channels = channels[:1]
    squares = np.zeros(field.shape, dtype=np.float32)
    for channel in channels:
        difference = cv2.GaussianBlur(channel, (0, 0), _SMOOTHING) - _ground(channel, field)
        squares += difference * difference
    return np.asarray(cv2.sqrt(squares / len(channels)), dtype=np.float32)


def _ground(level: Floats, field: NDArray[np.uint8]) -> Floats:
    """Return the ground: in wide windows the mean of what is near the median, outside the field continued."""
    height, width = level.shape
    shrink = max(1.0, max(height, width) / _GROUND_SIDE)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    known = cv2.resize(field, size, interpolation=cv2.INTER_NEAREST)
    if not known.any():
        return np.zeros_like(level)
    if not known.all():
        _, nearest = cv2.distanceTransformWithLabels(
            1 - known, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
        )
        values = np.zeros(int(nearest.max()) + 1, dtype=np.float32)
        values[nearest[known > 0]] = small[known > 0]
        small = values[nearest]
    window = max(3, (min(*size, _LARGEST_WINDOW) // 2) | 1)
    median = cv2.medianBlur(np.clip(small, 0, 255).astype(np.uint8), window).astype(np.float32)
    near = (np.abs(small - median) <= _NEAR).astype(np.float32)
    total = cv2.boxFilter(small * near, -1, (window, window), normalize=False)
    count = cv2.boxFilter(near, -1, (window, window), normalize=False)
    ground = np.where(count > 0, total / np.maximum(count, 1), median).astype(np.float32)
    return np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
