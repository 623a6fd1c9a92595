"""Cutting at necks: a watershed on the distance to the background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from sporemetry.instances.components import LabelArray, MaskArray, label_components


def cut_necks(component: MaskArray, *, neck: float, smoothing: float, min_area: int) -> LabelArray:
    """Part one component where it is narrow.

    The markers are the h-maxima of the logarithm of the smoothed distance to the background, so a neck
    is judged by its width relative to the parts that it joins (h-maxima: P. Soille, Morphological Image
    Analysis, 2nd ed., 2004, section 6.3).

    Parameters
    ----------
    component : (h, w) bool array
        One component, with a frame of at least one pixel of background around it.
    neck : float
        Cut where the width falls below this part of the narrower side's.
    smoothing : float
        Standard deviation of the Gaussian on the distance, as a part of the greatest distance.
    min_area : int
        No piece gets smaller, in pixels.

    Returns
    -------
    (h, w) int32 array
        Pieces 1..n, each connected; one piece where there is nothing to cut.
    """
    if neck <= 0:
        return component.astype(np.int32)
    height = _smoothed_distance(component, smoothing)
    # Half a pixel more on each side keeps the dents of very thin parts from counting as necks.
    relief = np.log(height + 1, where=component, out=np.zeros_like(height))
    markers = _h_maxima(relief, -np.log(neck), component)
    return _flood(relief, markers, component, min_area)


def _smoothed_distance(component: MaskArray, smoothing: float) -> NDArray[np.float64]:
    distance = cv2.distanceTransform(component.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    spread = smoothing * float(distance.max())
    if spread > 0.3:  # below that the kernel is a single pixel
        distance = cv2.GaussianBlur(distance, (0, 0), spread, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(distance, dtype=np.float64)


def _h_maxima(relief: NDArray[np.float64], h: float, component: MaskArray) -> LabelArray:
    lowered = reconstruction(relief - h, relief, method="dilation", footprint=np.ones((3, 3)))
    peaks = local_maxima(lowered, connectivity=2, allow_borders=True) & component
    return label_components(peaks)


def _flood(
    relief: NDArray[np.float64], markers: LabelArray, component: MaskArray, min_area: int
) -> LabelArray:
    """Flood from the markers; those of too small pieces go, the smaller half in each round."""
    while True:
        flooded = watershed(-relief, markers, mask=component, connectivity=2)
        pieces: LabelArray = np.asarray(flooded, dtype=np.int32)
        areas = np.bincount(pieces.ravel(), minlength=2)[1:]
        small = np.flatnonzero(areas < min_area) + 1
        if len(areas) <= 1 or not len(small):
            return pieces
        order = small[np.argsort(areas[small - 1], kind="stable")]
        going = order[: max(1, len(order) // 2)]
        markers = label_components((markers > 0) & ~np.isin(markers, going[: len(areas) - 1]))
