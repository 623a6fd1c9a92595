"""Grey values of a picture -> the network's input.

``fixed`` takes mean and standard deviation of the training pictures. ``picture`` takes them from the picture
itself, of each channel inside its field: the median (the background, which fills most of a picture of spores)
and a robust spread,

    spread = max(1.4826 * median(|value - median|), floor),

the standard deviation of the background's noise and shading, on which spores have no influence as long as
they cover less than half. The floor, in grey values of 0 to 255, is what keeps a blank picture from a
division by nothing, and the noise of an empty picture from being blown up: noise of standard deviation s
becomes at most s / floor. :data:`DEFAULT_FLOOR` is about the noise of a good camera, and a fifth or less of
the contrast of a spore.

``light`` divides by what an empty place lets through, the median of each channel inside the field,

    (value / median - 1) / 0.25,

so that half the light, or light of another colour, changes nothing, and contrast stays what it is: in bright
field a spore takes away a share of the light. The median is at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.model.card import Normalization

DEFAULT_FLOOR = 8.0
DARKEST = 1.0
"""The least light, in grey values: below it a picture is taken to be black."""
LIGHT_STEP = 0.25
"""The share of the light that becomes 1."""
_NORMAL = 1.4826  # the median deviation of a normal distribution to its standard deviation
_SIXTEEN_BITS = 65_535


@dataclass(frozen=True, slots=True)
class GreyLevels:
    """How the values of a picture are put on the scale of 0 to 255.

    Attributes
    ----------
    white : int
        The value that becomes 255.
    """

    white: int

    @property
    def note(self) -> str:
        """What the user should know of it; empty where nothing was assumed."""
        if self.white in (255, _SIXTEEN_BITS):
            return ""
        bits = self.white.bit_length()
        return f"a 16-bit picture whose values need {bits} bits: {self.white:,} was taken for white"


def grey_levels(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> GreyLevels:
    """Return what white is: 255, or of 16 bits the largest value of the fewest bits, in twos, that suffice.

    A camera of 12 bits writes values up to 4,095 into files of 16 bits; taken as they are, its pictures would
    be black.

    >>> grey_levels(np.full((1, 1, 3), 4000, dtype=np.uint16))
    GreyLevels(white=4095)
    """
    if pixels.dtype == np.uint8:
        return GreyLevels(255)
    brightest = int(pixels.max(initial=0))
    return GreyLevels(next(white for bits in (8, 10, 12, 14, 16) if brightest <= (white := (1 << bits) - 1)))


Levels = tuple[tuple[float, float], ...]
"""Of each channel: what becomes 0, and how many grey values become 1."""


def levels_of(pixels: NDArray[Any], field_mask: NDArray[np.bool_], settings: Normalization) -> Levels:
    """Return by what an image is normalised.

    Parameters
    ----------
    pixels : (H, W, 3) array, uint8 or float32
        Grey values from 0 to 255.
    field_mask : (H, W) bool array
        The pixels whose median and spread are taken; with none, median 0 and the floor.
    settings : Normalization
    """
    if settings.kind == "fixed":
        return tuple(zip(settings.mean, settings.std, strict=True))
    levels = []
    for channel in range(3):
        values = np.ascontiguousarray(pixels[:, :, channel])
        if settings.kind == "light":
            middle = max(middle_and_spread(values, field_mask, 1.0)[0], DARKEST)
            levels.append((middle, middle * LIGHT_STEP))
        else:
            levels.append(middle_and_spread(values, field_mask, settings.floor))
    return tuple(levels)


def normalise(
    pixels: NDArray[Any],
    field_mask: NDArray[np.bool_],
    settings: Normalization,
    *,
    levels: Levels | None = None,
) -> NDArray[np.float32]:
    """Return the network's input for a picture.

    Parameters
    ----------
    pixels : (H, W, 3) array, uint8 or float32
        Grey values from 0 to 255.
    field_mask : (H, W) bool array
        The pixels whose median and spread are taken; with none, median 0 and the floor.
    settings : Normalization
    levels : Levels, optional
        Of the whole image, where ``pixels`` are a part of it.

    Returns
    -------
    (1, 3, H, W) float32 array
        C-contiguous.

    Examples
    --------
    A blank picture is 0 everywhere, whatever its grey:

    >>> blank, field = np.full((2, 2, 3), 97, dtype=np.uint8), np.ones((2, 2), dtype=bool)
    >>> bool(normalise(blank, field, Normalization(kind="picture", floor=8.0)).any())
    False
    """
    result = np.empty((1, 3, *pixels.shape[:2]), dtype=np.float32)
    for channel, (middle, spread) in enumerate(levels or levels_of(pixels, field_mask, settings)):
        values = np.ascontiguousarray(pixels[:, :, channel])
        np.subtract(values, np.float32(middle), out=result[0, channel], dtype=np.float32)
        result[0, channel] /= np.float32(spread)
    return result


def middle_and_spread(
    values: NDArray[Any], field_mask: NDArray[np.bool_], floor: float
) -> tuple[float, float]:
    """Return the median of one channel inside the field and its robust spread, at least ``floor``.

    Parameters
    ----------
    values : (H, W) array, uint8 or float32
    field_mask : (H, W) bool array
        None true: (0, floor).
    floor : float

    Examples
    --------
    >>> values = np.array([[10, 20, 30, 40, 200]], dtype=np.uint8)
    >>> middle_and_spread(values, np.ones((1, 5), dtype=bool), 1.0)
    (30.0, 14.826)
    """
    if not field_mask.any():
        return 0.0, floor
    if values.dtype == np.uint8:
        counts = cv2.calcHist([values], [0], field_mask.astype(np.uint8), [256], [0, 256]).ravel()
        middle, deviation = _of_histogram(counts.astype(np.int64))
    else:
        inside = values[field_mask]
        middle = float(np.median(inside))
        deviation = float(np.median(np.abs(inside - np.float32(middle))))
    return middle, max(round(_NORMAL * deviation, 6), floor)


def _of_histogram(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return the median of whole numbers and the median distance from it, the lower of two middle ones."""
    half = (int(counts.sum()) + 1) // 2
    middle = int(np.searchsorted(np.cumsum(counts), half))
    near = np.bincount(np.abs(np.arange(len(counts)) - middle), weights=counts)
    return float(middle), float(np.searchsorted(np.cumsum(near), half))
