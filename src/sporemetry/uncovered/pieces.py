"""Pieces of one size into which strong foreground falls: objects that touch, and those in clumps.

What Otsu's threshold of the contrast separates is cut where it is widest, as a watershed would cut it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.uncovered.objects import LEAST_OBJECTS, NO_KIND, Kind
from sporemetry.uncovered.scene import Scene

_LEAST_CONTRAST = 8.0  # levels: noise and texture are weaker
_MOST_COVERED = 0.5  # of the foreground, by outlines
_LEAST_RADIUS = 2.5  # px
_MOST_PIECES = 400  # the widest
_APART = 0.8  # radii between the middles of two pieces
_RATIO = 2.0**0.5  # of radii that are alike
_ALONG, _AS_WIDE = (0.75, 1.5, 2.25, 3.0), 0.6  # radii; of the radius: what goes on so far is a band
_INNER, _OUTLINED = 0.5, 0.3  # radii; of the circle there: the piece has an outline
_ANGLES = np.arange(48) * (2 * np.pi / 48)

Floats = NDArray[np.float64]


def uncovered_pieces(scene: Scene) -> Kind:
    """Return the pieces of one size without an outline that cover most; none without eight alike.

    The share is of the field. Nothing is found where outlines cover half of the foreground, or where it is
    hardly stronger than the ground.
    """
    mask = _foreground(scene)
    if not mask.any():
        return NO_KIND
    near = cv2.dilate((scene.labels > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    if np.count_nonzero(near[mask > 0]) >= _MOST_COVERED * np.count_nonzero(mask):
        return NO_KIND
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    places = _middles(depth)
    places = places[_is_no_band(places, depth)]
    outlined = (_circle(places, _INNER, scene.labels) > 0).mean(axis=1) >= _OUTLINED
    places = places[~outlined]
    return _widest_kind(places, int(np.count_nonzero(scene.inside)))


def _widest_kind(places: Floats, field: int) -> Kind:
    logs = np.log(places[:, 2])
    alike = np.abs(logs[:, None] - logs[None]) <= np.log(_RATIO)
    alike = alike[alike.sum(axis=1) >= LEAST_OBJECTS]
    if not len(alike):
        return NO_KIND
    areas = alike @ (np.pi * places[:, 2] ** 2)
    widest = int(areas.argmax())
    found = places[alike[widest]]
    return Kind(float(areas[widest] / field), found * (1, 1, 2))


def _foreground(scene: Scene) -> NDArray[np.uint8]:
    """Return what Otsu's threshold separates; nothing where that is too weak."""
    contrast = scene.contrast[scene.inside > 0]
    if not contrast.size:
        return np.zeros_like(scene.inside)
    highest = max(float(np.quantile(contrast[::7], 0.999)), 1.0)
    levels = np.clip(contrast * (255 / highest), 0, 255).astype(np.uint8)
    threshold = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)[0] * highest / 255
    if threshold < _LEAST_CONTRAST:
        return np.zeros_like(scene.inside)
    return np.asarray((scene.contrast >= threshold) & (scene.inside > 0), dtype=np.uint8)


def _middles(depth: NDArray[np.float32]) -> Floats:
    """Return row, column and radius of where the foreground is widest, the widest first."""
    smooth = cv2.GaussianBlur(depth, (0, 0), 1.0)
    peak = (smooth >= cv2.dilate(smooth, np.ones((5, 5), np.uint8))) & (depth >= _LEAST_RADIUS)
    row, column = np.nonzero(peak)
    order = np.argsort(-depth[row, column], kind="stable")[: 4 * _MOST_PIECES]
    places = np.column_stack([row, column, depth[row, column]])[order].astype(np.float64)
    kept: list[Floats] = []
    while len(places) and len(kept) < _MOST_PIECES:
        first = places[0]
        kept.append(first)
        away = np.hypot(places[:, 0] - first[0], places[:, 1] - first[1]) >= _APART * first[2]
        away[0] = False
        places = places[away]
    return np.array(kept).reshape(-1, 3)


def _is_no_band(places: Floats, depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which places lie in the image and in no line of a grid, which goes on as wide both ways."""
    height, width = depth.shape
    least = np.min([_circle(places, radii, depth) for radii in _ALONG], axis=0)
    goes_on = (least > _AS_WIDE * places[:, 2:]).sum(axis=1)
    radius = places[:, 2]
    border = np.min([places[:, 0], places[:, 1], height - places[:, 0], width - places[:, 1]], axis=0)
    return np.asarray((goes_on < 2) & (border >= radius), dtype=np.bool_)


def _circle(places: Floats, radii: float, values: NDArray[Any]) -> NDArray[Any]:
    """Return values on a circle around each place, n x 48; beyond the border those at the border."""
    height, width = values.shape
    row = np.rint(places[:, :1] + radii * places[:, 2:] * np.sin(_ANGLES)).astype(int)
    column = np.rint(places[:, 1:2] + radii * places[:, 2:] * np.cos(_ANGLES)).astype(int)
    return np.asarray(values[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)])
