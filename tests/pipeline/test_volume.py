"""How much of the suspension a picture shows."""

from __future__ import annotations

import pytest

from sporemetry.pipeline import CountingSettings
from sporemetry.pipeline.volume import chamber_text, picture_volume_ml


def test_without_a_chamber_there_is_no_volume() -> None:
    assert picture_volume_ml(CountingSettings(), 1.0) is None
    assert chamber_text(CountingSettings()) == ""


def test_named_squares_need_no_scale() -> None:
    # Goryaev: 25 squares of 0.2 mm, 0.1 mm deep: 25 * 0.04 mm² * 0.1 mm = 0.1 µL
    settings = CountingSettings(chamber="goryaev", square="group", squares=25)
    assert picture_volume_ml(settings, None) == pytest.approx(1e-4)


def test_without_squares_the_field_is_taken_and_needs_a_scale() -> None:
    settings = CountingSettings(chamber="fuchs-rosenthal")
    assert picture_volume_ml(settings, 0.5) == pytest.approx(0.5 * 0.2 * 1e-3)
    assert picture_volume_ml(settings, None) is None


def test_a_chamber_of_ones_own() -> None:
    with_squares = CountingSettings(chamber="custom", depth_mm=0.02, square_area_mm2=0.0025, squares=80)
    assert picture_volume_ml(with_squares, None) == pytest.approx(4e-6)
    by_field = CountingSettings(chamber="custom", depth_mm=0.02)
    assert picture_volume_ml(by_field, 2.0) == pytest.approx(4e-5)
    assert chamber_text(by_field).startswith("Custom chamber, 0.02 mm deep.")
