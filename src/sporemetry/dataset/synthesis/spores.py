"""How a spore is painted: its outline's profile, and the things within it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.debris import Blob
from sporemetry.dataset.synthesis.draws import AS_IT_IS, Spread
from sporemetry.dataset.synthesis.optics import UNSEEN, Look, defocus_blur_um, make_profile
from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline

_MOST_INNER = 40  # things within one spore


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Things of one kind within a spore: guttules (oil drops, bright), granules (dark), septa.

    Attributes
    ----------
    count : float
        Mean number (Poisson).
    look : Look
        What they do to the light.
    radius : Spread
        As a share of the spore's half-width.
    strength : Spread
        Multiplies the look, one draw a thing.
    spread : float
        How far from the middle they lie, as a share of the way to the contour.
    """

    count: float
    look: Look
    radius: Spread
    strength: Spread = AS_IT_IS
    spread: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeLook:
    """How the spores of a preset look.

    Attributes
    ----------
    look : Look
        Of the spore's contour and body.
    inner : tuple of Inner
        Things within it.
    septa : int
        Cross-walls, evenly spaced.
    septum : Look
        Of a cross-wall.
    septum_um : float
        Its thickness.
    aperture_slope : float
        Slope of the objective's cone of light, for the blur by depth.
    """

    look: Look
    inner: tuple[Inner, ...] = ()
    septa: int = 0
    septum: Look = UNSEEN
    septum_um: float = 0.4
    aperture_slope: float = 0.4


def paint_spore(canvas: Canvas, spore: Spore, style: SporeLook, rng: np.random.Generator) -> None:
    """Stamp one spore and what is in it onto the canvas."""
    outline = spore.outline
    blur = defocus_blur_um(spore.depth_um, style.aperture_slope)
    profile = make_profile(
        style.look, half_width_um=0.5 * outline.width, blur_um=blur, strength=spore.strength
    )
    canvas.stamp(outline, profile)
    for inner in style.inner:
        _stamp_inner(canvas, outline, inner, blur, rng)
    for number in range(style.septa):
        _stamp_septum(canvas, outline, style, (number + 1) / (style.septa + 1) - 0.5, blur)


def _stamp_inner(
    canvas: Canvas, outline: Outline, inner: Inner, blur: float, rng: np.random.Generator
) -> None:
    for _ in range(min(int(rng.poisson(inner.count)), _MOST_INNER)):
        share, side = rng.uniform(-1.0, 1.0, 2) * inner.spread
        radius = 0.5 * outline.width * inner.radius.one(rng)
        strength = inner.strength.one(rng)
        y, x = _along_axis(outline, 0.5 * share)
        room = _depth_inside(outline, y, x) - radius
        if room > 0:
            y += side * room * math.cos(outline.angle)
            x += side * room * math.sin(outline.angle)
            profile = make_profile(inner.look, half_width_um=radius, blur_um=blur, strength=strength)
            canvas.stamp(Blob(y, x, radius), profile)


def _stamp_septum(canvas: Canvas, outline: Outline, style: SporeLook, share: float, blur: float) -> None:
    y, x = _along_axis(outline, share)
    across = 2.0 * _depth_inside(outline, y, x) - style.septum_um
    if across > style.septum_um:
        wall = Outline("capsule", y, x, across, style.septum_um, outline.angle + 0.5 * math.pi)
        profile = make_profile(style.septum, half_width_um=0.5 * style.septum_um, blur_um=blur)
        canvas.stamp(wall, profile)


def _along_axis(outline: Outline, share: float) -> tuple[float, float]:
    """Return the point at a share of the length from the middle, -0.5 to 0.5."""
    way = share * outline.length
    return outline.y - way * math.sin(outline.angle), outline.x + way * math.cos(outline.angle)


def _depth_inside(outline: Outline, y: float, x: float) -> float:
    return -float(outline.distance(np.array([y]), np.array([x]))[0])
