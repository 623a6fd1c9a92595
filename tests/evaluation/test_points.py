"""Points as truth: hand-computed matchings, brute force, laws, regions, and what is dropped."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation import DetectionTally, PointTruth, evaluate_points, match_points
from sporemetry.evaluation.detections import spore_places

Labels = NDArray[np.int32]
Points = NDArray[np.float64]
LABELS = arrays(np.int32, (8, 10), elements=st.integers(0, 4), fill=st.nothing())
PLACE = st.tuples(st.integers(0, 20).map(lambda k: k / 2), st.integers(0, 16).map(lambda k: k / 2))
PLACES = st.lists(PLACE, max_size=4)


def at(*places: tuple[float, float]) -> Points:
    return np.array(places, dtype=np.float64).reshape(-1, 2)


def dots(*places: tuple[int, int], size: int = 60) -> Labels:
    """Labels of 3 x 3 spores whose centroids are x + 0.5, y + 0.5 of each (x, y)."""
    labels = np.zeros((size, size), dtype=np.int32)
    for label, (x, y) in enumerate(places, start=1):
        labels[y - 1 : y + 2, x - 1 : x + 2] = label
    return labels


def tally(
    predicted: int, truth: int, matched: int, dropped: int = 0, dropped_truth: int = 0
) -> DetectionTally:
    return DetectionTally(predicted, truth, matched, dropped, dropped_truth)


def best_by_hand(centroids: Points, points: Points, tolerance: float) -> tuple[int, float]:
    """The most pairs and the least total distance, by looking at every injection."""
    distance = np.hypot(*(centroids[:, None] - points[None]).transpose(2, 0, 1))
    best = (0, 0.0)
    for count in range(min(distance.shape), 0, -1):
        totals = [
            sum(pairs)
            for rows in itertools.combinations(range(len(centroids)), count)
            for columns in itertools.permutations(range(len(points)), count)
            if max(pairs := [distance[pair] for pair in zip(rows, columns, strict=True)]) <= tolerance
        ]
        if totals:
            return count, min(totals)
    return best


@given(LABELS, PLACES, st.sampled_from([0.5, 1.5, 3.0, 20.0]))
@settings(deadline=None)
def test_agrees_with_every_matching_tried(
    labels: Labels, places: list[tuple[float, float]], near: float
) -> None:
    points = at(*places)
    found = match_points(labels, PointTruth(points, at()), near)
    ids, centroids, _ = spore_places(labels, None)
    chosen = centroids[np.searchsorted(ids, found.ids[found.rows])] - points[found.truths[found.columns]]
    total = float(np.hypot(chosen[:, 0], chosen[:, 1]).sum())
    count, least = best_by_hand(centroids, points, near)
    assert found.rows.size == count
    assert total == pytest.approx(least)
    assert len(set(found.rows.tolist())) == len(set(found.columns.tolist())) == found.rows.size


@given(LABELS, PLACES, PLACES, st.booleans(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_no_order_and_no_mirror_changes_the_tally(
    labels: Labels,
    places: list[tuple[float, float]],
    ignored: list[tuple[float, float]],
    region: bool,
    chance: object,
) -> None:
    shuffle = np.random.default_rng(chance.randint(0, 2**31)).permutation  # type: ignore[attr-defined]
    area = (-9.0, -9.0, 17.0, 17.0) if region else None  # x and y above 1 and below 7 count
    points, others = at(*places), at(*ignored)
    expected = match_points(labels, PointTruth(points, others, area), 2.0).tally()
    renamed = np.concatenate([[0], 1 + shuffle(4)])[labels]
    again = PointTruth(points[shuffle(len(points))], others[shuffle(len(others))], area)
    assert match_points(renamed, again, 2.0).tally() == expected
    if not region:
        turned = PointTruth(np.abs([10.0, 0.0] - points), np.abs([10.0, 0.0] - others))
        # On a pixel's edge a point lies in the pixel to its right, which mirroring changes.
        if not (np.mod(others[:, 0], 1) == 0).any():
            assert match_points(labels[:, ::-1], turned, 2.0).tally() == expected


@given(LABELS, PLACES)
@settings(deadline=None)
def test_more_tolerance_never_loses_a_pair(labels: Labels, places: list[tuple[float, float]]) -> None:
    truth = PointTruth(at(*places), at())
    pairs = [match_points(labels, truth, near).rows.size for near in (0.5, 1.0, 2.0, 4.0, 30.0)]
    assert pairs == sorted(pairs)


def test_most_pairs_come_before_least_distance() -> None:
    # The first spore is nearest to the first point; taking it would leave the second spore alone.
    labels = dots((10, 10), (7, 10))
    found = match_points(labels, PointTruth(at((10.5, 10.5), (14.5, 10.5)), at()), 4.0)
    assert sorted(zip(found.ids[found.rows].tolist(), found.columns.tolist(), strict=True)) == [
        (1, 1),
        (2, 0),
    ]


def test_of_as_many_pairs_the_nearest_ones() -> None:
    labels = dots((10, 10), (16, 10))
    found = match_points(labels, PointTruth(at((12.5, 10.5), (14.5, 10.5)), at()), 9.0)
    assert sorted(zip(found.ids[found.rows].tolist(), found.columns.tolist(), strict=True)) == [
        (1, 0),
        (2, 1),
    ]


def test_the_tolerance_is_included_and_the_outline_does_not_matter() -> None:
    spot = dots((10, 10))
    assert match_points(spot, PointTruth(at((13.5, 14.5)), at()), 5.0).tally() == tally(1, 1, 1)
    assert match_points(spot, PointTruth(at((13.5, 14.5)), at()), 4.999).tally() == tally(1, 1, 0)
    rod = np.zeros((60, 60), dtype=np.int32)
    rod[30, 5:45] = 1  # its centroid is at 25, 30.5; a point near its end lies in it, but not near
    assert match_points(rod, PointTruth(at((43.0, 30.5)), at()), 10.0).tally() == tally(1, 1, 0)


def test_what_lies_by_an_ignored_point_is_dropped_only_unmatched() -> None:
    labels = dots((10, 10), (20, 20), (40, 40))
    labels[50, 10:50] = 4  # its centroid is at 30, 50.5
    near, inside = (22.5, 20.5), (47.0, 50.5)
    truth = PointTruth(at((10.5, 10.5)), at((12.5, 10.5), near, inside))
    assert match_points(labels, truth, 3.0).tally() == tally(2, 1, 1, dropped=2)
    beyond = PointTruth(at((10.5, 10.5)), at((20.5, 23.51)))
    assert match_points(labels, beyond, 3.0).tally() == tally(4, 1, 1)


def test_of_equal_matchings_the_one_that_leaves_what_is_dropped() -> None:
    for first, second in (((10, 10), (14, 10)), ((14, 10), (10, 10))):
        labels = dots(first, second)
        truth = PointTruth(at((12.5, 10.5)), at((16.5, 10.5)))
        assert match_points(labels, truth, 2.5).tally() == tally(1, 1, 1, dropped=1)


def test_a_region_drops_what_is_outside_and_within_ten_pixels() -> None:
    # Inside the region 10..50 counts what is above 20 and below 40 in x and in y.
    labels = dots((19, 30), (20, 30), (30, 39), (30, 40), (5, 5))
    points = at((30.5, 39.5), (30.5, 40.0), (21.0, 39.9), (20.0, 30.5), (55, 55))
    found = match_points(labels, PointTruth(points, at(), (10, 10, 50, 50)), 1.0)
    assert found.ids.tolist() == [2, 3]
    assert found.dropped_ids.tolist() == [1, 4, 5]
    assert found.truths.tolist() == [0, 2]
    assert found.tally() == tally(2, 2, 1, dropped=3, dropped_truth=3)


def test_ignored_pixels_drop_spores_and_points() -> None:
    ignore = np.zeros((60, 60), dtype=bool)
    ignore[:, :20] = True
    labels = dots((10, 10), (19, 30), (20, 40), (40, 40))
    truth = PointTruth(at((10.5, 10.5), (19.9, 50), (20.5, 40.5), (60, 60)), at())
    found = match_points(labels, truth, 2.0, ignore)
    assert (found.ids.tolist(), found.truths.tolist()) == ([3, 4], [2, 3])
    assert found.tally() == tally(2, 2, 1, dropped=2, dropped_truth=2)


def test_empty_sides() -> None:
    nothing = evaluate_points(dots(), PointTruth(at(), at()), tolerance_px=5)
    assert (nothing.predicted, nothing.truth) == (0, 0)
    assert all(math.isnan(value) for value in nothing.found.measures().values())
    missed = evaluate_points(dots(), PointTruth(at((3, 3)), at((9, 9))), tolerance_px=5)
    assert (missed.found.measures()["f1"], missed.predicted, missed.truth) == (0, 0, 1)
    false = evaluate_points(dots((5, 5)), PointTruth(at(), at()), tolerance_px=5)
    assert (false.found.measures()["precision"], false.predicted, false.truth) == (0, 1, 0)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, math.nan, math.inf, 1001.0])
def test_tolerances_that_are_none(tolerance: float) -> None:
    with pytest.raises(SettingsError, match="tolerance"):
        match_points(dots(), PointTruth(at(), at()), tolerance)


@pytest.mark.parametrize(
    ("points", "region"),
    [
        (np.zeros((2, 3)), None),
        (np.array([[1.0, math.nan]]), None),
        (np.zeros(4), None),
        (np.zeros((0, 2)), (5.0, 0.0, 5.0, 9.0)),
        (np.zeros((0, 2)), (0.0, 0.0, math.inf, 9.0)),
    ],
)
def test_truth_that_is_none(points: Points, region: tuple[float, float, float, float] | None) -> None:
    with pytest.raises(SettingsError):
        PointTruth(points, at(), region)


def test_many_points_are_matched_without_a_table_of_all_pairs() -> None:
    chance = np.random.default_rng(1)
    y, x = np.divmod(np.arange(40_000), 200)
    labels = np.zeros((2000, 2000), dtype=np.int32)
    labels[10 * y + 5, 10 * x + 5] = 1 + np.arange(40_000)
    points = np.stack([10 * x + 5.5, 10 * y + 5.5], axis=1) + chance.uniform(-1, 1, (40_000, 2))
    found = match_points(labels, PointTruth(points[chance.permutation(40_000)[:30_000]], at()), 4.0)
    assert found.tally() == tally(40_000, 30_000, 30_000)
