"""The search behind a split: groups to parts so that sums of features come near to each part's share."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PASSES = 20
_PARTNERS = 256  # exchanges tried for a group in one pass: all of them in sets of usual size
_GAIN = 1e-12  # smaller gains are rounding, and would differ between machines


def assign_groups(
    features: NDArray[np.float64], shares: NDArray[np.float64], names: Sequence[str], seed: int
) -> NDArray[np.intp]:
    """Return the part of each group.

    Parameters
    ----------
    features : (G, F) float64
        Not negative; what is to be shared out, one row a group.
    shares : (P,) float64
        Above 0, adding up to 1.
    names : G strings
        Sorted; with the seed they decide between equals.
    seed : int

    Returns
    -------
    (G,) intp
        No part is empty; there must be at least as many groups as parts.
    """
    order = _order(features, names, seed)
    search = _Search(features, shares, np.full(len(names), -1, dtype=np.intp))
    search.place(order)
    for _ in range(_PASSES):
        changes = [search.improve(group, order) for group in order]
        if not any(changes):
            break
    return search.parts


def _order(features: NDArray[np.float64], names: Sequence[str], seed: int) -> list[int]:
    """Return large groups first, by powers of two; within one power in an order that the seed draws."""
    largest = features.max(axis=1)
    size = [math.frexp(value)[1] if value > 0 else -1100 for value in largest.tolist()]
    drawn = [hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest() for name in names]
    return sorted(range(len(names)), key=lambda group: (-size[group], drawn[group]))


class _Search:
    """Groups moved between parts; the cost is the squared distance from the shares, relative to them."""

    def __init__(
        self, features: NDArray[np.float64], shares: NDArray[np.float64], parts: NDArray[np.intp]
    ) -> None:
        self.features = features
        self.shares = shares
        self.parts = parts
        self._off = -shares[:, None] * features.sum(axis=0)  # sums of each part minus what it should have
        self._members = np.zeros(len(shares), dtype=np.intp)

    def place(self, order: Sequence[int]) -> None:
        """Give every group to the part that needs it most; the last groups to parts that are empty."""
        for done, group in enumerate(order):
            cost = self._change(self.features[group])
            empty = self._members == 0
            if len(order) - done <= empty.sum():
                cost = np.where(empty, cost, np.inf)
            self._move(group, int(np.argmin(cost)))

    def improve(self, group: int, order: Sequence[int]) -> bool:
        """Move the group, or exchange it with another, if that lowers the cost; return whether it did."""
        here = int(self.parts[group])
        away = -self.features[group]
        leaving = self._cost_of(here, away)
        moves = self._change(self.features[group]) + leaving
        moves[here] = 0.0
        best_move = int(np.argmin(moves))
        movable = self._members[here] > 1 and moves[best_move] < -_GAIN
        partner, gain = self._best_exchange(group, order)
        if gain < -_GAIN and (not movable or gain < moves[best_move]):
            there = int(self.parts[partner])
            self._move(group, there)
            self._move(partner, here)
            return True
        if movable:
            self._move(group, best_move)
        return bool(movable)

    def _best_exchange(self, group: int, order: Sequence[int]) -> tuple[int, float]:
        here = int(self.parts[group])
        candidates = np.asarray(order)
        if len(candidates) > _PARTNERS:
            step = len(candidates) / _PARTNERS
            candidates = candidates[((np.arange(_PARTNERS) * step + group) % len(candidates)).astype(np.intp)]
        candidates = candidates[self.parts[candidates] != here]
        if not candidates.size:
            return group, 0.0
        there = self.parts[candidates]
        swap = self.features[candidates] - self.features[group]
        gain = self._cost_of(here, swap) + self._costs_of(there, -swap)
        best = int(np.argmin(gain))
        return int(candidates[best]), float(gain[best])

    def _change(self, added: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much the cost rises when ``added`` goes to each part."""
        return self._costs_of(np.arange(len(self.shares)), added)

    def _cost_of(self, part: int, added: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((2 * self._off[part] + added) * added).sum(axis=-1) / self.shares[part])

    def _costs_of(self, parts: NDArray[np.intp], added: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((2 * self._off[parts] + added) * added).sum(axis=-1) / self.shares[parts])

    def _move(self, group: int, part: int) -> None:
        before = int(self.parts[group])
        if before >= 0:
            self._off[before] -= self.features[group]
            self._members[before] -= 1
        self._off[part] += self.features[group]
        self._members[part] += 1
        self.parts[group] = part
