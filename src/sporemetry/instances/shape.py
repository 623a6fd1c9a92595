"""Which labels can be a spore, judged by size and shape."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import SettingsError
from sporemetry.instances.components import LabelArray, check_labels, keep_labels

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ShapeLimits:
    """What size and shape a spore may have; the defaults let everything through.

    Attributes
    ----------
    min_area, max_area : int, int or None
        In pixels; None sets no upper bound.
    max_aspect : float
        Long over short axis of the ellipse of the same second moments.
    min_solidity : float
        Area over the area of the convex hull, 0 to 1.
    min_width : float
        Short axis of that ellipse, in pixels.
    """

    min_area: int = 1
    max_area: int | None = None
    max_aspect: float = np.inf
    min_solidity: float = 0.0
    min_width: float = 0.0

    def __post_init__(self) -> None:
        if self.max_area is not None and self.max_area < self.min_area:
            raise SettingsError(
                "max_area",
                expected=f"at least min_area ({self.min_area})",
                found=repr(self.max_area),
                remedy="Raise the largest area or lower the least one.",
            )
        if self.min_area < 1:
            raise SettingsError("min_area", expected="1 or more pixels", found=repr(self.min_area))


def filter_shapes(labels: LabelArray, limits: ShapeLimits) -> LabelArray:
    """Keep the labels whose size and shape lie within ``limits`` and number them anew.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 is background, 1..n are spores.
    limits : ShapeLimits
        The bounds, each included.

    Returns
    -------
    (H, W) int32 array
        Labels 1..m without gaps. All 0 when nothing is left or there was nothing.

    Raises
    ------
    SettingsError
        When ``labels`` is not a two-dimensional int32 array.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[1, 1, 1, 0, 2]], dtype=np.int32)
    >>> filter_shapes(labels, ShapeLimits(min_area=2))
    array([[1, 1, 1, 0, 0]], dtype=int32)
    """
    check_labels(labels)
    areas = np.bincount(labels.ravel(), minlength=1)
    keep = areas >= limits.min_area
    if limits.max_area is not None:
        keep &= areas <= limits.max_area
    long, short = axes(labels)
    keep &= (long <= limits.max_aspect * short) & (short >= limits.min_width)
    if limits.min_solidity > 0:
        keep &= solidity(labels, keep) >= limits.min_solidity
    return keep_labels(labels, keep)


def axes(labels: LabelArray) -> tuple[FloatArray, FloatArray]:
    """Return the axes of the ellipse of the same second moments, one value a label from 0 on, in pixels."""
    places = np.flatnonzero(labels != 0)
    numbers = labels.ravel()[places]
    y, x = (v.astype(np.float64) for v in np.divmod(places, max(labels.shape[1], 1)))
    n = int(numbers.max(initial=0)) + 1
    area = np.maximum(np.bincount(numbers, minlength=n), 1)
    mean_y, mean_x = (np.bincount(numbers, v, n) / area for v in (y, x))
    v, u = y - mean_y[numbers], x - mean_x[numbers]
    # A pixel is a unit square, whose own second moment is 1/12.
    vv, uu, uv = (
        np.bincount(numbers, a, n) / area + b for a, b in ((v * v, 1 / 12), (u * u, 1 / 12), (u * v, 0))
    )
    middle, spread = (vv + uu) / 2, np.hypot((vv - uu) / 2, uv)
    return 4 * np.sqrt(middle + spread), 4 * np.sqrt(np.maximum(middle - spread, 1 / 12))


def solidity(labels: LabelArray, wanted: NDArray[np.bool_]) -> FloatArray:
    """Return area over convex area, one value a label from 0 on; 1 for those not wanted."""
    result = np.ones(len(wanted))
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or not wanted[number]:
            continue
        mask = (labels[box] == number).astype(np.uint8)
        outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        hull = cv2.convexHull(np.concatenate(outlines))
        filled = cv2.fillConvexPoly(np.zeros_like(mask), hull, 1)
        result[number] = np.count_nonzero(mask) / np.count_nonzero(filled)
    return result
