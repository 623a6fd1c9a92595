"""Dark, septate conidia at low power: a thick wall, three cells, grains within, a halo on one side.

At three quarters of a micrometre a pixel a conidium is two dozen pixels long, and what is seen of it is
little more than its dark wall and a few lighter patches between its cross-walls. It is painted in one pass
over its window: the distance to the outline is worked out once for all colours, and everything else is looked
up. Colours are slipped against each other by whole pixels.

Live conidia are not cut from one mould: the edge is ragged by debris, the narrow half is drawn in like a
waist, some are emptied and pale, and the focus of the picture makes all of them lighter or darker within.
The outline, and so the label, stays what the scene says: what strays is the paint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas, pixel_window
from sporemetry.dataset.synthesis.conidium_cells import Cells, axes, darkness, draw_cells
from sporemetry.dataset.synthesis.draws import NOTHING, Spread
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import Colour, defocus_blur_um
from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

_STEP_UM = 0.05  # of the tables over the distance
_LOW_UM, _HIGH_UM = -12.0, 10.0
_BLURS = 12  # depths out of focus are told apart in so many steps
_BLUR_STEP_UM = 0.2
_TILE = 256  # pixels a side of the grain that all spores of a picture take their share of


@dataclass(frozen=True, slots=True, kw_only=True)
class Conidium:
    """How the conidia of a preset look; colours are shares of the light, for red, green and blue.

    Attributes
    ----------
    body : Colour
        Taken away inside.
    wall : Colour
        Taken away besides at the wall.
    body_at_um : float
        Where half the body's darkness is reached (negative is inside).
    wall_at_um, wall_um : float
        Where the wall is darkest (negative is inside), and its standard deviation.
    halo : Colour
        Added beside the contour.
    halo_at_um, halo_um : float
        Where the halo is brightest, and its standard deviation.
    lit : float
        How unlike the two sides are: 0 is even, 1 has a halo on the lit side alone.
    lit_from : float
        The side that is lit, radians counter-clockwise from the x axis.
    septa : int
        Cross-walls, evenly spaced.
    septum : float
        How much darker a cross-wall is than the body, as a share of the body.
    septum_um : float
        Half the thickness of a cross-wall.
    cells : float
        How much lighter the middle of a cell may be, as a share of the body; each cell draws 0 to this.
    grain : float
        Standard deviation of the body's grain, as a share of the body.
    grain_um : float
        Size of the grain.
    ragged_um, ragged_size_um : float
        Standard deviation of the painted edge's way to either side, and its size along the edge.
    waist_um : Spread
        By how much the narrow half is drawn in where it is most, one draw a conidium.
    uneven : float
        0: cross-walls evenly spaced, square and alike; 1: some askew, some unseen.
    flank : float
        How much darker one flank may be, as a share of the body.
    tip : float
        How much paler the narrow end may be, as a share of the body.
    pale_share, pale : float
        The part of the conidia that are emptied, and what is left of their body at least.
    mood : float
        Standard deviation of the factors on body, wall, cells and halo that all conidia of a picture share.
    turn : float
        Standard deviation, from picture to picture, of the lit side, in radians.
    aperture_slope : float
        Slope of the objective's cone of light, for the blur by depth.
    """

    body: Colour
    wall: Colour
    body_at_um: float = 0.0
    wall_at_um: float = -0.8
    wall_um: float = 1.0
    halo: Colour = (0.0, 0.0, 0.0)
    halo_at_um: float = 1.8
    halo_um: float = 0.9
    lit: float = 0.0
    lit_from: float = 0.0
    septa: int = 2
    septum: float = 0.4
    septum_um: float = 0.9
    cells: float = 0.5
    grain: float = 0.0
    grain_um: float = 2.0
    ragged_um: float = 0.0
    ragged_size_um: float = 3.0
    waist_um: Spread = NOTHING
    uneven: float = 0.0
    flank: float = 0.0
    tip: float = 0.0
    pale_share: float = 0.0
    pale: float = 0.4
    mood: float = 0.0
    turn: float = 0.0
    aperture_slope: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Body, wall and halo over the distance, by blur: each ``_BLURS`` x n float32; grain and ragged edge."""

    body: PictureArray
    wall: PictureArray
    halo: PictureArray
    grain: PictureArray
    ragged: PictureArray


