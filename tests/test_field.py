from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.drawing import Picture, even, jpeg, photograph, sloping, vignetted

from sporemetry.errors import SettingsError
from sporemetry.field import Circle, circle_mask, find_field

Light = NDArray[np.float64]


def eyepiece(
    light: Light,
    circle: Circle,
    *,
    dark: float = 15,
    blur: float = 1.5,
    needle: bool = False,
    spores: int = 0,
) -> Light:
    """Put a picture's light behind a round diaphragm, with a pointer needle and dark spores on it."""
    y, x = np.mgrid[: light.shape[0], : light.shape[1]].astype(float)
    inside = np.hypot(y - circle.centre_y, x - circle.centre_x) < circle.radius
    scene = np.where(inside, light, dark)
    if needle:
        scene[(np.abs(x - circle.centre_x) < 8) & (y > circle.centre_y)] = dark
    rng = np.random.default_rng(7)
    for angle, inset in zip(rng.uniform(0, 2 * np.pi, spores), rng.uniform(-3, 30, spores), strict=True):
        spot_y = circle.centre_y + (circle.radius - inset) * np.sin(angle)
        spot_x = circle.centre_x + (circle.radius - inset) * np.cos(angle)
        scene[(np.hypot(y - spot_y, x - spot_x) < 7) & inside] *= 0.5
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), blur))


def error(found: Circle | None, true: Circle) -> float:
    """Return the greatest distance between the two circles' outlines, in pixels."""
    assert found is not None
    shift = np.hypot(found.centre_y - true.centre_y, found.centre_x - true.centre_x)
    return float(shift + abs(found.radius - true.radius))


def visible_degrees(circle: Circle, shape: tuple[int, int]) -> int:
    """Return how much of the circle lies within the picture."""
    angles = np.deg2rad(np.arange(360))
    y = circle.centre_y + circle.radius * np.sin(angles)
    x = circle.centre_x + circle.radius * np.cos(angles)
    return int(((y > 8) & (y < shape[0] - 9) & (x > 8) & (x < shape[1] - 9)).sum())


