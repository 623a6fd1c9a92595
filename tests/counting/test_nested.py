"""Images of suspensions of a treatment: the suspension is the unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.counting import poisson_interval, treatment_mean, treatment_ratio
from sporemetry.counting.nested import suspension_interval, weighted_poisson
from sporemetry.errors import SettingsError

COUNTS = st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=5), min_size=1, max_size=6)
NUMBERS = (
    "mean",
    "low",
    "high",
    "poisson_low",
    "poisson_high",
    "cv_within",
    "cv_between",
    "dispersion_within",
)


def test_the_interval_is_students_of_the_suspensions() -> None:
    # Rates 40, 50, 60: sd 10, t(0.975, 2) = 4.302653, so 50 ± 4.302653 x 10 / sqrt(3).
    found = treatment_mean([[38, 42], [50, 50], [55, 65]])
    assert (found.mean, found.variance) == pytest.approx((50.0, 100.0))
    assert found.low == pytest.approx(50 - 24.84138, abs=1e-4)
    assert found.high == pytest.approx(50 + 24.84138, abs=1e-4)
    assert (found.suspensions, found.images, found.total) == (3, 6, 300)


def test_more_images_of_the_same_suspensions_make_no_narrower_interval() -> None:
    few = treatment_mean([[40], [50], [60]])
    many = treatment_mean([[40] * 50, [50] * 50, [60] * 50])
    assert many.high - many.low == pytest.approx(few.high - few.low)


def test_suspensions_that_agree_by_chance_leave_what_counting_leaves() -> None:
    found = treatment_mean([[50], [50], [50]])
    low, high = poisson_interval(150)
    assert (found.low, found.high) == pytest.approx((low / 3, high / 3))


def test_one_suspension_claims_no_interval() -> None:
    found = treatment_mean([[40, 44, 47]])
    assert found.mean == pytest.approx(131 / 3)
    assert all(
        math.isnan(value)
        for value in (found.low, found.high, found.variance, found.variance_between, found.cv_between)
    )
    assert found.poisson_low < found.mean < found.poisson_high


def test_no_spore_at_all_is_nought_to_three_point_six_nine() -> None:
    found = treatment_mean([[0, 0], [0, 0], [0, 0]])
    assert (found.mean, found.low) == (0, 0)
    assert found.high == pytest.approx(3.689 / 6, abs=1e-3)
    assert found.variance_between == 0
    assert math.isnan(found.cv_between)


def test_an_unequal_dilution_is_an_exposure() -> None:
    # 100 spores undiluted and 10 spores diluted tenfold are the same concentration.
    found = treatment_mean([[100], [10]], [[1.0], [0.1]])
    assert found.rates == pytest.approx((100, 100))
    assert found.mean == pytest.approx(100)


def test_each_suspension_weighs_the_same_however_much_of_it_was_seen() -> None:
    assert treatment_mean([[10], [20] * 9]).mean == pytest.approx(15)


def test_parts_of_the_variance_add_up_unless_one_was_cut_at_nought() -> None:
    found = treatment_mean([[20, 60], [90, 130], [10, 12]])
    assert min(found.variance_counting, found.variance_within, found.variance_between) > 0
    parts = found.variance_counting + found.variance_within + found.variance_between
    assert parts == pytest.approx(found.variance)
    alike = treatment_mean([[10, 90], [50, 50], [49, 51]])
    assert alike.variance_between == 0
    assert alike.variance_within > 0


def test_with_one_image_each_the_spread_within_is_not_known() -> None:
    found = treatment_mean([[20], [60], [100]])
    assert math.isnan(found.variance_within)
    assert found.variance_between == pytest.approx(found.variance - found.variance_counting)


def test_the_moments_find_the_spread_that_was_put_in() -> None:
    rng = np.random.default_rng(4)
    true = rng.gamma(1 / 0.3**2, 200 * 0.3**2, 400)
    rates = true[:, None] * rng.gamma(1 / 0.2**2, 0.2**2, (400, 4))
    shown = [[1.0, 2.0, 0.5, 1.0]] * 400
    found = treatment_mean(rng.poisson(rates * shown).tolist(), shown)
    assert found.cv_between == pytest.approx(0.3, abs=0.03)
    assert found.cv_within == pytest.approx(0.2, abs=0.03)


@given(COUNTS, st.floats(1e-12, 1e12))
def test_the_unit_of_the_exposures_only_scales(counts: list[list[int]], unit: float) -> None:
    plain = treatment_mean(counts)
    scaled = treatment_mean(counts, [[unit] * len(found) for found in counts])
    for name in NUMBERS[:5]:
        assert getattr(scaled, name) * unit == pytest.approx(getattr(plain, name), nan_ok=True)
    for name in NUMBERS[5:]:
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), nan_ok=True, abs=1e-6)


@given(COUNTS, st.randoms())
def test_the_order_does_not_matter(counts: list[list[int]], shuffler: object) -> None:
    shuffled = [list(found) for found in counts]
    for found in shuffled:
        shuffler.shuffle(found)  # type: ignore[attr-defined]
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = treatment_mean(counts), treatment_mean(shuffled)
    for name in NUMBERS:
        assert getattr(other, name) == pytest.approx(getattr(one, name), nan_ok=True, abs=1e-6)


@given(COUNTS)
def test_the_interval_holds_the_mean_and_what_counting_leaves_open(counts: list[list[int]]) -> None:
    found = treatment_mean(counts)
    assert found.poisson_low <= found.mean * (1 + 1e-9)
    if found.suspensions > 1:
        assert 0 <= found.low <= found.poisson_low
        assert found.high >= found.poisson_high
        assert found.low <= found.mean <= found.high


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6), st.floats(0.5, 0.999))
def test_with_equal_exposures_the_weighted_interval_is_garwoods(counts: list[int], level: float) -> None:
    low, high = weighted_poisson(np.array([counts]), np.full(len(counts), 0.25), level)
    expected = poisson_interval(sum(counts), level)
    assert (low[0], high[0]) == pytest.approx((expected[0] / 4, expected[1] / 4))


@pytest.mark.parametrize("counts", [[], [[]], [[1], []], [[1.5]], [[-1]], [[[1]]]])
def test_what_is_no_count_of_suspensions_is_refused(counts: Sequence[Sequence[int]]) -> None:
    with pytest.raises(SettingsError):
        treatment_mean(counts)


def test_exposures_must_fit_the_counts() -> None:
    with pytest.raises(SettingsError, match="one for each count"):
        treatment_mean([[1, 2], [3]], [[1.0], [1.0, 1.0]])


@pytest.mark.parametrize(("suspensions", "images"), [(3, 5), (5, 2)])
@pytest.mark.parametrize("cv", [0.0, 0.15, 0.25])
def test_at_least_93_per_cent_of_intervals_hold(suspensions: int, images: int, cv: float) -> None:
    rng = np.random.default_rng(7)
    true = (
        np.full((6000, suspensions), 50.0)
        if cv == 0
        else rng.gamma(1 / cv**2, 50 * cv**2, (6000, suspensions))
    )
    totals = rng.poisson(true * images)
    _, low, high, _, _ = suspension_interval(totals, np.full(suspensions, float(images)), 0.95)
    assert np.mean((low <= 50) & (high >= 50)) >= 0.93


def test_a_ratio_is_welchs_on_the_scale_of_logarithms() -> None:
    one, other = treatment_mean([[40], [50], [60]]), treatment_mean([[90], [100], [110], [100]])
    found = treatment_ratio(one, other)
    square = (100 / 3 / 50**2, 200 / 3 / 4 / 100**2)
    freedom = sum(square) ** 2 / (square[0] ** 2 / 2 + square[1] ** 2 / 3)
    assert found.ratio == pytest.approx(0.5)
    assert 2 < freedom < 5
    from scipy.stats import t

    half = t.ppf(0.975, freedom) * math.sqrt(sum(square))
    assert (found.low, found.high) == pytest.approx((0.5 * math.exp(-half), 0.5 * math.exp(half)))


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=3), min_size=2, max_size=4),
    st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=3), min_size=2, max_size=4),
)
def test_a_ratio_the_other_way_round_is_its_inverse(one: list[list[int]], other: list[list[int]]) -> None:
    there = treatment_ratio(treatment_mean(one), treatment_mean(other))
    back = treatment_ratio(treatment_mean(other), treatment_mean(one))
    assert there.low <= there.high
    for low, high in ((there.low, back.high), (back.low, there.high)):
        assert (math.isinf(high) and low == 0) or low * high == pytest.approx(1)


def test_a_reference_without_a_spore_leaves_the_upper_end_open() -> None:
    found = treatment_ratio(treatment_mean([[50], [60]]), treatment_mean([[0], [0]]))
    assert math.isinf(found.ratio)
    assert math.isinf(found.high)
    assert found.low > 10
    neither = treatment_ratio(treatment_mean([[0], [0]]), treatment_mean([[0], [0]]))
    assert math.isnan(neither.ratio)
    assert (neither.low, neither.high) == (0, math.inf)


def test_a_ratio_to_one_suspension_claims_no_interval() -> None:
    found = treatment_ratio(treatment_mean([[50], [60]]), treatment_mean([[10, 10]]))
    assert found.ratio == pytest.approx(5.5)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_ratios_need_one_confidence() -> None:
    with pytest.raises(SettingsError, match="confidence"):
        treatment_ratio(treatment_mean([[1]]), treatment_mean([[1]], confidence=0.9))
