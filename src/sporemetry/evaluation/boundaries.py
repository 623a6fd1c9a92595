"""Agreement of outlines: boundary F1 at a tolerance of a few pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.evaluation.ratios import ratio

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)
_ROUNDING = 1e-9  # so that a tolerance given as sqrt(5) takes in the pixels at distance sqrt(5)


@dataclass(frozen=True)
class BoundaryTally:
    """Boundary pixels, and those with one of the other side near; several pictures add up.

    Attributes
    ----------
    predicted, predicted_near : int
        Boundary pixels of the prediction; those within the tolerance of the true boundary.
    truth, truth_near : int
        Boundary pixels of the truth; those within the tolerance of the predicted boundary.
    """

    predicted: int
    predicted_near: int
    truth: int
    truth_near: int

    def __add__(self, other: BoundaryTally) -> BoundaryTally:
        """Pool two pictures."""
        return BoundaryTally(
            self.predicted + other.predicted,
            self.predicted_near + other.predicted_near,
            self.truth + other.truth,
            self.truth_near + other.truth_near,
        )

    @property
    def precision(self) -> float:
        """The share of predicted boundary that lies near the truth; undefined without any."""
        return ratio(self.predicted_near, self.predicted)

    @property
    def recall(self) -> float:
        """The share of true boundary that lies near the prediction; undefined without any."""
        return ratio(self.truth_near, self.truth)

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 where one side has no boundary, undefined where neither has."""
        if not (self.predicted_near and self.truth_near):
            return ratio(0, self.predicted + self.truth)
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the spore pixels that have a background pixel above, below, left or right of them.

    The picture's border is no boundary: where a spore is cut by it, nobody knows its outline. An empty
    mask, and one that fills the picture, have none.

    Examples
    --------
    >>> boundary(np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], bool))[2:]
    array([[False,  True, False,  True, False],
           [False,  True, False,  True, False]])
    """
    if mask.size == 0:
        return np.zeros(mask.shape, dtype=np.bool_)
    # cv2.erode takes what lies beyond the border as spore.
    inner = np.asarray(cv2.erode(np.ascontiguousarray(mask).view(np.uint8), _CROSS))
    edge: NDArray[np.bool_] = mask & (inner == 0)
    return edge


def compare_boundaries(
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    ignore: NDArray[np.bool_] | None = None,
    *,
    tolerance_px: float,
) -> BoundaryTally:
    """Count the boundary pixels of two masks that lie near each other.

    Parameters
    ----------
    predicted, truth : (H, W) bool
        The spore masks; touching spores have one outline together.
    ignore : (H, W) bool, optional
        Boundary pixels in it are not asked whether they are near; those outside may still be near one of
        them, so that a spore which is cut by the ignored area loses nothing.
    tolerance_px : float
        Euclidean distance between pixel centres, in pixels, itself included.

    Returns
    -------
    BoundaryTally
        Its ``precision``, ``recall`` and ``f1`` are those of Csurka, Larlus and Perronnin, "What is a good
        evaluation measure for semantic segmentation?", BMVC 2013, doi 10.5244/C.27.32, for the one
        class "spore".

    Examples
    --------
    >>> spore = np.zeros((9, 12), dtype=bool)
    >>> spore[3:6, 3:6] = True
    >>> compare_boundaries(np.roll(spore, 3, axis=1), spore, tolerance_px=1.0).f1
    0.375
    """
    edge_predicted, edge_truth = boundary(predicted), boundary(truth)
    asked_predicted = edge_predicted if ignore is None else edge_predicted & ~ignore
    asked_truth = edge_truth if ignore is None else edge_truth & ~ignore
    return BoundaryTally(
        predicted=int(np.count_nonzero(asked_predicted)),
        predicted_near=_count_near(asked_predicted, edge_truth, tolerance_px),
        truth=int(np.count_nonzero(asked_truth)),
        truth_near=_count_near(asked_truth, edge_predicted, tolerance_px),
    )


def _count_near(asked: NDArray[np.bool_], target: NDArray[np.bool_], tolerance_px: float) -> int:
    """Count the pixels of ``asked`` that have one of ``target`` within the tolerance."""
    if not target.any() or not asked.any():
        return 0
    # The transform gives the distance to the nearest zero, as float32; its square is a whole number.
    away = np.logical_not(target).view(np.uint8)
    distance = np.asarray(cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    squared = np.rint(np.square(distance[asked], dtype=np.float64))
    return int(np.count_nonzero(squared <= tolerance_px**2 + _ROUNDING))
