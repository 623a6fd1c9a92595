"""Numbers as people write them: 4,213; 12.3; 1.23 × 10⁶; p < 0.001."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import SupportsFloat

MISSING = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Numbers from here on, and below, are easier to read with a power of ten.
_LARGE, _SMALL = 1e5, 1e-2


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its interval, in words; :data:`MISSING` and empty when it is not known."""

    value: str
    interval: str


def is_missing(number: SupportsFloat | None) -> bool:
    """Return whether there is no number: None, NaN or pandas' NA."""
    if number is None:
        return True
    try:
        return math.isnan(float(number))
    except (TypeError, ValueError):  # pandas.NA refuses to be a float
        return True


def count_text(number: SupportsFloat | None) -> str:
    """Return a whole number with thousands separated.

    Examples
    --------
    >>> count_text(4213), count_text(float("nan"))
    ('4,213', '–')
    """
    return MISSING if number is None or is_missing(number) else f"{round(float(number)):,}"


def number_text(number: SupportsFloat | None) -> str:
    """Return a number with three significant digits, or to the unit from 100 on.

    Examples
    --------
    >>> number_text(0.04567), number_text(4.7954), number_text(18.39), number_text(12345.6)
    ('0.0457', '4.80', '18.4', '12,346')
    >>> number_text(0), number_text(None), number_text(2.5e7), number_text(float("inf"))
    ('0', '–', '2.50 × 10⁷', '∞')
    """
    if number is None or is_missing(number):
        return MISSING
    value = float(number)
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if not _SMALL <= abs(value) < _LARGE:
        exponent = _exponent(value)
        return f"{value / 10**exponent:.2f} {_power(exponent)}"
    return f"{value:,.{max(0, 2 - _exponent(value))}f}"


def quantity_text(
    value: SupportsFloat | None, low: SupportsFloat | None, high: SupportsFloat | None
) -> Quantity:
    """Return a value of 0 or more and its interval; the three share one power of ten.

    Examples
    --------
    >>> quantity_text(1.234e6, 1.01e6, 1.47e6)
    Quantity(value='1.23 × 10⁶', interval='1.01 to 1.47 × 10⁶')
    >>> quantity_text(0, 0, 3.6889), quantity_text(3, 0.00249, 28.6)
    (Quantity(value='0', interval='0 to 3.69'), Quantity(value='3.00', interval='0.00 to 28.6'))
    """
    if value is None or is_missing(value):
        return Quantity(MISSING, "")
    if low is None or high is None or is_missing(low) or is_missing(high):
        return Quantity(number_text(value), "")
    parts = (float(value), float(low), float(high))
    leading = parts[0] or parts[2]
    if leading and (leading < _SMALL or max(parts) >= _LARGE):
        exponent = _exponent(leading)
        mantissas = [f"{part / 10**exponent:.2f}" if part else "0" for part in parts]
        shown = f"{mantissas[0]} {_power(exponent)}" if parts[0] else "0"
        return Quantity(shown, f"{mantissas[1]} to {mantissas[2]} {_power(exponent)}")
    # A lower limit near 0 needs no more decimals than the value has.
    tiny = 0 < parts[1] < _SMALL
    lowest = f"{parts[1]:.{max(0, 2 - _exponent(leading))}f}" if tiny else number_text(parts[1])
    return Quantity(number_text(parts[0]), f"{lowest} to {number_text(parts[2])}")


def percent_text(share: float) -> str:
    """Return a share of 1 in per cent, without digits that say nothing.

    Examples
    --------
    >>> percent_text(0.95), percent_text(0.999), percent_text(0.2349)
    ('95 %', '99.9 %', '23.5 %')
    """
    return f"{round(100 * share, 1):g} %"


def p_text(p: float) -> str:
    """Return a p-value.

    Examples
    --------
    >>> p_text(0.0432), p_text(2e-9)
    ('p = 0.043', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, whose plural ends in s.

    Examples
    --------
    >>> plural(1, "picture"), plural(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _exponent(value: float) -> int:
    # Of the value rounded to three digits, so that 99,999 is 1.00 × 10⁵ and 9.999 is 10.0.
    return int(f"{abs(value):.2e}".split("e")[1])


def _power(exponent: int) -> str:
    return f"× 10{str(exponent).translate(_SUPERSCRIPTS)}"
