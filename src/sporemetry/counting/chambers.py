"""Counting chambers (haemocytometers): depth, ruled squares, and the volume that lies above them.

A name means the same size in every chamber, whatever that chamber's own literature calls it: ``large`` is
1 x 1 mm, ``sixteenth`` (of a large square) 0.25 x 0.25 mm, ``group`` 0.2 x 0.2 mm, ``small`` 0.05 x 0.05 mm.
The "large square" of a Goryaev chamber, which is 0.2 mm wide, is therefore a ``group``: taking it for 1 mm
would be wrong by a factor of 25. There is no default square; whoever counts has to say which was counted.

The depth holds with the chamber's own cover glass, pressed on until Newton's rings show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sporemetry.counting.intervals import checked_positive_number
from sporemetry.errors import SettingsError

ML_PER_MM3 = 1e-3


@dataclass(frozen=True)
class Square:
    """One kind of ruled area.

    Attributes
    ----------
    area_mm2 : float
        Its area.
    description : str
        Its sides and what it is called.
    """

    area_mm2: float
    description: str


@dataclass(frozen=True)
class Chamber:
    """A counting chamber.

    Attributes
    ----------
    name, title : str
        The name in settings, and the one to print.
    depth_mm : float
        Height of the suspension above the grid.
    squares : mapping of str to Square
        The ruled areas by name.
    description : str
        What the grid looks like.
    """

    name: str
    title: str
    depth_mm: float
    squares: Mapping[str, Square]
    description: str


_LARGE = Square(1.0, "1 x 1 mm")
_SIXTEENTH = Square(0.0625, "0.25 x 0.25 mm, one sixteenth of a large square")
_GROUP = Square(0.04, "0.2 x 0.2 mm, 16 small squares")
_SMALL = Square(0.0025, "0.05 x 0.05 mm")
_GRID_9 = Square(9.0, "the whole grid, 3 x 3 mm")

CHAMBERS: dict[str, Chamber] = {
    chamber.name: chamber
    for chamber in (
        Chamber(
            "neubauer",
            "Neubauer",
            0.1,
            MappingProxyType(
                {"grid": _GRID_9, "large": _LARGE, "sixteenth": _SIXTEENTH, "group": _GROUP, "small": _SMALL}
            ),
            "3 x 3 large squares. The four at the corners are ruled into sixteenths; the central one into "
            "4 x 4 groups of small squares, with bands of triple lines between the groups.",
        ),
        Chamber(
            "neubauer-improved",
            "Neubauer improved",
            0.1,
            MappingProxyType(
                {"grid": _GRID_9, "large": _LARGE, "sixteenth": _SIXTEENTH, "group": _GROUP, "small": _SMALL}
            ),
            "3 x 3 large squares. The four at the corners are ruled into sixteenths; the central one into "
            "5 x 5 groups of small squares.",
        ),
        Chamber(
            "goryaev",
            "Goryaev",
            0.1,
            MappingProxyType(
                {
                    "grid": _GRID_9,
                    "group": Square(0.04, "0.2 x 0.2 mm, called a large square of the Goryaev chamber"),
                    "small": _SMALL,
                }
            ),
            "15 x 15 = 225 squares of 0.2 mm, some of them ruled into 16 small squares.",
        ),
        Chamber(
            "fuchs-rosenthal",
            "Fuchs-Rosenthal",
            0.2,
            MappingProxyType(
                {
                    "grid": Square(16.0, "the whole grid, 4 x 4 mm"),
                    "large": _LARGE,
                    "sixteenth": Square(0.0625, "0.25 x 0.25 mm, called a small square of this chamber"),
                }
            ),
            "4 x 4 large squares, each ruled into sixteenths.",
        ),
        Chamber(
            "malassez",
            "Malassez",
            0.2,
            MappingProxyType(
                {
                    "grid": Square(5.0, "the whole grid, 2.5 x 2 mm, which holds 1 µL"),
                    "rectangle": Square(0.05, "0.25 x 0.20 mm, one hundredth of the grid"),
                    "small": _SMALL,
                }
            ),
            "10 x 10 rectangles, some of them ruled into 20 small squares.",
        ),
        Chamber(
            "thoma",
            "Thoma",
            0.1,
            MappingProxyType(
                {
                    "grid": Square(1.0, "the whole grid, 1 x 1 mm"),
                    "large": _LARGE,
                    "group": _GROUP,
                    "small": _SMALL,
                }
            ),
            "One large square, ruled into 4 x 4 groups of small squares with bands of lines between them.",
        ),
    )
}


def find_chamber(name: str) -> Chamber:
    """Return the preset chamber of this name, or raise SettingsError listing the names.

    Examples
    --------
    >>> find_chamber("malassez").depth_mm
    0.2
    """
    if name not in CHAMBERS:
        raise SettingsError(
            "chamber",
            expected=f"one of {', '.join(CHAMBERS)}",
            found=repr(name),
            remedy="For another chamber give its depth and the area of its squares.",
        )
    return CHAMBERS[name]


def custom_chamber(depth_mm: float, square_area_mm2: float) -> Chamber:
    """Return a chamber of the user's own, with one kind of square named ``square``.

    Raises
    ------
    SettingsError
        A depth (mm) or area (mm²) that is not a finite number above 0.

    Examples
    --------
    >>> chamber = custom_chamber(depth_mm=0.02, square_area_mm2=0.0025)
    >>> print(f"{squares_volume_ml(chamber, 'square', 80):.1e} mL")
    4.0e-06 mL
    """
    depth = checked_positive_number("chamber depth (mm)", depth_mm)
    area = checked_positive_number("square area (mm²)", square_area_mm2)
    square = Square(area, f"{area:g} mm²")
    return Chamber(
        "custom", "Custom chamber", depth, MappingProxyType({"square": square}), "Given by the user."
    )


def find_square(chamber: Chamber, name: str) -> Square:
    """Return the chamber's square of this name, or raise SettingsError listing its squares with their sides.

    Examples
    --------
    >>> find_square(find_chamber("goryaev"), "group").area_mm2
    0.04
    """
    if name not in chamber.squares:
        choices = "; ".join(f"{key} ({square.description})" for key, square in chamber.squares.items())
        raise SettingsError(
            "square", expected=f"a square of the {chamber.title} chamber: {choices}", found=repr(name)
        )
    return chamber.squares[name]


def squares_volume_ml(chamber: Chamber, square: str, squares: float) -> float:
    """Return the volume above a number of squares, in mL.

    Parameters
    ----------
    chamber : Chamber
        One of :data:`CHAMBERS`, or from :func:`custom_chamber`.
    square : str
        Which of the chamber's squares.
    squares : float
        How many of them were counted, above 0; a fraction where a picture shows part of one.

    Raises
    ------
    SettingsError
        A square that the chamber does not have; a number that is not above 0.

    Examples
    --------
    >>> neubauer = find_chamber("neubauer-improved")
    >>> for name in ("large", "group", "small"):
    ...     print(f"{name}: {squares_volume_ml(neubauer, name, 1) * 1e6:.4g} nL")
    large: 100 nL
    group: 4 nL
    small: 0.25 nL
    """
    area_mm2 = find_square(chamber, square).area_mm2 * checked_positive_number("squares", squares)
    return field_volume_ml(area_mm2, chamber.depth_mm)


def field_volume_ml(area_mm2: float, depth_mm: float) -> float:
    """Return the volume above an area of the chamber, such as a picture's counted field, in mL.

    Raises
    ------
    SettingsError
        An area or a depth that is not a finite number above 0.

    Examples
    --------
    A picture of 1388 x 1040 pixels of 0.2 µm each shows 0.0577 mm²; 0.1 mm deep that is 5.77 nL:

    >>> print(f"{field_volume_ml(1388 * 1040 * 0.2e-3**2, 0.1) * 1e6:.2f} nL")
    5.77 nL
    """
    area = checked_positive_number("field area (mm²)", area_mm2)
    return area * checked_positive_number("chamber depth (mm)", depth_mm) * ML_PER_MM3
