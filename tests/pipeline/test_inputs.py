"""Which pictures are done, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from sporemetry.errors import FileError
from sporemetry.pipeline import find_labels, find_pictures


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_a_folder_gives_its_pictures_sorted_and_nothing_else(tmp_path: Path) -> None:
    _touch(tmp_path, "b.png", "a.JPG", "notes.txt", ".hidden.png", "sub/c.tif")
    assert [task.image for task in find_pictures([tmp_path])] == ["a.JPG", "b.png"]
    assert [task.image for task in find_pictures([tmp_path], recursive=True)] == [
        "a.JPG",
        "b.png",
        "sub/c.tif",
    ]


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    _touch(tmp_path, "picture.data")
    assert [task.name for task in find_pictures([tmp_path / "picture.data"])] == ["picture"]


def test_a_picture_that_is_named_twice_is_done_once(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "b.png")
    assert [task.name for task in find_pictures([tmp_path / "a.png", tmp_path])] == ["a", "b"]


def test_what_is_missing_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.png.*expected a picture"):
        find_pictures([tmp_path / "gone.png"])


def test_the_output_folder_is_no_input(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "out/a_overlay.jpg", "out/b.png")
    assert [task.image for task in find_pictures([tmp_path], recursive=True, output=tmp_path / "out")] == [
        "a.png"
    ]


def test_results_written_among_the_pictures_are_no_input(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "a_overlay.jpg", "a_labels.tif")
    assert [task.image for task in find_pictures([tmp_path], output=tmp_path)] == ["a.png"]


def test_equal_file_names_from_two_folders_stay_apart(tmp_path: Path) -> None:
    _touch(tmp_path, "x/1.jpg", "y/1.jpg", "z/2.jpg")
    folders = find_pictures([tmp_path / "x", tmp_path / "y"])
    assert [(task.image, task.name) for task in folders] == [("x/1.jpg", "x__1"), ("y/1.jpg", "y__1")]
    files = find_pictures([tmp_path / "x/1.jpg", tmp_path / "y/1.jpg", tmp_path / "z/2.jpg"])
    assert [(task.image, task.name) for task in files] == [
        ("x/1.jpg", "x__1"),
        ("y/1.jpg", "y__1"),
        ("2.jpg", "2"),
    ]


def test_labels_are_told_from_the_pictures_beside_them(tmp_path: Path) -> None:
    _touch(tmp_path, "a.tif", "a_labels.tif", "a_overlay.jpg", "b_masks.png")
    tasks = find_labels([tmp_path])
    assert [(task.image, task.name) for task in tasks] == [("a.tif", "a"), ("b_masks.png", "b")]
    assert [task.backdrop for task in tasks] == [tmp_path / "a.tif", None]


def test_each_label_picture_finds_its_photograph(tmp_path: Path) -> None:
    _touch(tmp_path, "labels/a.png", "photographs/a.jpg")
    (task,) = find_labels([tmp_path / "labels"], pictures=tmp_path / "photographs")
    assert task.backdrop == tmp_path / "photographs/a.jpg"
    (tmp_path / "photographs/a.jpg").unlink()
    with pytest.raises(FileError, match=r"photograph called a\.\*"):
        find_labels([tmp_path / "labels"], pictures=tmp_path / "photographs")


def test_images_are_named_apart_in_the_tables(tmp_path: Path) -> None:
    _touch(tmp_path, "a/x/1.jpg", "a/y/1.jpg", "b/x/1.jpg", "b/x/2.jpg")
    tasks = find_pictures([tmp_path / "a/x/1.jpg", tmp_path / "a/y/1.jpg", tmp_path / "b/x"])
    assert [task.image for task in tasks] == ["a/x/1.jpg", "a/y/1.jpg", "b/x/1.jpg", "x/2.jpg"]
