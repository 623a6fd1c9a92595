"""Crops: pixels and target stay together, and nothing comes from nowhere."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sporemetry.training.crops import change_colours, change_focus, cut
from sporemetry.training.pictures import IGNORED, TrainingPicture
from sporemetry.training.randomness import generator
from sporemetry.training.recipe_tables import AugmentSettings, CropSettings

PLAIN = AugmentSettings(flip=False)
FILL = (11.0, 22.0, 33.0)
sizes = st.integers(1, 60)
seeds = st.integers(0, 10**6)
geometries = st.builds(
    AugmentSettings, flip=st.booleans(), turn=st.booleans(), rotate=st.sampled_from([0.0, 30.0, 180.0])
)


def whole_scale(size: int, foreground: float = 0.0) -> CropSettings:
    return CropSettings(size=size, scale_min=1.0, scale_max=1.0, foreground=foreground)


def numbered(height: int, width: int) -> TrainingPicture:
    """A picture in which each pixel has a colour of its own, never the fill's, and a target made of it."""
    number = np.arange(height * width).reshape(height, width)
    pixels = np.stack([number // 64 + 100, number % 64 + 100, number % 7], axis=2).astype(np.uint8)
    target = (number % 7 == 3).astype(np.uint8)
    target[number % 11 == 5] = IGNORED
    return TrainingPicture(pixels, target)


def blobs(seed: int, height: int, width: int, *, spores: int = 3) -> TrainingPicture:
    """A picture whose red channel encodes its target: 255 for spores, else 0."""
    rng = np.random.default_rng(seed)
    target = np.zeros((height, width), dtype=np.uint8)
    for _ in range(spores):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(target, centre, int(rng.integers(3, 9)), 1, -1)
    pixels = np.full((height, width, 3), 90, dtype=np.uint8)
    pixels[:, :, 0] = target * 255
    return TrainingPicture(pixels, target)


def find_slice(
    pixels: NDArray[np.float32], target: NDArray[np.uint8], picture: TrainingPicture
) -> tuple[int, int]:
    """Return row and column of the picture's pixel (0, 0) in the crop, told by the colours seen."""
    inside = np.argwhere((pixels[:, :, :2] >= 100).all(axis=2))
    row, column = inside[0]
    number = int((pixels[row, column, 0] - 100) * 64 + pixels[row, column, 1] - 100)
    at_row, at_column = divmod(number, picture.target.shape[1])
    return int(row) - at_row, int(column) - at_column


@given(sizes, sizes, st.integers(8, 40), seeds)
def test_an_unchanged_crop_is_a_slice(height: int, width: int, size: int, seed: int) -> None:
    picture = numbered(height, width)
    pixels, target = cut(picture, whole_scale(size), PLAIN, FILL, generator(seed, "crop"))
    assert pixels.shape == (size, size, 3)
    assert pixels.dtype == np.float32
    assert target.dtype == np.uint8
    row, column = find_slice(pixels, target, picture)
    expected = np.full((size, size, 3), FILL, dtype=np.float32)
    labels = np.full((size, size), IGNORED, dtype=np.uint8)
    for y in range(size):
        for x in range(size):
            if 0 <= y - row < height and 0 <= x - column < width:
                expected[y, x] = picture.pixels[y - row, x - column]
                labels[y, x] = picture.target[y - row, x - column]
    assert (pixels == expected).all()
    assert (target == labels).all()
    for length, start in ((height, row), (width, column)):
        # The window lies in the picture, or the picture in the window.
        assert min(0, size - length) <= start <= max(0, size - length)


@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(8, 20),
    seeds,
    st.sampled_from(["flip", "turn", "both"]),
)
@settings(max_examples=25)
def test_mirrored_and_turned_crops_are_turned_slices(
    height: int, width: int, size: int, seed: int, which: str
) -> None:
    picture = numbered(height, width)
    augment = AugmentSettings(flip=which != "turn", turn=which != "flip")
    pixels, target = cut(picture, whole_scale(size), augment, FILL, generator(seed, "crop"))
    padded = np.full((height + 2 * size, width + 2 * size, 4), (*FILL, IGNORED), dtype=np.float32)
    padded[size : size + height, size : size + width] = np.dstack([picture.pixels, picture.target])
    joined = np.dstack([pixels, target])
    turned = [np.rot90(flip, turn) for flip in (joined, joined[:, ::-1]) for turn in range(4)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    corner = windows[..., :, 0, 0]
    found = [
        each
        for each in turned
        for y, x in np.argwhere((corner == each[0, 0]).all(axis=2))
        if (windows[y, x].transpose(1, 2, 0) == each).all()
    ]
    assert found


def test_half_are_mirrored_and_a_quarter_each_turned() -> None:
    picture = numbered(20, 20)
    ways: dict[str, list[tuple[int, int]]] = {"flip": [], "turn": []}
    for seed in range(400):
        for name, augment in (("flip", AugmentSettings()), ("turn", AugmentSettings(flip=False, turn=True))):
            pixels, _ = cut(picture, whole_scale(20), augment, FILL, generator(seed, "crop"))
            seen = ((pixels[:, :, 0] - 100) * 64 + pixels[:, :, 1] - 100).astype(int)
            assert sorted(seen.ravel()) == list(range(400))
            ways[name].append((int(seen[0, 1] - seen[0, 0]), int(seen[1, 0] - seen[0, 0])))
    mirrored = sum(way == (-1, 20) for way in ways["flip"])
    assert mirrored + sum(way == (1, 20) for way in ways["flip"]) == 400
    assert 160 <= mirrored <= 240  # 4 standard deviations
    for way in ((1, 20), (-20, 1), (-1, -20), (20, -1)):
        assert 65 <= ways["turn"].count(way) <= 135


def test_rotation_goes_either_way_up_to_its_limit() -> None:
    target = np.zeros((200, 200), np.uint8)
    target[100, 100:] = 1  # a line from the middle to the right
    picture = TrainingPicture(np.zeros((200, 200, 3), np.uint8), target)
    angles = []
    for seed in range(60):
        augment = AugmentSettings(flip=False, rotate=30.0)
        _, cropped = cut(picture, whole_scale(180), augment, FILL, generator(seed, "crop"))
        rows, columns = np.nonzero(cropped == 1)
        first, last = columns.argmin(), columns.argmax()
        rise, run = rows[last] - rows[first], columns[last] - columns[first]
        angles.append(math.degrees(math.atan2(rise, run)))
    assert max(map(abs, angles)) <= 31
    # Evenly over 60 degrees: 60 draws leave the outer thirds empty once in 10^10.
    assert min(angles) < -10
    assert max(angles) > 10


@given(seeds, geometries, st.floats(0.5, 2.0), st.floats(0, 1))
@settings(max_examples=60)
def test_pixels_and_target_stay_together(
    seed: int, augment: AugmentSettings, scale: float, foreground: float
) -> None:
    picture = blobs(seed, 70, 90)
    crop = CropSettings(size=48, scale_min=scale, scale_max=scale, foreground=foreground)
    pixels, target = cut(picture, crop, augment, (0.0, 0.0, 0.0), generator(seed, "crop"))
    spore = (target == 1).astype(np.uint8)
    square = np.ones((3, 3), dtype=np.uint8)
    surely, never = cv2.erode(spore, square), cv2.dilate(spore, square) == 0
    assert (pixels[:, :, 0][surely == 1] > 127).all()
    assert (pixels[:, :, 0][never & (target != IGNORED)] <= 127).all()


@given(seeds, geometries, st.floats(0.5, 2.0))
@settings(max_examples=40)
def test_beyond_the_picture_is_fill_and_ignored(seed: int, augment: AugmentSettings, scale: float) -> None:
    picture = TrainingPicture(np.full((12, 9, 3), 200, np.uint8), np.zeros((12, 9), np.uint8))
    crop = CropSettings(size=64, scale_min=scale, scale_max=scale)
    pixels, target = cut(picture, crop, augment, FILL, generator(seed, "crop"))
    outside = target == IGNORED
    inside = ~outside
    # As many pixels lie inside as the scaled picture has, one along its border aside; turned, it sticks out.
    around = 2 * (9 + 12) * scale + 4
    assert int(inside.sum()) <= 108 * scale**2 + around
    if not augment.rotate:
        assert int(inside.sum()) >= 108 * scale**2 - around
    # Interpolation mixes what is within a pixel of the picture, which is up to 2 of the crop.
    square = np.ones((5, 5), dtype=np.uint8)
    far, deep = (
        cv2.erode(each.astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0) == 1
        for each in (outside, inside)
    )
    assert far.any()
    assert (pixels[far] == np.array(FILL, dtype=np.float32)).all()
    assert (pixels[deep] == 200).all()


@pytest.mark.parametrize("value", [0, 1, IGNORED])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
def test_pictures_of_one_pixel(shape: tuple[int, int], value: int) -> None:
    picture = TrainingPicture(np.full((*shape, 3), 250, np.uint8), np.full(shape, value, np.uint8))
    for seed in range(10):
        pixels, target = cut(picture, whole_scale(16), PLAIN, FILL, generator(seed, "crop"))
        shown = min(16, shape[0]) * min(16, shape[1])
        assert int((pixels == 250).all(axis=2).sum()) == shown
        assert int((target == value).sum()) == (256 if value == IGNORED else shown)


@given(
    seeds,
    geometries,
    st.floats(0.05, 20.0),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.integers(8, 64),
)
def test_foreground_shows_a_spore_of_a_single_pixel(
    seed: int, augment: AugmentSettings, scale: float, shape: tuple[int, int], size: int
) -> None:
    rng = np.random.default_rng(seed)
    target = np.zeros(shape, np.uint8)
    target[rng.integers(shape[0]), rng.integers(shape[1])] = 1
    picture = TrainingPicture(np.zeros((*shape, 3), np.uint8), target)
    crop = CropSettings(size=size, scale_min=scale, scale_max=scale, foreground=1.0)
    _, cropped = cut(picture, crop, augment, FILL, generator(seed, "crop"))
    assert (cropped == 1).any()


def test_foreground_is_a_share_and_needs_spores() -> None:
    target = np.zeros((400, 400), np.uint8)
    target[200, 200] = 1
    picture = TrainingPicture(np.zeros((400, 400, 3), np.uint8), target)
    hits = [
        (cut(picture, whole_scale(16, 0.5), PLAIN, FILL, generator(seed, "crop"))[1] == 1).any()
        for seed in range(400)
    ]
    # Half of the samples, and of the others (16/384)^2: 200 with a standard deviation of 10.
    assert 160 <= sum(hits) <= 240
    blank = TrainingPicture(picture.pixels, np.zeros_like(target))
    _, cropped = cut(blank, whole_scale(16, 1.0), PLAIN, FILL, generator(0, "crop"))
    assert (cropped == 0).all()


def test_distractors_are_a_share_beside_the_foreground() -> None:
    target = np.zeros((400, 400), np.uint8)
    target[100, 100] = 1
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[300, 300] = 200
    place = np.array([300 * 400 + 300])
    picture = TrainingPicture(pixels, target, distractors=place)
    crop = CropSettings(size=16, scale_min=1.0, scale_max=1.0, foreground=0.25, distractor=0.5)
    crops = [cut(picture, crop, PLAIN, FILL, generator(seed, "crop")) for seed in range(400)]
    # 100 and 200 of 400, with standard deviations of 9 and 10.
    assert 70 <= sum((cropped == 1).any() for _, cropped in crops) <= 130
    assert 165 <= sum((shown == 200).any() for shown, _ in crops) <= 235
    nowhere = TrainingPicture(pixels, target, distractors=np.array([], dtype=np.int64))
    only = CropSettings(size=16, scale_min=1.0, scale_max=1.0, distractor=1.0)
    assert not any((cut(nowhere, only, PLAIN, FILL, generator(s, "crop"))[0] == 200).all() for s in range(9))


def test_spores_are_seen_all_over_the_crop() -> None:
    target = np.zeros((200, 200), np.uint8)
    target[100, 100] = 1
    picture = TrainingPicture(np.zeros((200, 200, 3), np.uint8), target)
    seen = np.zeros((32, 32), dtype=int)
    for seed in range(300):
        seen += cut(picture, whole_scale(32, 1.0), PLAIN, FILL, generator(seed, "crop"))[1] == 1
    assert seen.sum() == 300
    assert np.flatnonzero(seen.sum(axis=0)).tolist()[0] <= 5
    assert np.flatnonzero(seen.sum(axis=1)).tolist()[-1] >= 26


def test_crops_lie_all_over_the_picture() -> None:
    picture = numbered(40, 50)
    seen = np.zeros((40, 50), dtype=bool)
    for seed in range(400):
        pixels, target = cut(picture, whole_scale(16), PLAIN, FILL, generator(seed, "crop"))
        row, column = find_slice(pixels, target, picture)
        seen[-row : 16 - row, -column : 16 - column] = True
    assert seen.any(axis=0).all()
    assert seen.any(axis=1).all()
    assert seen.mean() > 0.97  # a corner is in 1 of 3,000


def test_scale_enlarges() -> None:
    target = np.zeros((100, 100), np.uint8)
    target[40:60, 40:60] = 1
    picture = TrainingPicture(np.zeros((100, 100, 3), np.uint8), target)
    for scale, expected in ((0.5, 100), (1.0, 400), (2.0, 1600)):
        crop = CropSettings(size=100, scale_min=scale, scale_max=scale, foreground=1.0)
        _, cropped = cut(picture, crop, PLAIN, FILL, generator(3, "crop"))
        full = int((cropped == 1).sum())
        if scale < 2:  # at 2 the window may cut the square
            assert full == pytest.approx(expected, rel=0.1)
        assert full <= expected * 1.1


COLOURS = ("brightness", "contrast", "colour", "gamma", "blur", "focus", "noise", "grey")
everything = AugmentSettings(
    turn=True,
    rotate=20,
    brightness=0.5,
    contrast=0.5,
    colour=0.5,
    gamma=1,
    blur=3,
    focus=1,
    noise=50,
    grey=0.5,
)


@given(seeds)
@settings(max_examples=30)
def test_the_same_generator_gives_the_same_bytes_within_bounds(seed: int) -> None:
    picture, crop = blobs(seed, 60, 50), CropSettings(size=33, foreground=0.5)
    one = cut(picture, crop, everything, FILL, generator(seed, "crop"))
    other = cut(picture, crop, everything, FILL, generator(seed, "crop"))
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1].tobytes() == other[1].tobytes()
    assert one[0].min() >= 0
    assert one[0].max() <= 255
    assert np.isfinite(one[0]).all()
    assert not np.array_equal(one[0], cut(picture, crop, everything, FILL, generator(seed + 1, "crop"))[0])


def changed_by(name: str, value: float) -> AugmentSettings:
    values: dict[str, Any] = {name: value}
    return dataclasses.replace(PLAIN, **values)


@pytest.mark.parametrize("name", COLOURS)
def test_each_change_of_colour_leaves_the_target_and_is_off_at_0(name: str) -> None:
    rng = np.random.default_rng(0)
    target = (rng.random((40, 40)) < 0.2).astype(np.uint8)
    picture = TrainingPicture(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8), target)
    plain = cut(picture, whole_scale(24), PLAIN, FILL, generator(1, "crop"))
    changed = 0
    for seed in range(1, 8):
        plain = cut(picture, whole_scale(24), PLAIN, FILL, generator(seed, "crop"))
        off = cut(picture, whole_scale(24), changed_by(name, 0.0), FILL, generator(seed, "crop"))
        on = cut(picture, whole_scale(24), changed_by(name, 0.8), FILL, generator(seed, "crop"))
        assert (off[0] == plain[0]).all()
        assert (on[1] == plain[1]).all()
        changed += not np.array_equal(on[0], plain[0])
    assert changed >= 2


