"""Otsu's threshold, the plainest of the traditional methods."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines.background import MaskArray
from sporemetry.baselines.contrast import MOST_CONTRAST, Pixels, picture_contrast
from sporemetry.baselines.morphology import Morphology, spore_mask

_BINS = 256


@dataclass(frozen=True)
class OtsuSettings:
    """Settings of :func:`otsu_mask`.

    Attributes
    ----------
    morphology : Morphology
        Sizes of the structuring elements.
    """

    morphology: Morphology = field(default_factory=Morphology)


def otsu_mask(pixels: Pixels, field_mask: MaskArray, settings: OtsuSettings | None = None) -> MaskArray:
    """Find spores with Otsu's threshold on the contrast to the background.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture.
    field_mask : (H, W) bool array
        Pixels outside take no part and are never foreground.
    settings : OtsuSettings, optional
        Sizes of the structuring elements.

    Returns
    -------
    (H, W) bool array
        True where there is a spore; all false for a picture of nothing but background.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> picture[20:40, 20:32] = 100
    >>> spore = otsu_mask(picture, np.ones((64, 64), dtype=bool))
    >>> bool(spore[30, 26]), bool(spore[10, 10])
    (True, False)
    """
    settings = OtsuSettings() if settings is None else settings
    contrast = picture_contrast(pixels, field_mask)
    edges = np.linspace(-MOST_CONTRAST, MOST_CONTRAST, _BINS + 1)
    counts = np.histogram(contrast.grey[contrast.inside], bins=edges)[0]
    threshold = float(edges[otsu_bin(counts)])
    raw = contrast.inside & (contrast.grey > np.maximum(contrast.floor, np.float32(threshold)))
    return spore_mask(raw, contrast.grey, contrast.core, contrast.inside, settings.morphology)


def otsu_bin(counts: NDArray[np.integer]) -> int:
    """Return the first bin of the upper class by Otsu's threshold.

    It maximises the variance between the two classes: N. Otsu, IEEE Trans. Syst. Man Cybern. 9(1), 62-66,
    1979, doi:10.1109/TSMC.1979.4310076.

    Parameters
    ----------
    counts : (n,) integer array
        A histogram.

    Returns
    -------
    int
        From 1 to n - 1; the number of bins when fewer than two bins are filled.

    Examples
    --------
    >>> otsu_bin(np.array([5, 9, 5, 0, 0, 2, 3, 2]))
    4
    """
    weights = counts.astype(np.float64)
    levels = np.arange(len(counts), dtype=np.float64)
    below, moment = np.cumsum(weights)[:-1], np.cumsum(weights * levels)[:-1]
    above = weights.sum() - below
    split = (below > 0) & (above > 0)
    if not split.any():
        return len(counts)
    total = float((weights * levels).sum())
    means = np.divide(moment, below, where=split, out=np.zeros_like(below))
    others = np.divide(total - moment, above, where=split, out=np.zeros_like(below))
    between = below * above * (means - others) ** 2
    # Empty bins between two classes leave a plateau, whose middle is the fairest threshold.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return int(best[0] + best[-1]) // 2 + 1
