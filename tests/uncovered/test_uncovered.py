"""Which images are said to hold objects without an outline, and which are not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.drawing import capsule, even, photograph, scattered, vignetted

from sporemetry.errors import SettingsError
from sporemetry.uncovered import LOW_CONFIDENCE, UNCOVERED_OBJECTS, check_count, confidence, find_uncovered
from sporemetry.uncovered.scene import MOST_PIXELS

SHAPE = (480, 640)
EVERYWHERE = np.ones(SHAPE, dtype=bool)
NOTHING = np.zeros(SHAPE, dtype=np.int32)

Image = NDArray[np.uint8]
Labels = NDArray[np.int32]


def rods(
    count: int,
    *,
    length: float = 40,
    contrast: float = 60,
    seed: int = 1,
    light: NDArray[np.float64] | None = None,
) -> tuple[Image, Labels]:
    """Draw dark rods of one size, scattered; and their labels."""
    levels = even(SHAPE) if light is None else light.copy()
    labels = np.zeros(SHAPE, dtype=np.int32)
    drawn = scattered(SHAPE, count, length=length, width=0.45 * length, seed=seed)
    for label, rod in enumerate(drawn, start=1):
        levels[rod] -= contrast
        labels[rod] = label
    return photograph(levels, noise=3, seed=seed), labels


def specks(image: Image, count: int, *, radius: int = 2) -> tuple[Image, Labels]:
    """Add dark specks in rows between all else; and the labels of these alone."""
    image, labels = image.copy(), np.zeros(SHAPE, dtype=np.int32)
    for label in range(1, count + 1):
        row, column = 4 + 8 * (label // 70), 5 + 9 * (label % 70)
        labels[row - radius : row + radius, column - radius : column + radius] = label
    image[labels > 0] = 120
    return image, labels


def packed(radius: int = 12) -> tuple[Image, Labels]:
    """Draw a patch of touching discs in rows."""
    levels, labels = even(SHAPE), np.zeros(SHAPE, dtype=np.int32)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    centres = [
        (100 + 1.8 * radius * row, 150 + 1.9 * radius * (column + 0.5 * (row % 2)))
        for row in range(12)
        for column in range(14)
    ]
    for label, (row, column) in enumerate(centres, start=1):
        disc = np.hypot(y - row, x - column) < radius
        levels[disc] = 110
        labels[disc] = label
    return photograph(levels, noise=3), labels


def test_objects_without_outline_are_found_where_they_are() -> None:
    image, labels = rods(30)
    found = find_uncovered(image, EVERYWHERE, NOTHING)
    assert found.objects >= 20
    assert found.length_px == pytest.approx(40, abs=5)
    rows, columns = found.places[:, :2].round().astype(int).T
    assert (labels[rows, columns] > 0).all()
    assert len(set(labels[rows, columns])) == found.objects


def test_outlined_specks_do_not_hide_spores_without_outline() -> None:
    image, _ = rods(25)
    image, labels = specks(image, 55)
    assert labels.max() == 55
    assert find_uncovered(image, EVERYWHERE, labels).objects >= 15


def test_specks_without_outline_beside_outlined_spores_are_nothing() -> None:
    image, labels = rods(25)
    image, _ = specks(image, 200)
    assert find_uncovered(image, EVERYWHERE, labels).objects == 0


@pytest.mark.parametrize("left", [0, 3, 7])
def test_a_few_objects_without_outline_are_nothing(left: int) -> None:
    image, labels = rods(30)
    assert find_uncovered(image, EVERYWHERE, np.where(labels <= left, 0, labels)).objects == 0


def test_less_is_enough_where_the_network_is_not_confident() -> None:
    image, labels = rods(30)
    some = np.where(labels <= 13, 0, labels).astype(np.int32)
    assert find_uncovered(image, EVERYWHERE, some, confidence=0.95).objects == 0
    assert 8 <= find_uncovered(image, EVERYWHERE, some, confidence=0.6).objects <= 13


def test_packed_objects_are_found_by_their_pieces() -> None:
    image, labels = packed()
    found = find_uncovered(image, EVERYWHERE, NOTHING)
    assert found.objects >= 50
    assert found.length_px == pytest.approx(24, abs=5)
    assert find_uncovered(image, EVERYWHERE, labels).objects == 0


def test_lines_of_a_grid_are_no_pieces() -> None:
    levels = even(SHAPE)
    for at in range(40, 480, 60):
        levels[at : at + 14] = 110
    assert find_uncovered(photograph(levels, noise=3), EVERYWHERE, NOTHING).objects == 0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_images_are_silent(level: int) -> None:
    image = np.full((*SHAPE, 3), level, dtype=np.uint8)
    assert find_uncovered(image, EVERYWHERE, NOTHING).objects == 0


@pytest.mark.parametrize("noise", [2, 10, 30])
def test_noise_and_falling_light_are_silent(noise: float) -> None:
    assert find_uncovered(photograph(even(SHAPE), noise=noise), EVERYWHERE, NOTHING).objects == 0
    assert find_uncovered(photograph(vignetted(SHAPE), noise=noise), EVERYWHERE, NOTHING).objects == 0


def test_blurred_and_unlike_things_are_silent() -> None:
    levels, rng = even(SHAPE), np.random.default_rng(3)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for _ in range(25):  # out of focus
        row, column = rng.uniform(30, 450), rng.uniform(30, 610)
        levels -= 40 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 9.0**2))
    for at, length in enumerate((8, 14, 24, 40, 66, 110)):  # each of another size
        levels[capsule(SHAPE, (60 + 70 * at, 320), length=length, width=0.5 * length, degrees=20)] -= 60
    assert find_uncovered(photograph(levels, noise=3), EVERYWHERE, NOTHING).objects == 0


def test_what_lies_outside_the_field_is_not_looked_at() -> None:
    image, _ = rods(30)
    field = EVERYWHERE.copy()
    field[:, 100:] = False
    assert find_uncovered(image, field, NOTHING).objects < 8
    assert find_uncovered(image, np.zeros(SHAPE, dtype=bool), NOTHING).objects == 0


def test_sixteen_bits_and_colour_and_falling_light_change_nothing() -> None:
    image, _ = rods(30)
    plain = find_uncovered(image, EVERYWHERE, NOTHING)
    deep = find_uncovered(image.astype(np.uint16) * 257, EVERYWHERE, NOTHING)
    assert deep.objects == plain.objects
    red = image.copy()
    red[..., 0] = 180
    assert find_uncovered(red, EVERYWHERE, NOTHING).objects >= 20
    sloped, _ = rods(30, light=vignetted(SHAPE) + 60)
    assert find_uncovered(sloped, EVERYWHERE, NOTHING).objects >= 15


def test_a_large_image_gives_places_in_its_own_pixels() -> None:
    image, _ = rods(30)
    times = 3
    large = np.repeat(np.repeat(image, times, axis=0), times, axis=1)
    assert large.shape[0] * large.shape[1] > MOST_PIXELS
    labels = np.zeros(large.shape[:2], dtype=np.int32)
    found = find_uncovered(large, labels == 0, labels)
    assert found.objects >= 20
    assert found.length_px == pytest.approx(40 * times, rel=0.15)
    assert found.places[:, 0].max() > SHAPE[0]


def test_arrays_of_other_shapes_are_refused() -> None:
    image, labels = rods(5)
    with pytest.raises(SettingsError):
        find_uncovered(image[:-1], EVERYWHERE, labels)


def test_confidence_is_the_mean_score_of_the_mask() -> None:
    labels = np.repeat(np.arange(6, dtype=np.int32), 10).reshape(6, 10)
    scores = np.array([1.0, 0.8, 0.6, 0.4, 0.2])
    assert confidence(labels, scores, 0.0) == pytest.approx(0.6)
    assert confidence(labels, scores, 0.5) == pytest.approx(0.3)
    labels[1] = 2  # a larger object weighs more; object 1 has no pixel left
    assert confidence(labels, scores, 0.0) == pytest.approx((2 * 0.8 + 0.6 + 0.4 + 0.2) / 5)
    assert confidence(labels, None, 0.0) is None
    assert confidence(labels, scores[:4], 0.0) is None


def test_the_check_of_a_count() -> None:
    image, labels = rods(30)
    missed = find_uncovered(image, EVERYWHERE, NOTHING)
    check = check_count(missed, 0.9)
    assert (check.fault, check.confidence) == (UNCOVERED_OBJECTS, 0.9)
    assert (check.objects, check.length_px) == (missed.objects, missed.length_px)
    covered = find_uncovered(image, EVERYWHERE, labels)
    assert check_count(covered, 0.9).fault == check_count(covered, None).fault == ""
    assert check_count(covered, 0.3).fault == LOW_CONFIDENCE
