"""Clumps of mycelium: a dark, tangled middle out of which hyphae grow.

A clump is thick, so little of it is in focus at once and its middle lets little light through, brown and
mottled. It is rendered as scraps of strong contrast on top of one another about a middle, short hyphae that
cross there, and longer ones that leave it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.draws import AS_IT_IS, Spread
from sporemetry.dataset.synthesis.flocks import Print
from sporemetry.dataset.synthesis.hyphae import Hypha, grow_hypha
from sporemetry.dataset.synthesis.samples import gamma_factor
from sporemetry.dataset.synthesis.scraps import Scraps, make_scraps

FloatArray = NDArray[np.float64]

MOST_CLUMPS = 500  # in one picture, whatever the density asks for
_MOST_PARTS = 200  # of one clump


@dataclass(frozen=True, slots=True, kw_only=True)
class Clumps:
    """Settings of a preset's clumps of mycelium.

    Attributes
    ----------
    per_mm2 : float
        Mean number a square millimetre.
    variation : float
        Standard deviation, from picture to picture, of the factor on that mean (gamma distributed).
    spread_um : Spread
        Standard deviation of where a clump's scraps lie, one draw a clump.
    scraps : float
        Mean number of scraps in a clump of the mean spread; it grows with the spread.
    scrap : Scraps
        What a scrap does to the light; its density and clusters are not used.
    hyphae : float
        Mean number of hyphae that leave a clump of the mean spread.
    hypha : Hypha
        How they grow and look.
    strength : Spread
        Multiplies both looks, one draw a clump.
    """

    per_mm2: float
    spread_um: Spread
    scraps: float
    scrap: Scraps
    hyphae: float
    hypha: Hypha
    variation: float = 0.0
    strength: Spread = AS_IT_IS


def stamp_clumps(canvas: Canvas, clumps: Clumps, rng: np.random.Generator) -> None:
    """Scatter clumps of mycelium over the picture and its surroundings; none for a density of 0."""
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    margin = 2.0 * clumps.spread_um.high
    mean = clumps.per_mm2 * (height + 2 * margin) * (width + 2 * margin) * 1e-6
    mean *= gamma_factor(clumps.variation, rng)
    prints = make_scraps(clumps.scrap, canvas, rng)
    for _ in range(min(int(rng.poisson(mean)), MOST_CLUMPS)):
        middle = rng.uniform(-margin, height + margin), rng.uniform(-margin, width + margin)
        _stamp_clump(canvas, clumps, (float(middle[0]), float(middle[1])), prints, rng)


def _stamp_clump(
    canvas: Canvas,
    clumps: Clumps,
    middle: tuple[float, float],
    prints: list[Print],
    rng: np.random.Generator,
) -> None:
    spread, strength = clumps.spread_um.one(rng), clumps.strength.one(rng)
    size = spread / clumps.spread_um.mean
    # Elongated as it was torn: twice as long as broad at most.
    turn, stretch = float(rng.uniform(0.0, math.pi)), float(rng.uniform(0.7, 1.3))
    for _ in range(min(int(rng.poisson(clumps.scraps * size)), _MOST_PARTS)):
        first, second = 0.7 * spread * rng.standard_normal(2) * np.array([stretch, 1.0 / stretch])
        y = middle[0] + first * math.sin(turn) + second * math.cos(turn)
        x = middle[1] + first * math.cos(turn) - second * math.sin(turn)
        power = strength * clumps.scrap.strength.one(rng)
        prints[int(rng.integers(len(prints)))].press(canvas, float(y), float(x), power, int(rng.integers(8)))
    for _ in range(min(int(rng.poisson(clumps.hyphae * size)), _MOST_PARTS)):
        offset = 0.6 * spread * rng.standard_normal(2)
        foot = middle[0] + float(offset[0]), middle[1] + float(offset[1])
        outward = math.atan2(-float(offset[0]), float(offset[1])) + 1.8 * float(rng.standard_normal())
        grow_hypha(canvas, clumps.hypha, foot, outward, rng, strength=strength)
