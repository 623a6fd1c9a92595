"""Labels of other programs become a data set: whatever the importer."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sporemetry.dataset.folder import open_dataset, read_item_ignore, read_item_labels
from sporemetry.dataset.import_labels import Imported, import_labels
from sporemetry.dataset.picture_index import PictureIndex
from sporemetry.errors import FileError, LabelReadError, OutputError, SettingsError
from sporemetry.exchange.annotation import Annotation, Importer, PictureSize
from sporemetry.exchange.registry import find_importer


def _reader(*annotations: Annotation) -> Importer:
    def read(path: Path, size: PictureSize) -> Iterator[Annotation]:
        del path, size
        yield from annotations

    return read


def _picture(path: Path, height: int = 6, width: int = 9, value: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), value, dtype=np.uint8)).save(path)
    return path


def _labels(*spans: tuple[int, int], height: int = 6, width: int = 9) -> np.ndarray:
    labels = np.zeros((height, width), dtype=np.int32)
    for number, (start, stop) in enumerate(spans, start=1):
        labels[1:4, start:stop] = number
    return labels


def _import(tmp_path: Path, *annotations: Annotation, **options: object) -> Imported:
    return import_labels(
        _reader(*annotations),
        tmp_path / "labels.json",
        tmp_path / "pictures",
        tmp_path / "set",
        format_name="ours",
        **options,  # type: ignore[arg-type]
    )


def test_labels_arrive_as_they_are_with_the_picture_unchanged(tmp_path: Path) -> None:
    picture = _picture(tmp_path / "pictures/plot 3/leaf7_1.png")
    labels = _labels((0, 2), (4, 9))
    done = _import(tmp_path, Annotation(name="old/plot 3/leaf7_1.tif", labels=labels))
    assert (done.pictures, done.instances, done.failures, done.unlabelled) == (1, 2, (), ())
    (item,) = open_dataset(tmp_path / "set").items
    assert (item.name, item.group) == ("plot 3/leaf7_1", "plot 3/leaf7")
    assert item.image.read_bytes() == picture.read_bytes()
    assert np.array_equal(read_item_labels(item).labels, labels)


def test_one_spore_in_two_pieces_stays_one(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    labels = np.minimum(_labels((0, 2), (4, 9)), 1)
    _import(tmp_path, Annotation(name="a_1", labels=labels))
    (item,) = open_dataset(tmp_path / "set").items
    assert np.array_equal(read_item_labels(item).labels > 0, labels > 0)
    assert len(np.unique(read_item_labels(item).labels)) == 2


def test_boxes_become_fractions_and_stay_inside(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png", height=10, width=20)
    boxes = np.array([[2.0, 1.0, 6.0, 3.0], [-2.0, 0.0, 2.0, 5.0], [30.0, 0.0, 40.0, 5.0]])
    _import(tmp_path, Annotation(name="a_1", boxes=boxes))
    text = (tmp_path / "set/boxes/a_1.txt").read_text()
    assert text == "0 0.2 0.2 0.2 0.2\n0 0.05 0.25 0.1 0.5\n"


def test_only_the_wanted_classes(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    annotation = Annotation(
        name="a_1", labels=_labels((0, 2), (3, 5), (6, 9)), classes=("spore", "dirt", "spore")
    )
    done = _import(tmp_path, annotation, classes=["spore"])
    (item,) = open_dataset(tmp_path / "set").items
    assert np.array_equal(np.unique(read_item_labels(item).labels[1]), [0, 1, 2])
    assert done.instances == 2
    assert done.notes == ("a_1: 1 of other classes left out",)
    with pytest.raises(SettingsError, match="found spor"):
        _import(tmp_path, annotation, classes=["spore", "spor"])


def test_what_fits_no_picture_is_named_and_the_rest_arrives(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    _picture(tmp_path / "pictures/a_2.png")
    _picture(tmp_path / "pictures/a_3.png")
    (tmp_path / "pictures/a_3.png").write_bytes(b"no picture")
    _picture(tmp_path / "pictures/a_9.png")
    done = _import(
        tmp_path,
        Annotation(name="gone.jpg", labels=_labels((0, 2))),
        Annotation(name="a_1.jpg", labels=_labels((0, 2))),
        Annotation(name="a_2.jpg", labels=_labels((0, 2), height=9, width=6)),
        Annotation(name="a_3.jpg", labels=_labels((0, 2))),
    )
    assert done.pictures == 1
    assert [failure.path.name for failure in done.failures] == ["gone.jpg", "a_2.png", "a_3.png"]
    assert "9 x 6" in str(done.failures[1])
    assert "6 x 9" in str(done.failures[1])
    assert done.unlabelled == ("a_9.png",)


def test_two_annotations_of_one_image_are_taken_only_if_they_say_the_same(tmp_path: Path) -> None:
    for number in range(3):
        _picture(tmp_path / f"pictures/a_{number}.png")
    done = _import(
        tmp_path,
        Annotation(name="a_1.jpg", labels=_labels((0, 2))),
        Annotation(name="a_2.jpg", labels=_labels((0, 2))),
        Annotation(name="a_1.png", labels=_labels((0, 2))),
        Annotation(name="a_2.png", labels=_labels((0, 3))),
        Annotation(name="a_0.png", labels=_labels((0, 3))),
        Annotation(name="a_2", labels=_labels((0, 3))),
    )
    assert [item.name for item in open_dataset(tmp_path / "set").items] == ["a_0", "a_1"]
    assert (done.pictures, done.notes) == (2, ("a_1: the source has it twice, with the same labels",))
    assert len(done.failures) == 2
    assert "none of them was taken" in str(done.failures[0])


def test_again_is_the_same_and_other_labels_are_never_replaced(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    annotation = Annotation(name="a_1", labels=_labels((0, 2)), um_per_px=0.5)
    _import(tmp_path, annotation)
    before = {path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()}
    assert "um_per_px = 0.5" in (tmp_path / "set/dataset.toml").read_text()
    assert _import(tmp_path, annotation).failures == ()
    assert {path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()} == before
    with pytest.raises(OutputError, match=r"another (imported/|labels/)"):
        _import(tmp_path, Annotation(name="a_1", labels=_labels((0, 3)), um_per_px=0.5))
    assert {path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()} == before


def test_a_folder_of_the_users_is_never_mixed_with(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        _import(tmp_path, Annotation(name="a_1", labels=_labels((0, 2))))
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["notes.txt"]


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")

    def read(path: Path, size: PictureSize) -> Iterator[Annotation]:
        del size
        yield Annotation(name="a_1", labels=_labels((0, 2)))
        raise LabelReadError(path, expected="more", found="none")

    with pytest.raises(LabelReadError):
        import_labels(read, tmp_path / "x", tmp_path / "pictures", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_what_is_ignored_is_written_and_all_notes_are_kept(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    _picture(tmp_path / "pictures/b_1.png")
    ignore = np.zeros((6, 9), dtype=bool)
    ignore[4:, 3:5] = True
    notes = tuple(f"=note {number}" for number in range(40))
    done = _import(
        tmp_path,
        Annotation(name="a_1", labels=_labels((0, 2)), ignore=ignore, notes=notes),
        Annotation(name="", notes=("of the file",)),
    )
    (item,) = open_dataset(tmp_path / "set").items
    np.testing.assert_array_equal(read_item_ignore(item, (6, 9)), ignore)
    assert len(done.notes) == 41
    with (tmp_path / "set/import_notes.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["image", "kind", "note"]
    assert rows[1] == ["a_1", "note", "'=note 0"]
    assert rows[-2:] == [
        ["", "note", "of the file"],
        ["b_1.png", "left out", "the source does not speak of it"],
    ]


def test_only_the_wanted_classes_of_boxes(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/a_1.png", height=10, width=20)
    boxes = np.array([[2.0, 1.0, 6.0, 3.0], [8.0, 1.0, 12.0, 3.0]])
    done = _import(
        tmp_path, Annotation(name="a_1", boxes=boxes, classes=("dirt", "spore")), classes=["spore"]
    )
    assert done.instances == 1
    assert (tmp_path / "set/boxes/a_1.txt").read_text() == "0 0.5 0.2 0.2 0.2\n"


def test_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    done = _import(tmp_path)
    assert (done.pictures, done.instances) == (0, 0)
    with pytest.raises(LabelReadError, match="no such folder"):
        PictureIndex(tmp_path / "elsewhere")


def test_names_that_fit_several_pictures_are_refused(tmp_path: Path) -> None:
    for name in ("x/leaf_1.png", "y/leaf_1.png", "z/leaf.7_2.jpg"):
        _picture(tmp_path / name)
    index = PictureIndex(tmp_path)
    assert index.find("y/leaf_1.jpg") == tmp_path / "y/leaf_1.png"
    assert index.find("old/leaf.7_2") == tmp_path / "z/leaf.7_2.jpg"
    assert index.find("leaf_2.png") is None
    with pytest.raises(FileError, match=r"x/leaf_1.png, y/leaf_1.png"):
        index.find("leaf_1.png")


@pytest.mark.parametrize("scale", [0.0, -0.5, float("nan"), float("inf"), 1e308])
def test_a_scale_that_is_none_is_refused_before_anything_is_written(tmp_path: Path, scale: float) -> None:
    _picture(tmp_path / "pictures/a_1.png")
    with pytest.raises(SettingsError, match="--um-per-px"):
        _import(tmp_path, Annotation(name="a_1", labels=_labels((0, 2))), um_per_px=scale)
    assert not (tmp_path / "set").exists()


def test_the_output_may_lie_among_the_images(tmp_path: Path) -> None:
    _picture(tmp_path / "pictures/x/a_1.png")
    annotation = Annotation(name="z/a_1.png", labels=_labels((0, 2)))
    output = tmp_path / "pictures/set"
    for _ in range(2):
        done = import_labels(_reader(annotation), tmp_path / "c", tmp_path / "pictures", output)
        assert (done.pictures, done.failures, done.unlabelled) == (1, (), ())


def test_several_classes_are_said_with_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((80, 100, 3), dtype=np.uint8)).save(tmp_path / "images" / "a.png")
    square = np.array([[5, 5], [15, 5], [15, 15], [5, 15]])
    labels = [("spore", 0), ("spore", 30), ("ascus", 60)]
    shapes = [{"label": name, "points": (square + np.array([x, 0])).tolist()} for name, x in labels]
    (tmp_path / "a.json").write_text(json.dumps({"imagePath": "a.png", "shapes": shapes}))
    read = find_importer("labelme")
    done = import_labels(read, tmp_path / "a.json", tmp_path / "images", tmp_path / "out")
    said = "classes taken as spores: spore 2, ascus 1; choose with --class"
    assert said in done.notes
    assert said in (tmp_path / "out" / "import_notes.csv").read_text()
