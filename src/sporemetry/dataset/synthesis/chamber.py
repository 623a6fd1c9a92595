"""The engraved lines of a counting chamber as they really look: grooves, lit from one side, of two widths.

A groove is a cylinder lens. Its floor is a pale band, shaded from one side to the other; its two edges look
unlike: one dark and broad, the other thin, often with a bright line beside it. Which is which depends on the
focus and the lamp, so it is drawn anew for each picture and each of the two directions. Where two grooves
cross, the floors join and the edges stop a little before the crossing; bright mitres run along the diagonals
there, and all lines are worn (:mod:`~sporemetry.dataset.synthesis.joints`).

One line in a picture may be a broad *main* line; beyond it the glass may be bare. The camera stands square to
the lines, so that each is a function of one coordinate and costs next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.draws import NOTHING, Spread, fixed
from sporemetry.dataset.synthesis.joints import NO_MITRE, STRAIGHT, Mitre, Wear, stamp_mitres, wear_lines
from sporemetry.dataset.synthesis.optics import Colour

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

_MARGIN_UM = 9.0  # beside a groove, in which its edges still change the light
_CROSSING_UM = 2.5  # over which an edge fades before a crossing
_HALF, _THIN = fixed(0.5), fixed(1.2)
_TINT = (1.06, 1.05, 0.72)  # an edge takes red and green more than blue: it looks navy
_GLOW = (1.0, 0.72, 1.25)  # and what it takes of green is missing beside it: the glow looks violet
_MOST_LINES = 400  # in one direction; what lies beyond is not drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Chamber:
    """Settings of a chamber's lines.

    Attributes
    ----------
    cell_um : (float, float)
        From the middle of one line to the next, down and across.
    width_um : Spread
        Of the common lines, one draw a picture.
    main_um : Spread
        Of the main lines, one draw a picture.
    floor : Colour
        Taken away on the floor of a groove, for red, green and blue.
    floor_spread : float
        Standard deviation, from picture to picture, of what the floor takes away besides, in all colours.
    shade : Spread
        How much brighter one side of the floor is than the other, one draw a direction.
    dark : Spread
        Taken away at an edge, one draw an edge.
    dark_um : Spread
        Breadth of an edge (a standard deviation), one draw an edge.
    pale : Spread
        Added beside an edge, one draw an edge.
    gap_um : float
        How far before a crossing the edges stop.
    bare_share : float
        Of the pictures, the part in which the glass on one side of the main line across is bare.
    none_share : float
        Of the pictures, the part without any line.
    beads_share : float
        Of the lines that run across, the part cut so roughly that they look beaded.
    stripe : Spread
        Added along the middle of the floor, one draw a direction: the bright image of the lamp.
    wear : Wear
        How the lines stray from the straight.
    mitre : Mitre
        The joints where two lines cross.
    """

    cell_um: tuple[float, float]
    width_um: Spread
    main_um: Spread
    floor: Colour
    floor_spread: float = 0.0
    shade: Spread = NOTHING
    dark: Spread = _HALF
    dark_um: Spread = _THIN
    pale: Spread = NOTHING
    gap_um: float = 2.0
    bare_share: float = 0.0
    none_share: float = 0.0
    beads_share: float = 0.0
    stripe: Spread = NOTHING
    wear: Wear = STRAIGHT
    mitre: Mitre = NO_MITRE


@dataclass(frozen=True, slots=True)
class Edge:
    """How one edge of all grooves of a direction looks: taken away, its breadth, added beside it."""

    dark: float
    dark_um: float
    pale: float


@dataclass(frozen=True, slots=True)
class Grooves:
    """The lines of one direction in one picture.

    Attributes
    ----------
    lines : tuple of (float, float)
        Middle and width of each, in µm.
    shade : float
        How much brighter the far side of the floor is than the near side.
    near, far : Edge
        The edges at the smaller and at the greater coordinate.
    stripe : float
        Added along the middle of the floor.
    """

    lines: tuple[tuple[float, float], ...]
    shade: float
    near: Edge
    far: Edge
    stripe: float = 0.0

    def floor(self, at: FloatArray, grown: float = 0.0, soft: float = 1.2) -> FloatArray:
        """Return 1 on the floors, 0 off them and a step so ``soft`` between, at these coordinates in µm."""
        inside = np.zeros_like(at)
        for middle, width in self.lines:
            depth = 0.5 * width + grown - np.abs(at - middle)
            np.maximum(inside, np.clip(depth / soft + 0.5, 0.0, 1.0), out=inside)
        return inside

    def relief(self, at: FloatArray) -> FloatArray:
        """Return what the dark edges add to the light at these coordinates in µm, before their colour."""
        added = np.zeros_like(at)
        for middle, width in self.lines:
            for edge, side in ((self.near, -1.0), (self.far, 1.0)):
                out = side * (at - middle) - 0.5 * width
                # An edge is sharp towards the glass and fades towards the floor.
                spread = np.where(out > 0, min(edge.dark_um, 0.9), edge.dark_um)
                added -= edge.dark * np.exp(-0.5 * (out / spread) ** 2)
        return added

    def sheen(self, at: FloatArray) -> FloatArray:
        """Return what the shape of the floor adds to the light at these coordinates in µm."""
        added = np.zeros_like(at)
        for middle, width in self.lines:
            half, place = 0.5 * width, at - middle
            inside = np.clip((half - np.abs(place)) / 1.2 + 0.5, 0.0, 1.0)
            # The lit flank lies off the middle, as on a rod under a lamp.
            lit = np.exp(-0.5 * ((place - 0.3 * math.copysign(half, self.shade)) / (0.4 * half)) ** 2)
            added += abs(self.shade) * inside * (lit - 0.4)
            added += self.stripe * inside * (np.exp(-0.5 * (place / (0.3 * half)) ** 2) - 0.3)
        return added

    def glow(self, at: FloatArray) -> FloatArray:
        """Return the bright lines beside the edges at these coordinates in µm, before their colour."""
        added = np.zeros_like(at)
        for middle, width in self.lines:
            for edge, side in ((self.near, -1.0), (self.far, 1.0)):
                out = side * (at - middle) - 0.5 * width
                added += edge.pale * np.exp(-0.5 * ((out - 2.6) / 1.3) ** 2)
        return added


def stamp_chamber(canvas: Canvas, chamber: Chamber, rng: np.random.Generator) -> None:
    """Draw a chamber's lines over the picture; in some pictures there are none."""
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    empty = rng.random() < chamber.none_share
    common, main = chamber.width_um.one(rng), chamber.main_um.one(rng)
    bare = math.copysign(1.0, rng.random() - 0.5) if rng.random() < chamber.bare_share else 0.0
    middle = float(rng.uniform(0.3, 0.7)) * width
    upright = _draw_grooves(chamber, ruled_lines(middle, width, chamber.cell_um[1], common, main, bare), rng)
    start = float(rng.uniform(-0.5, 0.5)) * chamber.cell_um[0]
    level = _draw_grooves(chamber, ruled_lines(start, height, chamber.cell_um[0], common, common, 0.0), rng)
    floor = np.array(chamber.floor) + chamber.floor_spread * rng.standard_normal()
    beads = _draw_beads(canvas, level, chamber.beads_share, rng)
    if not empty:
        ends = (middle if bare > 0 else -math.inf, middle if bare < 0 else math.inf)
        _apply(canvas, upright, level, floor, chamber.gap_um, ends, beads)
        stamp_mitres(canvas, upright.lines, level.lines, chamber.mitre, rng, bare=bare)
        wear_lines(canvas, upright.lines, chamber.wear, rng, down=True)
        wear_lines(canvas, level.lines, chamber.wear, rng, down=False)


