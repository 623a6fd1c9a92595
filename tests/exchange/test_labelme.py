"""LabelMe's files as the program writes them, area by area."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.labelme import read_labelme, write_labelme


def _file(path: Path, *shapes: dict[str, Any], **more: object) -> Path:
    content = {"version": "5.4.1", "imagePath": "..\\img\\a.jpg", "imageHeight": 20, "imageWidth": 30, **more}
    path.write_text(json.dumps({**content, "shapes": list(shapes)}))
    return path


def _polygon(points: list[list[float]], **more: object) -> dict[str, Any]:
    return {"label": "spore", "points": points, "shape_type": "polygon", **more}


def test_shapes_by_hand(tmp_path: Path) -> None:
    shapes = (
        _polygon([[1, 1], [5, 1], [5, 4], [1, 4]], group_id=None),
        {"label": "dirt", "points": [[15.0, 10.0], [18.0, 14.0]], "shape_type": "circle"},
        _polygon([[20, 1], [22, 1], [22, 3], [20, 3]], group_id=4),
        _polygon([[25, 1], [26, 1], [26, 3], [25, 3]], group_id=4),
        {"label": "spore", "points": [[1, 1]], "shape_type": "point"},
        {"label": "spore", "points": [[1, 1], [3, 3]], "shape_type": "rectangle"},
    )
    (found,) = read_labelme(_file(tmp_path / "a.json", *shapes), lambda _: None)
    assert found.name == "a.jpg"
    assert found.classes == ("spore", "dirt", "spore")
    assert found.labels is not None
    areas = np.bincount(found.labels.ravel())[1:].tolist()
    assert areas[0] == 12
    assert abs(areas[1] - np.pi * 25) < 3
    assert areas[2] == 6
    assert found.notes == (
        "1 boxes beside outlines: their pixels count neither way (ignore/)",
        "1 points on spores that are drawn: nothing was made of them",
    )


def test_rectangles_alone_are_boxes(tmp_path: Path) -> None:
    box = {"label": "spore", "points": [[9.0, 7.0], [3.0, 2.5]], "shape_type": "rectangle"}
    (found,) = read_labelme(_file(tmp_path / "a.json", box), lambda _: (20, 30))
    assert found.labels is None
    assert found.boxes is not None
    assert found.boxes.tolist() == [[3.0, 2.5, 9.0, 7.0]]


def test_holes_are_kept_as_masks(tmp_path: Path) -> None:
    labels = np.zeros((20, 30), dtype=np.int32)
    labels[4:10, 5:12], labels[6, 7] = 3, 0
    (path,) = write_labelme(tmp_path, [LabelledPicture(name="plate/a", image=Path("x/a.tif"), labels=labels)])
    (shape,) = json.loads(path.read_text())["shapes"]
    assert shape["shape_type"] == "mask"
    assert shape["points"] == [[5, 4], [11, 9]]
    (found,) = read_labelme(tmp_path, lambda _: None)
    assert found.name == "plate/a.tif"
    np.testing.assert_array_equal(found.labels, labels // 3)


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ({"label": "a", "points": [[0, 0], [4, 5]], "shape_type": "mask", "mask": "?"}, "base64"),
        (
            {"label": "a", "points": [[0, 0], [4, 5]], "shape_type": "mask", "mask": "AAAA"},
            "its box is ignored",
        ),
        ({"label": "a", "points": [[0, 0]], "shape_type": "circle"}, "its centre"),
        ({"label": "a", "points": [[5, 5], [1e12, 5]], "shape_type": "circle"}, "far outside"),
        ({"label": "a", "points": [[0, "1"]], "shape_type": "polygon"}, "numbers"),
        ({"label": "a", "points": [[0, 0], [5, 0], [5, 1e300]], "shape_type": "polygon"}, "far outside"),
        (
            {"label": "a", "points": [[0, 0], [5, 0], [5, 5]], "shape_type": "star"},
            "'star'; its box is ignored",
        ),
        ({"label": "a", "points": [[3, 3], [3, 5]], "shape_type": "rectangle"}, "above 0"),
        ({"label": "a", "points": [], "shape_type": "point"}, "found none"),
        (7, "an object"),
    ],
)
def test_one_shape_that_cannot_be_used_is_named_and_the_rest_is_read(
    tmp_path: Path, shape: Any, complaint: str
) -> None:
    good = _polygon([[10, 10], [12, 10], [12, 12], [10, 12]])
    (found,) = read_labelme(_file(tmp_path / "a.json", good, shape), lambda _: None)
    assert found.labels is not None
    assert found.labels.sum() == 4
    assert re.search(complaint, found.notes[-1])
    assert found.notes[-1].startswith("shapes[1]")
    (found,) = read_labelme(_file(tmp_path / "a.json", shape), lambda _: None)
    assert re.search(complaint, str(found.problem))


def test_another_size_is_refused(tmp_path: Path) -> None:
    (found,) = read_labelme(_file(tmp_path / "a.json"), lambda _: (200, 300))
    assert "30 x 20" in str(found.problem)
    (empty,) = read_labelme(_file(tmp_path / "a.json"), lambda _: (20, 30))
    assert empty.labels is not None
    assert not empty.labels.any()


def test_one_file_of_many_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    _file(tmp_path / "a.json", _polygon([[10, 10], [12, 10], [12, 12], [10, 12]]))
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "settings.json").write_text("{}")
    good, bad, of_the_folder = read_labelme(tmp_path, lambda _: (20, 30))
    assert good.problem is None
    assert "b.json" in str(bad.problem)
    assert (of_the_folder.name, of_the_folder.notes) == (
        "",
        ("1 JSON files that are not LabelMe's: settings.json",),
    )


def test_a_shape_without_label_is_drawn_and_the_place_of_a_spoiled_one_is_ignored(tmp_path: Path) -> None:
    good = {"points": [[10, 10], [12, 10], [12, 12], [10, 12]], "label": None, "group_id": 1.5}
    bad = _polygon([[1, 1], [5, float("nan")], [5, 1], [5, 5]])
    far = _polygon([[20, 1], [25, 1], [25, 5], [1e308, 5]])
    (found,) = read_labelme(_file(tmp_path / "a.json", good, bad, far), lambda _: None)
    assert found.labels is not None
    assert found.labels.sum() == 4
    assert found.ignore is not None
    expected = np.zeros((20, 30), dtype=bool)
    expected[1:5, 1:5] = expected[1:5, 20:25] = True
    np.testing.assert_array_equal(found.ignore, expected)
    assert sum("its box is ignored" in note for note in found.notes) == 2
    assert found.notes[0].startswith("1 shapes have no label")
