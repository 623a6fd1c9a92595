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
    """Transmission of a picture, channels x H x W float32, things stamped in one by one.

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
        self.transmission = np.ones((channels, *shape), dtype=np.float32)
        self.shape = shape
        self.lens = lens

    def stamp(self, thing: Placed, profile: Profile) -> None:
        """Multiply the light around ``thing`` by its profile; what lies outside the picture is left out."""
        top, left, bottom, right = thing.bounds()
        shifts = self.lens.shifts(0.5 * (top + bottom), 0.5 * (left + right))
        box = (top, left, bottom, right)
        rows, columns = _grown(box, profile.reach_um, shifts, self.lens.um_per_px, self.shape)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        window = self.transmission[:, rows, columns]
        if len(window) == 1 or not self.lens.coloured:
            distance = _distance_at(thing, rows, columns, self.lens.um_per_px)
            for channel in range(len(window)):
                window[channel] *= profile.at(distance, channel)
            return
        pad = 1 + math.ceil(max(max(map(abs, shift)) for shift in shifts) / self.lens.um_per_px)
        rows = slice(rows.start - pad, rows.stop + pad)
        columns = slice(columns.start - pad, columns.stop + pad)
        distance = _distance_at(thing, rows, columns, self.lens.um_per_px)
        for channel, (down, across) in enumerate(shifts):
            moved = _shifted(distance, down / self.lens.um_per_px, across / self.lens.um_per_px, pad)
            window[channel] *= profile.at(moved, channel)


def pixel_window(
    box_um: tuple[float, float, float, float], um_per_px: float, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return the rows and columns whose pixel centres lie in a box, within a picture of ``shape``.

    >>> pixel_window((-1.0, 0.9, 1.1, 2.0), 0.5, (10, 3))
    (slice(0, 3, None), slice(2, 3, None))
    >>> pixel_window((-9.0, -9.0, -5.0, -5.0), 0.5, (10, 3))
    (slice(0, 0, None), slice(0, 0, None))
    """
    top, left, bottom, right = (edge / um_per_px for edge in box_um)
    # Beyond the picture the window is empty: an end below 0 would count from the other side.
    rows = slice(max(math.ceil(top), 0), max(min(math.floor(bottom) + 1, shape[0]), 0))
    columns = slice(max(math.ceil(left), 0), max(min(math.floor(right) + 1, shape[1]), 0))
    return rows, columns


def _grown(
    box: tuple[float, float, float, float],
    reach: float,
    shifts: tuple[Shift, Shift, Shift],
    um_per_px: float,
    shape: tuple[int, ...],
) -> tuple[slice, slice]:
    """Return the pixels within reach of a box in any of the colours."""
    margin = reach + max(max(map(abs, shift)) for shift in shifts)
    top, left, bottom, right = box
    return pixel_window((top - margin, left - margin, bottom + margin, right + margin), um_per_px, shape)


def _distance_at(thing: Placed, rows: slice, columns: slice, um_per_px: float) -> FloatArray:
    y = np.arange(rows.start, rows.stop)[:, None] * um_per_px
    x = np.arange(columns.start, columns.stop)[None, :] * um_per_px
    return thing.distance(y, x)


def _shifted(values: FloatArray, down: float, right: float, pad: int) -> FloatArray:
    """Return ``values`` moved by a part of a pixel or more, its border of ``pad`` cut off; bilinear."""
    whole_down, whole_right = math.floor(-down), math.floor(-right)
    part_down, part_right = -down - whole_down, -right - whole_right
    height, width = values.shape[0] - 2 * pad, values.shape[1] - 2 * pad
    top, left = pad + whole_down, pad + whole_right
    rows = values[top : top + height] * (1 - part_down) + values[top + 1 : top + 1 + height] * part_down
    near, far = rows[:, left : left + width], rows[:, left + 1 : left + 1 + width]
    return np.asarray(near * (1 - part_right) + far * part_right)
