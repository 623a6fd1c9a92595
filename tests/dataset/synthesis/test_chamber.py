"""The grooves of a counting chamber: where they lie, and what they do to the light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.chamber import Chamber, Edge, Grooves, ruled_lines, stamp_chamber
from sporemetry.dataset.synthesis.draws import fixed

PLAIN = Chamber(
    cell_um=(60.0, 50.0),
    width_um=fixed(12.0),
    main_um=fixed(20.0),
    floor=(0.1, 0.05, 0.2),
    dark=fixed(0.6),
    dark_um=fixed(0.8),
)


def stamped(chamber: Chamber, seed: int = 0, channels: int = 3) -> Canvas:
    canvas = Canvas((200, 300), channels, Lens(0.5, (50.0, 75.0)))
    stamp_chamber(canvas, chamber, np.random.default_rng(seed))
    return canvas


@given(first=st.floats(0, 300), cell=st.floats(40, 120), bare=st.sampled_from([-1.0, 0.0, 1.0]))
def test_lines_are_a_cell_apart_and_only_the_first_is_broad(first: float, cell: float, bare: float) -> None:
    lines = ruled_lines(first, 300.0, cell, 10.0, 16.0, bare)
    middles = [middle for middle, _ in lines]
    assert np.allclose(np.diff(middles), cell)
    assert [width for _, width in lines] == [16.0 if middle == first else 10.0 for middle in middles]
    assert first in middles
    if bare > 0:
        assert min(middles) == first
    if bare < 0:
        assert max(middles) == first


def test_floor_is_one_on_a_groove_and_none_beside_it() -> None:
    edge = Edge(0.0, 1.0, 0.0)
    grooves = Grooves(((50.0, 10.0),), 0.0, edge, edge)
    at = np.array([40.0, 45.0, 50.0, 54.0, 60.0])
    assert grooves.floor(at).tolist() == [0.0, 0.5, 1.0, 1.0, 0.0]
    assert grooves.floor(at, grown=5.0).tolist() == [0.5, 1.0, 1.0, 1.0, 0.5]


def test_edges_take_and_add_light_where_they_lie() -> None:
    grooves = Grooves(((50.0, 20.0),), 0.0, Edge(0.5, 0.5, 0.0), Edge(0.0, 0.5, 0.2))
    at = np.array([40.0, 50.0, 62.6])
    assert grooves.relief(at) == pytest.approx([-0.5, 0.0, 0.0], abs=1e-3)
    assert grooves.glow(at) == pytest.approx([0.0, 0.0, 0.2], abs=1e-3)


def test_the_shaded_side_is_the_darker_one() -> None:
    edge = Edge(0.0, 1.0, 0.0)
    near, far = Grooves(((50.0, 20.0),), 0.2, edge, edge).sheen(np.array([46.0, 54.0]))
    assert far > near


def test_a_stripe_brightens_the_middle_of_the_floor_alone() -> None:
    edge = Edge(0.0, 1.0, 0.0)
    sheen = Grooves(((50.0, 20.0),), 0.0, edge, edge, stripe=0.1).sheen(np.array([30.0, 43.0, 50.0, 70.0]))
    assert sheen == pytest.approx([0.0, 0.1 * (np.exp(-0.5 * (7.0 / 3.0) ** 2) - 0.3), 0.07, 0.0])


def test_light_on_floor_edge_and_glass() -> None:
    values = stamped(PLAIN).transmission
    # Most of the picture is bare glass; the floor takes its share; the edges take most.
    for channel, taken in enumerate(PLAIN.floor):
        assert (values[channel] == 1.0).mean() > 0.3
        assert (np.abs(values[channel] - (1.0 - taken)) < 1e-6).mean() > 0.1
        assert values[channel].min() < 0.5


def test_edges_stop_before_a_crossing() -> None:
    canvas = stamped(replace(PLAIN, gap_um=3.0))
    green = canvas.transmission[1]
    # A crossing is plain floor: a block of the groove's width and more with nothing darker in it.
    floor = np.abs(green - 0.95) < 1e-6
    rows, columns = floor.mean(axis=1), floor.mean(axis=0)
    y, x = int(rows.argmax()), int(columns.argmax())
    block = green[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5]
    assert block.min() > 0.94


def test_no_lines_where_a_picture_has_none() -> None:
    assert (stamped(replace(PLAIN, none_share=1.0)).transmission == 1.0).all()


@given(seed=st.integers(0, 200))
def test_bare_glass_beyond_the_main_line(seed: int) -> None:
    changed = stamped(replace(PLAIN, bare_share=1.0), seed).transmission[1] != 1.0
    # One side of the picture is bare down all its columns, the other is not.
    assert changed[:, :5].any() != changed[:, -5:].any()


def test_beads_darken_the_floors_of_lines_across_alone() -> None:
    smooth, rough = (stamped(replace(PLAIN, beads_share=share)).transmission[1] for share in (0.0, 1.0))
    assert (rough <= smooth).all()
    assert (rough < smooth).any()
    rows = (rough < smooth).any(axis=1)
    assert 0.05 < rows.mean() < 0.5


def test_a_grey_canvas_has_one_channel() -> None:
    values = stamped(PLAIN, channels=1).transmission
    assert values.shape == (1, 200, 300)
    assert values.min() < 1.0


@given(seed=st.integers(0, 50))
def test_same_numbers_same_lines_and_light_stays_positive(seed: int) -> None:
    rough = replace(PLAIN, beads_share=0.5, floor_spread=0.3, dark=fixed(1.5))
    first, again = stamped(rough, seed).transmission, stamped(rough, seed).transmission
    assert np.array_equal(first, again)
    assert first.min() > 0
