"""COCO's JSON: polygons, plain and compressed runs, boxes only, and references that lead nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.coco import read_coco, write_coco


def _file(path: Path, *annotations: dict[str, Any], **image: object) -> Path:
    stated = {"id": 7, "file_name": "train/a.jpg", "height": 9, "width": 9, **image}
    content = {
        "images": [stated],
        "categories": [{"id": 3, "name": "spore"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": 3, **each} for n, each in enumerate(annotations)
        ],
    }
    path.write_text(json.dumps(content))
    return path


def test_segmentations_by_hand(tmp_path: Path) -> None:
    polygons = {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2], [3, 0, 4, 0, 4, 1, 3, 1]]}
    # 9 x 9, down the columns: 36 zeros, then rows 0 to 2 of column 4, then the rest.
    plain = {"segmentation": {"size": [9, 9], "counts": [36, 3, 42]}, "iscrowd": 1}
    # Compressed runs that do not make up the picture.
    packed = {"segmentation": {"size": [9, 9], "counts": "f1;0"}}
    (found,) = read_coco(_file(tmp_path / "a.json", polygons, {**plain, "iscrowd": 0}), lambda _: (9, 9))
    assert found.name == "train/a.jpg"
    assert found.classes == ("spore", "spore")
    assert found.labels is not None
    assert np.bincount(found.labels.ravel())[1:].tolist() == [5, 3]
    assert found.labels[:3, 4].tolist() == [2, 2, 2]
    (found,) = read_coco(_file(tmp_path / "a.json", polygons, packed), lambda _: (9, 9))
    assert found.classes == ("spore",)
    assert any(note.startswith("annotations[1]") and "counts" in note for note in found.notes)
    (found,) = read_coco(_file(tmp_path / "a.json", packed), lambda _: (9, 9))
    assert "annotations[0]" in str(found.problem)


def test_crowds_are_ignored_unless_all_are_marked_so(tmp_path: Path) -> None:
    one = {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}
    crowd = {"segmentation": {"size": [9, 9], "counts": [36, 3, 42]}, "iscrowd": 1}
    (found,) = read_coco(_file(tmp_path / "a.json", one, crowd), lambda _: (9, 9))
    assert found.labels is not None
    assert found.labels.max() == 1
    assert found.ignore is not None
    assert np.argwhere(found.ignore).tolist() == [[0, 4], [1, 4], [2, 4]]
    assert any("iscrowd" in note for note in found.notes)
    (found,) = read_coco(_file(tmp_path / "a.json", crowd), lambda _: (9, 9))
    assert found.labels is not None
    assert found.labels.sum() == 3
    assert found.ignore is None


def test_boxes_only(tmp_path: Path) -> None:
    (found,) = read_coco(_file(tmp_path / "a.json", {"bbox": [1, 2, 3, 4]}), lambda _: None)
    assert found.labels is None
    assert found.boxes is not None
    assert found.boxes.tolist() == [[1, 2, 4, 6]]


def test_areas_and_boxes_are_exact(tmp_path: Path) -> None:
    labels = np.zeros((9, 9), dtype=np.int32)
    labels[1:4, 2:7], labels[2, 3], labels[6:, 6:] = 4, 0, 9
    (path,) = write_coco(
        tmp_path, [LabelledPicture(name="a", image=Path("x.tif"), labels=labels, um_per_px=0.5)]
    )
    content = json.loads(path.read_text())
    assert content["images"][0]["file_name"] == "a.tif"
    assert [each["area"] for each in content["annotations"]] == [14, 9]
    assert [each["bbox"] for each in content["annotations"]] == [[2, 1, 5, 3], [6, 6, 3, 3]]
    assert isinstance(content["annotations"][0]["segmentation"]["counts"], str)  # it has a hole
    assert isinstance(content["annotations"][1]["segmentation"], list)
    (found,) = read_coco(tmp_path, lambda _: None)
    assert found.um_per_px == 0.5
    (path,) = write_coco(tmp_path / "r.json", [LabelledPicture(name="a", labels=labels)], segmentation="rle")
    np.testing.assert_array_equal(next(read_coco(path, lambda _: None)).labels, found.labels)


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        ({"image_id": 8, "segmentation": [[0, 0, 1, 0, 1, 1]]}, "image_id 8"),
        ({"segmentation": [[0, 0, 1]]}, "even number"),
        ({"segmentation": [[0, 0, 1, 1]]}, "three points"),
        ({"segmentation": [[0, 0, 1, None, 2, 2]]}, "numbers"),
        ({"segmentation": [[0, 0, 1, float("nan"), 2, 2]]}, "finite"),
        ({"segmentation": [[0, 0, 1e308, 0, 1e308, -1e308]]}, "far outside"),
        ({"segmentation": [[0, 0, 10**30, 0, 1, 1]]}, "far outside"),
        ({"segmentation": {"size": [8, 9], "counts": [72]}}, r"\[9, 9\]"),
        ({"segmentation": {"size": [9, 9], "counts": [82]}}, "81"),
        ({"segmentation": 3, "bbox": [1, 1, 2, 2]}, "its box is ignored"),
        ({"bbox": [1, 1, 2, 0]}, "above 0"),
        ({"bbox": [1, 1, float("inf"), 2]}, "finite"),
        ({}, "neither"),
    ],
)
def test_one_entry_that_cannot_be_used_is_named_and_the_rest_is_read(
    tmp_path: Path, annotation: dict[str, Any], complaint: str
) -> None:
    good = {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}
    found, *rest = read_coco(_file(tmp_path / "a.json", good, annotation), lambda _: (9, 9))
    assert found.labels is not None
    assert found.labels.sum() == 4
    (note,) = [note for each in (found, *rest) for note in each.notes]
    assert note.startswith("annotations[1]")
    assert re.search(complaint, note)
    if "image_id" in annotation:
        with pytest.raises(LabelReadError, match="none has the id"):
            list(read_coco(_file(tmp_path / "a.json", annotation), lambda _: (9, 9)))
    else:
        (found,) = read_coco(_file(tmp_path / "a.json", annotation), lambda _: (9, 9))
        assert re.search(complaint, str(found.problem))


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        ({"file_name": "a\nb.jpg"}, "name of an image"),
        ({"file_name": 3}, "a text"),
        ({"file_name": ".."}, "name of an image"),
        ({"height": 1 << 30, "width": 1 << 30}, "100,000,000"),
        ({"height": -1}, "whole number"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(tmp_path: Path, image: dict[str, Any], complaint: str) -> None:
    path = _file(tmp_path / "a.json", {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}, **image)
    content = json.loads(path.read_text())
    content["images"].append({"id": 9, "file_name": "b.jpg", "height": 9, "width": 9})
    path.write_text(json.dumps(content))
    bad, good = read_coco(path, lambda _: None)
    assert re.search(complaint, str(bad.problem))
    assert good.problem is None


def test_a_size_of_nothing_is_that_of_the_image_itself(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.json", {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}, height=0)
    found, of_the_file = read_coco(path, lambda _: (9, 9))
    assert found.labels is not None
    assert found.labels.shape == (9, 9)
    assert (of_the_file.name, len(of_the_file.notes)) == ("", 1)


def test_one_id_for_two_images_is_an_error_of_both(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.json", {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]})
    content = json.loads(path.read_text())
    content["images"].append({"id": 7, "file_name": "b.jpg", "height": 9, "width": 9})
    path.write_text(json.dumps(content))
    assert ["an id of its own" in str(each.problem) for each in read_coco(path, lambda _: None)] == [True] * 2


def test_an_image_without_a_name_is_named_and_its_annotations_are_not_blamed(tmp_path: Path) -> None:
    one = {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}
    (found,) = read_coco(_file(tmp_path / "a.json", one, file_name=None), lambda _: None)
    assert "file_name" in str(found.problem)


def test_a_file_without_annotations_is_refused_and_one_with_none_of_them_says_so(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.json")
    found, of_the_file = read_coco(path, lambda _: None)
    assert found.labels is not None
    assert "no annotation" in of_the_file.notes[0]
    content = json.loads(path.read_text())
    kept = {key: content[key] for key in ("images", "categories")}
    for more in ({}, {"annotations": None}):
        path.write_text(json.dumps({**kept, **more}))
        with pytest.raises(LabelReadError, match="annotations"):
            list(read_coco(path, lambda _: None))


def test_ids_may_be_numbers_here_and_texts_there(tmp_path: Path) -> None:
    one = {"segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]], "image_id": "7", "category_id": 3.0}
    (found,) = read_coco(_file(tmp_path / "a.json", one), lambda _: None)
    assert found.classes == ("spore",)
