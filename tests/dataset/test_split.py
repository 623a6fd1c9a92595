"""Splits never part a group, whatever the data set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.split import DEFAULT_SHARES, Split, format_split, k_folds, split_dataset
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


def test_what_cannot_be_split_says_so() -> None:
    groups = {"a_1": "a", "a_2": "a", "b_1": "b"}
    with pytest.raises(SettingsError, match="never parted"):
        split_dataset(groups, {})
    with pytest.raises(SettingsError, match="2 folds"):
        k_folds(groups, {}, 1)
    for shares in ({}, {"train": 0.0, "test": 1.0}, {"train": float("nan")}):
        with pytest.raises(SettingsError, match="share"):
            split_dataset(groups, {}, shares=shares)


def test_as_a_table() -> None:
    split = Split({"a_1": "train", "b,1": "test"}, {"a_1": "a", "b,1": "b"})
    assert format_split(split) == 'name,group,part\na_1,a,train\n"b,1",b,test\n'
