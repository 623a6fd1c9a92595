from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from skimage.filters import threshold_otsu
from skimage.morphology import reconstruction as skimage_reconstruction
from tests.drawing import MaskArray, Picture, even, jpeg, photograph, scattered, sloping, vignetted

from sporemetry.baselines import METHODS, KMeansSettings, Method
from sporemetry.baselines.background import background, block_medians, noise_level
from sporemetry.baselines.contrast import is_mixed, line_level, picture_contrast
from sporemetry.baselines.fcm import fuzzy_centres
from sporemetry.baselines.kmeans import lloyd, spore_clusters
from sporemetry.baselines.morphology import drop_faint, fill_small_holes
from sporemetry.baselines.otsu import otsu_bin
from sporemetry.baselines.reconstruction import reconstruct, two_dimensional_otsu
from sporemetry.errors import SettingsError

SHAPE = (320, 400)
EVERYWHERE = np.ones(SHAPE, dtype=np.bool_)
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def dark_spores(light: NDArray[np.float64], spores: list[MaskArray], *, noise: float = 3) -> Picture:
    return photograph(
        cv2.GaussianBlur(light * np.where(np.any(spores, axis=0), 0.6, 1.0), (0, 0), 1.0), noise=noise
    )


def rimmed_spores(light: NDArray[np.float64], spores: list[MaskArray], *, noise: float = 3) -> Picture:
    """Spores as bright as the background but for a dark rim of 4 px."""
    mask = np.any(spores, axis=0)
    core = cv2.erode(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))).astype(bool)
    return photograph(cv2.GaussianBlur(light * np.where(mask & ~core, 0.6, 1.0), (0, 0), 1.0), noise=noise)


def iou(found: MaskArray, true: MaskArray) -> float:
    return float((found & true).sum() / (found | true).sum())


@every_method
@pytest.mark.parametrize("light", [even, sloping, vignetted])
@pytest.mark.parametrize("draw", [dark_spores, rimmed_spores])
def test_drawn_spores_are_found(
    method: Method, light: Callable[..., NDArray[np.float64]], draw: Callable[..., Picture]
) -> None:
    spores = scattered(SHAPE, 20, length=36, width=17, seed=2)
    found = method.segment(draw(light(SHAPE), spores), EVERYWHERE)
    assert iou(found, np.any(spores, axis=0)) > 0.7
    assert cv2.connectedComponents(found.astype(np.uint8))[0] - 1 == 20


@every_method
@pytest.mark.parametrize("length", [15, 50, 100])
def test_small_and_large_spores_are_found(method: Method, length: int) -> None:
    shape = (480, 600)
    spores = scattered(shape, 6, length=length, width=length * 0.5, seed=4)
    found = method.segment(dark_spores(even(shape), spores), np.ones(shape, dtype=np.bool_))
    assert iou(found, np.any(spores, axis=0)) > 0.6
    assert cv2.connectedComponents(found.astype(np.uint8))[0] - 1 == 6


def photons(expected: NDArray[np.float64]) -> Picture:
    """Count photons, eight levels each."""
    return np.random.default_rng(1).poisson(np.repeat(expected[..., None], 3, axis=2)).astype(np.uint8) * 8


BACKGROUNDS: dict[str, Picture] = {
    "constant": photograph(even(SHAPE), noise=0),
    "black": photograph(even(SHAPE, 0), noise=0),
    "saturated": photograph(even(SHAPE, 255), noise=0),
    "faint noise": photograph(even(SHAPE), noise=0.4),
    "noise": photograph(even(SHAPE), noise=4),
    "strong noise": photograph(even(SHAPE, 120), noise=15),
    "dark noise": photograph(even(SHAPE, 6), noise=3),
    "slope": photograph(sloping(SHAPE), noise=0),
    "slope with noise": photograph(sloping(SHAPE), noise=4),
    "vignette with noise": photograph(vignetted(SHAPE), noise=6),
    "photon noise": photons(sloping(SHAPE) / 8),
    "grey noise": np.repeat(photograph(even(SHAPE), noise=6)[..., :1], 3, axis=2),
    "jpeg": jpeg(photograph(sloping(SHAPE), noise=5), 60),
    "poor jpeg": jpeg(photograph(vignetted(SHAPE), noise=8), 40),
    "blurred noise": np.asarray(cv2.GaussianBlur(photograph(even(SHAPE), noise=40), (0, 0), 3)),
}  # fmt: skip


@every_method
@pytest.mark.parametrize("name", BACKGROUNDS)
def test_background_is_empty(method: Method, name: str) -> None:
    assert not method.segment(BACKGROUNDS[name], EVERYWHERE).any()


