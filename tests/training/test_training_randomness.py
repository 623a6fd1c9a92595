"""Randomness and learning rate are functions of their arguments alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.training.randomness import generator, picture_of, step_seed
from sporemetry.training.recipe_tables import OptimizerSettings
from sporemetry.training.schedule import learning_rate

seeds = st.integers(0, 2**63 - 1)
CROP_DRAWS = [40, 342, 837, 771]
STEP_SEEDS = [8402077650671592862, 6767143458829290402]
ORDERS = [0, 3, 1, 6, 4, 2, 5, 5, 4, 2, 6, 0, 1, 3]

indices = st.integers(0, 10**9)


@given(seeds, indices, st.integers(0, 1000))
def test_draws_depend_on_seed_purpose_and_index_alone(seed: int, index: int, noise: int) -> None:
    first = generator(seed, "crop", index).random(4)
    np.random.seed(noise)  # noqa: NPY002
    generator(seed, "crop", index + 1).random(noise)
    assert (generator(seed, "crop", index).random(4) == first).all()
    others = [(seed, "order", index), (seed, "crop", index + 1), (seed ^ 1, "crop", index)]
    for other in others:
        assert not (generator(*other).random(4) == first).any()


def test_purposes_and_neighbours_are_not_correlated() -> None:
    crops = np.array([generator(5, "crop", index).random() for index in range(4000)])
    orders = np.array([generator(5, "order", index).random() for index in range(4000)])
    # 4 standard deviations of a correlation of 4000 independent pairs.
    assert abs(np.corrcoef(crops, orders)[0, 1]) < 4 / math.sqrt(4000)
    assert abs(np.corrcoef(crops[1:], crops[:-1])[0, 1]) < 4 / math.sqrt(4000)
    assert abs(crops.mean() - 0.5) < 4 * math.sqrt(1 / 12 / 4000)


def test_draws_stay_what_they_are() -> None:
    """A change here makes every run on disk go on otherwise than it began."""
    assert generator(0, "crop", 0).integers(1000, size=4).tolist() == CROP_DRAWS
    assert [step_seed(0, 1), step_seed(0, 1, 1)] == STEP_SEEDS
    assert [picture_of(1, sample, 7) for sample in range(14)] == ORDERS


@given(seeds, st.integers(0, 10**8), st.integers(0, 64))
def test_step_seeds_differ_by_step_rank_and_seed(seed: int, step: int, rank: int) -> None:
    base = step_seed(seed, step, rank)
    assert 0 <= base < 2**63
    assert base == step_seed(seed, step, rank)
    assert len({base, step_seed(seed, step + 1, rank), step_seed(seed, step, rank + 1)}) == 3
    assert base != step_seed(seed ^ 1, step, rank)
    torch.Generator().manual_seed(base)  # takes it


@given(seeds, st.integers(1, 40), st.integers(0, 10**4))
def test_every_picture_comes_once_an_epoch(seed: int, pictures: int, epoch: int) -> None:
    first = epoch * pictures
    drawn = [picture_of(seed, sample, pictures) for sample in range(first, first + pictures)]
    assert sorted(drawn) == list(range(pictures))
    # In any order of asking, for workers ask in theirs.
    again = [picture_of(seed, sample, pictures) for sample in reversed(range(first, first + pictures))]
    assert again[::-1] == drawn


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {
        tuple(picture_of(seed, sample, 30) for sample in range(epoch * 30, epoch * 30 + 30))
        for seed in range(5)
        for epoch in range(5)
    }
    assert len(orders) == 25


@pytest.mark.parametrize(
    ("step", "expected"),
    # 0.007 (1 - t/T)^0.9 by hand, T = 18,200
    [
        (0, 0.007),
        (9100, 0.007 * 0.5**0.9),
        (13_650, 0.007 * 0.25**0.9),
        (18_199, 0.007 * (1 / 18_200) ** 0.9),
    ],
)
def test_poly_is_that_of_the_paper(step: int, expected: float) -> None:
    assert learning_rate(OptimizerSettings(), step, 18_200) == pytest.approx(expected, rel=1e-12)


def test_poly_at_half_is_its_number() -> None:
    assert learning_rate(OptimizerSettings(), 50, 100) == pytest.approx(0.00375121, abs=5e-9)
    square = OptimizerSettings(learning_rate=1.0, power=2.0)
    assert [learning_rate(square, step, 4) for step in range(4)] == [1.0, 0.5625, 0.25, 0.0625]


def test_cosine_after_a_warm_up() -> None:
    settings = OptimizerSettings(learning_rate=2.0, schedule="cosine", warmup=4)
    rates = [learning_rate(settings, step, 10) for step in range(10)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4] == 2.0
    # A sixth, a third, a half, ... of half a cosine from 2 to 0.
    expected = [1 + math.sqrt(3) / 2, 1.5, 1.0, 0.5, 1 - math.sqrt(3) / 2]
    assert rates[5:] == pytest.approx(expected, abs=1e-12)


def test_constant_stays() -> None:
    settings = OptimizerSettings(learning_rate=0.3, schedule="constant", warmup=2)
    assert [learning_rate(settings, step, 5) for step in range(5)] == [0.15, 0.3, 0.3, 0.3, 0.3]


@given(
    st.sampled_from(["poly", "cosine", "constant"]),
    st.integers(0, 50),
    st.integers(1, 100),
    st.floats(0, 3),
)
def test_rates_rise_then_fall_within_bounds(schedule: Any, warmup: int, steps: int, power: float) -> None:
    settings = OptimizerSettings(
        learning_rate=0.5,
        schedule=schedule,
        warmup=warmup,
        power=power,
    )
    rates = [learning_rate(settings, step, steps) for step in range(steps)]
    assert all(0 < rate <= 0.5 for rate in rates)
    warm, after = rates[:warmup], rates[warmup:]
    assert warm == sorted(warm)
    assert after == sorted(after, reverse=True)