def paint_conidia(canvas: Canvas, spores: list[Spore], style: Conidium, rng: np.random.Generator) -> None:
    """Stamp conidia onto the canvas, the first lowest; nothing happens for an empty list.

    Parameters
    ----------
    canvas : Canvas
        Changed in place.
    spores : list of Spore
        Those that stay in the scene.
    style : Conidium
        Their look.
    rng : numpy.random.Generator
        Of the part ``paint``; each spore draws as many numbers as any other.
    """
    style = in_mood(style, rng)
    tables = _make_tables(style, canvas.lens.um_per_px, rng)
    for spore in spores:
        cells = draw_cells(
            rng,
            style.septa,
            cells=style.cells,
            septum=style.septum,
            uneven=style.uneven,
            flank=style.flank,
            tip=style.tip,
            pale_share=style.pale_share,
            pale=style.pale,
        )
        waist = style.waist_um.one(rng)
        corner = rng.integers(_TILE, size=2)
        _paint(canvas, spore, style, tables, cells, waist, (int(corner[0]), int(corner[1])))


def in_mood(style: Conidium, rng: np.random.Generator) -> Conidium:
    """Return the look of one picture's conidia: all lighter or darker within, lit from another side.

    Parameters
    ----------
    style : Conidium
        Of the preset.
    rng : numpy.random.Generator
        Gives five normal numbers, whatever the settings.
    """
    draws = np.clip(rng.standard_normal(5), -2.0, 2.0)
    body, wall, cells, halo = np.maximum(1.0 + style.mood * draws[:4], 0.0).tolist()
    return replace(
        style,
        body=_times(style.body, body),
        wall=_times(style.wall, wall),
        cells=style.cells * cells,
        halo=_times(style.halo, halo),
        lit_from=style.lit_from + style.turn * float(draws[4]),
    )


