"""Splits of a data set by group, balanced by pictures and by spores.

Pictures of one sample are alike; with some of them in training and others in the test, the score measures
memory. So a group goes to one part as a whole, and balance is sought with groups as the pieces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

DEFAULT_SHARES: Mapping[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}
_MOST_ROUNDS = 200

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """Which picture belongs to which part.

    Attributes
    ----------
    parts : mapping of str to str
        Picture name to the part's name, in the order of the names.
    groups : mapping of str to str
        Picture name to its group.
    """

    parts: Mapping[str, str]
    groups: Mapping[str, str]

    def names(self, part: str) -> tuple[str, ...]:
        """Return the names of the pictures of a part; none for a part that does not exist."""
        return tuple(name for name, of in self.parts.items() if of == part)


def split_dataset(
    groups: Mapping[str, str],
    counts: Mapping[str, int],
    *,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    seed: int = 0,
) -> Split:
    """Share the groups out so that each part has its share of the pictures and of the spores.

    Parameters
    ----------
    groups : mapping of str to str
        Picture name to its group.
    counts : mapping of str to int
        Picture name to its number of spores; a missing one counts as 0.
    shares : mapping of str to float
        Part name to its share; they are brought to a sum of 1.
    seed : int
        Another seed gives another split, about as balanced.

    Returns
    -------
    Split
        A function of the arguments, whatever their order. No part is empty.

    Raises
    ------
    SettingsError
        For fewer groups than parts, or shares that cannot be used.

    Examples
    --------
    >>> groups = {f"{group}_{k}": group for group in "abcdefghij" for k in range(3)}
    >>> split = split_dataset(groups, dict.fromkeys(groups, 5))
    >>> [len(split.names(part)) for part in ("train", "val", "test")]
    [24, 3, 3]
    """
    if not shares or not all(math.isfinite(share) and share > 0 for share in shares.values()):
        raise SettingsError("shares", expected="a share above 0 for each part", found=str(dict(shares)))
    wanted = np.array(list(shares.values())) / sum(shares.values())
    group_names, sizes = _sizes(groups, counts)
    owner = _share_out(sizes, wanted, "shares", np.random.default_rng([seed, 0x5EED]))
    part_of = dict(zip(group_names, np.array(list(shares))[owner].tolist(), strict=True))
    return Split({name: part_of[groups[name]] for name in sorted(groups)}, dict(sorted(groups.items())))


def k_folds(groups: Mapping[str, str], counts: Mapping[str, int], k: int, *, seed: int = 0) -> list[Split]:
    """Return ``k`` splits into ``train`` and ``val``; each picture is in ``val`` exactly once.

    Parameters and errors are those of :func:`split_dataset`; ``k`` is 2 to the number of groups.
    """
    if k < 2:
        raise SettingsError("k", expected="2 folds or more", found=str(k))
    folds = split_dataset(groups, counts, shares={str(fold): 1.0 for fold in range(k)}, seed=seed)
    return [
        Split(
            {name: "val" if part == str(fold) else "train" for name, part in folds.parts.items()},
            folds.groups,
        )
        for fold in range(k)
    ]


def format_split(split: Split) -> str:
    """Return the split as CSV: ``name, group, part``, one row a picture in the order of the names."""
    rows = [(name, split.groups[name], part) for name, part in split.parts.items()]
    table = pd.DataFrame(rows, columns=["name", "group", "part"])
    return str(table.to_csv(index=False, lineterminator="\n"))


def _sizes(groups: Mapping[str, str], counts: Mapping[str, int]) -> tuple[list[str], FloatArray]:
    """Return the groups' names in order, and of each its share of the pictures and of the spores, G x 2."""
    names = sorted(set(groups.values()))
    place = {name: index for index, name in enumerate(names)}
    sizes = np.zeros((len(names), 2))
    for picture, group in groups.items():
        sizes[place[group]] += (1, counts.get(picture, 0))
    return names, sizes / np.maximum(sizes.sum(axis=0), 1)


def _share_out(
    sizes: FloatArray, wanted: FloatArray, what: str, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the part of each group: the largest first to where most is lacking, then moves and swaps."""
    if len(sizes) < len(wanted):
        raise SettingsError(
            what,
            expected=f"at most as many parts as there are groups, {len(sizes)}",
            found=str(len(wanted)),
            remedy="Groups are never parted: take fewer parts, or state finer groups in dataset.toml.",
        )
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order].sum(axis=1), kind="stable")]
    owner = np.zeros(len(sizes), dtype=np.intp)
    load = np.zeros((len(wanted), 2))
    for number, group in enumerate(order):
        lacking = (wanted[:, None] - load).sum(axis=1)
        empty = np.flatnonzero(np.bincount(owner[order[:number]], minlength=len(wanted)) == 0)
        if len(empty) >= len(order) - number:  # the rest is just enough to leave no part empty
            lacking[np.setdiff1d(np.arange(len(wanted)), empty)] = -np.inf
        owner[group] = int(np.argmax(lacking))
        load[owner[group]] += sizes[group]
    return _improve(owner, sizes, wanted, order)


def _improve(
    owner: NDArray[np.intp], sizes: FloatArray, wanted: FloatArray, order: Sequence[int] | NDArray[np.intp]
) -> NDArray[np.intp]:
    """Move single groups while that brings the parts nearer to their shares; no part is emptied."""
    load = np.stack([np.bincount(owner, sizes[:, k], len(wanted)) for k in range(2)], axis=1)
    target = wanted[:, None]
    for _ in range(_MOST_ROUNDS):
        moved = False
        for group in order:
            here, size = owner[group], sizes[group]
            if np.count_nonzero(owner == here) == 1:
                continue
            before = ((load - target) ** 2 / target).sum(axis=1)
            after = ((load + size - target) ** 2 / target).sum(axis=1)
            without = (((load[here] - size - wanted[here]) ** 2) / wanted[here]).sum()
            gain = before + before[here] - after - without
            gain[here] = 0.0
            there = int(np.argmax(gain))
            if gain[there] > 1e-12:
                load[here] -= size
                load[there] += size
                owner[group] = there
                moved = True
        if not moved:
            break
    return owner
