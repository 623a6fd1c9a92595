"""Which pictures are done, and under which names."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import FileError
from sporemetry.pipeline import find_labels, find_pictures
from sporemetry.pipeline.inputs import unique_names

_PARTS = st.text(alphabet="aAbB_1.", min_size=1, max_size=3).filter(lambda part: part.strip("."))
_IMAGES = st.lists(
    st.tuples(st.lists(_PARTS, max_size=2), _PARTS, st.sampled_from([".jpg", ".png", ".JPG"])),
    max_size=12,
    unique_by=lambda each: ("/".join(each[0]), each[1] + each[2]),
)


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


@given(_IMAGES)
def test_output_names_are_unique_even_without_capitals(images: list[tuple[list[str], str, str]]) -> None:
    paths = [PurePosixPath(*folders, stem + suffix) for folders, stem, suffix in images]
    names = unique_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert all("/" not in name for name in names)


def test_labels_are_told_from_the_pictures_beside_them(tmp_path: Path) -> None:
    _touch(tmp_path, "a.tif", "a_labels.tif", "a_overlay.jpg", "b_masks.png")
    tasks = find_labels([tmp_path])
    assert [(task.image, task.name) for task in tasks] == [("a_labels.tif", "a"), ("b_masks.png", "b")]


def test_each_label_picture_finds_its_photograph(tmp_path: Path) -> None:
    _touch(tmp_path, "labels/a.png", "photographs/a.jpg")
    (task,) = find_labels([tmp_path / "labels"], pictures=tmp_path / "photographs")
    assert task.backdrop == tmp_path / "photographs/a.jpg"
    (tmp_path / "photographs/a.jpg").unlink()
    with pytest.raises(FileError, match=r"photograph called a\.\*"):
        find_labels([tmp_path / "labels"], pictures=tmp_path / "photographs")
