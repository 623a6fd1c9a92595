"""Outlines of spores as exact signed distance functions.

An outline knows, for every point, how far away its contour is: negative inside, positive outside, zero on
the contour. The labels are the sign of that number at the pixel centres; the optics are a function of its
value. So the picture and its truth come from one formula and cannot disagree.

A few outlines cover the common spores. Each is given by its caliper (Feret) length and width:

========== ============================================ ==============================================
capsule    cylinder with round ends                     *Colletotrichum*, *Fusarium* microconidia
ellipse    ellipsoid                                    *Nosema*, *Botrytis*, yeasts
spindle    two arcs with slightly rounded tips          fusiform conidia
pear       large and small circle, common tangents      *Magnaporthe*, *Alternaria* beaks
barrel     two arcs with blunt ends                     *Colletotrichum*
drop       halves of a blunt and a pointed spindle      *Magnaporthe*
egg        a pear whose ends differ little              *Colletotrichum*
bean       a bent tube with round ends                  *Colletotrichum*, *Fusarium* microconidia
========== ============================================ ==============================================

Eggs and beans are two forms each, by the way they point: ``egg_up`` and ``egg_down``, ``bean_left`` and
``bean_right``, as seen with the long axis pointing upwards. Their angle counts modulo half a turn.

Coordinates are ``y`` down and ``x`` right, in any one unit. Angles are radians, counter-clockwise as seen on
the screen, from the positive x axis to the long axis (of a pear or a drop: to its narrow
end).

>>> outline = Outline("capsule", y=0.0, x=0.0, length=14.0, width=4.0, angle=0.0)
>>> outline.distance(np.array([0.0, 0.0]), np.array([0.0, 10.0])).tolist()
[-2.0, 3.0]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.forms import SHAPES
from sporemetry.errors import SettingsError

FloatArray = NDArray[np.float64]

_CONTOUR_POINTS = 48  # an even number, so that both tips are among them


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
                found=f"length {self.length}, width {self.width}, angle {self.angle} at {self.y}, {self.x}",
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
        cosine, sine = self._direction()
        down, right = y - self.y, x - self.x
        along = right * cosine - down * sine
        across = right * sine + down * cosine
        return SHAPES[self.kind].distance(along, across, self.length, self.width)

    def moved(self, down: float, right: float) -> Outline:
        """Return the same outline, shifted."""
        return Outline(self.kind, self.y + down, self.x + right, self.length, self.width, self.angle)

    def contour(self) -> tuple[FloatArray, FloatArray]:
        """Return ``(y, x)`` of 48 points on the contour, at even angles about the middle, tips among them."""
        along, across = _contour_of(self.kind, self.length, self.width)
        cosine, sine = self._direction()
        return self.y + across * cosine - along * sine, self.x + across * sine + along * cosine

    def _direction(self) -> tuple[float, float]:
        """Return cosine and sine of the direction of the long axis."""
        angle = self.angle % math.pi if SHAPES[self.kind].handed else self.angle
        return math.cos(angle), math.sin(angle)


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


@lru_cache(maxsize=4096)
def _contour_of(kind: str, length: float, width: float) -> tuple[FloatArray, FloatArray]:
    """Return ``(u, v)`` of points on the contour of an outline at the origin.

    A ray from the middle meets the contour once, as each outline is convex or bent but little; found by
    bisection. A bean's ends lie between two of the points.
    """
    turn = np.arange(_CONTOUR_POINTS) * (2 * math.pi / _CONTOUR_POINTS)
    ray_u, ray_v = np.cos(turn), np.sin(turn)
    inner, outer = np.zeros(_CONTOUR_POINTS), np.full(_CONTOUR_POINTS, length)
    for _ in range(32):
        middle = 0.5 * (inner + outer)
        inside = SHAPES[kind].distance(middle * ray_u, middle * ray_v, length, width) <= 0
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    return outer * ray_u, outer * ray_v
