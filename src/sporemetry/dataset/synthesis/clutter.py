"""Everything on the slide that is not a spore: particles, out-of-focus discs, hyphae, scratches.

Two kinds of settings cover them. :class:`Bodies` are round (dust, oil, cells, dirt on a lens far out of
focus); :class:`Threads` are long (hyphae, fibres, scratches). What they are is in their numbers and look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.debris import Blob, Thread, random_waves, wander
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.optics import UNSEEN, Look, make_profile
from sporemetry.dataset.synthesis.samples import gamma_factor
from sporemetry.dataset.synthesis.shapes import Outline

FloatArray = NDArray[np.float64]
Box = tuple[float, float, float, float]

SEPTUM_UM = 0.7  # thickness of a cross-wall, as it is seen
MOST_THINGS = 20_000  # of one kind in one picture, whatever the density asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Round things of one kind.

    Attributes
    ----------
    name : str
        Names the kind's stream of random numbers; no two kinds of a preset share a name.
    per_mm2 : float
        Mean number a square millimetre.
    radius_um : Spread
        Mean radius of each.
    look : Look
        What they do to the light.
    strength : Spread
        Multiplies the look, one draw a thing.
    blur_um : Spread
        Blur across the contour, one draw a thing.
    irregularity : float
        0 is a circle, 0.5 a potato.
    per_cluster : float
        Mean number that lie together; 1 scatters them singly.
    cluster_um : float
        Standard deviation of a cluster's spread.
    variation : float
        Standard deviation, from picture to picture, of the factor on the mean number (gamma distributed).
    """

    name: str
    per_mm2: float
    radius_um: Spread
    look: Look
    strength: Spread = AS_IT_IS
    blur_um: Spread = NOTHING
    irregularity: float = 0.0
    per_cluster: float = 1.0
    cluster_um: float = 0.0
    variation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Long things of one kind.

    Attributes
    ----------
    name, per_mm2, look, strength, blur_um, per_cluster, cluster_um, variation
        As in :class:`Bodies`.
    length_um, width_um : Spread
        Of each thread.
    step_um : float
        Length of its straight pieces.
    waviness : float
        Standard deviation of the turn from piece to piece, in radians.
    branches : float
        Mean number of side branches.
    aligned : float
        Spread of the headings within a cluster, in radians; the headings of clusters are random.
    septa_um : float
        Distance of the cross-walls along a thread; 0: none.
    septum : Look
        What a cross-wall does to the light.
    """

    name: str
    per_mm2: float
    length_um: Spread
    width_um: Spread
    look: Look
    step_um: float
    waviness: float = 0.0
    branches: float = 0.0
    aligned: float = math.pi
    strength: Spread = AS_IT_IS
    blur_um: Spread = NOTHING
    per_cluster: float = 1.0
    cluster_um: float = 0.0
    septa_um: float = 0.0
    septum: Look = UNSEEN
    variation: float = 0.0


def stamp_bodies(canvas: Canvas, kind: Bodies, rng: np.random.Generator) -> None:
    """Scatter the round things of one kind over the picture and its surroundings."""
    density = kind.per_mm2 * gamma_factor(kind.variation, rng)
    places, _ = scatter(rng, density, _picture_box(canvas, kind.radius_um.high), kind)
    count = len(places)
    radii, strengths, blurs = (
        spread.draw(rng, count) for spread in (kind.radius_um, kind.strength, kind.blur_um)
    )
    for (y, x), radius, strength, blur in zip(places, radii, strengths, blurs, strict=True):
        # Blur rounds a contour off as it softens it.
        bumps = random_waves(rng, kind.irregularity * radius / (radius + 2.0 * blur))
        blob = Blob(float(y), float(x), float(radius), bumps)
        profile = make_profile(kind.look, half_width_um=radius, blur_um=blur, strength=strength)
        canvas.stamp(blob, profile)


def stamp_threads(canvas: Canvas, kind: Threads, rng: np.random.Generator) -> None:
    """Scatter the long things of one kind over the picture and its surroundings."""
    density = kind.per_mm2 * gamma_factor(kind.variation, rng)
    places, parents = scatter(rng, density, _picture_box(canvas, 0.5 * kind.length_um.high), kind)
    count = len(places)
    directions = rng.uniform(0.0, 2 * math.pi, count)[parents] + kind.aligned * rng.uniform(-1, 1, count)
    widths, strengths, blurs = (
        spread.draw(rng, count) for spread in (kind.width_um, kind.strength, kind.blur_um)
    )
    for place, heading, width, strength, blur in zip(
        places, directions, widths, strengths, blurs, strict=True
    ):
        profile = make_profile(kind.look, half_width_um=0.5 * width, blur_um=blur, strength=strength)
        pieces = _grow(rng, kind, (float(place[0]), float(place[1])), float(heading))
        canvas.stamp(Thread(pieces, float(width), profile.reach_um), profile)
        if kind.septa_um > 0:
            _stamp_septa(canvas, kind, pieces, float(width), float(strength), float(blur))


def _stamp_septa(
    canvas: Canvas, kind: Threads, pieces: FloatArray, width: float, strength: float, blur: float
) -> None:
    """Stamp cross-walls at even distances along a thread."""
    profile = make_profile(kind.septum, half_width_um=0.5 * SEPTUM_UM, blur_um=blur, strength=strength)
    every = max(1, round(kind.septa_um / kind.step_um))
    for y0, x0, y1, x1 in pieces[every - 1 :: every].tolist():
        across = math.atan2(y0 - y1, x1 - x0) + 0.5 * math.pi
        wall = Outline("capsule", 0.5 * (y0 + y1), 0.5 * (x0 + x1), max(width, SEPTUM_UM), SEPTUM_UM, across)
        canvas.stamp(wall, profile)


def scatter(
    rng: np.random.Generator, per_mm2: float, box: Box, kind: Bodies | Threads
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return where things lie, n x 2 ``(y, x)`` in µm, and which cluster each belongs to.

    A Poisson number of clusters lies evenly in the box; each holds one thing and a Poisson number more.
    """
    top, left, bottom, right = box
    mean = per_mm2 * (bottom - top) * (right - left) * 1e-6 / kind.per_cluster
    clusters = min(int(rng.poisson(mean)), MOST_THINGS)
    centres = np.stack([rng.uniform(top, bottom, clusters), rng.uniform(left, right, clusters)], axis=1)
    sizes = 1 + rng.poisson(kind.per_cluster - 1.0, clusters)
    parents = np.repeat(np.arange(clusters), sizes)[:MOST_THINGS]
    offsets = kind.cluster_um * rng.standard_normal((len(parents), 2))
    return centres[parents] + offsets, parents


def _grow(rng: np.random.Generator, kind: Threads, start: tuple[float, float], heading: float) -> FloatArray:
    stem = wander(
        rng,
        start,
        heading,
        length=kind.length_um.one(rng),
        step=kind.step_um,
        waviness=kind.waviness,
    )
    parts = [stem]
    for _ in range(min(int(rng.poisson(kind.branches)), len(stem))):
        y, x, y1, x1 = stem[int(rng.integers(len(stem)))]
        turn = math.copysign(rng.uniform(0.5, 1.1), rng.uniform(-1.0, 1.0))
        parts.append(
            wander(
                rng,
                (float(y), float(x)),
                math.atan2(y - y1, x1 - x) + turn,
                length=0.5 * kind.length_um.one(rng),
                step=kind.step_um,
                waviness=kind.waviness,
            )
        )
    return np.concatenate(parts)


def _picture_box(canvas: Canvas, margin_um: float) -> Box:
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    return -margin_um, -margin_um, height + margin_um, width + margin_um
