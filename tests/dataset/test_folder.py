"""Listing data set folders and reading their cards."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sporemetry.dataset.card import DatasetCard, read_card
from sporemetry.dataset.folder import open_dataset, read_item_ignore, read_item_labels
from sporemetry.errors import LabelReadError


def write(path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    picture = np.full((6, 8, 3), 200, np.uint8)
    labels = np.zeros((6, 8), np.uint8)
    labels[1:3, 1:3] = 2
    labels[4, 4:7] = 5
    for name in ("leaf_1", "leaf_2", "plot/other_1", "blank"):
        write(tmp_path / "images" / f"{name}.png", picture)
    write(tmp_path / "labels" / "leaf_1_labels.png", labels)
    write(tmp_path / "labels" / "plot" / "other_1.png", labels)
    write(tmp_path / "labels" / "lost.png", labels)
    write(tmp_path / "ignore" / "leaf_1.png", (labels == 5).astype(np.uint8) * 255)
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "leaf_2.txt").write_text("0 .5 .5 .1 .1\n")
    (tmp_path / "boxes" / "classes.txt").write_text("spore\n")
    write(tmp_path / "images" / ".hidden.png", picture)
    return tmp_path


def test_files_are_paired_by_name(root: Path) -> None:
    dataset = open_dataset(root)
    assert [item.name for item in dataset.items] == ["blank", "leaf_1", "leaf_2", "plot/other_1"]
    assert [item.group for item in dataset.items] == ["blank", "leaf", "leaf", "plot/other"]
    assert [item.name for item in dataset.labelled] == ["leaf_1", "plot/other_1"]
    assert dataset.items[2].boxes == root / "boxes" / "leaf_2.txt"
    assert dataset.orphans == (root / "labels" / "lost.png",)
    assert dataset.doubles == ()


def test_labels_keep_their_ids_and_ignore_is_a_mask(root: Path) -> None:
    item = open_dataset(root).labelled[0]
    assert np.unique(read_item_labels(item).labels).tolist() == [0, 2, 5]
    ignored = read_item_ignore(item, (6, 8))
    assert np.argwhere(ignored).tolist() == [[4, 4], [4, 5], [4, 6]]
    with pytest.raises(LabelReadError, match="9 x 6"):
        read_item_ignore(item, (6, 9))


def test_an_item_without_labels_says_so(root: Path) -> None:
    item = open_dataset(root).items[0]
    assert not read_item_ignore(item, (6, 8)).any()
    with pytest.raises(LabelReadError, match="label picture of the same name"):
        read_item_labels(item)


def test_two_files_of_one_name_are_told(root: Path) -> None:
    write(root / "labels" / "leaf_1.bmp", np.zeros((6, 8), np.uint8))
    assert len(open_dataset(root).doubles) == 1


def test_a_folder_that_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(LabelReadError, match="images/"):
        open_dataset(tmp_path)
    with pytest.raises(LabelReadError, match="no such folder"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "images").mkdir()
    assert open_dataset(tmp_path).items == ()


def test_card(tmp_path: Path) -> None:
    path = tmp_path / "dataset.toml"
    assert read_card(path) == DatasetCard()
    path.write_text('um_per_px = 0.5\nspecies = "x"\n[groups]\n"a*" = "A"\n"*" = "B"\n')
    card = read_card(path)
    assert (card.um_per_px, card.species) == (0.5, "x")
    assert [card.group_of(name) for name in ("a1", "b_1")] == ["A", "B"]


@pytest.mark.parametrize(
    "text",
    [
        "um_per_px = 0", "um_per_px = true", "um_per_px = nan",
        'um_per_px = "1"', "groups = 3", "species = 4",
        "[groups]\na = 1", "colour = 'x'", "= =", "a = " + "[" * 5000, "\udce9",
    ],
)  # fmt: skip
def test_bad_cards_are_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dataset.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LabelReadError, match=r"dataset\.toml"):
        read_card(path)


@pytest.mark.real
def test_real_sets_open(real_data: Path) -> None:
    sizes = {
        name: (len(open_dataset(real_data / name).items), len(open_dataset(real_data / name).labelled))
        for name in ("anthracnose", "nosema", "rice_blast", "dic_fungal")
    }
    assert sizes == {
        "anthracnose": (5, 5), "nosema": (27, 27), "rice_blast": (14, 0), "dic_fungal": (14, 14)
    }  # fmt: skip
