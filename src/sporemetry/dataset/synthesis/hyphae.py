"""Hyphae as they grow: thinner towards the tip, uneven in width, knotted at cross-walls, pale in places.

A tube of one width with round ends is told from a hypha at a glance. Here every piece has a width of its own,
and a hypha is drawn in lengths of different darkness that overlap where its cross-walls are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.clutter import Bodies, scatter
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.optics import UNSEEN, Look, make_profile
from sporemetry.dataset.synthesis.samples import gamma_factor

FloatArray = NDArray[np.float64]

_LEAST_WIDTH_UM = 0.5
_MOST_BRANCHES = 12
_LONGEST = 400  # pieces of one stem or branch
_CELL = Spread(20.0, 8.0, 8.0, 45.0)
_KINK = 1.0  # radians that a sharp turn has at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypha:
    """How hyphae of one kind grow and look.

    Attributes
    ----------
    length_um : Spread
        Of a stem; branches are half as long.
    width_um : Spread
        At the foot, one draw a hypha.
    look : Look
        What it does to the light.
    step_um : float
        Length of its straight pieces.
    waviness : float
        Standard deviation of the turn from piece to piece, in radians.
    kinks : float
        Of the pieces, the part that sets off in quite another direction.
    taper : float
        How much thinner the tip is than the foot, 0 to 1.
    rough : float
        Standard deviation of the width along a hypha, as a share of the width.
    branches : float
        Mean number of side branches.
    cell_um : Spread
        From cross-wall to cross-wall; each length has a darkness of its own.
    patchy : float
        Standard deviation of that darkness, as a share of the strength.
    strength : Spread
        Multiplies the look, one draw a hypha.
    blur_um : Spread
        Blur across the contour, one draw a hypha.
    """

    length_um: Spread
    width_um: Spread
    look: Look
    step_um: float = 3.0
    waviness: float = 0.1
    kinks: float = 0.0
    taper: float = 0.5
    rough: float = 0.15
    branches: float = 0.0
    cell_um: Spread = _CELL
    patchy: float = 0.3
    strength: Spread = AS_IT_IS
    blur_um: Spread = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyphae:
    """Settings of the hyphae that lie about.

    Attributes
    ----------
    name : str
        Names their stream of random numbers; no two kinds of a preset share a name.
    per_mm2 : float
        Mean number a square millimetre.
    hypha : Hypha
        How they grow and look.
    per_cluster, cluster_um
        As in :class:`~sporemetry.dataset.synthesis.clutter.Bodies`.
    aligned : float
        Spread of the headings within a cluster, in radians.
    variation : float
        Standard deviation, from picture to picture, of the factor on the mean number (gamma distributed).
    """

    name: str
    per_mm2: float
    hypha: Hypha
    per_cluster: float = 1.0
    cluster_um: float = 0.0
    aligned: float = math.pi
    variation: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Tapered:
    """Straight pieces, each of its own width, joined.

    Attributes
    ----------
    pieces : float64 array, n x 4
        ``(y0, x0, y1, x1)`` of each in µm.
    half_widths : float64 array, n x 2
        At the beginning and at the end of each, in µm.
    cutoff : float
        Distances from the contour are near the exact ones up to this, and given as this beyond, in µm.
    """

    pieces: FloatArray
    half_widths: FloatArray
    cutoff: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Return a box that holds the contour."""
        half, ys, xs = float(self.half_widths.max()), self.pieces[:, 0::2], self.pieces[:, 1::2]
        return float(ys.min()) - half, float(xs.min()) - half, float(ys.max()) + half, float(xs.max()) + half

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the signed distance on the grid of a column ``y`` and a row ``x``.

        Where the width changes along a piece, it is that of the nearest point of the axis.

        >>> cone = Tapered(np.array([[0.0, 0.0, 0.0, 10.0]]), np.array([[2.0, 1.0]]), cutoff=5.0)
        >>> cone.distance(np.array([[3.0]]), np.array([[0.0, 5.0, 10.0]])).tolist()
        [[1.0, 1.5, 2.0]]
        """
        nearest = np.full((y.shape[0], x.shape[1]), self.cutoff)
        for (y0, x0, y1, x1), (foot, tip) in zip(
            self.pieces.tolist(), self.half_widths.tolist(), strict=True
        ):
            margin = self.cutoff + max(foot, tip)
            top, bottom = np.searchsorted(y[:, 0], (min(y0, y1) - margin, max(y0, y1) + margin))
            left, right = np.searchsorted(x[0], (min(x0, x1) - margin, max(x0, x1) + margin))
            if bottom <= top or right <= left:
                continue
            window = nearest[top:bottom, left:right]
            down, across = y[top:bottom] - y0, x[:, left:right] - x0
            step_y, step_x = y1 - y0, x1 - x0
            squared = max(step_y * step_y + step_x * step_x, 1e-18)
            share = np.clip((down * step_y + across * step_x) / squared, 0.0, 1.0)
            away = np.sqrt((down - share * step_y) ** 2 + (across - share * step_x) ** 2)
            np.minimum(window, away - foot - share * (tip - foot), out=window)
        return nearest


def stamp_hyphae(canvas: Canvas, kind: Hyphae, rng: np.random.Generator) -> None:
    """Scatter hyphae over the picture and its surroundings; none at a density of 0."""
    margin = 0.5 * kind.hypha.length_um.high
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    where = Bodies(
        name=kind.name,
        per_mm2=kind.per_mm2,
        radius_um=NOTHING,
        look=UNSEEN,
        per_cluster=kind.per_cluster,
        cluster_um=kind.cluster_um,
    )
    box = (-margin, -margin, height + margin, width + margin)
    density = kind.per_mm2 * gamma_factor(kind.variation, rng)
    places, parents = scatter(rng, density, box, where)
    headings = rng.uniform(0.0, 2 * math.pi, len(places))[parents]
    headings = headings + kind.aligned * rng.uniform(-1, 1, len(places))
    for (y, x), heading in zip(places.tolist(), headings.tolist(), strict=True):
        grow_hypha(canvas, kind.hypha, (y, x), heading, rng)


def grow_hypha(
    canvas: Canvas,
    kind: Hypha,
    foot: tuple[float, float],
    heading: float,
    rng: np.random.Generator,
    *,
    strength: float = 1.0,
) -> None:
    """Draw one hypha and its branches.

    Parameters
    ----------
    canvas : Canvas
        Changed in place.
    kind : Hypha
        How it grows and looks.
    foot : (float, float)
        Where it begins, ``(y, x)`` in µm; may lie outside the picture.
    heading : float
        Radians counter-clockwise from the x axis.
    rng : numpy.random.Generator
        Of the part that it belongs to.
    strength : float
        Multiplies its own.
    """
    width, blur = kind.width_um.one(rng), kind.blur_um.one(rng)
    power = strength * kind.strength.one(rng)
    stem = _stem(kind, foot, heading, 1.0, rng)
    _draw(canvas, kind, stem, width, (power, blur), rng)
    for _ in range(min(int(rng.poisson(kind.branches)), _MOST_BRANCHES)):
        y, x, y1, x1 = stem[int(rng.integers(len(stem)))].tolist()
        turn = math.copysign(rng.uniform(0.4, 1.2), rng.uniform(-1.0, 1.0))
        branch = _stem(kind, (y, x), math.atan2(y - y1, x1 - x) + turn, 0.5, rng)
        _draw(canvas, kind, branch, 0.8 * width, (power, blur), rng)


def _stem(
    kind: Hypha, start: tuple[float, float], heading: float, share: float, rng: np.random.Generator
) -> FloatArray:
    count = min(max(1, round(share * kind.length_um.one(rng) / kind.step_um)), _LONGEST)
    turns = kind.waviness * rng.standard_normal(count)
    turns += (rng.random(count) < kind.kinks) * rng.uniform(-_KINK, _KINK, count)
    headings = heading + np.cumsum(turns)
    ys = start[0] + np.concatenate([[0.0], np.cumsum(-np.sin(headings) * kind.step_um)])
    xs = start[1] + np.concatenate([[0.0], np.cumsum(np.cos(headings) * kind.step_um)])
    return np.stack([ys[:-1], xs[:-1], ys[1:], xs[1:]], axis=1)


def _draw(
    canvas: Canvas,
    kind: Hypha,
    pieces: FloatArray,
    width: float,
    look: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Stamp a stem cell by cell, each of its own darkness, one piece over the next."""
    power, blur = look
    shares = np.linspace(0.0, 1.0, len(pieces) + 1)
    bumps = np.clip(1.0 + kind.rough * rng.standard_normal(len(pieces) + 1), 0.4, 1.8)
    widths = np.maximum(width * (1.0 - kind.taper * shares**1.5) * bumps, _LEAST_WIDTH_UM)
    halves = 0.5 * np.stack([widths[:-1], widths[1:]], axis=1)
    first = 0
    while first < len(pieces):
        count = max(2, round(kind.cell_um.one(rng) / kind.step_um))
        strength = power * max(1.0 + kind.patchy * float(rng.standard_normal()), 0.15)
        cell = slice(first, first + count)
        profile = make_profile(
            kind.look, half_width_um=float(halves[cell].mean()), blur_um=blur, strength=strength
        )
        canvas.stamp(Tapered(pieces[cell], halves[cell], profile.reach_um), profile)
        first += count
