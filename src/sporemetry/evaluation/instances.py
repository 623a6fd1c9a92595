"""Spores found, missed and invented; merged and split; how well the found ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sporemetry.evaluation.overlaps import Overlaps, match
from sporemetry.evaluation.ratios import f1_score, ratio
from sporemetry.evaluation.settings import EvaluationSettings


@dataclass(frozen=True)
class InstanceTally:
    """Spores of one picture or of several; tallies add up.

    Attributes
    ----------
    predicted, truth : int
        The spores that count on each side.
    matched : int
        Pairs of them at the IoU of the settings (``match_iou``).
    iou_sum : float
        The sum of the IoU of these pairs.
    swept : tuple of int
        The number of pairs at each of ``sweep_ious``.
    merges, splits : int
        See :func:`count_merges` and :func:`count_splits`.
    dropped_predicted, dropped_truth : int
        The spores left out because more than half of them lies in ignored pixels.
    """

    predicted: int
    truth: int
    matched: int
    iou_sum: float
    swept: tuple[int, ...]
    merges: int
    splits: int
    dropped_predicted: int
    dropped_truth: int

    def __add__(self, other: InstanceTally) -> InstanceTally:
        """Pool two pictures that were scored with the same settings."""
        return InstanceTally(
            self.predicted + other.predicted,
            self.truth + other.truth,
            self.matched + other.matched,
            self.iou_sum + other.iou_sum,
            tuple(mine + theirs for mine, theirs in zip(self.swept, other.swept, strict=True)),
            self.merges + other.merges,
            self.splits + other.splits,
            self.dropped_predicted + other.dropped_predicted,
            self.dropped_truth + other.dropped_truth,
        )

    @property
    def precision(self) -> float:
        """The share of predicted spores that are true ones; undefined without a prediction."""
        return ratio(self.matched, self.predicted)

    @property
    def recall(self) -> float:
        """The share of true spores that were found; undefined without a true one."""
        return ratio(self.matched, self.truth)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); undefined where neither side has a spore."""
        return f1_score(self.matched, self.predicted, self.truth)

    @property
    def sweep_f1(self) -> tuple[float, ...]:
        """F1 at each of ``sweep_ious``."""
        return tuple(f1_score(matched, self.predicted, self.truth) for matched in self.swept)

    @property
    def mean_f1(self) -> float:
        """The mean of :attr:`sweep_f1`; undefined where neither side has a spore."""
        return sum(self.sweep_f1) / len(self.swept)

    @property
    def segmentation_quality(self) -> float:
        """The mean IoU of the matched pairs; undefined without one."""
        return ratio(self.iou_sum, self.matched)

    @property
    def panoptic_quality(self) -> float:
        """Sum of IoU / (TP + FP / 2 + FN / 2) = F1 x segmentation quality; 0 when nothing matches.

        Source: Kirillov et al. 2019, doi 10.1109/CVPR.2019.00963, eq. 1, for the one class "spore".
        """
        return ratio(2 * self.iou_sum, self.predicted + self.truth)


def tally_instances(overlaps: Overlaps, settings: EvaluationSettings) -> InstanceTally:
    """Match the spores of one picture at every IoU of the settings, and count merges and splits.

    Examples
    --------
    >>> from sporemetry.evaluation.overlaps import find_overlaps
    >>> labels = np.array([[1, 1, 0, 2, 2]])
    >>> tally = tally_instances(find_overlaps(labels, labels), EvaluationSettings())
    >>> tally.f1, tally.mean_f1, tally.panoptic_quality
    (1.0, 1.0, 1.0)
    """
    pairs = match(overlaps, settings.match_iou)
    return InstanceTally(
        predicted=overlaps.predicted.ids.size,
        truth=overlaps.truth.ids.size,
        matched=pairs.size,
        iou_sum=float(overlaps.iou[pairs].sum()),
        swept=tuple(match(overlaps, iou).size for iou in settings.sweep_ious),
        merges=count_merges(overlaps),
        splits=count_splits(overlaps),
        dropped_predicted=overlaps.predicted.dropped.size,
        dropped_truth=overlaps.truth.dropped.size,
    )


def count_merges(overlaps: Overlaps) -> int:
    """Count the predictions that cover at least half of each of two or more true spores.

    This is under-segmentation after Hoover et al. 1996, doi 10.1109/34.506791, with T = 0.5,
    less their demand that the true regions also fill half of the predicted one: a blob that swallows two
    spores and a lot of background counts them as one all the same.

    Examples
    --------
    >>> from sporemetry.evaluation.overlaps import find_overlaps
    >>> count_merges(find_overlaps(np.array([[1, 1, 1, 1, 1, 1]]), np.array([[1, 1, 0, 0, 2, 2]])))
    1
    """
    swallowed = 2 * overlaps.shared >= overlaps.truth.areas[overlaps.columns]
    return int(np.count_nonzero(np.bincount(overlaps.rows[swallowed]) >= 2))


def count_splits(overlaps: Overlaps) -> int:
    """Count the true spores in which two or more predictions lie with at least half of their area.

    Over-segmentation, the mirror image of :func:`count_merges`: exchanging prediction and truth
    exchanges the two numbers. Two specks in one spore count it twice, so they are a split too.

    Examples
    --------
    >>> from sporemetry.evaluation.overlaps import find_overlaps
    >>> count_splits(find_overlaps(np.array([[1, 1, 0, 0, 2, 2]]), np.array([[1, 1, 1, 1, 1, 1]])))
    1
    """
    inside = 2 * overlaps.shared >= overlaps.predicted.areas[overlaps.rows]
    return int(np.count_nonzero(np.bincount(overlaps.columns[inside]) >= 2))
