"""What lies on many slides: each kind leaves its mark, and septa are darker than the hypha between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.clutter import Bodies, Threads, stamp_bodies, stamp_threads
from sporemetry.dataset.synthesis.draws import NOTHING, Spread
from sporemetry.dataset.synthesis.kinds import bubbles, fibres, hyphae, pollen
from sporemetry.dataset.synthesis.textured import stamp_textured


def _canvas() -> Canvas:
    return Canvas((400, 400), 1, Lens(0.3, (60.0, 60.0)))


def _stamp(canvas: Canvas, kind: Bodies | Threads) -> None:
    rng = np.random.default_rng(1)
    if isinstance(kind, Bodies):
        stamp_bodies(canvas, kind, rng)
    else:
        stamp_threads(canvas, kind, rng)


@pytest.mark.parametrize("kind", [bubbles(500.0), hyphae(500.0), fibres(30.0)], ids=lambda kind: kind.name)
def test_they_darken_the_slide_in_places(kind: Bodies | Threads) -> None:
    canvas = _canvas()
    _stamp(canvas, kind)
    assert canvas.transmission.min() < 0.8
    assert np.median(canvas.transmission) == pytest.approx(1.0, abs=0.05)
    empty = _canvas()
    _stamp(empty, replace(kind, per_mm2=0.0))
    assert (empty.transmission == 1).all()


def test_pollen_has_a_wall_and_wrinkles() -> None:
    canvas = _canvas()
    stamp_textured(canvas, pollen(500.0), np.random.default_rng(1))
    assert canvas.transmission.min() < 0.7
    assert canvas.transmission.std() > 0.02


def test_cross_walls_come_at_even_distances() -> None:
    straight = replace(
        hyphae(120.0),
        waviness=0.0,
        branches=0.0,
        length_um=Spread(100.0, 0.0, 100.0, 100.0),
        strength=Spread(1.0, 0.0, 1.0, 1.0),
        blur_um=NOTHING,
    )
    with_walls, without = _canvas(), _canvas()
    stamp_threads(with_walls, straight, np.random.default_rng(4))
    stamp_threads(without, replace(straight, septa_um=0.0), np.random.default_rng(4))
    darker = with_walls.transmission < without.transmission - 0.05
    share = darker.sum() / (without.transmission < 0.97).sum()
    assert 0.005 < share < 0.15
