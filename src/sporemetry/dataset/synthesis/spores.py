"""How a spore is painted: its outline's profile, and the things within it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sporemetry.dataset.synthesis.canvas import Canvas, pixel_window
from sporemetry.dataset.synthesis.debris import Blob
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import (
    UNSEEN,
    Look,
    defocus_blur_um,
    make_profile,
    mixed_look,
)
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
    stretch : float
        Length over breadth; those longer than broad lie along the spore.
    """

    count: float
    look: Look
    radius: Spread
    strength: Spread = AS_IT_IS
    spread: float = 0.8
    stretch: float = 1.0


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
    above, below : Look or None
        The look of a spore that lies ``full_depth_um`` above or below the depth in focus; those between
        look in between, those beyond as these. None looks as ``look`` at any depth.
    full_depth_um : float
        See there.
    field_curve_um : float
        The objective's field is curved: so much higher, relative to the focus, lies what is a millimetre from
        the axis; four times as much at two.
    clear : float
        Of the spores, the part in which nothing can be seen, as ``inner`` has it.
    core : Spread
        Multiplies the core of the look, one draw a spore: some gather light, some are dark throughout.
    grain : Spread
        Standard deviation of the grain of the cell's contents, as a share of the light, one draw a spore.
    grain_um : float
        Distance of the knots of that grain.
    grain_inset_um : float
        How far inside the contour the grain ends.
    """

    look: Look
    inner: tuple[Inner, ...] = ()
    septa: int = 0
    septum: Look = UNSEEN
    septum_um: float = 0.4
    aperture_slope: float = 0.4
    above: Look | None = None
    below: Look | None = None
    full_depth_um: float = 1.0
    field_curve_um: float = 0.0
    clear: float = 0.0
    core: Spread = AS_IT_IS
    grain: Spread = NOTHING
    grain_um: float = 0.6
    grain_inset_um: float = 1.0


def paint_spore(canvas: Canvas, spore: Spore, style: SporeLook, rng: np.random.Generator) -> None:
    """Stamp one spore and what is in it onto the canvas."""
    outline = spore.outline
    depth = spore.depth_um + _curve(canvas, outline, style)
    blur = defocus_blur_um(depth, style.aperture_slope)
    look = _look_at_depth(style, depth)
    if style.core != AS_IT_IS:
        red, green, blue = look.core
        power = style.core.one(rng)
        look = replace(look, core=(power * red, power * green, power * blue))
    profile = make_profile(look, half_width_um=0.5 * outline.width, blur_um=blur, strength=spore.strength)
    canvas.stamp(outline, profile)
    if style.grain != NOTHING:
        _stamp_grain(canvas, outline, style, blur, rng)
    is_clear = style.clear > 0 and rng.random() < style.clear
    for inner in () if is_clear else style.inner:
        _stamp_inner(canvas, outline, inner, blur, rng)
    for number in range(style.septa):
        _stamp_septum(canvas, outline, style, (number + 1) / (style.septa + 1) - 0.5, blur)


def _curve(canvas: Canvas, outline: Outline, style: SporeLook) -> float:
    """Return how far the curved field lifts a spore out of focus, in µm."""
    if style.field_curve_um == 0:
        return 0.0
    down, right = outline.y - canvas.lens.centre_um[0], outline.x - canvas.lens.centre_um[1]
    return style.field_curve_um * 1e-6 * (down * down + right * right)


def _look_at_depth(style: SporeLook, depth_um: float) -> Look:
    far = style.above if depth_um > 0 else style.below
    if far is None:
        return style.look
    return mixed_look(style.look, far, min(abs(depth_um) / style.full_depth_um, 1.0))


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
            if inner.stretch > 1.0:
                size = 2.0 * radius * inner.stretch, 2.0 * radius
                canvas.stamp(Outline("capsule", y, x, *size, outline.angle), profile)
            else:
                canvas.stamp(Blob(y, x, radius), profile)


def _stamp_grain(
    canvas: Canvas, outline: Outline, style: SporeLook, blur: float, rng: np.random.Generator
) -> None:
    """Multiply the contents of the cell by fine, uneven grain that fades towards the contour."""
    scale = canvas.lens.um_per_px
    # Out of focus only the coarser part of the grain is left, and less of it.
    size = math.hypot(style.grain_um, 1.5 * blur)
    contrast = style.grain.one(rng) * style.grain_um / size
    top, left, bottom, right = outline.bounds()
    # Of the whole spore, also where the picture cuts it: as many numbers are drawn everywhere.
    height, width = (math.ceil(extent / scale) + 2 for extent in (bottom - top, right - left))
    grain = noise_surface(rng, max(2, round(size / scale)), (height, width))
    rows, columns = pixel_window((top, left, bottom, right), scale, canvas.shape)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    y = np.arange(rows.start, rows.stop)[:, None] * scale
    x = np.arange(columns.start, columns.stop)[None, :] * scale
    first, across = rows.start - math.ceil(top / scale), columns.start - math.ceil(left / scale)
    part = grain[first : first + len(y), across : across + x.shape[1]]
    inside = np.clip((-outline.distance(y, x) - style.grain_inset_um) / 0.6, 0.0, 1.0).astype(np.float32)
    change = np.float32(contrast) * np.clip(part, np.float32(-2.5), np.float32(2.5)) * inside
    canvas.transmission[:, rows, columns] *= np.maximum(np.float32(1) + change, np.float32(0.05))


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
