"""The ratio of the means of two treatments, with its interval. See :mod:`sporemetry.counting.nested`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from sporemetry.counting.nested import TreatmentMean
from sporemetry.errors import SettingsError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TreatmentRatio:
    """The mean of one treatment over that of another.

    Attributes
    ----------
    ratio : float
        NaN when neither has a spore, infinite when only the reference has none.
    low, high : float
        Its interval; NaN where a treatment has one suspension only. ``high`` is infinite when the reference
        has no spore.
    confidence : float
        Of the interval.
    """

    ratio: float
    low: float
    high: float
    confidence: float


def treatment_ratio(treatment: TreatmentMean, reference: TreatmentMean) -> TreatmentRatio:
    """Return the ratio of two treatments' means: ``treatment`` over ``reference``.

    An interval that holds 1 leaves open which of the two is larger. Each interval holds with the stated
    confidence by itself; of many, some miss.

    Parameters
    ----------
    treatment, reference : TreatmentMean
        Of the same kind of exposures and the same confidence.

    Returns
    -------
    TreatmentRatio

    Raises
    ------
    SettingsError
        When the confidences differ.

    Examples
    --------
    >>> from sporemetry.counting import treatment_mean
    >>> found = treatment_ratio(treatment_mean([[20, 20], [30, 30]]), treatment_mean([[100], [100], [100]]))
    >>> print(f"{found.ratio:.2f} ({found.low:.2f} to {found.high:.2f})")
    0.25 (0.02 to 3.17)
    >>> none = treatment_ratio(treatment_mean([[0], [0]]), treatment_mean([[50], [50]]))
    >>> print(f"{none.ratio:.2f} ({none.low:.2f} to {none.high:.3f})")
    0.00 (0.00 to 0.038)
    """
    if treatment.confidence != reference.confidence:
        raise SettingsError(
            "reference",
            expected=f"a mean of the confidence {treatment.confidence:g}",
            found=f"{reference.confidence:g}",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(treatment.mean) / np.float64(reference.mean))
    if min(treatment.suspensions, reference.suspensions) < 2:
        return TreatmentRatio(ratio, float("nan"), float("nan"), treatment.confidence)
    parts = [
        (
            np.array([mean.total]),
            mean.exposure,
            mean.suspensions,
            np.array([mean.mean]),
            np.array([mean.variance]),
        )
        for mean in (treatment, reference)
    ]
    low, high = ratio_interval(parts[0], parts[1], treatment.confidence)
    return TreatmentRatio(ratio, float(low[0]), float(high[0]), treatment.confidence)


Part = tuple[NDArray[np.integer[Any]], float, int, Floats, Floats]


def ratio_interval(treatment: Part, reference: Part, confidence: float) -> tuple[Floats, Floats]:
    """Return the intervals of many ratios at once; nothing is checked.

    Parameters
    ----------
    treatment, reference : (totals, exposure, suspensions, means, variances)
        Totals, means and variances are arrays, one a ratio; at least two suspensions each.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float64 arrays
    """
    low, high = _poisson_ratio(treatment, reference, confidence)
    known = (treatment[3] > 0) & (reference[3] > 0)
    squares = [
        np.where(known, part[4] / part[2] / np.where(known, part[3], 1.0) ** 2, 0.0)
        for part in (treatment, reference)
    ]
    total = squares[0] + squares[1]
    spread = sum(
        square**2 / (part[2] - 1) for square, part in zip(squares, (treatment, reference), strict=True)
    )
    varies = known & (total > 0)
    # Welch's degrees of freedom; where nothing varies the Poisson interval is all there is.
    freedom = np.where(varies, total**2 / np.where(varies, spread, 1.0), 1.0)
    half = stdtrit(freedom, (1.0 + confidence) / 2.0) * np.sqrt(total)
    centre = np.where(
        known, np.log(np.where(known, treatment[3], 1.0) / np.where(known, reference[3], 1.0)), 0
    )
    with np.errstate(over="ignore"):
        student_low, student_high = np.exp(centre - half), np.exp(centre + half)
    return (
        np.where(varies, np.minimum(low, student_low), low),
        np.where(varies, np.maximum(high, student_high), high),
    )


def _poisson_ratio(treatment: Part, reference: Part, confidence: float) -> tuple[Floats, Floats]:
    """Return the exact interval of the ratio of two Poisson rates, given their sum (Clopper and Pearson)."""
    tail = (1.0 - confidence) / 2.0
    upper, lower = treatment[0].astype(np.float64), reference[0].astype(np.float64)
    low = np.where(upper > 0, betaincinv(np.maximum(upper, 1.0), lower + 1.0, tail), 0.0)
    high = np.where(lower > 0, betaincinv(upper + 1.0, np.maximum(lower, 1.0), 1.0 - tail), 1.0)
    shown = reference[1] / treatment[1]
    with np.errstate(divide="ignore"):
        return low / (1.0 - low) * shown, high / (1.0 - high) * shown
