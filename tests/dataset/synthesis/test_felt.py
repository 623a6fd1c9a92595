"""Felts, fringes and the grain of spores: where they change the light, and where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sporemetry.dataset.synthesis.camera import Camera, expose
from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.draws import fixed
from sporemetry.dataset.synthesis.felt import Felt, Strokes, stamp_felt
from sporemetry.dataset.synthesis.fringes import Fringes, part_colours
from sporemetry.dataset.synthesis.optics import Look
from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline
from sporemetry.dataset.synthesis.spores import SporeLook, paint_spore

FELT = Felt(
    name="wiped",
    middle_y=fixed(0.5),
    middle_x=fixed(0.5),
    radius_um=fixed(30.0),
    heading=fixed(0.0),
    strokes=(Strokes(long_um=20.0, wide_um=1.0, contrast=0.1),),
    slim=1.0,
)


def stamped(felt: Felt, shape: tuple[int, int] = (160, 200)) -> np.ndarray:
    canvas = Canvas(shape, 3, Lens(0.5, (0.0, 0.0)))
    stamp_felt(canvas, felt, np.random.default_rng(4))
    return canvas.transmission


def test_a_felt_stays_within_its_radius_and_its_strokes_run_along_the_heading() -> None:
    light = stamped(FELT)[1]
    down, right = np.mgrid[:160, :200]
    outside = np.hypot(0.5 * (down - 80), 0.5 * (right - 100)) > 31
    assert np.all(light[outside] == 1)
    middle = light[50:110, 70:130]
    assert np.abs(np.diff(middle, axis=0)).mean() > 3 * np.abs(np.diff(middle, axis=1)).mean()
    upright = stamped(replace(FELT, heading=fixed(np.pi / 2)))[1][50:110, 70:130]
    assert np.abs(np.diff(upright, axis=1)).mean() > 3 * np.abs(np.diff(upright, axis=0)).mean()


def test_a_felt_beside_the_picture_changes_nothing() -> None:
    assert np.all(stamped(replace(FELT, middle_x=fixed(3.0))) == 1)


def test_a_felt_cut_by_the_border_is_the_whole_one_cut() -> None:
    whole = stamped(replace(FELT, middle_y=fixed(0.25)), (320, 200))
    cut = stamped(replace(FELT, middle_y=fixed(0.5)), (160, 200))
    np.testing.assert_allclose(cut, whole[:, :160], atol=1e-6)


def test_fringes_leave_green_and_move_red_and_blue_apart() -> None:
    light = np.zeros((3, 1, 100), dtype=np.float32)
    light[:, :, 80] = 1
    fringes = Fringes(red=0.05, blue=-0.05, axis_y=fixed(0.0), axis_x=fixed(0.0))
    part_colours(light, fringes, np.random.default_rng(0))
    red, green, blue = ((np.arange(100) * row[0]).sum() / row[0].sum() for row in light)
    assert green == 80
    assert red == pytest.approx(84, abs=1)
    assert blue == pytest.approx(76, abs=1)


def test_grain_lies_within_the_spore_and_draws_alike_where_the_picture_cuts_it() -> None:
    style = SporeLook(look=Look(), grain=fixed(0.2), grain_inset_um=0.0)
    rngs = [np.random.default_rng(2), np.random.default_rng(2)]
    for middle, rng in zip((20.0, 0.0), rngs, strict=True):
        canvas = Canvas((80, 80), 1, Lens(0.5, (0.0, 0.0)))
        spore = Spore(Outline("capsule", middle, 20.0, 14.0, 6.0, 0.3), depth_um=0.0, strength=1.0)
        paint_spore(canvas, spore, style, rng)
        at = np.arange(80, dtype=np.float64) * 0.5
        away = spore.outline.distance(at[:, None], at[None, :])
        assert np.all(canvas.transmission[0][away > 0] == 1)
        assert canvas.transmission[0][away < -1].std() > 0.05
    assert rngs[0].random() == rngs[1].random()


def test_softening_keeps_the_light_and_takes_its_edges() -> None:
    light = np.full((1, 20, 20), 50.0, dtype=np.float32)
    light[:, :, 10:] = 150.0
    still = Camera(grey=True, floor=0.0, photon=0.0)
    sharp = expose(still, light.copy(), np.random.default_rng(0))[:, :, 0].astype(int)
    soft = expose(replace(still, soften=1), light.copy(), np.random.default_rng(0))[:, :, 0].astype(int)
    assert np.diff(sharp[5]).max() == 100
    assert np.diff(soft[5]).max() == 50
    assert abs(soft.mean() - sharp.mean()) < 0.5
