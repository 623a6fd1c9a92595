"""Length and width of ideal outlines drawn as masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import regionprops_table
from tests.measurement.label_pictures import Labels, capsule, label_pictures

from sporemetry.measurement import measure
from sporemetry.measurement.family import half_width, spore_family


def errors(masks: list[NDArray[np.bool_]], length: float, width: float) -> NDArray[np.float64]:
    """Return the relative errors of length and width, (number of masks, 2)."""
    sheet = np.concatenate([mask * (number + 1) for number, mask in enumerate(masks)])
    found = measure(sheet)[["length_px", "width_px"]].to_numpy()
    relative: NDArray[np.float64] = found / [length, width] - 1
    return relative


def turned_capsules(scale: float, number: int) -> list[NDArray[np.bool_]]:
    """Capsules of 13.8 x 4.8 µm at random angles and subpixel positions."""
    rng = np.random.default_rng(7)
    return [
        capsule(13.8 * scale, 4.8 * scale, rng.uniform(0, np.pi), (rng.uniform(), rng.uniform()))
        for _ in range(number)
    ]


@pytest.mark.parametrize("scale", [10, 20])
def test_capsule_within_one_percent_at_any_angle(scale: float) -> None:
    error = errors(turned_capsules(scale, 300), 13.8 * scale, 4.8 * scale)
    assert np.abs(error).max() < 0.01


@pytest.mark.parametrize("angle", np.deg2rad([0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165]))
def test_capsule_centred_on_a_pixel(angle: float) -> None:
    # The hardest positions: at 0 and 90 degrees both sides run exactly through pixel centres.
    assert np.abs(errors([capsule(138, 48, float(angle))], 138, 48)).max() < 0.01


def test_capsule_at_the_scale_of_a_phone_at_the_eyepiece() -> None:
    error = errors(turned_capsules(3.1, 500), 13.8 * 3.1, 4.8 * 3.1)
    assert np.all(np.mean(np.abs(error) < 0.01, axis=0) > 0.95)
    assert np.abs(error.mean(axis=0)).max() < 0.002
    # A rod 14.88 pixels wide along the grid holds 14 or 15 rows: with 14 nothing says that it is wider.
    assert np.abs(error[:, 0]).max() < 0.02
    assert np.abs(error[:, 1]).max() < 0.88 / 14.88 + 0.005


def test_moments_alone_misread_rods() -> None:
    # Why length and width are not scikit-image's axes.
    table = regionprops_table(
        capsule(138, 48, 0.4).astype(int), properties=("axis_major_length", "axis_minor_length")
    )
    assert table["axis_major_length"][0] / 138 == pytest.approx(1.08, abs=0.005)
    assert table["axis_minor_length"][0] / 48 == pytest.approx(1.11, abs=0.01)


@pytest.mark.parametrize("ratio", [1.0, 1.6, 3.0])
def test_ellipses_and_circles(ratio: float) -> None:
    row, column = np.mgrid[-80:81, -80:81].astype(float)
    rng, masks = np.random.default_rng(3), []
    for _ in range(40):
        angle, (y, x) = rng.uniform(0, np.pi), rng.uniform(0, 1, 2)
        along = (column - x) * np.cos(angle) + (row - y) * np.sin(angle)
        across = (row - y) * np.cos(angle) - (column - x) * np.sin(angle)
        masks.append((along / 70) ** 2 + (across * ratio / 70) ** 2 <= 1)
    assert np.abs(errors(masks, 140, 140 / ratio)).max() < 0.01


@pytest.mark.parametrize(("length", "width"), [(1, 1), (10, 1), (12, 5), (9, 9)])
def test_small_rods_on_the_grid(length: int, width: int) -> None:
    found = measure(np.ones((width, length), int)).iloc[0]
    assert found["width_px"] == pytest.approx(width, abs=0.5)
    assert length - 0.5 <= found["length_px"] <= np.hypot(length, width) + 0.5


def test_bent_spores_keep_their_calipers() -> None:
    row, column = np.mgrid[:90, :160].astype(float)
    distance = np.hypot(row - 95, column - 80)
    arc = (np.abs(distance - 70) <= 10) & (row < 60)  # far from any member of the family
    found, hull = measure(arc.astype(int)).iloc[0], np.argwhere(arc)[ConvexHull(np.argwhere(arc)).vertices]
    angle = np.linspace(0, np.pi, 2000)
    extent = np.ptp(hull @ np.stack([np.sin(angle), np.cos(angle)]), axis=0)
    assert extent.max() <= found["length_px"] <= extent.max() + 2.5
    assert extent.min() <= found["width_px"] <= extent.min() + 1.5


def test_tapering_spore_is_as_wide_as_its_wide_end() -> None:
    row, column = np.mgrid[-30:31, -80:81].astype(float)
    radius = np.interp(column, [-50, 50], [24.3, 14.1])
    inside = np.hypot(np.maximum(np.abs(column) - 50, 0), row) <= radius
    error = errors([inside], 50 + 50 + 24.3 + 14.1, 2 * 24.3)
    assert np.abs(error).max() < 0.02


def test_neighbours_do_not_leak() -> None:
    alone = np.zeros((60, 90), int)
    alone[10:25, 10:60] = 1
    crowded = alone.copy()
    crowded[25:40, 10:60] = 2
    crowded[10:40, 60:80] = 3
    assert measure(alone).iloc[0].equals(measure(crowded).iloc[0])


@settings(deadline=None, max_examples=40)
@given(label_pictures())
def test_sizes_are_within_the_bounds_of_the_pixels(labels: Labels) -> None:
    spores = measure(labels)
    assert (spores["length_px"] >= spores["width_px"]).all()
    assert (spores["width_px"] > 0).all()
    for label, length in zip(spores["label"], spores["length_px"], strict=True):
        pixels = np.argwhere(labels == label)
        reach = np.sqrt(((pixels[:, None] - pixels[None]) ** 2).sum(axis=2).max())
        assert reach - 1e-9 <= length <= reach + 2.5 + 1e-9


def test_family_holds_its_named_members() -> None:
    family = spore_family()
    assert np.all(np.diff(family.kurtosis) > 0)

    def member(kurtosis: float) -> tuple[float, float]:
        return (
            float(np.interp(kurtosis, family.kurtosis, family.half_length)),
            float(np.interp(kurtosis, family.kurtosis, family.fill)),
        )

    assert member(2.0) == pytest.approx((2.0, np.pi / 4), abs=1e-3)  # ellipse
    assert member(1.8) == pytest.approx((np.sqrt(3), 1.0), abs=0.02)  # nearly a rectangle
    assert member(15 / 7) == pytest.approx((np.sqrt(5), 2 / 3), abs=2e-3)  # parabola


def test_profile_of_a_capsule_and_of_a_lens() -> None:
    t = np.linspace(0, 1, 101)
    capsule_profile = half_width(t, np.array(0.25), np.array(1.0))
    assert capsule_profile[:76] == pytest.approx(1)
    assert capsule_profile[90] == pytest.approx(np.sqrt(1 - (0.15 / 0.25) ** 2))
    # Two arcs of radius 5 around (0, -3) and (0, 3): half-length 4, half-width 2.
    lens = (np.sqrt(25 - (4 * t) ** 2) - 3) / 2
    assert half_width(t, np.array(1.0), np.array(0.8)) == pytest.approx(lens)


@pytest.mark.real
def test_labelled_spores_of_a_real_set(real_data: object) -> None:
    from pathlib import Path

    import cv2

    path = sorted((Path(str(real_data)) / "nosema" / "labels").glob("*.png"))[0]
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.int32)
    spores = measure(labels)
    parts = [ndimage.label(labels == label)[1] for label in spores["label"]]
    assert len(parts) == len(np.unique(labels)) - 1
    # The labels were drawn as ellipses: there the axes of the moments are right, and ours agree.
    whole = (spores["solidity"] > 0.95) & (spores["area"] > 60)
    ratio = spores["length_px"][whole] / spores["axis_major_length"][whole]
    assert ratio.median() == pytest.approx(1, abs=0.02)
