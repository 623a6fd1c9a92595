"""Touching spores apart by maps of middles and of borders."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import SettingsError
from sporemetry.instances.components import label_components
from sporemetry.instances.learned import LearnedSeparation, separate_by_borders, separate_by_centres
from sporemetry.training.heads import border_map, centre_map


def row_of_spores(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Ellipses side by side, each touching the next along its flank: no neck for a watershed to find."""
    labels = np.zeros((60, 20 + 13 * count), dtype=np.int32)
    for number in range(1, count + 1):
        cv2.ellipse(labels, (13 * number, 30), (24, 7), 90, 0, 360, number, -1)
    return labels


@pytest.mark.parametrize("separate", [separate_by_centres, separate_by_borders])
def test_true_maps_give_the_true_spores(separate: object) -> None:
    labels = row_of_spores(4)
    mask = labels > 0
    assert int(label_components(mask).max()) == 1
    if separate is separate_by_centres:
        found = separate_by_centres(mask, (centre_map(labels) / 255).astype(np.float32))
    else:
        found = separate_by_borders(mask, (border_map(labels) / 255).astype(np.float32))
    assert int(found.max()) == 4
    for number in range(1, 5):
        own = labels == number
        share = np.bincount(found[own]).max() / own.sum()
        assert share > 0.93


@given(st.integers(0, 2**32), st.floats(0, 1), st.integers(1, 40))
def test_whatever_the_map_says_nothing_is_lost_or_added(seed: int, level: float, min_area: int) -> None:
    rng = np.random.default_rng(seed)
    mask = cv2.GaussianBlur(rng.random((40, 50)), (0, 0), 2) > 0.5
    noise = rng.random((40, 50), dtype=np.float32)
    settings = LearnedSeparation(level=level, min_area=min_area, min_seed_area=int(rng.integers(1, 6)))
    components = label_components(mask)
    area = np.bincount(components.ravel())
    expected = mask & (area[components] >= min_area)
    for found in (separate_by_centres(mask, noise, settings), separate_by_borders(mask, noise, settings)):
        assert found.dtype == np.int32
        assert ((found > 0) == expected).all()
        sizes = np.bincount(found.ravel())[1:]
        assert (sizes >= min_area).all()
        # A label never joins two components, and the numbers have no gaps and follow their first pixels.
        for number in range(1, int(found.max()) + 1):
            assert len(np.unique(components[found == number])) == 1
        firsts = [int(np.flatnonzero(found == number)[0]) for number in range(1, int(found.max()) + 1)]
        assert firsts == sorted(firsts)


def test_a_component_without_a_seed_stays_whole() -> None:
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:12, 4:26] = True
    flat = np.zeros(mask.shape, dtype=np.float32)
    assert (separate_by_centres(mask, flat) == mask).all()
    assert (separate_by_borders(mask, flat + 1) == mask).all()


def test_nothing_in_it() -> None:
    nothing = np.zeros((7, 9), dtype=bool)
    assert not separate_by_centres(nothing, np.zeros((7, 9), np.float32)).any()
    assert separate_by_borders(np.zeros((0, 4), bool), np.zeros((0, 4), np.float32)).shape == (0, 4)


@pytest.mark.parametrize(
    ("mask", "learned"),
    [
        (np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.float32)),
        (np.zeros((3, 4), bool), np.zeros((4, 3), np.float32)),
        (np.zeros((3, 4), bool), np.zeros((3, 4), np.uint8)),
    ],
)
def test_other_arrays_are_refused(mask: np.ndarray, learned: np.ndarray) -> None:
    with pytest.raises(SettingsError, match="shape"):
        separate_by_centres(mask, learned)


@pytest.mark.parametrize(
    "wrong", [{"level": 1.5}, {"min_area": 0}, {"min_seed_area": 0}, {"max_hole_area": -1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        LearnedSeparation(**wrong)  # type: ignore[arg-type]
