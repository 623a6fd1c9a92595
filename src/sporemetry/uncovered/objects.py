"""Compact objects with a sharp edge, and those of one size that have no outline.

At each of several thresholds of the contrast an object is what lies within one closed line. It weighs its
edge times its diameter: spores outweigh specks and faint debris.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.uncovered.scene import Scene

LEAST_OBJECTS = 8
"""So many objects alike are a kind; fewer may be alike by chance."""
_LEAST_AREA = 40.0  # px: an object of 7 px across
_LEAST_SOLIDITY, _OF_FAINT = 0.8, 0.85  # of the convex hull: neither ragged nor branched
_MOST_ASPECT = 12.0
_LEAST_SHARPNESS, _SHARPNESS_OF_FAINT = 4.5, 6.0  # diameters over edge widths: what is blurred says nothing
_LEAST_EDGE, _FAINT = 4.0, 14.0  # levels per px; below the second one must look the more like an object
_LEAST_OF_USUAL = 0.5  # of the median edge of what was outlined
_OUTLINED = 0.3  # of an object's area: it has an outline
_AREA_RATIO, _LENGTH_RATIO, _EDGE_RATIO = 2.0**0.75, 2.0**0.5, 2.0**0.6  # of objects that are alike
_NOISE_QUANTILE, _NOISE_FACTOR, _LEAST_CONTRAST = 0.3, 5.0, 4.0
_STEP = 2.0  # from threshold to threshold
_HIGHEST = 0.7  # of the strongest contrast
_SHORTEST_LINE, _MOST_LINES = 20, 400  # px; of one threshold, the longest


@dataclass(frozen=True, eq=False)
class Kind:
    """Objects alike without an outline.

    Attributes
    ----------
    share : float
        Of the weight of these objects and of everything outlined, theirs; or of the field, their area.
    places : (n, 3) float64 array
        Row, column and length, px of the scene.
    """

    share: float
    places: NDArray[np.float64]


NO_KIND = Kind(0.0, np.zeros((0, 3)))


def heaviest_kind(scene: Scene) -> Kind:
    """Return the kind of uncovered objects that outweighs the outlines most; none without eight alike."""
    weight, usual = _outlined(scene)
    best = NO_KIND
    for threshold in _thresholds(scene):
        found = np.array(list(_objects(scene, threshold))).reshape(-1, 7)
        found = found[found[:, 2] >= max(_LEAST_EDGE, _LEAST_OF_USUAL * usual)]
        best = max(best, _kind(found[found[:, 3] < _OUTLINED], weight), key=lambda kind: kind.share)
    return best


def _kind(found: NDArray[np.float64], weight: float) -> Kind:
    """Return the heaviest objects that are like one of them; columns as :func:`_objects` gives them."""
    if len(found) < LEAST_OBJECTS:
        return NO_KIND
    logs = np.log(found[:, :3])
    ratios = np.log([_AREA_RATIO, _LENGTH_RATIO, _EDGE_RATIO])
    alike = (np.abs(logs[:, None] - logs[None]) <= ratios).all(axis=2)
    alike = alike[alike.sum(axis=1) >= LEAST_OBJECTS]
    if not len(alike):
        return NO_KIND
    weights = alike @ found[:, 4]
    heaviest = int(weights.argmax())
    share = float(weights[heaviest] / (weights[heaviest] + weight))
    return Kind(share, found[alike[heaviest]][:, [5, 6, 1]])


def _objects(scene: Scene, threshold: float) -> Iterator[tuple[float, ...]]:
    """Yield area, length, edge, outlined share, weight, row and column of each compact, sharp object."""
    mask = ((scene.contrast >= threshold) & (scene.inside > 0)).astype(np.uint8)
    lines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    long = sorted((line for line in lines if len(line) >= _SHORTEST_LINE), key=len, reverse=True)
    for line in long[:_MOST_LINES]:
        area = cv2.contourArea(line) + len(line) / 2
        if area < _LEAST_AREA or not _is_whole(scene, line):
            continue
        edge = float(np.median(scene.edges[line[:, 0, 1], line[:, 0, 0]]))
        if edge < _LEAST_EDGE:
            continue
        hull = cv2.convexHull(line)
        solidity = area / (cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2)
        sides = cv2.minAreaRect(hull)[1]
        length, width = max(sides) + 1, min(sides) + 1
        faint = edge < _FAINT
        if solidity < (_OF_FAINT if faint else _LEAST_SOLIDITY) or length > _MOST_ASPECT * width:
            continue
        x, y, w, h = cv2.boundingRect(line)
        filled = np.zeros((h, w), dtype=np.uint8)
        cv2.drawContours(filled, [line - (x, y)], -1, 1, -1)
        window = np.s_[y : y + h, x : x + w]
        contrast = cv2.mean(scene.contrast[window], filled)[0]
        if area**0.5 * edge < (_SHARPNESS_OF_FAINT if faint else _LEAST_SHARPNESS) * contrast:
            continue
        outlined = float(np.count_nonzero(scene.labels[window][filled > 0]) / np.count_nonzero(filled))
        yield area, length, edge, outlined, edge * area**0.5, y + h / 2, x + w / 2


def _is_whole(scene: Scene, line: NDArray[np.int32]) -> bool:
    """Tell whether an object touches neither the image's border nor that of the field."""
    x, y, w, h = cv2.boundingRect(line)
    height, width = scene.inside.shape
    if x == 0 or y == 0 or x + w == width or y + h == height:
        return False
    return bool(scene.inside[y - 1 : y + h + 1, x - 1 : x + w + 1].all())


def _thresholds(scene: Scene) -> Iterator[float]:
    """Go through the thresholds from the noise of the ground to the strongest contrast."""
    contrast = scene.contrast[scene.inside > 0][::7]
    if not contrast.size:
        return
    threshold = max(_LEAST_CONTRAST, _NOISE_FACTOR * float(np.quantile(contrast, _NOISE_QUANTILE)))
    highest = _HIGHEST * float(np.quantile(contrast, 0.999))
    while threshold < highest:
        yield threshold
        threshold *= _STEP


def _outlined(scene: Scene) -> tuple[float, float]:
    """Return the weight of all outlines, and their usual edge: 0 of fewer than three."""
    labels = scene.labels
    bordering = cv2.erode(labels.astype(np.float32), np.ones((3, 3), np.uint8)) != labels
    rim = bordering & (labels > 0)
    count = np.bincount(labels[rim])
    edge = np.bincount(labels[rim], weights=scene.edges[rim])[count > 0] / count[count > 0]
    area = np.bincount(labels[labels > 0], minlength=len(count))[count > 0]
    usual = float(np.median(edge)) if len(edge) >= 3 else 0.0
    return float((edge * area**0.5).sum()), usual
