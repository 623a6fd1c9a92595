"""The columns that a sample sheet may have, by the names that people give them, and what a cell means."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sporemetry.counting import CHAMBERS
from sporemetry.csv_cells import NO_NUMBER, CellError, decimal_number
from sporemetry.errors import SettingsError
from sporemetry.image import ReadSettings
from sporemetry.pipeline.settings import CountingSettings
from sporemetry.printable import printable, spreadsheet_text

# Our name, and what else people call it. Compared without case, spaces, and all but letters and digits.
ALIASES: dict[str, tuple[str, ...]] = {
    "image": ("images", "file", "filename", "file name", "picture", "photo", "image name", "pattern"),
    "sample": ("samples", "sample name", "sample id"),
    "suspension": ("suspensions", "suspension id"),
    "treatment": ("treatments",),
    "dilution": ("dilution factor",),
    "um_per_px": ("um per pixel", "micron per pixel", "microns per pixel", "um px", "pixel size um"),
    "chamber": ("counting chamber",),
    "square": (),
    "squares": ("number of squares",),
    "depth_mm": ("chamber depth mm",),
    "square_area_mm2": (),
}
NUMBERS = ("um_per_px", "dilution", "squares", "depth_mm", "square_area_mm2")
TEXTS = ("sample", "suspension", "treatment", "square", "chamber")
_LOOKS_LIKE = 0.8


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: its place, its name there, and ours; the latter is empty where we know none."""

    place: int
    name: str
    known: str = ""


def column_key(name: str) -> str:
    """Return what a column's name is compared by.

    >>> column_key(" µm / px "), column_key("Square area (mm²)"), column_key("um_per_px")
    ('um px', 'square area mm2', 'um per px')
    """
    folded = unicodedata.normalize("NFKC", name).casefold().replace("μ", "u")
    return " ".join(re.findall(r"[^\W_]+", folded))


_KNOWN = {column_key(alias): name for name, aliases in ALIASES.items() for alias in (name, *aliases)}


def known_name(name: str) -> str:
    """Return our name of a column, or an empty text.

    >>> known_name("Image"), known_name("µm/px"), known_name("Dilution factor"), known_name("operator")
    ('image', 'um_per_px', 'dilution', '')
    """
    return _KNOWN.get(column_key(name), "")


def count_known(header: Sequence[str]) -> int:
    """Return how many of the names are known."""
    return sum(bool(known_name(name)) for name in header)


def likely_name(name: str) -> str:
    """Return the known name that an unknown one is likely a slip of, or an empty text.

    >>> likely_name("dilutoin"), likely_name("operator")
    ('dilution', '')
    """
    close = difflib.get_close_matches(column_key(name), list(_KNOWN), n=1, cutoff=_LOOKS_LIKE)
    return _KNOWN[close[0]] if close else ""


def parse_number(text: str, *, points: bool = False) -> float:
    """Return a number above 0, with a decimal point or a decimal comma.

    Parameters
    ----------
    text : str
        The cell.
    points : bool
        Whether other numbers of the sheet show that its points are decimal points: else ``1.000`` may be a
        thousand.

    Raises
    ------
    CellError
        No number, one that is not above 0, or one that may be a thousand or one: ``1,000``, ``1.000``.

    Examples
    --------
    >>> parse_number("0,25"), parse_number("0.250"), parse_number("1e3")
    (0.25, 0.25, 1000.0)
    """
    try:
        value = decimal_number(text, decimal="." if points else "")
    except CellError as error:
        raise CellError(
            "a number above 0, without a unit" if error.expected == NO_NUMBER else error.expected,
            error.remedy or _number_remedy(text),
        ) from None
    if not (math.isfinite(value) and value > 0):
        raise CellError("a number above 0")
    return value


def checked_number(name: str, value: float) -> float:
    """Return a number that the option of the same name would take too.

    Raises
    ------
    CellError
        When it is beyond what can be.

    Examples
    --------
    >>> checked_number("dilution", 10.0)
    10.0
    """
    try:
        if name == "um_per_px":
            ReadSettings(um_per_px=value)
        elif name == "depth_mm":
            CountingSettings(chamber="custom", depth_mm=value)
        elif name == "square_area_mm2":
            CountingSettings(chamber="custom", depth_mm=0.1, square_area_mm2=value)
        elif name == "squares":
            CountingSettings(squares=value)
        else:
            CountingSettings(dilution=value)
    except SettingsError as error:
        raise CellError(error.expected, error.remedy) from error
    return value


def parse_chamber(text: str) -> str:
    """Return the key of a chamber, by its key or its title.

    Raises
    ------
    CellError
        When there is no such chamber.

    Examples
    --------
    >>> parse_chamber("Neubauer improved"), parse_chamber("Custom")
    ('neubauer-improved', 'custom')
    """
    keys = {column_key(name): key for key, chamber in CHAMBERS.items() for name in (key, chamber.title)}
    keys["custom"] = "custom"
    found = keys.get(column_key(text))
    if found is None:
        raise CellError(f"one of {', '.join((*CHAMBERS, 'custom'))}")
    return found


def parse_text(text: str) -> str:
    """Return a name: its letters composed (NFC), white space as single spaces, nothing that cannot be shown.

    The apostrophe by which a spreadsheet is kept from running a cell is taken off.

    >>> parse_text("plot   3"), parse_text("'-1")
    ('plot 3', '-1')
    """
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    return printable(spreadsheet_text(composed))


def parse_square(text: str) -> str:
    """Return the name of a square in small letters; the chamber decides whether it has it."""
    return parse_text(text).casefold()


PARSERS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(TEXTS, parse_text),
    "chamber": parse_chamber,
    "square": parse_square,
}


def _number_remedy(text: str) -> str:
    ratio = re.fullmatch(r"\s*1\s*[:/]\s*(\d+)\s*", text)
    if ratio is None:
        return ""
    return f"Write the factor: {ratio[1]} when 1 part was brought to {ratio[1]} parts."
