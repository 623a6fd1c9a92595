"""What stands out and is no spore is found, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.training.distractors import MOST, find_distractors
from sporemetry.training.recipe_tables import CropSettings

SPORE, DUST, FAINT = (60, 60), (60, 140), (140, 140)


def slide() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A dark spore, dust as dark, and a spot a tenth as dark, with a little noise."""
    grey = np.full((200, 200), 180, dtype=np.float64)
    for (x, y), depth in ((SPORE, 90), (DUST, 90), (FAINT, 9)):
        spot = np.zeros_like(grey)
        cv2.ellipse(spot, (x, y), (9, 4), 30, 0, 360, 1.0, -1)
        grey -= depth * spot
    grey += np.random.default_rng(0).normal(0, 1, grey.shape)
    target = np.zeros(grey.shape, dtype=np.uint8)
    cv2.ellipse(target, SPORE, (9, 4), 30, 0, 360, 1, -1)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2), target


def places(found: NDArray[np.int64], width: int = 200) -> NDArray[np.int64]:
    """x and y of each."""
    return np.column_stack([found % width, found // width])


def test_dust_is_found_and_the_spore_is_not() -> None:
    pixels, target = slide()
    found = places(find_distractors(pixels, target))
    assert len(found)
    assert (np.hypot(*(found - DUST).T) < 14).all()


def test_what_is_ignored_is_no_place() -> None:
    pixels, target = slide()
    cv2.ellipse(target, DUST, (14, 14), 0, 0, 360, 255, -1)
    assert not len(find_distractors(pixels, target))


def test_without_spores_noise_is_the_measure() -> None:
    pixels, target = slide()
    found = places(find_distractors(pixels, np.zeros_like(target)))
    for x, y in (SPORE, DUST, FAINT):
        assert np.hypot(*(found - (x, y)).T).min() < 9
    flat = np.full((50, 60, 3), 90, dtype=np.uint8)
    assert not len(find_distractors(flat, np.zeros((50, 60), dtype=np.uint8)))


def test_no_more_than_so_many_are_kept() -> None:
    grey = np.full((1200, 1200), 200, dtype=np.uint8)
    grey[5::12, 5::12] = 20
    target = np.zeros(grey.shape, dtype=np.uint8)
    found = find_distractors(np.repeat(grey[..., None], 3, axis=2), target)
    assert len(found) == MOST
    assert (np.diff(found) > 0).all()


def test_the_shares_fit_into_one() -> None:
    assert CropSettings(foreground=0.6, distractor=0.4).distractor == 0.4
    with pytest.raises(SettingsError, match=r"crop\.distractor"):
        CropSettings(foreground=0.7, distractor=0.4)
