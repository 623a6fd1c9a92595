"""Worn lines of a counting chamber: thin strokes that come and go, dotted with granules.

Each line is drawn by itself. It is a few parallel strokes, dark and bright (the two flanks of a scratch, one
of them lit), that waver a little and are strong here and all but gone there. Dirt sticks along it. In a
Goryaev chamber only some stripes between the main lines are divided by lines of their own, so that lines lie
close in one place and far apart in another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.clutter import Bodies
from sporemetry.dataset.synthesis.draws import AS_IT_IS, Spread
from sporemetry.dataset.synthesis.flocks import make_prints
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.errors import SettingsError

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

_SAMPLES = 128
_MOST_LINES = 400  # in one direction
_PRINTS = 32
_BESIDE_UM = 1.4  # standard deviation of the dirt's way from the line


@dataclass(frozen=True, slots=True)
class Stroke:
    """One of the parallel strokes of a line.

    Attributes
    ----------
    at_um : float
        From the middle of the line.
    wide_um : float
        Standard deviation of its width.
    change : float
        To the light, as a share; below 0 is dark.
    """

    at_um: float
    wide_um: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Engraving:
    """Settings of the lines.

    Attributes
    ----------
    spacing_um : float
        From one line to the next within a divided stripe.
    stripe : int
        Spacings from one main line to the next; 1 is an even ruling.
    divided_share : float
        Of the stripes, the part that is divided.
    strokes : tuple of Stroke
        What a line consists of; each line may be mirrored.
    strength : Spread
        Multiplies the strokes, one draw a line.
    unequal : float
        0 to 1; each stroke of each line has a strength of its own, even between 1 - and 1 + ``unequal``.
    uneven, uneven_um : float
        Standard deviation of that strength along the line, and the length of the parts that differ.
    waver_um : float
        Standard deviation of the line's way to either side.
    lean : float
        Standard deviation of the angle to the picture, in radians.
    grains : Bodies or None
        Dirt along the lines; ``per_mm2`` and the clusters are not used.
    grain_every_um : float
        Mean distance of that dirt along a line.

    Raises
    ------
    SettingsError
        For a spacing, a number of spacings or a distance of grains that is not above 0.
    """

    spacing_um: float
    strokes: tuple[Stroke, ...]
    stripe: int = 1
    divided_share: float = 1.0
    strength: Spread = AS_IT_IS
    unequal: float = 0.0
    uneven: float = 0.0
    uneven_um: float = 12.0
    waver_um: float = 0.0
    lean: float = 0.01
    grains: Bodies | None = None
    grain_every_um: float = 8.0

    def __post_init__(self) -> None:
        if not (self.spacing_um > 0 and self.stripe >= 1 and self.grain_every_um > 0):
            raise SettingsError(
                "engraving",
                expected="spacing_um and grain_every_um above 0, stripe at least 1",
                found=f"{self.spacing_um}, {self.grain_every_um} and {self.stripe}",
            )


def stamp_engraving(canvas: Canvas, engraving: Engraving, rng: np.random.Generator) -> None:
    """Draw the lines over the whole picture, at a random place and a slight angle."""
    scale = canvas.lens.um_per_px
    slope = math.tan(min(max(engraving.lean * float(rng.standard_normal()), -0.2), 0.2))
    grains = make_prints(engraving.grains, _PRINTS, canvas, rng) if engraving.grains else []
    for down in (True, False):
        # The lines that run down the picture first; the others on the transposed picture.
        length, breadth = canvas.shape if down else canvas.shape[::-1]
        margin = 0.5 * length * scale * abs(slope)
        lines = line_places(engraving, -margin, breadth * scale + margin, rng)
        for place in lines:
            way = _way(engraving, place, slope if down else -slope, length, scale, rng)
            picture = canvas.transmission if down else canvas.transmission.transpose(0, 2, 1)
            strength = _along(engraving, length, scale, rng) * np.float32(engraving.strength.one(rng))
            strokes = tuple(
                replace(stroke, change=stroke.change * (1.0 + engraving.unequal * float(rng.uniform(-1, 1))))
                for stroke in engraving.strokes
            )
            _draw(picture, strokes, way, strength, scale, mirrored=bool(rng.random() < 0.5))
            if engraving.grains:
                for y, x, pick in _dotted(engraving, way, scale, rng):
                    power = engraving.grains.strength.one(rng)
                    place_yx = (y, x) if down else (x, y)
                    grains[pick].press(canvas, *place_yx, power, pick)


def line_places(engraving: Engraving, low: float, high: float, rng: np.random.Generator) -> list[float]:
    """Return where the lines of one direction lie between two borders, in µm, rising."""
    stripe_um = engraving.spacing_um * engraving.stripe
    start = low - float(rng.uniform(0.0, stripe_um))
    places: list[float] = []
    while start < high and len(places) < _MOST_LINES:
        inner = engraving.stripe if rng.random() < engraving.divided_share else 1
        places += [start + number * engraving.spacing_um for number in range(inner)]
        start += stripe_um
    return [place for place in places if low <= place <= high]


def _way(
    engraving: Engraving, place: float, slope: float, length: int, scale: float, rng: np.random.Generator
) -> FloatArray:
    """Return where a line lies at each pixel along it, in µm."""
    along = (np.arange(length) - 0.5 * length) * scale
    way = place + slope * along
    if engraving.waver_um > 0:
        cell = max(4, round(3.0 * engraving.uneven_um / scale))
        way = way + engraving.waver_um * noise_surface(rng, cell, (length, 1))[:, 0].astype(np.float64)
    return np.asarray(way)


def _along(engraving: Engraving, length: int, scale: float, rng: np.random.Generator) -> PictureArray:
    """Return the strength along a line, 0 or more, mean about 1."""
    if engraving.uneven == 0:
        return np.ones(length, dtype=np.float32)
    cell = max(2, round(engraving.uneven_um / scale))
    slow = noise_surface(rng, 6 * cell, (length, 1))[:, 0]
    fast = noise_surface(rng, cell, (length, 1))[:, 0]
    mixed = np.float32(0.8) * slow + np.float32(0.6) * fast
    return np.asarray(np.maximum(np.float32(1) + np.float32(engraving.uneven) * mixed, np.float32(0)))


def _draw(
    picture: PictureArray,
    strokes: tuple[Stroke, ...],
    way: FloatArray,
    strength: PictureArray,
    scale: float,
    *,
    mirrored: bool,
) -> None:
    """Multiply one line onto a picture, channels x length x breadth, in place."""
    reach = max((abs(stroke.at_um) + 3.2 * stroke.wide_um for stroke in strokes), default=0.0)
    left = max(math.floor((float(way.min()) - reach) / scale), 0)
    right = min(math.ceil((float(way.max()) + reach) / scale) + 1, picture.shape[2])
    if left >= right or reach == 0:
        return
    distance = np.linspace(-reach, reach, _SAMPLES)
    change = np.zeros(_SAMPLES)
    for stroke in strokes:
        middle = -stroke.at_um if mirrored else stroke.at_um
        change += stroke.change * np.exp(-0.5 * ((distance - middle) / stroke.wide_um) ** 2)
    change[[0, -1]] = 0.0  # np.interp goes on with these beyond the ends
    across = np.arange(left, right)[None, :] * scale - way[:, None]
    share = np.interp(across, distance, change).astype(np.float32) * strength[:, None]
    picture[:, :, left:right] *= np.maximum(np.float32(1) + share, np.float32(0))


def _dotted(
    engraving: Engraving, way: FloatArray, scale: float, rng: np.random.Generator
) -> Iterator[tuple[float, float, int]]:
    """Yield where grains lie beside a line that runs down: y and x in µm, and the number of a print."""
    count = int(rng.poisson(len(way) * scale / engraving.grain_every_um))
    rows = rng.integers(len(way), size=count)
    beside = _BESIDE_UM * rng.standard_normal(count)
    picks = rng.integers(_PRINTS, size=count)
    for row, off, pick in zip(rows, beside, picks, strict=True):
        yield float(row) * scale, float(way[row] + off), int(pick)
