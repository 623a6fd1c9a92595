"""The ring: where it is, where it never is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sporemetry.training.losses import RING_SHAPES, dilate, grown_label, pixel_weights

FOOTPRINTS = {
    "cross": lambda dy, dx, r: ((dy == 0) | (dx == 0)) & (abs(dy) <= r) & (abs(dx) <= r),
    "disc": lambda dy, dx, r: dy**2 + dx**2 <= r**2,
    "square": lambda dy, dx, r: (abs(dy) <= r) & (abs(dx) <= r),
}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31),
    st.tuples(st.integers(1, 3), st.integers(1, 14), st.integers(1, 14)),
    st.integers(0, 9),
    st.sampled_from(RING_SHAPES),
)
def test_it_is_scipys_dilation_of_each_picture(
    seed: int, shape: tuple[int, int, int], radius: int, name: str
) -> None:
    mask = np.random.default_rng(seed).random(shape) < 0.08
    dy, dx = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    footprint = FOOTPRINTS[name](dy, dx, radius)
    expected = np.stack([ndimage.binary_dilation(picture, footprint) for picture in mask])
    assert np.array_equal(dilate(torch.from_numpy(mask), radius, name).numpy(), expected)


@pytest.mark.parametrize("shape", RING_SHAPES)
def test_it_never_reaches_another_picture(shape: str) -> None:
    target = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
    target[1, 0, [0, 0, 7, 7], [0, 7, 0, 7]] = 1  # spores in all corners of the picture in the middle
    weights = pixel_weights(target, ratio=100.0, radius=5, shape=shape)
    assert torch.equal(weights[[0, 2]], torch.ones(2, 1, 8, 8))
    assert float(weights[1].max()) == 10


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 5), st.sampled_from(RING_SHAPES), st.sampled_from([255, 2, -1]))
def test_ignored_pixels_grow_no_ring_and_are_in_none(seed: int, radius: int, shape: str, ignore: int) -> None:
    rng = np.random.default_rng(seed)
    target = torch.from_numpy(rng.choice([0, 1, ignore], size=(2, 12, 9), p=[0.8, 0.1, 0.1]))
    grown = grown_label(target, radius, shape, ignore_index=ignore)
    without = torch.where(target == ignore, 0, target)
    assert torch.equal(grown, grown_label(without, radius, shape, ignore_index=None) & (target != ignore))


def test_all_ignored_has_no_ring_and_weighs_nothing() -> None:
    target = torch.full((2, 6, 6), 255, dtype=torch.uint8)
    assert not grown_label(target, 3).any()
    assert not pixel_weights(target, ratio=200.0, radius=3).any()


def test_the_papers_ring_of_a_solid_spore_is_the_authors_four_shifts() -> None:
    spore = torch.zeros(20, 20, dtype=torch.bool)
    spore[8:13, 7:12] = True
    shifted = [spore.roll(step, dim) for dim in (0, 1) for step in (-3, 3)]
    assert torch.equal(dilate(spore, 3), torch.stack([spore, *shifted]).any(dim=0))
