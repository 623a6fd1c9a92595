"""The tuned threshold against counting at every threshold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sporemetry.errors import SettingsError
from sporemetry.evaluation.pixels import confusion
from sporemetry.training.threshold import ThresholdCurve

PIXELS = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 20).map(lambda k: k / 20), st.floats(0, 1), st.floats(0, 1, width=32), st.just(0.1)
        ),
        st.sampled_from([0, 1, 255]),
    ),
    max_size=30,
)


def tensors(pixels: list[tuple[float, int]], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    probability = torch.tensor([p for p, _ in pixels], dtype=dtype)
    return probability, torch.tensor([y for _, y in pixels], dtype=torch.uint8)


@settings(max_examples=60, deadline=None)
@given(PIXELS, st.sampled_from([torch.float32, torch.float64, torch.float16]), st.integers(1, 25))
def test_it_is_what_counting_at_each_threshold_gives(
    pixels: list[tuple[float, int]], dtype: torch.dtype, steps: int
) -> None:
    probability, target = tensors(pixels, dtype)
    curve = ThresholdCurve(steps)
    curve.add(probability, target)
    truth = target.numpy()
    for threshold, found in zip(curve.thresholds, curve.confusions(), strict=True):
        predicted = probability.double().numpy() >= threshold
        assert found == confusion(predicted, truth == 1, truth == 255)


@settings(max_examples=40, deadline=None)
@given(PIXELS, st.integers(0, 30))
def test_parts_add_up_to_the_whole(pixels: list[tuple[float, int]], cut: int) -> None:
    probability, target = tensors(pixels, torch.float32)
    whole, first, second = ThresholdCurve(20), ThresholdCurve(20), ThresholdCurve(20)
    whole.add(probability, target)
    first.add(probability[:cut], target[:cut])
    second.add(probability[cut:], target[cut:])
    assert (first + second).confusions() == whole.confusions() == (second + first).confusions()


@settings(max_examples=40, deadline=None)
@given(PIXELS, st.sampled_from(["spore_iou", "mean_iou"]))
@example([(1.0, 1)], "mean_iou")
def test_no_threshold_beats_the_best(pixels: list[tuple[float, int]], score: str) -> None:
    probability, target = tensors(pixels, torch.float32)
    curve = ThresholdCurve(20)
    curve.add(probability, target)
    if not bool((target == 1).any()):
        with pytest.raises(SettingsError, match="no spore pixel"):
            curve.best(score)
        return
    best = curve.best(score)
    scores = np.array([getattr(found, score) for found in curve.confusions()])
    if np.isnan(scores).all():  # pixels of spores alone, all found: there is no background to score
        assert np.isnan(best.score)
        assert best.threshold == 0.5
        return
    assert best.score == np.nanmax(scores)
    equal = np.abs(curve.thresholds[scores == best.score] - 0.5)
    assert abs(best.threshold - 0.5) == equal.min()


def test_a_weight_of_w_moves_the_threshold_to_one_over_one_plus_w() -> None:
    # Of 1000 pixels at each probability p, 1000 p are spore. Weight w shifts logits by log w.
    levels = torch.arange(1, 1000) / 1000.0
    pixels = levels.repeat_interleave(1000)
    target = (torch.arange(1000).repeat(999) < (levels * 1000).round().repeat_interleave(1000)).to(
        torch.uint8
    )
    plain, weighted = ThresholdCurve(), ThresholdCurve()
    plain.add(pixels, target)
    weighted.add(torch.sigmoid(torch.logit(pixels.double()) + np.log(9.0)), target)
    moved = plain.best().threshold / (1 - plain.best().threshold) * 9
    assert weighted.best().threshold == pytest.approx(moved / (1 + moved), abs=2e-3)
    assert weighted.best().score == pytest.approx(plain.best().score, abs=1e-3)


@pytest.mark.parametrize(
    ("probability", "target"),
    [
        (torch.tensor([0.5]), torch.tensor([0, 1])),
        (torch.tensor([1.5]), torch.tensor([1])),
        (torch.tensor([float("nan")]), torch.tensor([1])),
        (torch.tensor([0.5]), torch.tensor([7])),
    ],
)
def test_wrong_pixels_are_refused(probability: torch.Tensor, target: torch.Tensor) -> None:
    with pytest.raises(SettingsError):
        ThresholdCurve().add(probability, target)


def test_other_steps_and_scores_are_refused() -> None:
    with pytest.raises(SettingsError, match="steps"):
        ThresholdCurve(0)
    with pytest.raises(SettingsError, match="steps"):
        ThresholdCurve(10) + ThresholdCurve(20)
    with pytest.raises(SettingsError, match="spore_iou or mean_iou"):
        ThresholdCurve().best("f1")


def test_ignored_pixels_may_hold_anything() -> None:
    curve = ThresholdCurve()
    curve.add(torch.tensor([float("nan"), 0.7]), torch.tensor([255, 1]))
    assert curve.best().score == 1.0


def test_a_network_that_has_found_nothing_is_read_at_one_half() -> None:
    target = torch.zeros(1000, dtype=torch.int64)
    target[:5] = 1
    # Spores are the least likely pixels: nothing beats calling every pixel spore.
    curve = ThresholdCurve(steps=100)
    curve.add(torch.linspace(0.001, 0.1, 1000), target)
    assert curve.best().threshold == 0
    tuned = curve.tuned()
    assert (tuned.threshold, tuned.score) == (0.5, 0)
    assert (tuned.confusion.tp, tuned.confusion.fp) == (0, 0)
    # The same network the right way round.
    curve = ThresholdCurve(steps=100)
    curve.add(torch.linspace(0.1, 0.001, 1000), target)
    assert curve.tuned() == curve.best()
    assert curve.tuned().threshold == 0.1
    with pytest.raises(SettingsError, match="no spore pixel"):
        ThresholdCurve().tuned()
