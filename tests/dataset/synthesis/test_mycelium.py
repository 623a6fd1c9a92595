"""Clumps of mycelium: dark in the middle, fading outwards, as many as asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.draws import fixed
from sporemetry.dataset.synthesis.hyphae import Hypha
from sporemetry.dataset.synthesis.mycelium import Clumps, stamp_clumps
from sporemetry.dataset.synthesis.optics import Look
from sporemetry.dataset.synthesis.scraps import Scraps

CLUMPS = Clumps(
    per_mm2=60.0,
    spread_um=fixed(10.0),
    scraps=12.0,
    scrap=Scraps(
        name="tangles",
        per_mm2=0.0,
        radius_um=fixed(6.0),
        shade=(0.3, 0.4, 0.5),
        contrast=(0.0, 0.0, 0.0),
    ),
    hyphae=5.0,
    hypha=Hypha(length_um=fixed(40.0), width_um=fixed(3.0), look=Look(body=(0.2, 0.2, 0.2))),
)


def stamped(clumps: Clumps, seed: int = 0) -> Canvas:
    canvas = Canvas((250, 250), 3, Lens(1.0, (125.0, 125.0)))
    stamp_clumps(canvas, clumps, np.random.default_rng(seed))
    return canvas


def test_darkest_places_are_brown() -> None:
    red, _, blue = stamped(CLUMPS).transmission
    dark = red < 0.5
    assert dark.any()
    assert (blue[dark] < red[dark]).mean() > 0.9


def test_none_for_a_density_of_nothing() -> None:
    assert (stamped(replace(CLUMPS, per_mm2=0.0)).transmission == 1.0).all()


def test_light_is_only_taken_and_never_all() -> None:
    values = stamped(CLUMPS).transmission
    assert values.max() <= 1.0
    assert values.min() >= 0.0


def test_same_numbers_same_clumps() -> None:
    varied = replace(CLUMPS, variation=0.5)
    assert np.array_equal(stamped(varied, 4).transmission, stamped(varied, 4).transmission)


def test_more_clumps_cover_more() -> None:
    few, many = (
        np.mean(
            [
                (stamped(replace(CLUMPS, per_mm2=density), seed).transmission[1] < 0.99).mean()
                for seed in range(6)
            ]
        )
        for density in (10.0, 120.0)
    )
    assert many > 3 * few
