"""The outlines: distances, areas and calipers against independent computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.contact import gap_between, slide_to_contact
from sporemetry.dataset.synthesis.forms import (
    BARREL_TIP,
    BEAN_BEND,
    DROP_HEAD,
    DROP_TIP,
    DROP_WIDEST,
    EGG_TIP,
    PEAR_TIP,
    SHAPES,
    SPINDLE_TIP,
)
from sporemetry.dataset.synthesis.shapes import (
    Outline,
    capsule_mask,
    ellipse_mask,
    pear_mask,
    shape_mask,
    spindle_mask,
)
from sporemetry.errors import SettingsError

FloatArray = NDArray[np.float64]

kinds = st.sampled_from(sorted(SHAPES))
angles = st.floats(0.0, 2 * math.pi)
widths = st.floats(2.0, 30.0)
aspects = st.floats(1.0, 6.0)


def drawn_contour(kind: str, length: float, width: float, points: int = 4000) -> FloatArray:
    """The contour, n x 2 (u, v), drawn from the form's definition and not from its distance."""
    a, b = length / 2, width / 2
    turn = np.linspace(0.0, 2 * math.pi, points, endpoint=False)
    if kind == "ellipse":
        return np.stack([a * np.cos(turn), b * np.sin(turn)], axis=1)
    if kind == "capsule":
        return hull_of_discs([(-(a - b), 0.0, b), (a - b, 0.0, b)], points)
    if kind in {"pear", "egg_up", "egg_down"}:
        tip = (PEAR_TIP if kind == "pear" else EGG_TIP) * b
        contour = hull_of_discs([(-(a - b), 0.0, b), (a - tip, 0.0, tip)], points)
        return contour * [-1, 1] if kind == "egg_down" else contour
    if kind.startswith("bean"):
        return bent_tube(a, b, points) * [1, -1 if kind == "bean_left" else 1]
    if kind == "drop":
        head = max(DROP_WIDEST * length, b)
        halves = [
            lens(part, b, blunt * b, points) for part, blunt in ((head, DROP_HEAD), (length - head, DROP_TIP))
        ]
        ends = [half[half[:, 0] * side >= 0] for half, side in zip(halves, (-1, 1), strict=True)]
        contour = np.concatenate(ends)
        order = np.argsort(np.arctan2(contour[:, 1], contour[:, 0]), kind="stable")
        return np.asarray(contour[order] + [head - a, 0.0])
    tip = (BARREL_TIP if kind == "barrel" else SPINDLE_TIP) * b
    return lens(a, b, tip, points)


def lens(a: float, b: float, tip: float, points: int) -> FloatArray:
    """A sharp lens of two arcs, grown by the radius of the tips, in the order of its contour."""
    # Along each outward normal of the lens.
    half_length, half_width = a - tip, b - tip
    radius = (half_length**2 + half_width**2) / (2 * half_width)
    slope = math.acos(max((radius - half_width) / radius, -1.0))
    upper = np.linspace(-slope, slope, points)
    arc = np.stack(
        [(radius + tip) * np.sin(upper), (radius + tip) * np.cos(upper) - (radius - half_width)], axis=1
    )
    end = np.linspace(math.pi / 2 - slope, -(math.pi / 2 - slope), points)
    cap = np.stack([half_length + tip * np.cos(end), tip * np.sin(end)], axis=1)
    return np.concatenate([arc, cap, -arc, -cap])


