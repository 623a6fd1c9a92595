"""Outlines set a little further out than where a network says spore rather than not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sporemetry.instances.components import LabelArray, MaskArray, renumber

_ABOUT = np.array([(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column])


def widen(
    labels: LabelArray, probability: NDArray[np.float32], beside: MaskArray, *, most: int
) -> LabelArray:
    """Give pixels beside spores to them, step by step outwards.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores. None: returned as they are.
    probability : (H, W) float32 array
        Of two neighbours of a pixel the one with the higher probability gets it.
    beside : (H, W) bool array
        Pixels that may be given; those of spores already are left.
    most : int
        How far, in px.

    Returns
    -------
    (H, W) int32 array
        Spores are 1..n in the order of their first pixel; none is lost, and none falls apart.

    Examples
    --------
    >>> labels = np.array([[0, 0, 1, 0, 0]], dtype=np.int32)
    >>> beside = np.array([[True, True, False, True, False]])
    >>> widen(labels, labels.astype(np.float32), beside, most=1).tolist()
    [[0, 1, 1, 1, 0]]
    """
    grown = np.pad(labels, 1)
    sure = np.pad(probability, 1)
    places = np.flatnonzero(np.pad(beside, 1) & (grown == 0))
    steps = _ABOUT @ np.array([grown.shape[1], 1])
    flat, chance = grown.ravel(), sure.ravel()
    for _ in range(most):
        near = places[:, np.newaxis] + steps
        owners = flat[near]
        best = np.where(owners > 0, chance[near], -1).argmax(axis=1)
        owner = owners[np.arange(len(places)), best]
        given = owner > 0
        if not given.any():
            break
        flat[places[given]] = owner[given]
        places = places[~given]
    return renumber(grown[1:-1, 1:-1])
