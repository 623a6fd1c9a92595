"""The numbers of one picture: pixels, spores, rings and neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem, read_item_ignore, read_item_labels
from sporemetry.dataset.imbalance.neighbours import border_distances, border_pixels, centre_distances, gaps
from sporemetry.dataset.imbalance.rings import RING_SHAPES, ring_pixels
from sporemetry.dataset.imbalance.settings import ImbalanceSettings
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import ReadSettings, read_image

SPORE_COLUMNS = ("picture", "label", "row", "column", "area_px", "area_um2", "centre_px", "gap_px", "touches")

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureNumbers:
    """What is counted on one picture.

    Attributes
    ----------
    name, group : str
    kind : str
        ``labels``, or ``boxes`` where there are no outlines: then spore pixels are those under boxes.
    width, height : int
    spore_px, background_px : int
        Whatever ``ignore/`` says.
    kept_spore_px, kept_background_px : int
        Without what ``ignore/`` marks.
    um_per_px : float or None
    spores : DataFrame
        :data:`SPORE_COLUMNS`, one row a spore.
    rings : dict of str to int64 array
        Ring pixels by shape and radius 1, 2, ...; empty for boxes.
    """

    name: str
    group: str
    kind: str
    width: int
    height: int
    spore_px: int
    background_px: int
    kept_spore_px: int
    kept_background_px: int
    um_per_px: float | None
    spores: pd.DataFrame
    rings: dict[str, NDArray[np.int64]]


def measure_picture(
    item: DatasetItem, settings: ImbalanceSettings, um_per_px: float | None = None
) -> PictureNumbers:
    """Return the numbers of a picture that has labels or boxes.

    Parameters
    ----------
    item : DatasetItem
        With labels or boxes; labels win.
    settings : ImbalanceSettings
    um_per_px : float, optional
        The data set's scale; else the label picture's own.

    Raises
    ------
    FileError
        When a file cannot be read.
    """
    if item.labels is None:
        return _of_boxes(item, settings, um_per_px)
    read = read_item_labels(item, ReadSettings(max_pixels=settings.max_pixels))
    labels = read.labels
    scale = um_per_px if um_per_px is not None else read.um_per_px
    height, width = labels.shape
    spore = labels > 0
    ignore = read_item_ignore(item, (height, width)) if item.ignore is not None else None
    total, kept = int(np.count_nonzero(spore)), labels.size
    kept_spore = total
    if ignore is not None:
        kept -= int(np.count_nonzero(ignore))
        kept_spore -= int(np.count_nonzero(ignore & spore))
    left_out = ignore if settings.leave_out_ignored else None
    return PictureNumbers(
        name=item.name,
        group=item.group,
        kind="labels",
        width=width,
        height=height,
        spore_px=total,
        background_px=labels.size - total,
        kept_spore_px=kept_spore,
        kept_background_px=kept - kept_spore,
        um_per_px=scale,
        spores=_spores(item.name, labels, left_out, scale),
        rings=ring_pixels(spore, settings.largest_radius, left_out),
    )


def _spores(
    name: str, labels: NDArray[np.int32], left_out: NDArray[np.bool_] | None, scale: float | None
) -> pd.DataFrame:
    """Return a row for each spore; one of which no pixel is left is none."""
    kept = labels if left_out is None else np.where(left_out, 0, labels)
    rows, columns = np.nonzero(kept)
    ids, owner = np.unique(kept[rows, columns], return_inverse=True)
    area = np.bincount(owner, minlength=ids.size).astype(np.float64)
    sums = [np.bincount(owner, weights=each, minlength=ids.size) for each in (rows, columns)]
    centre: FloatArray = np.stack(sums, axis=1).astype(np.float64) / np.maximum(area, 1)[:, None]
    border = border_pixels(kept)[rows, columns]
    points = np.stack([rows[border], columns[border]], axis=1)
    gap, touches = gaps(border_distances(points, owner[border], ids.size))
    return _table(name, ids, centre, area, scale, gap=gap, touches=touches)


def _table(
    name: str,
    ids: NDArray[np.integer],
    centre: FloatArray,
    area: FloatArray,
    scale: float | None,
    *,
    gap: FloatArray | None = None,
    touches: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    nothing = np.full(ids.size, math.nan)
    return pd.DataFrame(
        {
            "picture": np.full(ids.size, name, dtype=object),
            "label": ids.astype(np.int64),
            "row": centre[:, 0],
            "column": centre[:, 1],
            "area_px": area,
            "area_um2": nothing if scale is None else area * scale**2,
            "centre_px": centre_distances(centre),
            "gap_px": nothing if gap is None else gap,
            "touches": nothing if touches is None else touches.astype(np.float64),
        },
        columns=list(SPORE_COLUMNS),
    )


def _of_boxes(item: DatasetItem, settings: ImbalanceSettings, scale: float | None) -> PictureNumbers:
    if item.boxes is None:
        raise ValueError(f"{item.name} has neither labels nor boxes")
    height, width = read_image(item.image, ReadSettings(max_pixels=settings.max_pixels)).pixels.shape[:2]
    boxes = read_boxes(item.boxes).in_pixels(height, width)
    covered = _covered(boxes, height, width)
    ignore = read_item_ignore(item, (height, width))
    under, kept = int(np.count_nonzero(covered)), ~ignore
    kept_under = int(np.count_nonzero(covered & kept))
    sizes = boxes[:, 2:] - boxes[:, :2]
    centre = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, ::-1]
    return PictureNumbers(
        name=item.name,
        group=item.group,
        kind="boxes",
        width=width,
        height=height,
        spore_px=under,
        background_px=covered.size - under,
        kept_spore_px=kept_under,
        kept_background_px=int(np.count_nonzero(kept)) - kept_under,
        um_per_px=scale,
        spores=_table(item.name, np.arange(1, len(boxes) + 1), centre, sizes.prod(axis=1), scale),
        rings={shape: np.zeros(settings.largest_radius, dtype=np.int64) for shape in RING_SHAPES},
    )


def _covered(boxes: FloatArray, height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels whose centre lies under a box."""
    change = np.zeros((height + 1, width + 1), dtype=np.int32)
    edges = np.ceil(boxes - 0.5).astype(np.intp)
    left, right = np.clip(edges[:, 0], 0, width), np.clip(edges[:, 2], 0, width)
    top, bottom = np.clip(edges[:, 1], 0, height), np.clip(edges[:, 3], 0, height)
    for rows, columns, sign in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(change, (rows, columns), sign)
    return np.asarray(change.cumsum(axis=0).cumsum(axis=1)[:height, :width] > 0)
