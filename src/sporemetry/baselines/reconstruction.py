"""Morphological reconstruction and a two-dimensional threshold (the paper's reference 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines.background import MaskArray
from sporemetry.baselines.contrast import MOST_CONTRAST, Pixels, picture_contrast
from sporemetry.baselines.morphology import Morphology, disc, spore_mask
from sporemetry.errors import SettingsError

LevelArray = NDArray[np.uint8]

_BINS = 64  # along each axis of the histogram
_NEIGHBOURHOOD_PX = 5
_MOST_STEPS = 400  # a reconstruction reaches so many pixels along a thing; hyphae may be longer


@dataclass(frozen=True)
class ReconstructionSettings:
    """Settings of :func:`reconstruction_mask`.

    Attributes
    ----------
    opening_px : int
        Radius of the disc: dark details that it does not fit into are removed.
    closing_px : int
        Radius of the disc: bright details that it does not fit into, within dark, are filled.
    morphology : Morphology
        Sizes of the structuring elements used on the mask.
    """

    opening_px: int = 1
    closing_px: int = 8
    morphology: Morphology = field(default_factory=Morphology)

    def __post_init__(self) -> None:
        if min(self.opening_px, self.closing_px) < 0:
            found = f"{self.opening_px} and {self.closing_px}"
            raise SettingsError("opening_px, closing_px", expected="radii of 0 or more", found=found)


def reconstruction_mask(
    pixels: Pixels, field_mask: MaskArray, settings: ReconstructionSettings | None = None
) -> MaskArray:
    """Find spores by a reconstruction filter and a threshold on pixel and neighbourhood together.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture.
    field_mask : (H, W) bool array
        Pixels outside take no part and are never foreground.
    settings : ReconstructionSettings, optional
        Radii of the filter, sizes of the structuring elements.

    Returns
    -------
    (H, W) bool array
        True where there is a spore; all false for a picture of nothing but background.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> picture[20:40, 20:32] = 100
    >>> spore = reconstruction_mask(picture, np.ones((64, 64), dtype=bool))
    >>> bool(spore[30, 26]), bool(spore[10, 10])
    (True, False)
    """
    settings = ReconstructionSettings() if settings is None else settings
    contrast = picture_contrast(pixels, field_mask)
    inside = contrast.inside
    levels = (np.clip(contrast.grey, 0, None) * inside * np.float32(255 / MOST_CONTRAST)).astype(np.uint8)
    filtered = reconstruction_filter(levels, settings.opening_px, settings.closing_px)
    mean = cv2.blur(filtered, (_NEIGHBOURHOOD_PX, _NEIGHBOURHOOD_PX), borderType=cv2.BORDER_REPLICATE)
    level, neighbours = two_dimensional_otsu(filtered[inside], mean[inside])
    scale = np.float32(255 / MOST_CONTRAST)
    raw = inside & (filtered > scale * contrast.floor) & (filtered >= level) & (mean >= neighbours)
    return spore_mask(raw, contrast.grey, contrast.core, inside, settings.morphology)


def reconstruction_filter(levels: LevelArray, opening: int, closing: int) -> LevelArray:
    """Open and then close by reconstruction: fine detail goes, what stays keeps its outline.

    L. Vincent, IEEE Trans. Image Process. 2(2), 176-201, 1993, doi:10.1109/83.217222.

    Parameters
    ----------
    levels : (H, W) uint8 array
        Darkness.
    opening, closing : int
        Radii of the discs in pixels.
    """
    opened = reconstruct(cv2.erode(levels, disc(opening)), levels)
    return 255 - reconstruct(255 - cv2.dilate(opened, disc(closing)), 255 - opened)


def reconstruct(marker: LevelArray, mask: LevelArray) -> LevelArray:
    """Grow ``marker`` under ``mask`` by steps of one pixel until nothing changes, or 400 times.

    Examples
    --------
    >>> mask = np.array([[3, 3, 3, 0, 3]], dtype=np.uint8)
    >>> marker = np.array([[2, 0, 0, 0, 0]], dtype=np.uint8)
    >>> reconstruct(marker, mask)
    array([[2, 2, 2, 0, 0]], dtype=uint8)
    """
    square = np.ones((3, 3), dtype=np.uint8)
    grown = np.minimum(marker, mask)
    for _ in range(_MOST_STEPS // 8):
        before = grown
        for _ in range(8):  # comparing costs as much as a step
            grown = cv2.min(cv2.dilate(grown, square), mask)
        if np.array_equal(before, grown):
            break
    return np.asarray(grown, dtype=np.uint8)


def two_dimensional_otsu(levels: LevelArray, means: LevelArray) -> tuple[float, float]:
    """Return thresholds for pixels and for their neighbourhoods' means that part them best together.

    Otsu's criterion on the joint histogram, whose diagonal quadrants are background and spores: J. Liu,
    W. Li, Y. Tian, Proc. Int. Conf. Circuits and Systems, Shenzhen, 325-327, 1991.

    Parameters
    ----------
    levels, means : (n,) uint8 array
        Values of the same pixels.

    Returns
    -------
    tuple of float
        Foreground is at or above both; 256 for both when there are no two classes.

    Examples
    --------
    >>> two = np.repeat(np.array([20, 200], dtype=np.uint8), 50)
    >>> level, mean = two_dimensional_otsu(two, two)
    >>> 20 < level <= 200 and 20 < mean <= 200
    True
    """
    width = 256 // _BINS
    code = (levels // width).astype(np.int64) * _BINS + means // width
    joint = np.bincount(code, minlength=_BINS * _BINS).reshape(_BINS, _BINS) / max(len(levels), 1)
    bins = np.arange(_BINS)
    share = _corner_sums(joint)[:-1, :-1]
    first, second = (_corner_sums(joint * part) for part in (bins[:, None], bins[None, :]))
    inner = share * (1 - share)
    split = inner > 1e-12
    if not split.any():
        return 256.0, 256.0
    offset = (first[-1, -1] * share - first[:-1, :-1]) ** 2 + (second[-1, -1] * share - second[:-1, :-1]) ** 2
    between = np.divide(offset, inner, where=split, out=np.zeros_like(offset))
    row, column = np.unravel_index(int(np.argmax(between)), between.shape)
    return float((row + 1) * width), float((column + 1) * width)


def _corner_sums(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(table.cumsum(axis=0).cumsum(axis=1))