def ruled_lines(
    first: float, extent: float, cell: float, common: float, main: float, bare: float
) -> tuple[tuple[float, float], ...]:
    """Return middle and width of the lines that a picture shows, in rising order.

    Parameters
    ----------
    first : float
        Middle of the main line.
    extent : float
        Of the picture.
    cell, common, main : float
        From line to line, and the widths of the common lines and the main line.
    bare : float
        Above 0, no lines before the main line; below 0, none after it; 0, lines on both sides.

    Examples
    --------
    >>> ruled_lines(50.0, 100.0, 40.0, 2.0, 3.0, 0.0)
    ((10.0, 2.0), (50.0, 3.0), (90.0, 2.0))
    >>> ruled_lines(50.0, 100.0, 40.0, 2.0, 3.0, 1.0)
    ((50.0, 3.0), (90.0, 2.0))
    """
    reach = 0.5 * max(common, main) + _MARGIN_UM
    before = min(math.floor((first + reach) / cell), _MOST_LINES) if bare <= 0 else 0
    after = min(math.floor((extent + reach - first) / cell), _MOST_LINES) if bare >= 0 else 0
    return tuple(
        (first + number * cell, common if number else main)
        for number in range(-before, after + 1)
        if -reach <= first + number * cell <= extent + reach
    )


