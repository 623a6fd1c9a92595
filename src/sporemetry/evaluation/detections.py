"""Spores told by where they are, without outlines as truth: their centroids, and what a matching gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.evaluation.ratios import f1_score, ratio


@dataclass(frozen=True)
class DetectionTally:
    """Spores of one image or of several with boxes or points as truth; tallies add up.

    Attributes
    ----------
    predicted, truth, matched : int
        Predicted spores and true ones (boxes or points) that count, and pairs of them.
    dropped_predicted, dropped_truth : int
        Those left out: in ignored pixels, outside of the annotated region, or unmatched beside an ignored
        point.
    """

    predicted: int
    truth: int
    matched: int
    dropped_predicted: int
    dropped_truth: int

    def __add__(self, other: DetectionTally) -> DetectionTally:
        """Pool two images."""
        return DetectionTally(
            self.predicted + other.predicted,
            self.truth + other.truth,
            self.matched + other.matched,
            self.dropped_predicted + other.dropped_predicted,
            self.dropped_truth + other.dropped_truth,
        )

    @property
    def precision(self) -> float:
        """The share of predicted spores that have a true one of their own; undefined without any."""
        return ratio(self.matched, self.predicted)

    @property
    def recall(self) -> float:
        """The share of true spores with a predicted one of their own; undefined without any."""
        return ratio(self.matched, self.truth)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); undefined where neither side has a spore."""
        return f1_score(self.matched, self.predicted, self.truth)


@dataclass(frozen=True)
class DetectionMatch:
    """Which predicted spore is which true one.

    Attributes
    ----------
    ids, dropped_ids : (N,) and (D,) int64
        Labels that count, ascending, and labels left out as ignored.
    truths, dropped_truths : (B,) and (E,) int
        The same for the true ones, as their positions in the input.
    rows, columns : (M,) int
        The matched pairs, as positions in ``ids`` and in ``truths``.
    """

    ids: NDArray[np.int64]
    dropped_ids: NDArray[np.int64]
    truths: NDArray[np.intp]
    dropped_truths: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def tally(self) -> DetectionTally:
        """Return the numbers of spores on both sides and of matches."""
        return DetectionTally(
            self.ids.size, self.truths.size, self.rows.size, self.dropped_ids.size, self.dropped_truths.size
        )


def spore_places(
    labels: NDArray[np.integer], ignore: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the ids (N,), their centroids (N, 2) as x, y, and the share of each that is ignored (N,)."""
    y, x = np.nonzero(labels)
    ids, position = np.unique(labels[y, x].astype(np.int64), return_inverse=True)
    area = np.bincount(position, minlength=ids.size)
    # The centre of pixel 0 lies at 0.5.
    means = [np.bincount(position, weights=axis, minlength=ids.size) / area + 0.5 for axis in (x, y)]
    hidden = np.zeros(ids.size)
    if ignore is not None:
        hidden = np.bincount(position, weights=ignore[y, x], minlength=ids.size) / area
    return ids, np.stack(means, axis=1), hidden
