"""The ruling of a counting chamber: bands engraved in the glass in two directions.

Where two bands cross, the engraving is one: what is seen is the edge of their union. So the ruling has a
single signed distance, and a :class:`~sporemetry.dataset.synthesis.optics.Look` like everything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas
from sporemetry.dataset.synthesis.optics import Look, Profile, make_profile

PictureArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Settings of a chamber's lines.

    Attributes
    ----------
    spacing_um : float
        From the middle of one line to the next.
    width_um : float
        Of a line.
    look : Look
        What the engraving does to the light, over the distance to its edge.
    blur_um : float
        Blur across the edge: the glass lies below the spores.
    lean : float
        Standard deviation of the ruling's angle to the picture, in radians.
    """

    spacing_um: float
    width_um: float
    look: Look
    blur_um: float = 0.0
    lean: float = 0.01


def stamp_ruling(canvas: Canvas, ruling: Ruling, rng: np.random.Generator) -> None:
    """Draw the lines over the whole picture, at a random place and a slight angle."""
    offset = rng.uniform(0.0, ruling.spacing_um, 2)
    angle = float(np.clip(ruling.lean * rng.standard_normal(), -0.2, 0.2))
    profile = make_profile(ruling.look, half_width_um=0.5 * ruling.width_um, blur_um=ruling.blur_um)
    colours = len(canvas.transmission)
    middle = tuple(0.5 * size * canvas.lens.um_per_px for size in canvas.shape)
    shifts = canvas.lens.shifts(middle[0], middle[1])
    for channel in range(colours):
        down, right = shifts[channel] if colours == 3 else (0.0, 0.0)
        place = (float(offset[0]) + down, float(offset[1]) + right)
        distance = ruling_distance(ruling, canvas.shape, canvas.lens.um_per_px, place, angle)
        _apply(canvas.transmission[channel], distance, profile, channel)


def ruling_distance(
    ruling: Ruling, shape: tuple[int, ...], um_per_px: float, offset: tuple[float, float], angle: float
) -> PictureArray:
    """Return the signed distance to the edge of the union of all lines, in µm.

    >>> ruling = Ruling(spacing_um=10.0, width_um=2.0, look=Look())
    >>> ruling_distance(ruling, (1, 6), 1.0, (5.0, 0.0), 0.0).round(3).tolist()
    [[-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]]
    """
    y = (np.arange(shape[0]) * um_per_px)[:, None]
    x = (np.arange(shape[1]) * um_per_px)[None, :]
    cosine, sine = math.cos(angle), math.sin(angle)
    # Sums of a column and a row, rounded once to float32: exact enough and alike on all machines.
    across_rows = (y * cosine - offset[0]).astype(np.float32) + (x * sine).astype(np.float32)
    across_columns = (x * cosine - offset[1]).astype(np.float32) - (y * sine).astype(np.float32)
    half = np.float32(0.5 * ruling.width_um)
    spacing = np.float32(ruling.spacing_um)
    return np.minimum(_to_line(across_rows, spacing), _to_line(across_columns, spacing)) - half


def _to_line(across: PictureArray, spacing: np.float32) -> PictureArray:
    return np.asarray(np.abs(across - spacing * np.rint(across / spacing)))


def _apply(transmission: PictureArray, distance: PictureArray, profile: Profile, channel: int) -> None:
    """Multiply the light where the profile changes it: a small part of the picture."""
    near = distance < profile.reach_um
    transmission[near] *= profile.at(distance[near].astype(np.float64), channel)
