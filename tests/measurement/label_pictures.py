"""Label pictures that the measurement tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

Labels = NDArray[np.int64]


def blobs(rng: np.random.Generator, height: int, width: int) -> Labels:
    """Smooth blobs, with holes and cut by the border."""
    smooth = ndimage.gaussian_filter(rng.random((height, width)), rng.uniform(0.5, 2.5))
    return np.asarray(ndimage.label(smooth > np.quantile(smooth, rng.uniform(0.3, 0.7)))[0], np.int64)


def noise(rng: np.random.Generator, height: int, width: int) -> Labels:
    """Labels in many parts that touch everywhere, with gaps in their numbers."""
    return rng.choice([0, 0, 1, 2, 5, 900], (height, width)).astype(np.int64)


def tiles(rng: np.random.Generator, height: int, width: int) -> Labels:
    """Rectangles of three pixels that touch along whole sides."""
    small = rng.integers(0, 4, (height // 3 + 1, width // 3 + 1))
    return np.kron(small, np.ones((3, 3), np.int64))[:height, :width].astype(np.int64)


def lines(rng: np.random.Generator, height: int, width: int) -> Labels:
    """Thin lines at any angle, and single pixels."""
    labels = np.zeros((height, width), np.int64)
    for label in range(1, 6):
        (y0, y1), (x0, x1) = rng.integers(0, height, 2), rng.integers(0, width, 2)
        steps = 1 if label == 5 else max(abs(int(y1 - y0)), abs(int(x1 - x0))) + 1
        row, column = np.rint(np.linspace(y0, y1, steps)), np.rint(np.linspace(x0, x1, steps))
        labels[row.astype(int), column.astype(int)] = label
    return labels


KINDS = {"blobs": blobs, "noise": noise, "tiles": tiles, "lines": lines}


@st.composite
def label_pictures(draw: st.DrawFn) -> Labels:
    """Any kind of label picture, up to 40 x 40 pixels."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return kind(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), height, width)


def capsule(
    length: float, width: float, angle: float, offset: tuple[float, float] = (0.0, 0.0)
) -> NDArray[np.bool_]:
    """Draw a rod with round ends, lengths in pixels: the pixels whose centres lie inside."""
    margin = int(np.ceil(length / 2)) + 3
    row, column = np.mgrid[-margin : margin + 1, -margin : margin + 1].astype(float)
    y, x = row - offset[0], column - offset[1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside: NDArray[Any] = np.hypot(np.maximum(np.abs(along) - (length - width) / 2, 0), across) <= width / 2
    return inside
