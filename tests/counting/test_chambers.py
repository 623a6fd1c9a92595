from __future__ import annotations

import pytest

from sporemetry.counting.chambers import (
    CHAMBERS,
    custom_chamber,
    field_volume_ml,
    find_chamber,
    find_square,
    squares_volume_ml,
)
from sporemetry.counting.conversion import concentration
from sporemetry.counting.intervals import poisson_interval
from sporemetry.counting.replicates import pool_counts
from sporemetry.errors import SettingsError

# chamber, square, sides in mm, depth in mm: from the makers' descriptions of the grids.
GEOMETRY = [
    ("neubauer", "grid", 3, 3, 0.1),
    ("neubauer", "large", 1, 1, 0.1),
    ("neubauer", "sixteenth", 0.25, 0.25, 0.1),
    ("neubauer", "group", 0.2, 0.2, 0.1),
    ("neubauer", "small", 0.05, 0.05, 0.1),
    ("neubauer-improved", "grid", 3, 3, 0.1),
    ("neubauer-improved", "large", 1, 1, 0.1),
    ("neubauer-improved", "sixteenth", 0.25, 0.25, 0.1),
    ("neubauer-improved", "group", 0.2, 0.2, 0.1),
    ("neubauer-improved", "small", 0.05, 0.05, 0.1),
    ("goryaev", "grid", 3, 3, 0.1),
    ("goryaev", "group", 0.2, 0.2, 0.1),
    ("goryaev", "small", 0.05, 0.05, 0.1),
    ("fuchs-rosenthal", "grid", 4, 4, 0.2),
    ("fuchs-rosenthal", "large", 1, 1, 0.2),
    ("fuchs-rosenthal", "sixteenth", 0.25, 0.25, 0.2),
    ("malassez", "grid", 2.5, 2, 0.2),
    ("malassez", "rectangle", 0.25, 0.2, 0.2),
    ("malassez", "small", 0.05, 0.05, 0.2),
    ("thoma", "grid", 1, 1, 0.1),
    ("thoma", "large", 1, 1, 0.1),
    ("thoma", "group", 0.2, 0.2, 0.1),
    ("thoma", "small", 0.05, 0.05, 0.1),
]


@pytest.mark.parametrize(("name", "square", "width", "height", "depth"), GEOMETRY)
def test_geometry(name: str, square: str, width: float, height: float, depth: float) -> None:
    chamber = find_chamber(name)
    assert find_square(chamber, square).area_mm2 == pytest.approx(width * height, rel=1e-12)
    assert chamber.depth_mm == depth
    assert f"{width:g}" in find_square(chamber, square).description


def test_the_table_above_holds_every_square() -> None:
    presets = {(name, square) for name, chamber in CHAMBERS.items() for square in chamber.squares}
    assert presets == {(name, square) for name, square, *_ in GEOMETRY}


def test_a_name_means_one_size_everywhere() -> None:
    areas: dict[str, set[float]] = {}
    for chamber in CHAMBERS.values():
        for name, square in chamber.squares.items():
            areas.setdefault(name, set()).add(square.area_mm2)
    areas.pop("grid")
    assert all(len(sizes) == 1 for sizes in areas.values())


@pytest.mark.parametrize(
    ("chamber", "square", "squares", "microlitres"),
    [
        ("neubauer", "large", 1, 0.1),
        ("neubauer-improved", "group", 25, 0.1),
        ("neubauer-improved", "group", 1, 0.004),
        ("neubauer-improved", "small", 1, 0.00025),
        ("goryaev", "group", 225, 0.9),
        ("fuchs-rosenthal", "large", 16, 3.2),
        ("fuchs-rosenthal", "sixteenth", 256, 3.2),
        ("malassez", "rectangle", 100, 1.0),
        ("malassez", "small", 2000, 1.0),
        ("thoma", "large", 1, 0.1),
        ("thoma", "group", 25, 0.1),
    ],
)
def test_volumes(chamber: str, square: str, squares: int, microlitres: float) -> None:
    assert squares_volume_ml(find_chamber(chamber), square, squares) == pytest.approx(microlitres * 1e-3)


