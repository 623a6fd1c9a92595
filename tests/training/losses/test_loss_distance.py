"""Distances pixel by pixel: U-Net's weights and the signed distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sporemetry.training.losses import (
    boundary_loss,
    ce_loss,
    cfl_loss,
    dice_boundary_loss,
    dice_loss,
    distance_weighted_ce_loss,
    gap_weights,
    signed_distance,
)


def distances(points: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each pixel's distance to the nearest of some pixels, by trying all of them."""
    rows, columns = np.indices(points.shape)
    found = np.argwhere(points)
    return np.min([np.hypot(rows - row, columns - column) for row, column in found], axis=0)  # type: ignore[no-any-return]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 5), st.floats(0.5, 8), st.floats(0.1, 20))
def test_gap_weights_are_those_of_the_equation(seed: int, spores: int, sigma: float, w0: float) -> None:
    rng = np.random.default_rng(seed)
    labels = np.zeros((25, 31), np.int32)
    for number in range(1, spores + 1):
        top, left = rng.integers(0, 21), rng.integers(0, 27)
        labels[top : top + rng.integers(1, 5), left : left + rng.integers(1, 5)] = number
    left_over = [number for number in range(1, spores + 1) if (labels == number).any()]
    expected = np.zeros(labels.shape)
    if len(left_over) >= 2:
        each = np.sort([distances(labels == number) for number in left_over], axis=0)
        expected = w0 * np.exp(-((each[0] + each[1]) ** 2) / (2 * sigma**2)) * (labels == 0)
    np.testing.assert_allclose(gap_weights(labels, w0=w0, sigma=sigma), expected, atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1))
def test_signed_distance_is_that_to_the_other_side(seed: int, density: float) -> None:
    mask = np.random.default_rng(seed).random((9, 11)) < density
    expected = np.zeros(mask.shape)
    if mask.any() and not mask.all():
        expected = np.where(mask, 1 - distances(~mask), distances(mask))
    np.testing.assert_allclose(signed_distance(mask), expected, rtol=1e-6)


def test_u_nets_loss_weighs_the_classes_and_the_gap() -> None:
    logits = torch.linspace(-3, 3, 14, dtype=torch.float64).reshape(2, 1, 1, 7)
    target = torch.tensor([[[1, 0, 0, 1, 0, 255, 0]], [[0, 0, 0, 1, 0, 0, 0]]])
    weights = torch.tensor([[[4.0, 1, 1, 4, 1, 0, 1]], [[1, 1, 1, 4, 1, 1, 1]]]).double()
    gap = {1: (1, 2), 2: (2, 1), 4: (1, 4), 6: (3, 6)}
    for column, (d1, d2) in gap.items():
        weights[0, 0, column] += 10 * math.exp(-((d1 + d2) ** 2) / 50)
    losses = ce_loss(logits, target, reduction="none")[:, 0] * weights
    torch.testing.assert_close(distance_weighted_ce_loss(logits, target, ratio=4.0), losses.sum() / 13)
    found = distance_weighted_ce_loss(logits, target, ratio=4.0, normalize="weights")
    torch.testing.assert_close(found, losses.sum() / weights.sum())
    torch.testing.assert_close(
        distance_weighted_ce_loss(logits, target, ratio=4.0, reduction="none")[:, 0], losses
    )


def test_one_spore_has_no_gap_and_leaves_cfl() -> None:
    logits = torch.randn(2, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(2, 9, 9, dtype=torch.uint8)
    target[:, 2:5, 2:5] = 1  # one in each picture: pictures do not see one another
    found = distance_weighted_ce_loss(logits, target, ratio=9.0, beta=2.0)
    torch.testing.assert_close(found, cfl_loss(logits, target, ratio=9.0, beta=2.0))


def test_ignored_pixels_are_no_spores_and_cost_nothing_in_the_boundary_loss() -> None:
    logits = torch.zeros(1, 1, 5)
    target = torch.tensor([[[255, 0, 0, 1, 255]]])
    assert float(boundary_loss(logits, target)) == pytest.approx(0.5 * (2 + 1 + 0) / 3)


def test_dice_with_boundary_adds_both() -> None:
    logits = torch.randn(2, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    target = (torch.rand(2, 9, 9, generator=torch.Generator().manual_seed(1)) < 0.2).long()
    expected = dice_loss(logits, target) + 0.5 * boundary_loss(logits, target)
    torch.testing.assert_close(dice_boundary_loss(logits, target, boundary_weight=0.5), expected)
