"""Convex hulls of every label at once, exact to the last pixel.

scikit-image's hull is that of diamonds: each pixel (r, c) stands for (r ± 1/2, c) and (r, c ± 1/2). Here all
coordinates are doubled, so that every corner is a pair of whole numbers and every decision is exact.
A hull is kept as chains of corners sorted by row, two a label: chain ``2 k`` is the left side of label ``k``;
chain ``2 k + 1`` is its right side with the columns negated, so that both are lower hulls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.measurement.runs import Runs

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Extents:
    """The first and last column of each label in each of its rows, sorted by label, then row.

    Attributes
    ----------
    spore, row, left, right : (E,) int64
        The label's position, the row, the first column and the last column (included).
    """

    spore: Ints
    row: Ints
    left: Ints
    right: Ints


@dataclass(frozen=True)
class Chains:
    """The corners of the hulls, sorted by chain, then row; see the module's text.

    Attributes
    ----------
    chain, y, x : (V,) int64
        Chain number, doubled row, doubled column (negated on right sides).
    """

    chain: Ints
    y: Ints
    x: Ints


def row_extents(runs: Runs) -> Extents:
    """Reduce runs to the outermost columns of each label in each row."""
    new = np.ones(runs.row.size, bool)
    new[1:] = (runs.row[1:] != runs.row[:-1]) | (runs.spore[1:] != runs.spore[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], runs.row.size)[: first.size] - 1
    return Extents(runs.spore[first], runs.row[first], runs.start[first], runs.stop[last] - 1)


def centre_hulls(extents: Extents) -> Chains:
    """Return the hulls of the pixels' centres of every label.

    Only the outermost pixels of a row can be corners.
    """
    chain = np.concatenate([2 * extents.spore, 2 * extents.spore + 1])
    y, x = 2 * np.tile(extents.row, 2), 2 * np.concatenate([extents.left, -extents.right])
    return _lower_hulls(Chains(chain, y, x))


def diamond_hulls(centres: Chains) -> Chains:
    """Return the hulls of the pixels' diamonds, given those of their centres.

    The hull of equal diamonds around some points is the hull of the diamonds around the points' hull.
    """
    y = centres.y[:, None] + np.array([-1, 0, 1])
    x = centres.x[:, None] + np.array([0, -1, 0])  # on right sides, too: there the columns are negated
    joined = (centres.chain[1:] == centres.chain[:-1]) & (centres.y[1:] == centres.y[:-1] + 2)
    below = np.flatnonzero(joined) + 1  # diamonds that touch the one before: one corner a row is enough
    x[below - 1, 2] = np.minimum(x[below - 1, 2], x[below, 0])
    kept = np.ones(x.shape, bool)
    kept[below, 0] = False
    chain = np.broadcast_to(centres.chain[:, None], x.shape)
    return _lower_hulls(Chains(chain[kept], y[kept], x[kept]))


def filled_extents(hulls: Chains) -> Extents:
    """Return the pixels whose centres lie in or on the hulls: scikit-image's ``image_convex``.

    Returns
    -------
    Extents
        One entry for each label and each row from its first to its last, without gaps.
    """
    side = np.flatnonzero(hulls.chain[1:] == hulls.chain[:-1])  # edges from corner i to corner i + 1
    y0, x0 = hulls.y[side], hulls.x[side]
    dy, dx = hulls.y[side + 1] - y0, hulls.x[side + 1] - x0
    top = -(-y0 // 2)  # first whole row on the edge
    rows = -(-hulls.y[side + 1] // 2) - top  # the row of the edge's end belongs to the next edge
    edge = np.repeat(np.arange(side.size), rows)
    row = np.arange(edge.size) - np.repeat(np.cumsum(rows) - rows, rows) + top[edge]
    # First pixel at or after the edge: ceil((x0 + dx (2 row - y0) / dy) / 2), in whole numbers.
    inner = -(-(x0[edge] * dy[edge] + dx[edge] * (2 * row - y0[edge])) // (2 * dy[edge]))
    chain = hulls.chain[side][edge]
    left = chain % 2 == 0
    return Extents(chain[left] // 2, row[left], inner[left], -inner[~left])


def extents_area(extents: Extents, count: int) -> Ints:
    """Return the pixels of each of ``count`` labels between its outermost columns."""
    width = extents.right - extents.left + 1
    return np.bincount(extents.spore, weights=width, minlength=count).astype(np.int64)


def hull_corners(hulls: Chains) -> tuple[Ints, NDArray[np.float64]]:
    """Return the corners of every hull in order around it.

    Returns
    -------
    spore : (V,) int64
        The label's position, ascending.
    points : (V, 2) float64
        Row and column of each corner, in pixels; down the left side, then up the right side.
    """
    position = np.arange(hulls.chain.size)
    first, last = (np.searchsorted(hulls.chain, hulls.chain, side=side) for side in ("left", "right"))
    right = hulls.chain % 2 == 1
    order = np.where(right, first + last - 1 - position, position)  # up the right side: the chain reversed
    x = np.where(right, -hulls.x, hulls.x)
    return hulls.chain // 2, np.stack([hulls.y[order], x[order]], axis=1) / 2


def _lower_hulls(chains: Chains) -> Chains:
    """Drop the points that are no corners of their chain's lower hull, and sort by chain.

    A point on or above the line between its neighbours is no corner, whatever other points there are; so
    all such points of all chains go at once, again and again, until there is none. Chains without any are
    set aside, so that one difficult label does not hold up the others.
    """
    active, done = chains, []
    while active.chain.size:
        chain, y, x = active.chain, active.y, active.x
        inside = (chain[1:-1] == chain[:-2]) & (chain[1:-1] == chain[2:])
        lower = (x[1:-1] - x[:-2]) * (y[2:] - y[:-2]) < (x[2:] - x[:-2]) * (y[1:-1] - y[:-2])
        dropped = np.flatnonzero(inside & ~lower) + 1
        kept = np.ones(chain.size, bool)
        kept[dropped] = False
        unfinished = np.zeros(chain.max() + 1, bool)
        unfinished[chain[dropped]] = True
        again = unfinished[chain]
        done.append(_chosen(active, ~again))
        active = _chosen(active, kept & again)
    if not done:
        return chains
    chain, y, x = (np.concatenate([getattr(part, name) for part in done]) for name in ("chain", "y", "x"))
    return _chosen(Chains(chain, y, x), np.argsort(chain, kind="stable"))


def _chosen(chains: Chains, points: NDArray[np.bool_] | Ints) -> Chains:
    return Chains(chains.chain[points], chains.y[points], chains.x[points])
