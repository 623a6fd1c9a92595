"""What all four methods look at: how far each pixel is from the background, in parts of its brightness.

pixels -> background divided out -> ruled lines taken out -> contrast, with the floor that noise reaches
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.baselines.background import FloatArray, MaskArray, background, noise_level

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

FIELD_MARGIN_PX = 4
"""The rim of an eyepiece circle is blurred over about so many pixels; they are not searched."""
NOISE_FACTOR = 3.5
"""A spore's pixels lie at least so many standard deviations of the noise from the background,"""
CORE_FACTOR = 5.0
"""and one of them so many."""
LEAST_CONTRAST = 0.02
"""Nor is a difference below 2 % of the background's brightness ever a spore."""
MOST_CONTRAST = 0.4
"""Higher contrasts count as this one: a hair or an air bubble would else draw every threshold to itself."""
MIXED_ENERGY = 0.5
"""Bright details with so much of the dark ones' energy: spores have bright and dark parts alike."""
LINE_WINDOW_PX = 208
"""A line of a chamber's ruling is what stays dark over so many pixels along a row or column,"""
LINE_PERCENTILE = 25
"""except for this part of them: spores next to one another leave more gaps than that."""
_LINE_STEP_PX = 16


@dataclass(frozen=True, eq=False)
class Contrast:
    """A picture relative to its background.

    Attributes
    ----------
    colour : (H, W, C) float32 array
        Darkness of each channel as a part of the background's brightness, 0 at the background, within
        -0.4 and 0.4; smoothed by a Gaussian of 1 px. C is 1 for a grey picture, else 3.
    grey : (H, W) float32 array
        The mean of the channels. Both are absolute values when spores have bright and dark parts alike
        (interference contrast, or a little out of focus).
    floor : (H, W) float32 array
        The least contrast of a spore's pixels: 3.5 standard deviations of the noise.
    core : (H, W) float32 array
        The least contrast of one of them: 5 standard deviations.
    inside : (H, W) bool array
        Where to search: the field without its blurred rim.
    """

    colour: FloatArray
    grey: FloatArray
    floor: FloatArray
    core: FloatArray
    inside: MaskArray


def picture_contrast(pixels: Pixels, field_mask: MaskArray) -> Contrast:
    """Compute the contrast of a picture within its field.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture; 16-bit values that are 257 times 8-bit ones give the same result bit for bit.
    field_mask : (H, W) bool array
        Pixels outside take no part in any statistic, and have contrast 0.

    Returns
    -------
    Contrast
        With an empty field everything is 0 and nothing is inside.

    Examples
    --------
    >>> dark_square = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> dark_square[30:40, 30:40] = 100
    >>> contrast = picture_contrast(dark_square, np.ones((64, 64), dtype=bool))
    >>> contrast.grey[[5, 35], [5, 35]].round(2)
    array([0. , 0.4], dtype=float32)
    """
    inside = shrink_field(field_mask)
    colour = _darkness(eight_bit_levels(pixels), inside)
    grey = colour.mean(axis=2)
    noise = noise_level(grey, inside)
    floor, core = (
        np.maximum(k * noise, np.float32(LEAST_CONTRAST))
        for k in (np.float32(NOISE_FACTOR), np.float32(CORE_FACTOR))
    )
    lines = line_level(grey)
    lines *= lines > floor
    colour = np.clip(colour - lines[..., None], -MOST_CONTRAST, MOST_CONTRAST)
    grey = np.clip(grey - lines, -MOST_CONTRAST, MOST_CONTRAST)
    if is_mixed(grey, floor, inside):
        colour, grey = np.abs(colour), np.abs(grey)
    return Contrast(colour, grey, floor, core, inside)


def eight_bit_levels(pixels: Pixels) -> FloatArray:
    """Return H x W x C levels 0..255 as float32, exact for 8-bit values times 257; one channel of grey."""
    grey = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
    levels: FloatArray = (pixels[..., :1] if grey else pixels).astype(np.float32)
    if pixels.dtype == np.uint16:
        levels /= np.float32(257)
    return levels


def shrink_field(field_mask: MaskArray) -> MaskArray:
    """Take the rim off the field where it ends within the picture; the picture's border is no rim."""
    size = 2 * FIELD_MARGIN_PX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    eroded = cv2.erode(field_mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray(eroded, dtype=np.bool_)


def line_level(darkness: FloatArray) -> FloatArray:
    """Return how dark the ruling of a counting chamber is at each pixel, 0 between its lines.

    It is what three quarters of 208 px along the row or the column reach, whichever is darker; spores
    do not fill so much of a line. Lines that are more than about a degree off the axes are not found.
    """
    along = _running_level(darkness)
    down = _running_level(np.ascontiguousarray(darkness.T)).T
    return np.asarray(np.maximum(np.maximum(along, down), 0), dtype=np.float32)


def is_mixed(darkness: FloatArray, floor: FloatArray, inside: MaskArray) -> bool:
    """Tell whether bright details are about as strong as dark ones, by the energy beyond the noise."""
    squares = np.square(darkness) * (inside & (np.abs(darkness) > floor))
    dark = float(squares[darkness > 0].sum(dtype=np.float64))
    bright = float(squares[darkness < 0].sum(dtype=np.float64))
    return bright >= MIXED_ENERGY * dark and bright > 0


def _darkness(levels: FloatArray, inside: MaskArray) -> FloatArray:
    """Return 1 - level / background for each channel, smoothed; 0 outside."""
    darkness = np.zeros_like(levels)
    for channel in range(levels.shape[2]):
        level = np.ascontiguousarray(levels[..., channel])
        ratio = np.divide(level, background(level, inside), where=inside, out=np.ones_like(level))
        darkness[..., channel] = cv2.GaussianBlur(1 - ratio, (0, 0), 1.0)
    return darkness


def _running_level(values: FloatArray) -> FloatArray:
    """Return the lower quartile along each row, of means over 16 px in a window of 208 px.

    The window always lies wholly in the picture: a spore at the border is not counted twice by mirroring.
    In a narrower picture no line can be told from a spore, and the result is 0.
    """
    height, width = values.shape
    blocks, window = width // _LINE_STEP_PX, LINE_WINDOW_PX // _LINE_STEP_PX
    if blocks < window:
        return np.zeros_like(values)
    means = values[:, : blocks * _LINE_STEP_PX].reshape(height, blocks, _LINE_STEP_PX).mean(axis=2)
    half = window // 2
    level = ndimage.percentile_filter(means, LINE_PERCENTILE, size=(1, window))[:, half : blocks - half]
    # Beyond the first and the last window, and in what is left of a block, the nearest value goes on.
    size = (level.shape[1] * _LINE_STEP_PX, height)
    spread = cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)
    left = half * _LINE_STEP_PX
    return np.asarray(np.pad(spread, ((0, 0), (left, width - left - spread.shape[1])), mode="edge"))
