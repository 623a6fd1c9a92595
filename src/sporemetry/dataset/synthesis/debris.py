"""Outlines of what is not a spore: irregular round bodies, splinters and branching threads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blob:
    """A round body whose radius varies with the direction.

    Attributes
    ----------
    y, x : float
        Centre in µm.
    radius : float
        Mean radius in µm.
    waves : tuple of (float, float)
        Harmonics of the contour, from two bumps up: how high as a share of the radius, and their phase.
    """

    y: float
    x: float
    radius: float
    waves: tuple[tuple[float, float], ...] = ()

    def bounds(self) -> tuple[float, float, float, float]:
        """Return a box that holds the contour."""
        reach = self.radius * (1.0 + sum(abs(height) for height, _ in self.waves))
        return self.y - reach, self.x - reach, self.y + reach, self.x + reach

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the distance along the ray from the centre: exact for a circle, near it otherwise."""
        down, right = y - self.y, x - self.x
        away = np.sqrt(down**2 + right**2)
        if not self.waves:
            return np.asarray(away - self.radius)
        # cos(k t) and sin(k t) by turning on from k - 1 to k: products only, and no arc tangent.
        away = np.maximum(away, 1e-12)
        cosine, sine = right / away, down / away
        turned_cosine, turned_sine = cosine, sine
        edge = np.full_like(away, self.radius)
        for height, phase in self.waves:
            turned_cosine, turned_sine = (
                turned_cosine * cosine - turned_sine * sine,
                turned_sine * cosine + turned_cosine * sine,
            )
            bump = math.cos(phase) * turned_cosine - math.sin(phase) * turned_sine
            edge += self.radius * height * bump
        return np.asarray(away - edge)


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """A body with straight edges: a flake, a crystal.

    Attributes
    ----------
    corners : float64 array, n x 2
        ``(y, x)`` in µm, three or more, in order around it.
    """

    corners: FloatArray

    def bounds(self) -> tuple[float, float, float, float]:
        """Return a box that holds the contour."""
        top, left = self.corners.min(axis=0)
        bottom, right = self.corners.max(axis=0)
        return float(top), float(left), float(bottom), float(right)

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the signed distance; inside is where a ray to the right crosses an odd number of edges."""
        nearest = np.full(np.broadcast_shapes(y.shape, x.shape), np.inf)
        inside = np.zeros(nearest.shape, dtype=bool)
        for (y0, x0), (y1, x1) in zip(self.corners, np.roll(self.corners, -1, axis=0), strict=True):
            np.minimum(nearest, _to_piece(y, x, (y0, x0, y1, x1)), out=nearest)
            if y0 != y1:
                spans = (y >= min(y0, y1)) & (y < max(y0, y1))
                inside ^= spans & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
        return np.where(inside, -nearest, nearest)


@dataclass(frozen=True, slots=True, eq=False)
class Thread:
    """Straight pieces of one width, joined: a hypha, a fibre, a scratch.

    Attributes
    ----------
    pieces : float64 array, n x 4
        ``(y0, x0, y1, x1)`` of each piece in µm.
    width : float
        In µm.
    cutoff : float
        Distances from the contour are exact up to this, and given as this beyond, in µm.
    """

    pieces: FloatArray
    width: float
    cutoff: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Return a box that holds the contour."""
        half = 0.5 * self.width
        ys, xs = self.pieces[:, 0::2], self.pieces[:, 1::2]
        return (
            float(ys.min()) - half,
            float(xs.min()) - half,
            float(ys.max()) + half,
            float(xs.max()) + half,
        )

    def distance(self, y: FloatArray, x: FloatArray) -> FloatArray:
        """Return the signed distance on the grid of a column ``y`` and a row ``x``."""
        nearest = np.full((y.shape[0], x.shape[1]), self.cutoff)
        margin = self.cutoff + 0.5 * self.width
        for y0, x0, y1, x1 in self.pieces:
            # Only the pixels near a piece are worth its while: a long thread has a large, empty box.
            top, bottom = np.searchsorted(y[:, 0], (min(y0, y1) - margin, max(y0, y1) + margin))
            left, right = np.searchsorted(x[0], (min(x0, x1) - margin, max(x0, x1) + margin))
            window = nearest[top:bottom, left:right]
            if window.size:
                piece = _to_piece(y[top:bottom], x[:, left:right], (y0, x0, y1, x1))
                np.minimum(window, piece - 0.5 * self.width, out=window)
        return nearest


def wander(
    rng: np.random.Generator,
    start: tuple[float, float],
    heading: float,
    *,
    length: float,
    step: float,
    waviness: float,
) -> FloatArray:
    """Return the pieces of a thread that grows from ``start``, n x 4.

    Parameters
    ----------
    rng : numpy.random.Generator
        One normal number a piece.
    start : (float, float)
        ``(y, x)`` in µm.
    heading : float
        First direction, radians counter-clockwise from the x axis.
    length, step : float
        Of the whole and of one piece, in µm; at least one piece is made.
    waviness : float
        Standard deviation of the turn between pieces, in radians; 0 gives a straight line.
    """
    count = max(1, round(length / step))
    headings = heading + np.cumsum(waviness * rng.standard_normal(count))
    ys = start[0] + np.concatenate([[0.0], np.cumsum(-np.sin(headings) * step)])
    xs = start[1] + np.concatenate([[0.0], np.cumsum(np.cos(headings) * step)])
    return np.stack([ys[:-1], xs[:-1], ys[1:], xs[1:]], axis=1)


def random_waves(rng: np.random.Generator, irregularity: float) -> tuple[tuple[float, float], ...]:
    """Return harmonics that make a circle irregular; none for an irregularity of 0."""
    if irregularity == 0:
        return ()
    heights = irregularity * rng.standard_normal(4) / np.arange(2, 6)
    phases = rng.uniform(0.0, 2 * math.pi, 4)
    # No radius may fall to nothing: together the bumps stay below nine tenths of the radius.
    total = float(np.abs(heights).sum())
    heights *= min(1.0, 0.9 / total) if total > 0 else 1.0
    return tuple((float(height), float(phase)) for height, phase in zip(heights, phases, strict=True))


def random_corners(
    rng: np.random.Generator, y: float, x: float, radius: float, irregularity: float
) -> FloatArray:
    """Return the corners of a shard about a point, 5 to 9 x 2; stretched and jagged by the irregularity."""
    count = int(rng.integers(5, 10))
    turns = (np.arange(count) + rng.uniform(-0.35, 0.35, count)) * (2 * math.pi / count)
    away = radius * np.maximum(1.0 + irregularity * rng.standard_normal(count), 0.3)
    heading, thin = rng.uniform(0.0, 2 * math.pi), 1.0 / (1.0 + 2.0 * irregularity * rng.random())
    along, across = away * np.cos(turns), away * np.sin(turns) * thin
    cosine, sine = math.cos(heading), math.sin(heading)
    return np.stack([y + along * sine + across * cosine, x + along * cosine - across * sine], axis=1)


def _to_piece(y: FloatArray, x: FloatArray, piece: tuple[float, float, float, float]) -> FloatArray:
    y0, x0, y1, x1 = piece
    down, right = y1 - y0, x1 - x0
    squared = max(down * down + right * right, 1e-18)
    share = np.clip(((y - y0) * down + (x - x0) * right) / squared, 0.0, 1.0)
    return np.asarray(np.sqrt((y - y0 - share * down) ** 2 + (x - x0 - share * right) ** 2))
