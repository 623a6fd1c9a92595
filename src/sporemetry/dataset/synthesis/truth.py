"""From the scene to its truth: exact instance labels, and the table of the spores that bear them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline

LabelArray = NDArray[np.int32]
MaskArray = NDArray[np.bool_]

LEAST_VISIBLE = 0.3  # of its pixels; a spore of which less can be seen is taken out of the scene
LEAST_PIXELS = 12
MOST_STRAY = 0.03  # of its pixels, apart from the largest piece; beyond, the spore counts as cut in two

COLUMNS: dict[str, str] = {
    "label": "int64",
    "kind": "str",
    "x_px": "float64",
    "y_px": "float64",
    "length_um": "float64",
    "width_um": "float64",
    "angle_deg": "float64",
    "area_um2": "float64",
    "depth_um": "float64",
    "area_px": "int64",
    "visible_share": "float64",
    "cut_by_border": "bool",
    "cut_by_field": "bool",
    "touching_group": "int64",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What can be seen of one spore."""

    spore: Spore
    window: tuple[slice, slice]
    piece: MaskArray
    share: float
    cut_by_border: bool
    cut_by_field: bool

    @property
    def first_pixel(self) -> tuple[int, int]:
        """Row and column of the first pixel in raster order."""
        row = int(self.piece.any(axis=1).argmax())
        return self.window[0].start + row, self.window[1].start + int(self.piece[row].argmax())


def settle(
    spores: list[Spore],
    shape: tuple[int, int],
    um_per_px: float,
    *,
    field: MaskArray | None = None,
    hidden: MaskArray | None = None,
) -> tuple[list[Spore], LabelArray, pd.DataFrame]:
    """Return the spores that stay in the scene, their labels and their table.

    A pixel belongs to a spore when its centre lies in the outline, inside the field and not behind the
    needle; where spores overlap, to the upper one. A spore of which too little can be seen
    (:data:`LEAST_VISIBLE`, :data:`LEAST_PIXELS`), or which others cut in two, is taken out of the scene
    altogether, so that picture and labels show the same spores. Single pixels that the raster parts from
    a pointed tip are background.

    Parameters
    ----------
    spores : list of Spore
        The lowest first.
    shape : (int, int)
        Height and width in pixels.
    um_per_px : float
        The scale.
    field : bool array, H x W, optional
        Where the eyepiece lets light through; everywhere if not given.
    hidden : bool array, H x W, optional
        What the needle covers; nothing if not given.

    Returns
    -------
    spores : list of Spore
        Those that stay, the lowest first.
    labels : int32 array, H x W
        0 background, 1..n in the raster order of the first pixels; each label 4-connected.
    table : DataFrame
        One row a spore, ordered by label; the columns of :data:`COLUMNS`. Lengths, widths and areas are of
        the whole outline, also where it is cut. ``angle_deg`` is counter-clockwise from the x axis, 0 to
        360 for a pear or a drop and 0 to 180 for the others. ``touching_group`` numbers the groups of spores
        whose labels have neighbouring pixels (8 neighbours), 0 for those that touch none. No rows for an
        empty scene.
    """
    taken = np.zeros(shape, dtype=bool) if hidden is None else hidden.copy()
    seen: list[_Seen] = []
    for spore in reversed(spores):
        view = _look_at(spore, um_per_px, taken, field)
        if view is not None:
            taken[view.window] |= view.piece
            seen.append(view)
    labels = np.zeros(shape, dtype=np.int32)
    ordered = sorted(seen, key=lambda view: view.first_pixel)
    for number, view in enumerate(ordered, start=1):
        labels[view.window][view.piece] = number
    return [view.spore for view in reversed(seen)], labels, _tabulate(ordered, labels, um_per_px)


def touching_groups(labels: LabelArray, count: int) -> NDArray[np.int64]:
    """Return for each label 1..count the number of its touching group, 0 when it touches no other.

    >>> touching_groups(np.array([[1, 0, 2, 2], [0, 0, 0, 3]], dtype=np.int32), 3).tolist()
    [0, 1, 1]
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    # Within a frame of background the neighbours of a pixel lie at fixed distances in the flat picture.
    framed = np.pad(labels, 1)
    flat, width = framed.ravel(), framed.shape[1]
    inside = np.flatnonzero(flat)
    pairs = np.concatenate([_neighbours(flat, inside, step) for step in (1, width, width + 1, width - 1)])
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0] - 1, pairs[:, 1] - 1)), shape=(count, count))
    _, component = connected_components(links, directed=False)
    sizes = np.bincount(component)
    numbers = np.zeros(len(sizes), dtype=np.int64)
    numbers[sizes > 1] = np.arange(1, int((sizes > 1).sum()) + 1)
    return np.asarray(numbers[component])


def _look_at(spore: Spore, um_per_px: float, taken: MaskArray, field: MaskArray | None) -> _Seen | None:
    height, width = taken.shape
    top, left, bottom, right = (edge / um_per_px for edge in spore.outline.bounds())
    rows, columns = np.arange(math.ceil(top), bottom), np.arange(math.ceil(left), right)
    whole = spore.outline.distance(rows[:, None] * um_per_px, columns[None, :] * um_per_px) <= 0
    in_rows, in_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    if not in_rows.any() or not in_columns.any():
        return None
    window = (
        slice(int(rows[in_rows][0]), int(rows[in_rows][-1]) + 1),
        slice(int(columns[in_columns][0]), int(columns[in_columns][-1]) + 1),
    )
    inside = whole[np.ix_(in_rows, in_columns)]
    lit = inside if field is None else inside & field[window]
    piece, stray = _largest_piece(lit & ~taken[window])
    total, visible = int(whole.sum()), int(piece.sum())
    if visible < LEAST_PIXELS or visible < LEAST_VISIBLE * total or stray > MOST_STRAY * total:
        return None
    in_picture = int(inside.sum())
    return _Seen(spore, window, piece, visible / total, in_picture < total, int(lit.sum()) < in_picture)


def _largest_piece(mask: MaskArray) -> tuple[MaskArray, int]:
    """Return the largest 4-connected piece of a mask, and how many pixels lie outside it."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)
    if count <= 2:  # the background is the first
        return mask, 0
    sizes = stats[1:, cv2.CC_STAT_AREA]
    return pieces == 1 + int(sizes.argmax()), int(sizes.sum() - sizes.max())


def _tabulate(ordered: list[_Seen], labels: LabelArray, um_per_px: float) -> pd.DataFrame:
    groups = touching_groups(labels, len(ordered))
    rows = [
        (
            number,
            view.spore.outline.kind,
            view.spore.outline.x / um_per_px,
            view.spore.outline.y / um_per_px,
            view.spore.outline.length,
            view.spore.outline.width,
            _angle_deg(view.spore.outline),
            view.spore.outline.area,
            view.spore.depth_um,
            int(view.piece.sum()),
            view.share,
            view.cut_by_border,
            view.cut_by_field,
            int(group),
        )
        for number, (view, group) in enumerate(zip(ordered, groups, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _angle_deg(outline: Outline) -> float:
    return math.degrees(outline.angle) % (360.0 if outline.kind in {"pear", "drop"} else 180.0)


def _neighbours(flat: LabelArray, inside: NDArray[np.intp], step: int) -> LabelArray:
    """Return the pairs of different labels at pixels that lie so far apart in the flat picture, n x 2."""
    first, second = flat[inside], flat[inside + step]
    meet = (first != second) & (second > 0)
    return np.stack([first[meet], second[meet]], axis=1)
