"""Scraps: torn walls, dried medium, heaps of fine grain, without a contour of their own.

A body has an outline and one look within. What is left of a culture that was rubbed off its plate has
neither: it is a patch of fine light and dark that thins out at a ragged border. Some dozens are made a
picture, and copies of them, turned and mirrored, are pressed onto the canvas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.clutter import Bodies, scatter
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.flocks import MOST_PRINTS, Print, positions
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import UNSEEN, Colour
from sporemetry.dataset.synthesis.samples import gamma_factor
from sporemetry.errors import SettingsError

PictureArray = NDArray[np.float32]

_MOST_PX = 129  # side of a print; a larger scrap is cut off there
_RAGGED = 0.7  # how far the border strays, as a share of the radius


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraps:
    """Settings of scraps of one kind.

    Attributes
    ----------
    name : str
        Names their stream of random numbers; no two kinds of a preset share a name.
    per_mm2 : float
        Mean number a square millimetre.
    radius_um : Spread
        Of each, about.
    shade : Colour
        Taken away within on average, for red, green and blue.
    contrast : Colour
        Standard deviation of the light within.
    grain_um : float
        Size of its light and dark parts.
    slim : float
        Breadth over length of the slimmest, 0 to 1; each draws from this to 1.
    strength : Spread
        Multiplies all of it, one draw a scrap.
    variation : float
        Standard deviation, from picture to picture, of the factor on the mean number (gamma distributed).
    prints : int
        How many different ones are made, 1 to :data:`~sporemetry.dataset.synthesis.flocks.MOST_PRINTS`.
    per_cluster, cluster_um
        As in :class:`~sporemetry.dataset.synthesis.clutter.Bodies`.

    Raises
    ------
    SettingsError
        For another number of prints.
    """

    name: str
    per_mm2: float
    radius_um: Spread
    shade: Colour
    contrast: Colour
    grain_um: float = 1.5
    slim: float = 0.4
    strength: Spread = AS_IT_IS
    variation: float = 0.0
    prints: int = 24
    per_cluster: float = 1.0
    cluster_um: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.prints <= MOST_PRINTS:
            raise SettingsError("prints", expected=f"1 to {MOST_PRINTS}", found=repr(self.prints))


def stamp_scraps(canvas: Canvas, kind: Scraps, rng: np.random.Generator) -> None:
    """Scatter scraps over the picture and its surroundings; none at a density of 0."""
    density = kind.per_mm2 * gamma_factor(kind.variation, rng)
    prints = make_scraps(kind, canvas, rng)
    margin = 0.5 * max(one.changes[0].shape[1] for one in prints) * canvas.lens.um_per_px
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    where = Bodies(
        name=kind.name,
        per_mm2=density,
        radius_um=NOTHING,
        look=UNSEEN,
        per_cluster=kind.per_cluster,
        cluster_um=kind.cluster_um,
    )
    places, _ = scatter(rng, density, (-margin, -margin, height + margin, width + margin), where)
    strengths = kind.strength.draw(rng, len(places))
    picks = rng.integers(len(prints), size=len(places))
    turns = rng.integers(8, size=len(places))
    for (y, x), strength, pick, turn in zip(places, strengths, picks, turns, strict=True):
        prints[int(pick)].press(canvas, float(y), float(x), float(strength), int(turn))


def make_scraps(kind: Scraps, canvas: Canvas, rng: np.random.Generator) -> list[Print]:
    """Return the different scraps of a picture, of strength 1, for a canvas."""
    return [_make_print(kind, canvas, rng) for _ in range(kind.prints)]


def _make_print(kind: Scraps, canvas: Canvas, rng: np.random.Generator) -> Print:
    """Return one scrap of strength 1 in eight positions."""
    scale, channels = canvas.lens.um_per_px, len(canvas.transmission)
    radius, slim = kind.radius_um.one(rng), float(rng.uniform(kind.slim, 1.0))
    half = min(math.ceil((1.0 + _RAGGED) * radius / scale), _MOST_PX // 2)
    at = np.arange(-half, half + 1) * scale
    heading = float(rng.uniform(0.0, math.pi))
    along = at[None, :] * math.cos(heading) - at[:, None] * math.sin(heading)
    across = at[None, :] * math.sin(heading) + at[:, None] * math.cos(heading)
    away = np.sqrt(along**2 + (across / slim) ** 2) / max(radius, scale)
    shape = (2 * half + 1, 2 * half + 1)
    border = noise_surface(rng, max(2, round(0.5 * radius / scale)), shape)
    there = np.clip(1.0 + _RAGGED * border - away, 0.0, 0.6) / 0.6
    grain = noise_surface(rng, max(2, round(kind.grain_um / scale)), shape)
    change = np.empty((channels, *shape), dtype=np.float32)
    for channel in range(channels):
        pick = channel if channels == 3 else 1
        change[channel] = there * (kind.contrast[pick] * grain - kind.shade[pick])
    return positions(change, turn=True)
