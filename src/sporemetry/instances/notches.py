"""Cutting between notches: two dents of the outline that face one another."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from sporemetry.instances.components import LabelArray, MaskArray

FloatArray = NDArray[np.float64]

LEAST_NOTCH_PX = 2.0
"""An outline on a pixel grid has dents of nearly this depth anywhere."""
MOST_OPENING = np.deg2rad(115)
"""Where convex bodies meet the background forms a narrow wedge; the dents of a rough outline are open."""
ARM = 0.35
"""The wedge's sides are taken so far along the outline, as a part of the half-width."""
LEAST_ARM_PX = 3


def cut_notches(component: MaskArray, *, notch: float, reach: float, min_area: int) -> LabelArray:
    """Part one component in two between the two notches that face one another best.

    Parameters
    ----------
    component : (h, w) bool array
        One component, with a frame of at least one pixel of background around it.
    notch : float
        A dent counts when deeper than this part of the greatest distance to the background.
    reach : float
        The longest cut allowed, as a multiple of the two depths together.
    min_area : int
        No piece gets smaller, in pixels.

    Returns
    -------
    (h, w) int32 array
        Pieces 1 and 2, each connected, or the one piece 1 where there is nothing to cut.
    """
    whole = component.astype(np.int32)
    if reach <= 0:
        return whole
    points, depths = notches(component, notch)
    for first, second in _pairs(points, depths, reach):
        pieces = _cut(component, points[first], points[second])
        areas = np.bincount(pieces.ravel(), minlength=3)[1:]
        if len(areas) == 2 and areas.min() >= min_area:
            return pieces
    return whole


def notches(component: MaskArray, notch: float) -> tuple[NDArray[np.int32], FloatArray]:
    """Find the deepest point of each dent in the outline.

    Returns
    -------
    points : (n, 2) int32 array
        Column and row of each notch.
    depths : (n,) float64 array
        How far it lies inside the convex hull, in pixels.
    """
    image = component.astype(np.uint8)
    outlines = cv2.findContours(image, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    outline = max(outlines, key=len)[:, 0, :]  # one component has one outer outline
    half_width = float(cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())
    depth = dent_depth(outline)
    least = max(LEAST_NOTCH_PX, notch * half_width)
    deepest = np.array([run[np.argmax(depth[run])] for run in _runs(depth > least / 2)], dtype=np.intp)
    arm = max(LEAST_ARM_PX, round(ARM * half_width))
    sharp = opening_angle(outline, deepest, arm) <= MOST_OPENING
    chosen = deepest[sharp & (depth[deepest] >= least)]
    return outline[chosen].astype(np.int32), depth[chosen]


def dent_depth(outline: NDArray[np.int32]) -> FloatArray:
    """Return the distance of each point of a closed outline from its convex hull."""
    hull = cv2.convexHull(outline)[:, 0, :].astype(np.float64)
    along = np.roll(hull, -1, axis=0) - hull
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    # points x hull edges: a point within a convex polygon is nearest to the edge whose line is nearest
    to = outline[:, None, :] - hull[None, :, :]
    distance = np.abs(along[None, :, 0] * to[:, :, 1] - along[None, :, 1] * to[:, :, 0]) / length[None, :]
    return np.asarray(distance.min(axis=1))


def opening_angle(outline: NDArray[np.int32], places: NDArray[np.intp], arm: int) -> FloatArray:
    """Return the angle at some points of a closed outline between the points ``arm`` before and after."""
    here = outline[places].astype(np.float64)
    before, after = (outline[(places + step) % len(outline)] - here for step in (-arm, arm))
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.asarray(np.abs(np.arctan2(cross, (before * after).sum(axis=1))))


def _runs(dented: MaskArray) -> list[NDArray[np.intp]]:
    """Return the index runs of true values of a circular sequence."""
    if dented.all() or not dented.any():
        return []
    start = int(np.flatnonzero(~dented)[0])
    order = (np.arange(len(dented)) + start) % len(dented)
    edges = np.flatnonzero(np.diff(dented[order].astype(np.int8)))
    return [run for run in np.split(order, edges + 1) if dented[run[0]]]


def _pairs(points: NDArray[np.int32], depths: FloatArray, reach: float) -> list[tuple[int, int]]:
    """Return the pairs of notches within reach, the shortest cut for its depths first."""
    first, second = np.triu_indices(len(points), k=1)
    length = np.hypot(*(points[first] - points[second]).T.astype(np.float64))
    relative = length / (depths[first] + depths[second])
    order = np.argsort(relative, kind="stable")
    return [(int(first[k]), int(second[k])) for k in order if relative[k] <= reach]


def _cut(component: MaskArray, start: NDArray[np.int32], end: NDArray[np.int32]) -> LabelArray:
    """Draw a line of background and give its pixels to the side that is nearer."""
    parted = component.astype(np.uint8)
    cv2.line(parted, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 0, 1, cv2.LINE_8)
    count, sides = cv2.connectedComponents(parted, connectivity=4)
    if count < 3:
        return component.astype(np.int32)
    areas = np.bincount(sides.ravel())
    areas[0] = 0
    first, second = np.sort(np.argsort(-areas, kind="stable")[:2])
    markers = np.where(sides == first, 1, np.where(sides == second, 2, 0))
    flat = np.zeros(component.shape, dtype=np.uint8)
    return np.asarray(watershed(flat, markers, mask=component, connectivity=2), dtype=np.int32)