@given(
    y=st.floats(0.4, 0.75),
    x=st.floats(0.35, 0.65),
    radius=st.floats(0.35, 0.75),
    noise=st.sampled_from([0.0, 3.0, 10.0]),
    needle=st.booleans(),
    spores=st.integers(0, 15),
    seed=st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_a_drawn_circle_is_found(
    y: float, x: float, radius: float, noise: float, needle: bool, spores: int, seed: int
) -> None:
    shape = (300, 420)
    true = Circle(y * shape[0], x * shape[1], radius * shape[0])
    scene = eyepiece(sloping(shape), true, needle=needle, spores=spores)
    field = find_field(photograph(scene, noise=noise, seed=seed))
    if (~circle_mask(true, shape)).mean() < 0.05 or visible_degrees(true, shape) < 110:
        return  # nearly no surround, or too little of the circle: either answer is right
    assert field.kind == "eyepiece circle"
    assert error(field.circle, true) < 1.0
    mask = circle_mask(true, shape)
    assert (field.mask & mask).sum() / (field.mask | mask).sum() > 0.99
    assert field.area_px == field.mask.sum()


@pytest.mark.parametrize("light", [even, sloping, vignetted])
def test_uneven_light_does_not_move_the_circle(light: object) -> None:
    true = Circle(430.0, 530.0, 420.0)
    scene = eyepiece(light((600, 1060)), true, needle=True, spores=30)  # type: ignore[operator]
    assert error(find_field(jpeg(photograph(scene, noise=4), 70)).circle, true) < 0.5


def test_sixteen_bits_give_the_circle_of_eight() -> None:
    picture = photograph(eyepiece(sloping((300, 400)), Circle(160, 210, 130)), noise=3)
    assert find_field(picture.astype(np.uint16) * 257).circle == find_field(picture).circle


def test_a_circle_of_low_levels_is_found() -> None:
    # 12-bit levels in a 16-bit file: the whole picture lies in the lowest sixteenth of the range.
    scene = eyepiece(even((300, 400), 3200), Circle(150, 200, 120), dark=200)
    picture = np.repeat(scene.astype(np.uint16)[..., None], 3, axis=2)
    assert error(find_field(picture).circle, Circle(150, 200, 120)) < 0.5


def test_the_circle_turns_with_the_picture() -> None:
    picture = photograph(eyepiece(sloping((300, 400)), Circle(170, 190, 140), needle=True), noise=3)
    straight, flipped = find_field(picture).circle, find_field(picture[:, ::-1]).circle
    assert straight is not None
    assert error(flipped, Circle(straight.centre_y, 399 - straight.centre_x, straight.radius)) < 0.1


EMPTY: dict[str, Picture] = {
    "black": np.zeros((200, 300, 3), dtype=np.uint8),
    "white": np.full((200, 300, 3), 255, dtype=np.uint8),
    "dark noise": photograph(even((200, 300), 8), noise=4),
    "bright noise": photograph(even((200, 300)), noise=10),
    "slope": photograph(sloping((200, 300)), noise=3),
    "vignette": photograph(vignetted((200, 300)), noise=3),
    "strong vignette": photograph(vignetted((200, 300)) ** 3 / 210**2, noise=2),
    "half dark": photograph(np.where(np.arange(300) < 150, 10.0, 200.0) * np.ones((200, 1)), noise=3),
    "dark square around": photograph(np.pad(even((120, 200), 200), 50, constant_values=10), noise=3),
    "bright cells on black": photograph(
        np.where(np.hypot(np.arange(200)[:, None] % 40 - 20, np.arange(300) % 40 - 20) < 12, 200.0, 10.0),
        noise=3,
    ),
    "tiny": np.full((5, 4, 3), 90, dtype=np.uint8),
    "no pixels": np.zeros((0, 0, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("name", EMPTY)
def test_without_a_circle_the_whole_picture_is_the_field(name: str) -> None:
    field = find_field(EMPTY[name])
    assert (field.kind, field.circle) == ("whole picture", None)
    assert field.mask.shape == EMPTY[name].shape[:2]
    assert field.mask.all()


def test_whole_does_not_look_for_a_circle() -> None:
    picture = photograph(eyepiece(even((200, 300)), Circle(100, 150, 80)), noise=3)
    assert find_field(picture, "whole").mask.all()
    assert find_field(picture, "circle").kind == "eyepiece circle"


def test_a_circle_that_is_asked_for_must_be_there() -> None:
    with pytest.raises(SettingsError, match="expected a bright disc in a dark surround"):
        find_field(EMPTY["slope"], "circle")


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(SettingsError, match="auto, whole, circle"):
        find_field(EMPTY["white"], "round")
    with pytest.raises(SettingsError, match="pixels"):
        find_field(EMPTY["white"][..., 0])
    with pytest.raises(SettingsError, match="float64"):
        find_field(EMPTY["white"].astype(np.float64))  # type: ignore[arg-type]


def test_the_mask_is_the_circle_s() -> None:
    mask = circle_mask(Circle(2, 2, 2), (5, 5))
    np.testing.assert_array_equal(mask.sum(axis=0), [1, 3, 5, 3, 1])


def _read(path: Path) -> Picture:
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), dtype=np.uint8)


@pytest.mark.real
def test_real_eyepieces_are_found(real_data: Path) -> None:
    paths = sorted((real_data / "anthracnose" / "images").iterdir())
    assert len(paths) == 5
    for path in paths:
        circle = find_field(_read(path)).circle
        # By eye, on enlarged drawings: within 1 px all around.
        true = Circle(767.9, 1036.1, 758.7) if path.stem == "1" else Circle(770.2, 1038.9, 770.8)
        assert error(circle, true) < 1.5, path.name


@pytest.mark.real
@pytest.mark.parametrize("name", ["nosema", "rice_blast", "dic_fungal"])
def test_real_whole_pictures_are_whole(real_data: Path, name: str) -> None:
    for path in sorted((real_data / name / "images").iterdir()):
        assert find_field(_read(path)).kind == "whole picture", path.name