@given(st.integers(0, 255), st.integers(0, 255), seeds)
@settings(max_examples=40)
def test_changes_keep_within_what_they_state(dark: int, light: int, seed: int) -> None:
    pixels = np.empty((16, 16, 3), dtype=np.uint8)
    pixels[:8], pixels[8:] = dark, light

    def changed(**values: float) -> NDArray[np.float64]:
        augment = AugmentSettings(flip=False, **values)  # type: ignore[arg-type]
        return change_colours(pixels, augment, generator(seed, "crop"))[[0, 15], 0].astype(np.float64)

    before = np.array([[dark] * 3, [light] * 3], dtype=np.float64)
    assert (np.abs(changed(brightness=0.2) - before) <= 0.2 * before + 1e-3).all()
    assert (np.abs(changed(colour=0.2) - before) <= 0.2 * before + 1e-3).all()
    middle = (dark + light) / 2
    assert (np.abs(changed(contrast=0.2) - before) <= 0.2 * abs(dark - middle) + 1e-3).all()
    bent = 255 * (before / 255) ** np.array([math.exp(-0.3), math.exp(0.3)])[:, None, None]
    assert (changed(gamma=0.3) <= bent.max(axis=0) + 1e-3).all()
    assert (changed(gamma=0.3) >= bent.min(axis=0) - 1e-3).all()
    assert changed(grey=1.0) == pytest.approx(before, abs=0.01)  # grey stays grey


