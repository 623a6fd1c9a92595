"""The connected pieces of a label image, from its runs along the rows: one pass over the pixels.

Reading a label image of two megapixels takes a few milliseconds more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sporemetry.label_runs import find_runs


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The connected pieces (8 neighbours) of equal ids, background left out.

    Attributes
    ----------
    ids : (S,) array
        The ids that are present, ascending.
    owner : (P,) int64
        For each piece, the position of its id in ``ids``.
    area : (P,) int64
        In pixels.
    box : (P, 4) int64
        Top, left, bottom, right; the last two are one past the piece.
    touches : (P,) bool
        Whether a pixel of another id lies beside the piece.
    run_piece : (R,) int64
        For each run of one id, in the order of the pixels, its piece.
    begin, end : (R,) int64
        Where the runs begin and end (exclusive) in the flattened image.
    """

    ids: NDArray[Any]
    owner: NDArray[np.int64]
    area: NDArray[np.int64]
    box: NDArray[np.int64]
    touches: NDArray[np.bool_]
    run_piece: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]

    @property
    def per_id(self) -> NDArray[np.int64]:
        """How many pieces each id has, (S,)."""
        return np.bincount(self.owner, minlength=len(self.ids)).astype(np.int64)

    def count(self, where: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many pixels of ``where`` each piece has, (P,)."""
        before = np.zeros(where.size + 1, dtype=np.int64)
        np.cumsum(where.ravel(), out=before[1:])
        of_run = before[self.end] - before[self.begin]
        return np.bincount(self.run_piece, weights=of_run, minlength=len(self.owner)).astype(np.int64)


def find_pieces(ids: NDArray[Any]) -> Pieces:
    """Find the connected pieces of every id.

    Parameters
    ----------
    ids : (H, W) array of whole numbers
        0 is background.

    Returns
    -------
    Pieces
        Without any id, all its arrays are empty.

    Examples
    --------
    >>> pieces = find_pieces(np.array([[7, 0, 7, 2], [0, 7, 0, 2], [0, 0, 0, 7]]))
    >>> pieces.ids.tolist(), pieces.per_id.tolist()
    ([2, 7], [1, 2])
    >>> pieces.area.tolist(), pieces.touches.tolist()
    ([3, 2, 1], [True, True, True])
    """
    width = ids.shape[1]
    value, begin, end = find_runs(ids)
    row = begin // max(width, 1)
    first, second, side_by_side = _neighbours(row, begin - row * width, end - row * width, width, begin, end)
    same = value[first] == value[second]
    links = coo_array(
        (np.ones(int(same.sum()), dtype=np.bool_), (first[same], second[same])), shape=(len(value),) * 2
    )
    number, piece = connected_components(links, directed=False) if len(value) else (0, np.zeros(0, np.int64))
    other = np.concatenate([first[~same], second[~same], side_by_side, side_by_side + 1])
    touches = np.zeros(number, dtype=np.bool_)
    touches[piece[other]] = True
    distinct, of_run = np.unique(value, return_inverse=True)
    owner = np.zeros(number, dtype=np.int64)
    owner[piece] = of_run
    return Pieces(
        ids=distinct,
        owner=owner,
        area=np.bincount(piece, weights=end - begin, minlength=number).astype(np.int64),
        box=_boxes(piece, number, row, begin - row * width, end - row * width),
        touches=touches,
        run_piece=piece.astype(np.int64),
        begin=begin,
        end=end,
    )


def numbered_anew(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels with the ids 1 to n in rising order, without gaps.

    Examples
    --------
    >>> numbered_anew(np.array([[0, 70_000], [7, 70_000]]))
    array([[0, 2],
           [1, 2]], dtype=int32)
    """
    spore = labels > 0
    held = labels[spore]
    found = np.zeros(labels.shape, dtype=np.int32)
    found[spore] = np.searchsorted(np.unique(held), held) + 1
    return found


def id_boxes(labels: NDArray[np.integer]) -> list[tuple[int, tuple[slice, slice]]]:
    """Return each id with its bounding box, in rising order; ids may be larger than the image has pixels.

    Examples
    --------
    >>> id_boxes(np.array([[0, 70_000_000], [7, 70_000_000]]))
    [(7, (slice(1, 2, None), slice(0, 1, None))), (70000000, (slice(0, 2, None), slice(1, 2, None)))]
    """
    if labels.max(initial=0) <= labels.size:  # scipy makes a list as long as the largest id
        boxes = ndimage.find_objects(labels)
        return [(index, (box[0], box[1])) for index, box in enumerate(boxes, start=1) if box is not None]
    ids = np.unique(labels[labels > 0]).tolist()
    boxes = ndimage.find_objects(numbered_anew(labels))
    return [(number, (box[0], box[1])) for number, box in zip(ids, boxes, strict=True)]


def _neighbours(
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    width: int,
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of runs in following rows that touch, and the first of the pairs in one row."""
    stride = width + 2  # wider than the image, so that corners never reach into another row
    left, right = row * stride + start, row * stride + stop
    low = np.searchsorted(right, left + stride, "left")
    high = np.searchsorted(left, right + stride, "right")
    many = high - low
    first = np.repeat(np.arange(len(row)), many)
    second = np.arange(len(first)) - np.repeat(np.cumsum(many) - many, many) + low[first]
    in_row = np.flatnonzero((end[:-1] == begin[1:]) & (row[:-1] == row[1:]))
    return first, second, in_row


def _boxes(
    piece: NDArray[Any],
    number: int,
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> NDArray[np.int64]:
    box = np.zeros((number, 4), dtype=np.int64)
    if not number:
        return box
    order = np.argsort(piece, kind="stable")
    places = np.searchsorted(piece[order], np.arange(number))
    for side, (values, best) in enumerate(
        ((row, np.minimum), (start, np.minimum), (row + 1, np.maximum), (stop, np.maximum))
    ):
        box[:, side] = best.reduceat(values[order], places)
    return box
