"""Where two grooves of a chamber cross: the bright mitre from corner to corner, and edges worn by use.

Two cylinder lenses that cross refract the light along the diagonals of their crossing, as the mitre of a
picture frame shows: bright, thin lines run from the corners inwards, some as far as the middle. And no edge
is as straight as it was ruled: it strays by a fraction of a micrometre, and is deep here and shallow there.

Wear is put on lines that are drawn straight: the pixels of a strip around each are moved across it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas, pixel_window
from sporemetry.dataset.synthesis.draws import NOTHING, Spread, fixed
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import Colour

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]
Lines = tuple[tuple[float, float], ...]  # middle and width of each, in µm

_AROUND_UM = 12.0  # of the strip beside a groove that is moved with it
_OUTSIDE_UM = 2.5  # how far beyond its corner a mitre is seen
_MOST_PX = 3.0  # a pixel is moved by no more
_MOST, _NARROW = fixed(0.7), fixed(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """How lines stray from the straight.

    Attributes
    ----------
    waver_um : float
        Standard deviation of a line's way to either side; 0 for straight ones.
    waver_size_um : float
        Distance over which that way changes.
    rough : float
        Standard deviation of the depth along a line, as a share of what it does to the light.
    rough_size_um : float
        Distance over which the depth changes.
    """

    waver_um: float = 0.0
    waver_size_um: float = 20.0
    rough: float = 0.0
    rough_size_um: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitre:
    """How the joints of crossing lines look.

    Attributes
    ----------
    bright : Spread
        Added to the light along the diagonals, one draw a picture.
    inwards : Spread
        How far a mitre reaches from its corner, 1 to the middle; one draw a picture.
    breadth_um : Spread
        Its breadth (a standard deviation), one draw a picture.
    colour : Colour
        Multiplies what is added, for red, green and blue.
    """

    bright: Spread = NOTHING
    inwards: Spread = _MOST
    breadth_um: Spread = _NARROW
    colour: Colour = (1.0, 1.0, 1.0)


STRAIGHT, NO_MITRE = Wear(), Mitre()


def wear_lines(canvas: Canvas, lines: Lines, wear: Wear, rng: np.random.Generator, *, down: bool) -> None:
    """Move the pixels around each line across it, and deepen or flatten it along its length, in place.

    Parameters
    ----------
    canvas : Canvas
        With the lines drawn straight and nothing else on it.
    lines : tuple of (float, float)
        Middle and width of each, in µm.
    wear : Wear
        The settings; with none the canvas stays as it is.
    rng : numpy.random.Generator
        Of the part ``chamber``.
    down : bool
        Whether the lines run down the picture, else across.
    """
    if wear.waver_um == 0 and wear.rough == 0:
        return
    picture = canvas.transmission if down else canvas.transmission.transpose(0, 2, 1)
    scale, (length, breadth) = canvas.lens.um_per_px, picture.shape[1:]
    for middle, width in lines:
        reach = 0.5 * width + _AROUND_UM
        first = max(math.ceil((middle - reach) / scale), 0)
        last = min(math.floor((middle + reach) / scale) + 1, breadth)
        away = wear.waver_um / scale * _along(rng, length, wear.waver_size_um / scale)
        deep = np.float32(1) + np.float32(wear.rough) * _along(rng, length, wear.rough_size_um / scale)
        if last - first > 1:
            strip = picture[:, :, first:last]
            strip[...] = _moved(strip, np.clip(away, -_MOST_PX, _MOST_PX))
            strip[...] = np.maximum(np.float32(1) + (strip - np.float32(1)) * deep[:, None], np.float32(0.02))


def stamp_mitres(
    canvas: Canvas, upright: Lines, level: Lines, mitre: Mitre, rng: np.random.Generator, *, bare: float = 0.0
) -> None:
    """Brighten the diagonals of every crossing from its corners inwards.

    Parameters
    ----------
    canvas : Canvas
        Changed in place.
    upright, level : tuple of (float, float)
        Middle and width of the lines that run down and across, in µm.
    mitre : Mitre
        The settings.
    rng : numpy.random.Generator
        Of the part ``chamber``.
    bare : float
        Above 0, the first upright line has lines across on its right only; below 0, the last on its left.
    """
    bright, inwards = mitre.bright.one(rng), mitre.inwards.one(rng)
    breadth = mitre.breadth_um.one(rng)
    if bright == 0:
        return
    for x, wide in upright:
        side = 0.0
        if bare and x == (upright[0] if bare > 0 else upright[-1])[0]:
            side = math.copysign(1.0, bare)
        for y, high in level:
            _stamp_mitre(canvas, (y, x), (high, wide), (bright, inwards, breadth), mitre.colour, side)


def _stamp_mitre(
    canvas: Canvas,
    middle: tuple[float, float],
    size: tuple[float, float],
    look: tuple[float, float, float],
    colour: Colour,
    side: float,
) -> None:
    bright, inwards, breadth = look
    (y0, x0), (half_y, half_x), scale = middle, (0.5 * size[0], 0.5 * size[1]), canvas.lens.um_per_px
    out_y, out_x = half_y + 2 * _OUTSIDE_UM, half_x + 2 * _OUTSIDE_UM
    rows, columns = pixel_window((y0 - out_y, x0 - out_x, y0 + out_y, x0 + out_x), scale, canvas.shape)
    y = (np.arange(rows.start, rows.stop) * scale - y0)[:, None]
    x = (np.arange(columns.start, columns.stop) * scale - x0)[None, :]
    # How far beyond the floor's border, in µm, and beside the diagonal through the nearest corner.
    beyond_y, beyond_x = np.abs(y) - half_y, np.abs(x) - half_x
    beside = (beyond_y - beyond_x) * math.sqrt(0.5)
    depth = -0.5 * (beyond_y + beyond_x)
    reach = inwards * min(half_y, half_x)
    ends = np.clip((depth + _OUTSIDE_UM) / 1.5, 0.0, 1.0) * np.clip((reach - depth) / 2.0, 0.0, 1.0)
    # A bright line between two darker ones, as of any thin lens.
    added = np.exp(-0.5 * (beside / breadth) ** 2)
    added -= 0.4 * np.exp(-0.5 * ((np.abs(beside) - 2.4 * breadth) / breadth) ** 2)
    added *= bright * ends
    if side:
        added = added * (x * side > 0)
    for channel, share in zip(canvas.transmission, colour, strict=False):
        channel[rows, columns] *= (1.0 + share * added).astype(np.float32)


def _along(rng: np.random.Generator, length: int, cell_px: float) -> PictureArray:
    """Return noise along a line: of mean 0 and standard deviation 1, slow and, by half as much, fast."""
    slow = noise_surface(rng, max(2, round(3 * cell_px)), (length, 1))[:, 0]
    fast = noise_surface(rng, max(2, round(cell_px)), (length, 1))[:, 0]
    return np.asarray(np.float32(0.9) * slow + np.float32(0.44) * fast)


def _moved(strip: PictureArray, away: PictureArray) -> PictureArray:
    """Return a strip, channels x length x breadth, each row moved by its part of ``away`` pixels; linear."""
    whole = np.floor(away)
    part = (away - whole).astype(np.float32)[None, :, None]
    last = strip.shape[2] - 1
    source = np.arange(last + 1)[None, :] - whole.astype(np.intp)[:, None]
    near, far = np.clip(source, 0, last), np.clip(source - 1, 0, last)
    rows = np.arange(strip.shape[1])[:, None]
    return np.asarray(strip[:, rows, near] * (np.float32(1) - part) + strip[:, rows, far] * part)
