"""Projections against numpy's own, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sporemetry.formats.projection import PROJECTIONS, project

_STACKS = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.uint32, np.int16]),
    st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5)),
)


@settings(deadline=None)
@given(_STACKS)
def test_against_numpy(stack: NDArray[Any]) -> None:
    np.testing.assert_array_equal(project("max", iter(stack)), stack.max(0))
    np.testing.assert_array_equal(project("min", iter(stack)), stack.min(0))
    exact = np.floor(stack.astype(np.float64).mean(0) + 0.5)
    np.testing.assert_array_equal(project("mean", iter(stack)), exact)
    assert all(project(name, iter(stack)).dtype == stack.dtype for name in PROJECTIONS)


@settings(deadline=None)
@given(_STACKS, st.randoms(use_true_random=False))
def test_the_order_of_planes_does_not_matter(stack: NDArray[Any], random: Any) -> None:
    order = list(range(len(stack)))
    random.shuffle(order)
    for name in PROJECTIONS:
        np.testing.assert_array_equal(project(name, iter(stack[order])), project(name, iter(stack)))


@pytest.mark.parametrize("name", PROJECTIONS)
def test_the_first_plane_is_not_written_to(name: str) -> None:
    planes = [np.zeros((2, 2), np.uint8), np.full((2, 2), 9, np.uint8)]
    project(name, planes)
    assert planes[0].max() == 0


def test_means_of_floats_and_of_wide_numbers() -> None:
    planes = [np.array([[0.5, 1e38]], np.float32), np.array([[1.0, 1e38]], np.float32)]
    np.testing.assert_array_equal(project("mean", planes), np.array([[0.75, 1e38]], np.float32))
    wide = [np.array([[2**60]], np.uint64)] * 3
    np.testing.assert_array_equal(project("mean", wide), wide[0])


def test_what_zero_is_white_mirrors() -> None:
    for name, projection in PROJECTIONS.items():
        assert PROJECTIONS[projection.mirrored].mirrored == name
