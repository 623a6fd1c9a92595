"""Exact Poisson confidence intervals of counts and of rates (counts per area or volume).

The quantiles come from :mod:`scipy.special`. ``scipy.stats`` would give the same numbers, but its import
takes about four times as long, and every ``sporemetry count`` would pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainccinv, gammaincinv

from sporemetry.errors import SettingsError

DEFAULT_CONFIDENCE = 0.95

Number = int | float | np.integer[Any] | np.floating[Any]
Numbers = Sequence[int] | Sequence[float] | NDArray[Any]


@overload
def poisson_interval(count: Number, confidence: float = ...) -> tuple[float, float]: ...


@overload
def poisson_interval(
    count: Numbers, confidence: float = ...
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...


def poisson_interval(count: Number | Numbers, confidence: float = DEFAULT_CONFIDENCE) -> Any:
    r"""Return the exact two-sided confidence interval of a Poisson mean, given one count of it.

    With :math:`\alpha = 1 -` ``confidence`` the limits are
    :math:`\tfrac12\chi^2_{\alpha/2;\,2N}` and :math:`\tfrac12\chi^2_{1-\alpha/2;\,2N+2}` [1]_. Half a
    chi-squared quantile with 2N degrees of freedom is a gamma quantile of shape N, which is what is
    computed. "Exact" means that the true mean lies inside at least as often as ``confidence`` says,
    whatever it is.

    Parameters
    ----------
    count : int or array of int
        Spores counted, 0 or more. A picture without spores is a count of 0, and its upper limit is 3.69.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    low, high : float, or float64 arrays of the shape of ``count``
        An empty array gives two empty arrays.

    Raises
    ------
    SettingsError
        A count that is negative, fractional or not finite, or a confidence outside (0, 1).

    References
    ----------
    .. [1] F. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442,
       doi:10.2307/2333958

    Examples
    --------
    >>> for count in (0, 10, 100):
    ...     low, high = poisson_interval(count)
    ...     print(f"{count}: {low:.2f} to {high:.2f}")
    0: 0.00 to 3.69
    10: 4.80 to 18.39
    100: 81.36 to 121.63
    """
    counts = checked_counts("count", count)
    low, high = gamma_limits(counts.astype(np.float64), checked_confidence(confidence))
    return (float(low), float(high)) if counts.ndim == 0 else (low, high)


@overload
def rate_interval(count: Number, exposure: Number, confidence: float = ...) -> tuple[float, float]: ...


@overload
def rate_interval(
    count: Numbers, exposure: Number | Numbers, confidence: float = ...
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...


def rate_interval(
    count: Number | Numbers, exposure: Number | Numbers, confidence: float = DEFAULT_CONFIDENCE
) -> Any:
    """Return the exact Poisson interval of a rate: spores per unit of the exposure.

    Parameters
    ----------
    count : int or array of int
        Spores counted.
    exposure : float or array of float
        The area (mm²) or volume (mL) that was looked at, above 0; one for all counts or one for each.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    low, high : float, or float64 arrays
        The limits of :func:`poisson_interval` divided by ``exposure``, in spores per its unit.

    Raises
    ------
    SettingsError
        As :func:`poisson_interval`; an exposure that is not above 0 or not finite; different lengths.

    Examples
    --------
    10 spores on 0.25 mm²:

    >>> low, high = rate_interval(10, 0.25)
    >>> print(f"{low:.1f} to {high:.1f} spores/mm²")
    19.2 to 73.6 spores/mm²
    """
    counts = checked_counts("count", count)
    exposures = checked_positive("exposure", exposure)
    if exposures.ndim and exposures.shape != counts.shape:
        raise SettingsError(
            "exposure",
            expected=f"one number, or one for each count (shape {counts.shape})",
            found=f"shape {exposures.shape}",
        )
    low, high = gamma_limits(counts.astype(np.float64), checked_confidence(confidence))
    if counts.ndim == 0:
        return float(low / exposures), float(high / exposures)
    return low / exposures, high / exposures


def gamma_limits(
    counts: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Garwood's limits for counts that need not be whole; nothing is checked.

    Parameters
    ----------
    counts : float64 array
        0 or more. Fractions occur where a count is divided by a dispersion (see ``replicates``).
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float64 arrays of the shape of ``counts``
        ``low`` is 0 where the count is 0.
    """
    tail = (1.0 - confidence) / 2.0
    # A gamma distribution of shape 0 has no quantiles: those entries are computed for 1 and not used.
    low = np.where(counts > 0, gammaincinv(np.where(counts > 0, counts, 1.0), tail), 0.0)
    return low, np.asarray(gammainccinv(counts + 1.0, tail), dtype=np.float64)


def checked_confidence(confidence: float) -> float:
    """Return ``confidence`` as a float, or raise SettingsError when it is not inside (0, 1)."""
    value = checked_numbers("confidence", confidence, "a number between 0 and 1, such as 0.95")
    if value.ndim or not 0.0 < value < 1.0:
        raise SettingsError(
            "confidence",
            expected="a number between 0 and 1, both excluded",
            found=str(confidence),
            remedy="For a 95 % interval give 0.95.",
        )
    return float(value)


def checked_counts(name: str, counts: ArrayLike) -> NDArray[np.int64]:
    """Return ``counts`` as int64, or raise SettingsError unless all are whole numbers of 0 or more."""
    values = checked_numbers(name, counts, "whole numbers of spores")
    wrong = ~((values >= 0) & (values < 2.0**53) & (values == np.floor(values)))  # NaN is wrong too
    if wrong.any():
        raise SettingsError(
            name, expected="whole numbers of spores, 0 or more", found=str(values[wrong].flat[0])
        )
    return values.astype(np.int64)


def checked_positive(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return ``values`` as float64, or raise SettingsError unless all are finite and above 0."""
    numbers = checked_numbers(name, values, "numbers above 0")
    wrong = ~(np.isfinite(numbers) & (numbers > 0))
    if wrong.any():
        raise SettingsError(name, expected="finite numbers above 0", found=str(numbers[wrong].flat[0]))
    return numbers


def checked_positive_number(name: str, value: float) -> float:
    """Return ``value`` as a float, or raise SettingsError unless it is one finite number above 0."""
    number = checked_positive(name, value)
    if number.ndim:
        raise SettingsError(name, expected="one number above 0", found=f"{number.size} numbers")
    return float(number)


def checked_numbers(name: str, values: ArrayLike, expected: str) -> NDArray[np.float64]:
    """Return ``values`` as float64, or raise SettingsError unless all are numbers; NaN and infinity are."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise SettingsError(name, expected=expected, found=str(values)) from error
    if array.size == 0:
        return np.zeros(array.shape)
    if array.dtype.kind not in "iuf":
        raise SettingsError(name, expected=expected, found=f"{values!r} ({array.dtype})")
    return np.asarray(array, dtype=np.float64)  # of millions of sizes no copy is made
