"""YOLO's text files, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.yolo import read_yolo, read_yolo_seg, write_yolo_seg


def test_boxes(tmp_path: Path) -> None:
    (tmp_path / "labels/train").mkdir(parents=True)
    (tmp_path / "labels/train/a_1.txt").write_text("2 0.5 0.5 0.2 0.4\n\n0 0.1 0.1 0.2 0.2\n")
    (tmp_path / "labels/train/a_2.txt").write_text("")
    (tmp_path / "classes.txt").write_text("spore\n")
    first, second = read_yolo(tmp_path, lambda _: (10, 20))
    assert (first.name, first.classes) == ("train/a_1", ("2", "0"))
    np.testing.assert_allclose(first.boxes, [[8, 3, 12, 7], [0, 0, 4, 2]])  # type: ignore[arg-type]
    assert second.boxes is not None
    assert second.boxes.shape == (0, 4)


def test_polygons(tmp_path: Path) -> None:
    (tmp_path / "a_1.txt").write_text("0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n1 0.5 0.5 0.2 0.2\n")
    (found,) = read_yolo_seg(tmp_path, lambda _: (10, 20))
    assert found.labels is not None
    assert found.labels[1:5, 2:6].all()
    assert found.labels.sum() == 16
    assert found.notes == ("1 boxes beside outlines: their pixels count neither way (ignore/)",)


def test_an_instance_is_one_line_with_its_holes_and_pieces(tmp_path: Path) -> None:
    labels = np.zeros((10, 12), dtype=np.int32)
    labels[1:6, 1:6], labels[2, 2], labels[4, 4], labels[8, 9:11] = 1, 0, 0, 1
    path, data = write_yolo_seg(tmp_path, [LabelledPicture(name="a_1", labels=labels)])
    assert len(path.read_text().splitlines()) == 1
    assert "0: spore" in data.read_text()
    (found,) = read_yolo_seg(path, lambda _: labels.shape)
    np.testing.assert_array_equal(found.labels, labels)


@pytest.mark.parametrize(
    "text",
    [
        "0 0.1 0.1 0.2",
        "a b c",
        "0 1 1 1 5 1 1",
        "0.5 0 0 1 0 1 1",
        "0 0 0 1 1 0 nan",
        "0 1e308 0 1 0 1 1",
        "0 9 9 5 5",
    ],
)
def test_one_line_that_cannot_be_used_is_named_and_the_rest_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a_1.txt").write_text(f"0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n{text}\n")
    for reader in (read_yolo_seg, read_yolo):
        (found,) = reader(tmp_path, lambda _: (10, 20))
        assert found.problem is None
        assert found.notes[-1].startswith("line 2 was left out")
    (tmp_path / "a_1.txt").write_text(text)
    (found,) = read_yolo_seg(tmp_path, lambda _: (10, 20))
    assert "line 1" in str(found.problem)


def test_boxes_and_polygons_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "a_1.txt").write_text("0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n0 0.8 0.5 0.2 0.2 0.97\n")
    (found,) = read_yolo_seg(tmp_path, lambda _: (10, 20))
    assert found.labels is not None
    assert found.ignore is not None
    assert np.argwhere(found.ignore).tolist() == [[r, c] for r in (4, 5) for c in (14, 15, 16, 17)]
    assert "confidence" in found.notes[0]
    (found,) = read_yolo(tmp_path, lambda _: (10, 20))
    np.testing.assert_allclose(found.boxes, [[2, 1, 6, 5], [14, 4, 18, 6]])  # type: ignore[arg-type]
    (tmp_path / "a_1.txt").write_text("0 0.8 0.5 0.2 0.2\n")
    (found,) = read_yolo_seg(tmp_path, lambda _: (10, 20))
    assert found.labels is None
    assert found.boxes is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.txt", "spore\n__ignore__\n"),
        ("data.yaml", "path: .\nnames:\n  0: spore\n  1: ignore\nnc: 2\n"),
        ("data.yaml", "names: ['spore', 'ignore']\n"),
        ("data.yaml", "nc: 2\nnames:\n- spore\n- ignore\n"),
    ],
)
def test_a_list_of_classes_may_say_what_is_to_be_ignored(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a_1.txt").write_text("0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n1 0.8 0.5 0.2 0.2\n")
    (tmp_path / name).write_text(content)
    (found,) = read_yolo_seg(tmp_path / "labels", lambda _: (10, 20))
    assert found.classes == ("0",)
    assert found.ignore is not None
    assert found.ignore.sum() == 8


def test_the_size_must_be_known(tmp_path: Path) -> None:
    (tmp_path / "a_1.txt").write_text("0 0.5 0.5 0.1 0.1")
    (found,) = read_yolo(tmp_path, lambda _: None)
    assert "folder of the pictures" in str(found.problem)
    with pytest.raises(LabelReadError, match="text files"):
        list(read_yolo(_empty(tmp_path), lambda _: None))


def _empty(folder: Path) -> Path:
    (folder / "none").mkdir()
    return folder / "none"
