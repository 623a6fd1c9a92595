"""The forms of spores: signed distance and area in closed form.

Each form lies at the origin with its long axis along ``u``; a pear or a drop points its narrow
end to positive ``u``.
All but the ellipse are built of circles and straight lines, whose distances are known; an ellipse needs a
short iteration.

Eggs and beans come in two hands: ``egg_up`` points its narrow end to positive ``u``, ``egg_down`` to
negative; ``bean_left`` bulges towards negative ``v``, the left of who looks along the axis on the screen, and
``bean_right`` towards positive. With the hand in the name, the angle of the axis from 0 to 180 degrees is all
that a table has to tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Distance = Callable[[FloatArray, FloatArray, float, float], FloatArray]
Area = Callable[[float, float], float]
Number = FloatArray | float

SPINDLE_TIP = 0.25  # radius of a spindle's tips, as a part of its half-width
BARREL_TIP = 0.65  # the same of a barrel's ends
PEAR_TIP = 0.3  # radius of a pear's narrow end, as a part of its wide end's
DROP_HEAD, DROP_TIP = 0.75, 0.22  # radii of a drop's ends, as parts of its half-width
DROP_WIDEST = 0.38  # where a drop is widest, as a part of its length
EGG_TIP = 0.74  # the same of an egg's
BEAN_BEND = 0.08  # how far a bean's middle line strays from straight, as a part of the width
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
    handed : bool
        Half a turn gives another outline, and there is a form for that one: the axis is then taken to point
        upwards, its angle from 0 to 180 degrees.
    """

    distance: Distance
    area: Area
    handed: bool = False


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


def _spindle_parts(length: float, width: float, blunt: float) -> tuple[float, float, float, float]:
    """Return tip radius, half-length and arc radius of the sharp spindle within, and its arcs' offset."""
    tip = blunt * 0.5 * width
    half_length, half_width = 0.5 * length - tip, 0.5 * width - tip
    radius = (half_length**2 + half_width**2) / (2 * half_width)
    # As long as wide the offset is 0; rounded below it, the middle would count as beyond the tip.
    return tip, half_length, radius, max(radius - half_width, 0.0)


def _spindle_distance(
    u: FloatArray, v: FloatArray, length: float, width: float, blunt: float = SPINDLE_TIP
) -> FloatArray:
    return _distance_to_parts(u, v, *_spindle_parts(length, width, blunt))


def _distance_to_parts(
    u: FloatArray, v: FloatArray, tip: Number, half_length: Number, radius: Number, offset: Number
) -> FloatArray:
    """Return the distance to the spindle of these parts, which may be another one at each point."""
    u, v = np.abs(u), np.abs(v)
    nearest_is_tip = (u - half_length) * offset > v * half_length
    to_tip = np.sqrt((u - half_length) ** 2 + v**2)
    to_arc = np.sqrt(u**2 + (v + offset) ** 2) - radius
    return np.where(nearest_is_tip, to_tip, to_arc) - tip


def _spindle_area(length: float, width: float, blunt: float = SPINDLE_TIP) -> float:
    # Steiner's formula: a convex outline grown by r has area A + P r + pi r^2.
    tip, half_length, radius, offset = _spindle_parts(length, width, blunt)
    half_angle = math.asin(min(half_length / radius, 1.0))
    sharp = 2 * (radius**2 * half_angle - offset * half_length)
    return sharp + 4 * radius * half_angle * tip + math.pi * tip**2


def _pear_parts(length: float, width: float, tip: float) -> tuple[float, float, float, float]:
    """Return both radii, the distance of the circles' centres, and the sine of the tangents' slope."""
    large = 0.5 * width
    small = tip * large
    apart = length - large - small
    return large, small, apart, min((large - small) / apart, 1.0)


def _pear_distance(
    u: FloatArray, v: FloatArray, length: float, width: float, tip: float = PEAR_TIP, towards: float = 1.0
) -> FloatArray:
    large, small, apart, sine = _pear_parts(length, width, tip)
    if towards < 0:
        u = -u
    cosine = math.sqrt(1.0 - sine**2)
    u, v = u + (0.5 * length - large), np.abs(v)  # now the large circle's centre is the origin
    along_tangent = cosine * u - sine * v
    to_large = np.sqrt(u**2 + v**2) - large
    to_small = np.sqrt((u - apart) ** 2 + v**2) - small
    to_side = cosine * v + sine * u - large
    beyond = np.where(along_tangent > cosine * apart, to_small, to_side)
    return np.where(along_tangent <= 0, to_large, beyond)


