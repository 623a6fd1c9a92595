"""Painted conidia: dark inside, with cross-walls, a halo on the lit side, nothing far away."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.conidia import Conidium, in_mood, paint_conidia
from sporemetry.dataset.synthesis.conidium_cells import draw_cells
from sporemetry.dataset.synthesis.draws import fixed
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


def test_a_ragged_edge_strays_and_the_middle_stays() -> None:
    ragged = painted(replace(PLAIN, ragged_um=1.0), UPRIGHT)[0]
    even = painted(PLAIN, UPRIGHT)[0]
    # Where the sides are straight, the even one is the same in every row and the ragged one is not.
    assert np.ptp(even[32:48, 47]) < 1e-6
    assert np.ptp(ragged[32:48, 47]) > 0.05
    assert ragged[40, 40] == pytest.approx(0.5, abs=1e-6)
    assert (ragged[:, :26] == 1.0).all()


def test_a_waist_draws_in_the_narrow_half_alone() -> None:
    drawn_in = painted(replace(PLAIN, waist_um=fixed(2.0)), UPRIGHT)[0]
    even = painted(PLAIN, UPRIGHT)[0]
    taken, whole = (1.0 - values.astype(np.float64) for values in (drawn_in, even))
    # The narrow end points upwards; half-way to it both sides lie 2 µm further in: 4 µm of half the light.
    assert (whole[30] - taken[30]).sum() == pytest.approx(4.0 * 0.5, rel=0.05)
    assert np.array_equal(drawn_in[41:], even[41:])
    assert drawn_in[20, 40] == pytest.approx(even[20, 40], abs=1e-3)


def test_emptied_conidia_keep_a_part_of_their_body() -> None:
    full, emptied = (painted(replace(PLAIN, pale_share=share, pale=0.2), UPRIGHT)[0] for share in (0.0, 1.0))
    left = (1.0 - emptied[40, 40]) / (1.0 - full[40, 40])
    assert 0.2 <= left <= 0.6


def test_flank_and_tip_shift_the_darkness() -> None:
    flanked = 1.0 - painted(replace(PLAIN, flank=0.8), UPRIGHT)[0]
    assert abs(flanked[40, 36] - flanked[40, 44]) > 0.02
    assert flanked[40, 36] + flanked[40, 44] == pytest.approx(2 * flanked[40, 40], abs=1e-5)
    tipped, even = (1.0 - painted(replace(PLAIN, tip=share), UPRIGHT)[0] for share in (0.9, 0.0))
    assert tipped[25, 40] < even[25, 40]
    assert np.array_equal(tipped[34:], even[34:])


def test_uneven_cross_walls_differ_from_conidium_to_conidium() -> None:
    style = replace(PLAIN, septa=2, septum=0.5, septum_um=1.5, uneven=1.0)
    canvas = Canvas((80, 200), 1, Lens(1.0, (40.0, 100.0)))
    three = [Spore(UPRIGHT.moved(0.0, off), 0.0, 1.0) for off in (0.0, 50.0, 100.0)]
    paint_conidia(canvas, three, style, np.random.default_rng(0))
    columns = [canvas.transmission[0, 25:56, 40 + off] for off in (0, 50, 100)]
    assert all(np.abs(columns[0] - other).max() > 0.05 for other in columns[1:])


def test_every_conidium_draws_as_many_numbers_as_any_other() -> None:
    left = []
    for uneven, share in ((0.0, 0.0), (1.0, 1.0)):
        rng = np.random.default_rng(5)
        draw_cells(
            rng, 2, cells=0.5, septum=0.2, uneven=uneven, flank=uneven, tip=uneven, pale_share=share, pale=0.4
        )
        left.append(rng.random())
    assert left[0] == left[1] == np.random.default_rng(5).random(14)[13]


def test_cells_lie_within_what_is_set() -> None:
    rng = np.random.default_rng(1)
    drawn = [
        draw_cells(rng, 2, cells=0.6, septum=0.3, uneven=0.8, flank=0.4, tip=0.5, pale_share=0.25, pale=0.3)
        for _ in range(2000)
    ]
    lights, walls = np.stack([one.lights for one in drawn]), np.stack([one.walls for one in drawn])
    assert lights.shape == (2000, 3)
    assert walls.shape == (2000, 2, 3)
    assert 0 <= lights.min() < 0.01 < 0.59 < lights.max() <= 0.6
    assert np.abs(walls[:, :, 0]).max() <= 0.8 * 0.3
    assert walls[:, :, 2].min() >= 0.3 * (1 - 0.8) - 1e-9
    assert walls[:, :, 2].max() <= 0.3
    left = np.array([one.left for one in drawn])
    assert (left < 1).mean() == pytest.approx(0.25, abs=0.03)
    assert left.min() >= 0.3


def test_pictures_are_of_unlike_mood_and_without_spread_all_are_alike() -> None:
    style = replace(PLAIN, halo=(0.1, 0.1, 0.1), lit_from=0.4)
    assert in_mood(style, np.random.default_rng(0)) == style
    moods = [in_mood(replace(style, mood=0.2, turn=0.3), np.random.default_rng(seed)) for seed in range(400)]
    bodies = np.array([mood.body for mood in moods])
    assert bodies[:, 0].std() / bodies[:, 0].mean() == pytest.approx(0.2, rel=0.2)
    np.testing.assert_allclose(bodies[:, 1] / bodies[:, 0], 0.8)  # the colour stays
    assert np.std([mood.lit_from for mood in moods]) == pytest.approx(0.3, rel=0.2)
