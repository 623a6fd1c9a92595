"""Splits never part a group, whatever the data set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.split import DEFAULT_SHARES, Split, k_folds, split_dataset
from sporemetry.errors import SettingsError

GroupSizes = list[tuple[int, int]]
data_sets = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 80)), min_size=3, max_size=40)


def build(sizes: GroupSizes) -> tuple[dict[str, str], dict[str, int]]:
    groups = {f"g{g}_{k}": f"g{g}" for g, (number, _) in enumerate(sizes) for k in range(number)}
    counts = {f"g{g}_{k}": spores for g, (number, spores) in enumerate(sizes) for k in range(number)}
    return groups, counts


@given(data_sets, st.integers(0, 1000))
def test_no_group_is_parted_and_no_part_is_empty(sizes: GroupSizes, seed: int) -> None:
    groups, counts = build(sizes)
    split = split_dataset(groups, counts, seed=seed)
    assert set(split.parts) == set(groups)
    for group in set(groups.values()):
        assert len({split.parts[name] for name, of in groups.items() if of == group}) == 1
    assert all(split.names(part) for part in DEFAULT_SHARES)


@given(data_sets, st.integers(2, 3))
def test_each_picture_is_validated_once(sizes: GroupSizes, k: int) -> None:
    groups, counts = build(sizes)
    folds = k_folds(groups, counts, k)
    validated = [name for fold in folds for name in fold.names("val")]
    assert sorted(validated) == sorted(groups)
    for fold in folds:
        train = {groups[name] for name in fold.names("train")}
        assert train.isdisjoint(groups[name] for name in fold.names("val"))


@given(data_sets)
def test_the_order_of_the_pictures_does_not_matter(sizes: GroupSizes) -> None:
    groups, counts = build(sizes)
    turned = dict(reversed(list(groups.items())))
    assert split_dataset(groups, counts, seed=4) == split_dataset(turned, counts, seed=4)


def test_pictures_and_spores_are_balanced() -> None:
    rng = np.random.default_rng(1)
    groups, counts = build(
        [(int(n), int(s)) for n, s in zip(rng.integers(1, 5, 200), rng.integers(0, 90, 200), strict=True)]
    )
    for seed in range(5):
        split = split_dataset(groups, counts, seed=seed)
        for part, share in DEFAULT_SHARES.items():
            names = split.names(part)
            assert len(names) / len(groups) == pytest.approx(share, abs=0.03)
            assert sum(counts[n] for n in names) / sum(counts.values()) == pytest.approx(share, abs=0.03)
    assert split_dataset(groups, counts, seed=1) != split_dataset(groups, counts, seed=2)


def test_each_range_of_counts_is_spread() -> None:
    """Every part gets its share of empty pictures and of poor and rich ones, better than chance gives."""
    rng = np.random.default_rng(2)
    sizes = [(2, int(n)) for n in np.where(rng.random(120) < 0.25, 0, rng.lognormal(3, 1, 120))]
    groups, counts = build(sizes)
    edges = np.quantile([n for _, n in sizes if n], [0.25, 0.5, 0.75])

    def unevenness(parts: Mapping[str, str]) -> float:
        strata = {n: 0 if not counts[n] else 1 + int(np.searchsorted(edges, counts[n])) for n in groups}
        worst = 0.0
        for part, share in DEFAULT_SHARES.items():
            for stratum in range(5):
                members = [name for name in groups if strata[name] == stratum]
                held = sum(parts[name] == part for name in members) / len(members)
                worst = max(worst, abs(held - share))
        return worst

    found = unevenness(split_dataset(groups, counts).parts)
    by_chance = []
    for _ in range(200):
        of_group = dict(
            zip(
                sorted(set(groups.values())),
                rng.choice(list(DEFAULT_SHARES), 120, p=[0.8, 0.1, 0.1]),
                strict=True,
            )
        )
        by_chance.append(unevenness({name: str(of_group[group]) for name, group in groups.items()}))
    assert found < np.quantile(by_chance, 0.01)
    assert found < 0.04


def test_what_cannot_be_split_says_so() -> None:
    groups = {"a_1": "a", "a_2": "a", "b_1": "b"}
    counts = dict.fromkeys(groups, 1)
    with pytest.raises(SettingsError, match="never parted"):
        split_dataset(groups, counts)
    with pytest.raises(SettingsError, match="2 folds"):
        k_folds(groups, counts, 1)
    with pytest.raises(SettingsError, match="none for 'b_1'"):
        split_dataset(groups, {"a_1": 1, "a_2": 3}, shares={"train": 0.5, "test": 0.5})
    for shares in ({}, {"train": 0.0, "test": 1.0}, {"train": float("nan")}, {"train": 0.5, "test": 0.4}):
        with pytest.raises(SettingsError, match="share"):
            split_dataset(groups, counts, shares=shares)


def test_a_split_never_holds_a_parted_group() -> None:
    with pytest.raises(SettingsError, match="parted: a"):
        Split(parts={"a_1": "train", "a_2": "test"}, groups={"a_1": "a", "a_2": "a"})
