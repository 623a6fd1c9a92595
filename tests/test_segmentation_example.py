"""A spore that is pointed at: its length, whatever lies beside it, and what others are compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.drawing import capsule, photograph
from tests.model.networks import write_dark

from sporemetry.errors import SettingsError
from sporemetry.model import observe
from sporemetry.model.likeness import patches
from sporemetry.segmentation import Example, ExamplePoint, ModelSegmenter, ModelSettings, segmenter

SHAPE = (260, 320)
LARGE = ((70, 80), (70, 230), (190, 80))  # (y, x) of the middles of rods 90 px long
SMALL = ((150, 230), (190, 200), (220, 260), (230, 180))  # of rods 20 px long
EVERYWHERE = np.ones(SHAPE, dtype=np.bool_)


def rods(places: tuple[tuple[int, int], ...], length: float) -> NDArray[np.bool_]:
    drawn = [
        capsule(SHAPE, place, length=length, width=length * 0.45, degrees=40.0 * number)
        for number, place in enumerate(places)
    ]
    return np.asarray(np.any(drawn, axis=0))


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    light = np.where(rods(LARGE, 90) | rods(SMALL, 20), 90.0, 180.0)
    return np.asarray(photograph(light, noise=3))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_dark(tmp_path_factory.mktemp("model")))


def find(file: str, **model: object) -> ModelSegmenter:
    made = segmenter("model", model=ModelSettings(model_file=file, **model))  # type: ignore[arg-type]
    assert isinstance(made, ModelSegmenter)
    return made


@pytest.mark.parametrize(("place", "length"), [(LARGE[0], 90), (LARGE[1], 90), (SMALL[1], 20)])
def test_the_spore_at_the_point_is_measured(
    file: str, pixels: NDArray[np.uint8], place: tuple[int, int], length: float
) -> None:
    point = ExamplePoint("a.png", place[1] + 3, place[0] - 2)
    example = find(file).measure_example(pixels, EVERYWHERE, point, um_per_px=0.5)
    assert example.length_px == pytest.approx(length, rel=0.12)
    assert (example.point, example.um_per_px, example.patch.shape) == (point, 0.5, (336,))
    method = find(file, example=example)
    found = method(pixels, EVERYWHERE)
    assert method.detect(found).labels.max() == len(LARGE if length == 90 else SMALL)
    assert found.spore_length_px == example.length_px
    assert f"example at {place[1] + 3},{place[0] - 2} of a.png" in found.notes[0]
    assert method.estimate(pixels, EVERYWHERE) is None
    assert not method.estimates(None)


def test_in_a_field_points_are_those_of_the_image(file: str, pixels: NDArray[np.uint8]) -> None:
    field = EVERYWHERE.copy()
    field[:110] = field[:, :20] = False
    (y, x), outside = LARGE[2], LARGE[0]
    example = find(file).measure_example(pixels, field, ExamplePoint("a.png", x, y))
    assert example.length_px == pytest.approx(90, rel=0.12)
    with pytest.raises(SettingsError, match="--example: expected a point inside the field"):
        find(file).measure_example(pixels, field, ExamplePoint("a.png", outside[1], outside[0]))


@pytest.mark.parametrize(("x", "y"), [(-1, 5), (5, -0.1), (320, 5), (5, 260), (1e300, 1e300)])
def test_a_point_outside_the_image_is_refused(
    file: str, pixels: NDArray[np.uint8], x: float, y: float
) -> None:
    with pytest.raises(SettingsError, match="320 px wide and 260 px high"):
        find(file).measure_example(pixels, EVERYWHERE, ExamplePoint("a.png", x, y))


def test_a_point_on_nothing_is_refused_with_the_remedy(file: str, pixels: NDArray[np.uint8]) -> None:
    cut = pixels[70:]  # through the first two of the large ones
    for image, x, y in ((pixels, 150, 125), (cut, LARGE[0][1], 3), (np.full_like(pixels, 7), 100, 100)):
        with pytest.raises(SettingsError, match="--spore-length-px"):
            find(file).measure_example(image, np.ones(image.shape[:2], np.bool_), ExamplePoint("a", x, y))


def test_other_magnifications_are_looked_at_right_where_scales_are_known(file: str) -> None:
    example = Example(ExamplePoint("a.png", 1, 2), 60.0, 0.2, (0.0,) * 336)
    method, unscaled = find(file, example=example), find(file, example=replace(example, um_per_px=None))
    blank = np.full((40, 50, 3), 180, dtype=np.uint8)
    lengths = [
        each(blank, np.ones((40, 50), dtype=np.bool_), um_per_px=scale).spore_length_px
        for each in (method, unscaled)
        for scale in (0.4, None)
    ]
    assert lengths == pytest.approx([30, 60, 60, 60])


def test_results_depend_on_the_look_and_are_as_before_without_one(file: str) -> None:
    plain = find(file).identity()
    example = Example(ExamplePoint("a.png", 1, 2), 60.0, None, (0.0,) * 336)
    others = (
        example,
        replace(example, look=(1.0,) * 336),
        replace(example, length_px=61.0),
        replace(example, um_per_px=0.2),
    )
    assert "example" not in plain
    assert len({plain, *(find(file, example=each).identity() for each in others)}) == 5


def test_objects_are_compared_with_what_looks_like_the_example() -> None:
    """Half of them are solid, half hollow, and the network is equally sure of all but surer of the solid."""
    labels = np.zeros((140, 320), dtype=np.int32)
    grey = np.full(labels.shape, 180.0)
    for number in range(10):
        place = (40 + 60 * (number // 5), 40 + 60 * (number % 5))
        rod = capsule(labels.shape, place, length=40, width=20, degrees=36.0 * number)
        labels[rod] = number + 1
        grey[rod] = 90
        if number >= 5:
            grey[capsule(labels.shape, place, length=30, width=10, degrees=36.0 * number)] = 180
    grey = (grey + np.random.default_rng(0).normal(0, 2, grey.shape)).astype(np.float32)
    probability = np.where(labels > 5, 0.8, 0.9).astype(np.float32)
    y, x = (np.array([np.argwhere(labels == k).mean(axis=0)[axis] for k in (1, 6)]) for axis in (0, 1))
    looks = patches(grey, y, x, np.deg2rad([0.0, 180.0]), 40.0)
    solid, hollow, default = (
        observe(labels, probability, None, 40.0, grey, example=look) for look in (*looks, None)
    )
    np.testing.assert_array_equal(solid.pattern, default.pattern)
    assert np.abs(hollow.pattern[5:]).max() < 0.5 < -hollow.pattern[:5].max()
    assert np.abs(solid.pattern[:5]).max() < 0.5 < -solid.pattern[5:].max()


def test_what_is_no_example_is_refused() -> None:
    for text in ("a.png", "a.png:1", "a.png:1,2,3", ":1,2", "a.png:x,2", "a.png:nan,2", "a.png:1,inf", ""):
        with pytest.raises(SettingsError, match="--example: expected IMAGE:X,Y"):
            ModelSettings(example=text)
    with pytest.raises(SettingsError, match="--example"):
        ModelSettings(example=3)  # type: ignore[arg-type]
    for length in ({"spore_length_px": 4.0}, {"spore_length_um": 4.0}):
        with pytest.raises(SettingsError, match="an example or a length"):
            ModelSettings(example="a.png:1,2", **length)  # type: ignore[arg-type]


def test_one_that_is_named_only_must_be_measured_first(file: str, pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(SettingsError, match="measure_example"):
        find(file, example="a.png:1,2")(pixels, EVERYWHERE)


def test_the_last_colon_ends_the_image() -> None:
    assert ExamplePoint.read("C:\\plate:2\\a.png:1.5,20") == ExamplePoint("C:\\plate:2\\a.png", 1.5, 20)
    assert Path(ExamplePoint.read("a/b.png: 1, 2").image) == Path("a/b.png")
