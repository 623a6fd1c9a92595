"""Even light: the background of a picture, estimated and divided out.

None of the four methods corrects uneven light in its source. A threshold on a whole picture needs even
light, so this step is our addition, the same for all four: the background is modelled as a smooth surface,
and each pixel is divided by it, since a shaded part of the field dims spores and background alike.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float32]
MaskArray = NDArray[np.bool_]
Blocks = NDArray[np.float64]

BLOCK_PX = 16
"""Side of the blocks whose medians carry the background; a spore fills less than half of most blocks."""
WINDOW_BLOCKS = 9
"""Blocks along each side of the window (144 px) whose median is the background in its middle."""
NOISE_PERCENTILE = 25
"""The local noise is that of the quieter blocks of a window: lines and clumps are no noise."""
_SAMPLE_STEP_PX = 2  # medians of every second pixel and row: four times faster and as good
_SAMPLE_CENTRE_PX = (BLOCK_PX - _SAMPLE_STEP_PX) / 2
_MOST_POINTS = 2500  # of the polynomial fit; 28 coefficients need no more
_MAD_TO_SIGMA = 1.4826  # for a normal distribution


def background(levels: FloatArray, inside: MaskArray) -> FloatArray:
    """Estimate the brightness of the empty field at every pixel.

    A robust polynomial for the logarithm of light over the whole field takes gradients and vignetting out
    (a median in a window that the border cuts would be off there); what it leaves is taken by the median
    of block medians in a window much larger than a spore.

    Parameters
    ----------
    levels : (H, W) float32 array
        One channel, 0..255.
    inside : (H, W) bool array
        The field. When it is empty the background is 1 everywhere.

    Returns
    -------
    (H, W) float32 array
        At least 1 everywhere, so that it can be divided by.

    Examples
    --------
    >>> ramp = np.tile(np.linspace(160, 200, 64, dtype=np.float32), (48, 1))
    >>> bool(np.allclose(background(ramp, np.ones(ramp.shape, dtype=bool)), ramp, atol=2))
    True
    """
    height, width = levels.shape
    blocks = np.log(np.maximum(block_medians(levels, inside), 1))
    rows, columns = (np.arange(n, dtype=np.float64) * BLOCK_PX + _SAMPLE_CENTRE_PX for n in blocks.shape)
    powers = _powers(blocks.size)
    v, u = _unit(rows, height)[:, None], _unit(columns, width)[None, :]
    terms = np.stack([v**i * u**j for i, j in powers], axis=2)
    thin = math.ceil(math.sqrt(blocks.size / _MOST_POINTS))
    surface = _fit(blocks[::thin, ::thin].ravel(), terms[::thin, ::thin].reshape(-1, len(powers)))
    shape = sum(c * terms[..., k] for k, c in enumerate(surface))
    rest = ndimage.median_filter(blocks - shape, size=WINDOW_BLOCKS, mode="reflect")
    light = np.exp(_evaluate(surface, powers, height, width) + enlarge(rest, levels.shape))
    return np.asarray(np.maximum(light, np.float32(1)), dtype=np.float32)


def noise_level(values: FloatArray, inside: MaskArray) -> FloatArray:
    """Estimate the standard deviation of background that has been flattened to 0, robustly and locally.

    The median absolute values of blocks, a low percentile of them in a window, and never less than the
    whole field's: division by a low background raises the noise in the corners of a vignetted picture.
    """
    size = np.abs(values)
    found = size[inside]
    whole = float(np.median(found)) if found.size else 0.0
    blocks = block_medians(size, inside)
    quiet = ndimage.percentile_filter(blocks, NOISE_PERCENTILE, size=WINDOW_BLOCKS, mode="reflect")
    local = enlarge(quiet, values.shape)
    return np.asarray(_MAD_TO_SIGMA * np.maximum(local, np.float32(whole)), dtype=np.float32)


def block_medians(values: FloatArray, inside: MaskArray) -> Blocks:
    """Return the median of each block of 16 x 16 px; blocks not wholly inside take the nearest one's.

    Where no block is wholly inside, all get the median of the inside pixels (0 where there are none).
    """
    height, width = values.shape
    padding = ((0, -height % BLOCK_PX), (0, -width % BLOCK_PX))
    padded = np.pad(values, padding, mode="symmetric")
    grid = (padded.shape[0] // BLOCK_PX, BLOCK_PX, padded.shape[1] // BLOCK_PX, BLOCK_PX)
    whole = np.pad(inside, padding, mode="symmetric").reshape(grid).all(axis=(1, 3))
    if not whole.any():
        return np.full(whole.shape, float(np.median(values[inside])) if inside.any() else 0.0)
    thinned = padded.reshape(grid)[:, ::_SAMPLE_STEP_PX, :, ::_SAMPLE_STEP_PX]
    medians = np.median(thinned.transpose(0, 2, 1, 3).reshape(*whole.shape, -1), axis=2)
    nearest = ndimage.distance_transform_edt(~whole, return_distances=False, return_indices=True)
    return np.asarray(medians[tuple(nearest)], dtype=np.float64)


def enlarge(blocks: Blocks, shape: tuple[int, ...]) -> FloatArray:
    """Interpolate block values linearly to every pixel, and crop what padding had added."""
    size = (blocks.shape[1] * BLOCK_PX, blocks.shape[0] * BLOCK_PX)
    full = cv2.resize(blocks.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[: shape[0], : shape[1]], dtype=np.float32)


def _powers(blocks: int) -> list[tuple[int, int]]:
    """Return the powers of y and x in the polynomial: degree 6, or less to have four blocks a term.

    Light that falls to a fifth in the corners, 1 / (1 + r²)², is met within 1.3 % by degree 6 and 5 % by 4.
    """
    for degree in (6, 4, 2, 1):
        powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
        if blocks >= 4 * len(powers):
            return powers
    return [(0, 0)]


def _unit(places: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return pixel coordinates on a scale from -1 to 1 over the picture."""
    return np.asarray((2 * places + 1) / length - 1)


def _evaluate(
    surface: NDArray[np.float64], powers: list[tuple[int, int]], height: int, width: int
) -> FloatArray:
    """Return the polynomial at every pixel, as a product of matrices."""
    degree = max(i for i, _ in powers)
    table = np.zeros((degree + 1, degree + 1))
    for (i, j), coefficient in zip(powers, surface, strict=True):
        table[i, j] = coefficient
    v = np.vander(_unit(np.arange(height, dtype=np.float64), height), degree + 1, increasing=True)
    u = np.vander(_unit(np.arange(width, dtype=np.float64), width), degree + 1, increasing=True)
    return np.asarray((v @ table).astype(np.float32) @ u.T.astype(np.float32))


def _fit(values: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit coefficients by least squares, reweighted by Huber's function (10 rounds).

    By the normal equations, whose sums numpy forms in a fixed order: the result must not depend on the
    number of threads of a linear algebra library.
    """
    weights: NDArray[np.float64] = np.ones_like(values)
    surface: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(10):
        weighted = terms * weights[:, None]
        normal, right = np.einsum("ni,nj->ij", weighted, terms), np.einsum("ni,n->i", weighted, values)
        surface = np.asarray(np.linalg.lstsq(normal, right, rcond=None)[0], dtype=np.float64)
        residual = np.abs(values - (terms * surface).sum(axis=1))
        scale = max(1.345 * _MAD_TO_SIGMA * float(np.median(residual)), 1e-6)
        weights = scale / np.maximum(residual, scale)
    return surface
