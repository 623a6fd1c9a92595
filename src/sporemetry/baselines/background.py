"""The even-light background of a picture, and how far each pixel lies below it.

None of the four methods corrects uneven light in its source. Every threshold on a whole picture needs
even light, so this step is our addition, the same for all four: light is modelled as a smooth surface,
and each pixel is divided by it, since a shaded part of the field dims spores and background alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float32]
MaskArray = NDArray[np.bool_]

BLOCK_PX = 16
"""Side of the blocks whose medians carry the background; a spore fills less than half of most blocks."""
WINDOW_BLOCKS = 9
"""Blocks on each side of the window (144 px) whose median is the background there."""
FIELD_MARGIN_PX = 4
"""The rim of an eyepiece circle is blurred over about so many pixels; they are not searched."""
NOISE_FACTOR = 3.5
"""A spore's pixels lie at least so many noise standard deviations from the background."""
NOISE_PERCENTILE = 25
"""The local noise is that of the quieter blocks of a window: lines and clumps are no noise."""
SAMPLE_STEP_PX = 2
"""Block medians look at every second pixel of every second row: four times faster, as good."""
MIXED_CONTRAST = 0.5
"""Bright details with so much of the dark ones' energy mean that spores have bright and dark parts."""
LEAST_CONTRAST = 0.02
"""Nor is a difference below 2 % of the background's brightness ever a spore."""
_MAD_TO_SIGMA = 1.4826  # for a normal distribution


@dataclass(frozen=True, eq=False)
class Flattened:
    """A picture with its light evened out.

    Attributes
    ----------
    ratio : (H, W, 3) float32 array
        Brightness over the background's, a channel; 1 is background, also outside the field.
    darkness : (H, W) float32 array
        ``1 - ratio``, the mean of the channels, smoothed by a Gaussian of 1 px; 0 is background.
    contrast : (H, W) float32 array
        The darkness, or its absolute value where spores have bright and dark parts alike.
    floor : (H, W) float32 array
        The least darkness that noise does not reach.
    inside : (H, W) bool array
        Where to search: the field without its blurred rim.
    """

    ratio: FloatArray
    darkness: FloatArray
    contrast: FloatArray
    floor: FloatArray
    inside: MaskArray


def flatten(pixels: NDArray[np.uint8] | NDArray[np.uint16], field_mask: MaskArray) -> Flattened:
    """Divide a picture by its large-scale background.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture. ``uint16`` values that are 257 times 8-bit ones give the same result bit for bit.
    field_mask : (H, W) bool array
        Pixels outside take no part in any statistic.

    Returns
    -------
    Flattened
        With an empty field everything is background.
    """
    levels = eight_bit_levels(pixels)
    inside = shrink_field(field_mask)
    ratio = np.ones_like(levels)
    if inside.any():
        for channel in range(levels.shape[2]):
            light = background(levels[..., channel], inside)
            np.divide(levels[..., channel], light, out=ratio[..., channel], where=inside)
    darkness = cv2.GaussianBlur(1 - ratio.mean(axis=2, dtype=np.float32), (0, 0), 1.0)
    floor = np.maximum(NOISE_FACTOR * noise_level(darkness, inside), LEAST_CONTRAST)
    return Flattened(ratio, darkness, contrast(darkness, floor, inside), floor, inside)


