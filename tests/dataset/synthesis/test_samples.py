"""How pictures differ: dense samples among thin ones, and numbers of things that vary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.clutter import Bodies, stamp_bodies
from sporemetry.dataset.synthesis.draws import Spread, fixed
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.samples import Sample, draw_population
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.errors import SettingsError

POPULATION = Population(
    per_mm2=100.0, kinds=(("drop", 1.0),), length_um=Spread(20.0, 2.0, 15.0, 25.0), width_um=fixed(8.0)
)
DUST = Bodies(name="dust", per_mm2=400.0, radius_um=fixed(1.0), look=Look(body=grey(0.5), body_edge_um=0.1))


def test_crowded_samples_are_so_many_times_as_dense_and_come_as_often_as_set() -> None:
    sample = Sample(crowded_share=0.3, crowded=2.5)
    found = [draw_population(POPULATION, sample, np.random.default_rng(seed)).per_mm2 for seed in range(600)]
    assert set(found) == {100.0, 250.0}
    assert np.mean(np.array(found) > 200) == pytest.approx(0.3, abs=0.06)


def test_without_crowded_samples_no_number_more_is_drawn() -> None:
    rng = np.random.default_rng(7)
    draw_population(POPULATION, Sample(size_sd=0.1), rng)
    other = np.random.default_rng(7)
    other.random(), other.standard_normal(2)
    assert rng.random() == other.random()


@pytest.mark.parametrize(
    "bad", [{"crowded_share": 1.1}, {"crowded_share": -0.1}, {"crowded": -1.0}, {"empty_share": 2.0}]
)
def test_shares_and_densities_that_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="shares"):
        Sample(**bad)


def _taken(kind: Bodies, seed: int) -> float:
    canvas = Canvas((100, 100), 1, Lens(2.0, (100.0, 100.0)))
    stamp_bodies(canvas, kind, np.random.default_rng(seed))
    return float(1.0 - canvas.transmission.mean())


def test_numbers_of_things_vary_from_picture_to_picture_about_the_same_mean() -> None:
    even, varied = (
        np.array([_taken(replace(DUST, variation=variation), seed) for seed in range(150)])
        for variation in (0.0, 1.0)
    )
    # Sixteen a picture: a Poisson number has a standard deviation of a quarter of it.
    assert even.std() / even.mean() == pytest.approx(0.27, abs=0.06)
    assert varied.std() / varied.mean() > 0.7
    assert varied.mean() == pytest.approx(even.mean(), rel=0.25)
