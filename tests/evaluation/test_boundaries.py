"""Boundary F1: against scikit-image's boundaries with all distances computed, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from skimage.segmentation import find_boundaries

from sporemetry.evaluation import BoundaryTally, boundary, compare_boundaries

Mask = NDArray[np.bool_]
MASK = arrays(np.bool_, (9, 11))
TOLERANCES = st.sampled_from([0.0, 1.0, math.sqrt(2), 2.0, math.sqrt(5), math.sqrt(13)])


def tally_by_all_distances(predicted: Mask, truth: Mask, ignore: Mask, tolerance: float) -> BoundaryTally:
    """The definition of Csurka et al. written down directly."""
    edges = [find_boundaries(mask, connectivity=1, mode="inner") & mask for mask in (predicted, truth)]
    numbers = []
    for own, other in (edges, edges[::-1]):
        asked, target = np.argwhere(own & ~ignore), np.argwhere(other)
        near = (cdist(asked, target) <= tolerance + 1e-9).any(axis=1) if len(target) else np.zeros(len(asked))
        numbers += [len(asked), int(near.sum())]
    return BoundaryTally(*numbers)


def square(left: int, size: int = 6) -> Mask:
    mask = np.zeros((20, 30), dtype=bool)
    mask[6 : 6 + size, left : left + size] = True
    return mask


@given(MASK, MASK, MASK, TOLERANCES)
@settings(deadline=None)
def test_agrees_with_all_distances(predicted: Mask, truth: Mask, ignore: Mask, tolerance: float) -> None:
    expected = tally_by_all_distances(predicted, truth, ignore, tolerance)
    assert compare_boundaries(predicted, truth, ignore, tolerance_px=tolerance) == expected


@pytest.mark.parametrize(
    ("shift", "tolerance", "near"),
    [
        pytest.param(1, 1.0, 20, id="one pixel off is within one pixel"),
        # Of the 20 outline pixels of a 6 x 6 square, the 10 of its long sides less the leading corners stay.
        pytest.param(1, 0.0, 10, id="one pixel off, no tolerance"),
        pytest.param(2, 2.0, 20, id="two off within two"),
        pytest.param(3, 2.0, 14, id="three off: only the leading side of 6 is lost"),
        pytest.param(20, 2.0, 0, id="far away"),
    ],
)
def test_shifted_square(shift: int, tolerance: float, near: int) -> None:
    tally = compare_boundaries(square(3 + shift), square(3), tolerance_px=tolerance)
    assert tally == tally_by_all_distances(square(3 + shift), square(3), np.zeros((20, 30), bool), tolerance)
    assert (tally.predicted, tally.predicted_near) == (20, near)
    assert tally.f1 == pytest.approx(near / 20)


@given(MASK, MASK, TOLERANCES)
@settings(deadline=None)
def test_laws(predicted: Mask, truth: Mask, tolerance: float) -> None:
    tally = compare_boundaries(predicted, truth, tolerance_px=tolerance)
    swapped = compare_boundaries(truth, predicted, tolerance_px=tolerance)
    assert swapped.f1 == pytest.approx(tally.f1, nan_ok=True)
    assert (swapped.precision, swapped.recall) == pytest.approx((tally.recall, tally.precision), nan_ok=True)
    for flip in (np.flipud, np.fliplr, np.transpose):
        assert compare_boundaries(flip(predicted), flip(truth), tolerance_px=tolerance) == tally
    wider = compare_boundaries(predicted, truth, tolerance_px=tolerance + 1)
    assert wider.predicted_near >= tally.predicted_near
    assert wider.truth_near >= tally.truth_near


@given(MASK)
@settings(deadline=None)
def test_identity_is_1_and_undefined_without_a_boundary(mask: Mask) -> None:
    score = compare_boundaries(mask, mask, tolerance_px=0).f1
    assert score == pytest.approx(1.0 if boundary(mask).any() else math.nan, nan_ok=True)


def test_a_false_square_far_away_halves_precision_alone() -> None:
    tally = compare_boundaries(square(3) | square(20), square(3), tolerance_px=2)
    assert (tally.precision, tally.recall) == (0.5, 1)
    assert tally.f1 == pytest.approx(2 / 3)


def test_one_empty_side_scores_0_and_two_are_undefined() -> None:
    empty = np.zeros((20, 30), dtype=bool)
    assert compare_boundaries(empty, square(3), tolerance_px=2).f1 == 0
    assert compare_boundaries(square(3), empty, tolerance_px=2).f1 == 0
    assert math.isnan(compare_boundaries(empty, empty, tolerance_px=2).f1)


def test_the_border_of_the_picture_is_no_boundary() -> None:
    cut = np.zeros((6, 8), dtype=bool)
    cut[:, :3] = True  # cut by three borders; only its right side is an outline
    assert np.argwhere(boundary(cut)).tolist() == [[row, 2] for row in range(6)]
    assert not boundary(np.ones((4, 4), dtype=bool)).any()
    assert boundary(np.zeros((0, 4), dtype=bool)).shape == (0, 4)


def test_a_spore_cut_by_the_ignored_area_loses_nothing() -> None:
    ignore = np.zeros((20, 30), dtype=bool)
    ignore[:, :6] = True  # three columns of the square are ignored
    tally = compare_boundaries(square(3), square(3), ignore, tolerance_px=0)
    assert tally.f1 == 1
    assert tally.predicted == 10  # the other half of 20, and no new outline along the cut