def _pear_area(length: float, width: float, tip: float = PEAR_TIP) -> float:
    large, small, apart, sine = _pear_parts(length, width, tip)
    slope = math.asin(sine)
    ends = large**2 * (math.pi / 2 + slope) + small**2 * (math.pi / 2 - slope)
    return ends + (large + small) * apart * math.sqrt(1.0 - sine**2)


def _drop_halves(length: float, width: float) -> tuple[float, float]:
    """Return the lengths before and behind a drop's widest place; neither is below its half-width."""
    head = max(DROP_WIDEST * length, 0.5 * width)
    return head, length - head


def _drop_distance(u: FloatArray, v: FloatArray, length: float, width: float) -> FloatArray:
    """Signed distance to two half spindles, a blunt and a pointed one, joined where both are widest.

    There the contour runs along the axis and all centres of curvature lie on the joint or beyond the axis,
    so the nearest point of the contour is on a point's own side of the joint.
    """
    head, tail = _drop_halves(length, width)
    u = u + (0.5 * length - head)
    blunt = _spindle_parts(2 * head, width, DROP_HEAD)
    pointed = _spindle_parts(2 * tail, width, DROP_TIP)
    return _distance_to_parts(u, v, *(np.where(u < 0, *pair) for pair in zip(blunt, pointed, strict=True)))


def _drop_area(length: float, width: float) -> float:
    head, tail = _drop_halves(length, width)
    whole = _spindle_area(2 * head, width, DROP_HEAD) + _spindle_area(2 * tail, width, DROP_TIP)
    return 0.5 * whole


def _bean_parts(length: float, width: float) -> tuple[float, float, float, float]:
    """Return tube radius, arc radius and the arc's sagitta and half-chord; sagitta 0 is a straight tube."""
    # A short bean bends less, so that the arc's radius is never below the tube's.
    bend = min(BEAN_BEND, (length / width - 1.0) ** 2 / 4)
    tube, sagitta = 0.5 * width * (1.0 - bend), bend * width
    half_chord = 0.5 * length - tube
    if sagitta < 1e-6 * width:
        return 0.5 * width, math.inf, 0.0, half_chord
    return tube, (half_chord**2 + sagitta**2) / (2 * sagitta), sagitta, half_chord


def _bean_distance(
    u: FloatArray, v: FloatArray, length: float, width: float, towards: float = 1.0
) -> FloatArray:
    """Signed distance to a tube of even width around an arc; the arc's bulge points along ``towards * v``."""
    tube, radius, sagitta, half_chord = _bean_parts(length, width)
    if sagitta == 0.0:
        return _capsule_distance(u, v, length, width)
    u, w = np.abs(u), towards * v + (radius - 0.5 * sagitta)  # now the arc's centre is the origin
    end = radius - sagitta
    beside = u * end <= w * half_chord  # the nearest point of the arc is none of its ends
    to_arc = np.abs(np.sqrt(u**2 + w**2) - radius)
    to_end = np.sqrt((u - half_chord) ** 2 + (w - end) ** 2)
    return np.asarray(np.where(beside, to_arc, to_end) - tube)


def _bean_area(length: float, width: float) -> float:
    tube, radius, sagitta, half_chord = _bean_parts(length, width)
    if sagitta == 0.0:
        return _capsule_area(length, width)
    # Pappus: an even tube around an arc has the area of the straight one, with round ends.
    return 4 * tube * radius * math.atan2(half_chord, radius - sagitta) + math.pi * tube**2


_egg_area = partial(_pear_area, tip=EGG_TIP)

SHAPES: dict[str, Shape] = {
    "capsule": Shape(_capsule_distance, _capsule_area),
    "ellipse": Shape(_ellipse_distance, _ellipse_area),
    "spindle": Shape(_spindle_distance, _spindle_area),
    "pear": Shape(_pear_distance, _pear_area),
    "barrel": Shape(partial(_spindle_distance, blunt=BARREL_TIP), partial(_spindle_area, blunt=BARREL_TIP)),
    "drop": Shape(_drop_distance, _drop_area),
    "egg_up": Shape(partial(_pear_distance, tip=EGG_TIP), _egg_area, handed=True),
    "egg_down": Shape(partial(_pear_distance, tip=EGG_TIP, towards=-1.0), _egg_area, handed=True),
    "bean_left": Shape(partial(_bean_distance, towards=-1.0), _bean_area, handed=True),
    "bean_right": Shape(_bean_distance, _bean_area, handed=True),
}