@every_method
@pytest.mark.parametrize("seed", range(2))
def test_a_large_picture_of_noise_is_empty(method: Method, seed: int) -> None:
    shape = (800, 900)
    picture = photograph(vignetted(shape), noise=5, seed=seed)
    assert not method.segment(picture, np.ones(shape, dtype=np.bool_)).any()


@every_method
def test_only_the_field_is_looked_at(method: Method) -> None:
    spores = scattered(SHAPE, 20, length=36, width=17, seed=2)
    picture = dark_spores(sloping(SHAPE), spores)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    field = np.hypot(y - 160, x - 200) < 140
    found = method.segment(picture, field)
    assert found.any()
    assert not (found & ~field).any()
    outside = picture.copy()
    outside[~field] = np.random.default_rng(0).integers(0, 256, (int((~field).sum()), 3))
    np.testing.assert_array_equal(method.segment(outside, field), found)


@every_method
def test_an_eyepiece_s_rim_is_no_spore(method: Method) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    distance = np.hypot(y - 160, x - 200)
    scene = cv2.GaussianBlur(np.where(distance < 150, 200.0, 12.0), (0, 0), 1.5)
    assert not method.segment(photograph(scene, noise=3), distance <= 150).any()


@every_method
def test_sixteen_bits_give_the_mask_of_eight(method: Method) -> None:
    picture = dark_spores(sloping(SHAPE), scattered(SHAPE, 20, length=36, width=17, seed=2))
    found = method.segment(picture.astype(np.uint16) * 257, EVERYWHERE)
    np.testing.assert_array_equal(found, method.segment(picture, EVERYWHERE))


@every_method
def test_twice_the_same_and_the_input_untouched(method: Method) -> None:
    picture = dark_spores(sloping(SHAPE), scattered(SHAPE, 20, length=36, width=17, seed=2))
    before, state = picture.copy(), repr(np.random.get_state())  # noqa: NPY002
    first = method.segment(picture, EVERYWHERE)
    np.testing.assert_array_equal(method.segment(picture, EVERYWHERE), first)
    np.testing.assert_array_equal(picture, before)
    assert repr(np.random.get_state()) == state  # noqa: NPY002


@every_method
@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.rot90])
def test_the_mask_turns_with_the_picture(method: Method, turn: Callable[..., NDArray[np.generic]]) -> None:
    picture = dark_spores(sloping(SHAPE), scattered(SHAPE, 20, length=36, width=17, seed=2))
    turned = np.ascontiguousarray(turn(picture)).astype(np.uint8)
    found = method.segment(turned, np.ones(turned.shape[:2], dtype=np.bool_))
    assert iou(found, np.asarray(turn(method.segment(picture, EVERYWHERE)), dtype=np.bool_)) > 0.97


@every_method
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (16, 16), (30, 500)])
def test_small_pictures_work(method: Method, shape: tuple[int, int]) -> None:
    found = method.segment(photograph(even(shape), noise=2), np.ones(shape, dtype=np.bool_))
    assert found.shape == shape
    assert found.dtype == np.bool_
    assert not method.segment(photograph(even(shape), noise=2), np.zeros(shape, dtype=np.bool_)).any()


@every_method
def test_spores_on_a_chamber_s_lines_are_found_and_lines_are_not(method: Method) -> None:
    shape = (640, 640)
    light = even(shape)
    light[:, 100:104] = light[:, 118:122] = light[300:304] = light[318:322] = 90
    spores = scattered(shape, 40, length=30, width=14, seed=8)
    picture = dark_spores(light, spores)
    found = method.segment(picture, np.ones(shape, dtype=np.bool_))
    true = np.any(spores, axis=0)
    touched = sum(bool((found & spore).any()) for spore in spores)
    assert touched >= 37
    regions = cv2.connectedComponents(found.astype(np.uint8))[1]
    assert len(np.setdiff1d(regions, regions[true])) <= 3


def test_contrast_sees_both_sides_of_relief() -> None:
    spores = np.any(scattered(SHAPE, 20, length=36, width=17, seed=2), axis=0)
    relief = even(SHAPE, 128) + 60 * cv2.Sobel(cv2.GaussianBlur(spores.astype(float), (0, 0), 3), -1, 1, 1)
    contrast = picture_contrast(photograph(relief, noise=1), EVERYWHERE)
    assert (contrast.grey >= 0).all()
    assert not (picture_contrast(dark_spores(even(SHAPE), [spores]), EVERYWHERE).grey >= 0).all()


@pytest.mark.parametrize("light", [sloping, vignetted])
def test_background_is_the_light_under_the_spores(light: Callable[..., NDArray[np.float64]]) -> None:
    picture = dark_spores(light(SHAPE), scattered(SHAPE, 20, length=36, width=17, seed=2))
    estimate = background(picture[..., 0].astype(np.float32), EVERYWHERE)
    assert np.abs(estimate / light(SHAPE) - 1).max() < 0.03


