"""Whether outlines lie apart: the quick answer is the thorough one."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.contact import STRAIGHT, gap_between, is_apart, least_gap
from sporemetry.dataset.synthesis.forms import SHAPES
from sporemetry.dataset.synthesis.shapes import Outline


def outlines(kinds: Collection[str], far: float = 15.0) -> st.SearchStrategy[Outline]:
    return st.builds(
        lambda kind, y, x, width, ratio, angle: Outline(kind, y, x, width * ratio, width, angle),
        st.sampled_from(sorted(kinds)),
        st.floats(-far, far),
        st.floats(-far, far),
        st.floats(3, 8),
        st.floats(1.2, 4),
        st.floats(0, 2 * math.pi),
    )


@given(first=outlines(STRAIGHT, 30.0), second=outlines(STRAIGHT, 30.0))
def test_the_bound_is_below_the_gap(first: Outline, second: Outline) -> None:
    # Where they overlap, contour points alone do not say how deep; no bound is asked for there.
    assert least_gap(first, second) <= max(gap_between(first, second), 0.0) + 1e-6


@given(first=outlines(SHAPES), second=outlines(SHAPES), clearance=st.floats(-2, 4))
def test_apart_as_the_gap_says(first: Outline, second: Outline, clearance: float) -> None:
    gap = gap_between(first, second)
    assume(abs(gap - clearance) > 2e-3)
    # Where one lies wholly within another, contour points alone do not say how deep.
    assume(gap > -0.3 * min(first.width, second.width))
    assert is_apart(first, second, clearance) == (gap >= clearance)


def test_gap_of_crossing_capsules_is_their_width() -> None:
    first = Outline("capsule", 0.0, 0.0, 20.0, 4.0, 0.0)
    second = Outline("capsule", 0.0, 0.0, 20.0, 4.0, 0.5 * math.pi)
    assert least_gap(first, second) == -4.0
    assert not is_apart(first, second, 0.0)


def test_parallel_capsules() -> None:
    first = Outline("capsule", 0.0, 0.0, 20.0, 4.0, 0.3)
    away = 9.0 * np.array([math.cos(0.3), math.sin(0.3)])
    assert math.isclose(least_gap(first, first.moved(float(away[0]), float(away[1]))), 5.0, abs_tol=1e-9)
