"""Rings around objects without an outline."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.overlay import draw_overlay
from sporemetry.overlay.rings import YELLOW

PLACES = np.array([[150.0, 200.0, 40.0], [250.0, 90.0, 20.0]])


def drawn(level: int, places: NDArray[np.float64] | None) -> NDArray[np.uint8]:
    pixels = np.full((300, 400, 3), level, dtype=np.uint8)
    return draw_overlay(pixels, np.zeros((300, 400), dtype=np.int32), uncovered=places)


def is_yellow(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(rgb.astype(int) - YELLOW).sum(axis=2) < 90)


@pytest.mark.parametrize("level", [20, 240])
def test_each_place_has_a_ring_around_it_and_its_inside_is_seen(level: int) -> None:
    rgb = drawn(level, PLACES)
    y, x = np.mgrid[:300, :400]
    for row, column, length in PLACES:
        distance = np.hypot(y - row, x - column)
        assert (rgb[distance <= length / 2] == level).all()
        ring = is_yellow(rgb) & (distance < length) & (distance > length / 2)
        angles = np.degrees(np.arctan2((y - row)[ring], (x - column)[ring]))
        assert len(np.unique(np.round(angles / 30))) >= 12


def test_a_line_at_the_top_explains_the_rings() -> None:
    top = np.s_[:40, :]
    assert is_yellow(drawn(128, PLACES)[top]).sum() > 100
    assert not is_yellow(drawn(128, None)).any()
    assert (drawn(128, np.zeros((0, 3))) == 128).all()


@pytest.mark.parametrize("shape", [(8, 8), (12, 300), (300, 12)])
def test_images_too_small_for_the_line_do_without(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 128, dtype=np.uint8)
    rgb = draw_overlay(pixels, np.zeros(shape, dtype=np.int32), uncovered=np.array([[4.0, 4.0, 6.0]]))
    assert rgb.shape == pixels.shape
