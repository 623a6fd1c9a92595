"""What a picture looks like on a screen: 8 bits, the part that is not counted dimmed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# 16-bit cameras rarely fill their range. The outermost 0.1 % (hot pixels, glare) may clip.
STRETCH_PERCENTILES = (0.1, 99.9)
# Enough pixels for a percentile that is stable to well under one grey level of the display.
_SAMPLE_PIXELS = 1 << 18
# How much light is left outside the field: dark enough to recede, light enough to be checked.
DIMMING = 0.45


def to_display(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], field_mask: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """Return an 8-bit copy of ``pixels``: 8-bit pictures as they are, 16-bit ones stretched in contrast.

    The stretch is one straight line for all three channels, so hues stay; it runs between the 0.1 and
    the 99.9 percentile of the field. A picture of one single value is shown by its upper 8 bits.

    Parameters
    ----------
    pixels : ndarray, H x W x 3, uint8 or uint16
        The picture.
    field_mask : ndarray, H x W, bool, or None
        The part that the contrast should suit; None or an empty field means the whole picture.

    Examples
    --------
    >>> ramp = np.linspace(1000, 3000, 300).astype(np.uint16).reshape(10, 10, 3)
    >>> shown = to_display(ramp, None)
    >>> int(shown.min()), int(shown.max())
    (0, 255)
    """
    if pixels.dtype == np.uint8:
        return np.array(pixels, dtype=np.uint8, order="C")
    low, high = np.percentile(_sample(pixels, field_mask), STRETCH_PERCENTILES)
    levels = np.arange(1 << 16, dtype=np.float64)
    if high <= low:
        table = np.floor(levels / 256)
    else:
        table = np.rint(np.clip((levels - low) / (high - low), 0, 1) * 255)
    shown: NDArray[np.uint8] = table.astype(np.uint8)[pixels]
    return shown


def dim_outside(rgb: NDArray[np.uint8], field_mask: NDArray[np.bool_]) -> None:
    """Darken, in place, what lies outside the field."""
    table = np.rint(np.arange(256) * DIMMING).astype(np.uint8)
    np.copyto(rgb, cv2.LUT(rgb, table), where=~field_mask[..., None])


def is_bright(rgb: NDArray[np.uint8], field_mask: NDArray[np.bool_] | None) -> bool:
    """Return whether the field is bright (bright field) rather than dark (dark field, dim DIC)."""
    return float(np.median(_sample(rgb, field_mask))) >= 112


def _sample(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], field_mask: NDArray[np.bool_] | None
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    # Every k-th row and column: random access to all pixels of a large picture would cost more than drawing.
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / _SAMPLE_PIXELS)))
    thinned = pixels[::step, ::step]
    if field_mask is None:
        return thinned
    inside = thinned[field_mask[::step, ::step]]
    return inside if inside.size else thinned
