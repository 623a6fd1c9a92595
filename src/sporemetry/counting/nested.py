"""Two levels: images of suspensions of a treatment. The suspension is the unit, its images are sub-samples.

More images of one suspension tell more about that suspension, and nothing about how the next one would have
come out. An interval that takes all images for replicates of the treatment is therefore too narrow
(pseudoreplication [1]_). Here each suspension gives one rate, its counts over its exposures, and the mean of
the treatment is the plain mean of the suspensions' rates.

The interval reaches as far as the wider of two, on either side:

1. Student's t of the suspensions' rates, with one degree of freedom less than there are suspensions [2]_.
   It holds whatever makes suspensions differ, and however much images of one suspension vary.
2. The exact Poisson interval of the counts; with unequal exposures that of Fay and Feuer for a weighted sum
   of Poisson counts [3]_, which for equal ones is Garwood's. Suspensions that agree by chance never make the
   interval narrower than counting alone allows.

Ratios of two treatments are done alike: Student's t of the difference of the logarithms of the means, with
Welch's degrees of freedom [4]_ [5]_, and the exact interval of a ratio of two Poisson counts [6]_.

``docs/counting.md`` defends the choice; ``benchmarks/interval_coverage.py`` prints how often each way holds.

References
----------
.. [1] S. H. Hurlbert (1984), Pseudoreplication and the design of ecological field experiments, Ecological
   Monographs 54, 187-211, doi:10.2307/1942661
.. [2] Student (1908), The probable error of a mean, Biometrika 6, 1-25, doi:10.1093/biomet/6.1.1
.. [3] M. P. Fay, E. J. Feuer (1997), Confidence intervals for directly standardized rates: a method based on
   the gamma distribution, Statistics in Medicine 16, 791-801
.. [4] F. E. Satterthwaite (1946), An approximate distribution of estimates of variance components,
   Biometrics Bulletin 2, 110-114, doi:10.2307/3002019
.. [5] B. L. Welch (1947), The generalization of 'Student's' problem when several different population
   variances are involved, Biometrika 34, 28-35, doi:10.1093/biomet/34.1-2.28
.. [6] C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits illustrated in the case
   of the binomial, Biometrika 26, 404-413, doi:10.1093/biomet/26.4.404
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammainccinv, gammaincinv, stdtrit

from sporemetry.counting.intervals import (
    DEFAULT_CONFIDENCE,
    checked_confidence,
    checked_counts,
    checked_positive,
)
from sporemetry.counting.replicates import pearson_statistic
from sporemetry.errors import SettingsError

Floats = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentMean:
    """The mean of a treatment, its interval, and what makes its suspensions differ.

    Rates are spores per unit of the exposures: per mL, per mm², or per image.

    Attributes
    ----------
    suspensions, images, total : int
        How many of each, and the spores counted in all of them.
    exposure : float
        The sum of all exposures.
    rates : tuple of float
        One a suspension: its counts over its exposures.
    mean : float
        The plain mean of ``rates``: each suspension weighs the same, however many images it has.
    low, high : float
        The interval of the treatment's true mean. NaN with one suspension: nothing is known of how the next
        one would have come out.
    poisson_low, poisson_high : float
        What counting alone leaves open. It says nothing of other suspensions.
    variance : float
        Of the suspensions' rates (divisor n - 1). NaN with one suspension.
    variance_counting, variance_within, variance_between : float
        Its parts: chance of counting; images of one suspension that vary more than Poisson counts; and what
        is left, which is between suspensions. Each is 0 or more: an estimate below 0 is set to 0, and then
        the parts add up to more than ``variance``. ``variance_within`` is NaN when no suspension has two
        images and a spore; its share is then part of ``variance_between``, which is NaN with one suspension.
    cv_within, cv_between : float
        The standard deviation of the true rates of the images of a suspension, and of the suspensions, as a
        share of the mean. NaN where the variance is, and without a spore.
    dispersion_within, dispersion_p : float
        Variance/mean of the images within their suspensions (1 for Poisson counts), and the chance that
        Poisson counts vary so much or more. NaN where ``variance_within`` is.
    confidence : float
        Of the intervals.
    """

    suspensions: int
    images: int
    total: int
    exposure: float
    rates: tuple[float, ...]
    mean: float
    low: float
    high: float
    poisson_low: float
    poisson_high: float
    variance: float
    variance_counting: float
    variance_within: float
    variance_between: float
    cv_within: float
    cv_between: float
    dispersion_within: float
    dispersion_p: float
    confidence: float


def treatment_mean(
    counts: Sequence[Sequence[int]],
    exposures: Sequence[Sequence[float]] | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> TreatmentMean:
    """Return the mean of a treatment from the images of its suspensions.

    Parameters
    ----------
    counts : sequence of sequences of int
        For each suspension the spores counted in each of its images; at least one suspension, and at least
        one image in each.
    exposures : sequence of sequences of float, optional
        What each image shows, above 0: an area in mm², or a volume in mL over the dilution, so that
        suspensions may be diluted differently. None: all alike, 1 each, so that rates are per image.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    TreatmentMean
        Without a spore the mean is 0 and the interval the Poisson one, 0 to 3.69 over the exposure. With
        one suspension there is no interval.

    Raises
    ------
    SettingsError
        No suspension, or one without an image; a count that is negative or fractional; an exposure that is
        not above 0, or not one for each count; a confidence outside (0, 1).

    Examples
    --------
    Three suspensions of two images each have 40, 50 and 60 spores per image: the mean is 50, and Student's
    interval 50 ± 4.303 x 10 / √3.

    >>> found = treatment_mean([[38, 42], [50, 50], [55, 65]])
    >>> print(f"{found.mean:.0f} per image ({found.low:.1f} to {found.high:.1f})")
    50 per image (25.2 to 74.8)
    >>> print(f"counting alone: {found.poisson_low:.1f} to {found.poisson_high:.1f}")
    counting alone: 44.5 to 56.0

    Of the variance 100, counting makes the mean of 40/2, 50/2 and 60/2:

    >>> print(f"{found.variance:.0f}: counting {found.variance_counting:.0f}, within "
    ...       f"{found.variance_within:.0f}, between {found.variance_between:.0f}, CV {found.cv_between:.0%}")
    100: counting 25, within 0, between 75, CV 17%
    >>> treatment_mean([[38, 42]]).low
    nan
    """
    level = checked_confidence(confidence)
    each, sizes = _checked_suspensions(counts, exposures)
    # Rates are worked out in units of the mean exposure, so that no square over- or underflows.
    unit = float(np.mean(np.concatenate(sizes)))
    sizes = [size / unit for size in sizes]
    totals = np.array([int(found.sum()) for found in each])
    shown = np.array([float(size.sum()) for size in sizes])
    mean, low, high, poisson_low, poisson_high = (
        float(values[0]) for values in suspension_interval(totals[None, :], shown, level)
    )
    rates = totals / shown
    several = rates.size > 1
    variance = float(rates.var(ddof=1)) if several else NAN
    counting = float(np.mean(totals / shown**2))
    tau2, dispersion, chance = _within(each, sizes)
    shares = np.array([float(((size / size.sum()) ** 2).sum()) for size in sizes])
    within = float(np.mean(rates**2 * shares)) * tau2
    between = max(0.0, variance - counting - (0.0 if np.isnan(within) else within)) if several else NAN
    return TreatmentMean(
        suspensions=rates.size,
        images=sum(found.size for found in each),
        total=int(totals.sum()),
        exposure=float(shown.sum()) * unit,
        rates=tuple(float(rate) for rate in rates / unit),
        mean=mean / unit,
        low=low / unit if several else NAN,
        high=high / unit if several else NAN,
        poisson_low=poisson_low / unit,
        poisson_high=poisson_high / unit,
        variance=variance / unit / unit,
        variance_counting=counting / unit / unit,
        variance_within=within / unit / unit,
        variance_between=between / unit / unit,
        cv_within=float(np.sqrt(tau2)) if mean > 0 else NAN,
        cv_between=float(np.sqrt(between)) / mean if mean > 0 else NAN,
        dispersion_within=dispersion,
        dispersion_p=chance,
        confidence=level,
    )


def suspension_interval(
    totals: NDArray[np.integer], exposures: Floats, confidence: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return mean and intervals of many treatments at once; the module's docstring says how.

    Nothing is checked. With one suspension ``low`` and ``high`` are the Poisson limits.

    Parameters
    ----------
    totals : int array, treatments x suspensions
        Spores counted in each suspension.
    exposures : float64 array, suspensions
        What all images of a suspension show, above 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    mean, low, high, poisson_low, poisson_high : float64 arrays, treatments
    """
    number = exposures.size
    rates = totals / exposures
    mean = np.asarray(rates.mean(axis=1), dtype=np.float64)
    poisson_low, poisson_high = weighted_poisson(totals, 1.0 / (number * exposures), confidence)
    if number == 1:
        return mean, poisson_low, poisson_high, poisson_low, poisson_high
    half = stdtrit(number - 1, (1.0 + confidence) / 2.0) * rates.std(axis=1, ddof=1) / np.sqrt(number)
    low = np.minimum(np.maximum(mean - half, 0.0), poisson_low)
    return mean, low, np.maximum(mean + half, poisson_high), poisson_low, poisson_high


