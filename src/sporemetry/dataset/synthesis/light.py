"""The light behind the slide: its colour, its unevenness, and the mottle of everything far out of focus.

The lamp is never quite centred and the condenser never quite clean. Both are smooth, so they are drawn as
random numbers on a coarse grid and brought to the picture's size by uniform cubic B-splines: sums of products
only, which every machine rounds alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.optics import Colour

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

# Standard deviation of a cubic B-spline surface whose knots are independent and of standard deviation 1:
# the mean over a cell of the sum of the squared weights is 151/315 in one dimension, squared in two.
_SURFACE_SD = 151 / 315
_COARSE_PX = 32


@dataclass(frozen=True, slots=True)
class Mottle:
    """Smooth random unevenness of one size.

    Attributes
    ----------
    scale_um : float
        Distance of the knots.
    amplitude : float
        Standard deviation as a share of the light.
    patchy : float
        0 covers the picture evenly; above, the mottle lies in patches of this size in µm, with clean glass
        between, and darkens only.
    """

    scale_um: float
    amplitude: float
    patchy: float = 0.0


@dataclass(frozen=True, slots=True)
class Lamp:
    """Another lamp, at which some of the pictures are taken: a warmer, darker one, badly centred.

    Attributes
    ----------
    share : float
        Of the pictures, the part.
    level, edge : Colour
        As in :class:`Light`.
    """

    share: float
    level: Colour
    edge: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """The light behind the slide.

    Attributes
    ----------
    level : Colour
        Grey value in the middle, 0 to 255, in red, green and blue.
    edge : Colour
        The level at the corners over that in the middle.
    tilt : float
        Standard deviation of the slope from side to side, as a share of the level.
    tint : float
        Standard deviation of the slowly varying colour cast, as a share of the level.
    mottles : tuple of Mottle
        Unevenness of several sizes.
    spread : float
        Standard deviation of the level from picture to picture, as a share of the level.
    cast : Colour
        The same for red, green and blue by themselves: lamps are dimmed, white is balanced anew.
    others : tuple of Lamp
        Other lamps; the pictures that none of them takes are taken at ``level`` and ``edge``.
    """

    level: Colour
    edge: Colour = (1.0, 1.0, 1.0)
    tilt: float = 0.0
    tint: float = 0.0
    mottles: tuple[Mottle, ...] = ()
    spread: float = 0.0
    cast: Colour = (0.0, 0.0, 0.0)
    others: tuple[Lamp, ...] = ()


def illuminate(
    light: Light, shape: tuple[int, int], channels: int, um_per_px: float, rng: np.random.Generator
) -> PictureArray:
    """Return the light at each pixel, ``channels`` x H x W float32 grey values.

    Parameters
    ----------
    light : Light
        The settings.
    shape : (int, int)
        Height and width in pixels.
    channels : int
        1 takes the green light alone, 3 all.
    um_per_px : float
        Scale of the mottles.
    rng : numpy.random.Generator
        Of the part ``light``.
    """
    base = _coarse_light(_at_lamp(light, rng), shape, rng)
    wanted = (1,) if channels == 1 else (0, 1, 2)
    evenness = np.ones(shape, dtype=np.float32)
    for mottle in light.mottles:
        evenness *= np.float32(1) + _mottle(mottle, shape, um_per_px, rng)
    if light.spread > 0:
        level = 1.0 + light.spread * min(max(float(rng.standard_normal()), -2.5), 2.5)
        evenness *= np.float32(max(level, 0.0))
    if any(light.cast):
        draws = np.clip(rng.standard_normal(3), -2.0, 2.0)
        base *= (1.0 + np.array(light.cast) * draws)[:, None, None]
    return np.stack([spline_surface(base[channel], _COARSE_PX, shape) * evenness for channel in wanted])


def _at_lamp(light: Light, rng: np.random.Generator) -> Light:
    """Return the light of one picture's lamp; a number is drawn only where there are several."""
    pick = float(rng.random()) if light.others else 1.0
    for lamp in light.others:
        if pick < lamp.share:
            return replace(light, level=lamp.level, edge=lamp.edge)
        pick -= lamp.share
    return light


