"""Tracing pixel edges and filling them again gives back every mask, to the pixel."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import SettingsError
from sporemetry.exchange.filling import Patch, fill_polygons
from sporemetry.exchange.outlines import bounding_boxes, label_polygons, ring_area, trace_rings
from sporemetry.exchange.shapes import Shape, draw_shapes

Mask = NDArray[np.bool_]
masks = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda shape: arrays(np.bool_, shape))


@given(masks)
def test_filling_undoes_tracing(mask: Mask) -> None:
    pieces = trace_rings(mask)
    rings = [ring for piece in pieces for ring in piece.rings]
    for rule in ("even-odd", "nonzero"):
        np.testing.assert_array_equal(fill_polygons(rings, mask.shape, rule=rule), mask)
    assert sum(piece.area for piece in pieces) == mask.sum()
    assert len(pieces) == ndimage.label(mask)[1]


@given(masks)
def test_rings_are_simple_and_turn_at_every_vertex(mask: Mask) -> None:
    for piece in trace_rings(mask):
        assert ring_area(piece.outer) > 0
        assert all(ring_area(hole) < 0 for hole in piece.holes)
        for ring in piece.rings:
            assert len(np.unique(ring, axis=0)) == len(ring)
            steps = np.roll(ring, -1, axis=0) - ring
            assert ((steps == 0).sum(axis=1) == 1).all()
            assert ((steps[:, 0] == 0) != np.roll(steps[:, 0] == 0, 1)).all()


@given(arrays(np.float64, (3, 2), elements=st.floats(-3, 14, width=16)))
def test_triangles_hold_the_centres_on_the_inner_side_of_all_edges(ring: NDArray[np.float64]) -> None:
    filled = fill_polygons([ring], (10, 11))
    rows, cols = np.mgrid[:10, :11] + 0.5
    sides = []
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        sides.append((x1 - x0) * (rows - y0) - (y1 - y0) * (cols - x0))
    turned = np.sign(np.cross(np.append(ring[1] - ring[0], 0), np.append(ring[2] - ring[0], 0))[2])
    nearest = np.min(np.array(sides) * turned, axis=0)
    assert filled[nearest > 1e-9].all()
    assert not filled[nearest < -1e-9].any()


@given(st.floats(0, 9), st.floats(0, 9))
def test_neighbours_share_every_pixel_once(above: float, below: float) -> None:
    """A square cut by any line from its upper to its lower side falls into two parts."""
    upper, lower = (above, 0.0), (below, 9.0)
    left = np.array([(0, 0), upper, lower, (0, 9)])
    right = np.array([upper, (9, 0), (9, 9), lower])
    parts = [fill_polygons([ring], (9, 9)) for ring in (left, right)]
    assert not (parts[0] & parts[1]).any()
    assert (parts[0] | parts[1]).all()


def test_what_lies_outside_is_cut_off() -> None:
    huge = np.array([(-1e30, -1e30), (1e30, -1e30), (1e30, 1e30), (-1e30, 1e30)])
    assert fill_polygons([huge], (3, 4)).all()
    assert not fill_polygons([np.array([(5, 5), (9, 5), (9, 9)])], (3, 4)).any()
    assert not fill_polygons([], (3, 4)).any()
    with pytest.raises(SettingsError, match="finite"):
        fill_polygons([np.array([(0, 0), (np.nan, 1), (1, 1)])], (3, 4))


def _given(patch: Patch) -> Patch:
    return patch


def test_later_instances_lie_above_and_the_notes_say_so() -> None:
    one = Patch(0, 0, np.ones((2, 3), dtype=bool))
    two = Patch(1, 1, np.ones((2, 3), dtype=bool))
    nothing = Patch(0, 0, np.zeros((0, 0), dtype=bool))
    drawn = draw_shapes([Shape(draw=partial(_given, each)) for each in (one, nothing, two)], (3, 4))
    assert drawn.labels.tolist() == [[1, 1, 1, 0], [1, 2, 2, 2], [0, 2, 2, 2]]
    assert drawn.notes[0].startswith("2 pixels belonged to more than one of 2")
    assert drawn.notes[1].startswith("1 of 3 instances had no pixel")
    drawn = draw_shapes([Shape(draw=lambda: one), Shape(draw=lambda: one)], (3, 4))
    assert drawn.notes[1].startswith("1 of 2 instances lay wholly under")


def test_ids_may_have_gaps_and_be_large() -> None:
    labels = np.array([[0, 2_000_000_000, 0], [7, 7, 0]], dtype=np.int32)
    ids, boxes = bounding_boxes(labels)
    assert ids.tolist() == [7, 2_000_000_000]
    assert [(r.start, c.start) for r, c in boxes] == [(1, 0), (0, 1)]
    assert [(label, pieces[0].area) for label, pieces in label_polygons(labels)] == [
        (7, 2),
        (2_000_000_000, 1),
    ]
