from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sporemetry.counting.sizes import size_range, size_rule, size_string
from sporemetry.errors import SettingsError


def percentile_by_hand(values: list[float], percent: float) -> float:
    """Linear interpolation between order statistics at (n - 1) p: type 7 of Hyndman and Fan."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def test_line_by_hand() -> None:
    # 21 lengths 10.0, 10.5, ..., 20.0: percentile 5 is the second, 95 the last but one. Widths all 5.0.
    length = np.arange(10, 20.25, 0.5)
    width = np.full(21, 5.0)
    line = "(10.0–)10.5–19.5(–20.0) × 5.0 µm, Q = (2.00–)2.10–3.90(–4.00), Qm = 3.00, n = 21"
    assert size_string(length, width) == line
    # Standard deviation of 21 steps of 0.5: 0.5 sqrt((21² - 1)/12 x 21/20) = 3.1
    expected = line.replace("n = 21", "Lm = 15.0 ± 3.1 µm, Wm = 5.0 ± 0.0 µm, n = 21")
    assert size_string(length, width, means=True) == expected


def test_ascii() -> None:
    line = size_string([10.0, 12.0], [4.0, 5.0], means=True, ascii_only=True)
    assert line.isascii()
    # Percentile 5 of the widths is 4.05, whose nearest double is below it: 4.0, like the minimum.
    assert line == (
        "(10.0-)10.1-11.9(-12.0) x 4.0-5.0 um, Q = 2.40-2.50, Qm = 2.45, "
        "Lm = 11.0 +/- 1.4 um, Wm = 4.5 +/- 0.7 um, n = 2"
    )


def test_other_percentiles() -> None:
    length = np.arange(10, 20.25, 0.5)
    assert size_string(length, length, percentiles=(10, 90)).startswith("(10.0–)11.0–19.0(–20.0) × ")
    assert size_string(length, length, percentiles=(0, 100)).startswith("10.0–20.0 × ")
    assert "percentile 10 to percentile 90" in size_rule((10, 90))


def test_q_is_the_mean_of_ratios_not_the_ratio_of_means() -> None:
    # 10/5 = 2 and 30/5 = 6: Qm = 4, as the widths are alike; 10/5 = 2 and 12/2 = 6: Qm = 4, not 22/7
    assert "Qm = 4.00" in size_string([10.0, 12.0], [5.0, 2.0])


def test_one_spore() -> None:
    assert size_string([13.8], [4.8]) == "13.8 × 4.8 µm, Q = 2.88, n = 1"


def test_no_spores_and_no_scale() -> None:
    nan = float("nan")
    assert size_string([], []) == "no spores measured, n = 0"
    assert size_string([nan, nan], [nan, nan]) == "no scale, so no sizes in µm, n = 0"
    assert size_string([nan], [nan], ascii_only=True) == "no scale, so no sizes in um, n = 0"
    mixed = size_string([10.0, nan, nan], [5.0, nan, 5.0])
    assert mixed == "10.0 × 5.0 µm, Q = 2.00, n = 1 (2 more without a scale)"


sizes = st.lists(st.floats(0.5, 200), min_size=1, max_size=60)


@settings(deadline=None)
@given(sizes)
def test_range_against_sorting_by_hand(values: list[float]) -> None:
    found = size_range(values)
    assert (found.spores, found.minimum, found.maximum) == (len(values), min(values), max(values))
    assert found.low == pytest.approx(percentile_by_hand(values, 5))
    assert found.high == pytest.approx(percentile_by_hand(values, 95))
    assert found.mean == pytest.approx(math.fsum(values) / len(values))
    if len(values) > 1:
        spread = math.fsum((value - found.mean) ** 2 for value in values) / (len(values) - 1)
        assert found.sd == pytest.approx(math.sqrt(spread), abs=1e-9)
    else:
        assert math.isnan(found.sd)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=40), st.randoms())
def test_line_reads_back_and_ignores_the_order(pairs: list[tuple[float, float]], random: object) -> None:
    length, width = (list(values) for values in zip(*pairs, strict=True))
    line = size_string(length, width)
    number, ratio = r"\d+\.\d", r"\d+\.\d\d"
    part = r"(\({0}–\))?{0}(–{0})?(\(–{0}\))?"
    pattern = (
        f"{part.format(number)} × {part.format(number)} µm, Q = {part.format(ratio)}"
        f"(, Qm = {ratio})?, n = {len(pairs)}"
    )
    assert re.fullmatch(pattern, line)
    first, second = line.split(" µm")[0].split(" × ")
    for text, values in ((first, length), (second, width)):
        numbers = [float(found) for found in re.findall(number, text)]
        assert numbers == sorted(numbers)
        assert numbers[0] == float(f"{min(values):.1f}")
        assert numbers[-1] == float(f"{max(values):.1f}")
    shuffled = sorted(pairs, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert size_string([pair[0] for pair in shuffled], [pair[1] for pair in shuffled])[:20] == line[:20]


def test_empty_range() -> None:
    found = size_range([])
    assert found.spores == 0
    assert all(math.isnan(value) for value in (found.minimum, found.low, found.high, found.mean, found.sd))


@pytest.mark.parametrize("wrong", [[0.0], [-1.0], [float("inf")], [[1.0]]])
def test_wrong_sizes(wrong: list[float]) -> None:
    with pytest.raises(SettingsError, match="length"):
        size_string(wrong, [1.0])
    with pytest.raises(SettingsError, match="width"):
        size_string([1.0], wrong)
    with pytest.raises(SettingsError, match="values"):
        size_range(wrong)


def test_range_takes_no_nan() -> None:
    with pytest.raises(SettingsError, match="NaN"):
        size_range([1.0, float("nan")])


def test_as_many_widths_as_lengths() -> None:
    with pytest.raises(SettingsError, match="2 widths, one for each length; found 1"):
        size_string([1.0, 2.0], [1.0])


@pytest.mark.parametrize("percentiles", [(95, 5), (5, 5), (-1, 95), (5, 101), (5,), (float("nan"), 95)])
def test_wrong_percentiles(percentiles: tuple[float, float]) -> None:
    with pytest.raises(SettingsError, match="percentiles"):
        size_string([1.0], [1.0], percentiles=percentiles)
    with pytest.raises(SettingsError, match="percentiles"):
        size_rule(percentiles)
