"""How much of the suspension a picture shows."""

from __future__ import annotations

from sporemetry.counting import (
    Chamber,
    custom_chamber,
    field_volume_ml,
    find_chamber,
    find_square,
    squares_volume_ml,
)
from sporemetry.pipeline.settings import CountingSettings


def picture_volume_ml(settings: CountingSettings, field_area_mm2: float | None) -> float | None:
    """Return the volume above a picture's field, or above the squares that it shows, in mL.

    Parameters
    ----------
    settings : CountingSettings
        The chamber, which of its squares, and how many.
    field_area_mm2 : float or None
        The picture's own area, used where no square is named; None without a scale.

    Returns
    -------
    float or None
        None without a chamber, and where neither a square nor the scale is known: never a guess.

    Raises
    ------
    SettingsError
        When the chamber has no such square.

    Examples
    --------
    One large square of a Neubauer chamber holds 1 mm² x 0.1 mm = 0.1 µL:

    >>> picture_volume_ml(CountingSettings(chamber="neubauer", square="large"), None)
    0.0001
    """
    if settings.chamber is None:
        return None
    chamber = _chamber(settings)
    if settings.square is not None:
        return squares_volume_ml(chamber, settings.square, settings.squares)
    if settings.square_area_mm2 is not None:
        return squares_volume_ml(chamber, "square", settings.squares)
    return None if field_area_mm2 is None else field_volume_ml(field_area_mm2, chamber.depth_mm)


def squares_area_mm2(settings: CountingSettings) -> float | None:
    """Return the area of the squares that a picture shows, in mm².

    Compare it with the field's area where the scale is known
    (:func:`sporemetry.counting.compare_areas`).

    Returns
    -------
    float or None
        None without a chamber, and where no square is named.

    Examples
    --------
    >>> squares_area_mm2(CountingSettings(chamber="neubauer", square="large", squares=4))
    4.0
    >>> print(squares_area_mm2(CountingSettings(chamber="neubauer")))
    None
    """
    if settings.chamber is None:
        return None
    if settings.square is not None:
        return settings.squares * find_square(_chamber(settings), settings.square).area_mm2
    return None if settings.square_area_mm2 is None else settings.squares * settings.square_area_mm2


def chamber_depth_mm(settings: CountingSettings) -> float | None:
    """Return the depth of the chamber in mm; None without a chamber.

    >>> chamber_depth_mm(CountingSettings(chamber="malassez"))
    0.2
    """
    return None if settings.chamber is None else _chamber(settings).depth_mm


def chamber_text(settings: CountingSettings) -> str:
    """Say in words what the concentrations rest on; empty without a chamber.

    >>> chamber_text(CountingSettings(chamber="neubauer", square="large", squares=4, dilution=10))
    'Neubauer, 0.1 mm deep. Each picture shows 4 x large (1 x 1 mm). Dilution factor 10.'
    """
    if settings.chamber is None:
        return ""
    chamber = _chamber(settings)
    if settings.square is not None:
        shown = f"{settings.squares:g} x {settings.square} ({chamber.squares[settings.square].description})"
    elif settings.square_area_mm2 is not None:
        shown = f"{settings.squares:g} x {settings.square_area_mm2:g} mm²"
    else:
        shown = "the area of its field, from its scale"
    return (
        f"{chamber.title}, {chamber.depth_mm:g} mm deep. Each picture shows {shown}. "
        f"Dilution factor {settings.dilution:g}."
    )


def _chamber(settings: CountingSettings) -> Chamber:
    if settings.chamber != "custom" or settings.depth_mm is None:
        return find_chamber(str(settings.chamber))
    # Without squares of its own only the depth of a custom chamber is used.
    return custom_chamber(settings.depth_mm, settings.square_area_mm2 or 1.0)
