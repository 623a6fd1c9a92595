"""Spore sizes as mycologists write them: ``(min–)p5–p95(–max) × (min–)p5–p95(–max) µm, Q = ..., n = ...``.

The range outside the parentheses leaves out 5 % of the spores at each end; the parentheses hold the smallest
and the largest spore. Q is length divided by width of each spore, Qm its mean [1]_. Percentiles are numpy's
linear ones, type 7 of [2]_. Since other percentiles are in use, print :func:`size_rule` beside the sizes.

References
----------
.. [1] D. Largent, D. Johnson, R. Watling (1977), How to Identify Mushrooms to Genus III: Microscopic
   Features, Mad River Press, Eureka
.. [2] R. J. Hyndman, Y. Fan (1996), Sample quantiles in statistical packages, The American Statistician 50,
   361-365, doi:10.1080/00031305.1996.10473566
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sporemetry.counting.intervals import checked_numbers
from sporemetry.errors import SettingsError

Floats = NDArray[np.float64]
Lengths = Sequence[float] | NDArray[np.floating]

DEFAULT_PERCENTILES = (5.0, 95.0)


@dataclass(frozen=True)
class SizeRange:
    """The spread of one size over the spores, in the unit of the values given.

    Attributes
    ----------
    spores : int
        How many values.
    minimum, low, high, maximum : float
        ``low`` and ``high`` are the percentiles. All are NaN without values.
    mean, sd : float
        The standard deviation has the divisor n - 1: NaN for fewer than two values.
    """

    spores: int
    minimum: float
    low: float
    high: float
    maximum: float
    mean: float
    sd: float


def size_range(values: Lengths, percentiles: tuple[float, float] = DEFAULT_PERCENTILES) -> SizeRange:
    """Return the range, percentiles, mean and standard deviation of the values.

    Parameters
    ----------
    values : array of float
        One size a spore, above 0.
    percentiles : (float, float)
        The lower and the upper percentile, 0 to 100, ascending.

    Raises
    ------
    SettingsError
        A value that is NaN, infinite or not above 0; percentiles that do not ascend within 0 to 100.

    Examples
    --------
    >>> found = size_range([9.0, 10.0, 11.0, 12.0, 13.0])
    >>> print(f"({found.minimum:.1f}) {found.low:.1f} to {found.high:.1f} ({found.maximum:.1f})")
    (9.0) 9.2 to 12.8 (13.0)
    >>> print(f"{found.mean:.1f} ± {found.sd:.2f}")
    11.0 ± 1.58
    """
    lower, upper = _checked_percentiles(percentiles)
    sizes = _checked_sizes("values", values)
    if np.isnan(sizes).any():
        raise SettingsError("values", expected="sizes above 0", found="NaN")
    if sizes.size == 0:
        return SizeRange(0, *(float("nan"),) * 6)
    low, high = np.percentile(sizes, [lower, upper], method="linear")
    return SizeRange(
        spores=sizes.size,
        minimum=float(sizes.min()),
        low=float(low),
        high=float(high),
        maximum=float(sizes.max()),
        mean=float(sizes.mean()),
        sd=float(sizes.std(ddof=1)) if sizes.size > 1 else float("nan"),
    )


def size_string(
    length_um: Lengths,
    width_um: Lengths,
    *,
    percentiles: tuple[float, float] = DEFAULT_PERCENTILES,
    means: bool = False,
    ascii_only: bool = False,
) -> str:
    """Return the sizes of the spores in one line, as it is printed in a species' description.

    Lengths and widths have one decimal, Q has two. A value in parentheses is left out where it equals its
    neighbour after rounding, and a range of two equal numbers is written as one. Leave spores out that are
    cut by the picture's edge: their sizes are too small.

    Parameters
    ----------
    length_um, width_um : array of float
        Length and width of each spore in µm. NaN where the picture has no scale.
    percentiles : (float, float)
        The lower and the upper percentile, 0 to 100, ascending.
    means : bool
        Add mean length and width with their standard deviations, ``Lm`` and ``Wm``.
    ascii_only : bool
        Write ``-``, ``x``, ``um`` and ``+/-`` for ``–``, ``×``, ``µm`` and ``±``.

    Returns
    -------
    str
        ``no spores measured, n = 0`` without spores. ``no scale, so no sizes in µm, n = 0`` when no spore has
        a scale; when some have none, n counts the others and the line ends with how many were left out.

    Raises
    ------
    SettingsError
        As many widths as lengths are needed; a size that is infinite or not above 0; percentiles that do
        not ascend within 0 to 100.

    Examples
    --------
    >>> length = [12.1, 13.0, 13.4, 13.8, 14.1, 14.4, 15.2, 16.9]
    >>> width = [4.3, 4.6, 4.8, 4.8, 4.9, 5.0, 5.1, 5.6]
    >>> size_string(length, width)
    '(12.1–)12.4–16.3(–16.9) × (4.3–)4.4–5.4(–5.6) µm, Q = (2.79–)2.80–3.00(–3.02), Qm = 2.88, n = 8'
    >>> size_string([13.8], [4.8])
    '13.8 × 4.8 µm, Q = 2.88, n = 1'
    """
    limits = _checked_percentiles(percentiles)
    length, width = _checked_pair(length_um, width_um)
    measured = ~(np.isnan(length) | np.isnan(width))
    if length.size == 0:
        text = "no spores measured, n = 0"
    elif not measured.any():
        text = "no scale, so no sizes in µm, n = 0"
    else:
        without = int(np.count_nonzero(~measured))
        if without:
            length, width = length[measured], width[measured]
        text = _compose(length, width, limits, means)
        if without:
            text += f" ({without} more without a scale)"
    return _to_ascii(text) if ascii_only else text


def size_rule(percentiles: tuple[float, float] = DEFAULT_PERCENTILES) -> str:
    """Return the sentence that says how the ranges were made, to be printed beside them.

    Raises
    ------
    SettingsError
        Percentiles that do not ascend within 0 to 100.

    Examples
    --------
    >>> print(size_rule())
    Ranges run from percentile 5 to percentile 95 (linear interpolation), with the smallest and the largest
    value in parentheses. Q is length/width of each spore, Qm its mean, n the number of spores measured.
    """
    low, high = _checked_percentiles(percentiles)
    return (
        f"Ranges run from percentile {low:g} to percentile {high:g} (linear interpolation), with the "
        "smallest and the largest value in parentheses. Q is length/width of each spore, Qm its mean, n the "
        "number of spores measured."
    )


def _compose(length: Floats, width: Floats, percentiles: tuple[float, float], means: bool) -> str:
    q = length / width
    lengths, widths, ratios = (size_range(values, percentiles) for values in (length, width, q))
    parts = [
        f"{_format_range(lengths, 1)} × {_format_range(widths, 1)} µm",
        f"Q = {_format_range(ratios, 2)}",
    ]
    if length.size > 1:  # of one spore the range is the mean
        parts.append(f"Qm = {ratios.mean:.2f}")
        if means:
            parts.append(f"Lm = {lengths.mean:.1f} ± {lengths.sd:.1f} µm")
            parts.append(f"Wm = {widths.mean:.1f} ± {widths.sd:.1f} µm")
    return ", ".join([*parts, f"n = {length.size}"])


def _format_range(found: SizeRange, decimals: int) -> str:
    minimum, low, high, maximum = (
        f"{value:.{decimals}f}" for value in (found.minimum, found.low, found.high, found.maximum)
    )
    middle = low if low == high else f"{low}–{high}"
    return ("" if minimum == low else f"({minimum}–)") + middle + ("" if maximum == high else f"(–{maximum})")


def _to_ascii(text: str) -> str:
    return text.replace("–", "-").replace("×", "x").replace("µ", "u").replace("±", "+/-")


def _checked_percentiles(percentiles: tuple[float, float]) -> tuple[float, float]:
    values = checked_numbers("percentiles", percentiles, "two numbers")
    if values.shape != (2,) or not 0 <= values[0] < values[1] <= 100:
        raise SettingsError(
            "percentiles", expected="a lower and an upper percentile within 0 to 100", found=str(percentiles)
        )
    return float(values[0]), float(values[1])


def _checked_pair(length_um: ArrayLike, width_um: ArrayLike) -> tuple[Floats, Floats]:
    length = _checked_sizes("length (µm)", length_um)
    width = _checked_sizes("width (µm)", width_um)
    if length.shape != width.shape:
        raise SettingsError(
            "width (µm)", expected=f"{length.size} widths, one for each length", found=f"{width.size}"
        )
    return length, width


def _checked_sizes(name: str, values: ArrayLike) -> Floats:
    """Return the sizes as float64, one dimension; NaN passes, which is a spore without a scale."""
    sizes = checked_numbers(name, values, "sizes in numbers")
    if sizes.ndim != 1:
        raise SettingsError(name, expected="one size a spore", found=f"an array of shape {sizes.shape}")
    wrong = ~(np.isnan(sizes) | (np.isfinite(sizes) & (sizes > 0)))
    if wrong.any():
        raise SettingsError(name, expected="finite sizes above 0", found=f"{sizes[wrong][0]}")
    return sizes
