"""Run folders: one run each, damaged cards named; parts: groups stay whole."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sporemetry.dataset.folder import Dataset, DatasetItem, open_dataset
from sporemetry.dataset.split import parted_groups
from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.training import parts as part_module
from sporemetry.training.parts import ALL, TEST, TRAIN, VALIDATION, choose_items, choose_parts, part_items
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import Recipe
from sporemetry.training.recipe_tables import CropSettings
from sporemetry.training.run_folder import (
    RESULT_NAME,
    RUN_NAME,
    RunCard,
    RunResult,
    begin_run,
    is_run,
    read_result,
    read_run,
)

CARD = RunCard(
    recipe=Recipe(steps=3, keep=(1, 2)),
    dataset="dots",
    parts={"b_1": "val", "a_1": "train", "a_2": "train"},
    groups={"a_1": "a", "a_2": "a", "b_1": "b"},
    statistics=PictureStatistics(
        mean=(1.5, 2.25, 1 / 3), std=(3.0, 4.0, 5.0), spore_pixels=3, background_pixels=600
    ),
    um_per_px=0.32,
)


def changed(**fields: Any) -> RunCard:
    return dataclasses.replace(CARD, **fields)


def test_a_card_reads_back(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    begin_run(tmp_path / "deep" / "run", CARD)
    assert is_run(tmp_path / "deep" / "run")
    found = read_run(tmp_path / "deep" / "run")
    assert found == CARD
    assert found.encode() == CARD.encode()
    assert found.split.names("train") == ("a_1", "a_2")


def test_the_same_run_goes_on_and_writes_nothing(tmp_path: Path) -> None:
    begin_run(tmp_path, CARD)
    before = (tmp_path / RUN_NAME).stat().st_mtime_ns
    order = {name: CARD.parts[name] for name in sorted(CARD.parts, reverse=True)}
    begin_run(tmp_path, changed(parts=order))
    assert (tmp_path / RUN_NAME).stat().st_mtime_ns == before


OTHERS = {
    "recipe.steps": changed(recipe=Recipe(steps=4, keep=(1, 2))),
    "recipe.keep": changed(recipe=Recipe(steps=3, keep=(1,))),
    "recipe.crop.size": changed(recipe=Recipe(steps=3, keep=(1, 2), crop=CropSettings(size=99))),
    "dataset": changed(dataset="other"),
    "um_per_px": changed(um_per_px=None),
    "statistics.spore_pixels": changed(statistics=dataclasses.replace(CARD.statistics, spore_pixels=4)),
    "parts.b_1": changed(parts={**CARD.parts, "b_1": "test"}),
    "parts.c_1": changed(parts={**CARD.parts, "c_1": "val"}, groups={**CARD.groups, "c_1": "c"}),
    "groups.b_1": changed(groups={**CARD.groups, "b_1": "c"}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_run_in_the_same_folder_is_refused(name: str, tmp_path: Path) -> None:
    begin_run(tmp_path, CARD)
    before = (tmp_path / RUN_NAME).read_bytes()
    with pytest.raises(SettingsError, match=rf"^--output: expected .* found another {name} in ") as error:
        begin_run(tmp_path, OTHERS[name])
    assert error.value.remedy
    assert (tmp_path / RUN_NAME).read_bytes() == before


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda each: each.update(format=2),
    "no parts": lambda each: each.pop("parts"),
    "parts no table": lambda each: each.update(parts=["a_1"]),
    "a part too few": lambda each: each["parts"].pop("b_1"),
    "a parted group": lambda each: each["parts"].update(a_2="val"),
    "an unknown key": lambda each: each["recipe"].update(stepz=1),
    "a bad value": lambda each: each["recipe"].update(steps="many"),
    "recipe no table": lambda each: each.update(recipe=[]),
    "two channels": lambda each: each["statistics"].update(mean=[1, 2]),
    "no spread": lambda each: each["statistics"].update(std=[1, 0, 1]),
    "not a number": lambda each: each["statistics"].update(mean=[1, float("nan"), 1]),
    "words": lambda each: each["statistics"].update(mean=["a", "b", "c"]),
    "infinite": lambda each: each["statistics"].update(spore_pixels=float("inf")),
    "no scale": lambda each: each.update(um_per_px="large"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_damaged_card_is_named(edit: str, tmp_path: Path) -> None:
    begin_run(tmp_path, CARD)
    content = json.loads((tmp_path / RUN_NAME).read_text())
    EDITS[edit](content)
    (tmp_path / RUN_NAME).write_text(json.dumps(content))
    with pytest.raises(LabelReadError, match=r"run\.json: expected a training run"):
        read_run(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"3", b"\xff", b"[" * 100_000])
def test_files_that_are_no_card_or_result_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / RUN_NAME).write_bytes(content)
    (tmp_path / RESULT_NAME).write_bytes(content)
    with pytest.raises(LabelReadError, match=r"run\.json: expected a training run"):
        read_run(tmp_path)
    with pytest.raises(LabelReadError, match=r"result\.json: expected the result of a run"):
        read_result(tmp_path)


def test_results_read_back_or_are_named(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None
    with pytest.raises(LabelReadError, match=r"run\.json"):
        read_run(tmp_path)
    for threshold in (None, 0.0, 0.37, 1.0):
        result = RunResult(steps=3, best_step=2, best={"spore_iou": 0.5}, threshold=threshold)
        (tmp_path / RESULT_NAME).write_bytes(result.encode())
        assert read_result(tmp_path) == result
    whole = {"steps": 3, "best_step": 2, "best": {}}
    changes: tuple[dict[str, Any], ...] = (
        {"threshold": 2.0}, {"threshold": "0.5"}, {"threshold": float("nan")}, {"more": 1},
    )  # fmt: skip
    for content in ({"steps": 3}, *(whole | change for change in changes)):
        (tmp_path / RESULT_NAME).write_text(json.dumps(content))
        with pytest.raises(LabelReadError, match=r"result\.json"):
            read_result(tmp_path)


def listed(names: list[str], *, labelled: bool = True) -> Dataset:
    """A data set of these pictures; their group is what stands before the underscore."""
    from sporemetry.dataset.card import DatasetCard

    items = tuple(
        DatasetItem(
            name=name,
            group=name.partition("_")[0],
            image=Path(f"{name}.png"),
            labels=Path(f"{name}.tif") if labelled else None,
        )
        for name in sorted(names)
    )
    return Dataset(root=Path("dots"), items=items, card=DatasetCard())


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=20), st.integers(0, 5))
@settings(max_examples=40)
def test_groups_are_never_parted(pictures: set[tuple[int, int]], seed: int) -> None:
    dataset = listed([f"g{group}_{number}" for group, number in pictures])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            part_module, "spore_counts", lambda items: {item.name: len(item.name) for item in items}
        )
        split = choose_parts(dataset, None, seed=seed)
        assert choose_parts(dataset, None, seed=seed) == split
    assert not parted_groups(split.parts, {item.name: item.group for item in dataset.items})
    groups = len({item.group for item in dataset.items})
    expected = {TRAIN, VALIDATION, TEST} if groups >= 3 else {TRAIN, VALIDATION} if groups == 2 else {TRAIN}
    assert set(split.part_names) == expected
    joined = [item.name for part in split.part_names for item in part_items(dataset, split, part)]
    assert sorted(joined) == sorted(item.name for item in dataset.items)


def test_no_labelled_pictures_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"^DATASET: expected .* found 2 pictures, none with labels"):
        choose_parts(listed(["a_1", "b_1"], labelled=False), None, seed=0)


def write_pictures(folder: Path, names: list[str], labelled: list[str]) -> Dataset:
    for part, listing in (("images", names), ("labels", labelled)):
        (folder / part).mkdir(parents=True)
        for name in listing:
            cv2.imwrite(str(folder / part / f"{name}.png"), np.eye(8, dtype=np.uint8))
    return open_dataset(folder)


def test_parts_are_as_the_file_says(tmp_path: Path) -> None:
    dataset = write_pictures(tmp_path / "set", ["a_1", "a_2", "b_1", "c_1"], ["a_1", "b_1", "c_1"])
    path = tmp_path / "split.csv"
    path.write_text("name,group,part\na_1,a,val\na_2,a,val\nb_1,b,train\nc_1,c,holdout\n")
    split = choose_parts(dataset, path, seed=0)
    assert split.parts == {"a_1": "val", "b_1": "train", "c_1": "holdout"}  # a_2 has no labels
    assert [item.name for item in part_items(dataset, split, "val")] == ["a_1"]
    assert part_items(dataset, split, "test") == ()
    for bad in ("a_1,a,val\na_2,a,train\nb_1,b,train\nc_1,c,val\n", "a_1,a,val\n", "z_1,z,val\n"):
        path.write_text("name,group,part\n" + bad)
        with pytest.raises(LabelReadError, match=r"split\.csv"):
            choose_parts(dataset, path, seed=0)
    with pytest.raises(LabelReadError, match=r"none\.csv"):
        choose_parts(dataset, tmp_path / "none.csv", seed=0)


def test_items_of_a_part_are_all_there_or_refused() -> None:
    assert [item.name for item in choose_items(listed(["a_1", "a_2", "b_1"]), CARD, "train")] == [
        "a_1",
        "a_2",
    ]
    assert [item.name for item in choose_items(listed(["a_1", "z_1"]), CARD, ALL)] == ["a_1", "z_1"]
    with pytest.raises(SettingsError, match=r"^--part: expected one of train, val, all; found 'test'. Name"):
        choose_items(listed(["a_1"]), CARD, "test")
    with pytest.raises(SettingsError, match=r"^DATASET: expected all 2 .* found 1 missing, a_2 for one"):
        choose_items(listed(["a_1", "b_1"]), CARD, "train")
    with pytest.raises(SettingsError, match=r"^DATASET: expected labelled pictures of the part val"):
        choose_items(listed(["a_1", "a_2"]), CARD, "val")
    with pytest.raises(SettingsError, match=r"^DATASET: expected labelled pictures of the part all"):
        choose_items(listed(["a_1"], labelled=False), CARD, ALL)
