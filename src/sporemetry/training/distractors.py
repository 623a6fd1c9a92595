"""Places of a picture that stand out as spores do and are none: dust, debris, pollen, marks of a chamber."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FINE_PX, COARSE_PX = 1.5, 8.0
"""Between these two blurs lies what is about as large as a spore or smaller."""
PEAK_PX = 9
"""The most outstanding pixel within so many is a place."""
LEAST = 0.5
"""A place stands out at least this much, as a part of what the middle one of the spores does."""
MOST = 4096
"""The places that are kept of a picture, those that stand out most."""
_APART_PX = 7
_NOISES = 4.0


def find_distractors(pixels: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return flat indices of the places that stand out from their surroundings and are no spore.

    Such places are few beside empty background and are what a network takes for spores; a recipe's
    ``crop.distractor`` shows them more often. Without a spore to compare with, a place must stand out by
    four times the noise.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 array
    target : (H, W) uint8 array
        0 background, 1 spore; everything else counts neither way and is no place, nor is what lies within
        3 px of it or of a spore.

    Returns
    -------
    (N,) int64 array, in the order of the picture's pixels; empty where nothing stands out.
    """
    grey = pixels.mean(axis=2, dtype=np.float32)
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (FINE_PX, COARSE_PX))
    outstanding = np.abs(fine - coarse)
    peaks = outstanding == cv2.dilate(outstanding, np.ones((PEAK_PX, PEAK_PX), dtype=np.uint8))
    near = cv2.dilate((target != 0).astype(np.uint8), np.ones((_APART_PX, _APART_PX), dtype=np.uint8))
    spores = outstanding[peaks & (target == 1)]
    if spores.size:
        least = LEAST * float(np.median(spores))
    else:
        least = _NOISES * float(np.median(outstanding)) / 0.6745
    found = np.flatnonzero(peaks & (near == 0) & (outstanding >= max(least, 1.0)))
    if found.size > MOST:
        values = outstanding.ravel()[found]
        found = np.sort(found[np.argsort(-values, kind="stable")[:MOST]])
    return found.astype(np.int64, copy=False)
