"""Outlines of spores as exact signed distance functions.

An outline knows, for every point, how far away its contour is: negative inside, positive outside, zero on
the contour. The labels are the sign of that number at the pixel centres; the optics are a function of its
value. So the picture and its truth come from one formula and cannot disagree.

Four outlines cover the common spores. Each is given by its caliper (Feret) length and width:

========== ============================================ ==============================================
capsule    cylinder with round ends                     *Colletotrichum*, *Fusarium* microconidia
ellipse    ellipsoid                                    *Nosema*, *Botrytis*, yeasts
spindle    two arcs with slightly rounded tips          fusiform conidia
pear       large and small circle, common tangents      *Magnaporthe*, *Alternaria* beaks
========== ============================================ ==============================================

Coordinates are ``y`` down and ``x`` right, in any one unit. Angles are radians, counter-clockwise as seen on
the screen, from the positive x axis to the long axis (of a pear: to its narrow end).

>>> outline = Outline("capsule", y=0.0, x=0.0, length=14.0, width=4.0, angle=0.0)
>>> outline.distance(np.array([0.0, 0.0]), np.array([0.0, 10.0])).tolist()
[-2.0, 3.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

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


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of one spore, placed.

    Attributes
    ----------
    kind : str
        A key of :data:`SHAPES`.
    y, x : float
        The middle of its length.
    length, width : float
        Caliper diameters, ``length >= width > 0``, in the unit of ``y`` and ``x``.
    angle : float
        Radians, counter-clockwise as seen.

    Raises
    ------
    SettingsError
        For an unknown kind, or sizes that no such outline has.
    """

    kind: str
    y: float
    x: float
    length: float
    width: float
    angle: float

    def __post_init__(self) -> None:
        if self.kind not in SHAPES:
            raise SettingsError("kind", expected=f"one of {', '.join(sorted(SHAPES))}", found=repr(self.kind))
        finite = all(map(math.isfinite, (self.y, self.x, self.length, self.width, self.angle)))
        if not finite or not self.length >= self.width > 0:
            raise SettingsError(
                "length and width",
                expected="finite numbers with length >= width > 0",
                found=f"length {self.length}, width {self.width}, angle {self.angle}, centre ({self.y}, {self.x})",
            )

    @property
    def reach(self) -> float:
        """The radius of a circle about the middle that holds the outline."""
        # A pear's wide end sticks out past its half-length off the axis by less than its half-width.
        return 0.5 * math.sqrt(self.length**2 + self.width**2)

    @property
    def area(self) -> float:
        """The area within the outline, by its closed formula."""
        return SHAPES[self.kind].area(self.length, self.width)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return ``(top, left, bottom, right)`` of a box that holds the outline."""
        return self.y - self.reach, self.x - self.reach, self.y + self.reach, self.x + self.reach

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the signed distance of the points ``(y, x)``, which broadcast; float64."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        down, right = y - self.y, x - self.x
        along = right * cosine - down * sine
        across = right * sine + down * cosine
        return SHAPES[self.kind].distance(along, across, self.length, self.width)

    def moved(self, down: float, right: float) -> Outline:
        """Return the same outline, shifted."""
        return Outline(self.kind, self.y + down, self.x + right, self.length, self.width, self.angle)

    def contour(self, points: int = 48) -> tuple[FloatArray, FloatArray]:
        """Return ``(y, x)`` of points on the contour, at even angles about the middle, both tips among them.

        Each outline is convex, so that a ray from the middle meets the contour once; found by bisection.
        An even number of points, or one tip is missed.
        """
        turn = np.arange(points) * (2 * math.pi / points) + self.angle
        ray_y, ray_x = -np.sin(turn), np.cos(turn)
        inner, outer = np.zeros(points), np.full(points, self.reach)
        for _ in range(30):
            middle = 0.5 * (inner + outer)
            inside = self.distance(self.y + middle * ray_y, self.x + middle * ray_x) <= 0
            inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
        return self.y + outer * ray_y, self.x + outer * ray_x


def shape_mask(
    kind: str,
    shape: tuple[int, int],
    centre_yx: tuple[float, float],
    length: float,
    width: float,
    angle: float,
) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie in an outline.

    Parameters
    ----------
    kind : str
        A key of :data:`SHAPES`.
    shape : (int, int)
        Height and width of the mask in pixels.
    centre_yx : (float, float)
        The middle of the outline; pixel (i, j) has its centre at exactly (i, j). May lie outside.
    length, width : float
        Caliper diameters in pixels.
    angle : float
        Radians, counter-clockwise as seen, from the x axis to the long axis.

    Returns
    -------
    bool array of ``shape``
        All False where the outline lies outside or between the pixel centres.

    Raises
    ------
    SettingsError
        For an unknown kind or sizes that no such outline has.

    Examples
    --------
    >>> shape_mask("ellipse", (3, 5), (1, 2), 4.2, 2.2, 0.0).astype(int)
    array([[0, 0, 1, 0, 0],
           [1, 1, 1, 1, 1],
           [0, 0, 1, 0, 0]])
    """
    outline = Outline(kind, float(centre_yx[0]), float(centre_yx[1]), length, width, angle)
    rows = np.arange(shape[0], dtype=np.float64)[:, None]
    columns = np.arange(shape[1], dtype=np.float64)[None, :]
    return outline.distance(rows, columns) <= 0


def capsule_mask(
    shape: tuple[int, int], centre_yx: tuple[float, float], length: float, width: float, angle: float
) -> NDArray[np.bool_]:
    """Return the pixels of a cylinder with round ends; see :func:`shape_mask`.

    >>> mask = capsule_mask((200, 320), (100, 160), 276.0, 96.0, 0.3)
    >>> expected = 276 * 96 - (1 - np.pi / 4) * 96**2
    >>> bool(abs(mask.sum() / expected - 1) < 0.001)
    True
    """
    return shape_mask("capsule", shape, centre_yx, length, width, angle)


def ellipse_mask(
    shape: tuple[int, int], centre_yx: tuple[float, float], length: float, width: float, angle: float
) -> NDArray[np.bool_]:
    """Return the pixels of an ellipse; see :func:`shape_mask`.

    >>> mask = ellipse_mask((200, 320), (100, 160), 280.0, 120.0, 0.5)
    >>> bool(abs(mask.sum() / (np.pi * 140 * 60) - 1) < 0.001)
    True
    """
    return shape_mask("ellipse", shape, centre_yx, length, width, angle)


def spindle_mask(
    shape: tuple[int, int], centre_yx: tuple[float, float], length: float, width: float, angle: float
) -> NDArray[np.bool_]:
    """Return the pixels of a spindle: two arcs with slightly rounded tips; see :func:`shape_mask`.

    >>> mask = spindle_mask((200, 320), (100, 160), 280.0, 90.0, 0.5)
    >>> bool(abs(mask.sum() / SHAPES["spindle"].area(280.0, 90.0) - 1) < 0.001)
    True
    """
    return shape_mask("spindle", shape, centre_yx, length, width, angle)


def pear_mask(
    shape: tuple[int, int], centre_yx: tuple[float, float], length: float, width: float, angle: float
) -> NDArray[np.bool_]:
    """Return the pixels of a pear, its narrow end at ``angle``; see :func:`shape_mask`.

    >>> mask = pear_mask((200, 320), (100, 160), 260.0, 110.0, 0.5)
    >>> bool(abs(mask.sum() / SHAPES["pear"].area(260.0, 110.0) - 1) < 0.001)
    True
    """
    return shape_mask("pear", shape, centre_yx, length, width, angle)


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
    return np.where(along_tangent < 0, to_large, beyond)


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
