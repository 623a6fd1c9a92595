"""Agreement pixel by pixel: one confusion matrix, and IoU and Dice from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.evaluation.ratios import ratio


@dataclass(frozen=True)
class Confusion:
    """Pixels by what was predicted and what is true; matrices of several pictures add up.

    Attributes
    ----------
    tp, fp, fn, tn : int
        Spore in both; predicted only; true only; background in both. Ignored pixels are in none.

    Examples
    --------
    >>> matrix = Confusion(tp=30, fp=10, fn=20, tn=940)
    >>> matrix.spore_iou, matrix.dice, round(matrix.mean_iou, 3)
    (0.5, 0.6666666666666666, 0.735)
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: Confusion) -> Confusion:
        """Pool two pictures."""
        return Confusion(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def spore_iou(self) -> float:
        """TP / (TP + FP + FN), Jaccard's index; undefined where neither side has a spore pixel."""
        return ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def background_iou(self) -> float:
        """TN / (TN + FP + FN); undefined where neither side has a background pixel."""
        return ratio(self.tn, self.tn + self.fp + self.fn)

    @property
    def mean_iou(self) -> float:
        """Mean of the IoU of both classes, as the paper reports it; undefined if one of them is.

        At 200 background pixels a spore pixel, predicting nothing scores 0.4975: read it beside
        :attr:`spore_iou`. Source: Zhao et al. 2019, doi 10.1109/ACCESS.2019.2953085, pooled over the set.
        """
        return (self.spore_iou + self.background_iou) / 2

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); undefined where :attr:`spore_iou` is, else 2 IoU / (1 + IoU)."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def confusion(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], ignore: NDArray[np.bool_] | None = None
) -> Confusion:
    """Count the pixels of two masks into one confusion matrix.

    Parameters
    ----------
    predicted, truth : (H, W) bool
        The spore masks. Empty masks are fine; a picture without pixels gives zeros.
    ignore : (H, W) bool, optional
        Pixels that neither count nor err.

    Examples
    --------
    >>> confusion(np.array([[True, True, False]]), np.array([[True, False, False]]))
    Confusion(tp=1, fp=1, fn=0, tn=1)
    """
    total = predicted.size
    if ignore is not None:
        kept = ~ignore
        predicted, truth, total = predicted & kept, truth & kept, int(np.count_nonzero(kept))
    both = int(np.count_nonzero(predicted & truth))
    only_predicted = int(np.count_nonzero(predicted)) - both
    only_truth = int(np.count_nonzero(truth)) - both
    return Confusion(both, only_predicted, only_truth, total - both - only_predicted - only_truth)
