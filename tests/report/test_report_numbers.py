"""Numbers in words, and the bins of histograms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sporemetry.report.charts import Axis, histogram_chart, interval_chart
from sporemetry.report.formatting import (
    MISSING,
    count_text,
    number_text,
    p_text,
    percent_text,
    plural,
    quantity_text,
)
from sporemetry.report.histogram import MAX_BINS, choose_bins, count_into, round_step, round_ticks

DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
sizes = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=200)


def read(text: str) -> float:
    """A number as a person reads it back."""
    mantissa, _, power = text.replace(",", "").partition(" × 10")
    return float(mantissa) * 10.0 ** int(power.translate(DIGITS) or 0)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (4213, "4,213"),
        (99.96, "100"),
        (99.94, "99.9"),
        (9.996, "10.0"),
        (0.01, "0.0100"),
        (0.00999, "9.99 × 10⁻³"),
        (99_999.4, "99,999"),
        (1e5, "1.00 × 10⁵"),
        (1.23e6, "1.23 × 10⁶"),
        (9.999e6, "1.00 × 10⁷"),
        (-12.345, "-12.3"),
        (0.0, "0"),
        (math.nan, MISSING),
        (None, MISSING),
        (pd.NA, MISSING),
        (np.float64(2.5), "2.50"),
    ],
)
def test_numbers_are_written_for_people(number: float | None, text: str) -> None:
    assert number_text(number) == text


@given(st.floats(1e-12, 1e15))
def test_a_written_number_is_within_its_last_digit(number: float) -> None:
    assert read(number_text(number)) == pytest.approx(number, rel=0.006)


@given(st.floats(1e-6, 1e12), st.floats(0, 1), st.floats(1, 100))
def test_a_written_interval_holds_its_value(value: float, below: float, above: float) -> None:
    quantity = quantity_text(value, value * below, value * above)
    low, _, high = quantity.interval.partition(" to ")
    power = high.partition(" × ")[2]
    lowest = read(f"{low} × {power}" if power else low)
    assert lowest <= read(quantity.value) * 1.0001
    assert read(high) * 1.0001 >= read(quantity.value)
    assert read(high) == pytest.approx(value * above, rel=0.006)
    assert lowest == pytest.approx(value * below, rel=0.006, abs=0.0051 * value * above)


def test_a_quantity_without_interval_or_value() -> None:
    assert quantity_text(12.0, None, None).interval == ""
    assert quantity_text(math.nan, 1, 2).value == MISSING
    assert quantity_text(0, 0, 3.7e6).interval == "0 to 3.70 × 10⁶"


def test_counts_shares_and_nouns() -> None:
    assert count_text(math.nan) == MISSING
    assert count_text(np.int64(1_234_567)) == "1,234,567"
    assert percent_text(0.95) == "95 %"
    assert p_text(0.0009) == "p < 0.001"
    assert p_text(0.001) == "p = 0.001"
    assert [plural(count, "spore") for count in (0, 1, 2)] == ["0 spores", "1 spore", "2 spores"]


@settings(deadline=None)
@given(sizes)
@example([13.000000000000002, 13.000000000000004, 13.0])
@example([0.3] * 5)
@example([0.1, 0.2, 0.30000000000000004])
def test_bins_are_few_round_and_hold_what_is_not_far_out(values: list[float]) -> None:
    array = np.array(values)
    bins = choose_bins(array)
    histogram = count_into(bins, array)
    widths = np.diff(bins.edges)
    assert 1 <= len(histogram.counts) <= MAX_BINS
    np.testing.assert_allclose(widths, round_step(widths[0] * 0.999), rtol=1e-6)
    assert histogram.counts.sum() + histogram.beyond == len(values)
    first, third = np.percentile(array, [25, 75])
    inner = (array >= first - 3 * (third - first)) & (array <= third + 3 * (third - first))
    assert histogram.beyond <= (~inner).sum()
    order = np.random.default_rng(0).permutation(len(array))
    np.testing.assert_array_equal(count_into(bins, array[order]).counts, histogram.counts)


def test_a_histogram_agrees_with_pandas() -> None:
    values = np.random.default_rng(3).normal(13.8, 1.2, 500)
    bins = choose_bins(values)
    wanted = pd.cut(pd.Series(values), bins.edges.tolist(), right=False).value_counts(sort=False)
    np.testing.assert_array_equal(count_into(bins, values).counts, wanted)
    assert count_into(bins, values).median == pytest.approx(np.median(values))


def test_one_far_value_does_not_squeeze_the_others() -> None:
    values = np.append(np.random.default_rng(3).normal(10, 1, 300), 5000.0)
    bins = choose_bins(values)
    histogram = count_into(bins, values)
    assert bins.edges[-1] < 20
    assert histogram.beyond == 1
    assert histogram.size == 301
    assert "1 beyond this range" in histogram_chart(bins, histogram, Axis("Length", "µm"))


def test_no_values_give_no_chart() -> None:
    bins = choose_bins(np.array([1.0, 2.0, 3.0]))
    assert histogram_chart(bins, count_into(bins, np.array([])), Axis("Length")) == ""


def test_a_chart_says_its_figures_and_escapes_its_names() -> None:
    values = np.array([10.0, 12.0, 14.0])
    bins = choose_bins(values)
    chart = histogram_chart(bins, count_into(bins, values), Axis("<Length>", 'µ"m'))
    assert "3 spores, median 12.0" in chart
    assert "&lt;Length&gt;" in chart
    assert "<Length>" not in chart


@given(st.floats(0, 1e6), st.floats(0.001, 1e6), st.integers(2, 10))
def test_ticks_are_round_few_and_inside(low: float, span: float, most: int) -> None:
    high = low + span
    ticks = round_ticks(low, high, most)
    assert len(ticks) <= most
    assert all(low - 1e-6 * high <= tick <= high * (1 + 1e-6) for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_an_interval_is_drawn_to_scale_or_not_at_all() -> None:
    chart = interval_chart(50, 25, 100, 100)
    assert 'cx="60.0"' in chart
    assert 'x1="32.0"' in chart
    assert 'x2="116.0"' in chart
    assert interval_chart(1, 0, math.inf, math.inf) == ""
    assert interval_chart(math.nan, 0, 1, 1) == ""
    assert interval_chart(0, 0, 0, 0) == ""
