"""Counts: the worked example of Bland and Altman, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sporemetry.errors import SettingsError
from sporemetry.evaluation import count_agreement, spread

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=30)

# Peak expiratory flow (l/min), first readings of 17 people with the Wright and the mini Wright meter:
# Bland and Altman 1986, doi 10.1016/S0140-6736(86)90837-8, table 1.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_worked_example_of_bland_and_altman() -> None:
    agreement = count_agreement(WRIGHT, MINI)
    assert agreement.bias.mean == pytest.approx(-2.1, abs=0.05)
    assert agreement.bias.sd == pytest.approx(38.8, abs=0.05)
    # They print the interval of the bias as -22.0 to 17.8 (t = 2.12, standard error 9.4).
    assert (agreement.bias.low, agreement.bias.high) == pytest.approx((-22.0, 17.8), abs=0.15)
    # Their limits, -79.7 and 75.5, take 2 sd; ours take the 1.96 of their text.
    low, high = agreement.limits
    assert (low, high) == pytest.approx((-2.1176 - 1.96 * 38.765, -2.1176 + 1.96 * 38.765), abs=0.01)
    assert (low - 0.04 * 38.765, high + 0.04 * 38.765) == pytest.approx((-79.7, 75.5), abs=0.15)
    # The upper limit's interval is printed as 40.9 to 110.1: a half width of 34.6 (standard error 16.3).
    assert agreement.limits_half_interval == pytest.approx(34.6, abs=0.1)


def test_hand_computed_errors() -> None:
    agreement = count_agreement([12, 9, 0, 3], [10, 10, 0, 0])
    assert (agreement.predicted, agreement.truth) == (24, 20)
    assert agreement.relative_error == pytest.approx(0.2)
    assert agreement.mean_absolute_error == pytest.approx((2 + 1 + 0 + 3) / 4)
    assert agreement.bias.mean == pytest.approx(1.0)
    # Only the pictures with a true spore have a relative error: +20 % and -10 %.
    assert (agreement.relative_errors.mean, agreement.absolute_relative_errors.mean) == pytest.approx(
        (0.05, 0.15)
    )
    assert (agreement.relative_errors.n, agreement.relative_errors.undefined) == (2, 2)


def test_errors_that_cancel_show_in_the_absolute_error() -> None:
    agreement = count_agreement([20, 0], [10, 10])
    assert (agreement.relative_error, agreement.mean_absolute_error) == (0, 10)


def test_one_picture_has_no_limits() -> None:
    agreement = count_agreement([12], [10])
    assert agreement.bias.mean == 2
    assert all(map(math.isnan, (*agreement.limits, agreement.limits_half_interval, agreement.bias.sd)))


def test_blank_pictures_only() -> None:
    agreement = count_agreement([0, 0], [0, 0])
    assert math.isnan(agreement.relative_error)
    assert (agreement.mean_absolute_error, agreement.limits) == (0, (0, 0))


@pytest.mark.parametrize(("predicted", "truth"), [([], []), ([1], [1, 2])])
def test_nothing_to_compare(predicted: list[int], truth: list[int]) -> None:
    with pytest.raises(SettingsError, match="one count a picture"):
        count_agreement(predicted, truth)


@given(COUNTS)
@settings(deadline=None)
def test_laws(pairs: list[tuple[int, int]]) -> None:
    predicted, truth = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    agreement, swapped = count_agreement(predicted, truth), count_agreement(truth, predicted)
    assert swapped.bias.mean == pytest.approx(-agreement.bias.mean)
    assert swapped.limits == pytest.approx((-agreement.limits[1], -agreement.limits[0]))
    same = count_agreement(truth, truth)
    assert (same.bias.mean, same.mean_absolute_error, same.limits) == (0, 0, (0, 0))
    errors = np.subtract(predicted, truth)
    interval = stats.ttest_1samp(errors, 0).confidence_interval(0.95) if errors.std() > 0 else None
    if interval is not None:
        assert (agreement.bias.low, agreement.bias.high) == pytest.approx((interval.low, interval.high))


def test_spread_of_nothing_of_one_and_of_undefined() -> None:
    nothing, one = spread([]), spread([0.5, math.nan])
    assert (nothing.n, math.isnan(nothing.mean)) == (0, True)
    assert (one.mean, one.n, one.undefined, math.isnan(one.sd)) == (0.5, 1, 1, True)
    same = spread([0.25, 0.25])
    assert (same.mean, same.sd, same.low, same.high) == (0.25, 0, 0.25, 0.25)
    cut = spread([0.9, 1.0]).clipped(0, 1)
    assert (cut.high, cut.low < 0.9) == (1, True)
