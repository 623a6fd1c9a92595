"""Pixels -> polygons that run along the pixels' edges, so that areas are equal to the pixel.

Outlines through pixel centres, as contour finders draw them, lose half a pixel all round. These are made of
pixel corners: pixel (row r, column c) covers x from c to c + 1 and y from r to r + 1.
:mod:`~sporemetry.exchange.filling` is the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.exchange.filling import Patch, fill_patch, fill_polygons

__all__ = [
    "Patch",
    "Polygon",
    "Ring",
    "bounding_boxes",
    "fill_patch",
    "fill_polygons",
    "label_patches",
    "label_polygons",
    "ring_area",
    "trace_rings",
]

# N x 2, x and y of pixel corners; the last joins the first, which is not repeated; no three on one line.
Ring = NDArray[np.int32]

# The four pixels around a corner as bits: upper left 1, upper right 2, lower left 4, lower right 8. An odd
# number of set pixels is a turn; two on a diagonal are two turns that touch.
_FALLING, _RISING = 9, 6
_TURNS = np.zeros(16, dtype=np.intp)
_TURNS[[1, 2, 4, 8, 7, 11, 13, 14]] = 1
_TURNS[[_FALLING, _RISING]] = 2

# Above this, the table that scipy's find_objects makes of all ids would be mostly empty.
_LARGEST_TABLE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Polygon:
    """One connected piece.

    Attributes
    ----------
    outer : int32 array, N x 2
        The outline. It runs clockwise as seen on the screen (y down): :func:`ring_area` is positive.
    holes : tuple of int32 arrays, N x 2
        They run the other way: :func:`ring_area` is negative.

    Notes
    -----
    No ring touches itself; two rings of a piece touch at corners at most. Such polygons are valid in the
    sense of OGC Simple Features, which QuPath asks for.
    """

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        """The outline and then the holes."""
        return (self.outer, *self.holes)

    @property
    def area(self) -> int:
        """Pixels inside, without the holes."""
        return sum(ring_area(ring) for ring in self.rings)


def ring_area(ring: Ring) -> int:
    """Return the signed area in pixels: positive for rings that run clockwise on the screen."""
    x, y = ring.astype(np.int64).T
    return int(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) // 2


def trace_rings(mask: NDArray[np.bool_], origin: tuple[int, int] = (0, 0)) -> list[Polygon]:
    """Return the outlines of the pieces of a mask along the edges of its pixels.

    Parameters
    ----------
    mask : bool array, H x W
        Pixels that touch by a corner only belong to different pieces.
    origin : (int, int)
        Row and column of the mask's upper left pixel in the picture; added to what is returned.

    Returns
    -------
    list of Polygon
        In the order of their topmost, there leftmost, pixel. An empty mask gives an empty list. The areas add
        up to the number of pixels, and :func:`fill_polygons` gives the mask back.

    Examples
    --------
    >>> [piece] = trace_rings(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool))
    >>> piece.outer.tolist(), [hole.tolist() for hole in piece.holes], piece.area
    ([[0, 0], [3, 0], [3, 3], [0, 3]], [[[1, 1], [1, 2], [2, 2], [2, 1]]], 8)
    """
    pieces, found = ndimage.label(np.pad(mask, 1))
    if found == 0:
        return []
    rows, cols, up = _turns(pieces)
    following = _links(rows, cols, up, pieces)
    corners = np.stack([cols + origin[1], rows + origin[0]], axis=1).astype(np.int32)
    outers: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {}
    for cycle in _cycles(following):
        ring = corners[cycle]
        # A ring starts at its topmost, there leftmost, corner: an outline has its piece below that, a hole
        # above.
        row, col = int(rows[cycle[0]]), int(cols[cycle[0]])
        if ring_area(ring) > 0:
            outers[int(pieces[row + 1, col + 1])] = ring
        else:
            holes.setdefault(int(pieces[row, col + 1]), []).append(ring)
    return [Polygon(outer, tuple(holes.get(piece, ()))) for piece, outer in outers.items()]


def bounding_boxes(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], list[tuple[slice, slice]]]:
    """Return the ids in a label picture, in rising order, and the rows and columns that each spans.

    Parameters
    ----------
    labels : integer array, H x W
        0 background; any other number is an id, gaps are allowed.

    Returns
    -------
    ids : int64 array, n
    boxes : list of (slice, slice)
        Nothing but background gives none of either.

    Examples
    --------
    >>> bounding_boxes(np.array([[0, 7, 7], [2, 0, 7]]))
    (array([2, 7]), [(slice(1, 2, None), slice(0, 1, None)), (slice(0, 2, None), slice(1, 3, None))])
    """
    if labels.size == 0:
        return np.zeros(0, dtype=np.int64), []
    if labels.min() >= 0 and labels.max() <= _LARGEST_TABLE:
        found = ndimage.find_objects(labels.astype(np.int32, copy=False))
        ids = [index for index, box in enumerate(found, start=1) if box is not None]
        return np.array(ids, dtype=np.int64), [found[index - 1] for index in ids]
    values = np.unique(labels)
    values = values[values != 0]
    numbered = np.searchsorted(values, labels) + 1
    numbered[labels == 0] = 0
    return values.astype(np.int64), list(ndimage.find_objects(numbered))


def label_patches(labels: NDArray[np.integer]) -> Iterator[tuple[int, Patch]]:
    """Yield each id of a label picture, in rising order, with its pixels."""
    for label, box in zip(*bounding_boxes(labels), strict=True):
        yield int(label), Patch(box[0].start, box[1].start, labels[box] == label)


def label_polygons(labels: NDArray[np.integer]) -> Iterator[tuple[int, list[Polygon]]]:
    """Yield each id of a label picture, in rising order, with the outlines of its pieces."""
    for label, patch in label_patches(labels):
        yield label, trace_rings(patch.mask, (patch.row, patch.col))


def _turns(
    pieces: NDArray[np.int32],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return row and column of each turn of a boundary, row by row, and whether its vertical edge leads up.

    Where two pixels touch by a corner only, two turns share a place: the one whose horizontal edge lies to
    the left comes first, and the answer about the vertical edge says which edges belong together. If the
    pixels are of one piece, the turns go around the empty pixels and keep them apart, else around the filled
    ones: in both cases no ring passes the corner twice.
    """
    around = pieces > 0
    bits = around[:-1, :-1] + 2 * around[:-1, 1:] + 4 * around[1:, :-1] + 8 * around[1:, 1:].astype(np.uint8)
    number = _TURNS[bits]
    rows, cols = np.nonzero(number)
    kinds = bits[rows, cols]
    falling = kinds == _FALLING
    one_piece = np.where(
        falling,
        pieces[rows, cols] == pieces[rows + 1, cols + 1],
        pieces[rows, cols + 1] == pieces[rows + 1, cols],
    )
    # Falling diagonal, around the filled pixels: the left edge joins the upper one; each difference swaps
    # that.
    first_up = falling != one_piece
    repeats = number[rows, cols]
    second = np.zeros(int(repeats.sum()), dtype=np.bool_)
    second[np.cumsum(repeats)[repeats == 2] - 1] = True
    up = np.repeat(first_up, repeats) != second
    return np.repeat(rows, repeats), np.repeat(cols, repeats), up


