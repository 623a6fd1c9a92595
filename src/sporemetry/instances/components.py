"""Connected components: numbering, filling, keeping."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

LabelArray = NDArray[np.int32]
MaskArray = NDArray[np.bool_]


def label_components(mask: MaskArray) -> LabelArray:
    """Give each component of a mask a number; pixels that meet at an edge or a corner are together.

    Parameters
    ----------
    mask : (H, W) bool array
        True where there is a spore.

    Returns
    -------
    (H, W) int32 array
        0 is background; components are 1..n in the order of their first pixel, row by row. All 0 for an
        empty mask.

    Raises
    ------
    SettingsError
        When ``mask`` is not a two-dimensional bool array.

    Examples
    --------
    >>> import numpy as np
    >>> label_components(np.array([[0, 0, 1], [1, 0, 1]], dtype=bool))
    array([[0, 0, 1],
           [2, 0, 1]], dtype=int32)
    """
    check_mask(mask)
    if not mask.size:
        return np.zeros(mask.shape, dtype=np.int32)
    return renumber(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1])


def fill_holes(mask: MaskArray, max_area: int) -> MaskArray:
    """Fill the holes of a mask that are not larger than ``max_area`` pixels.

    A hole is background that neither reaches the picture's border nor other background through an edge
    of a pixel. With ``max_area`` 0 the mask comes back as it is.

    Raises
    ------
    SettingsError
        When ``mask`` is not a two-dimensional bool array or ``max_area`` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.ones((3, 3), dtype=bool)
    >>> ring[1, 1] = False
    >>> bool(fill_holes(ring, max_area=1).all())
    True
    """
    check_mask(mask)
    if max_area < 0:
        raise SettingsError("max_area", expected="0 or a positive number of pixels", found=repr(max_area))
    if max_area == 0 or not mask.size:
        return mask.copy()
    _, regions, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= max_area
    for edge in (regions[0], regions[-1], regions[:, 0], regions[:, -1]):
        small[edge] = False
    small[0] = True  # region 0 is the mask itself
    return np.asarray(small[regions])


def keep_labels(labels: LabelArray, keep: MaskArray) -> LabelArray:
    """Keep the labels for which ``keep`` is true and number them anew.

    Parameters
    ----------
    labels : (H, W) int32 array
        Any labels from 0 to n.
    keep : (n + 1,) bool array
        One value a label; that of label 0 does not matter.

    Returns
    -------
    (H, W) int32 array
        Labels 1..m without gaps, in the order of their first pixel.

    Examples
    --------
    >>> import numpy as np
    >>> keep_labels(np.array([[1, 0, 2, 0, 3]], dtype=np.int32), np.array([False, True, False, True]))
    array([[1, 0, 0, 0, 2]], dtype=int32)
    """
    chosen = np.arange(len(keep), dtype=np.int32) * keep
    return renumber(np.take(chosen, labels))


def renumber(labels: NDArray[np.integer]) -> LabelArray:
    """Give labels the numbers 1..n in the order of their first pixel, row by row."""
    flat = labels.ravel()
    places = np.flatnonzero(flat != 0)  # of bool, which is faster
    present = flat[places]
    first = np.full(int(present.max(initial=0)) + 1, flat.size, dtype=np.int64)
    first[present[::-1]] = places[::-1]  # of repeated indices the last write stands: the first pixel
    ranked = np.argsort(first, kind="stable")[: np.count_nonzero(first < flat.size)]
    number = np.zeros(len(first), dtype=np.int32)
    number[ranked] = np.arange(1, len(ranked) + 1, dtype=np.int32)
    result = np.zeros(labels.shape, dtype=np.int32)
    result.ravel()[places] = number[present]
    return result


def check_mask(mask: MaskArray) -> None:
    """Raise SettingsError unless ``mask`` is a two-dimensional bool array."""
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise SettingsError(
            "mask",
            expected="a bool array of shape (height, width)",
            found=f"{mask.dtype} of shape {mask.shape}",
            remedy="Compare with a threshold first, e.g. probability >= 0.5.",
        )


def check_labels(labels: LabelArray) -> None:
    """Raise SettingsError unless ``labels`` is a two-dimensional int32 array without negative values."""
    if labels.ndim != 2 or labels.dtype != np.int32 or labels.min(initial=0) < 0:
        raise SettingsError(
            "labels",
            expected="an int32 array of shape (height, width), 0 for background",
            found=f"{labels.dtype} of shape {labels.shape}",
        )
