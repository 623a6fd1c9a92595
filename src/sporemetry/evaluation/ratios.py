"""Ratios and means that may have nothing to divide by.

NaN stands for *undefined* inside the package: it is never a score. It leaves as an empty cell in CSV,
``null`` in JSON and "undefined" on the console.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95
UNDEFINED = math.nan


def ratio(part: float, whole: float) -> float:
    """Return ``part / whole``, or NaN (undefined) where ``whole`` is 0.

    Examples
    --------
    >>> ratio(1, 4), ratio(0, 0)
    (0.25, nan)
    """
    return part / whole if whole else UNDEFINED


def f1_score(matched: int, predicted: int, truth: int) -> float:
    """Return F1 = 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.

    Parameters
    ----------
    matched, predicted, truth : int
        The matched pairs, all predictions, all truths. Undefined only where both sides are empty.

    Examples
    --------
    >>> f1_score(2, 4, 2), f1_score(0, 3, 0)
    (0.6666666666666666, 0.0)
    """
    return ratio(2 * matched, predicted + truth)


@dataclass(frozen=True)
class Spread:
    """Mean over pictures and how far they scatter; undefined pictures stay out and are counted.

    Attributes
    ----------
    mean, sd : float
        Mean and sample standard deviation (n - 1) of the defined values.
    low, high : float
        95 % interval of the mean, mean -+ t(n - 1) sd / sqrt(n). It takes the pictures as independent.
    n, undefined : int
        How many pictures are in the mean, and how many have no value.
    """

    mean: float
    sd: float
    low: float
    high: float
    n: int
    undefined: int

    def clipped(self, low: float, high: float) -> Spread:
        """Return the same with the interval cut to the values that the measure can take."""
        return Spread(
            self.mean,
            self.sd,
            float(np.clip(self.low, low, high)),
            float(np.clip(self.high, low, high)),
            self.n,
            self.undefined,
        )


def t_factor(n: int) -> float:
    """Return the two-sided 95 % quantile of Student's t with ``n - 1`` degrees of freedom.

    NaN below two values, where nothing is known of the spread.
    """
    return float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) if n > 1 else UNDEFINED


def spread(values: Iterable[float]) -> Spread:
    """Summarise one value a picture; NaN counts as undefined and stays out of the mean.

    Parameters
    ----------
    values : iterable of float
        Without a defined value the mean is undefined; with one, the spread is.

    Examples
    --------
    >>> spread([0.2, 0.4, float("nan")])
    Spread(mean=0.30000000000000004, sd=0.1414..., low=-0.97..., high=1.57..., n=2, undefined=1)
    """
    every = np.fromiter(values, dtype=np.float64)
    known = every[~np.isnan(every)]
    n = int(known.size)
    mean = float(known.mean()) if n else UNDEFINED
    sd = float(known.std(ddof=1)) if n > 1 else UNDEFINED
    half = t_factor(n) * sd / math.sqrt(n) if n > 1 else UNDEFINED
    return Spread(mean, sd, mean - half, mean + half, n, int(every.size) - n)
