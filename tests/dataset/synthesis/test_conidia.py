"""Painted conidia: dark inside, with cross-walls, a halo on the lit side, nothing far away."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.conidia import Conidium, paint_conidia
from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline

PLAIN = Conidium(body=(0.5, 0.4, 0.3), wall=(0.0, 0.0, 0.0), septa=0, cells=0.0)
UPRIGHT = Outline("capsule", y=40.0, x=40.0, length=40.0, width=16.0, angle=0.5 * math.pi)


def painted(
    style: Conidium, *outlines: Outline, channels: int = 3, slip: float = 0.0, strength: float = 1.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    canvas = Canvas((80, 80), channels, Lens(1.0, (40.0, 40.0), 0.0, (slip, slip)))
    spores = [Spore(outline, 0.0, strength) for outline in outlines]
    paint_conidia(canvas, spores, style, np.random.default_rng(0))
    return canvas.transmission


def test_body_takes_its_share_and_nothing_outside_is_changed() -> None:
    values = painted(PLAIN, UPRIGHT)
    assert values[:, 40, 40] == pytest.approx([0.5, 0.6, 0.7], abs=1e-6)
    assert (values[:, 40, :28] == 1.0).all()
    assert (values[:, :10] == 1.0).all()


def test_half_the_body_is_reached_where_it_says() -> None:
    row = painted(PLAIN, UPRIGHT)[0, 40]
    inner = painted(replace(PLAIN, body_at_um=-1.0), UPRIGHT)[0, 40]
    assert row[48] == pytest.approx(0.75, abs=0.02)
    assert inner[47] == pytest.approx(0.75, abs=0.02)


def test_septa_darken_across_the_axis() -> None:
    column = painted(replace(PLAIN, septa=1, septum=0.5, septum_um=1.5), UPRIGHT)[0, :, 40]
    assert column[40] == pytest.approx(1 - 0.5 * 1.5, abs=1e-5)
    assert column[30] == pytest.approx(0.5, abs=1e-5)


def test_cells_are_lighter_in_their_middles() -> None:
    values = painted(replace(PLAIN, cells=0.9), UPRIGHT)[0]
    assert values[40, 40] > values[40, 46]


def test_the_lit_side_has_the_brighter_halo() -> None:
    style = replace(PLAIN, halo=(0.2, 0.2, 0.2), halo_at_um=2.0, lit=1.0, lit_from=0.0)
    row = painted(style, UPRIGHT)[1, 40]
    assert row[50] > 1.2
    assert row[30] == pytest.approx(1.0, abs=0.1)
    assert row[50] > row[30]


def test_grain_changes_the_body_alone() -> None:
    grained, even = (painted(replace(PLAIN, grain=share), UPRIGHT)[0] for share in (0.3, 0.0))
    assert np.std(grained[30:50, 36:45]) > 0.02
    assert np.std(even[30:50, 36:45]) < 1e-6
    assert np.array_equal(grained[:, :28], even[:, :28])


def test_colours_are_slipped_by_whole_pixels() -> None:
    style = replace(PLAIN, body=(0.4, 0.4, 0.4))
    red, green, blue = painted(style, UPRIGHT, slip=-1.2)
    assert np.array_equal(red[:-1, :-1], green[1:, 1:])
    assert np.array_equal(blue[1:, 1:], green[:-1, :-1])


@given(
    y=st.floats(-30, 110),
    x=st.floats(-30, 110),
    angle=st.floats(0, 6),
    kind=st.sampled_from(["pear", "spindle"]),
)
def test_anywhere_also_across_the_border(y: float, x: float, angle: float, kind: str) -> None:
    outline = Outline(kind, y, x, 30.0, 12.0, angle)
    values = painted(replace(PLAIN, grain=0.2, septa=2), outline)
    assert values.min() > 0
    assert np.isfinite(values).all()
    rows, columns = np.mgrid[0:80, 0:80].astype(float)
    deep = outline.distance(rows, columns) < -3.0
    assert (values[0][deep] < 0.9).all()


def test_defocus_softens() -> None:
    canvases = []
    for depth in (0.0, 10.0):
        canvas = Canvas((80, 80), 1, Lens(1.0, (40.0, 40.0)))
        paint_conidia(canvas, [Spore(UPRIGHT, depth, 1.0)], PLAIN, np.random.default_rng(0))
        canvases.append(np.abs(np.diff(canvas.transmission[0, 40])).max())
    assert canvases[1] < 0.8 * canvases[0]


def test_larger_than_the_grain_s_tile() -> None:
    canvas = Canvas((400, 700), 1, Lens(1.0, (200.0, 350.0)))
    huge = Outline("capsule", 200.0, 350.0, 600.0, 300.0, 0.0)
    paint_conidia(canvas, [Spore(huge, 0.0, 1.0)], replace(PLAIN, grain=0.2), np.random.default_rng(0))
    assert canvas.transmission[0, 200, 350] == pytest.approx(0.5, abs=1e-6)


def test_nothing_to_paint_and_no_strength_leave_the_canvas_as_it_is() -> None:
    assert (painted(PLAIN) == 1.0).all()
    assert (painted(PLAIN, UPRIGHT, strength=0.0) == 1.0).all()
