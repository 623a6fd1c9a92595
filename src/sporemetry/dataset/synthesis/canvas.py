"""The share of light that reaches each pixel, and the lens that puts things there.

In transmitted light everything in the light's way multiplies what comes through; nothing hides anything
altogether. So the canvas starts at 1 and each thing is stamped onto it by its outline (where) and its
profile (what it does to the light). Only the pixels around a thing are touched.

Distances and profiles are computed in float64 and stored as float32, and the canvas is changed by single
float32 multiplications: machines whose exponentials differ in the last bit still agree on the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.optics import Profile

FloatArray = NDArray[np.float64]
Shift = tuple[float, float]


class Placed(Protocol):
    """Anything with a contour in the picture, in µm."""

    def bounds(self) -> tuple[float, float, float, float]:
        """Return ``(top, left, bottom, right)`` of a box that holds the contour."""
        ...

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the signed distance of the points ``(y, x)``, which broadcast."""
        ...


@dataclass(frozen=True, slots=True)
class Lens:
    """Scale and lateral chromatic aberration: red and blue land beside green.

    Attributes
    ----------
    um_per_px : float
        Micrometres a pixel.
    centre_um : (float, float)
        The optical axis, ``(y, x)``.
    spread : float
        Red is magnified by ``1 + spread`` and blue by ``1 - spread`` about the axis.
    slip_um : (float, float)
        Besides, red is shifted by this ``(y, x)`` and blue by as much the other way (a tilted path).
    """

    um_per_px: float
    centre_um: tuple[float, float]
    spread: float = 0.0
    slip_um: tuple[float, float] = (0.0, 0.0)

    def shifts(self, y: float, x: float) -> tuple[Shift, Shift, Shift]:
        """Return how far red, green and blue land from where a thing at ``(y, x)`` is, in µm."""
        down = (y - self.centre_um[0]) * self.spread + self.slip_um[0]
        right = (x - self.centre_um[1]) * self.spread + self.slip_um[1]
        return (down, right), (0.0, 0.0), (-down, -right)

    @property
    def coloured(self) -> bool:
        """Whether the channels differ at all."""
        return self.spread != 0.0 or self.slip_um != (0.0, 0.0)


class Canvas:
    """Transmission of a picture, H x W x channels float32, things stamped in one by one.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    channels : int
        1 for a grey camera, 3 for a colour camera.
    lens : Lens
        The scale and the colour shifts.
    """

    def __init__(self, shape: tuple[int, int], channels: int, lens: Lens) -> None:
        self.transmission = np.ones((*shape, channels), dtype=np.float32)
        self.lens = lens

    def stamp(self, thing: Placed, profile: Profile) -> None:
        """Multiply the light around ``thing`` by its profile; what lies outside the picture is left out."""
        top, left, bottom, right = thing.bounds()
        shifts = self.lens.shifts(0.5 * (top + bottom), 0.5 * (left + right))
        margin = profile.reach_um + max(max(map(abs, shift)) for shift in shifts)
        box = (top - margin, left - margin, bottom + margin, right + margin)
        rows, columns = pixel_window(box, self.lens.um_per_px, self.transmission.shape[:2])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        y = np.arange(rows.start, rows.stop)[:, None] * self.lens.um_per_px
        x = np.arange(columns.start, columns.stop)[None, :] * self.lens.um_per_px
        window = self.transmission[rows, columns]
        distance = thing.distance(y, x)
        for channel in range(window.shape[2]):
            down, across = shifts[channel] if window.shape[2] == 3 else (0.0, 0.0)
            if down or across:
                window[:, :, channel] *= profile.at(thing.distance(y - down, x - across), channel)
            else:
                window[:, :, channel] *= profile.at(distance, channel)


def pixel_window(
    box_um: tuple[float, float, float, float], um_per_px: float, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return the rows and columns whose pixel centres lie in a box, within a picture of ``shape``.

    >>> pixel_window((-1.0, 0.9, 1.1, 2.0), 0.5, (10, 3))
    (slice(0, 3, None), slice(2, 3, None))
    """
    top, left, bottom, right = (edge / um_per_px for edge in box_um)
    rows = slice(max(math.ceil(top), 0), min(math.floor(bottom) + 1, shape[0]))
    columns = slice(max(math.ceil(left), 0), min(math.floor(right) + 1, shape[1]))
    return rows, columns
