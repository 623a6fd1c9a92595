"""Fuzzy C-means clustering of edges (the paper's reference 6, for rice blast spores)."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines.background import FloatArray, MaskArray
from sporemetry.baselines.contrast import Contrast, Pixels, picture_contrast
from sporemetry.baselines.morphology import Morphology, disc, spore_mask
from sporemetry.errors import SettingsError

_BINS = 256
_MOST_ROUNDS = 200
_EDGE_SPREAD_PX = 1.0  # Gaussian before the derivative; the contrast is smoothed by as much already
_TOP_PERCENTILE = 99.9  # steeper edges count as steep as this


@dataclass(frozen=True)
class FuzzyCMeansSettings:
    """Settings of :func:`fcm_mask`.

    Attributes
    ----------
    fuzziness : float
        Exponent of the memberships, above 1; 2 is usual.
    morphology : Morphology
        Sizes of the structuring elements. The erosion takes back what a steep edge is wider than the
        outline that it marks.
    """

    fuzziness: float = 2.0
    morphology: Morphology = field(default_factory=lambda: Morphology(erosion_px=1))

    def __post_init__(self) -> None:
        if not 1 < self.fuzziness <= 10:
            raise SettingsError("fuzziness", expected="above 1, at most 10", found=repr(self.fuzziness))


def fcm_mask(pixels: Pixels, field_mask: MaskArray, settings: FuzzyCMeansSettings | None = None) -> MaskArray:
    """Find spores by fuzzy C-means on the steepness of edges.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture.
    field_mask : (H, W) bool array
        Pixels outside take no part and are never foreground.
    settings : FuzzyCMeansSettings, optional
        The fuzziness, sizes of the structuring elements.

    Returns
    -------
    (H, W) bool array
        True where there is a spore; all false for a picture of nothing but background.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> picture[20:40, 20:32] = 100
    >>> spore = fcm_mask(picture, np.ones((64, 64), dtype=bool))
    >>> bool(spore[30, 26]), bool(spore[10, 10])
    (True, False)
    """
    settings = FuzzyCMeansSettings() if settings is None else settings
    contrast = picture_contrast(pixels, field_mask)
    steepness, inside = edge_steepness(contrast)
    values = steepness[inside]
    top = float(np.percentile(values, _TOP_PERCENTILE)) if values.size else 0.0
    if top <= 0:
        return np.zeros_like(inside)
    counts = np.histogram(np.minimum(values, top), bins=_BINS, range=(0, top))[0]
    flat, steep = fuzzy_centres(counts, settings.fuzziness) * (top / _BINS)
    # A membership above one half is the same as a steepness above the middle of the two centres.
    raw = inside & (steepness > np.maximum(steepness_of(contrast.floor), np.float32((flat + steep) / 2)))
    return spore_mask(raw, steepness, steepness_of(contrast.core), contrast.inside, settings.morphology)


def edge_steepness(contrast: Contrast) -> tuple[FloatArray, MaskArray]:
    """Return the gradient's magnitude per pixel, and where it is free of the field's rim."""
    smooth = cv2.GaussianBlur(contrast.grey * contrast.inside, (0, 0), _EDGE_SPREAD_PX)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    rim = cv2.erode(contrast.inside.astype(np.uint8), disc(4), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.hypot(across, down), rim.astype(np.bool_)


def steepness_of(noise: FloatArray) -> FloatArray:
    """Return the slope, per pixel, that noise of some contrast has.

    Noise of standard deviation s that a Gaussian of spread a has smoothed has slopes of standard deviation
    s / (a * sqrt(2)) along each axis. The contrast comes smoothed by 1 px and is smoothed by as much again,
    which takes s to s / sqrt(2) at a spread of sqrt(2).
    """
    return np.asarray(noise / np.float32(2 * np.sqrt(2)))


def fuzzy_centres(counts: NDArray[np.integer], fuzziness: float) -> NDArray[np.float64]:
    """Return the two centres, in bins, that fuzzy C-means finds in a histogram, the lower one first.

    J. C. Bezdek, Pattern Recognition with Fuzzy Objective Function Algorithms, 1981, section 11: memberships
    fall with the distance to the power of -2 / (fuzziness - 1), centres are means weighted by memberships
    to the power of the fuzziness.

    Examples
    --------
    >>> fuzzy_centres(np.array([8, 0, 0, 0, 0, 0, 0, 8]), fuzziness=2).round(2)
    array([0.5, 7.5])
    """
    levels = np.flatnonzero(counts) + 0.5
    weights = counts[counts > 0].astype(np.float64)
    centres = np.array([levels[0], levels[-1]])
    for _ in range(_MOST_ROUNDS):
        nearness = np.maximum(np.abs(levels[:, None] - centres), 1e-9) ** (-2 / (fuzziness - 1))
        shares = (nearness / nearness.sum(axis=1, keepdims=True)) ** fuzziness * weights[:, None]
        moved = (shares * levels[:, None]).sum(axis=0) / shares.sum(axis=0)
        if np.abs(moved - centres).max() < 1e-4:
            break
        centres = moved
    return np.sort(centres)
