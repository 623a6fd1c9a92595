"""Numbers that a user states, on the command line or in a file, held against what they can be."""

from __future__ import annotations

from sporemetry.errors import SettingsError

_LONGEST = 40


def check_number(
    name: str,
    value: object,
    least: float,
    most: float,
    *,
    of: str = "",
    whole: bool = False,
    remedy: str = "",
) -> None:
    """Raise SettingsError unless ``value`` is a number from ``least`` to ``most``, both included.

    Text, true and false, NaN and infinities are none. With bounds on all that is stated, nothing that is
    computed from it can overflow.

    Parameters
    ----------
    name : str
        The setting, as the user writes it.
    value : object
        What was stated.
    least, most : float
        The bounds.
    of : str
        What it is a number of, for the message, such as ``µm a pixel``.
    whole : bool
        Whether it has to be an int.
    remedy : str
        What to do.

    Examples
    --------
    >>> check_number("--dilution", 1e308, 1e-6, 1e12)
    Traceback (most recent call last):
    ...
    sporemetry.errors.SettingsError: --dilution: expected a number from 1e-06 to 1e+12; found 1e+308.
    >>> check_number("--page", True, 1, 9, whole=True)
    Traceback (most recent call last):
    ...
    sporemetry.errors.SettingsError: --page: expected a whole number from 1 to 9; found True.
    """
    kinds = (int,) if whole else (int, float)
    if isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most:
        return
    kind = "a whole number" if whole else "a number"
    raise SettingsError(
        name,
        expected=f"{kind} from {_shown(least)} to {_shown(most)}{of and f' {of}'}",
        found=_found(value),
        remedy=remedy,
    )


def option_of(name: str) -> str:
    """Return the option that a setting has on the command line.

    Examples
    --------
    >>> option_of("square_area_mm2")
    '--square-area-mm2'
    """
    return f"--{name.replace('_', '-')}"


def _shown(bound: float) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:,.12g}"


def _found(value: object) -> str:
    try:
        shown = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        return "a number of thousands of digits"
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