def weighted_poisson(
    counts: NDArray[np.integer], weights: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Return Fay and Feuer's interval of weighted sums of Poisson means, one a row; nothing is checked.

    For equal weights it is the exact interval of the sum of the counts, times the weight.

    Parameters
    ----------
    counts : int array, sums x terms
    weights : float64 array, terms
        Above 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float64 arrays, sums
        Without a spore 0 to 3.69 times the largest weight (for 95 %).
    """
    tail = (1.0 - confidence) / 2.0
    value = counts @ weights
    spread = counts @ weights**2
    some = value > 0
    known, spread_known = np.where(some, value, 1.0), np.where(some, spread, 1.0)
    low = np.where(some, spread_known / known * gammaincinv(known**2 / spread_known, tail), 0.0)
    largest = float(weights.max())
    value, spread = value + largest, spread + largest**2
    return low, np.asarray(spread / value * gammainccinv(value**2 / spread, tail), dtype=np.float64)


def _within(each: Sequence[NDArray[np.int64]], sizes: Sequence[Floats]) -> tuple[float, float, float]:
    """Return the squared CV of the true rates within suspensions, variance/mean there, and its chance.

    By moments: for images of exposure shares p, Pearson's X² of a suspension with total N is expected to be
    (n - 1) + N tau² (1 - sum of p²).
    """
    statistic, freedom, weight = 0.0, 0, 0.0
    for counts, size in zip(each, sizes, strict=True):
        total = int(counts.sum())
        if counts.size < 2 or total == 0:
            continue
        share = size / size.sum()
        statistic += float(pearson_statistic(counts[None, :], size)[0])
        freedom += counts.size - 1
        weight += total * (1.0 - float((share**2).sum()))
    if freedom == 0:
        return NAN, NAN, NAN
    tau2 = max(0.0, (statistic - freedom) / weight) if weight > 0 else 0.0
    return tau2, statistic / freedom, float(chdtrc(freedom, statistic))


def _checked_suspensions(
    counts: Sequence[Sequence[int]], exposures: Sequence[Sequence[float]] | None
) -> tuple[list[NDArray[np.int64]], list[Floats]]:
    each = [checked_counts("counts", found) for found in counts]
    if not each or any(found.ndim != 1 or found.size == 0 for found in each):
        raise SettingsError(
            "counts",
            expected="one list of counts for each suspension, and at least one image in each",
            found=f"{len(each)} suspensions of {[found.size for found in each]} images",
            remedy="An image without spores is a count of 0.",
        )
    if exposures is None:
        return each, [np.ones(found.size) for found in each]
    sizes = [checked_positive("exposures", size) for size in exposures]
    if [size.shape for size in sizes] != [found.shape for found in each]:
        raise SettingsError(
            "exposures",
            expected=f"one for each count: {[found.size for found in each]}",
            found=f"{[size.size for size in sizes]}",
        )
    return each, sizes
