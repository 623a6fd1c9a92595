"""Several pictures of one sample: one total, its spread, and an interval that the spread may widen.

Spores that settle independently give Poisson counts, whose variance equals their mean [1]_. Clumps, uneven
drops or a mixed focus make the counts vary more; an exact Poisson interval of the total is then too narrow.
The pictures show it themselves: the dispersion is Pearson's X²/(n - 1), which for pictures of one size is
variance/mean. Above 1 the interval is widened.

How it is widened (the choice is defended in ``docs/counting.md``; ``benchmarks/interval_coverage.py`` prints
how often each way holds). With n pictures, Pearson's X² and total N:

1. The dispersion is moderated: phi = (X² + 1) / n, the mean of the measured dispersion, which has n - 1
   degrees of freedom, and of one further degree of freedom at the Poisson value 1. This is the
   scaled inverse chi-squared prior of moderated statistics [2]_, used for quasi-Poisson counts by [3]_; its
   prior degrees of freedom are set to 1 and its prior value to 1, the dispersion of Poisson counts.
2. As the dispersion is estimated, normal quantiles give way to Student's with (n - 1) + 1 degrees of
   freedom: phi is multiplied by (t / z)².
3. The quasi-Poisson interval is Garwood's for N/phi, times phi. It is asymmetric and never negative, and
   for phi = 1 it is the exact Poisson interval.

References
----------
.. [1] Student (1907), On the error of counting with a haemacytometer, Biometrika 5, 351-360,
   doi:10.1093/biomet/5.3.351
.. [2] G. K. Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression
   in microarray experiments, Statistical Applications in Genetics and Molecular Biology 3, article 3,
   doi:10.2202/1544-6115.1027
.. [3] S. P. Lund, D. Nettleton, D. J. McCarthy, G. K. Smyth (2012), Detecting differential expression in
   RNA-sequence data using quasi-likelihood with shrunken dispersion estimates, Statistical Applications in
   Genetics and Molecular Biology 11, article 8, doi:10.1515/1544-6115.1826
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri, stdtrit

from sporemetry.counting.intervals import (
    DEFAULT_CONFIDENCE,
    checked_confidence,
    checked_counts,
    checked_positive,
    gamma_limits,
)
from sporemetry.errors import SettingsError

Floats = NDArray[np.float64]

# One degree of freedom at the Poisson value: with two pictures it keeps the interval from being absurdly
# wide (Student's t has 2 degrees of freedom instead of 1), with ten it hardly matters.
_PRIOR_FREEDOM = 1.0
_POISSON_DISPERSION = 1.0


@dataclass(frozen=True)
class PooledCount:
    """The counts of several pictures of one sample, pooled.

    Attributes
    ----------
    total, pictures : int
        Spores counted in all the pictures, and how many pictures.
    exposure : float
        The sum of the exposures; without exposures the number of pictures.
    mean, variance : float
        Of the counts a picture; the variance has the divisor n - 1 and is NaN for one picture.
    variance_to_mean : float
        The dispersion X²/(n - 1). For equal exposures it is variance/mean. NaN for one picture and for no
        spores.
    dispersion_p : float
        The chance that Poisson counts vary this much or more (Fisher's index of dispersion: X² against
        chi-squared with n - 1 degrees of freedom). NaN where ``variance_to_mean`` is.
    confidence : float
        Of all the intervals.
    poisson_low, poisson_high : float
        The exact Poisson interval of the total.
    low, high : float
        The interval of the total to report: widened when ``variance_to_mean`` is above 1, the Poisson one
        otherwise. It is never the narrower one.
    widened : bool
        Whether it was widened.
    rate, rate_low, rate_high : float
        Total, low and high divided by ``exposure``: spores per mm², per mL, or per picture.
    """

    total: int
    pictures: int
    exposure: float
    mean: float
    variance: float
    variance_to_mean: float
    dispersion_p: float
    confidence: float
    poisson_low: float
    poisson_high: float
    low: float
    high: float
    widened: bool
    rate: float
    rate_low: float
    rate_high: float


def pool_counts(
    counts: Sequence[int] | NDArray[np.integer],
    exposures: Sequence[float] | Floats | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> PooledCount:
    """Pool the counts of several pictures of one sample.

    Parameters
    ----------
    counts : sequence of int
        Spores counted in each picture, 0 or more; at least one picture.
    exposures : sequence of float, optional
        The area (mm²) or volume (mL) that each picture shows, above 0. None: all alike, 1 each, so that
        rates are per picture.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    PooledCount
        One picture has no spread: its dispersion is NaN and its interval the Poisson one. No spores in n
        pictures give 0 to 3.69 for the total and 0 to 3.69/n for the mean.

    Raises
    ------
    SettingsError
        No pictures; a count that is negative or fractional; an exposure that is not above 0; as many
        exposures as counts are needed; a confidence outside (0, 1).

    Examples
    --------
    >>> pooled = pool_counts([42, 58, 71, 49])
    >>> print(f"{pooled.total}, variance/mean {pooled.variance_to_mean:.2f}, p = {pooled.dispersion_p:.3f}")
    220, variance/mean 2.85, p = 0.036
    >>> print(f"Poisson {pooled.poisson_low:.0f} to {pooled.poisson_high:.0f}")
    Poisson 192 to 251
    >>> print(f"widened {pooled.low:.0f} to {pooled.high:.0f}")
    widened 161 to 294
    """
    level = checked_confidence(confidence)
    each = _checked_pictures(counts)
    sizes = _checked_exposures(exposures, each.size)
    total, exposure = int(each.sum()), float(sizes.sum())
    statistic = pearson_statistic(each[None, :], sizes)
    low, high, widened = (
        values[0] for values in quasi_poisson_interval(each[None, :].sum(axis=1), statistic, each.size, level)
    )
    poisson_low, poisson_high = gamma_limits(np.asarray(float(total)), level)
    freedom = each.size - 1
    spread_known = freedom > 0 and total > 0
    return PooledCount(
        total=total,
        pictures=each.size,
        exposure=exposure,
        mean=total / each.size,
        variance=float(each.var(ddof=1)) if freedom else float("nan"),
        variance_to_mean=float(statistic[0]) / freedom if spread_known else float("nan"),
        dispersion_p=float(chdtrc(freedom, statistic[0])) if spread_known else float("nan"),
        confidence=level,
        poisson_low=float(poisson_low),
        poisson_high=float(poisson_high),
        low=float(low),
        high=float(high),
        widened=bool(widened),
        rate=total / exposure,
        rate_low=float(low) / exposure,
        rate_high=float(high) / exposure,
    )


def pearson_statistic(counts: NDArray[np.integer], exposures: Floats) -> Floats:
    """Return Pearson's X² of each sample: the sum over pictures of (count - expected)² / expected.

    Expected is the sample's total, shared out by exposure. For equal exposures this is Fisher's index of
    dispersion, (n - 1) variance/mean: R. A. Fisher, H. G. Thornton, W. A. Mackenzie (1922), The accuracy of
    the plating method of estimating the density of bacterial populations, Annals of Applied Biology 9,
    325-359.

    Parameters
    ----------
    counts : int array, samples x pictures
        Spores counted.
    exposures : float64 array, pictures
        Area or volume of each picture, above 0.

    Returns
    -------
    float64 array, samples
        0 for a sample without spores.
    """
    expected = counts.sum(axis=1, keepdims=True) * (exposures / exposures.sum())
    squares = (counts - expected) ** 2
    return np.asarray(
        np.divide(squares, expected, out=np.zeros_like(squares), where=expected > 0).sum(axis=1)
    )


def quasi_poisson_interval(
    totals: NDArray[np.integer], statistics: Floats, pictures: int, confidence: float
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the interval of each sample's total, widened where its pictures vary more than Poisson counts.

    The three steps are in the module's docstring. Nothing is checked.

    Parameters
    ----------
    totals : int array, samples
        Spores counted in all pictures of the sample.
    statistics : float64 array, samples
        Pearson's X² of the sample.
    pictures : int
        Pictures a sample, 1 or more.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float64 arrays, samples
    widened : bool array, samples
        Where X² / (pictures - 1) is above 1. Elsewhere the interval is the exact Poisson one.
    """
    counts = totals.astype(np.float64)
    poisson_low, poisson_high = gamma_limits(counts, confidence)
    widened = statistics > pictures - 1
    freedom = pictures - 1 + _PRIOR_FREEDOM
    moderated = (statistics + _PRIOR_FREEDOM * _POISSON_DISPERSION) / freedom
    quantile = (1.0 + confidence) / 2.0
    dispersion = moderated * (stdtrit(freedom, quantile) / ndtri(quantile)) ** 2
    low, high = gamma_limits(counts / dispersion, confidence)
    # A larger dispersion widens to both sides; the comparisons only guard the last digit.
    return (
        np.where(widened, np.minimum(low * dispersion, poisson_low), poisson_low),
        np.where(widened, np.maximum(high * dispersion, poisson_high), poisson_high),
        widened,
    )


def _checked_pictures(counts: ArrayLike) -> NDArray[np.int64]:
    each = checked_counts("counts", counts)
    if each.ndim != 1 or each.size == 0:
        raise SettingsError(
            "counts",
            expected="one count for each picture, and at least one picture",
            found=f"{each.size} counts of shape {each.shape}",
            remedy="A picture without spores is a count of 0.",
        )
    return each


def _checked_exposures(exposures: ArrayLike | None, pictures: int) -> Floats:
    if exposures is None:
        return np.ones(pictures)
    sizes = checked_positive("exposures", exposures)
    if sizes.shape != (pictures,):
        raise SettingsError(
            "exposures",
            expected=f"{pictures} areas or volumes, one for each count",
            found=f"shape {sizes.shape}",
        )
    return sizes
