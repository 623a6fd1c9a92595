"""Regions, duplicates and entries of odd shape are treated alike in every format that may hold them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.test_what_cannot_be_drawn import SIZE, SPORE, Item, read

from sporemetry.exchange.annotation import Annotation
from sporemetry.exchange.duplicates import SAME_OVERLAP, near_duplicates
from sporemetry.exchange.imagej import encode_rois, read_rois
from sporemetry.exchange.registry import IMPORTERS

FIELD: Item = ("polygon", [[1, 1], [98, 1], [98, 78], [1, 78]], "spore")
FIELD_BOX: Item = ("box", [[1, 1], [98, 78]], "spore")
OTHER: Item = ("polygon", [[60, 40], [80, 40], [80, 60], [60, 60]], "spore")
BOXES: tuple[Item, ...] = (
    ("box", [[10, 10], [30, 30]], "spore"),
    ("box", [[60, 40], [80, 60]], "spore"),
)
OUTLINED = ["labelme", "coco", "cvat", "qupath", "imagej", "yolo-seg"]
BOXED = ["labelme", "coco", "cvat", "yolo-seg"]


def document(name: str, folder: Path, file: str, content: object) -> Annotation:
    (folder / file).write_text(content if isinstance(content, str) else json.dumps(content))
    (found, *_) = IMPORTERS[name](folder, lambda _: SIZE)
    return found


def coco(folder: Path, *annotations: Mapping[str, object]) -> Annotation:
    images = [{"id": 1, "file_name": "a.png", "height": SIZE[0], "width": SIZE[1]}]
    rows = [{"id": n, "image_id": 1, "category_id": 1, **each} for n, each in enumerate(annotations)]
    content = {"images": images, "categories": [{"id": 1, "name": "spore"}], "annotations": rows}
    return document("coco", folder, "annotations.json", content)


@pytest.mark.parametrize("name", OUTLINED)
@pytest.mark.parametrize("spores", [(SPORE, OTHER), (SPORE,)])
def test_an_outline_of_the_field_is_no_spore_wherever_it_stands(
    tmp_path: Path, name: str, spores: tuple[Item, ...]
) -> None:
    for items in ((FIELD, *spores), (*spores, FIELD)):
        found = read(name, tmp_path, *items)
        assert found.labels is not None
        assert np.bincount(found.labels.ravel())[1:].tolist() == [400] * len(spores)
        assert found.ignore is None
        assert any("regions of interest" in note for note in found.notes)


@pytest.mark.parametrize("name", BOXED)
def test_a_box_of_the_field_is_neither_spore_nor_ignored(tmp_path: Path, name: str) -> None:
    beside = read(name, tmp_path, SPORE, OTHER, FIELD_BOX)
    assert beside.labels is not None
    assert beside.labels.max() == 2
    assert beside.ignore is None
    assert any("boxes that enclose others" in note for note in beside.notes)
    alone = read(name, tmp_path, FIELD_BOX, *BOXES)
    assert alone.boxes is not None
    np.testing.assert_allclose(alone.boxes, [[10, 10, 30, 30], [60, 40, 80, 60]])


def test_a_circle_around_all_is_a_region(tmp_path: Path) -> None:
    shapes = [
        {"label": "spore", "points": SPORE[1], "shape_type": "polygon"},
        {"label": "spore", "points": [[50, 40], [150, 40]], "shape_type": "circle"},
    ]
    found = document("labelme", tmp_path, "a.json", {"imagePath": "a.png", "shapes": shapes})
    assert found.labels is not None
    assert found.labels.sum() == 400


def test_several_drawings_of_one_spore_are_no_region(tmp_path: Path) -> None:
    nested: list[Item] = [
        ("polygon", [[10 - n, 10 - n], [30 + n, 10 - n], [30 + n, 30 + n], [10 - n, 30 + n]], "spore")
        for n in (2, 1, 0)
    ]
    found = read("labelme", tmp_path, *nested)
    assert not any("regions" in note for note in found.notes)


@pytest.mark.parametrize("name", OUTLINED)
@pytest.mark.parametrize("around", [False, True])
def test_a_small_rectangle_around_one_spore_is_a_region(tmp_path: Path, name: str, around: bool) -> None:
    spore: Item = ("polygon", [[20, 15], [25, 20], [20, 25], [15, 20]], "spore")
    frame: Item = ("polygon", [[5, 5], [35, 5], [35, 35], [5, 35]], "spore")
    box: Item = ("polygon", [[15, 15], [25, 15], [25, 25], [15, 25]], "spore")
    found = read(name, tmp_path, spore, frame if around else box, OTHER)
    assert found.labels is not None
    assert any("regions of interest" in note for note in found.notes) is around
    areas = np.bincount(found.labels.ravel())[1:]
    assert areas.tolist() == ([np.count_nonzero(found.labels == 1), 400] if around else [100, 400])
    assert areas[0] < 101


@pytest.mark.parametrize("name", BOXED)
def test_boxes_that_are_nearly_the_same_count_once(tmp_path: Path, name: str) -> None:
    nearly: Item = ("box", [[11, 11], [31, 31]], "spore")
    beside: Item = ("box", [[16, 16], [36, 36]], "spore")
    found = read(name, tmp_path, nearly, *BOXES, beside)
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, [[10, 10, 30, 30], [60, 40, 80, 60], [16, 16, 36, 36]])
    assert any(note.startswith("1 boxes") and "same as later" in note for note in found.notes)


@pytest.mark.parametrize("name", OUTLINED)
def test_outlines_that_are_nearly_the_same_count_once_and_crossing_spores_twice(
    tmp_path: Path, name: str
) -> None:
    again: Item = ("polygon", [[x + 1, y + 1] for x, y in SPORE[1]], "spore")
    rods: tuple[Item, ...] = (
        ("polygon", [[60, 40], [62, 40], [80, 58], [80, 60], [78, 60], [60, 42]], "spore"),
        ("polygon", [[80, 40], [80, 42], [62, 60], [60, 60], [60, 58], [78, 40]], "spore"),
    )
    found = read(name, tmp_path, again, SPORE, *rods)
    assert found.labels is not None
    assert found.labels.max() == 3
    assert np.count_nonzero(found.labels == 1) == 400
    assert any(note.startswith("1 outlines") and "same as later" in note for note in found.notes)


@settings(max_examples=150)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(0, 6)] * 2), max_size=12))
def test_duplicates_are_those_that_overlap_a_later_one(rows: list[tuple[int, ...]]) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in rows], dtype=np.float64).reshape(-1, 4)

    def overlap(one: np.ndarray, other: np.ndarray) -> float:
        sides = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0)
        shared = float(sides.prod())
        return shared / max(float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - shared, 1e-9)

    wanted = [
        any(overlap(one, other) >= SAME_OVERLAP for other in boxes[place + 1 :])
        for place, one in enumerate(boxes)
    ]
    assert near_duplicates(boxes).tolist() == wanted


@pytest.mark.parametrize("ending", [".roi", ".txt"])
def test_a_zip_of_very_many_empty_files_is_refused_before_any_is_opened(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a_rois.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5000):
            archive.writestr(f"{number}{ending}", b"")

    def no_entry(*_: object, **__: object) -> None:
        raise AssertionError("an entry was opened")

    monkeypatch.setattr(zipfile.ZipFile, "__init__", no_entry)
    (found,) = IMPORTERS["imagej"](tmp_path, lambda _: SIZE)
    assert "5,000" in str(found.problem)


@pytest.mark.parametrize("name", BOXED)
def test_boxes_that_are_the_same_count_once(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, BOXES[0], *BOXES)
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, [[10, 10, 30, 30], [60, 40, 80, 60]])
    assert any(note.startswith("1 boxes") and "same as later" in note for note in found.notes)


@pytest.mark.parametrize("name", [*BOXED, "yolo"])
def test_boxes_that_all_lie_outside_are_refused(tmp_path: Path, name: str) -> None:
    if name == "yolo":
        found = document("yolo", tmp_path, "a.txt", "0 1.5 0.5 0.1 0.1\n")
    else:
        found = read(name, tmp_path, ("box", [[110, 40], [120, 50]], "spore"))
    assert "none of which lies in the image" in str(found.problem)


@pytest.mark.parametrize("content", [{}, {"notes.txt": b"x"}])
def test_a_zip_without_rois_is_refused_but_one_that_was_written_so(
    tmp_path: Path, content: dict[str, bytes]
) -> None:
    path = tmp_path / "a_RoiSet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    (found,) = IMPORTERS["imagej"](tmp_path, lambda _: SIZE)
    assert "a zip without any" in str(found.problem)
    path.write_bytes(encode_rois(np.zeros(SIZE, dtype=np.int32)))
    labels = read_rois(path, SIZE).labels
    assert labels is not None
    assert not labels.any()


def test_points_of_cvat_that_are_no_pairs_are_left_out_and_their_box_ignored(tmp_path: Path) -> None:
    def polygon(points: str) -> Annotation:
        text = (
            f'<annotations><image name="a.png" width="{SIZE[1]}" height="{SIZE[0]}">'
            f'<polygon label="spore" points="10,10;30,10;30,30;10,30"/>'
            f'<polygon label="spore" points="{points}"/></image></annotations>'
        )
        return document("cvat", tmp_path, "annotations.xml", text)

    found = polygon("60,40,1;80,40,1;80,60,1;60,60,1")
    assert found.labels is not None
    assert found.labels.max() == 1
    assert found.ignore is not None
    assert found.ignore.sum() == 400
    assert any("two for each point" in note for note in found.notes)
    closed = polygon("60,40;80,40;80,60;60,60;")
    assert closed.labels is not None
    assert closed.labels.max() == 2


def test_boxes_of_coco_that_are_crowds_ignored_or_negative(tmp_path: Path) -> None:
    one, other = {"bbox": [10, 10, 20, 20]}, {"bbox": [80, 60, -20, -20]}
    found = coco(tmp_path, one, other)
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, [[10, 10, 30, 30], [60, 40, 80, 60]])
    for mark in ("iscrowd", "ignore"):
        found = coco(tmp_path, one, {**other, mark: 1})
        assert found.boxes is not None
        assert len(found.boxes) == 1
        assert found.ignore is not None
        assert found.ignore.sum() == 400
    found = coco(tmp_path, {**one, "iscrowd": 1})
    assert found.boxes is not None
    assert any("iscrowd" in note for note in found.notes)


def test_the_box_of_a_pose_line_is_used(tmp_path: Path) -> None:
    found = document("yolo", tmp_path, "a.txt", "0 0.25 0.25 0.1 0.1 0.25 0.25 2\n")
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, [[20, 16, 30, 24]])
    assert any("key points" in note for note in found.notes)


def test_heights_in_geojson_are_read_over(tmp_path: Path) -> None:
    ring = [[10, 10, 0], [30, 10, 0], [30, 30, 0], [10, 30, 0], [10, 10, 0]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}
    found = document("qupath", tmp_path, "a.geojson", [feature])
    assert found.labels is not None
    assert found.labels.sum() == 400
