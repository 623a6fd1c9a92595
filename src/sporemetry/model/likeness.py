"""How much an object looks like the picture's sure spores: its patch of the picture against their median.

Spores of one sample, under one light and in one focus, look alike; dust, bubbles and pollen look otherwise,
however spore-like a network finds their pixels. So no kind's look has to be known beforehand. Where the sure
spores differ among themselves, as cells of several forms do, likeness says little, and that is told too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ROWS, _COLUMNS = 14, 24
_LONG, _WIDE = 0.9, 0.55  # half a patch along and across the object, in spore lengths
_BLUR = 0.025  # of the spore length, px: finer than this is noise
_LEAST_BLUR = 0.3
_FEWEST = 3
_FURTHEST = 2.4
_CORRELATION = (-0.95, 0.98)
_CONTRAST = (0.05, 20.0)
_ALIKE = (0.6, 0.9)
_CHUNK = 2000  # patches at a time: OpenCV's maps have fewer than 32,768 rows
_TINY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How the objects 1..n of a picture look beside its sure spores.

    Attributes
    ----------
    pattern : (n,) float array
        Correlation (Fisher's z) of the patch with the median patch of the sure spores, less their median of
        it; below 0: less like them.
    contrast : (n,) float array
        The same of the logarithm of the contrast; below 0: fainter.
    alike : float
        0 to 1: how much the sure spores look alike; 0 where they are fewer than three.
    """

    pattern: FloatArray
    contrast: FloatArray
    alike: float


def brightness(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return the mean over the channels of a picture (H, W, 3), rounded, as float32 (H, W)."""
    return np.asarray(cv2.transform(pixels, np.full((1, 3), 1 / 3)), dtype=np.float32).reshape(
        pixels.shape[:2]
    )


def patches(
    grey: NDArray[np.float32], y: FloatArray, x: FloatArray, angle: FloatArray, spore_length_px: float
) -> NDArray[np.float32]:
    """Return a patch (n, 14 * 24) around each object, turned so that the object lies along it.

    It is 1.8 spore lengths long and 1.1 wide, and the mean of itself and itself turned by half a turn, since
    an axis has no direction. Beyond the picture's edge the picture is mirrored.

    Parameters
    ----------
    grey : (H, W) float32 array
    y, x : (n,) float array
        Centroids, px.
    angle : (n,) float array
        Of the major axis against the x axis, radians, y downwards.
    spore_length_px : float
    """
    blur = max(_LEAST_BLUR, _BLUR * spore_length_px)
    smooth = cv2.GaussianBlur(grey, (0, 0), blur)
    along = ((np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 - 1) * _LONG * spore_length_px
    across = ((np.arange(_ROWS) + 0.5) / _ROWS * 2 - 1) * _WIDE * spore_length_px
    found = np.empty((len(y), _ROWS * _COLUMNS), dtype=np.float32)
    for first in range(0, len(y), _CHUNK):
        own = slice(first, first + _CHUNK)
        cos, sin = np.cos(angle[own])[:, None, None], np.sin(angle[own])[:, None, None]
        xs = x[own, None, None] + along * cos - across[:, None] * sin
        ys = y[own, None, None] + along * sin + across[:, None] * cos
        maps = [each.astype(np.float32).reshape(-1, _COLUMNS) for each in (xs, ys)]
        values = cv2.remap(smooth, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        found[own] = values.reshape(-1, _ROWS * _COLUMNS)
    return np.asarray((found + found[:, ::-1]) / 2)


def correlations(patch: NDArray[np.floating], look: NDArray[np.floating]) -> FloatArray:
    """Return the correlation of each patch (n, 336) with a look (336,); about 0 where one of them is even.

    Examples
    --------
    >>> look = np.arange(336.0)
    >>> correlations(np.stack([2 * look + 5, -look, 0 * look]), look).round(3).tolist()
    [1.0, -1.0, 0.0]
    """
    form = look.astype(np.float64) - look.mean()
    own = patch.astype(np.float64) - patch.mean(axis=1, keepdims=True)
    size = np.linalg.norm(own, axis=1) * np.linalg.norm(form)
    return np.asarray(own @ form / (size + _TINY))


def compare(patch: NDArray[np.float32], sure: NDArray[np.bool_]) -> Likeness:
    """Return how patches look beside those of the sure spores.

    Parameters
    ----------
    patch : (n, 336) float32 array
        Of :func:`patches`.
    sure : (n,) bool array
        Which are spores for sure. Fewer than three: all are alike to nothing, with zeros.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> look, other = rng.normal(size=(2, 336)).astype(np.float32)
    >>> patch = np.stack([look, 1.1 * look, 0.9 * look, 0.2 * look, other])
    >>> found = compare(patch, np.array([True, True, True, False, False]))
    >>> found.alike, found.pattern.round(1).tolist(), found.contrast.round(1).tolist()[:4]
    (1.0, [0.0, 0.0, 0.0, 0.0, -2.3], [0.0, 0.1, -0.1, -1.6])
    """
    if np.count_nonzero(sure) < _FEWEST:
        nothing = np.zeros(len(patch))
        return Likeness(nothing, nothing.copy(), 0.0)
    grid = np.zeros((_ROWS, _COLUMNS), dtype=np.bool_)
    grid[[0, -1]] = grid[:, [0, -1]] = True
    above = (patch - np.median(patch[:, grid.ravel()], axis=1, keepdims=True)).astype(np.float64)
    usual = np.median(above[sure], axis=0)
    correlation = correlations(above, usual)
    contrast = np.log(np.clip(above @ usual / (usual @ usual + _TINY), *_CONTRAST))
    low, high = _ALIKE
    alike = np.clip((np.median(correlation[sure]) - low) / (high - low), 0.0, 1.0)
    return Likeness(
        pattern=_beside(np.arctanh(np.clip(correlation, *_CORRELATION)), sure),
        contrast=_beside(contrast, sure),
        alike=float(alike),
    )


def _beside(values: FloatArray, sure: NDArray[np.bool_]) -> FloatArray:
    """Return deviations from the median of the sure ones, not divided by their spread: few tell that ill."""
    return np.asarray(np.clip(values - np.median(values[sure]), -_FURTHEST, _FURTHEST))
