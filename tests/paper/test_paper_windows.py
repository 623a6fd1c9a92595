"""Which parts of pictures are shown, and what becomes of spores: by hand and by plain loops."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.paper.windows import (
    JOINED,
    LOST,
    PARTED,
    Window,
    adherent_pairs,
    coverage,
    found_spores,
    pair_state,
    richest_window,
    window_about,
)


@given(st.integers(0, 2**32 - 1))
def test_the_richest_window_holds_most(seed: int) -> None:
    generator = np.random.default_rng(seed)
    plane = generator.random(generator.integers(1, 12, 2)) < 0.3
    size = int(generator.integers(1, 14))
    window = richest_window(plane, size)
    side = min(size, *plane.shape)
    sums = {
        (top, left): int(plane[top : top + side, left : left + side].sum())
        for top in range(plane.shape[0] - side + 1)
        for left in range(plane.shape[1] - side + 1)
    }
    assert (window.top, window.left) == max(sums, key=lambda place: sums[place])
    assert window.cut(plane).shape == (side, side)


def test_a_window_about_a_pixel_stays_inside() -> None:
    assert window_about(0, 99, 20, (50, 100)) == Window(0, 0, 80, 20)
    assert window_about(25, 50, 20, (50, 100)) == Window(0, 15, 40, 20)
    assert window_about(25, 50, 200, (50, 100, 3)).size == 50
    first = Window(0, 0, 0, 10)
    assert first.overlaps(Window(0, 9, 9, 10))
    assert not first.overlaps(Window(0, 10, 0, 10))
    assert not first.overlaps(Window(1, 0, 0, 10))


@given(st.integers(0, 2**32 - 1))
def test_coverage_is_counted_spore_by_spore(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 5, generator.integers(1, 8, 2))
    mask = generator.random(truth.shape) < 0.5
    shares = coverage(truth, mask)
    for label in range(1, len(shares)):
        expected = mask[truth == label].mean() if (truth == label).any() else np.nan
        np.testing.assert_equal(shares[label], expected)
    assert set(found_spores(truth, mask)) == {
        label for label in range(1, len(shares)) if shares[label] >= 0.5
    }


@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_pairs_are_those_with_so_few_pixels_between(seed: int, gap: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.zeros((24, 24), dtype=np.int32)
    for label in range(1, 5):
        top, left = generator.integers(0, 20, 2)
        truth[top : top + 3, left : left + 3] = label
    found = {(pair.first, pair.second) for pair in adherent_pairs(truth, gap)}
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 3,) * 2)
    reach = {(row - gap - 1, column - gap - 1) for row, column in np.argwhere(kernel)}
    labels = [label for label in range(1, 5) if (truth == label).any()]
    expected = set()
    for place, first in enumerate(labels):
        for second in labels[place + 1 :]:
            apart = np.argwhere(truth == first)[:, None] - np.argwhere(truth == second)[None]
            if any(tuple(step) in reach for step in apart.reshape(-1, 2).tolist()):
                expected.add((first, second))
    assert found == expected


def test_two_spores_joined_parted_or_lost() -> None:
    truth = np.zeros((5, 12), dtype=np.int32)
    truth[1:4, 1:4], truth[1:4, 6:9] = 1, 2
    (pair,) = adherent_pairs(truth, 2)
    assert (pair.row, pair.column) == (2, 4)
    assert adherent_pairs(truth, 1) == []
    mask = truth > 0
    assert pair_state(pair, truth, mask) == PARTED
    mask[2, 4:6] = True
    assert pair_state(pair, truth, mask) == JOINED
    mask[1:4, 6:8] = False
    assert pair_state(pair, truth, mask) == LOST
