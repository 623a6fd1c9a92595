"""Whether the squares of a chamber and the scale of the image tell of the same area.

The concentration rests on the area in which spores were counted. Where squares are named, it is squares x
area of a square; where the scale is known, it is also the field's pixels x the scale squared. Both are the
same piece of glass, so both must agree. When they do not, one of them is wrong, and so is the concentration.
"""

from __future__ import annotations

from dataclasses import dataclass

from sporemetry.counting.chambers import ML_PER_MM3
from sporemetry.counting.intervals import checked_counts, checked_positive_number
from sporemetry.errors import SettingsError

# A stage micrometer is read to 1 or 2 %, and who cuts an image to a square by hand misses by a few per cent.
AREA_TOLERANCE = 0.10


@dataclass(frozen=True, slots=True)
class AreaAgreement:
    """The two areas, and the two concentrations that follow.

    Attributes
    ----------
    squares_area_mm2, field_area_mm2 : float
        By the chamber's squares, and by the field and the scale.
    factor : float
        The larger area over the smaller one, 1 or more.
    differs : bool
        Whether the areas are more than :data:`AREA_TOLERANCE` apart: ``factor`` above 1.1.
    per_ml_by_squares, per_ml_by_field : float
        Spores per mL, by either area.
    """

    squares_area_mm2: float
    field_area_mm2: float
    factor: float
    differs: bool
    per_ml_by_squares: float
    per_ml_by_field: float


def compare_areas(
    counted: int,
    *,
    squares_area_mm2: float,
    field_area_mm2: float,
    depth_mm: float,
    dilution: float = 1.0,
) -> AreaAgreement:
    """Compare the area of the chamber's squares with that of the counted field.

    Parameters
    ----------
    counted : int
        Spores counted, 0 or more; of one image, or of several together.
    squares_area_mm2 : float
        Number of squares x area of a square, in mm², above 0; of several images their sum.
    field_area_mm2 : float
        Area of the counted field by its scale, in mm², above 0; of several images their sum.
    depth_mm : float
        Of the chamber.
    dilution : float
        Dilution factor, above 0.

    Returns
    -------
    AreaAgreement
        Without a spore both concentrations are 0, and the areas are compared all the same.

    Raises
    ------
    SettingsError
        A count that is negative or fractional; another value that is not a finite number above 0.

    Examples
    --------
    The whole grid of a Neubauer chamber is 9 mm². An image of 1500 x 1500 pixels of 0.5 µm shows 0.5625 mm²,
    a sixteenth of it:

    >>> found = compare_areas(90, squares_area_mm2=9.0, field_area_mm2=0.5625, depth_mm=0.1)
    >>> found.differs, found.factor
    (True, 16.0)
    >>> print(f"{found.per_ml_by_squares:.3g} or {found.per_ml_by_field:.3g} per mL")
    1e+05 or 1.6e+06 per mL
    >>> compare_areas(90, squares_area_mm2=1.0, field_area_mm2=1.05, depth_mm=0.1).differs
    False
    """
    number = checked_counts("counted", counted)
    if number.ndim:
        raise SettingsError("counted", expected="one number of spores", found=f"{number.size} numbers")
    squares = checked_positive_number("area of the squares (mm²)", squares_area_mm2)
    field = checked_positive_number("field area (mm²)", field_area_mm2)
    depth = checked_positive_number("chamber depth (mm)", depth_mm)
    spores = float(number) * checked_positive_number("dilution", dilution)
    factor = max(squares, field) / min(squares, field)
    return AreaAgreement(
        squares_area_mm2=squares,
        field_area_mm2=field,
        factor=factor,
        differs=factor > 1.0 + AREA_TOLERANCE,
        per_ml_by_squares=spores / (squares * depth * ML_PER_MM3),
        per_ml_by_field=spores / (field * depth * ML_PER_MM3),
    )
