"""Training, validation and test parts of a data set: groups stay whole, spore counts are spread evenly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.split_search import assign_groups
from sporemetry.errors import SettingsError

DEFAULT_SHARES: Mapping[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}
_SMALLEST_SHARE = 1e-6  # of the smallest part; a smaller one is a slip, and would overflow
_STRATA = 4  # quarters of the counts above zero; pictures without spores are a stratum of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which part each picture belongs to.

    Attributes
    ----------
    parts : mapping of str to str
        Picture name to part, in the order of the names.
    groups : mapping of str to str
        Picture name to group; no group is in two parts.

    Raises
    ------
    SettingsError
        When the names differ, or a group is parted.
    """

    parts: Mapping[str, str]
    groups: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.parts.keys() != self.groups.keys():
            raise SettingsError("groups", expected="a group for every picture", found="other names")
        if parted := parted_groups(self.parts, self.groups):
            raise SettingsError(
                "parts",
                expected="every group in one part",
                found=f"parted: {', '.join(parted[:5])}",
                remedy="Pictures of one sample look alike: keep them together.",
            )

    @property
    def part_names(self) -> tuple[str, ...]:
        """The parts that hold pictures, in alphabetical order."""
        return tuple(sorted(set(self.parts.values())))

    def names(self, part: str) -> tuple[str, ...]:
        """Return the pictures of a part in the order of their names; none for an unknown part."""
        return tuple(sorted(name for name, other in self.parts.items() if other == part))


def parted_groups(parts: Mapping[str, str], groups: Mapping[str, str]) -> list[str]:
    """Return the groups that have pictures in more than one part, sorted.

    >>> parted_groups({"a_1": "train", "a_2": "val"}, {"a_1": "a", "a_2": "a"})
    ['a']
    """
    first: dict[str, str] = {}
    shared = set()
    for name, part in parts.items():
        if name in groups and first.setdefault(groups[name], part) != part:
            shared.add(groups[name])
    return sorted(shared)


def split_dataset(
    groups: Mapping[str, str],
    counts: Mapping[str, int],
    shares: Mapping[str, float] = DEFAULT_SHARES,
    seed: int = 0,
) -> Split:
    """Share pictures out so that every part has its share of pictures, of spores and of each range of counts.

    Groups are placed one after the other where they fit best, largest first; then groups are moved and
    exchanged as long as that makes the parts more alike. The result depends on the names, groups, counts,
    shares and the seed, not on the order in which they are given.

    Parameters
    ----------
    groups : mapping of str to str
        Picture name to group.
    counts : mapping of str to int
        Picture name to number of spores.
    shares : mapping of str to float
        Part to its share; the shares add up to 1.
    seed : int
        Another seed gives another split that is about as even.

    Raises
    ------
    SettingsError
        When there are fewer groups than parts, shares are not positive numbers that add up to 1, or counts
        do not fit.

    Examples
    --------
    >>> groups = {f"leaf{i // 2}_{i % 2}": f"leaf{i // 2}" for i in range(20)}
    >>> split = split_dataset(groups, dict.fromkeys(groups, 3), seed=1)
    >>> [len(split.names(part)) for part in ("train", "val", "test")]
    [16, 2, 2]
    """
    _check_shares(shares)
    available = len(set(groups.values()))
    if available < len(shares):
        raise SettingsError(
            "shares",
            expected=f"at most as many parts as there are groups, {available}",
            found=str(len(shares)),
            remedy="Groups are never parted: take fewer parts, or state finer groups in dataset.toml.",
        )
    parts = list(shares)
    placed = _place(groups, counts, np.array([shares[part] for part in parts]), seed)
    return _split({name: parts[index] for name, index in placed.items()}, groups)


def k_folds(groups: Mapping[str, str], counts: Mapping[str, int], k: int, seed: int = 0) -> list[Split]:
    """Return ``k`` splits into ``train`` and ``val`` whose ``val`` parts hold every picture once.

    Parameters
    ----------
    groups, counts, seed
        As of :func:`split_dataset`.
    k : int
        Number of folds, from 2 to the number of groups.

    Raises
    ------
    SettingsError
        When there are more folds than groups, or as :func:`split_dataset`.
    """
    available = len(set(groups.values()))
    if type(k) is not int or not 2 <= k <= available:
        raise SettingsError(
            "k",
            expected=f"from 2 to {available} folds, the number of groups",
            found=repr(k),
            remedy="A group is never parted: take fewer folds, or name finer groups in dataset.toml.",
        )
    placed = _place(groups, counts, np.full(k, 1.0 / k), seed)
    return [
        _split({name: "val" if index == fold else "train" for name, index in placed.items()}, groups)
        for fold in range(k)
    ]


def _split(parts: Mapping[str, str], groups: Mapping[str, str]) -> Split:
    return Split(parts=dict(parts), groups={name: groups[name] for name in parts})


def _place(
    groups: Mapping[str, str], counts: Mapping[str, int], shares: NDArray[np.float64], seed: int
) -> dict[str, int]:
    """Return the position of the part of each picture, by sorted name."""
    names = sorted(groups)
    _check_counts(groups, counts)
    ordered = sorted(set(groups.values()))
    position = {group: index for index, group in enumerate(ordered)}
    member = np.array([position[groups[name]] for name in names])
    features = _features(np.array([counts[name] for name in names], dtype=np.float64))
    totals = [np.bincount(member, weights=column, minlength=len(ordered)) for column in features.T]
    sums = np.stack(totals, axis=1).astype(np.float64)
    chosen = assign_groups(sums, shares, ordered, seed)
    return {name: int(chosen[index]) for name, index in zip(names, member, strict=True)}


def _features(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is to be balanced, one row a picture; each column adds up to its weight.

    The columns: being a picture, its spores, and being in a range of counts (none, quarters of the rest).
    """
    positive = counts[counts > 0]
    edges = np.quantile(positive, np.arange(1, _STRATA) / _STRATA) if positive.size else np.zeros(0)
    stratum = np.where(counts > 0, 1 + np.searchsorted(edges, counts, side="left"), 0)
    columns = [np.full(counts.size, 1.0), counts]
    columns += [(stratum == index).astype(np.float64) for index in np.unique(stratum)]
    table = np.stack(columns, axis=1)
    totals = table.sum(axis=0)
    # Sizes come before distributions.
    weights = np.r_[2.0, 1.0, np.full(len(columns) - 2, 1.0 / (len(columns) - 2))]
    return np.asarray(table[:, totals > 0] / totals[totals > 0] * np.sqrt(weights[totals > 0]))


def _check_shares(shares: Mapping[str, float]) -> None:
    values = np.array(list(shares.values()), dtype=np.float64)
    sound = values.size > 0 and np.isfinite(values).all() and all(shares)
    if not sound or (values < _SMALLEST_SHARE).any() or abs(values.sum() - 1) > 1e-6:
        raise SettingsError(
            "shares",
            expected=f"shares of at least {_SMALLEST_SHARE:g} that add up to 1, each under a name",
            found=", ".join(f"{part!r}: {share}" for part, share in shares.items()) or "none",
        )


def _check_counts(groups: Mapping[str, str], counts: Mapping[str, int]) -> None:
    missing = sorted(groups.keys() - counts.keys())
    if missing:
        raise SettingsError("counts", expected="a count for every picture", found=f"none for {missing[0]!r}")
    for name in groups:
        if not 0 <= counts[name] < 2**53:
            raise SettingsError(
                "counts", expected="numbers of spores from 0", found=f"{counts[name]} for {name!r}"
            )
