"""COCO's JSON: polygons, plain and compressed runs, boxes only, and references that lead nowhere."""

from __future__ import annotations

import json
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
    (found,) = read_coco(_file(tmp_path / "a.json", polygons, plain), lambda _: (9, 9))
    assert found.name == "train/a.jpg"
    assert found.classes == ("spore", "spore")
    assert found.labels is not None
    assert np.bincount(found.labels.ravel())[1:].tolist() == [5, 3]
    assert found.labels[:3, 4].tolist() == [2, 2, 2]
    assert any("iscrowd" in note for note in found.notes)
    with pytest.raises(LabelReadError, match=r"annotations\[0\].segmentation.counts"):
        list(read_coco(_file(tmp_path / "a.json", packed), lambda _: (9, 9)))


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
    ("annotation", "image", "complaint"),
    [
        ({"image_id": 8, "segmentation": []}, {}, "the id of one of the images"),
        ({"segmentation": [[0, 0, 1]]}, {}, "even number"),
        ({"segmentation": [[0, 0, 1, None, 2, 2]]}, {}, "numbers"),
        ({"segmentation": {"size": [8, 9], "counts": [72]}}, {}, r"\[9, 9\]"),
        ({"segmentation": {"size": [9, 9], "counts": [82]}}, {}, "81"),
        ({"segmentation": [[0, 0, 1, 0, 1, 1]]}, {"file_name": "/etc/a.jpg"}, "absolute"),
        ({"segmentation": [[0, 0, 1, 0, 1, 1]]}, {"height": 1 << 30, "width": 1 << 30}, "100,000,000"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, annotation: dict[str, Any], image: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(LabelReadError, match=complaint):
        list(read_coco(_file(tmp_path / "a.json", annotation, **image), lambda _: None))
