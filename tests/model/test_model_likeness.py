"""How much objects look like the picture's sure spores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sporemetry.model import observe
from sporemetry.model.likeness import brightness, compare, patches

LENGTH = 28.0


def slide(
    turns: list[float], odd: int, background: float = 150.0, shade: float = 40.0
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return a picture of spores with a dark rim and a bright middle, one dark all over; and labels."""
    grey = np.full((100, 80 * len(turns)), background, dtype=np.float32)
    labels = np.zeros(grey.shape, dtype=np.int32)
    for number, turn in enumerate(turns):
        centre, degrees = (80 * number + 40, 50), float(np.degrees(turn))
        cv2.ellipse(labels, centre, (14, 8), degrees, 0, 360, number + 1, -1)
        cv2.ellipse(grey, centre, (14, 8), degrees, 0, 360, background - shade, -1)
        if number != odd:
            cv2.ellipse(grey, centre, (9, 4), degrees, 0, 360, background + shade, -1)
    return grey + np.random.default_rng(1).normal(0, 1, grey.shape).astype(np.float32), labels


def sure_of(labels: NDArray[np.int32], odd: int) -> NDArray[np.float32]:
    """Return a probability that is high on all objects, and a little lower on the odd one."""
    return np.where(labels == odd + 1, 0.7, np.where(labels > 0, 0.97, 0.02)).astype(np.float32)


def test_what_looks_otherwise_is_told() -> None:
    grey, labels = slide([0.0, 0.7, 1.4, 2.1, 2.8, 0.4, 1.0], odd=3)
    objects = observe(labels, sure_of(labels, 3), None, LENGTH, grey)
    assert objects.alike == 1.0
    assert objects.pattern[3] < -2.0
    assert np.abs(np.delete(objects.pattern, 3)).max() < 0.5
    plain = observe(labels, sure_of(labels, 3), None, LENGTH)
    assert plain.alike == 0.0
    assert not plain.pattern.any()
    assert not plain.contrast.any()


@given(
    st.floats(0.2, 5.0),
    st.floats(-50.0, 50.0),
    st.sampled_from(["as it is", "mirrored", "turned", "transposed"]),
)
def test_light_and_turns_of_the_picture_change_little(gain: float, offset: float, how: str) -> None:
    turns: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
        "as it is": lambda each: each,
        "mirrored": np.fliplr,
        "turned": lambda each: np.rot90(each, 2),
        "transposed": np.transpose,
    }
    grey, labels = slide([0.0, 0.7, 1.4, 2.1, 2.8], odd=3)
    before = observe(labels, sure_of(labels, 3), None, LENGTH, grey)
    moved = np.ascontiguousarray(turns[how](labels))
    other = np.ascontiguousarray(turns[how](gain * grey + offset))
    after = observe(moved, sure_of(moved, 3), None, LENGTH, other)
    assert after.pattern == pytest.approx(before.pattern, abs=0.1)
    assert after.contrast == pytest.approx(before.contrast, abs=0.1)
    assert after.alike == pytest.approx(before.alike, abs=0.02)


def test_a_patch_shows_what_lies_along_the_object() -> None:
    grey = np.zeros((80, 80), dtype=np.float32)
    grey[:, 40:] = 100.0  # a step at right angles to an object that lies along x
    (patch,) = patches(grey, np.array([40.0]), np.array([39.5]), np.array([0.0]), LENGTH)
    rows = patch.reshape(14, 24)
    assert rows == pytest.approx(50.0, abs=1e-3)  # the mean with itself turned by half a turn
    grey = np.abs(np.arange(80, dtype=np.float32) - 39.5)[None].repeat(80, axis=0)
    for angle, axis in ((0.0, 0), (np.pi / 2, 1)):
        (patch,) = patches(grey, np.array([39.5]), np.array([39.5]), np.array([angle]), LENGTH)
        assert np.ptp(patch.reshape(14, 24), axis=axis).max() < 1e-2


def test_few_or_none_are_alike_to_nothing() -> None:
    patch = np.random.default_rng(2).normal(size=(4, 336)).astype(np.float32)
    for sure in ([False] * 4, [True, True, False, False]):
        found = compare(patch, np.array(sure))
        assert found.alike == 0.0
        assert not found.pattern.any()
    nothing = patches(np.zeros((9, 9), np.float32), np.zeros(0), np.zeros(0), np.zeros(0), LENGTH)
    assert nothing.shape == (0, 336)
    flat = compare(np.zeros((4, 336), np.float32), np.ones(4, dtype=np.bool_))
    assert (flat.alike, flat.contrast.tolist(), flat.pattern.tolist()) == (0.0, [0.0] * 4, [0.0] * 4)


def test_what_differs_among_itself_is_not_alike() -> None:
    patch = np.random.default_rng(3).normal(size=(9, 336)).astype(np.float32)
    assert compare(patch, np.ones(9, dtype=np.bool_)).alike == 0.0


def test_many_objects_are_looked_at_in_parts() -> None:
    grey = np.random.default_rng(4).random((60, 60), dtype=np.float32)
    y, x, angle = np.random.default_rng(5).uniform(0, 60, (3, 2500))
    every = patches(grey, y, x, angle, LENGTH)
    own = patches(grey, y[2400:], x[2400:], angle[2400:], LENGTH)
    assert np.array_equal(every[2400:], own)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_brightness_is_the_mean_over_the_channels(dtype: Any) -> None:
    pixels = np.random.default_rng(6).integers(0, np.iinfo(dtype).max, (7, 5, 3), endpoint=True, dtype=dtype)
    found = brightness(pixels)
    assert found.shape == (7, 5)
    assert found.dtype == np.float32
    assert found == pytest.approx(pixels.astype(float).mean(axis=2), abs=0.6)
