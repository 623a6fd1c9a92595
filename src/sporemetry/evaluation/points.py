"""Points as truth: a spore is found when the centroid of a predicted one lies near its point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sporemetry.errors import SettingsError
from sporemetry.evaluation.assignment import assign
from sporemetry.evaluation.detections import DetectionMatch, spore_places

REGION_MARGIN_PX = 10.0
"""What lies so near to the border of the annotated region, or beyond it, does not count."""
LARGEST_TOLERANCE_PX = 1000.0
# Decides between matchings of one total distance only: distances that differ at all differ by more.
_TIE = 1e-9

Points = NDArray[np.float64]
Region = tuple[float, float, float, float]


def _no_points() -> Points:
    return np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class PointTruth:
    """What is known of an image by points; x and y in pixels from its top left corner, as boxes have them.

    Attributes
    ----------
    spores : (P, 2) float64
        The true spores. None: the image holds no spore.
    ignore : (Q, 2) float64
        What counts neither way.
    region : (x0, y0, x1, y1) or None
        The part of the image in which all spores have a point; None: the whole image.

    Raises
    ------
    SettingsError
        When an array has another shape or is not finite, or the region is empty.
    """

    spores: Points
    ignore: Points
    region: Region | None = None

    def __post_init__(self) -> None:
        for name, points in (("spores", self.spores), ("ignore", self.ignore)):
            if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
                raise SettingsError(
                    name,
                    expected="a finite array of shape (P, 2)",
                    found=f"{points.dtype} of shape {points.shape}",
                )
        if self.region is not None:
            x0, y0, x1, y1 = self.region
            if not (all(map(math.isfinite, self.region)) and x0 < x1 and y0 < y1):
                raise SettingsError(
                    "region", expected="x0 < x1 and y0 < y1, in pixels", found=f"{self.region}"
                )


def check_tolerance(name: str, tolerance_px: float) -> None:
    """Raise :class:`SettingsError` unless it is a distance above 0 and up to 1000 px."""
    if not 0 < tolerance_px <= LARGEST_TOLERANCE_PX:
        raise SettingsError(
            name,
            expected=f"a distance above 0 and up to {LARGEST_TOLERANCE_PX:g} px",
            found=f"{tolerance_px}",
        )


def match_points(
    predicted: NDArray[np.integer],
    truth: PointTruth,
    tolerance_px: float,
    ignore: NDArray[np.bool_] | None = None,
) -> DetectionMatch:
    """Match predicted spores one to one with the points near their centroids.

    With a region, only points and centroids inside it and more than 10 px from its border take part. Of
    these, as many pairs as possible are made of a centroid and a spore's point at most the tolerance apart,
    and of such matchings the one with the least total distance. A point inside an outline whose centroid is
    farther away does not match it. A predicted spore that is left unmatched is dropped when its centroid is
    within the tolerance of a point to be ignored, or when such a point lies inside of its outline.

    Parameters
    ----------
    predicted : (H, W) int
        Labels, 0 = background.
    truth : PointTruth
    tolerance_px : float
        Above 0, up to 1000.
    ignore : (H, W) bool, optional
        A predicted spore with more than half of its area in these pixels, and a point on one of them, neither
        counts nor errs.

    Raises
    ------
    SettingsError
        When the tolerance is outside of its range.

    Examples
    --------
    >>> truth = PointTruth(np.array([[1.0, 1.5]]), np.array([[4.5, 0.5]]))
    >>> match_points(np.array([[1, 1, 0, 0, 2]]), truth, tolerance_px=1.0).tally()
    DetectionTally(predicted=1, truth=1, matched=1, dropped_predicted=1, dropped_truth=0)
    """
    check_tolerance("tolerance_px", tolerance_px)
    ids, centroids, hidden = spore_places(predicted, ignore)
    counts = (hidden <= 0.5) & _counted(centroids, truth.region)
    of_truth = _counted(truth.spores, truth.region)
    if ignore is not None:
        y, x = _pixels(truth.spores, ignore.shape)
        of_truth &= ~ignore[y, x]
    excused = _excused(ids, centroids, predicted, truth.ignore, tolerance_px)[counts]
    kept, kept_truth = np.flatnonzero(counts), np.flatnonzero(of_truth)
    rows, columns, distance = _near(centroids[kept], truth.spores[kept_truth], tolerance_px)
    # Of matchings that are otherwise equal, one that leaves out what is dropped then: no order decides.
    chosen = assign(rows, columns, (1 - distance / tolerance_px) * (1 - _TIE) + _TIE * ~excused[rows])
    rows, columns = rows[chosen], columns[chosen]
    alone = np.ones(kept.size, dtype=np.bool_)
    alone[rows] = False
    stays = ~(alone & excused)
    position = np.cumsum(stays) - 1
    return DetectionMatch(
        ids[kept[stays]],
        np.setdiff1d(ids, ids[kept[stays]]),
        kept_truth,
        np.flatnonzero(~of_truth),
        position[rows],
        columns,
    )


def _counted(points: Points, region: Region | None) -> NDArray[np.bool_]:
    """Tell which points lie in the region and more than its margin from its border."""
    if region is None:
        return np.ones(len(points), dtype=np.bool_)
    low, high = np.array(region[:2]) + REGION_MARGIN_PX, np.array(region[2:]) - REGION_MARGIN_PX
    return np.asarray(((points > low) & (points < high)).all(axis=1))


def _excused(
    ids: NDArray[np.int64],
    centroids: Points,
    predicted: NDArray[np.integer],
    ignored: Points,
    tolerance_px: float,
) -> NDArray[np.bool_]:
    """Tell which predicted spores have a point to be ignored near their centroid or in their outline."""
    near = np.zeros(ids.size, dtype=np.bool_)
    near[_near(centroids, ignored, tolerance_px)[0]] = True
    y, x = _pixels(ignored, predicted.shape)
    inside = (ignored >= 0).all(axis=1) & (ignored <= predicted.shape[::-1]).all(axis=1)
    return near | np.isin(ids, predicted[y, x][inside])


def _pixels(points: Points, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return row and column of the pixel that each point lies in; on the far rim, of the last one."""
    last = np.array([shape[1] - 1, shape[0] - 1])
    x, y = np.clip(np.floor(points), 0, last).astype(np.intp).T
    return y, x


def _near(
    points: Points, others: Points, tolerance_px: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return every (point, other) at most the tolerance apart, and their distance."""
    if not len(points) or not len(others):
        none = np.zeros(0, dtype=np.intp)
        return none, none, np.zeros(0)
    found = cKDTree(points).query_ball_point(others, tolerance_px)
    rows = np.array([row for each in found for row in each], dtype=np.intp)
    columns = np.repeat(np.arange(len(others)), [len(each) for each in found])
    offset = points[rows] - others[columns]
    return rows, columns, np.hypot(offset[:, 0], offset[:, 1])
