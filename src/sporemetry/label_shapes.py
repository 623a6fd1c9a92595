"""Label images that are told by the shapes of their objects: spread ids, rings, cores in rims, a field.

Sound labels have filled objects, each id in one place. A spore that was cut, by a line or by another spore,
still has its pieces in one place, with no other spore among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.label_pieces import Pieces

# Pieces that are smaller, as a share of the largest of their id, are specks; and so are those of few pixels.
_SPECK_SHARE, _SPECK_PX = 0.02, 4
# So many pieces are more than a spore that was cut by one other has.
_PIECES = 3
# Of so many pieces, pieces of other ids lie among them: half as many for many pieces, one at least.
_AMONG = 0.3
_MANY_PIECES = 6
# Where so much of the ids have one piece, one with many is not cut as the others are.
_SOUND_SHARE = 0.8
# An id that reaches so much further than nine in ten of the others is no spore in pieces.
_REACH = 1.5
# The pieces of a cut spore fill so much of their hull. Of so few ids, those that fill less are several
# spores.
_SOLID, _LOOSE, _FEW = 0.8, 0.3, 5
# Of many ids in pieces, so many that reach furthest are looked at.
_WIDEST = 100
# A ring of three pixels has so many pixels with an inside, and a hole larger than itself; one of one or two
# pixels has so few, and a hole of so much of its own area.
_THICK_INSIDE, _THICK_HOLE = 0.4, 1.0
_THIN_INSIDE, _THIN_HOLE = 0.15, 0.5
_RINGS_SHARE, _LOOKED_AT = 0.5, 200
# A core has so much of the area of its rim, and its middle is no further off, as a share of the rim's sides.
_CORE_SHARE, _OFF_MIDDLE = 0.1, 0.2
_CORES_SHARE = 1 / 3
# A field covers so much of the image with its holes, which are of so many pixels, and has a round outline.
_FIELD_SHARE, _HOLE_PX, _CONVEX = 0.3, 12, 0.9


def spread_ids(pieces: Pieces, width: int) -> list[tuple[int, int]]:
    """Return the place of each id whose pieces are no spore in pieces, with their number.

    Parameters
    ----------
    pieces : Pieces
        Of an image of two ids or more.
    width : int
        Of the image, in pixels.

    Returns
    -------
    list of (place in ``pieces.ids``, number of pieces)
        Empty where each id has few pieces, or has them in one place.
    """
    largest = np.zeros(len(pieces.ids), dtype=np.int64)
    np.maximum.at(largest, pieces.owner, pieces.area)
    real = (pieces.area >= _SPECK_SHARE * largest[pieces.owner]) & (pieces.area >= _SPECK_PX)
    number = np.bincount(pieces.owner[real], minlength=len(pieces.ids))
    if number.max(initial=0) < _PIECES:
        return []
    single = (number == 1)[pieces.owner] & real
    sound = float(np.mean(number <= 1)) >= _SOUND_SHARE or int(np.count_nonzero(number > 1)) == 1
    sides = (pieces.box[:, 2:] - pieces.box[:, :2]).max(axis=1)
    usual = float(np.quantile(sides[single], 0.9)) if sound and single.any() else np.inf
    middle = (pieces.box[:, :2] + pieces.box[:, 2:]) / 2
    least_of, most_of = (
        np.full((len(number), 2), np.iinfo(np.int64).max),
        np.zeros((len(number), 2), np.int64),
    )
    np.minimum.at(least_of, pieces.owner[real], pieces.box[real, :2])
    np.maximum.at(most_of, pieces.owner[real], pieces.box[real, 2:])
    places = np.flatnonzero(number >= _PIECES)
    widest = np.argsort((least_of - most_of).min(axis=1)[places], kind="stable")[:_WIDEST]
    found = []
    for place in np.sort(places[widest]).tolist():
        own = np.flatnonzero(real & (pieces.owner == place))
        least, most = least_of[place], most_of[place]
        hull = _hull(pieces, own, width)
        near = real & (pieces.owner != place) & (middle >= least).all(axis=1) & (middle < most).all(axis=1)
        among = sum(cv2.pointPolygonTest(hull, (float(x), float(y)), False) >= 0 for y, x in middle[near])
        many = len(own) >= _MANY_PIECES
        fill = float(pieces.area[own].sum()) / max(1.0, cv2.contourArea(hull))
        mixed = len(own) > _PIECES and among >= max(1, _AMONG * min(len(own), _MANY_PIECES))
        reaches = float((most - least).max()) > _REACH * usual and (many or fill < _SOLID)
        if mixed or reaches or (len(number) <= _FEW and fill < _LOOSE):
            found.append((place, len(own)))
    return found


def thin_rings(ids: NDArray[Any], pieces: Pieces, inside: NDArray[np.bool_]) -> int:
    """Return how many objects are rings up to three pixels thick; 0 where most objects are filled.

    Parameters
    ----------
    ids : (H, W) array of whole numbers
        0 is background.
    pieces : Pieces
        Those of ``ids``. Of many, some are looked at, and the number is of all as far as those tell.
    inside : (H, W) bool
        Where a pixel's four neighbours have its value.
    """
    share = pieces.count(inside) / pieces.area
    thin = share <= _THICK_INSIDE
    if not len(thin) or float(thin.mean()) < _RINGS_SHARE:
        return 0
    step = max(1, len(thin) // _LOOKED_AT)
    looked_at = range(0, len(thin), step)
    rings = 0
    for piece in looked_at:
        if thin[piece]:
            own = _drawn(ids, pieces, piece)
            holes = np.count_nonzero(ndimage.binary_fill_holes(own)) - np.count_nonzero(own)
            least = _THIN_HOLE if share[piece] <= _THIN_INSIDE else _THICK_HOLE
            rings += bool(holes >= least * np.count_nonzero(own))
    return round(rings * len(thin) / len(looked_at)) if rings >= _RINGS_SHARE * len(looked_at) else 0


def cores_in_rims(ids: NDArray[Any], pieces: Pieces) -> list[tuple[int, int]]:
    """Return core and rim, as values, of each object that lies in the middle of another around it.

    Cores of one value need not lie in the middle: the rims of spores that touch are one.
    Empty where they are less than a third of all pieces: of many spores, one may well lie on another.
    """
    free = np.ones((ids.shape[0] + 2, ids.shape[1] + 2), dtype=np.bool_)
    free[1:-1, 1:-1] = ids == 0
    beside = free[:-2, 1:-1] | free[2:, 1:-1] | free[1:-1, :-2] | free[1:-1, 2:]
    enclosed = np.flatnonzero(pieces.touches & (pieces.count(beside) == 0) & (pieces.area >= _SPECK_PX))
    large = np.count_nonzero(pieces.area >= _SPECK_PX)
    if len(enclosed) < _CORES_SHARE * large or not len(enclosed):
        return []
    found = []
    of_value = np.bincount(pieces.owner[enclosed], minlength=len(pieces.ids))
    for piece in enclosed.tolist():
        several = int(of_value[pieces.owner[piece]]) >= _PIECES
        top, left, bottom, right = pieces.box[piece].tolist()
        around = set(np.unique(ids[top - 1 : bottom + 1, left - 1 : right + 1]).tolist())
        around -= {0, core := int(pieces.ids[pieces.owner[piece]])}
        for rim in around:
            place = int(np.searchsorted(pieces.ids, rim))
            if several or _is_middle(pieces, piece, np.flatnonzero(pieces.owner == place)):
                found.append((core, rim))
                break
    return found if len(found) >= _CORES_SHARE * large else []


def field_with_holes(ids: NDArray[Any], pieces: Pieces) -> tuple[int, int, float] | None:
    """Return value, holes and share of the image of an object that looks like a field of view with holes.

    A mask that was inverted inside a round field has the field as its object, and the spores as holes.
    None where no object is so large, has no hole or is not round or rectangular.
    """
    piece = int(np.argmax(pieces.area))
    top, left, bottom, right = pieces.box[piece].tolist()
    if (bottom - top) * (right - left) < _FIELD_SHARE * ids.size:
        return None
    own = _drawn(ids, pieces, piece)
    filled = ndimage.binary_fill_holes(own)
    covered = int(np.count_nonzero(filled))
    hull = cv2.contourArea(_hull(pieces, np.array([piece]), ids.shape[1]))
    if covered < _FIELD_SHARE * ids.size or covered < _CONVEX * hull:
        return None
    _, _, stats, _ = cv2.connectedComponentsWithStats((filled & ~own).astype(np.uint8), connectivity=4)
    holes = int(np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] >= _HOLE_PX))
    value = int(pieces.ids[pieces.owner[piece]])
    return (value, holes, covered / ids.size) if holes else None


def _is_middle(pieces: Pieces, core: int, rims: Iterable[int]) -> bool:
    """Return whether one of the rims has the core in its middle."""
    box = pieces.box[core]
    for rim in rims:
        outer = pieces.box[rim]
        around = (outer[:2] < box[:2]).all() and (outer[2:] > box[2:]).all()
        off = np.abs((outer[:2] + outer[2:]) - (box[:2] + box[2:])) / 2
        central = (off <= _OFF_MIDDLE * (outer[2:] - outer[:2])).all()
        if around and central and pieces.area[core] >= _CORE_SHARE * pieces.area[rim]:
            return True
    return False


def _drawn(ids: NDArray[Any], pieces: Pieces, piece: int) -> NDArray[np.bool_]:
    """Return where the value of a piece is, in the box of the piece."""
    top, left, bottom, right = pieces.box[piece].tolist()
    return np.asarray(ids[top:bottom, left:right] == pieces.ids[pieces.owner[piece]])


def _hull(pieces: Pieces, own: NDArray[np.int64], width: int) -> NDArray[np.float32]:
    """Return the convex hull of pieces, (N, 1, 2) as x, y at the corners of their pixels."""
    runs = np.isin(pieces.run_piece, own)
    row = pieces.begin[runs] // width
    left, right = pieces.begin[runs] - row * width, pieces.end[runs] - row * width
    x = np.concatenate([left, right, left, right])
    y = np.concatenate([row, row, row + 1, row + 1])
    return np.asarray(cv2.convexHull(np.stack([x, y], axis=1).astype(np.float32)))
