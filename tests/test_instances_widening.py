"""Outlines set out: nothing is lost, nothing is joined, and it goes as far as it is let."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from tests.drawing import MaskArray

from sporemetry.instances import label_components, widen

MASKS = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))
SQUARE = np.ones((3, 3), dtype=np.bool_)


@settings(max_examples=200, deadline=None)
@given(MASKS, st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_spores_keep_their_pixels_and_gain_those_in_reach(mask: MaskArray, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    beside = rng.random(mask.shape) < 0.5
    chance = rng.random(mask.shape).astype(np.float32)
    labels = label_components(mask)
    wide = widen(labels, chance, beside, most=most)
    assert wide.dtype == np.int32
    assert wide.max(initial=0) == labels.max(initial=0)
    # Which are taken is what a dilation inside the allowed pixels says.
    reached = ndimage.binary_dilation(mask, SQUARE, iterations=most, mask=mask | beside) if most else mask
    np.testing.assert_array_equal(wide > 0, reached)
    for number in range(1, int(wide.max(initial=0)) + 1):
        own = np.unique(labels[(wide == number) & mask])
        assert len(own) == 1
        assert ((labels == own[0]) <= (wide == number)).all()
        assert ndimage.label(wide == number, SQUARE)[1] == 1


def test_a_pixel_between_two_goes_to_the_surer() -> None:
    labels = np.array([[1, 0, 2]], dtype=np.int32)
    beside = labels == 0
    for first, owner in ((0.9, 1), (0.6, 2)):
        chance = np.array([[first, 0.4, 0.7]], dtype=np.float32)
        assert widen(labels, chance, beside, most=3).tolist() == [[1, owner, 2]]


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90])
def test_labels_turn_with_the_picture(turn) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(2)
    chance = ndimage.gaussian_filter(rng.random((60, 80)), 2).astype(np.float32)
    mask, beside = chance > 0.55, chance > 0.52
    wide = widen(label_components(mask), chance, beside, most=5)
    turned = widen(label_components(turn(mask)), turn(chance), turn(beside), most=5)
    pairs = {(int(a), int(b)) for a, b in zip(turn(wide).ravel(), turned.ravel(), strict=True)}
    assert len(pairs) == wide.max() + 1


def test_nothing_stays_nothing() -> None:
    nothing = np.zeros((4, 5), dtype=np.int32)
    everywhere = np.ones((4, 5), dtype=np.bool_)
    assert not widen(nothing, np.ones((4, 5), dtype=np.float32), everywhere, most=9).any()
    assert widen(nothing[:0], np.ones((0, 5), dtype=np.float32), everywhere[:0], most=9).shape == (0, 5)
