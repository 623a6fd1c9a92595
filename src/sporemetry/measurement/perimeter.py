"""Both perimeters of scikit-image, for all labels at once.

Only pixels with a different label among their eight neighbours are looked at. Pixels of other labels
count as background, and so does everything outside the picture, as in scikit-image's crop of one region.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_runs import STRIP_PIXELS

# Offsets of the eight neighbours; even positions share an edge with the pixel, odd ones a corner.
_NEIGHBOURS = ((-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1))
_UP, _UP_LEFT, _UP_RIGHT, _LEFT = 0, 1, 7, 2
_HALO = 2  # a border pixel's neighbours are judged by their own neighbours

# Weight of a border pixel with n edge neighbours and m corner neighbours on the border, at n + 5 m [1]_.
_BENKRID = np.zeros(25)
_BENKRID[[2, 3, 7, 8, 12, 13]] = 1
_BENKRID[[10, 16]] = np.sqrt(2)
_BENKRID[[6, 11]] = (1 + np.sqrt(2)) / 2


def perimeters(
    labels: NDArray[Any], values: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``perimeter`` and ``perimeter_crofton`` of every label, in pixels.

    ``perimeter`` weighs each border pixel by how its border neighbours lie [1]_. ``perimeter_crofton``
    counts how often lines in four directions enter the label; by Crofton's formula the length is
    pi/4 (horizontal + vertical + (diagonal + antidiagonal) / sqrt(2)) [2]_.

    Parameters
    ----------
    labels : (H, W) integer
        0 is background.
    values : (S,) int64
        The labels present, ascending. Empty: both results are empty.

    References
    ----------
    .. [1] K. Benkrid and D. Crookes, Design and FPGA implementation of a perimeter estimator, Proc. Irish
       Machine Vision and Image Processing Conference, 2000.
    .. [2] S. Rivollier, Analyse d'image géométrique et morphométrique par diagrammes de forme et voisinages
       adaptatifs généraux, thesis, ENSM Saint-Étienne, 2010. https://theses.hal.science/tel-00560838
    """
    height, width = labels.shape
    around, crossings = np.zeros(values.size), np.zeros(values.size)
    if values.size == 0:
        return around, crossings
    step = max(1, STRIP_PIXELS // width)
    for top in range(0, height, step):
        spore, benkrid, crofton = _strip_terms(_padded(labels, top, top + step), values)
        around += np.bincount(spore, weights=benkrid, minlength=values.size)
        crossings += np.bincount(spore, weights=crofton, minlength=values.size)
    return around, np.pi / 4 * crossings


def _padded(labels: NDArray[Any], top: int, bottom: int) -> NDArray[Any]:
    """Copy some rows with a halo of their neighbours, and of zeros outside the picture."""
    height = labels.shape[0]
    first, last = max(top - _HALO, 0), min(bottom + _HALO, height)
    missing = (first - (top - _HALO), min(bottom, height) + _HALO - last)
    return np.pad(labels[first:last], (missing, (_HALO, _HALO)))


def _strip_terms(
    strip: NDArray[Any], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return label position, perimeter weight and Crofton weight of each outline pixel of a strip."""
    flat, width = strip.ravel(), strip.shape[1]
    position = _outline(strip)
    own = flat[position]
    offsets = [row * width + column for row, column in _NEIGHBOURS]
    same = np.stack([flat[position + offset] == own for offset in offsets])  # (8, M)
    border = ~same[0::2].all(axis=0)  # what erosion by a cross takes away
    is_border = np.zeros(flat.size, bool)
    is_border[position[border]] = True
    linked = np.stack([is_border[position + offset] for offset in offsets]) & same
    code = linked[0::2].sum(axis=0) + 5 * linked[1::2].sum(axis=0)
    benkrid = np.where(border, _BENKRID[code], 0.0)
    entered = (~same).astype(np.float64)
    crofton = entered[_UP] + entered[_LEFT] + (entered[_UP_LEFT] + entered[_UP_RIGHT]) / np.sqrt(2)
    mine = _inside_halo(position, strip.shape)
    return np.searchsorted(values, own[mine].astype(np.int64)), benkrid[mine], crofton[mine]


def _outline(strip: NDArray[Any]) -> NDArray[np.int64]:
    """Return the flat positions of the foreground pixels with another label among their neighbours.

    The outermost ring of the strip is left out.
    """
    level = strip[:, 1:] == strip[:, :-1]
    triple = level[:, 1:] & level[:, :-1]  # equal to both neighbours in the row
    upright = strip[1:, 1:-1] == strip[:-1, 1:-1]
    alone = ~(triple[:-2] & triple[1:-1] & triple[2:] & upright[1:] & upright[:-1])
    alone &= strip[1:-1, 1:-1] != 0
    row, column = np.divmod(np.flatnonzero(alone), alone.shape[1])
    return np.ravel_multi_index((row + 1, column + 1), strip.shape)


def _inside_halo(position: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    row = position // shape[1]  # columns of the halo are zeros, so no position lies there
    return (row >= _HALO) & (row < shape[0] - _HALO)
