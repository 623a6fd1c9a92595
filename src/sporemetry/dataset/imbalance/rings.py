"""How many pixels lie around the spores: the ring that CFL* weighs like the spores themselves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RING_SHAPES = ("cross", "disc")
"""``cross``: the mask and its shifts by 1 to r px up, down, left and right. ``disc``: distance at most r."""

# Squared distances are whole numbers: beyond r comes sqrt(r² + 1) at the earliest, far more than this.
_ROUNDING = 1e-3


def ring_pixels(
    spore: NDArray[np.bool_], largest_radius: int, ignore: NDArray[np.bool_] | None = None
) -> dict[str, NDArray[np.int64]]:
    """Count the pixels that dilating the spores by 1, 2, ... pixels adds.

    Parameters
    ----------
    spore : bool array, H x W
        Where there is a spore, whichever.
    largest_radius : int
        The largest radius in pixels, 1 or more.
    ignore : bool array, H x W, optional
        Pixels that neither count nor grow a ring. A spore's ignored pixels are no ring either.

    Returns
    -------
    dict of str to (largest_radius,) int64
        For each of :data:`RING_SHAPES` the ring's pixels by radius 1, 2, ...; zeros without a spore. The ring
        of a solid spore's cross is what the label gains when it is united with itself shifted by exactly r
        in the four directions, as the authors of CFL* do it.

    Examples
    --------
    >>> ring_pixels(np.pad([[True]], 4), 3)
    {'cross': array([ 4,  8, 12]), 'disc': array([ 4, 12, 28])}
    """
    seeds = spore if ignore is None else spore & ~ignore
    window = _window(seeds, largest_radius)
    if window is None:
        return {shape: np.zeros(largest_radius, dtype=np.int64) for shape in RING_SHAPES}
    free = ~spore[window] if ignore is None else ~(spore[window] | ignore[window])
    return {
        "cross": _cross(seeds[window], free, largest_radius),
        "disc": _disc(seeds[window], free, largest_radius),
    }


def _window(seeds: NDArray[np.bool_], margin: int) -> tuple[slice, slice] | None:
    """Return the rows and columns that a ring can reach, or None without a seed."""
    rows, columns = np.flatnonzero(seeds.any(axis=1)), np.flatnonzero(seeds.any(axis=0))
    if not rows.size:
        return None
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _cross(seeds: NDArray[np.bool_], free: NDArray[np.bool_], largest: int) -> NDArray[np.int64]:
    grown = seeds.copy()
    found = np.zeros(largest, dtype=np.int64)
    for radius in range(1, largest + 1):
        grown[radius:] |= seeds[:-radius]
        grown[:-radius] |= seeds[radius:]
        grown[:, radius:] |= seeds[:, :-radius]
        grown[:, :-radius] |= seeds[:, radius:]
        found[radius - 1] = np.count_nonzero(grown & free)
    return found


def _disc(seeds: NDArray[np.bool_], free: NDArray[np.bool_], largest: int) -> NDArray[np.int64]:
    distance = cv2.distanceTransform((~seeds).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = distance[free & (distance <= largest + _ROUNDING)]
    radius = np.ceil(near - _ROUNDING).astype(np.int64)
    return np.cumsum(np.bincount(radius, minlength=largest + 1)[1:], dtype=np.int64)