def test_noise_and_blur_have_the_strength_they_state() -> None:
    flat = np.full((64, 64, 3), 128, dtype=np.uint8)
    spreads = [
        float(change_colours(flat, AugmentSettings(noise=6.0), generator(seed, "crop")).std())
        for seed in range(40)
    ]
    assert max(spreads) < 6.2
    # Drawn evenly from 0 to 6: 3 with a standard error of 0.27.
    assert abs(float(np.mean(spreads)) - 3) < 1.2
    point = np.zeros((31, 31, 3), dtype=np.uint8)
    point[15, 15] = 255
    blurred = [
        change_colours(point, AugmentSettings(blur=2.0), generator(seed, "crop")) for seed in range(40)
    ]
    untouched = sum(bool((each == point).all()) for each in blurred)
    assert 8 <= untouched <= 32  # half of the samples
    for each in blurred:
        total = each[:, :, 0].sum()
        assert total == pytest.approx(255, rel=1e-3)
        offsets = np.arange(31) - 15
        variance = float((each[:, :, 0].sum(axis=0) * offsets**2).sum() / total)
        assert variance <= 2.0**2 * 1.02


def test_another_focus_gives_what_stands_out_a_halo() -> None:
    values = np.full((61, 61, 3), 100, dtype=np.float32)
    values[28:33, 28:33] = 160
    kept = change_focus(values, 2.0, 1.0, 1.0)
    assert kept == pytest.approx(values, abs=1e-3)
    strong = change_focus(values, 2.0, 3.0, 0.0)
    assert strong[30, 30, 0] > 150  # the middle stays bright
    assert strong.min() < 95  # and what surrounds it is darker than the background
    assert strong[:5] == pytest.approx(100.0, abs=0.1)
    assert strong.mean() == pytest.approx(float(values.mean()), abs=0.05)
    faint = change_focus(values, 2.0, 0.5, 0.0)
    assert 100 < faint.max() < 130
