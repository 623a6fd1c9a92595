"""How far each spore is from the next one, from centre to centre and from border to border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

# Pixels that share a side or a corner lie at most sqrt(2) apart; the next pixels are 2 apart.
_TOUCHING = 1.5


def centre_distances(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each point's distance to the nearest other point.

    Parameters
    ----------
    centres : float64 array, N x 2

    Returns
    -------
    float64 array, N
        NaN for a point that is alone; 0 where two coincide.

    Examples
    --------
    >>> centre_distances(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]]))
    array([5., 1., 1.])
    """
    if len(centres) < 2:
        return np.full(len(centres), np.nan)
    distance, _ = cKDTree(centres).query(centres, k=2)
    return np.asarray(distance[:, 1], dtype=np.float64)


def border_distances(points: NDArray[np.intp], owner: NDArray[np.intp], spores: int) -> NDArray[np.float64]:
    """Return the smallest distance between a pixel of each spore and one of any other spore.

    Parameters
    ----------
    points : integer array, P x 2
        Rows and columns of the spores' pixels; those of their borders are enough.
    owner : integer array, P
        The spore of each pixel, 0 to ``spores`` - 1.
    spores : int
        How many spores there are.

    Returns
    -------
    float64 array, ``spores``
        Between pixel centres, in pixels, exact: 1 where pixels share a side. NaN for a spore that is alone.

    Notes
    -----
    Two different numbers differ in at least one binary digit. So for each digit the pixels of the spores that
    have a 1 there are held against those that have a 0: about log2(spores) nearest-neighbour searches find
    every pair of spores, without one search a spore.
    """
    nearest = np.full(spores, np.inf)
    for digit in range(max(spores - 1, 0).bit_length()):
        high = (owner >> digit & 1).astype(bool)
        sides = points[~high], points[high]
        if not (len(sides[0]) and len(sides[1])):
            continue
        trees = [cKDTree(side) for side in sides]
        for tree, mask in ((trees[1], ~high), (trees[0], high)):
            distance, _ = tree.query(points[mask])
            np.minimum.at(nearest, owner[mask], distance)
    return np.where(np.isfinite(nearest), nearest, np.nan)


def gaps(distance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the background between neighbours in pixels, and which spores touch another.

    Parameters
    ----------
    distance : float64 array, N
        Of :func:`border_distances`.

    Returns
    -------
    gap : float64 array, N
        The distance of the nearest pixels less one pixel; 0 where the spores touch, NaN for a spore alone.
    touches : bool array, N
        Whether pixels of the two share a side or a corner (8 neighbours).

    Examples
    --------
    >>> gaps(np.array([1.0, 2.0 ** 0.5, 2.0, np.nan]))
    (array([ 0.,  0.,  1., nan]), array([ True,  True, False, False]))
    """
    touches = distance < _TOUCHING
    return np.where(touches, 0.0, distance - 1), touches


def border_pixels(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the pixels of labels that have another label, background or the picture's edge beside them.

    Parameters
    ----------
    labels : integer array, H x W

    Returns
    -------
    bool array, H x W
        Seen with 4 neighbours. The two nearest pixels of any two labels are always among these.
    """
    inner = np.zeros(labels.shape, dtype=bool)
    middle = labels[1:-1, 1:-1]
    inner[1:-1, 1:-1] = (
        (middle == labels[:-2, 1:-1])
        & (middle == labels[2:, 1:-1])
        & (middle == labels[1:-1, :-2])
        & (middle == labels[1:-1, 2:])
    )
    return (labels > 0) & ~inner