def _draw_grooves(
    chamber: Chamber, lines: tuple[tuple[float, float], ...], rng: np.random.Generator
) -> Grooves:
    shade = chamber.shade.one(rng) * (1.0 if rng.random() < 0.5 else -1.0)
    edges = [Edge(chamber.dark.one(rng), chamber.dark_um.one(rng), chamber.pale.one(rng)) for _ in range(2)]
    # The lit flank's edge is the thin, pale one; the dark one lies in the shade.
    edges.sort(key=lambda edge: edge.dark * edge.dark_um, reverse=shade > 0)
    return Grooves(lines, shade, edges[0], edges[1], chamber.stripe.one(rng))


def _draw_beads(
    canvas: Canvas, level: Grooves, share: float, rng: np.random.Generator
) -> tuple[PictureArray, PictureArray]:
    """Return along a row of pixels how dark the cuts are, and down a column where lines have them."""
    columns, scale = canvas.shape[1], canvas.lens.um_per_px
    cuts = np.cumsum(rng.uniform(5.0, 11.0, math.ceil(columns * scale / 5.0) + 1))
    x = np.arange(columns, dtype=np.float64) * scale
    after = np.clip(np.searchsorted(cuts, x), 1, len(cuts) - 1)
    near = np.minimum(np.abs(x - cuts[after - 1]), np.abs(x - cuts[after]))
    rough = tuple(line for line in level.lines if rng.random() < share)
    down = Grooves(rough, 0.0, level.near, level.far).floor(
        np.arange(canvas.shape[0], dtype=np.float64) * scale
    )
    return (0.13 * np.clip(1.0 - near / 2.6, 0.0, 1.0)).astype(np.float32), down.astype(np.float32)


def _apply(
    canvas: Canvas,
    upright: Grooves,
    level: Grooves,
    floor: FloatArray,
    gap: float,
    ends: tuple[float, float],
    beads: tuple[PictureArray, PictureArray],
) -> None:
    """Multiply the light near the lines: all rows near upright ones, then the other columns."""
    scale = canvas.lens.um_per_px
    y, x = (np.arange(size, dtype=np.float64) * scale for size in canvas.shape)
    near_x, near_y = (grooves.floor(at, grown=_MARGIN_UM) > 0 for grooves, at in ((upright, x), (level, y)))
    middle = (0.5 * float(y[-1]), 0.5 * float(x[-1]))
    for channel, values in enumerate(canvas.transmission):
        down, right = canvas.lens.shifts(*middle)[channel] if len(canvas.transmission) == 3 else (0.0, 0.0)
        moved_x, moved_y = x - right, y - down
        ruled = ((moved_x > ends[0]) & (moved_x < ends[1])).astype(np.float32)
        taken = np.float32(floor[channel])
        across, along = (
            _single(
                grooves.floor(at),
                _TINT[channel] * grooves.relief(at) + _GLOW[channel] * grooves.glow(at),
                grooves.sheen(at),
                grooves.floor(at, gap, _CROSSING_UM),
            )
            for grooves, at in ((upright, moved_x), (level, moved_y))
        )
        for rows, columns in ((np.ones_like(near_y), near_x), (near_y, ~near_x)):
            where = np.ix_(rows, columns)
            fill_x, relief_x, sheen_x, block_x = (part[columns][None, :] for part in across)
            fill_y, relief_y, sheen_y, block_y = (part[rows][:, None] for part in along)
            open_x = ruled[columns][None, :]
            light = np.float32(1) - taken * np.maximum(fill_x, fill_y * open_x)
            light += relief_x * (np.float32(1) - block_y * open_x)
            # The upright groove runs through a crossing, the level one ends at it.
            light += sheen_x + (relief_y + sheen_y) * ((np.float32(1) - block_x) * open_x)
            light -= (beads[0][columns][None, :] * (np.float32(1) - block_x)) * (
                beads[1][rows][:, None] * open_x
            )
            values[where] *= np.maximum(light, np.float32(0.02))


def _single(*parts: FloatArray) -> tuple[PictureArray, ...]:
    return tuple(part.astype(np.float32) for part in parts)
