"""What no two conidia share: lighter cells, cross-walls askew or unseen, a darker flank, a pale tip.

All of it is a factor on the darkness of the body, worked out over the same window as the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.shapes import Outline

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

_ASIDE, _ALONG = 0.225, 0.34  # a cell's light middle: its size as a share of the width, and of the cell
_ASTRAY = 0.3  # of a cell: how far the most uneven cross-wall may lie from its place
_LEAN = 0.5  # of the most uneven cross-wall: along over across


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The inside of one conidium.

    Attributes
    ----------
    lights : float64 array, n
        How much lighter the middle of each cell is, as a share of the body.
    walls : float64 array, (n - 1) x 3
        Of each cross-wall: how far it lies from its even place as a share of a cell, its lean (along over
        across), and how dark it is as a share of the body.
    flank : float
        How much darker one flank is than the middle, as a share of the body; below 0 the other.
    tip : float
        How much paler the narrow end is, as a share of the body.
    left : float
        The share of the body that is left: 1 for a full conidium, less for an emptied one.
    """

    lights: FloatArray
    walls: FloatArray
    flank: float = 0.0
    tip: float = 0.0
    left: float = 1.0


def draw_cells(
    rng: np.random.Generator,
    septa: int,
    *,
    cells: float,
    septum: float,
    uneven: float,
    flank: float,
    tip: float,
    pale_share: float,
    pale: float,
) -> Cells:
    """Return the inside of one conidium; each draws as many numbers as any other.

    Parameters
    ----------
    rng : numpy.random.Generator
        Gives ``4 * septa + 5`` uniform numbers.
    septa : int
        Cross-walls.
    cells, septum, flank, tip : float
        The greatest lightness of a cell, darkness of a cross-wall, of a flank, and paleness of the tip.
    uneven : float
        0 for cross-walls that are evenly spaced, square and alike; 1 for some askew and some unseen.
    pale_share, pale : float
        The part of the conidia that are emptied, and what is left of their body at least.
    """
    draws = rng.random(4 * septa + 5)
    lights, rest = cells * draws[: septa + 1], draws[septa + 1 :]
    place, lean, seen = rest[: 3 * septa].reshape(3, septa)
    walls = np.stack(
        [
            uneven * _ASTRAY * (2.0 * place - 1.0),
            uneven * _LEAN * (2.0 * lean - 1.0),
            septum * (1.0 - uneven * seen),
        ],
        axis=1,
    )
    side, end, is_pale, how_pale = rest[3 * septa :]
    left = pale + (1.0 - pale) * 0.5 * how_pale if is_pale < pale_share else 1.0
    return Cells(lights, walls, flank * (2.0 * float(side) - 1.0), tip * float(end), float(left))


def axes(outline: Outline, y: FloatArray, x: FloatArray) -> tuple[PictureArray, PictureArray]:
    """Return how far points lie along the long axis, from the middle, and across it."""
    cosine, sine = math.cos(outline.angle), math.sin(outline.angle)
    down, right = (y - outline.y).astype(np.float32), (x - outline.x).astype(np.float32)
    along = right * np.float32(cosine) - down * np.float32(sine)
    return along, right * np.float32(sine) + down * np.float32(cosine)


def darkness(
    outline: Outline, cells: Cells, along: PictureArray, across: PictureArray, septum_um: float
) -> PictureArray:
    """Return the factor on the body: above 1 at cross-walls and on the dark flank, below 1 in cells.

    Parameters
    ----------
    outline : Outline
        For its length and width.
    cells : Cells
        What lies inside.
    along, across : float32 arrays
        As :func:`axes` gives them.
    septum_um : float
        Half the thickness of a cross-wall.

    Examples
    --------
    >>> outline = Outline("capsule", 0.0, 0.0, length=30.0, width=10.0, angle=0.0)
    >>> walls = np.array([[0.0, 0.0, 0.2]])
    >>> at = np.array([-7.5, 0.0, 7.5], dtype=np.float32)  # a cell, the cross-wall, the other cell
    >>> darkness(outline, Cells(np.array([0.5, 0.0]), walls), at, 0 * at, 1.0).astype(float).round(3).tolist()
    [0.5, 1.2, 1.0]
    """
    cell = outline.length / len(cells.lights)
    aside = np.float32(0.5) * np.square(across * np.float32(1.0 / (_ASIDE * outline.width)))
    pattern = np.ones(along.shape, dtype=np.float32)
    if cells.flank:
        pattern += across * np.float32(2.0 * cells.flank / outline.width)
    for number, light in enumerate(cells.lights.tolist()):
        middle = (number + 0.5) * cell - 0.5 * outline.length
        off = (along - np.float32(middle)) * np.float32(1.0 / (_ALONG * cell))
        near = np.float32(1) - aside - np.float32(0.5) * np.square(off)
        pattern -= np.float32(light) * np.maximum(near, np.float32(0))
    for number, (astray, lean, dark) in enumerate(cells.walls.tolist(), start=1):
        place = (number + astray) * cell - 0.5 * outline.length
        off = np.abs(along - np.float32(place) - np.float32(lean) * across)
        wall = np.float32(1) - off * np.float32(1.0 / septum_um)
        pattern += np.float32(dark) * np.maximum(wall, np.float32(0))
    if cells.tip:
        towards = along * np.float32(5.0 / outline.length) - np.float32(1.5)  # 0 to 1 over the last fifth
        pattern -= np.float32(cells.tip) * np.clip(towards, np.float32(0), np.float32(1))
    return np.asarray(np.maximum(np.float32(cells.left) * pattern, np.float32(0)))