def test_field_volume_and_custom_chamber_agree() -> None:
    # 0.5 mm² x 0.02 mm = 0.01 mm³ = 0.01 µL
    assert field_volume_ml(0.5, 0.02) == pytest.approx(1e-5)
    assert squares_volume_ml(custom_chamber(0.02, 0.25), "square", 2) == field_volume_ml(0.5, 0.02)


@pytest.mark.parametrize(
    ("chamber", "square", "squares", "total", "dilution", "per_ml"),
    [
        ("neubauer", "large", 4, 200, 2, 1.0e6),  # 200 x 2 / 4e-4 mL
        ("neubauer-improved", "group", 5, 150, 10, 7.5e7),  # 150 x 10 / 2e-5 mL
        ("neubauer-improved", "small", 80, 150, 10, 7.5e7),  # the same 80 small squares
        ("goryaev", "group", 100, 40, 1, 1.0e5),  # 40 / 4e-4 mL
        ("fuchs-rosenthal", "large", 16, 64, 1, 2.0e4),  # 64 / 3.2e-3 mL
        ("malassez", "grid", 1, 250, 1, 2.5e5),  # 250 in 1 µL
        ("thoma", "small", 16, 8, 5, 1.0e7),  # 8 x 5 / 4e-6 mL
    ],
)
def test_concentration_by_hand(
    chamber: str, square: str, squares: int, total: int, dilution: float, per_ml: float
) -> None:
    volume = squares_volume_ml(find_chamber(chamber), square, squares)
    found = concentration([total], volume, dilution=dilution)
    assert found.per_ml == pytest.approx(per_ml, rel=1e-12)
    low, high = poisson_interval(total)
    assert found.low == pytest.approx(per_ml * low / total)
    assert found.high == pytest.approx(per_ml * high / total)


def test_concentration_of_pictures_is_that_of_their_sum() -> None:
    counts, volumes = [12, 30, 7], [1e-5, 2e-5, 1e-5]
    found = concentration(counts, volumes, dilution=3)
    assert found.per_ml == pytest.approx(49 * 3 / 4e-5)
    assert found.pooled == pool_counts(counts, volumes)
    assert found.high == pytest.approx(found.pooled.rate_high * 3)
    assert concentration([5, 5], 1e-5) == concentration([5, 5], [1e-5, 1e-5])


def test_no_spores_is_a_concentration_of_zero_with_a_limit() -> None:
    found = concentration([0, 0], 1e-4, dilution=10)
    assert (found.per_ml, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.6889 * 10 / 2e-4, rel=1e-4)


def test_an_unknown_chamber_lists_the_chambers() -> None:
    with pytest.raises(SettingsError, match=r"neubauer, neubauer-improved, goryaev, .*; found 'burker'"):
        find_chamber("burker")


def test_an_unknown_square_lists_the_squares_with_their_sides() -> None:
    with pytest.raises(
        SettingsError, match=r"group \(0\.2 x 0\.2 mm, called a large square of the Goryaev chamber\)"
    ):
        find_square(find_chamber("goryaev"), "large")


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "ten", [1.0, 2.0]])
def test_wrong_numbers(wrong: float) -> None:
    neubauer = find_chamber("neubauer")
    with pytest.raises(SettingsError, match="squares"):
        squares_volume_ml(neubauer, "large", wrong)
    with pytest.raises(SettingsError, match="field area"):
        field_volume_ml(wrong, 0.1)
    with pytest.raises(SettingsError, match="chamber depth"):
        field_volume_ml(1.0, wrong)
    with pytest.raises(SettingsError, match="chamber depth"):
        custom_chamber(wrong, 1.0)
    with pytest.raises(SettingsError, match="square area"):
        custom_chamber(0.1, wrong)
    with pytest.raises(SettingsError, match="dilution"):
        concentration([3], 1e-4, dilution=wrong)


def test_wrong_counts_and_volumes() -> None:
    with pytest.raises(SettingsError, match="volume"):
        concentration([3], 0.0)
    with pytest.raises(SettingsError, match="exposures"):
        concentration([3, 4], [1e-4])
    with pytest.raises(SettingsError, match="counts"):
        concentration([], 1e-4)
    with pytest.raises(SettingsError, match="counts"):
        concentration(3, 1e-4)  # type: ignore[arg-type]
