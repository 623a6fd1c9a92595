from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from sporemetry.counting.intervals import poisson_interval, rate_interval
from sporemetry.errors import SettingsError

# 95 % limits as printed in tables of the Poisson distribution (Garwood 1936).
PRINTED = {
    0: (0.0, 3.69),
    1: (0.0253, 5.57),
    2: (0.242, 7.22),
    5: (1.62, 11.67),
    10: (4.80, 18.39),
    20: (12.22, 30.89),
    50: (37.11, 65.92),
    100: (81.36, 121.63),
}


def at_most(count: int, mean: float) -> float:
    """P(X <= count) for a Poisson mean, summed term by term."""
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


@pytest.mark.parametrize(("count", "limits"), PRINTED.items())
def test_printed_table(count: int, limits: tuple[float, float]) -> None:
    digits = "{:.3g}" if count in (1, 2) else "{:.2f}"
    low, high = poisson_interval(count)
    assert float(digits.format(low)) == limits[0]
    assert float(f"{high:.2f}") == limits[1]


def test_no_spores_by_hand() -> None:
    # exp(-high) = 0.025
    low, high = poisson_interval(0)
    assert low == 0.0
    assert high == pytest.approx(-math.log(0.025), rel=1e-14)


@settings(deadline=None)
@given(st.integers(0, 10**7), st.floats(0.5, 0.9999))
def test_chi_squared_form(count: int, confidence: float) -> None:
    low, high = poisson_interval(count, confidence)
    tail = (1 - confidence) / 2
    expected_low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    assert low == pytest.approx(expected_low, rel=1e-9)
    assert high == pytest.approx(chi2.isf(tail, 2 * count + 2) / 2, rel=1e-9)


@settings(deadline=None)
@given(st.integers(1, 400), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_definition_by_summing_the_distribution(count: int, confidence: float) -> None:
    low, high = poisson_interval(count, confidence)
    tail = (1 - confidence) / 2
    assert 1 - at_most(count - 1, low) == pytest.approx(tail, abs=1e-10)
    assert at_most(count, high) == pytest.approx(tail, abs=1e-10)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_coverage_is_never_below_the_confidence(confidence: float) -> None:
    counts = np.arange(400)
    low, high = poisson_interval(counts, confidence)
    logarithm_of_factorial = np.array([math.lgamma(count + 1) for count in counts])
    for mean in np.geomspace(0.01, 250, 3000):
        probability = np.exp(counts * math.log(mean) - mean - logarithm_of_factorial)
        assert probability[(low <= mean) & (mean <= high)].sum() >= confidence - 1e-12


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(0.5, 0.99))
def test_order(count: int, confidence: float) -> None:
    low, high = poisson_interval(count, confidence)
    wider_low, wider_high = poisson_interval(count, confidence + 0.005)
    next_low, next_high = poisson_interval(count + 1, confidence)
    assert low <= count < high
    assert wider_low <= low
    assert wider_high > high
    assert next_low > low
    assert next_high > high


def test_arrays_keep_their_shape_and_agree_with_single_counts() -> None:
    counts = np.array([[0, 1, 2], [30, 400, 5000]])
    low, high = poisson_interval(counts)
    assert low.shape == high.shape == counts.shape
    for index, count in np.ndenumerate(counts):
        one_low, one_high = poisson_interval(int(count))
        assert low[index] == one_low
        assert high[index] == one_high
    empty_low, empty_high = poisson_interval([])
    assert empty_low.shape == empty_high.shape == (0,)


def test_kinds_of_numbers() -> None:
    assert poisson_interval(7) == poisson_interval(np.uint8(7)) == poisson_interval(7.0)
    assert all(type(limit) is float for limit in poisson_interval(np.int64(7)))


def test_rate_is_the_interval_over_the_exposure() -> None:
    assert rate_interval(10, 0.25) == tuple(4 * limit for limit in poisson_interval(10))
    low, high = rate_interval([0, 10], [2.0, 0.5])
    assert high[0] == poisson_interval(0)[1] / 2
    assert low[1] == poisson_interval(10)[0] * 2
    assert rate_interval(np.array([4, 9]), 3.0)[1][1] == poisson_interval(9)[1] / 3


@pytest.mark.parametrize("count", [-1, 2.5, float("nan"), float("inf"), [3, -2], "12", None, True, 10**30])
def test_wrong_counts(count: object) -> None:
    with pytest.raises(SettingsError, match="whole numbers"):
        poisson_interval(count)  # type: ignore[call-overload]


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 95, float("nan"), "0.95", [0.9, 0.95]])
def test_wrong_confidence(confidence: object) -> None:
    with pytest.raises(SettingsError, match="between 0 and 1"):
        poisson_interval(3, confidence)  # type: ignore[call-overload]


@pytest.mark.parametrize("exposure", [0, -1.0, float("nan"), float("inf")])
def test_wrong_exposure(exposure: float) -> None:
    with pytest.raises(SettingsError, match="above 0"):
        rate_interval(3, exposure)


def test_as_many_exposures_as_counts() -> None:
    with pytest.raises(SettingsError, match=r"one for each count \(shape \(3,\)\); found shape \(2,\)"):
        rate_interval([1, 2, 3], [1.0, 2.0])
