"""Outlines in relief, as differential interference contrast (DIC) shows spores: lit from one side.

Networks that have seen few such pictures take the shaded parts alone for spore. What lies around a spore is
flat there, and has no halo as in bright field, so that a spore reaches as far as the picture is uneven.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.instances.components import LabelArray, MaskArray
from sporemetry.instances.widening import widen

# Real pictures, with labels by hand and by networks that had not seen their samples: DIC 0.33 to 0.7, bright
# field up to 0.06, and to 0.26 where there is next to nothing but dirt.
_ONE_SIDED = 0.3
_FEWEST = 3
# In spore lengths.
_BLUR, _FURTHEST, _GAP = 1 / 28, 0.3, 1 / 14
_BESIDE = (1 / 28, 3 / 28)  # where it is half as uneven as in the spore when an outline cuts through one
_AROUND = (0.3, 0.5)  # where the background is looked at
_RING = 0.1
_CUT = 0.5
_RISE = 0.4  # of the way from how uneven the background is to how uneven the edge is
_LARGEST = 32  # px: larger discs change little and cost time


def one_sidedness(labels: LabelArray, grey: NDArray[np.float32], spore_length_px: float) -> float:
    """Return how much the spores of a picture are all brighter on the same side.

    Each spore's deviation from the brightness around it is correlated with the place across it; the
    correlations with rows and columns are a vector that points to the bright side. What is returned is the
    length of the mean vector. A spore that is darker or brighter than its surroundings as a whole has a short
    one, however the light slopes.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores.
    grey : (H, W) float32 array
        The picture's brightness.
    spore_length_px : float
        Around is a tenth of it.

    Returns
    -------
    float
        0 to 1; 0 for fewer than three spores.

    Examples
    --------
    >>> labels = np.zeros((30, 90), dtype=np.int32)
    >>> for number in (1, 2, 3):
    ...     labels[10:20, 30 * number - 20 : 30 * number - 10] = number
    >>> slope = np.where(labels > 0, np.arange(90) % 30 - 14.5, 0).astype(np.float32)
    >>> one_sidedness(labels, slope, 10), one_sidedness(labels, np.minimum(slope, labels), 10) < 0.95
    (1.0, True)
    >>> one_sidedness(labels, -labels.astype(np.float32), 10)
    0.0
    """
    count = int(labels.max(initial=0)) + 1
    if count - 1 < _FEWEST:
        return 0.0
    width = 2 * _radius(_RING * spore_length_px) + 1
    wide = cv2.dilate(labels.astype(np.float32), np.ones((width, width), dtype=np.uint8)).astype(np.int32)
    ring = np.flatnonzero((wide > 0) & (labels == 0))
    level = _means(wide.ravel()[ring], grey.ravel()[ring].astype(np.float64), count)
    places = np.flatnonzero(labels != 0)
    rows, columns = np.divmod(places, labels.shape[1])
    number = labels.ravel()[places]
    bright = grey.ravel()[places] - level[number]
    power = _means(number, bright * bright, count)
    sides = []
    for place in (rows, columns):
        off = place - _means(number, place.astype(np.float64), count)[number]
        size = np.sqrt(power * _means(number, off * off, count))
        side = np.divide(_means(number, bright * off, count), size, out=np.zeros_like(size), where=size > 0)
        sides.append(side[1:].mean())
    return round(float(np.hypot(*sides)), 6)


def _means(number: NDArray[np.int32], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the mean of the values of each number below ``count``; 0 of none."""
    sums = np.bincount(number, weights=values, minlength=count)
    return np.asarray(sums / np.maximum(np.bincount(number, minlength=count), 1))


def is_relief(labels: LabelArray, grey: NDArray[np.float32], spore_length_px: float) -> bool:
    """Return whether a picture shows its spores in relief; parameters are those of :func:`one_sidedness`."""
    return one_sidedness(labels, grey, spore_length_px) >= _ONE_SIDED


def fill_relief(
    labels: LabelArray,
    probability: NDArray[np.float32],
    grey: NDArray[np.float32],
    field: MaskArray,
    spore_length_px: float,
) -> LabelArray:
    """Set the outlines of spores out to where a picture in relief is flat; other pictures' stay as they are.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores.
    probability : (H, W) float32 array
        Where two spores reach a pixel at once, the neighbour with the higher probability gets it.
    grey : (H, W) float32 array
        The picture's brightness.
    field : (H, W) bool array
        No pixel outside is given to a spore.
    spore_length_px : float
        How long spores are; none is set out further than 0.3 of it.

    Returns
    -------
    (H, W) int32 array
        Spores are 1..n in the order of their first pixel; none is lost, and none falls apart.
    """
    if not is_relief(labels, grey, spore_length_px):
        return labels
    slope = _slope(grey, spore_length_px)
    found = labels > 0
    away = cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)

    def ring(least: float, most: float) -> NDArray[np.float32]:
        within = field & (away >= least * spore_length_px) & (away <= most * spore_length_px)
        return np.asarray(slope[within])

    around, beside = ring(*_AROUND), ring(*_BESIDE)
    flat = float(np.median(around)) if around.size else 0.0
    rise = float(slope[found].mean()) - flat
    if not beside.size or float(beside.mean()) - flat < _CUT * rise:
        return labels
    near = field & (away <= _FURTHEST * spore_length_px)
    steps = np.ceil(away[near]).astype(np.int64)
    edge = float(_means(steps, slope[near].astype(np.float64), int(steps.max()) + 1).max())
    uneven = (slope >= flat + _RISE * (edge - flat)) & near
    solid = _without_gaps(uneven | found, spore_length_px) & near
    return widen(labels, probability, solid, most=max(1, round(_FURTHEST * spore_length_px)))


def _slope(grey: NDArray[np.float32], spore_length_px: float) -> NDArray[np.float32]:
    """Return the length of the gradient, grey values a pixel."""
    smooth = cv2.GaussianBlur(grey, (0, 0), max(0.5, _BLUR * spore_length_px))
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down) / 8)


def _without_gaps(mask: MaskArray, spore_length_px: float) -> MaskArray:
    """Close what is narrow, and leave out what juts out narrowly."""
    disc = _disc(_GAP * spore_length_px)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc) > 0)


def _disc(radius: float) -> NDArray[np.uint8]:
    """Return a disc of ones that is its own mirror image and turned by a right angle; OpenCV's is not."""
    whole = _radius(radius)
    rows, columns = np.ogrid[-whole : whole + 1, -whole : whole + 1]
    return np.asarray(rows**2 + columns**2 <= whole * (whole + 1), dtype=np.uint8)


def _radius(radius: float) -> int:
    return min(max(1, round(radius)), _LARGEST)