def _links(
    rows: NDArray[np.intp], cols: NDArray[np.intp], up: NDArray[np.bool_], pieces: NDArray[np.int32]
) -> NDArray[np.intp]:
    """Return for each turn the one that follows, with the filled pixels on the right hand.

    Along a row of corners, boundary edges join the first turn with the second, the third with the fourth;
    along a column likewise.
    """
    following = np.empty(rows.size, dtype=np.intp)
    left = np.arange(0, rows.size, 2)
    rightward = pieces[rows[left] + 1, cols[left] + 1] > 0
    following[np.where(rightward, left, left + 1)] = np.where(rightward, left + 1, left)
    # At a shared place, the turn whose vertical edge leads up ends that edge, so it comes first.
    by_column = np.lexsort((~up, rows, cols))
    top, bottom = by_column[::2], by_column[1::2]
    downward = pieces[rows[top] + 1, cols[top]] > 0
    following[np.where(downward, top, bottom)] = np.where(downward, bottom, top)
    return following


def _cycles(following: NDArray[np.intp]) -> Iterator[list[int]]:
    after = following.tolist()
    seen = bytearray(len(after))
    for start in range(len(after)):
        if seen[start]:
            continue
        cycle = []
        turn = start
        while not seen[turn]:
            seen[turn] = 1
            cycle.append(turn)
            turn = after[turn]
        yield cycle
