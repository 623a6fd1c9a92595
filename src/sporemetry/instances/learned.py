"""Touching spores apart by what a network has learnt: middles of spores, or borders between them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from sporemetry.errors import SettingsError
from sporemetry.instances.components import (
    LabelArray,
    MaskArray,
    check_mask,
    fill_holes,
    keep_labels,
    label_components,
    renumber,
)

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedSeparation:
    """Settings of :func:`separate_by_centres` and :func:`separate_by_borders`.

    Attributes
    ----------
    level : float
        Seeds are where the middle is surer, or the border less sure, than this; from 0 to 1.
    min_seed_area : int
        Smaller seeds part nothing, px.
    min_area : int
        Smaller pieces and components are dropped, px.
    max_hole_area : int
        Holes up to this area are filled first, px.
    """

    level: float = 0.45
    min_seed_area: int = 4
    min_area: int = 1
    max_hole_area: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 1:
            raise SettingsError("level", expected="a number from 0 to 1", found=repr(self.level))
        for name, least in (("min_seed_area", 1), ("min_area", 1), ("max_hole_area", 0)):
            if getattr(self, name) < least:
                raise SettingsError(name, expected=f"{least} or more", found=repr(getattr(self, name)))


def separate_by_centres(
    mask: MaskArray, centre: FloatMap, settings: LearnedSeparation | None = None
) -> LabelArray:
    """Give each spore of a mask its own label, one a summit of the map of middles.

    Parameters
    ----------
    mask : (H, W) bool array
        True where there is a spore.
    centre : (H, W) float32 array
        1 in the middle of a spore, 0 on its outline, see :func:`sporemetry.training.heads.centre_map`.
    settings : LearnedSeparation, optional

    Returns
    -------
    (H, W) int32 array
        0 is background; spores are 1..n in the order of their first pixel. A component without a seed stays
        whole. All 0 for an empty mask.

    Raises
    ------
    SettingsError
        When the arrays have other shapes or types.
    """
    settings = settings or LearnedSeparation()
    mask = _checked(mask, centre, settings)
    return _grown(mask, mask & (centre > settings.level), -centre, settings)


def separate_by_borders(
    mask: MaskArray, border: FloatMap, settings: LearnedSeparation | None = None
) -> LabelArray:
    """Give each spore of a mask its own label, cut along the map of borders between touching ones.

    Parameters
    ----------
    mask : (H, W) bool array
        True where there is a spore.
    border : (H, W) float32 array
        1 where two spores meet, see :func:`sporemetry.training.heads.border_map`.
    settings : LearnedSeparation, optional

    Returns
    -------
    (H, W) int32 array
        As :func:`separate_by_centres`.

    Raises
    ------
    SettingsError
        When the arrays have other shapes or types.
    """
    settings = settings or LearnedSeparation()
    mask = _checked(mask, border, settings)
    return _grown(mask, mask & (border < settings.level), border, settings)


def _checked(mask: MaskArray, learned: FloatMap, settings: LearnedSeparation) -> MaskArray:
    check_mask(mask)
    if learned.shape != mask.shape or not np.issubdtype(learned.dtype, np.floating):
        raise SettingsError(
            "map",
            expected=f"a float array of the mask's shape {mask.shape}",
            found=f"{learned.dtype} of shape {learned.shape}",
        )
    return fill_holes(mask, settings.max_hole_area)


def _grown(mask: MaskArray, seeds: MaskArray, height: FloatMap, settings: LearnedSeparation) -> LabelArray:
    """Return the components of the mask; where one holds several seeds, one piece a seed."""
    labels = label_components(mask)
    if not labels.any():
        return labels
    count, numbered, facts, _ = cv2.connectedComponentsWithStats(seeds.astype(np.uint8), connectivity=8)
    large = np.flatnonzero(facts[1:, cv2.CC_STAT_AREA] >= settings.min_seed_area) + 1
    chosen = np.zeros(count, dtype=np.int32)
    chosen[large] = np.arange(1, len(large) + 1)
    markers = np.take(chosen, numbered)
    places = np.flatnonzero(markers != 0)
    holder = np.zeros(len(large) + 1, dtype=np.int64)  # the component of each seed, which lies in one
    holder[markers.ravel()[places]] = labels.ravel()[places]
    several = np.flatnonzero(np.bincount(holder[1:], minlength=1) > 1)
    boxes = ndimage.find_objects(labels)
    following = int(labels.max()) + 1
    for number in several:
        box = boxes[number - 1]
        window = labels[box]
        own = window == number
        pieces = watershed(height[box], np.where(own, markers[box], 0), mask=own)
        pieces = _without_small(pieces, own, settings.min_area)
        more = pieces > 1
        window[more] = pieces[more] - 2 + following
        following += max(0, int(pieces.max()) - 1)
    return keep_labels(labels, np.bincount(labels.ravel(), minlength=following) >= settings.min_area)


def _without_small(pieces: NDArray[np.int32], own: MaskArray, min_area: int) -> LabelArray:
    """Give pieces under the least area to their nearest neighbours, and number all anew."""
    area = np.bincount(pieces.ravel())
    small = np.flatnonzero(area < min_area)
    kept = own & (pieces > 0) & ~np.isin(pieces, small)
    if not kept.any():
        return own.astype(np.int32)
    if (kept | ~own).all():
        return renumber(np.where(own, pieces, 0))
    rows, columns = ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    return renumber(np.where(own, pieces[rows, columns], 0))
