"""The table of overlaps against scikit-image's, and the matching against a full assignment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage.metrics import contingency_table

from sporemetry.evaluation import Overlaps, find_overlaps, match

Labels = NDArray[np.int32]
LABELS = arrays(np.int32, (6, 8), elements=st.integers(0, 4), fill=st.nothing())


def iou_matrix(predicted: Labels, truth: Labels) -> NDArray[np.float64]:
    """IoU of all labels up to 4, from scikit-image's contingency table; NaN where both are absent."""
    table = np.zeros((5, 5))
    found = contingency_table(predicted, truth).toarray()
    table[: found.shape[0], : found.shape[1]] = found
    union = table.sum(axis=1)[1:, None] + table.sum(axis=0)[None, 1:] - table[1:, 1:]
    with np.errstate(invalid="ignore"):
        iou: NDArray[np.float64] = table[1:, 1:] / union
    return iou


def as_matrix(overlaps: Overlaps) -> NDArray[np.float64]:
    matrix = np.zeros((4, 4))
    ids = overlaps.predicted.ids[overlaps.rows] - 1, overlaps.truth.ids[overlaps.columns] - 1
    matrix[ids] = overlaps.iou
    return matrix


@given(LABELS, LABELS)
@settings(deadline=None)
def test_iou_agrees_with_the_contingency_table(predicted: Labels, truth: Labels) -> None:
    expected = np.nan_to_num(iou_matrix(predicted, truth))
    assert as_matrix(find_overlaps(predicted, truth)) == pytest.approx(expected)


@given(LABELS, LABELS, st.sampled_from([0.1, 0.25, 1 / 3, 0.5, 0.55, 0.75, 1.0]))
@settings(deadline=None)
def test_match_agrees_with_a_full_assignment(predicted: Labels, truth: Labels, iou: float) -> None:
    overlaps = find_overlaps(predicted, truth)
    pairs = match(overlaps, iou)
    value = np.nan_to_num(iou_matrix(predicted, truth))
    # Every allowed pair is worth more than all IoU together, so the number comes before the quality.
    worth = np.where(value >= iou, 100 + value, 0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    assert (100 + overlaps.iou[pairs]).sum() == pytest.approx(worth[rows, columns].sum())
    assert np.unique(overlaps.rows[pairs]).size == np.unique(overlaps.columns[pairs]).size == pairs.size


def test_at_exactly_one_half_a_union_of_two_halves_takes_one_of_them() -> None:
    halves, union = np.array([[1, 1, 2, 2]]), np.array([[5, 5, 5, 5]])
    for overlaps in (find_overlaps(halves, union), find_overlaps(union, halves)):
        assert overlaps.iou.tolist() == [0.5, 0.5]
        assert match(overlaps, 0.5).size == 1
        assert match(overlaps, np.nextafter(0.5, 1)).size == 0


def test_an_iou_equal_to_the_threshold_matches_at_every_step_of_the_sweep() -> None:
    for step in range(10, 20):  # 20 true pixels, of which `step` were found: IoU = step / 20
        predicted = np.where(np.arange(20) < step, 1, 0)[None]
        overlaps = find_overlaps(predicted, np.ones((1, 20), dtype=np.int32))
        assert match(overlaps, step / 20).size == 1
        assert match(overlaps, (step + 1) / 20).size == 0


def test_gaps_large_ids_and_any_integer_type_do_no_harm() -> None:
    small = np.array([[1, 1, 0, 2]], dtype=np.int32)
    large = np.array([[2**31 - 1, 2**31 - 1, 0, 65_536]], dtype=np.uint32)
    overlaps = find_overlaps(large, small)
    assert overlaps.predicted.ids.tolist() == [65_536, 2**31 - 1]
    assert overlaps.shared.tolist() == [1, 2]
    assert match(overlaps, 1.0).size == 2


def test_no_spores() -> None:
    none = np.zeros((4, 5), dtype=np.int32)
    overlaps = find_overlaps(none, none)
    assert overlaps.predicted.ids.size == overlaps.truth.ids.size == overlaps.shared.size == 0
    assert match(overlaps, 0.5).size == 0


@pytest.mark.parametrize(
    ("hidden", "kept", "area"),
    [
        pytest.param(2, True, 2, id="exactly half ignored: stays, with what can be seen"),
        pytest.param(3, False, None, id="more than half: dropped"),
        pytest.param(4, False, None, id="all"),
    ],
)
def test_a_spore_mostly_in_ignored_pixels_is_dropped_on_either_side(
    hidden: int, kept: bool, area: int | None
) -> None:
    labels = np.array([[7, 7, 7, 7, 0, 0]], dtype=np.int32)
    other = np.array([[0, 0, 0, 3, 3, 3]], dtype=np.int32)
    ignore = (np.arange(6) < hidden)[None]
    overlaps = find_overlaps(labels, other, ignore)
    swapped = find_overlaps(other, labels, ignore)
    for side in (overlaps.predicted, swapped.truth):
        assert (side.ids.tolist(), side.dropped.tolist()) == (([7], []) if kept else ([], [7]))
        assert side.areas.tolist() == ([area] if kept else [])
    assert overlaps.shared.tolist() == swapped.shared.tolist() == ([1] if kept else [])


@given(LABELS, LABELS, arrays(np.bool_, (6, 8)))
@settings(deadline=None)
def test_ignored_pixels_only_take_away(predicted: Labels, truth: Labels, ignore: NDArray[np.bool_]) -> None:
    overlaps = find_overlaps(predicted, truth, ignore)
    for labels, side in ((predicted, overlaps.predicted), (truth, overlaps.truth)):
        ids = [label for label in range(1, 5) if (labels == label).any()]
        dropped = [label for label in ids if ignore[labels == label].mean() > 0.5]
        assert side.dropped.tolist() == dropped
        assert side.ids.tolist() == [label for label in ids if label not in dropped]
        assert side.areas.tolist() == [int(((labels == label) & ~ignore).sum()) for label in side.ids]
    visible = find_overlaps(np.where(ignore, 0, predicted), np.where(ignore, 0, truth))
    assert overlaps.shared.sum() <= visible.shared.sum()
