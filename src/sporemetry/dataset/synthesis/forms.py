"""The four forms of spores: signed distance and area in closed form.

Each form lies at the origin with its long axis along ``u``; a pear points its narrow end to positive ``u``.
Capsule, spindle and pear are built of circles and straight lines, whose distances are known; an ellipse needs
a short iteration.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Distance = Callable[[FloatArray, FloatArray, float, float], FloatArray]
Area = Callable[[float, float], float]

SPINDLE_TIP = 0.25  # radius of a spindle's tips, as a part of its half-width
PEAR_TIP = 0.3  # radius of a pear's narrow end, as a part of its wide end's
_ELLIPSE_STEPS = 8  # of the iteration for the nearest point; the error is then below 1e-6 of the length


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of outline, centred at the origin with its long axis along ``u``.

    Attributes
    ----------
    distance : callable
        ``(u, v, length, width)`` to the signed distance; ``u`` and ``v`` broadcast.
    area : callable
        ``(length, width)`` to the area, in closed form.
    """

    distance: Distance
    area: Area


def _capsule_distance(u: FloatArray, v: FloatArray, length: float, width: float) -> FloatArray:
    past_end = np.maximum(np.abs(u) - 0.5 * (length - width), 0.0)
    return np.sqrt(past_end**2 + v**2) - 0.5 * width


def _capsule_area(length: float, width: float) -> float:
    return (length - width) * width + math.pi * width**2 / 4


def _ellipse_distance(u: FloatArray, v: FloatArray, length: float, width: float) -> FloatArray:
    """Signed distance by following the centre of curvature towards the nearest point.

    The contour near a guess ``(a cos t, b sin t)`` is its circle of curvature; the point of that circle
    nearest to the pixel is the next guess. All points take the same number of steps, so the result does
    not depend on how they are grouped.
    """
    a, b = 0.5 * length, 0.5 * width
    px, py = np.broadcast_arrays(np.abs(u), np.abs(v))
    cosine = np.full(px.shape, math.sqrt(0.5))
    sine = cosine.copy()
    for _ in range(_ELLIPSE_STEPS):
        centre_x = (a * a - b * b) * cosine**3 / a
        centre_y = (b * b - a * a) * sine**3 / b
        radius = np.sqrt((a * cosine - centre_x) ** 2 + (b * sine - centre_y) ** 2)
        away = np.sqrt((px - centre_x) ** 2 + (py - centre_y) ** 2)
        scale = radius / np.maximum(away, 1e-12 * a)
        cosine = np.clip(((px - centre_x) * scale + centre_x) / a, 0.0, 1.0)
        sine = np.clip(((py - centre_y) * scale + centre_y) / b, 0.0, 1.0)
        norm = np.maximum(np.sqrt(cosine**2 + sine**2), 1e-12)
        cosine, sine = cosine / norm, sine / norm
    nearest = np.sqrt((px - a * cosine) ** 2 + (py - b * sine) ** 2)
    inside = (px / a) ** 2 + (py / b) ** 2 <= 1.0
    return np.where(inside, -nearest, nearest)


def _ellipse_area(length: float, width: float) -> float:
    return math.pi * length * width / 4


def _spindle_parts(length: float, width: float) -> tuple[float, float, float, float]:
    """Return tip radius, half-length and arc radius of the sharp spindle within, and its arcs' offset."""
    tip = SPINDLE_TIP * 0.5 * width
    half_length, half_width = 0.5 * length - tip, 0.5 * width - tip
    radius = (half_length**2 + half_width**2) / (2 * half_width)
    return tip, half_length, radius, radius - half_width


def _spindle_distance(u: FloatArray, v: FloatArray, length: float, width: float) -> FloatArray:
    tip, half_length, radius, offset = _spindle_parts(length, width)
    u, v = np.abs(u), np.abs(v)
    nearest_is_tip = (u - half_length) * offset > v * half_length
    to_tip = np.sqrt((u - half_length) ** 2 + v**2)
    to_arc = np.sqrt(u**2 + (v + offset) ** 2) - radius
    return np.where(nearest_is_tip, to_tip, to_arc) - tip


def _spindle_area(length: float, width: float) -> float:
    # Steiner's formula: a convex outline grown by r has area A + P r + pi r^2.
    tip, half_length, radius, offset = _spindle_parts(length, width)
    half_angle = math.asin(min(half_length / radius, 1.0))
    sharp = 2 * (radius**2 * half_angle - offset * half_length)
    return sharp + 4 * radius * half_angle * tip + math.pi * tip**2


def _pear_parts(length: float, width: float) -> tuple[float, float, float, float]:
    """Return both radii, the distance of the circles' centres, and the sine of the tangents' slope."""
    large = 0.5 * width
    small = PEAR_TIP * large
    apart = length - large - small
    return large, small, apart, min((large - small) / apart, 1.0)


def _pear_distance(u: FloatArray, v: FloatArray, length: float, width: float) -> FloatArray:
    large, small, apart, sine = _pear_parts(length, width)
    cosine = math.sqrt(1.0 - sine**2)
    u, v = u + (0.5 * length - large), np.abs(v)  # now the large circle's centre is the origin
    along_tangent = cosine * u - sine * v
    to_large = np.sqrt(u**2 + v**2) - large
    to_small = np.sqrt((u - apart) ** 2 + v**2) - small
    to_side = cosine * v + sine * u - large
    beyond = np.where(along_tangent > cosine * apart, to_small, to_side)
    return np.where(along_tangent <= 0, to_large, beyond)


def _pear_area(length: float, width: float) -> float:
    large, small, apart, sine = _pear_parts(length, width)
    slope = math.asin(sine)
    ends = large**2 * (math.pi / 2 + slope) + small**2 * (math.pi / 2 - slope)
    return ends + (large + small) * apart * math.sqrt(1.0 - sine**2)


SHAPES: dict[str, Shape] = {
    "capsule": Shape(_capsule_distance, _capsule_area),
    "ellipse": Shape(_ellipse_distance, _ellipse_area),
    "spindle": Shape(_spindle_distance, _spindle_area),
    "pear": Shape(_pear_distance, _pear_area),
}
