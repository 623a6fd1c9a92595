"""Label images whose outlines are not sharp: grey edges, interpolated ids, JPEG, photographs.

Where a mask was smoothed, or labels were resized with interpolation, thin pieces of other values lie along
the outlines. In sound labels an outline belongs to objects that have an inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.label_pieces import Pieces

GREY_EDGES, RESIZED, JPEG, PHOTOGRAPH = "grey-edges", "resized-labels", "jpeg-labels", "photograph"

# Pieces of so few pixels beside other ids start the closer look, and so many of them.
_SMALL = 8
_SMALL_SHARE, _SMALL_NUMBER = 0.1, 3
# Of thin pieces beside other ids among all pieces. On real labels none is.
_THIN_SHARE = 0.5
# Of the outlines that lie on thin pieces. On real labels it is below 0.02.
_OUTLINE_SHARE = 0.3
# Ids that come again and again: so many pieces for each.
_PIECES_PER_ID = 3
# The median piece of blurred or noisy values has so few pixels, and that of the smallest spores has more.
_PIXEL_AREA = 2
# Where the insides of so much of the objects have one value (within 10 %), the labels were a mask.
_PLATEAU_SHARE, _ALIKE = 0.6, 0.1
# Values that are off by this share of the plateau come from rounding in JPEG.
_OFF = 0.02
# A value below this share of the largest, or above the rest of it, is near one of a mask's two.
_NEAR, _BIMODAL = 0.2, 0.95
# A photograph has hardly a pixel of 0.
_EMPTY_SHARE = 0.2
# Smooth edges rise step by step along 70 to 100 % of the outlines, JPEG's noise along 30 to 67 %.
_RAMP_OF_JPEG = 0.68
_FAR_PX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """What the outlines tell.

    Attributes
    ----------
    kind : str
        ``grey-edges``, ``resized-labels``, ``jpeg-labels`` or ``photograph``.
    plateau : int
        The value of the objects' insides, of a mask.
    values, pieces : int
        How many values lie along the outlines (of a photograph: in all), and how many pieces there are.
    share : float
        Of the outlines that are not sharp.
    """

    kind: str
    plateau: int
    values: int
    pieces: int
    share: float


def look_at_edges(ids: NDArray[Any], pieces: Pieces) -> Edges | None:
    """Return what is wrong with the outlines; None for sound labels.

    Parameters
    ----------
    ids : (H, W) array of whole numbers
        0 is background.
    pieces : Pieces
        Those of ``ids``.
    """
    if len(pieces.ids) < 2:
        return None
    small = int(np.count_nonzero(pieces.touches & (pieces.area <= _SMALL)))
    if small < max(_SMALL_NUMBER, _SMALL_SHARE * len(pieces.area)):
        return None
    again = len(pieces.area) >= _PIECES_PER_ID * len(pieces.ids)
    if again and (nearly := _nearly_a_mask(pieces)):
        return nearly
    thin = pieces.touches & (pieces.count(inside_of(ids)) == 0)
    grains = float(np.median(pieces.area)) <= _PIXEL_AREA
    if float(thin.mean()) < _THIN_SHARE or not (again or grains):
        return None
    outline = _outline(ids)
    around = int(np.count_nonzero(outline))
    on_thin = int(pieces.count(outline)[thin].sum()) / max(1, around)
    if around and on_thin < _OUTLINE_SHARE:
        return None
    on_ramp = int(np.count_nonzero(outline & _ramps(ids))) / max(1, around)
    return _named(ids, pieces, thin, on_thin, on_ramp)


def _nearly_a_mask(pieces: Pieces) -> Edges | None:
    """Tell of masks whose values are off by a little, as after JPEG compression of the best quality."""
    area = np.bincount(pieces.owner, weights=pieces.area, minlength=len(pieces.ids))
    values = pieces.ids.astype(np.float64)
    plateau = float(values[int(np.argmax(area))])
    near = (np.abs(values - plateau) <= _OFF * plateau) | (values <= _OFF * plateau)
    if plateau < 1 / _OFF or not near.all():
        return None
    number = len(values) - 1
    return Edges(kind=JPEG, plateau=int(plateau), values=number, pieces=len(pieces.area), share=0.0)


def _named(
    ids: NDArray[Any], pieces: Pieces, thin: NDArray[np.bool_], on_thin: float, on_ramp: float
) -> Edges:
    """Tell the causes apart."""
    core = np.bincount(pieces.owner[~thin], weights=pieces.area[~thin], minlength=len(pieces.ids))
    area = np.bincount(pieces.owner, weights=pieces.area, minlength=len(pieces.ids))
    values = pieces.ids.astype(np.float64)
    largest = values[-1]
    plateau = values[int(np.argmax(core))] if core.any() else largest
    alike = np.abs(values - plateau) <= _ALIKE * plateau
    is_mask = not core.any() or (
        core[alike].sum() >= _PLATEAU_SHARE * core.sum() and plateau >= _PLATEAU_SHARE * largest
    )
    empty = ids.size - float(area.sum())
    ends = (values <= _NEAR * largest) | (values >= (1 - _NEAR) * largest)
    bimodal = (float(area[ends].sum()) + empty) / ids.size
    if empty < _EMPTY_SHARE * ids.size and bimodal < _BIMODAL:
        kind = PHOTOGRAPH
    elif not is_mask:
        kind = RESIZED
    elif on_ramp < _RAMP_OF_JPEG and _stray(ids, largest):
        kind = JPEG
    else:
        kind = GREY_EDGES
    between = len(values) if kind == PHOTOGRAPH else int(np.count_nonzero(values < plateau))
    return Edges(
        kind=kind, plateau=int(plateau), values=between, pieces=len(pieces.area), share=max(on_thin, on_ramp)
    )


def _stray(ids: NDArray[Any], largest: float) -> bool:
    """Return whether many values near 0 lie away from every object: JPEG's ringing reaches 8 pixels."""
    low = (ids > 0) & (ids <= _NEAR * largest)
    kernel = np.ones((2 * _FAR_PX + 1,) * 2, dtype=np.uint8)
    objects = cv2.dilate((ids > largest / 2).astype(np.uint8), kernel)
    far = int(np.count_nonzero(low & (objects == 0)))
    return far >= 8 and far >= 0.1 * int(np.count_nonzero(low))


def inside_of(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a pixel's four neighbours have its value."""
    inside = np.zeros(ids.shape, dtype=np.bool_)
    if min(ids.shape) > 2:
        down = ids[1:] == ids[:-1]
        across = ids[:, 1:] == ids[:, :-1]
        inside[1:-1, 1:-1] = down[1:, 1:-1] & down[:-1, 1:-1] & across[1:-1, 1:] & across[1:-1, :-1]
    return inside


def _ramps(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value lies between those left and right of it, or above and below."""
    ramp = np.zeros(ids.shape, dtype=np.bool_)
    for axis in (0, 1):
        view, found = np.moveaxis(ids, axis, 0), np.moveaxis(ramp, axis, 0)
        rises, falls = view[1:] > view[:-1], view[1:] < view[:-1]
        found[1:-1] |= (rises[1:] & rises[:-1]) | (falls[1:] & falls[:-1])
    return ramp


def _outline(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels of objects beside a pixel of 0."""
    outline = np.zeros(ids.shape, dtype=np.bool_)
    full = ids != 0
    for axis in (0, 1):
        view, found = np.moveaxis(full, axis, 0), np.moveaxis(outline, axis, 0)
        found[1:] |= view[1:] & ~view[:-1]
        found[:-1] |= view[:-1] & ~view[1:]
    return outline
