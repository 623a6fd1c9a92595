"""Clumps of mycelium: a dark, tangled middle out of which hyphae grow.

A clump is thick, so little of it is in focus at once and its middle lets little light through. It is rendered
as grains and short pieces of hypha on top of one another about a middle, and longer hyphae that leave it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.debris import Blob, Thread, random_waves, wander
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.optics import Look, Profile, make_profile

FloatArray = NDArray[np.float64]

MOST_CLUMPS = 500  # in one picture, whatever the density asks for
_MOST_PARTS = 400  # of one clump


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
        Standard deviation of where a clump's grains lie, one draw a clump.
    grains : float
        Mean number of grains in a clump of the mean spread; it grows with the spread.
    grain_um : Spread
        Radius of a grain.
    grain : Look
        What a grain does to the light.
    hyphae : float
        Mean number of hyphae that leave a clump.
    length_um, width_um : Spread
        Of the hyphae.
    hypha : Look
        What a hypha does to the light.
    waviness : float
        Standard deviation of a hypha's turn every 5 µm, in radians.
    strength : Spread
        Multiplies both looks, one draw a clump.
    blur_um : Spread
        Blur across the contours, one draw a clump.
    """

    per_mm2: float
    spread_um: Spread
    grains: float
    grain_um: Spread
    grain: Look
    hyphae: float
    length_um: Spread
    width_um: Spread
    hypha: Look
    waviness: float = 0.25
    variation: float = 0.0
    strength: Spread = AS_IT_IS
    blur_um: Spread = NOTHING


def stamp_clumps(canvas: Canvas, clumps: Clumps, rng: np.random.Generator) -> None:
    """Scatter clumps of mycelium over the picture and its surroundings; none for a density of 0."""
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    margin = 2.0 * clumps.spread_um.high
    mean = clumps.per_mm2 * (height + 2 * margin) * (width + 2 * margin) * 1e-6
    if clumps.variation > 0:
        squared = clumps.variation**2
        mean *= float(rng.gamma(1.0 / squared, squared))
    for _ in range(min(int(rng.poisson(mean)), MOST_CLUMPS)):
        middle = rng.uniform(-margin, height + margin), rng.uniform(-margin, width + margin)
        _stamp_clump(canvas, clumps, (float(middle[0]), float(middle[1])), rng)


def _stamp_clump(
    canvas: Canvas, clumps: Clumps, middle: tuple[float, float], rng: np.random.Generator
) -> None:
    spread, strength, blur = (part.one(rng) for part in (clumps.spread_um, clumps.strength, clumps.blur_um))
    size = spread / clumps.spread_um.mean
    # Elongated as it was torn: twice as long as broad at most.
    turn, stretch = float(rng.uniform(0.0, math.pi)), float(rng.uniform(0.7, 1.3))
    for _ in range(min(int(rng.poisson(clumps.grains * size)), _MOST_PARTS)):
        first, second = rng.standard_normal(2) * spread * np.array([stretch, 1.0 / stretch])
        y = middle[0] + first * math.sin(turn) + second * math.cos(turn)
        x = middle[1] + first * math.cos(turn) - second * math.sin(turn)
        radius = clumps.grain_um.one(rng)
        profile = make_profile(clumps.grain, half_width_um=radius, blur_um=blur, strength=strength)
        canvas.stamp(Blob(float(y), float(x), radius, random_waves(rng, 0.35)), profile)
    width = clumps.width_um.one(rng)
    profiles = [
        make_profile(clumps.hypha, half_width_um=0.5 * width, blur_um=part, strength=strength)
        for part in (0.3 * blur, blur, 1.5 * blur)  # some leave the clump's depth upwards or downwards
    ]
    for _ in range(min(int(rng.poisson(clumps.hyphae * size)), _MOST_PARTS)):
        _stamp_hypha(canvas, clumps, middle, spread, width, profiles[int(rng.integers(3))], rng)


def _stamp_hypha(
    canvas: Canvas,
    clumps: Clumps,
    middle: tuple[float, float],
    spread: float,
    width: float,
    profile: Profile,
    rng: np.random.Generator,
) -> None:
    offset = 0.7 * spread * rng.standard_normal(2)
    start = middle[0] + float(offset[0]), middle[1] + float(offset[1])
    outward = math.atan2(-float(offset[0]), float(offset[1])) + 0.8 * float(rng.standard_normal())
    pieces = wander(rng, start, outward, length=clumps.length_um.one(rng), step=5.0, waviness=clumps.waviness)
    canvas.stamp(Thread(pieces, width, profile.reach_um), profile)
