"""Spores found, merged and split: hand-drawn cases and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.evaluation import (
    EvaluationSettings,
    InstanceTally,
    count_merges,
    count_splits,
    find_overlaps,
    tally_instances,
)

Labels = NDArray[np.int32]
LABELS = arrays(np.int32, (6, 8), elements=st.integers(0, 5), fill=st.nothing())


def row(text: str) -> Labels:
    """A one-row label image: a digit a pixel, '.' for background."""
    return np.array([[0 if sign == "." else int(sign) for sign in text]], dtype=np.int32)


def tally(predicted: Labels, truth: Labels, **settings_: float) -> InstanceTally:
    return tally_instances(find_overlaps(predicted, truth), EvaluationSettings(**settings_))  # type: ignore[arg-type]


def test_hand_computed_scores() -> None:
    truth = row("1111.2222...3333..4444........")
    predicted = row("1111.222....33.......444..555.")
    scores = tally(predicted, truth)
    # 1: 4/4; 2: 3/4; 3: 2/4; 4: 1 of 4 + 2 = 1/6, no match.
    assert (scores.predicted, scores.truth, scores.matched) == (5, 4, 3)
    assert (scores.precision, scores.recall, scores.f1) == (3 / 5, 3 / 4, 6 / 9)
    assert scores.segmentation_quality == pytest.approx((1 + 3 / 4 + 1 / 2) / 3)
    assert scores.panoptic_quality == pytest.approx((1 + 3 / 4 + 1 / 2) / (3 + 2 / 2 + 1 / 2))
    assert scores.panoptic_quality == pytest.approx(scores.f1 * scores.segmentation_quality)
    #        0.50, then 0.55 to 0.75, then 0.80 to 0.95
    assert scores.swept == (3, 2, 2, 2, 2, 2, 1, 1, 1, 1)
    assert scores.mean_f1 == pytest.approx(2 * (3 + 5 * 2 + 4 * 1) / 9 / 10)


@pytest.mark.parametrize(
    ("predicted", "truth", "merges", "splits"),
    [
        pytest.param("111111", "11..22", 1, 0, id="one over two"),
        pytest.param("11..22", "111111", 0, 1, id="two in one"),
        pytest.param("11..22", "11..22", 0, 0, id="both right"),
        pytest.param("111111", "112233", 1, 0, id="three swallowed are one merge"),
        pytest.param("112233", "111111", 0, 1, id="three pieces are one split"),
        pytest.param("1111..", "11.222", 0, 0, id="covers less than half of the second"),
        pytest.param("1111..", "11.22.", 1, 0, id="covers exactly half of the second"),
        pytest.param("1.2...", "111111", 0, 1, id="two specks count a spore twice"),
        pytest.param("1.2222222", "111......", 0, 0, id="the second lies mostly outside"),
        pytest.param(
            "1111111111", "11......22", 1, 0, id="a blob over background swallows them all the same"
        ),
        pytest.param(
            "111122", "112222", 1, 1, id="a shifted cut: one over 1 and half of 2, both partly in 2"
        ),
        pytest.param("......", "11..22", 0, 0, id="nothing predicted"),
        pytest.param("11..22", "......", 0, 0, id="nothing true"),
    ],
)
def test_merges_and_splits(predicted: str, truth: str, merges: int, splits: int) -> None:
    overlaps = find_overlaps(row(predicted), row(truth))
    assert (count_merges(overlaps), count_splits(overlaps)) == (merges, splits)


@given(LABELS, LABELS, st.permutations(range(1, 6)), st.permutations(range(1, 6)))
@settings(deadline=None)
def test_laws(predicted: Labels, truth: Labels, new: list[int], other: list[int]) -> None:
    scores = tally(predicted, truth)
    names = tally(np.array([0, *new], np.int32)[predicted], np.array([0, *other], np.int32)[truth])
    assert names.iou_sum == pytest.approx(scores.iou_sum)
    assert (names.matched, names.swept, names.merges, names.splits) == (
        scores.matched, scores.swept, scores.merges, scores.splits,
    )  # fmt: skip
    swapped = tally(truth, predicted)
    assert (swapped.merges, swapped.splits) == (scores.splits, scores.merges)
    assert swapped.swept == scores.swept
    assert swapped.f1 == pytest.approx(scores.f1, nan_ok=True)
    for flip in (np.flipud, np.fliplr, np.transpose):
        assert tally(flip(predicted), flip(truth)).swept == scores.swept
    assert list(scores.swept) == sorted(scores.swept, reverse=True)
    assert scores.matched == scores.swept[0]


@given(LABELS)
@settings(deadline=None)
def test_identity_is_perfect(labels: Labels) -> None:
    scores = tally(labels, labels)
    expected = 1.0 if labels.any() else math.nan
    values = (scores.f1, scores.mean_f1, scores.segmentation_quality, scores.panoptic_quality)
    assert values == pytest.approx((expected,) * 4, nan_ok=True)
    assert (scores.merges, scores.splits) == (0, 0)


@given(LABELS, LABELS, st.integers(1, 5))
@settings(deadline=None)
def test_one_false_spore_more_lowers_precision_only(predicted: Labels, truth: Labels, size: int) -> None:
    before = tally(predicted, truth)
    wider = [np.pad(labels, ((0, 0), (0, 10))) for labels in (predicted, truth)]
    wider[0][0, 9 : 9 + size] = 6
    after = tally(*wider)
    assert (after.matched, after.truth, after.predicted) == (
        before.matched,
        before.truth,
        before.predicted + 1,
    )


def test_empty_sides() -> None:
    nothing, spore = row("......"), row("111...")
    missed, false, both = tally(nothing, spore), tally(spore, nothing), tally(nothing, nothing)
    assert (missed.recall, missed.f1, missed.panoptic_quality) == (0, 0, 0)
    assert math.isnan(missed.precision)
    assert (false.precision, false.f1) == (0, 0)
    assert math.isnan(false.recall)
    assert all(math.isnan(value) for value in (both.f1, both.mean_f1, both.panoptic_quality))
    assert math.isnan(false.segmentation_quality)


def test_pictures_add_up() -> None:
    one, two = tally(row("11.22"), row("11.2.")), tally(row("1111."), row("11.22"))
    both = tally(np.vstack([row("11.22"), row("3333.")]), np.vstack([row("11.2."), row("33.44")]))
    assert one + two == both
