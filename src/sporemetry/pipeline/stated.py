"""What a sample sheet, or the levels of folders and names, states of one image. It overrides the options."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from sporemetry.pipeline.settings import CountingSettings, PictureSettings

SHEET_SCALE = "the sample sheet"
_OF_CHAMBER = ("chamber", "square", "squares", "depth_mm", "square_area_mm2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What is stated of one image; what is not stated is left to the options.

    Attributes
    ----------
    sample, suspension, treatment : str
        Empty where not stated.
    treatment_place : int
        Which of the treatments it is, from 1 on, in the order of the tables; 0 where that is open. It is kept
        with the results, so that they are measured again in the same order.
    um_per_px, dilution, squares, depth_mm, square_area_mm2 : float or None
        As the options of these names.
    chamber, square : str or None
        As the options of these names.
    extra : tuple of (str, str)
        Columns of the sheet that we do not know, with what they say; they are carried into the tables.
    """

    sample: str = ""
    suspension: str = ""
    treatment: str = ""
    treatment_place: int = 0
    um_per_px: float | None = None
    dilution: float | None = None
    chamber: str | None = None
    square: str | None = None
    squares: float | None = None
    depth_mm: float | None = None
    square_area_mm2: float | None = None
    extra: tuple[tuple[str, str], ...] = ()


NOTHING_STATED = Stated()
NOTHING_STATED_OF_ANY: Mapping[str, Stated] = {}


def picture_settings_of(settings: PictureSettings, stated: Stated) -> PictureSettings:
    """Return the settings for an image of which ``stated`` is stated: its scale overrides the option."""
    if stated.um_per_px is None:
        return settings
    return replace(settings, reading=replace(settings.reading, um_per_px=stated.um_per_px))


@functools.lru_cache(maxsize=256)
def counting_settings_of(settings: CountingSettings, stated: Stated) -> CountingSettings:
    """Return the counting settings for an image of which ``stated`` is stated.

    Who states another chamber than the options states all of it: squares, depth and areas of the options
    belong to the options' chamber.

    Raises
    ------
    SettingsError
        When what is stated does not fit together, such as a square that the chamber does not have.

    Examples
    --------
    >>> options = CountingSettings(chamber="neubauer", square="large", dilution=2)
    >>> found = counting_settings_of(options, Stated(dilution=10, squares=4))
    >>> found.chamber, found.square, found.squares, found.dilution
    ('neubauer', 'large', 4, 10)
    >>> counting_settings_of(options, Stated(chamber="goryaev")).square is None
    True
    """
    said = {
        name: value for name in (*_OF_CHAMBER, "dilution") if (value := getattr(stated, name)) is not None
    }
    if "chamber" in said and said["chamber"] != settings.chamber:
        defaults = {field.name: field.default for field in fields(CountingSettings)}
        said = {**{name: defaults[name] for name in _OF_CHAMBER}, **said}
    return replace(settings, **said) if said else settings


def chamber_stated(stated: Stated) -> Stated:
    """Return only what is stated of chamber and dilution: few different ones stand for many images."""
    return Stated(dilution=stated.dilution, **{name: getattr(stated, name) for name in _OF_CHAMBER})
