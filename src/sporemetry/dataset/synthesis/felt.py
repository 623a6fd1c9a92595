"""Felt: a patch of fine, nearly parallel strokes, as wiping leaves on a lens or a slide.

Hundreds of strokes drawn one by one would cost more than the rest of the picture. A felt is noise instead,
stretched along one direction: knots lie far apart along the strokes and close together across them. Several
grains of it, each at a slightly other angle, cross as real strokes do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas, pixel_window
from sporemetry.dataset.synthesis.draws import AS_IT_IS, Spread
from sporemetry.dataset.synthesis.light import noise_surface, spline_surface
from sporemetry.dataset.synthesis.optics import Colour

PictureArray = NDArray[np.float32]

_SURFACE_SD = 151 / 315  # of a cubic B-spline surface over independent knots, see ``light``
_ROUGH_UM = 18.0  # size of the parts of a felt that are strong or weak


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """One grain of a felt.

    Attributes
    ----------
    long_um, wide_um : float
        Distance of the knots along and across the strokes.
    contrast : float
        Standard deviation, as a share of the light.
    turn : float
        Radians from the felt's heading.
    """

    long_um: float
    wide_um: float
    contrast: float
    turn: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """Settings of one patch.

    Attributes
    ----------
    name : str
        Names its stream of random numbers.
    middle_y, middle_x : Spread
        Where it lies, as shares of the picture's height and width: dirt on a lens stays at its place.
    radius_um : Spread
        Half its length along the strokes.
    slim : float
        Its breadth over its length.
    heading : Spread
        Of the strokes, radians counter-clockwise from the x axis.
    strokes : tuple of Strokes
        Its grains.
    shade : Colour
        Taken away all over the patch, for red, green and blue.
    strength : Spread
        Multiplies all of it, one draw a picture.
    """

    name: str
    middle_y: Spread
    middle_x: Spread
    radius_um: Spread
    heading: Spread
    strokes: tuple[Strokes, ...]
    slim: float = 0.7
    shade: Colour = (0.0, 0.0, 0.0)
    strength: Spread = AS_IT_IS


def stamp_felt(canvas: Canvas, felt: Felt, rng: np.random.Generator) -> None:
    """Multiply one patch of felt onto the picture."""
    scale = canvas.lens.um_per_px
    middle = (
        felt.middle_y.one(rng) * canvas.shape[0] * scale,
        felt.middle_x.one(rng) * canvas.shape[1] * scale,
    )
    radius, heading, strength = felt.radius_um.one(rng), felt.heading.one(rng), felt.strength.one(rng)
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    side = 2 * math.ceil(radius / scale) + 2
    rough = noise_surface(rng, max(2, round(_ROUGH_UM / scale)), (side, side))
    grains = [(each, _stretched(each, side, scale, rng)) for each in felt.strokes]
    rows, columns = pixel_window(box, scale, canvas.shape)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    down = (np.arange(rows.start, rows.stop) * scale - middle[0]).astype(np.float32)[:, None]
    right = (np.arange(columns.start, columns.stop) * scale - middle[1]).astype(np.float32)[None, :]
    along, across = _turned(down, right, heading)
    far = (along * along + across * across * np.float32(1.0 / felt.slim**2)) * np.float32(1.0 / radius**2)
    patch = np.clip(np.float32(1) - far, np.float32(0), np.float32(1))
    first, left = rows.start - math.ceil(box[0] / scale), columns.start - math.ceil(box[1] / scale)
    part = rough[first : first + len(down), left : left + right.shape[1]]
    patch *= np.float32(strength) * np.clip(
        np.float32(0.8) + np.float32(0.6) * part, np.float32(0), np.float32(2)
    )
    change = np.zeros_like(patch)
    for each, surface in grains:
        u, v = _turned(down, right, heading + each.turn)
        change += np.float32(each.contrast) * _sampled(surface, u, v, scale)
    for channel, values in enumerate(canvas.transmission):
        taken = np.float32(felt.shade[channel] if len(canvas.transmission) == 3 else felt.shade[1])
        values[rows, columns] *= np.maximum(np.float32(1) + patch * (change - taken), np.float32(0.05))


def _stretched(strokes: Strokes, side: int, scale: float, rng: np.random.Generator) -> PictureArray:
    """Return noise of mean 0 and standard deviation 1; a sample is one pixel across and many along."""
    squeeze = strokes.long_um / strokes.wide_um
    cell = max(2, round(strokes.wide_um / scale))
    # Of the square's diagonal; along the strokes it is squeezed to the grain's own breadth.
    tall = math.ceil(1.5 * side)
    wide = max(math.ceil(tall / squeeze), 2)
    knots = rng.standard_normal((-(-tall // cell) + 3, -(-wide // cell) + 3)) / _SURFACE_SD
    return spline_surface(knots, cell, (tall, wide))


def _turned(down: PictureArray, right: PictureArray, heading: float) -> tuple[PictureArray, PictureArray]:
    """Return the coordinates along and across a direction."""
    cosine, sine = np.float32(math.cos(heading)), np.float32(math.sin(heading))
    return right * cosine - down * sine, right * sine + down * cosine


def _sampled(surface: PictureArray, along: PictureArray, across: PictureArray, scale: float) -> PictureArray:
    """Return a stretched surface at these coordinates about its middle; bilinear along, nearest across."""
    tall, wide = surface.shape
    row = np.clip(np.rint(across * np.float32(1.0 / scale) + np.float32(0.5 * tall)), 0, tall - 1)
    place = along * np.float32(wide / (tall * scale)) + np.float32(0.5 * wide)
    place = np.clip(place, np.float32(0), np.float32(wide - 1.001))
    before = place.astype(np.int32)
    share = place - before.astype(np.float32)
    flat = row.astype(np.int32) * np.int32(wide) + before
    values = surface.ravel()
    first = values.take(flat)
    return np.asarray(first + (values.take(flat + 1) - first) * share)
