from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from tests.measurement.label_pictures import Labels, label_pictures

from sporemetry.measurement.caliper import calipers
from sporemetry.measurement.hull import centre_hulls, diamond_hulls, hull_corners, row_extents
from sporemetry.measurement.runs import label_runs


def widths(points: np.ndarray[tuple[int, int], np.dtype[np.float64]], directions: int) -> tuple[float, float]:
    """Largest and smallest extent over many directions: calipers by their definition."""
    angle = np.linspace(0, np.pi, directions, endpoint=False)
    extent = np.ptp(points @ np.stack([np.sin(angle), np.cos(angle)]), axis=0)
    return float(extent.max()), float(extent.min())


@given(st.integers(0, 2**32 - 1), st.integers(3, 60))
@settings(deadline=None, max_examples=40)
def test_calipers_are_the_extreme_widths(seed: int, number: int) -> None:
    points = np.random.default_rng(seed).normal(size=(number, 2)) * [3, 1]
    corners = points[ConvexHull(points).vertices]
    found = calipers(np.zeros(len(corners), np.int64), corners, 1)
    largest, smallest = widths(corners, 20000)
    assert found.largest[0] == pytest.approx(largest, rel=1e-6)
    # Between two of the directions an extent changes by at most the largest one times their angle.
    assert smallest - largest * np.pi / 20000 <= found.smallest[0] <= smallest + 1e-12


def test_batches_and_repeated_corners(monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = [
        np.array([[0, 0], [0, 0], [4, 0], [4, 3], [0, 3]], float),
        np.array([[1, 1]], float),
        np.array([[0, 0], [3, 4], [3, 4]], float),
    ]
    spore, points = np.repeat([0, 1, 2], [5, 1, 3]), np.concatenate(polygons)
    for pairs in (1, 30, 1000):
        monkeypatch.setattr("sporemetry.measurement.caliper._PAIRS", pairs)
        found = calipers(spore, points, 3)
        assert found.largest.tolist() == [5, 0, 5]
        assert found.smallest.tolist() == [3, 0, 0]


@given(label_pictures())
@settings(deadline=None, max_examples=40)
def test_hulls_are_scipys(labels: Labels) -> None:
    runs = label_runs(labels)
    spore, points = hull_corners(diamond_hulls(centre_hulls(row_extents(runs))))
    for number, value in enumerate(runs.values):
        pixels = np.argwhere(labels == value)
        diamonds = np.concatenate([pixels + np.array(tip) / 2 for tip in ((1, 0), (-1, 0), (0, 1), (0, -1))])
        hull = ConvexHull(diamonds)
        ours = points[spore == number]
        y, x = ours.T
        shoelace = abs(np.sum(y * np.roll(x, -1) - x * np.roll(y, -1))) / 2
        assert shoelace == pytest.approx(hull.volume)  # a polygon's "volume" is its area
        assert {tuple(p) for p in ours} <= {tuple(p) for p in diamonds}