def bent_tube(a: float, b: float, points: int) -> FloatArray:
    """A tube around an arc that bulges to positive v, in the order of its contour."""
    bend = 2 * b * min(BEAN_BEND, (a / b - 1) ** 2 / 4)
    tube = b - bend / 2
    half_chord = a - tube
    if bend < 1e-6 * b:
        return hull_of_discs([(-half_chord, 0.0, tube), (half_chord, 0.0, tube)], points)
    radius = (half_chord**2 + bend**2) / (2 * bend)
    slope = math.asin(half_chord / radius)
    turn = np.linspace(-slope, slope, points)
    end = np.linspace(0.0, math.pi, points)
    outer = (radius + tube) * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    inner = (radius - tube) * np.stack([np.sin(-turn), np.cos(-turn)], axis=1)
    middle = np.array([half_chord, radius * math.cos(slope)])
    cap = middle + tube * np.stack([np.sin(slope + end), np.cos(slope + end)], axis=1)
    contour = np.concatenate([outer, cap, inner, (cap * [-1, 1])[::-1]])
    return np.asarray(contour - [0.0, radius - bend / 2])


def hull_of_discs(discs: list[tuple[float, float, float]], points: int) -> FloatArray:
    """The convex hull of discs: in each direction, the point of the disc that reaches farthest."""
    turn = np.linspace(0.0, 2 * math.pi, points, endpoint=False)
    direction = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    reach = np.stack([direction @ np.array([u, v]) + r for u, v, r in discs], axis=1)
    farthest = reach.argmax(axis=1)
    centres = np.array([[u, v] for u, v, _ in discs])[farthest]
    radii = np.array([r for _, _, r in discs])[farthest]
    return np.asarray(centres + radii[:, None] * direction)


def distance_to_polygon(points: FloatArray, corners: FloatArray) -> FloatArray:
    """The distance of each point to the nearest side of a closed polygon."""
    side = np.roll(corners, -1, axis=0) - corners
    share = ((points[:, None] - corners) * side).sum(-1) / np.maximum((side**2).sum(-1), 1e-30)
    nearest = corners + np.clip(share, 0.0, 1.0)[..., None] * side
    return np.asarray(np.sqrt(((points[:, None] - nearest) ** 2).sum(-1)).min(axis=1))


@pytest.mark.parametrize("kind", sorted(SHAPES))
@pytest.mark.parametrize(("length", "width"), [(14.0, 4.0), (10.0, 10.0), (12.0, 11.0), (60.0, 9.0)])
def test_distance_is_the_distance_to_the_drawn_contour(kind: str, length: float, width: float) -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(-0.8 * length, 0.8 * length, (150, 2))
    corners = drawn_contour(kind, length, width, 1500)
    if kind in {"pear", "capsule", "egg_up", "egg_down"} or (kind.startswith("bean") and length == width):
        order = np.argsort(np.arctan2(corners[:, 1], corners[:, 0]), kind="stable")
        corners = corners[order]
    expected = distance_to_polygon(points, corners)
    found = SHAPES[kind].distance(points[:, 0], points[:, 1], length, width)
    np.testing.assert_allclose(np.abs(found), expected, atol=0.02 * width)
    assert np.array_equal(found < -0.05 * width, (expected > 0.05 * width) & (found < 0))


@given(kinds, widths, aspects, angles)
@example("drop", 8.28125, 1.0, 0.0)
@settings(deadline=None, max_examples=60)
def test_calipers_of_the_contour_are_length_and_width(
    kind: str, width: float, aspect: float, angle: float
) -> None:
    length = width * aspect
    outline = Outline(kind, 5.0, -3.0, length, width, angle)
    y, x = outline.contour()
    assert np.abs(outline.distance(y, x)).max() < 1e-6 * length
    along = (x + 3.0) * math.cos(angle) - (y - 5.0) * math.sin(angle)
    # The ends of a bent tube lie between two of the points.
    assert np.ptp(along) == pytest.approx(length, rel=1e-2 if kind.startswith("bean") else 1e-6)
    corners = drawn_contour(kind, length, width)
    assert np.ptp(corners[:, 0]) == pytest.approx(length, rel=1e-4)
    assert np.ptp(corners[:, 1]) == pytest.approx(width, rel=1e-4)
    assert np.hypot(y - 5.0, x + 3.0).max() <= outline.reach