def _times(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def _make_tables(style: Conidium, um_per_px: float, rng: np.random.Generator) -> _Tables:
    distance = np.arange(_LOW_UM, _HIGH_UM, _STEP_UM)[None, :]
    blur = (np.arange(_BLURS) * _BLUR_STEP_UM)[:, None]

    def bump(at: float, spread: float) -> PictureArray:
        wide = np.sqrt(spread**2 + blur**2)
        return np.asarray(spread / wide * np.exp(-0.5 * ((distance - at) / wide) ** 2), dtype=np.float32)

    soft = np.sqrt(0.5**2 + blur**2)
    body = np.clip(
        0.5 - (distance - style.body_at_um) / (3.0 * soft), 0.0, 1.0
    )  # a smooth step, without its far tails
    body = body * body * (3.0 - 2.0 * body)
    return _Tables(
        body.astype(np.float32),
        bump(style.wall_at_um, style.wall_um),
        bump(style.halo_at_um, style.halo_um),
        _make_tile(rng, style.grain_um / um_per_px, style.grain),
        _make_tile(rng, style.ragged_size_um / um_per_px, style.ragged_um / _STEP_UM),
    )


def _make_tile(rng: np.random.Generator, cell_px: float, spread: float) -> PictureArray:
    """Return smooth noise of this standard deviation, repeated so that a window may start anywhere."""
    tile = noise_surface(rng, max(2, round(cell_px)), (_TILE, _TILE))
    return np.tile(np.float32(spread) * np.clip(tile, np.float32(-2), np.float32(2)), (2, 2))


def _paint(
    canvas: Canvas,
    spore: Spore,
    style: Conidium,
    tables: _Tables,
    cells: Cells,
    waist: float,
    corner: tuple[int, int],
) -> None:
    outline, scale = spore.outline, canvas.lens.um_per_px
    rows, columns = _window(outline, style, scale)
    y = (np.arange(rows.start, rows.stop) * scale)[:, None]
    x = (np.arange(columns.start, columns.stop) * scale)[None, :]
    blur = min(round(defocus_blur_um(spore.depth_um, style.aperture_slope) / _BLUR_STEP_UM), _BLURS - 1)
    along, across = axes(outline, y, x)
    place = (outline.distance(y, x) - (_LOW_UM - 0.5 * _STEP_UM)) * (1.0 / _STEP_UM)
    window = slice(corner[0], corner[0] + place.shape[0]), slice(corner[1], corner[1] + place.shape[1])
    in_tile = place.shape == tables.grain[window].shape  # a spore larger than the tile has no grain
    if in_tile and style.ragged_um > 0:
        place += tables.ragged[window]
    if waist > 0:
        ahead = np.clip(along * np.float32(2.0 / outline.length), np.float32(0), np.float32(1))
        place += np.float32(4.0 * waist / _STEP_UM) * ahead * (np.float32(1) - ahead)
    which = np.minimum(np.maximum(place, 0.0), tables.body.shape[1] - 1.0).astype(np.intp)
    lit = _towards(outline, y, x, style)
    body = tables.body[blur].take(which)
    if in_tile and style.grain > 0:
        body *= np.float32(1) + tables.grain[window]
    body *= darkness(outline, cells, along, across, style.septum_um)
    body *= np.float32(1) - np.float32(0.3 * style.lit) * lit
    wall = np.float32(0.5 + 0.5 * cells.left) * tables.wall[blur].take(which)
    halo = tables.halo[blur].take(which) * (np.float32(1) + np.float32(style.lit) * lit)
    strength = spore.strength
    for channel, (down, right) in enumerate(_whole_shifts(canvas, outline)):
        light = np.float32(1) - np.float32(strength * style.body[channel]) * body
        light -= np.float32(strength * style.wall[channel]) * wall
        light += np.float32(strength * style.halo[channel]) * halo
        _multiply(canvas.transmission[channel], light, rows.start + down, columns.start + right)


def _window(outline: Outline, style: Conidium, scale: float) -> tuple[slice, slice]:
    """Return the pixels that a conidium changes, also those outside the picture."""
    margin = style.halo_at_um + 3.0 * style.halo_um
    top, left, bottom, right = outline.bounds()
    return (
        slice(math.ceil((top - margin) / scale), math.floor((bottom + margin) / scale) + 1),
        slice(math.ceil((left - margin) / scale), math.floor((right + margin) / scale) + 1),
    )


def _towards(outline: Outline, y: FloatArray, x: FloatArray, style: Conidium) -> PictureArray:
    """Return how far points lie on the lit side, about -1 to 1."""
    down, right = -math.sin(style.lit_from), math.cos(style.lit_from)
    side = ((y - outline.y) * down + (x - outline.x) * right) / (0.5 * outline.width + 2.0)
    return np.clip(side, -1.0, 1.0).astype(np.float32)


def _whole_shifts(canvas: Canvas, outline: Outline) -> tuple[tuple[int, int], ...]:
    """Return by how many pixels each colour lands beside the green."""
    if len(canvas.transmission) == 1:
        return ((0, 0),)
    scale = canvas.lens.um_per_px
    return tuple(
        (round(down / scale), round(right / scale))
        for down, right in canvas.lens.shifts(outline.y, outline.x)
    )


def _multiply(target: PictureArray, light: PictureArray, top: int, left: int) -> None:
    """Multiply the part of ``light`` that falls into the picture, its corner at ``(top, left)``."""
    height, width = light.shape
    box = (float(top), float(left), float(top + height - 1), float(left + width - 1))
    rows, columns = pixel_window(box, 1.0, target.shape)
    if rows.start < rows.stop and columns.start < columns.stop:
        part = light[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        target[rows, columns] *= np.maximum(part, np.float32(0.02))