def spline_surface(knots: FloatArray, cell: int, shape: tuple[int, int]) -> PictureArray:
    """Return the uniform cubic B-spline surface over a grid of knots, float32.

    Parameters
    ----------
    knots : float64 array, at least ``ceil(H / cell) + 3`` x ``ceil(W / cell) + 3``
        Its values; the surface lies in their convex hull.
    cell : int
        Pixels from knot to knot.
    shape : (int, int)
        Height and width of the surface.

    Examples
    --------
    >>> bool(np.allclose(spline_surface(np.full((5, 6), 7.0), 4, (8, 12)), 7.0))
    True
    """
    weights = _spline_weights(cell)
    rows = _stretch(knots.astype(np.float32), weights)[: shape[0]]
    return np.ascontiguousarray(_stretch(np.ascontiguousarray(rows.T), weights)[: shape[1]].T)


def noise_surface(rng: np.random.Generator, cell: int, shape: tuple[int, int]) -> PictureArray:
    """Return smooth noise of mean 0 and standard deviation 1, its knots ``cell`` pixels apart."""
    rows, columns = _knot_count(shape[0], cell), _knot_count(shape[1], cell)
    return spline_surface(rng.standard_normal((rows, columns)) / _SURFACE_SD, cell, shape)


def _coarse_light(light: Light, shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Return knots of the lamp's light, 3 x rows x columns."""
    rows, columns = _knot_count(shape[0], _COARSE_PX), _knot_count(shape[1], _COARSE_PX)
    # Where the knots lie in the picture, from -1 at one side to 1 at the other.
    y = ((np.arange(rows) - 1.0) * _COARSE_PX / shape[0] * 2 - 1)[:, None]
    x = ((np.arange(columns) - 1.0) * _COARSE_PX / shape[1] * 2 - 1)[None, :]
    slope = light.tilt * rng.standard_normal(2)
    casts = light.tint * rng.standard_normal((3, 3))
    knots = np.empty((3, rows, columns))
    for channel in range(3):
        fall = 1.0 + (light.edge[channel] - 1.0) * 0.5 * (y**2 + x**2)
        cast = casts[channel, 0] * y + casts[channel, 1] * x + casts[channel, 2] * x * y
        knots[channel] = light.level[channel] * fall * (1.0 + slope[0] * y + slope[1] * x + cast)
    return knots


def _mottle(
    mottle: Mottle, shape: tuple[int, int], um_per_px: float, rng: np.random.Generator
) -> PictureArray:
    cell = max(2, round(mottle.scale_um / um_per_px))
    surface = np.float32(mottle.amplitude) * noise_surface(rng, cell, shape)
    if mottle.patchy > 0:
        patch = noise_surface(rng, max(4, round(mottle.patchy / um_per_px)), shape)
        surface = np.minimum(surface, np.float32(0)) * np.clip(
            patch - np.float32(0.6), np.float32(0), np.float32(1.5)
        )
    return surface


def _knot_count(size: int, cell: int) -> int:
    return -(-size // cell) + 3


def _spline_weights(cell: int) -> PictureArray:
    """Return the weights of the four knots around each pixel of a cell, cell x 4."""
    t = (np.arange(cell) + 0.5) / cell
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1
    )
    return (weights / 6).astype(np.float32)


def _stretch(knots: PictureArray, weights: PictureArray) -> PictureArray:
    """Interpolate along the first axis: n + 3 knots become n cells of pixels."""
    cells, cell = knots.shape[0] - 3, weights.shape[0]
    out = np.zeros((cells, cell, knots.shape[1]), dtype=np.float32)
    for tap in range(4):
        out += weights[:, tap][None, :, None] * knots[tap : tap + cells, None, :]
    return out.reshape(cells * cell, knots.shape[1])
