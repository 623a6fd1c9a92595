from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare, t

from sporemetry.counting.intervals import poisson_interval
from sporemetry.counting.replicates import PooledCount, pool_counts
from sporemetry.errors import SettingsError

# Student (1907), doi:10.1093/biomet/5.3.351: yeast cells in 400 squares of a haemocytometer; how many squares
# held 0, 1, 2, ... cells in the first and in the fourth of his samples, and the means and variances
# (divisor 400) that he prints.
STUDENT = [
    ([213, 128, 37, 18, 3, 1], 0.6825, 0.8117),
    ([0, 20, 43, 53, 86, 70, 54, 37, 18, 10, 5, 2, 2], 4.68, 4.46),
]


def cells(squares: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(squares)), squares)


@pytest.mark.parametrize(("squares", "mean", "variance"), STUDENT)
def test_students_yeast(squares: list[int], mean: float, variance: float) -> None:
    pooled = pool_counts(cells(squares))
    assert pooled.pictures == 400
    assert pooled.mean == pytest.approx(mean, abs=1e-9)
    assert pooled.variance * 399 / 400 == pytest.approx(variance, abs=0.005)
    assert pooled.variance_to_mean == pytest.approx(pooled.variance / pooled.mean)
    # The first sample varies more than Poisson counts do, the fourth does not.
    assert pooled.widened == (mean < 1)
    assert (pooled.dispersion_p < 0.01) == (mean < 1)


def test_by_hand() -> None:
    # 8, 12, 10, 30: mean 15, squares 49 + 9 + 25 + 225 = 308, variance 308/3, X² = 308/15
    pooled = pool_counts([8, 12, 10, 30])
    assert (pooled.total, pooled.pictures, pooled.mean) == (60, 4, 15.0)
    assert pooled.variance == pytest.approx(308 / 3)
    assert pooled.variance_to_mean == pytest.approx(308 / 45)
    assert pooled.dispersion_p == pytest.approx(chi2.sf(308 / 15, 3))
    assert (pooled.poisson_low, pooled.poisson_high) == poisson_interval(60)
    # phi = (308/15 + 1) / 4, times (t with 4 degrees of freedom / z)² = (2.7764 / 1.9600)²
    phi = (308 / 15 + 1) / 4 * (2.776445 / 1.959964) ** 2
    assert pooled.widened
    assert pooled.low == pytest.approx(phi * chi2.ppf(0.025, 2 * 60 / phi) / 2, rel=1e-5)
    assert pooled.high == pytest.approx(phi * chi2.ppf(0.975, 2 * 60 / phi + 2) / 2, rel=1e-5)
    assert (pooled.rate, pooled.rate_high) == (15.0, pooled.high / 4)


def test_unequal_exposures_by_hand() -> None:
    # 30 spores on 1 + 2 mm²: 10 and 20 expected, 16 and 14 found: X² = 3.6 + 1.8
    pooled = pool_counts([16, 14], [1.0, 2.0])
    assert pooled.variance_to_mean == pytest.approx(5.4)
    assert pooled.dispersion_p == pytest.approx(chisquare([16, 14], [10, 20]).pvalue)
    assert (pooled.rate, pooled.exposure) == (10.0, 3.0)
    assert (pooled.mean, pooled.variance) == (15.0, 2.0)
    # Counts in proportion to the exposures have no spread at all.
    assert pool_counts([10, 20], [1.0, 2.0]).variance_to_mean == pytest.approx(0.0)


def test_one_picture_has_no_spread() -> None:
    pooled = pool_counts([25], [0.5])
    assert math.isnan(pooled.variance)
    assert math.isnan(pooled.variance_to_mean)
    assert math.isnan(pooled.dispersion_p)
    assert not pooled.widened
    assert (pooled.low, pooled.high) == poisson_interval(25) == (pooled.poisson_low, pooled.poisson_high)
    assert (pooled.rate, pooled.rate_low) == (50.0, pooled.low * 2)


@pytest.mark.parametrize("pictures", [1, 2, 7])
def test_no_spores(pictures: int) -> None:
    pooled = pool_counts([0] * pictures)
    assert (pooled.total, pooled.low, pooled.rate) == (0, 0.0, 0.0)
    assert pooled.high == pytest.approx(3.6889, rel=1e-4)
    assert pooled.rate_high == pytest.approx(3.6889 / pictures, rel=1e-4)
    assert math.isnan(pooled.variance_to_mean)
    assert not pooled.widened


counts_of_pictures = st.lists(st.integers(0, 500), min_size=1, max_size=30)


@settings(deadline=None, max_examples=300)
@given(counts_of_pictures, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_never_narrower_than_poisson(counts: list[int], confidence: float) -> None:
    pooled = pool_counts(counts, confidence=confidence)
    assert 0 <= pooled.low <= pooled.poisson_low <= pooled.total <= pooled.poisson_high <= pooled.high
    assert pooled.widened == (pooled.variance_to_mean > 1)
    if pooled.widened:
        assert pooled.high > pooled.poisson_high
    else:
        assert (pooled.low, pooled.high) == (pooled.poisson_low, pooled.poisson_high)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0.1, 10)), min_size=1, max_size=12), st.randoms())
def test_the_order_of_pictures_does_not_matter(pairs: list[tuple[int, float]], random: object) -> None:
    shuffled = sorted(pairs, key=lambda _: random.random())  # type: ignore[attr-defined]
    one = pool_counts(*map(list, zip(*pairs, strict=True)))  # type: ignore[arg-type]
    other = pool_counts(*map(list, zip(*shuffled, strict=True)))  # type: ignore[arg-type]
    assert values(one) == pytest.approx(values(other), rel=1e-6, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(counts_of_pictures, st.floats(0.01, 100))
def test_the_unit_of_exposure_only_scales_the_rate(counts: list[int], factor: float) -> None:
    plain = pool_counts(counts)
    scaled = pool_counts(counts, [factor] * len(counts))
    assert scaled.high == pytest.approx(plain.high)
    assert scaled.rate_high * factor == pytest.approx(plain.rate_high)
    assert scaled.variance_to_mean == pytest.approx(plain.variance_to_mean, nan_ok=True)


def test_more_spread_widens_more() -> None:
    highs = [pool_counts([50 - step, 50, 50 + step]).high for step in (10, 20, 30, 40)]
    assert highs == sorted(highs)
    assert highs[0] < highs[-1]


def test_two_pictures_do_not_give_an_absurd_interval() -> None:
    # Student's t with one degree of freedom would reach from 0 to three times the total.
    pooled = pool_counts([40, 60])
    reach = t.ppf(0.975, 1) * math.sqrt(pooled.variance_to_mean * 100)
    assert 100 + reach > 270
    assert 40 < pooled.low < pooled.poisson_low
    assert pooled.poisson_high < pooled.high < 200


def values(pooled: PooledCount) -> list[float]:
    return [float(value) for value in vars(pooled).values()]


@pytest.mark.parametrize("counts", [[], [-1], [1.5], [[1, 2], [3, 4]], [float("nan")], 7, [None], "12"])
def test_wrong_counts(counts: list[int]) -> None:
    with pytest.raises(SettingsError, match="counts"):
        pool_counts(counts)


@pytest.mark.parametrize("exposures", [[1.0], [1.0, 0.0], [1.0, -2.0], [1.0, float("nan")], 2.0])
def test_wrong_exposures(exposures: list[float]) -> None:
    with pytest.raises(SettingsError, match="exposures"):
        pool_counts([1, 2], exposures)


def test_wrong_confidence() -> None:
    with pytest.raises(SettingsError, match="confidence"):
        pool_counts([1, 2], confidence=95)
