"""From raw foreground to whole spores: the morphology that the methods share."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines.background import FloatArray, MaskArray


@dataclass(frozen=True)
class Morphology:
    """Sizes of the structuring elements.

    Attributes
    ----------
    closing_px : int
        Radius of the disc that joins the parts of a spore's rim.
    max_hole_px : int
        Holes up to this area are filled: bright centres within dark rims.
    erosion_px : int
        Radius by which the result shrinks, for outlines drawn around a spore rather than on it.
    opening_px : int
        Radius of the disc that takes hyphae, scratches and other thin things away.
    """

    closing_px: int = 3
    max_hole_px: int = 4000
    erosion_px: int = 0
    opening_px: int = 3


LARGE_PX = 4000
"""The area of a spore of about 100 px length."""
USUAL_PERCENTILE = 80
USUAL_PART = 0.9
"""A spore somewhere reaches 90 % of what a fifth of the foreground exceeds; faint dirt does not."""


def spore_mask(
    raw: MaskArray, strength: FloatArray, core: FloatArray, inside: MaskArray, settings: Morphology
) -> MaskArray:
    """Turn chosen pixels into whole spores within the field.

    Parameters
    ----------
    raw : (H, W) bool array
        The pixels that a threshold or a cluster has chosen.
    strength : (H, W) float32 array
        What they were chosen by: contrast or steepness.
    core : (H, W) float32 array
        The least strength, at one pixel at least of each spore, that noise does not reach.
    inside : (H, W) bool array
        The result is false outside.
    settings : Morphology
        Sizes of the structuring elements.

    Returns
    -------
    (H, W) bool array
        All false where ``raw`` is.
    """
    mask = whole_spores(raw, settings) & inside
    _, regions, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    # Hairs and air bubbles do not say how strong a spore is, unless there is nothing but large things.
    telling = stats[:, cv2.CC_STAT_AREA] <= LARGE_PX
    telling[0] = False
    usual = strength[telling[regions] & raw] if telling.any() else strength[raw]
    if not usual.size:
        return np.zeros_like(mask)
    least = np.float32(USUAL_PART * np.percentile(usual, USUAL_PERCENTILE, method="lower"))
    return drop_faint(mask, strength, np.maximum(core, least))


def disc(radius: int) -> NDArray[np.uint8]:
    """Return a disc of the given radius as a structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def whole_spores(raw: MaskArray, settings: Morphology) -> MaskArray:
    """Close the rims of spores, fill their centres and take thin things away.

    Parameters
    ----------
    raw : (H, W) bool array
        The pixels that a threshold or a cluster has chosen.
    settings : Morphology
        Sizes; a radius of 0 leaves its step out.

    Returns
    -------
    (H, W) bool array
        All false where ``raw`` is.
    """
    mask = raw.astype(np.uint8)
    if settings.closing_px:
        mask = _morphology(mask, cv2.MORPH_CLOSE, settings.closing_px)
    mask = fill_small_holes(mask, settings.max_hole_px)
    if settings.erosion_px:
        mask = _morphology(mask, cv2.MORPH_ERODE, settings.erosion_px)
    if settings.opening_px:
        mask = _morphology(mask, cv2.MORPH_OPEN, settings.opening_px)
    return mask.astype(np.bool_)


def fill_small_holes(mask: NDArray[np.uint8], max_area: int) -> NDArray[np.uint8]:
    """Fill the background regions up to ``max_area`` that do not touch the picture's border."""
    _, regions, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    fill = stats[:, cv2.CC_STAT_AREA] <= max_area
    for edge in (regions[0], regions[-1], regions[:, 0], regions[:, -1]):
        fill[edge] = False
    fill[0] = True  # region 0 is the mask itself
    return np.asarray(fill[regions], dtype=np.uint8)


def drop_faint(mask: MaskArray, strength: FloatArray, least: FloatArray) -> MaskArray:
    """Drop the components of a mask in which ``strength`` nowhere reaches ``least``."""
    count, regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, dtype=np.bool_)
    keep[regions[mask & (strength >= least)]] = True
    keep[0] = False
    return np.asarray(keep[regions])


def _morphology(mask: NDArray[np.uint8], operation: int, radius: int) -> NDArray[np.uint8]:
    result = cv2.morphologyEx(mask, operation, disc(radius), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(result, dtype=np.uint8)
