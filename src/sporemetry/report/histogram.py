"""Bins of a size histogram: round edges, and outliers that cannot squeeze everything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BINS = 40
# Tukey's outer fences: what lies beyond three times the interquartile range is far out.
FENCE = 3.0
# Values that differ by less, relatively, are one value: no spore is measured to a millionth.
SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Edges that several histograms share.

    Attributes
    ----------
    edges : ndarray, n + 1, float64
        Round numbers, equally spaced.
    decimals : int
        Digits after the point that the edges need.
    """

    edges: NDArray[np.float64]
    decimals: int


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of one group of values.

    Attributes
    ----------
    counts : ndarray, n, int64
        Values in each bin.
    beyond : int
        Values outside of all bins.
    size : int
        All values, those beyond included.
    p5, median, p95 : float
        Percentiles of all values (linear interpolation).
    """

    counts: NDArray[np.int64]
    beyond: int
    size: int
    p5: float
    median: float
    p95: float


def choose_bins(values: NDArray[np.float64]) -> Bins:
    """Return at most 40 bins of a round width near Freedman's and Diaconis' 2 IQR n^(-1/3).

    Parameters
    ----------
    values : ndarray, float64
        Finite; at least one.

    References
    ----------
    D. Freedman, P. Diaconis (1981), On the histogram as a density estimator: L2 theory, Zeitschrift für
    Wahrscheinlichkeitstheorie 57, 453-476, doi:10.1007/BF01025868

    Examples
    --------
    >>> choose_bins(np.array([1.0, 2.0, 2.0, 3.0])).edges
    array([1., 2., 3., 4.])
    """
    first, third = np.percentile(values, [25, 75])
    reach = FENCE * (third - first)
    near = (values >= first - reach) & (values <= third + reach) if reach > 0 else True
    # No copy of millions of values is made.
    low, high = values.min(where=near, initial=np.inf), values.max(where=near, initial=-np.inf)
    if high - low <= SAME * abs(low):  # one single value, perhaps with the noise of rounding: bins around it
        high = low + (abs(low) * 0.1 or 1.0)
    wanted = 2 * (third - first) / len(values) ** (1 / 3)
    width = round_step(max(wanted, (high - low) / (MAX_BINS - 2)))
    decimals = max(0, -math.floor(math.log10(width) + 1e-9))
    # Rounding takes away what binary fractions add (3 * 0.1), so that an edge is the number that is written.
    # It may move an edge past the outermost value; spare bins at both ends are cut off if not needed.
    steps = np.arange(math.floor(low / width) - 1, math.floor(high / width) + 3)
    edges = np.round(steps * width, decimals)
    first_edge = np.searchsorted(edges, low, side="right") - 1
    last_edge = np.searchsorted(edges, high, side="right")
    return Bins(edges[first_edge : last_edge + 1], decimals)


def count_into(bins: Bins, values: NDArray[np.float64]) -> Histogram:
    """Return the histogram of ``values``; the last bin holds its upper edge too. None give zeros and NaN."""
    counts = np.histogram(values, bins.edges)[0].astype(np.int64)
    if values.size == 0:
        return Histogram(counts, 0, 0, math.nan, math.nan, math.nan)
    p5, median, p95 = (float(value) for value in np.percentile(values, [5, 50, 95]))
    return Histogram(counts, int(values.size - counts.sum()), int(values.size), p5, median, p95)


def round_step(least: float, steps: Sequence[float] = (1.0, 2.0, 5.0, 10.0)) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below ``least`` (above 0).

    Examples
    --------
    >>> round_step(0.3), round_step(2), round_step(5.1)
    (0.5, 2.0, 10.0)
    """
    decade = 10.0 ** math.floor(math.log10(least))
    return min(step * decade for step in steps if step * decade >= least * (1 - 1e-9))


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from ``low`` to ``high``, at most ``most`` of them (2 or more).

    Examples
    --------
    >>> round_ticks(0, 37, 5)
    [0.0, 10.0, 20.0, 30.0]
    """
    step = round_step((high - low) / most) if high > low else 1.0
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    if last - first + 1 > most:
        step = round_step(step * 1.01)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]
