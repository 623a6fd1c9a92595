"""Micrometres per pixel, from what ImageJ, OME and TIFF state; a print resolution is never taken for one.

TIFF's resolution is of a printed page: 300 dots an inch would be 84.7 µm a pixel. It is believed only
where a microscope or a stereo lens could have made it, 0.005 to 20 µm a pixel, and where it is not a number
that screens and printers use. The dots per inch of JPEG, PNG and BMP are never read at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NO_SCALE = "none"
BY_USER = "--um-per-px"
BY_IMAGEJ = "ImageJ metadata"
BY_OME = "OME metadata"
BY_TIFF = "TIFF resolution"

# µm a pixel: half an electron-microscope step, up to a stereo lens at low power.
PLAUSIBLE = (0.005, 20.0)
# What somebody stated in µm outright is believed further: from the width of an atom to 10 mm.
STATED = (1e-4, 1e4)
SQUARE_WITHIN = 0.01
UM_PER_INCH = 25_400.0

_PRINT_DPI = (1440.0, 1600.0, 2400.0, 2880.0, 3200.0, 3600.0, 4000.0, 4800.0)
_PRINT_UNITS = frozenset({"inch", "inches", "in", "cm"})

UNITS_UM = {
    "pm": 1e-6,
    "Å": 1e-4,
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,  # micro sign
    "μm": 1.0,  # Greek mu
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometers": 1.0,
    "micrometre": 1.0,
    "micrometres": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "inch": UM_PER_INCH,
    "inches": UM_PER_INCH,
    "in": UM_PER_INCH,
    "m": 1e6,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale, or None, where it comes from, and what had to be said about it."""

    um_per_px: float | None = None
    source: str = NO_SCALE
    notes: tuple[str, ...] = ()


def unit_in_um(unit: str) -> float | None:
    r"""Return the micrometres in a unit of length, None for one that is none (pixel, an empty text).

    Examples
    --------
    >>> unit_in_um("micron"), unit_in_um("\\u00B5m"), unit_in_um("nm"), unit_in_um("pixel")
    (1.0, 1.0, 0.001, None)
    """
    # ImageJ writes the micro sign as the six characters \u00B5, as in a Java source.
    text = unit.strip().strip("\x00").replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    return UNITS_UM.get(text, UNITS_UM.get(text.lower()) if len(text) > 2 else None)


def from_imagej(unit: str, x_per_unit: float | None, y_per_unit: float | None) -> Scale:
    """Return the scale of an ImageJ TIFF.

    Parameters
    ----------
    unit : str
        The ``unit`` of its description.
    x_per_unit, y_per_unit : float, optional
        XResolution and YResolution: pixels in one unit.

    Notes
    -----
    ImageJ turns the 72 dpi of a JPEG into a scale in inches, so inches and centimetres have to pass as
    TIFF's own do.
    """
    in_um = unit_in_um(unit)
    if in_um is None or not x_per_unit:
        return Scale()
    sizes = in_um / x_per_unit, in_um / (y_per_unit or x_per_unit)
    if unit.strip().lower() in _PRINT_UNITS and not _microscopic(sizes[0]):
        return Scale()
    return _square(*sizes, BY_IMAGEJ)


def from_ome(x: float | None, x_unit: str, y: float | None, y_unit: str) -> Scale:
    """Return the scale of OME's PhysicalSizeX and Y (default unit µm; OME schema 2016-06)."""
    if x is None:
        return Scale()
    x_um, y_um = unit_in_um(x_unit), unit_in_um(y_unit)
    if x_um is None or y_um is None:
        return Scale()
    return _square(x * x_um, (x if y is None else y) * y_um, BY_OME)


def from_resolution(unit: int, x_per_unit: float | None, y_per_unit: float | None) -> Scale:
    """Return the scale of a TIFF's resolution, where it can be one.

    Parameters
    ----------
    unit : int
        ResolutionUnit: 1 none, 2 inch, 3 centimetre.
    x_per_unit, y_per_unit : float, optional
        Pixels in a unit.

    Examples
    --------
    >>> from_resolution(3, 40000, 40000).um_per_px  # 40,000 pixels a centimetre
    0.25
    >>> from_resolution(2, 300, 300).um_per_px is None  # a printer
    True
    """
    in_um = {2: UM_PER_INCH, 3: 1e4}.get(unit)
    if in_um is None or not x_per_unit or not _microscopic(in_um / x_per_unit):
        return Scale()
    return _square(in_um / x_per_unit, in_um / (y_per_unit or x_per_unit), BY_TIFF)


def _microscopic(um_per_px: float) -> bool:
    """Return whether a resolution can be of a microscope and is not one of screens and printers."""
    dpi = UM_PER_INCH / um_per_px
    printed = any(math.isclose(dpi, known, rel_tol=1e-3) for known in _PRINT_DPI)
    return PLAUSIBLE[0] <= um_per_px <= PLAUSIBLE[1] and not printed


def _square(x: float, y: float, source: str) -> Scale:
    """Return the scale of square pixels; none, with a note, where they are not square or make no sense."""
    if not all(math.isfinite(size) and STATED[0] <= size <= STATED[1] for size in (x, y)):
        return Scale(notes=(f"The {source} states a pixel of {x:g} x {y:g} µm, which is not believed.",))
    if abs(x - y) > SQUARE_WITHIN * max(x, y):
        return Scale(
            notes=(f"The {source} states pixels that are not square ({x:g} x {y:g} µm): no scale is used.",)
        )
    return Scale(x if x == y else math.sqrt(x * y), source)
