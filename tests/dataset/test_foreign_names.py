"""Images are found whatever the machine that wrote their names; nothing outside of their folder ever is."""

from __future__ import annotations

import base64
import json
import unicodedata
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.import_labels import Imported, import_labels
from sporemetry.dataset.picture_index import PictureIndex
from sporemetry.errors import FileError
from sporemetry.exchange.coco import read_coco
from sporemetry.exchange.foreign_names import candidates

CLOUD = base64.b64encode(b"s3://bucket/set/leaf.png").decode()


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((40, 50), dtype=np.uint8)).save(path / name)
    return path


def imported(tmp_path: Path, *names: str) -> Imported:
    images = [{"id": n, "file_name": name, "height": 40, "width": 50} for n, name in enumerate(names)]
    polygon = [[1, 1, 9, 1, 9, 9, 1, 9]]
    annotations = [{"image_id": n, "category_id": 1, "segmentation": polygon} for n in range(len(names))]
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return import_labels(read_coco, path, tmp_path / "images", tmp_path / "set")


@pytest.mark.parametrize(
    "name",
    [
        "leaf.png",
        "./leaf.png",
        "leaf.PNG",
        "leaf",
        "leaf.tif",
        "..\\..\\label-studio\\media\\upload\\4\\leaf.png",
        "..\\..\\label-studio\\media\\upload\\4\\cb0618f6-leaf.png",
        "upload/1/cb0618f6-leaf.png",
        "/data/upload/1/cb0618f6-leaf.png",
        "/data/local-files/?d=set/leaf.png",
        "/data/local-files/?d=set%5Cleaf.png",
        "/data/local-files/?d=C%3A%5Cset%5Cleaf.png",
        "http://localhost:8080/data/local-files/?d=set/leaf.png",
        f"/tasks/7/resolve/?fileuri={CLOUD}",
        "https://host/a/leaf.png?X-Amz-Expires=60&X-Amz-Signature=" + "0" * 2000,
        "https://host/a/leaf.png#fragment",
        "s3://bucket/set/leaf.png",
        "file:///C:/images/leaf.png",
        "C:\\images\\leaf.png",
        "C:leaf.png",
        "\\\\server\\share\\leaf.png",
        "/home/someone/images/leaf.png",
        "/../../../leaf.png",
    ],
)
def test_the_last_part_of_a_foreign_path_counts(tmp_path: Path, name: str) -> None:
    folder(tmp_path / "images", "leaf.png", "other.png")
    done = imported(tmp_path, name)
    assert (done.pictures, done.failures) == (1, ())
    assert [item.name for item in open_dataset(tmp_path / "set").items] == ["leaf"]


@pytest.mark.parametrize(
    ("there", "name"),
    [
        ("my leaf 1.png", "https://host/my%20leaf%201.png"),
        ("my leaf 1.png", "upload/1/cb0618f6-my_leaf_1.png"),
        ("100%25.png", "100%25.png"),
        ("a%20b.png", "a%20b.png"),
        ("a?b.png", "a?b.png"),
        ("a#1.png", "a#1.png"),
        ("cb0618f6-leaf.png", "leaf.png"),
        ("Blätter, n°1.png", unicodedata.normalize("NFD", "x/Blätter, n°1.png")),
        (unicodedata.normalize("NFD", "Blätter, n°1.png"), "Blätter, n°1.png"),
        (unicodedata.normalize("NFD", "échantillon.png"), "https://host/" + quote("échantillon.png")),
        ("胞子.png", "https://host/" + quote("胞子.png")),
        ("Leaf.JPG.png", "leaf.jpg.png"),
    ],
)
def test_names_that_were_changed_on_the_way_are_found(tmp_path: Path, there: str, name: str) -> None:
    folder(tmp_path / "images", there, "b.png")
    assert imported(tmp_path, name).pictures == 1
    (item,) = open_dataset(tmp_path / "set").items
    assert item.image.name == there


def test_the_longest_end_counts_and_doubt_is_said(tmp_path: Path) -> None:
    index = PictureIndex(
        folder(tmp_path, "x/leaf.png", "y/leaf.png", "cb0618f6-a.png", "ab12cd34-a.png", "a%2f.png")
    )
    assert index.find("/data/y/leaf.png") == tmp_path / "y/leaf.png"
    assert index.find("https://host/x%2Fleaf.png") == tmp_path / "x/leaf.png"
    assert index.find("upload/ab12cd34-a.png") == tmp_path / "ab12cd34-a.png"
    for name in ("leaf.png", "z/leaf.png", "a.png"):
        with pytest.raises(FileError, match="one picture of that name"):
            index.find(name)
    assert index.find("b.png") is None
    assert index.find("") is None


def test_composed_and_decomposed_names_side_by_side(tmp_path: Path) -> None:
    composed, decomposed = "ä.png", unicodedata.normalize("NFD", "ä.png")
    index = PictureIndex(folder(tmp_path, composed, decomposed))
    if len(index) == 2:  # some disks take both for one
        for name in (composed, decomposed):
            found = index.find(f"old/{name}")
            assert found is not None
            assert found.name == name


def test_nothing_outside_of_the_folder_is_found(tmp_path: Path) -> None:
    folder(tmp_path, "secret.png")
    folder(tmp_path / "images", "a.png")
    for name in ("../secret.png", str(tmp_path / "secret.png"), (tmp_path / "secret.png").as_uri()):
        done = imported(tmp_path, name)
        assert done.pictures == 0
        assert not (tmp_path / "set").exists()


def test_two_names_for_one_image_are_not_mixed(tmp_path: Path) -> None:
    folder(tmp_path / "images", "leaf.png", "b.png")
    images = [{"id": n, "file_name": name} for n, name in enumerate(("a/leaf.png", "b/leaf.png", "b.png"))]
    annotations = [
        {"image_id": n, "segmentation": [[1, 1, 9, 1, 9, 9 + n, 1, 9]]} for n in range(len(images))
    ]
    (tmp_path / "c.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    done = import_labels(read_coco, tmp_path / "c.json", tmp_path / "images", tmp_path / "set")
    assert (done.pictures, len(done.failures)) == (1, 1)
    assert [item.name for item in open_dataset(tmp_path / "set").items] == ["b"]


@given(st.text(max_size=40) | st.from_regex(r"[a-z:/\\.?=%#]{0,30}"))
def test_what_a_name_may_mean_stays_inside(name: str) -> None:
    for each in candidates(name):
        parts = Path(each).parts
        assert not Path(each).is_absolute()
        assert ".." not in parts