@given(kinds, widths, aspects)
@settings(deadline=None, max_examples=60)
def test_area_formula_is_that_of_the_drawn_polygon(kind: str, width: float, aspect: float) -> None:
    corners = drawn_contour(kind, width * aspect, width)
    if kind in {"pear", "egg_up", "egg_down"}:
        corners = corners[np.argsort(np.arctan2(corners[:, 1], corners[:, 0]), kind="stable")]
    following = np.roll(corners, -1, axis=0)
    polygon = 0.5 * abs(np.sum(corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]))
    assert SHAPES[kind].area(width * aspect, width) == pytest.approx(polygon, rel=2e-3)


def test_areas_worked_by_hand() -> None:
    assert SHAPES["capsule"].area(10.0, 4.0) == pytest.approx(6 * 4 + 4 * math.pi)
    assert SHAPES["ellipse"].area(10.0, 4.0) == pytest.approx(10 * math.pi)
    for kind in SHAPES:  # as long as wide, every form is a circle
        assert SHAPES[kind].area(6.0, 6.0) == pytest.approx(9 * math.pi)


@pytest.mark.parametrize("angle", np.linspace(0.0, math.pi, 7))
def test_a_large_capsule_covers_its_area(angle: float) -> None:
    mask = capsule_mask((400, 400), (200.3, 199.6), 276.0, 96.0, float(angle))
    assert mask.sum() == pytest.approx(180 * 96 + math.pi * 48**2, rel=0.002)


@given(kinds, angles, st.floats(8.0, 20.0), st.floats(1.0, 2.5))
@settings(deadline=None, max_examples=40)
def test_flipping_the_mask_mirrors_the_angle(kind: str, angle: float, width: float, aspect: float) -> None:
    # Where a pixel's centre lies on the contour itself, rounding decides; nowhere else may the two differ.
    if SHAPES[kind].handed:
        assume(1e-6 < angle % math.pi < math.pi - 1e-6)  # there the axis turns from up to down
    middle = (32.0, 32.0)
    other = {"egg_up": "egg_down", "egg_down": "egg_up"}.get(kind, kind)
    straight = shape_mask(kind, (65, 65), middle, width * aspect, width, angle)
    mirrored = shape_mask(other, (65, 65), middle, width * aspect, width, -angle)
    assert np.count_nonzero(straight != mirrored[::-1]) <= 2


def test_named_masks_are_the_forms() -> None:
    arguments = ((40, 60), (20.0, 30.0), 40.0, 14.0, 0.4)
    for kind, mask in (("ellipse", ellipse_mask), ("spindle", spindle_mask), ("pear", pear_mask)):
        assert np.array_equal(mask(*arguments), shape_mask(kind, *arguments))


def test_a_pear_points_to_its_angle() -> None:
    mask = pear_mask((61, 61), (30, 30), 50.0, 20.0, math.pi / 2)  # up
    assert mask[:30].sum() < mask[31:].sum()


@pytest.mark.parametrize(
    ("kind", "length", "width"),
    [("cube", 5.0, 2.0), ("capsule", 2.0, 5.0), ("ellipse", math.nan, 1.0), ("pear", 5.0, 0.0)],
)
def test_what_has_no_outline_is_refused(kind: str, length: float, width: float) -> None:
    with pytest.raises(SettingsError):
        Outline(kind, 0.0, 0.0, length, width, 0.0)


@given(kinds, kinds, angles, angles, angles, st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=60)
def test_sliding_ends_at_the_overlap_asked_for(
    first: str, second: str, turn: float, other_turn: float, heading: float, overlap: float
) -> None:
    partner = Outline(first, 2.0, 3.0, 14.0, 5.0, turn)
    placed = slide_to_contact(
        Outline(second, 0.0, 0.0, 12.0, 6.0, other_turn), partner, heading=heading, overlap=overlap
    )
    assert gap_between(placed, partner) == pytest.approx(-overlap, abs=0.05)