def test_noise_is_measured() -> None:
    values = np.random.default_rng(0).normal(0, 0.05, (400, 400)).astype(np.float32)
    values[100:140, 100:140] = 0.7
    assert noise_level(values, np.ones((400, 400), dtype=np.bool_)).mean() == pytest.approx(0.05, rel=0.05)


def test_block_medians_are_medians() -> None:
    values = np.arange(48 * 32, dtype=np.float32).reshape(48, 32)
    inside = np.ones((48, 32), dtype=np.bool_)
    inside[:, 0] = False  # the left blocks take their neighbours'
    expected = np.array(
        [[np.median(values[r : r + 16 : 2, c : c + 16 : 2]) for c in (0, 16)] for r in (0, 16, 32)]
    )
    expected[:, 0] = expected[:, 1]
    np.testing.assert_array_equal(block_medians(values, inside), expected)


def test_lines_are_levelled_and_rods_are_not() -> None:
    darkness = np.zeros((300, 400), dtype=np.float32)
    darkness[:, 50:54] = 0.5
    darkness[200, :] = 0.3
    darkness[100:110, 200:290] = 0.4  # 90 px long, along a row
    lines = line_level(darkness)
    np.testing.assert_allclose(lines[:, 50:54], 0.5, atol=1e-6)
    np.testing.assert_allclose(lines[200, :50], 0.3, atol=1e-6)
    assert not lines[90:120, 100:].any()


@given(hnp.arrays(np.int64, st.integers(2, 40), elements=st.integers(0, 50)))
@settings(deadline=None)
def test_otsu_s_bin_is_scikit_image_s(counts: NDArray[np.int64]) -> None:
    if np.count_nonzero(counts) < 2:
        assert otsu_bin(counts) == len(counts)
        return
    ours, theirs = otsu_bin(counts), int(threshold_otsu(hist=(counts, np.arange(len(counts))))) + 1

    def between(split: int) -> float:
        levels = np.repeat(np.arange(len(counts)), counts)
        low, high = levels[levels < split], levels[levels >= split]
        return float(len(low) * len(high) * (low.mean() - high.mean()) ** 2)

    assert between(ours) == pytest.approx(between(theirs), rel=1e-9)


