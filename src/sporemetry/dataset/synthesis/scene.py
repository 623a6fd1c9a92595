"""Where the spores of a picture lie: singly, or in groups that touch; how large, how deep, how turned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.contact import is_apart, slide_to_contact
from sporemetry.dataset.synthesis.draws import AS_IT_IS, NOTHING, Spread
from sporemetry.dataset.synthesis.shapes import Outline
from sporemetry.errors import SettingsError

FloatArray = NDArray[np.float64]

MOST_SPORES = 20_000  # in one picture; a preset that asks for more is refused
_TRIES = 30  # to find a free place for one spore
_LARGEST_GROUP = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Settings of the spores of a preset.

    Attributes
    ----------
    per_mm2 : float
        Mean number of spores a square millimetre of the picture; 0 is an empty slide.
    variation : float
        Standard deviation, from picture to picture, of the factor on that mean (gamma distributed).
    kinds : tuple of (str, float)
        Shapes, and their shares of the spores; the shares sum to 1.
    length_um, width_um : Spread
        Caliper sizes.
    group_share : float
        Of the places where spores lie, the part that holds a touching group.
    group_extra : float
        Mean number of spores in a group beyond two (Poisson, at most 12 together).
    overlap : float
        Greatest overlap of touching spores, as a share of the width.
    depth_um : Spread
        Depth out of focus; the larger lies above.
    strength : Spread
        Multiplies the look of each spore.
    """

    per_mm2: float
    kinds: tuple[tuple[str, float], ...]
    length_um: Spread
    width_um: Spread
    variation: float = 0.0
    group_share: float = 0.0
    group_extra: float = 0.5
    overlap: float = 0.12
    depth_um: Spread = NOTHING
    strength: Spread = AS_IT_IS

    def __post_init__(self) -> None:
        total = sum(share for _, share in self.kinds)
        if self.per_mm2 < 0 or not math.isclose(total, 1.0, abs_tol=1e-9):
            raise SettingsError(
                "population",
                expected="a density of 0 or more, and shares of the kinds that sum to 1",
                found=f"{self.per_mm2} a mm2, shares that sum to {total:g}",
            )


@dataclass(frozen=True, slots=True)
class Spore:
    """One spore of the scene.

    Attributes
    ----------
    outline : Outline
        In µm.
    depth_um : float
        Out of focus; positive lies above.
    strength : float
        Multiplies its look.
    """

    outline: Outline
    depth_um: float
    strength: float


class _Crowd:
    """The outlines placed so far, and which of them are near a place."""

    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self._circles = np.empty((64, 3))  # y, x, reach

    def add(self, outline: Outline) -> None:
        count = len(self.outlines)
        if count == len(self._circles):
            self._circles = np.concatenate([self._circles, np.empty_like(self._circles)])
        self._circles[count] = outline.y, outline.x, outline.reach
        self.outlines.append(outline)

    def is_free(self, outline: Outline, clearance: float) -> bool:
        """Whether the gap to every outline is at least ``clearance`` (negative: overlap allowed)."""
        circles = self._circles[: len(self.outlines)]
        squared = (circles[:, 0] - outline.y) ** 2 + (circles[:, 1] - outline.x) ** 2
        near = np.flatnonzero(squared < (circles[:, 2] + outline.reach + max(clearance, 0.0)) ** 2)
        return all(is_apart(outline, self.outlines[int(which)], clearance) for which in near)


