"""The threshold on probabilities, tuned: what makes plain cross entropy a fair rival of weighted losses.

A weight w on spores moves the best threshold of a calibrated network from 1/2 to 1 / (1 + w); so a network
trained without weights has to be given that freedom too. Tune on pictures that the test does not use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sporemetry.errors import SettingsError
from sporemetry.evaluation.pixels import Confusion

DEFAULT_STEPS = 1000
_SCORES = ("spore_iou", "mean_iou")


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """A threshold, and what it gives.

    Attributes
    ----------
    threshold : float
        Pixels of this probability or above are spore.
    score : float
        The score that was asked for.
    confusion : Confusion
        Of all pixels at this threshold.
    """

    threshold: float
    score: float
    confusion: Confusion


class ThresholdCurve:
    """The confusion of pixels at every threshold 0, 1/steps, ... 1, summed over pictures.

    Exact, not binned: between two thresholds only the number of pixels matters. Curves of parts of a data set
    add up (``+``) to that of the whole.

    Parameters
    ----------
    steps : int
        From 1; there are ``steps + 1`` thresholds.

    Examples
    --------
    >>> curve = ThresholdCurve(steps=10)
    >>> curve.add(torch.tensor([0.05, 0.3, 0.6, 0.9]), torch.tensor([0, 1, 1, 255]))
    >>> best = curve.best()
    >>> best.threshold, best.score
    (0.3, 1.0)
    """

    def __init__(self, steps: int = DEFAULT_STEPS) -> None:
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise SettingsError("steps", expected="a whole number from 1", found=repr(steps))
        self._edges = torch.arange(steps + 1, dtype=torch.float64) / steps
        self._counts = torch.zeros(2, steps + 1, dtype=torch.int64)

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """The thresholds, (steps + 1,), from 0 to 1."""
        return self._edges.numpy().copy()

    def add(self, probability: Tensor, target: Tensor, *, ignore_index: int | None = 255) -> None:
        """Count the pixels of a picture or batch.

        Parameters
        ----------
        probability : float tensor, any shape
            0 to 1. Nothing in it changes nothing.
        target : tensor, the same shape
            0 background, 1 spore, ``ignore_index`` in neither count.

        Raises
        ------
        SettingsError
            For different shapes, a probability outside 0 to 1 (or NaN) or another target, where not ignored.
        """
        if probability.shape != target.shape:
            expected = f"the probability's shape, {tuple(probability.shape)}"
            raise SettingsError("target", expected=expected, found=str(tuple(target.shape)))
        probability, target = probability.detach().cpu().flatten(), target.detach().cpu().flatten()
        if ignore_index is not None:
            kept = target != ignore_index
            probability, target = probability[kept], target[kept]
        exact = probability.to(torch.float64)
        if not bool(((exact >= 0) & (exact <= 1)).all()):
            raise SettingsError("probability", expected="numbers from 0 to 1", found="others")
        spores = target == 1
        if not bool((spores | (target == 0)).all()):
            raise SettingsError("target", expected="0, 1 or the ignored value", found="others")
        # Compared in float64, in which each threshold and each probability is what it is.
        place = torch.bucketize(exact, self._edges, right=True) - 1
        length = self._edges.numel()
        self._counts += torch.bincount(place + length * spores, minlength=2 * length).reshape(2, length)

    def __add__(self, other: ThresholdCurve) -> Self:
        if len(other._edges) != len(self._edges):
            expected, found = f"{len(self._edges) - 1}, to be added", str(len(other._edges) - 1)
            raise SettingsError("steps", expected=expected, found=found)
        result = type(self)(len(self._edges) - 1)
        result._counts = self._counts + other._counts
        return result

    def confusions(self) -> list[Confusion]:
        """Return the confusion at each threshold."""
        background, spores = (row.flip(0).cumsum(0).flip(0).tolist() for row in self._counts)
        return [
            Confusion(tp=hits, fp=alarms, fn=spores[0] - hits, tn=background[0] - alarms)
            for hits, alarms in zip(spores, background, strict=True)
        ]

    def best(self, score: str = "spore_iou") -> BestThreshold:
        """Return the threshold with the best score; of equals the one nearest 1/2, then the lower one.

        Where the score is undefined at every threshold, as the mean IoU of pixels of which all are found and
        none is background, that is 1/2 with the score NaN.

        Parameters
        ----------
        score : {"spore_iou", "mean_iou"}
            Of the pooled pixels.

        Raises
        ------
        SettingsError
            For another score, or where no spore pixel was counted.
        """
        if score not in _SCORES:
            raise SettingsError("score", expected=" or ".join(_SCORES), found=repr(score))
        if not self._counts[1].any():
            expected = "pictures with spores, to tune the threshold on"
            raise SettingsError("pictures", expected=expected, found="no spore pixel")
        # An undefined score (NaN) loses against any other.
        return max(
            self._tried(score),
            key=lambda one: (one.score if one.score >= 0 else -1.0, -abs(one.threshold - 0.5)),
        )

    def tuned(self) -> BestThreshold:
        """Return the threshold with the best spore IoU, or that nearest 1/2 where the best one is 0.

        At 0 every pixel is spore. A network of which nothing is better than that has found no spores, and a
        threshold cannot mend it: it is not to call whole pictures spore.

        Raises
        ------
        SettingsError
            Where no spore pixel was counted.
        """
        best = self.best()
        if best.threshold > 0:
            return best
        return min(self._tried("spore_iou"), key=lambda one: abs(one.threshold - 0.5))

    def _tried(self, score: str) -> list[BestThreshold]:
        found = zip(self._edges.tolist(), self.confusions(), strict=True)
        return [BestThreshold(edge, getattr(confusion, score), confusion) for edge, confusion in found]
