"""How predicted and true spores overlap: areas, intersections, IoU, and what lies in ignored pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.evaluation.assignment import assign

_ID_BITS = 31


@dataclass(frozen=True)
class Instances:
    """The spores of one label image, of those pixels that are not ignored.

    Attributes
    ----------
    ids : (N,) int64
        The labels that count, ascending.
    areas : (N,) int64
        Their pixels outside the ignored ones, 1 or more.
    dropped : (D,) int64
        The labels of which more than half of the area is ignored: they neither count nor err.
    """

    ids: NDArray[np.int64]
    areas: NDArray[np.int64]
    dropped: NDArray[np.int64]


@dataclass(frozen=True)
class Overlaps:
    """Every pair of a predicted and a true spore that share a pixel.

    Attributes
    ----------
    predicted, truth : Instances
        The spores of both sides.
    rows, columns : (K,) int
        For each pair its positions in ``predicted.ids`` and ``truth.ids``.
    shared : (K,) int64
        The pixels in both, 1 or more.
    """

    predicted: Instances
    truth: Instances
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    shared: NDArray[np.int64]

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair, above 0."""
        union = self.predicted.areas[self.rows] + self.truth.areas[self.columns] - self.shared
        return np.asarray(self.shared / union, dtype=np.float64)


def find_overlaps(
    predicted: NDArray[np.integer], truth: NDArray[np.integer], ignore: NDArray[np.bool_] | None = None
) -> Overlaps:
    """Tabulate the overlaps of two label images in one pass over their spore pixels.

    Parameters
    ----------
    predicted, truth : (H, W) int
        Labels, 0 to 2**31 - 1; gaps in the numbering do no harm. Without spores the tables are empty.
    ignore : (H, W) bool, optional
        Pixels that belong to no spore of either side. A spore with more than half of its area in them is
        dropped, as in Kirillov et al. 2019, doi 10.1109/CVPR.2019.00963, section 4.2; unlike there it is
        dropped before the matching, so that the count does not depend on what matches.

    Examples
    --------
    >>> overlaps = find_overlaps(np.array([[7, 7, 7, 0]]), np.array([[0, 2, 2, 2]]))
    >>> overlaps.shared.tolist(), overlaps.iou.tolist()
    ([2], [0.5])
    """
    spore = np.logical_or(predicted, truth)
    # One number a pixel: predicted id, true id, ignored or not. 31 + 31 + 1 bits fit an int64.
    code = predicted[spore].astype(np.int64) << _ID_BITS | truth[spore].astype(np.int64)
    code <<= 1
    if ignore is not None:
        code |= ignore[spore]
    pairs, pixels = np.unique(code, return_counts=True)
    ignored = (pairs & 1).astype(np.bool_)
    id_predicted = pairs >> (_ID_BITS + 1)
    id_truth = pairs >> 1 & ((1 << _ID_BITS) - 1)

    side_predicted = _instances(id_predicted, pixels, ignored)
    side_truth = _instances(id_truth, pixels, ignored)
    kept = (
        ~ignored
        & np.isin(id_predicted, side_predicted.ids, assume_unique=False)
        & np.isin(id_truth, side_truth.ids, assume_unique=False)
    )
    return Overlaps(
        side_predicted,
        side_truth,
        np.searchsorted(side_predicted.ids, id_predicted[kept]),
        np.searchsorted(side_truth.ids, id_truth[kept]),
        pixels[kept],
    )


def _instances(ids: NDArray[np.int64], pixels: NDArray[np.intp], ignored: NDArray[np.bool_]) -> Instances:
    """Sum the pixels of each id, and part the ids into those that count and those dropped."""
    known, position = np.unique(ids, return_inverse=True)
    area = np.bincount(position, weights=pixels, minlength=known.size).astype(np.int64)
    hidden = np.bincount(position, weights=pixels * ignored, minlength=known.size).astype(np.int64)
    spore = known > 0
    dropped = spore & (2 * hidden > area)
    kept = spore & ~dropped
    return Instances(known[kept], (area - hidden)[kept], known[dropped])


def match(overlaps: Overlaps, iou: float) -> NDArray[np.intp]:
    """Match predicted with true spores one to one, as many as possible, each at ``iou`` or more.

    Above 0.5 there is at most one candidate for each spore, because two disjoint spores cannot each have
    more than half of a third (Kirillov et al. 2019, section 4.1). At 0.5 exactly a spore may have two,
    when it is the union of two equal halves, and below 0.5 many: then the most matches, and among these
    the greatest sum of IoU, are found exactly.

    Parameters
    ----------
    overlaps : Overlaps
        As :func:`find_overlaps` makes it.
    iou : float
        The least IoU of a match, above 0.

    Returns
    -------
    (M,) int
        Positions of the matched pairs in ``overlaps.rows``, ascending; empty when nothing matches.

    Examples
    --------
    >>> match(find_overlaps(np.array([[1, 1, 1, 1]]), np.array([[1, 1, 2, 2]])), 0.5).size
    1
    """
    value = overlaps.iou
    candidates = np.flatnonzero(value >= iou)
    if iou > 0.5:
        return candidates
    chosen = assign(overlaps.rows[candidates], overlaps.columns[candidates], value[candidates])
    return candidates[chosen]
