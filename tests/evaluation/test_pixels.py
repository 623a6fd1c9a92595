"""One confusion matrix: hand-computed cases, a count pixel by pixel, and the laws of IoU and Dice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.evaluation import Confusion, confusion

Mask = NDArray[np.bool_]
MASKS = st.tuples(*[arrays(np.bool_, (7, 9)) for _ in range(3)])


def test_hand_computed_matrix() -> None:
    predicted = np.array([[1, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
    truth = np.array([[0, 1, 1, 1], [1, 0, 0, 0]], dtype=bool)
    matrix = confusion(predicted, truth)
    assert matrix == Confusion(tp=2, fp=1, fn=2, tn=3)
    assert matrix.spore_iou == 2 / 5
    assert matrix.background_iou == 3 / 6
    assert matrix.mean_iou == pytest.approx(0.45)
    assert matrix.dice == 4 / 7


def test_ignored_pixels_neither_count_nor_err() -> None:
    predicted = np.array([[1, 1, 0, 0]], dtype=bool)
    truth = np.array([[1, 0, 1, 0]], dtype=bool)
    ignore = np.array([[0, 1, 1, 0]], dtype=bool)
    assert confusion(predicted, truth, ignore) == Confusion(tp=1, fp=0, fn=0, tn=1)
    nothing = confusion(predicted, truth, np.ones_like(ignore))
    assert nothing == Confusion(0, 0, 0, 0)
    assert math.isnan(nothing.mean_iou)


def test_predicting_nothing_at_a_ratio_of_200_scores_a_mean_iou_of_49_75() -> None:
    truth = np.zeros((201, 10), dtype=bool)
    truth[0] = True  # 10 spore pixels, 2000 of background
    matrix = confusion(np.zeros_like(truth), truth)
    assert matrix.mean_iou == pytest.approx((0 + 2000 / 2010) / 2)
    assert matrix.spore_iou == 0


def test_published_mean_ious_as_spore_ious() -> None:
    # 82.4, 89.1 and 91.0 of the paper's tables, at 205 background pixels a spore pixel.
    for mean_iou, spore_iou in ((0.824, 0.65), (0.891, 0.78), (0.910, 0.82)):
        # IoU = tp / (n + fp) with as many false as missed pixels e: (n - e) / (n + e)
        e = (1 - spore_iou) / (1 + spore_iou) * 1000
        matrix = Confusion(tp=round(1000 - e), fp=round(e), fn=round(e), tn=round(205_000 - e))
        assert matrix.mean_iou == pytest.approx(mean_iou, abs=0.003)


@pytest.mark.parametrize(
    ("predicted", "truth", "spore_iou", "mean_iou"),
    [
        pytest.param(0, 0, math.nan, math.nan, id="both empty: undefined"),
        pytest.param(1, 0, 0.0, 0.0, id="all false"),
        pytest.param(0, 1, 0.0, 0.0, id="all missed"),
        pytest.param(1, 1, 1.0, math.nan, id="no background: its IoU is undefined"),
    ],
)
def test_conventions_for_empty_and_full(
    predicted: int, truth: int, spore_iou: float, mean_iou: float
) -> None:
    matrix = confusion(np.full((3, 3), predicted, bool), np.full((3, 3), truth, bool))
    assert matrix.spore_iou == pytest.approx(spore_iou, nan_ok=True)
    assert matrix.mean_iou == pytest.approx(mean_iou, nan_ok=True)
    assert matrix.dice == pytest.approx(spore_iou, nan_ok=True)


def test_pictures_add_up_to_the_matrix_of_all_pixels() -> None:
    rng = np.random.default_rng(1)
    predicted, truth = rng.random((2, 20, 30)) < 0.3
    parts = [confusion(predicted[rows], truth[rows]) for rows in (slice(0, 7), slice(7, 20))]
    assert parts[0] + parts[1] == confusion(predicted, truth)


@given(MASKS)
@settings(deadline=None)
def test_agrees_with_a_count_pixel_by_pixel(masks: tuple[Mask, Mask, Mask]) -> None:
    predicted, truth, ignore = masks
    kinds = [
        (bool(p), bool(t)) for p, t, i in zip(predicted.flat, truth.flat, ignore.flat, strict=True) if not i
    ]
    expected = [kinds.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False))]
    assert confusion(predicted, truth, ignore) == Confusion(*expected)


@given(MASKS)
@settings(deadline=None)
def test_laws(masks: tuple[Mask, Mask, Mask]) -> None:
    predicted, truth, ignore = masks
    matrix, swapped = confusion(predicted, truth, ignore), confusion(truth, predicted, ignore)
    for flip in (np.flipud, np.fliplr, np.transpose):
        assert confusion(flip(predicted), flip(truth), flip(ignore)) == matrix
    for name in ("spore_iou", "background_iou", "mean_iou", "dice"):
        assert getattr(swapped, name) == pytest.approx(getattr(matrix, name), nan_ok=True)
    iou = matrix.spore_iou
    assert matrix.dice == pytest.approx(2 * iou / (1 + iou), nan_ok=True)
    assert confusion(truth, truth).spore_iou == pytest.approx(1.0 if truth.any() else math.nan, nan_ok=True)