def eight_bit_levels(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> FloatArray:
    """Return pixels as float32 on the scale 0..255, exactly for 8-bit values times 257."""
    levels: FloatArray = pixels.astype(np.float32)
    if pixels.dtype == np.uint16:
        levels /= np.float32(257)
    return levels


def shrink_field(field_mask: MaskArray) -> MaskArray:
    """Take the rim off the field where it ends within the picture; the picture's border is no rim."""
    size = 2 * FIELD_MARGIN_PX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    eroded = cv2.erode(field_mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray(eroded, dtype=np.bool_)


def background(levels: FloatArray, inside: MaskArray) -> FloatArray:
    """Estimate the brightness of the empty field.

    A robust quadratic surface over the whole field takes gradients and vignetting out (a median in a
    window that the border cuts would be off there); what it leaves is taken by the median of block
    medians in a window much larger than a spore.

    Parameters
    ----------
    levels : (H, W) float32 array
        One channel, 0..255.
    inside : (H, W) bool array
        The field; at least one pixel.

    Returns
    -------
    (H, W) float32 array
        At least 1 everywhere, so that it can be divided by.
    """
    blocks = block_medians(levels, inside)
    rows, columns = (np.arange(n, dtype=np.float32) * BLOCK_PX + (BLOCK_PX - 1) / 2 for n in blocks.shape)
    height, width = levels.shape
    surface = _fit_surface(blocks, _design(rows, columns, height, width))
    rest = _window_median(blocks - _design(rows, columns, height, width) @ surface)
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    light = _evaluate(surface, y, x) + _enlarge(rest, levels.shape)
    return np.maximum(light, np.float32(1))


def noise_level(darkness: FloatArray, inside: MaskArray) -> FloatArray:
    """Estimate the standard deviation of the background, robustly and locally.

    Median absolute deviations in blocks, then the median over a window, and never less than the whole
    field's: dividing by a low background raises the noise in the corners of a vignetted picture.
    """
    deviation = np.abs(darkness)
    values = deviation[inside]
    whole = float(np.median(values)) if values.size else 0.0
    blocks = block_medians(deviation, inside)
    quiet = ndimage.percentile_filter(blocks, NOISE_PERCENTILE, size=WINDOW_BLOCKS, mode="reflect")
    local = _enlarge(quiet, darkness.shape)
    return np.asarray(_MAD_TO_SIGMA * np.maximum(local, whole), dtype=np.float32)


def contrast(darkness: FloatArray, floor: FloatArray, inside: MaskArray) -> FloatArray:
    """Return how far each pixel is from the background, in the direction in which spores differ from it.

    In bright field spores are darker and their bright halo is not part of them: the darkness. With
    interference contrast, or a little out of focus, each spore has a bright and a dark part: its
    absolute value. The energy of what lies beyond the noise tells the two kinds of picture apart.
    """
    squares = np.square(darkness, where=inside & (np.abs(darkness) > floor), out=np.zeros_like(darkness))
    dark = float(squares[darkness > 0].sum(dtype=np.float64))
    bright = float(squares[darkness < 0].sum(dtype=np.float64))
    return np.abs(darkness) if bright >= MIXED_CONTRAST * dark else darkness


def block_medians(values: FloatArray, inside: MaskArray) -> NDArray[np.float64]:
    """Return the median of each block of 16 x 16 px; blocks not wholly inside take the nearest one's.

    Where no block is wholly inside, all get the median of the inside pixels (0 where there are none).
    """
    height, width = values.shape
    padding = ((0, -height % BLOCK_PX), (0, -width % BLOCK_PX))
    padded = np.pad(values, padding, mode="symmetric")
    grid = (padded.shape[0] // BLOCK_PX, BLOCK_PX, padded.shape[1] // BLOCK_PX, BLOCK_PX)
    whole = np.pad(inside, padding, mode="symmetric").reshape(grid).all(axis=(1, 3))
    if not whole.any():
        fallback = float(np.median(values[inside])) if inside.any() else 0.0
        return np.full(whole.shape, fallback)
    step = SAMPLE_STEP_PX
    cells = padded.reshape(grid)[:, ::step, :, ::step].transpose(0, 2, 1, 3).reshape(*whole.shape, -1)
    medians = np.median(cells, axis=2).astype(np.float64)
    nearest = ndimage.distance_transform_edt(~whole, return_distances=False, return_indices=True)
    return np.asarray(medians[tuple(nearest)])


def _window_median(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(ndimage.median_filter(blocks, size=WINDOW_BLOCKS, mode="reflect"))


def _design(
    rows: NDArray[np.float32], columns: NDArray[np.float32], height: int, width: int
) -> NDArray[np.float64]:
    """Return rows x columns x 6: the terms 1, y, x, y², xy, x² on -1..1."""
    y, x = np.meshgrid(2 * rows / height - 1, 2 * columns / width - 1, indexing="ij")
    return np.stack([np.ones_like(y), y, x, y * y, x * y, x * x], axis=2).astype(np.float64)


def _evaluate(surface: NDArray[np.float64], y: NDArray[np.float32], x: NDArray[np.float32]) -> FloatArray:
    v, u = (2 * y / len(y) - 1)[:, None], (2 * x / len(x) - 1)[None, :]
    c = surface.astype(np.float32)
    return np.asarray((c[0] + v * (c[1] + v * c[3])) + u * (c[2] + u * c[5]) + (c[4] * v) * u, dtype=np.float32)


def _fit_surface(blocks: NDArray[np.float64], design: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit six coefficients by least squares, reweighted by Tukey's biweight (10 rounds)."""
    terms, values = design.reshape(-1, 6), blocks.ravel()
    weights = np.ones_like(values)
    coefficients = np.zeros(6)
    for _ in range(10):
        root = np.sqrt(weights)[:, None]
        coefficients = np.linalg.lstsq(terms * root, values * root[:, 0], rcond=None)[0]
        residual = np.abs(values - terms @ coefficients)
        scale = max(4.685 * _MAD_TO_SIGMA * float(np.median(residual)), 1e-6)
        weights = np.clip(1 - (residual / scale) ** 2, 0, None) ** 2
    return np.asarray(coefficients)


def _enlarge(blocks: NDArray[np.float64], shape: tuple[int, ...]) -> FloatArray:
    """Interpolate block values linearly to every pixel, and crop what padding added."""
    size = (blocks.shape[1] * BLOCK_PX, blocks.shape[0] * BLOCK_PX)
    full = cv2.resize(blocks.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[: shape[0], : shape[1]], dtype=np.float32)