@given(hnp.arrays(np.uint8, (12, 15)), hnp.arrays(np.uint8, (12, 15)))
@settings(deadline=None)
def test_reconstruction_is_scikit_image_s(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> None:
    marker, mask = np.minimum(a, b), np.maximum(a, b)
    expected = skimage_reconstruction(marker, mask, method="dilation", footprint=np.ones((3, 3)))
    np.testing.assert_array_equal(reconstruct(marker, mask), expected)


def test_two_dimensional_otsu_parts_two_clouds() -> None:
    rng = np.random.default_rng(0)
    levels = np.concatenate([rng.normal(60, 8, 5000), rng.normal(180, 8, 800)]).astype(np.uint8)
    means = np.concatenate([rng.normal(50, 5, 5000), rng.normal(150, 5, 800)]).astype(np.uint8)
    level, mean = two_dimensional_otsu(levels, means)
    assert (((levels >= level) & (means >= mean)) == (np.arange(5800) >= 5000)).mean() > 0.999
    same = np.full(10, 7, dtype=np.uint8)
    assert two_dimensional_otsu(same, same) == (256, 256)


def test_two_dimensional_otsu_is_the_best_of_all_pairs() -> None:
    rng = np.random.default_rng(3)
    levels = rng.choice(np.array([10, 30, 60, 120, 200], dtype=np.uint8), 400)
    means = np.clip(levels + rng.integers(-9, 10, 400), 0, 255).astype(np.uint8)
    first, second = levels // 4, means // 4
    found = two_dimensional_otsu(levels, means)

    def criterion(s: int, t: int) -> float:
        low = (first < s) & (second < t)
        share = low.mean()
        if not 0 < share < 1:
            return 0.0
        offset = [v.mean() * share - (v * low).mean() for v in (first.astype(float), second.astype(float))]
        return float((offset[0] ** 2 + offset[1] ** 2) / (share * (1 - share)))

    best = max(criterion(s, t) for s in range(1, 64) for t in range(1, 64))
    assert criterion(int(found[0]) // 4, int(found[1]) // 4) == pytest.approx(best, rel=1e-9)


def test_lloyd_finds_the_means_of_clouds() -> None:
    points = np.array([[0.0, 0], [1, 0], [9, 9], [10, 9], [20, 20]])
    weights = np.array([3, 1, 1, 1, 5])
    centres, members = lloyd(points, weights, 3)
    np.testing.assert_allclose(centres[members[[0, 2, 4]]], np.array([[0.25, 0], [9.5, 9], [20, 20]]))


def test_more_clusters_than_colours_do_no_harm() -> None:
    centres, members = lloyd(np.array([[0.0], [1.0]]), np.array([5, 1]), 5)
    assert members[0] != members[1]
    assert np.isfinite(centres).all()


def test_spores_are_the_far_and_dark_clusters() -> None:
    centres = np.array(
        [[0.0, 0, 0], [0.3, 0.3, 0.3], [0.05, 0.05, 0.05], [-0.4, -0.4, -0.4], [0.15, 0.1, 0.2]]
    )
    assert spore_clusters(centres, np.array([900.0, 50, 60, 70, 10])).tolist() == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_fuzzy_centres_solve_their_own_equations() -> None:
    counts = np.random.default_rng(2).integers(0, 100, 256) * np.exp(-np.arange(256) / 40)
    levels = np.arange(256) + 0.5
    low, high = fuzzy_centres(counts.astype(np.int64), 2.0)
    member = 1 / (1 + ((levels - low) / (levels - high)) ** 2)
    for centre, u in ((low, member), (high, 1 - member)):
        weight = u**2 * counts.astype(np.int64)
        assert centre == pytest.approx((weight * levels).sum() / weight.sum(), abs=0.01)
    assert low < high


def test_faint_components_are_dropped() -> None:
    mask = np.array([[1, 1, 0, 1, 1]], dtype=np.bool_)
    strength = np.array([[0.1, 0.5, 0.9, 0.3, 0.2]], dtype=np.float32)
    np.testing.assert_array_equal(
        drop_faint(mask, strength, np.full((1, 5), 0.4, dtype=np.float32)),
        [[True, True, False, False, False]],
    )


def test_a_hair_does_not_make_spores_faint() -> None:
    shape = (400, 500)
    spores = scattered(shape, 12, length=36, width=17, seed=2)
    picture = photograph(np.where(np.any(spores, axis=0), 140.0, 180.0), noise=2)
    y, x = np.mgrid[:400, :500]
    hair = np.abs(x - 60 - y) < 12
    picture[hair] = 20
    found = METHODS["otsu"].segment(picture, np.ones(shape, dtype=np.bool_))
    free = [spore for spore in spores if not cv2.dilate((spore & hair).astype(np.uint8), None).any()]
    assert all((found & spore).any() for spore in free)


def test_spores_larger_than_usual_are_found_too() -> None:
    y, x = np.mgrid[:400, :400]
    disc = np.hypot(y - 200, x - 200) < 45
    found = METHODS["otsu"].segment(
        photograph(np.where(disc, 110.0, 180.0), noise=2), np.ones((400, 400), dtype=np.bool_)
    )
    assert iou(found, disc) > 0.9


def test_only_small_holes_off_the_border_are_filled() -> None:
    mask = np.ones((7, 9), dtype=np.uint8)
    mask[2, 2] = mask[3:5, 4:6] = mask[0, 7] = 0
    filled = fill_small_holes(mask, 3)
    assert (filled[2, 2], filled[3, 4], filled[0, 7]) == (1, 0, 0)


def test_mixed_contrast_needs_bright_parts() -> None:
    floor, inside = np.full((2, 2), 0.1, dtype=np.float32), np.ones((2, 2), dtype=np.bool_)
    assert is_mixed(np.array([[0.5, -0.5], [0, 0]], dtype=np.float32), floor, inside)
    assert not is_mixed(np.array([[0.5, -0.2], [0, 0]], dtype=np.float32), floor, inside)
    assert not is_mixed(np.zeros((2, 2), dtype=np.float32), floor, inside)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingsError, match="clusters"):
        KMeansSettings(clusters=1)


@every_method
def test_methods_say_what_they_are(method: Method) -> None:
    assert METHODS[method.name] is method
    assert method.source.endswith(tuple("0123456789"))
    assert method.description.count(". ") == 1
    assert repr(method.settings).startswith(type(method.settings).__name__)


@pytest.mark.real
def test_k_means_counts_real_spores(real_data: Path) -> None:
    # The set's faintest picture to its fullest one; boxes are truth for counting.
    for stem, least, most in (("Chamber_2_Magnaporthe_2", 290, 380), ("Chamber_1_Magnaporthe_4", 300, 420)):
        path = real_data / "rice_blast" / "images" / f"{stem}.jpg"
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        found = METHODS["kmeans"].segment(np.asarray(picture), np.ones(picture.shape[:2], dtype=np.bool_))
        assert least < cv2.connectedComponents(found.astype(np.uint8))[0] < most
