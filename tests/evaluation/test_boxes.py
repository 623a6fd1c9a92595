"""Boxes as truth: centroid matching against every assignment, ignored areas, and the YOLO reader."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage.measure import regionprops

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.evaluation import DetectionTally, evaluate_boxes, match_boxes, read_boxes

Labels = NDArray[np.int32]
LABELS = arrays(np.int32, (9, 12), elements=st.integers(0, 5), fill=st.nothing())
QUARTERS = st.integers(0, 40).map(lambda k: k / 4)
BOX = st.tuples(QUARTERS, QUARTERS, QUARTERS.map(lambda k: k / 2 + 0.5), QUARTERS.map(lambda k: k / 2 + 0.5))
BOXES = st.lists(BOX, max_size=5).map(
    lambda rows: np.array([(x, y, x + w, y + h) for x, y, w, h in rows], dtype=np.float64).reshape(-1, 4)
)


def dots(*places: tuple[int, int]) -> Labels:
    """A 20 x 20 label image with 3 x 3 spores around (row, column)."""
    labels = np.zeros((20, 20), dtype=np.int32)
    for label, (y, x) in enumerate(places, start=1):
        labels[y - 1 : y + 2, x - 1 : x + 2] = label
    return labels


def boxes_of(*rows: tuple[float, float, float, float]) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


@given(LABELS, BOXES)
@settings(deadline=None)
def test_agrees_with_a_full_assignment(labels: Labels, boxes: NDArray[np.float64]) -> None:
    props = regionprops(labels)
    centroids = np.array([np.add(prop.centroid, 0.5)[::-1] for prop in props]).reshape(-1, 2)
    point = centroids[:, None]
    inside = ((point >= boxes[:, :2] - 1e-12) & (point <= boxes[:, 2:] + 1e-12)).all(axis=2)
    offset = (point - (boxes[:, :2] + boxes[:, 2:]) / 2) / (boxes[:, 2:] - boxes[:, :2])
    worth = np.where(inside, 100 - np.hypot(offset[..., 0], offset[..., 1]), 0)
    best = worth[linear_sum_assignment(worth, maximize=True)].sum()
    found = match_boxes(labels, boxes)
    rows = [[prop.label for prop in props].index(label) for label in found.ids[found.rows]]
    assert worth[rows, found.truths[found.columns]].sum() == pytest.approx(best)
    assert found.tally().predicted == len(props)


def test_a_box_takes_one_spore_and_a_spore_one_box() -> None:
    two_in_one = match_boxes(dots((5, 5), (9, 9)), boxes_of((2, 2, 12, 12)))
    assert two_in_one.tally() == DetectionTally(
        predicted=2, truth=1, matched=1, dropped_predicted=0, dropped_truth=0
    )
    assert two_in_one.rows.tolist() == [0]  # (5.5, 5.5) is nearer to the centre (7, 7) than (9.5, 9.5)
    one_in_two = match_boxes(dots((5, 5)), boxes_of((4, 4, 9, 9), (3, 3, 8, 8)))
    assert one_in_two.columns.tolist() == [1]


def test_two_spores_in_overlapping_boxes_are_both_found() -> None:
    # The first spore lies in both boxes and nearer to the second one's centre; the second only in that one.
    found = match_boxes(dots((8, 8), (12, 12)), boxes_of((2, 2, 9, 9), (3, 3, 14, 14)))
    assert sorted(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == [(0, 0), (1, 1)]


def test_distance_is_taken_in_sizes_of_the_box() -> None:
    # Two pixels off in a box of 20 is nearer than one off in a box of 4.
    found = match_boxes(dots((9, 9)), boxes_of((6.5, 7.5, 10.5, 11.5), (0, 0, 19, 23)))
    assert found.columns.tolist() == [1]


def test_pixel_centres_lie_at_one_half_and_the_rim_is_inside() -> None:
    one = np.zeros((4, 4), dtype=np.int32)
    one[2, 1] = 1
    assert match_boxes(one, boxes_of((1.5, 2.5, 3, 4))).tally().matched == 1
    assert match_boxes(one, boxes_of((1.51, 2.5, 3, 4))).tally().matched == 0


def test_flipping_the_picture_changes_nothing() -> None:
    labels, boxes = dots((4, 4), (8, 15), (15, 6)), boxes_of((2, 2, 7, 7), (10, 5, 20, 12), (0, 0, 3, 3))
    flipped = np.stack([20 - boxes[:, 2], boxes[:, 1], 20 - boxes[:, 0], boxes[:, 3]], axis=1)
    assert match_boxes(labels[:, ::-1], flipped).tally() == match_boxes(labels, boxes).tally()


def test_empty_sides() -> None:
    nothing = evaluate_boxes(dots(), boxes_of()).found.measures()
    assert all(math.isnan(value) for value in nothing.values())
    missed = evaluate_boxes(dots(), boxes_of((1, 1, 4, 4)))
    assert (missed.found.measures()["f1"], missed.predicted, missed.truth) == (0, 0, 1)
    false = evaluate_boxes(dots((5, 5)), boxes_of())
    assert (false.found.measures()["precision"], false.found.measures()["f1"]) == (0, 0)


def test_spores_and_boxes_mostly_in_ignored_pixels_are_dropped() -> None:
    ignore = np.zeros((20, 20), dtype=bool)
    ignore[:, :10] = True
    labels = dots((2, 3), (6, 9), (10, 10), (14, 15))
    boxes = boxes_of((1, 1, 6, 4), (8, 5, 11, 8), (9, 9, 12, 12), (13, 13, 18, 16), (5, 16, 15, 19))
    found = match_boxes(labels, boxes, ignore)
    # Shares of the spores: 1, 2/3, 1/3, 0; of the boxes: 1, 2/3, 1/3, 0 and exactly 1/2, which stays.
    assert (found.ids.tolist(), found.dropped_ids.tolist()) == ([3, 4], [1, 2])
    assert (found.truths.tolist(), found.dropped_truths.tolist()) == ([2, 3, 4], [0, 1])
    assert found.tally() == DetectionTally(
        predicted=2, truth=3, matched=2, dropped_predicted=2, dropped_truth=2
    )
    half = np.zeros((20, 20), dtype=np.int32)
    half[5, 8:12] = 1
    assert match_boxes(half, boxes, ignore).ids.tolist() == [1]


def test_boxes_at_and_beyond_the_border_are_judged_by_their_visible_pixels() -> None:
    ignore = np.zeros((20, 20), dtype=bool)
    ignore[:2, :2] = True
    boxes = boxes_of((-3, -3, 2, 2), (19.9, 19.9, 25, 25), (0.6, 0.6, 0.7, 0.7))
    assert match_boxes(dots(), boxes, ignore).dropped_truths.tolist() == [0, 2]


@pytest.mark.parametrize(
    "boxes",
    [np.zeros((2, 3)), boxes_of((1, 1, 1, 4)), boxes_of((1, 1, math.nan, 4))],
    ids=["3", "empty", "nan"],
)
def test_boxes_that_are_none(boxes: NDArray[np.float64]) -> None:
    with pytest.raises(SettingsError, match="boxes"):
        match_boxes(dots(), boxes)


def test_yolo_fractions_become_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\ufeff0 0.5 0.25 0.2 0.1\r\n\r\n3\t1 1 0.5 0.5\n", "utf-8")
    boxes = read_boxes(path)
    assert boxes.classes.tolist() == [0, 3]
    assert boxes.in_pixels(height=100, width=200) == pytest.approx(
        np.array([[80, 20, 120, 30], [150, 75, 250, 125]])
    )


def test_an_empty_yolo_file_states_that_there_is_no_spore(tmp_path: Path) -> None:
    path = tmp_path / "blank.txt"
    path.write_bytes(b"\n  \n")
    assert read_boxes(path).in_pixels(10, 10).shape == (0, 4)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"0 0.5 0.5 0.1", "line 1"),
        (b"0 0.5 0.5 0.1 0.1\n0 0.1 0.1 0.2 0.1 0.3 0.3", "line 2"),
        (b"0 0.5 0.5 0.1 0.1 0.9", "line 1"),
        (b"spore 0.5 0.5 0.1 0.1", "line 1: 'spore"),
        (b"0 nan 0.5 0.1 0.1", "line 1"),
        (b"0 0.5 0.5 0 0.1", "line 1"),
        (b"0 0.5 0.5 -0.1 0.1", "line 1"),
        (b"0 960 540 20 20", "line 1"),
        (b"0.5 0.5 0.5 0.1 0.1", "line 1"),
        (b"-1 0.5 0.5 0.1 0.1", "line 1"),
        (b"1e300 0.5 0.5 0.1 0.1", "line 1"),
        (b"\xff\xfe\x00\x81", "bytes that are no text"),
    ],
)
def test_yolo_lines_that_are_no_box_are_named(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(LabelReadError, match=found):
        read_boxes(path)


def test_yolo_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabelReadError, match=r"absent\.txt"):
        read_boxes(tmp_path / "absent.txt")
    monkeypatch.setattr("sporemetry.exchange.yolo_boxes._LARGEST_FILE", 10)
    path = tmp_path / "long.txt"
    path.write_bytes(b"0 0.5 0.5 0.1 0.1")
    with pytest.raises(LabelReadError, match="more than"):
        read_boxes(path)