def place_spores(
    population: Population, shape: tuple[int, int], um_per_px: float, rng: np.random.Generator
) -> list[Spore]:
    """Return the spores in and around a picture, the lowest first.

    They lie over the picture and a margin of half a spore's length, so that its border cuts some. None
    touches another but the members of a group.

    Parameters
    ----------
    population : Population
        The settings.
    shape : (int, int)
        Height and width in pixels.
    um_per_px : float
        The scale.
    rng : numpy.random.Generator
        Of the part ``spores``.

    Returns
    -------
    list of Spore
        Empty when none is drawn. A spore for which no free place is found is left out.

    Raises
    ------
    SettingsError
        When the density asks for more than :data:`MOST_SPORES`.
    """
    margin = 0.5 * population.length_um.high
    box = (-margin, -margin, shape[0] * um_per_px + margin, shape[1] * um_per_px + margin)
    wanted = _draw_count(population, box, rng)
    crowd = _Crowd()
    while wanted > 0:
        size = min(_draw_group_size(population, rng), wanted)
        wanted -= size
        _add_group(crowd, size, population, box, um_per_px, rng)
    depths = population.depth_um.draw(rng, len(crowd.outlines))
    strengths = population.strength.draw(rng, len(crowd.outlines))
    spores = [
        Spore(outline, float(depth), float(strength))
        for outline, depth, strength in zip(crowd.outlines, depths, strengths, strict=True)
    ]
    return sorted(spores, key=lambda spore: spore.depth_um)


def _draw_count(
    population: Population, box: tuple[float, float, float, float], rng: np.random.Generator
) -> int:
    area_mm2 = (box[2] - box[0]) * (box[3] - box[1]) * 1e-6
    mean = population.per_mm2 * area_mm2
    if mean > MOST_SPORES:
        raise SettingsError(
            "per_mm2",
            expected=f"at most {MOST_SPORES} spores a picture",
            found=f"{population.per_mm2:g} a mm2 on {area_mm2:.3g} mm2",
            remedy="Lower the density or the picture's size.",
        )
    factor = 1.0
    if population.variation > 0:
        squared = population.variation**2
        factor = float(rng.gamma(1.0 / squared, squared))
    return min(int(rng.poisson(mean * factor)), MOST_SPORES)


def _draw_group_size(population: Population, rng: np.random.Generator) -> int:
    if rng.random() >= population.group_share:
        return 1
    return min(2 + int(rng.poisson(population.group_extra)), _LARGEST_GROUP)


def _draw_outline(population: Population, rng: np.random.Generator) -> Outline:
    """Return a spore about the origin."""
    pick = float(rng.random())
    kind = population.kinds[-1][0]
    for name, share in population.kinds:
        if pick < share:
            kind = name
            break
        pick -= share
    length = population.length_um.one(rng)
    width = min(population.width_um.one(rng), length)
    return Outline(kind, 0.0, 0.0, length, width, float(rng.uniform(0.0, 2 * math.pi)))


def _add_group(
    crowd: _Crowd,
    size: int,
    population: Population,
    box: tuple[float, float, float, float],
    um_per_px: float,
    rng: np.random.Generator,
) -> None:
    """Add a spore at a free place, and others that touch it or one another."""
    clearance = 2.0 * um_per_px
    for _ in range(_TRIES):
        y, x = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])
        first = _draw_outline(population, rng).moved(float(y), float(x))
        if crowd.is_free(first, clearance):
            break
    else:
        return
    group = _Crowd()
    group.add(first)
    for _ in range(size - 1):
        _join(group, crowd, population, um_per_px, rng)
    for outline in group.outlines:
        crowd.add(outline)


def _join(
    group: _Crowd, crowd: _Crowd, population: Population, um_per_px: float, rng: np.random.Generator
) -> None:
    """Add to the group a spore that touches one of it and none of the crowd, where one fits."""
    for _ in range(_TRIES):
        partner = group.outlines[int(rng.integers(len(group.outlines)))]
        newcomer = _draw_outline(population, rng)
        # Half a pixel of overlap at least: then the two labels have neighbouring pixels.
        overlap = 0.5 * um_per_px + population.overlap * newcomer.width * float(rng.random())
        heading = float(rng.uniform(0.0, 2 * math.pi))
        placed = slide_to_contact(newcomer, partner, heading=heading, overlap=overlap)
        if crowd.is_free(placed, 2.0 * um_per_px) and group.is_free(placed, -1.01 * overlap):
            group.add(placed)
            return
