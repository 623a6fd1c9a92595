"""The area of a chamber's squares against the area of the field by its scale."""

from __future__ import annotations

import pytest

from sporemetry.counting import compare_areas
from sporemetry.errors import SettingsError


@pytest.mark.parametrize(
    ("field_mm2", "differs"), [(1.0, False), (1.09, False), (0.92, False), (1.11, True), (0.9, True)]
)
def test_more_than_ten_per_cent_apart_differs_in_either_direction(field_mm2: float, differs: bool) -> None:
    found = compare_areas(50, squares_area_mm2=1.0, field_area_mm2=field_mm2, depth_mm=0.1)
    assert found.differs is differs
    assert found.factor == pytest.approx(max(field_mm2, 1 / field_mm2))


def test_both_concentrations_are_those_of_the_chamber_formula() -> None:
    found = compare_areas(200, squares_area_mm2=4.0, field_area_mm2=0.25, depth_mm=0.1, dilution=2)
    assert found.per_ml_by_squares == pytest.approx(200 * 2 / (4.0 * 0.1 * 1e-3))
    assert found.per_ml_by_field == pytest.approx(16 * found.per_ml_by_squares)


def test_without_a_spore_the_areas_are_compared_all_the_same() -> None:
    found = compare_areas(0, squares_area_mm2=9.0, field_area_mm2=0.5, depth_mm=0.1)
    assert found.differs
    assert found.per_ml_by_squares == found.per_ml_by_field == 0


def test_an_area_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="field area"):
        compare_areas(1, squares_area_mm2=1.0, field_area_mm2=0.0, depth_mm=0.1)
