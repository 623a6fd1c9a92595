"""Which files belong together, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sporemetry.errors import LabelReadError
from sporemetry.evaluation import find_pairs


def make(folder: Path, *names: str) -> Path:
    """Make empty files; the pairing looks at names only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_count_output_against_a_dataset(tmp_path: Path) -> None:
    output = make(
        tmp_path / "out", "a_labels.tif", "b_1_labels.tif", "a_overlay.jpg", "report.html", "summary.csv"
    )
    dataset = make(
        tmp_path / "set", "labels/a.png", "labels/b_1.png", "ignore/a.png", "images/a.jpg", "images/b_1.jpg",
        "images/b_1.tif", "labels/.hidden.png", "labels/notes.md",
    )  # fmt: skip
    a, b = find_pairs(output, dataset).pairs
    assert (a.name, a.predicted, a.truth, a.kind) == (
        "a", output / "a_labels.tif", dataset / "labels" / "a.png", "labels",
    )  # fmt: skip
    assert (a.ignore, a.image) == (dataset / "ignore" / "a.png", dataset / "images" / "a.jpg")
    assert (b.name, b.ignore, b.image) == (
        "b_1",
        None,
        None,
    )  # two photographs of that name: neither is taken


@pytest.mark.parametrize(
    "name", ["a.png", "a.TIF", "a.tiff", "a_masks.tif", "a_labels.png", "a_cp_masks.png", "a.bmp"]
)
def test_names_of_label_pictures(tmp_path: Path, name: str) -> None:
    predicted, truth = make(tmp_path / "p", name), make(tmp_path / "t", "a.png")
    assert [pair.name for pair in find_pairs(predicted, truth).pairs] == ["a"]
    assert [pair.name for pair in find_pairs(truth, predicted).pairs] == ["a"]


def test_labels_beside_the_pictures_are_told_by_their_ending(tmp_path: Path) -> None:
    predicted = make(tmp_path / "p", "a.tif", "a_masks.tif", "b.tif", "b_masks.tif")
    truth = make(tmp_path / "t", "a.png", "b.png")
    pairs = find_pairs(predicted, truth).pairs
    assert [pair.predicted.name for pair in pairs] == ["a_masks.tif", "b_masks.tif"]


def test_boxes_as_truth(tmp_path: Path) -> None:
    predicted = make(tmp_path / "p", "a_labels.tif")
    dataset = make(tmp_path / "set", "boxes/a.txt", "boxes/classes.txt", "images/a.jpg")
    for truth in (dataset, dataset / "boxes"):
        (pair,) = find_pairs(predicted, truth).pairs
        assert (pair.kind, pair.truth) == ("boxes", dataset / "boxes" / "a.txt")


def test_single_files(tmp_path: Path) -> None:
    predicted = make(tmp_path / "p", "a_labels.tif", "b_labels.tif")
    truth = make(tmp_path / "t", "a.png", "c.png", "boxes/x.txt")
    (both,) = find_pairs(predicted / "a_labels.tif", truth / "c.png").pairs
    assert (both.name, both.truth.name) == ("a", "c.png")
    (into_folder,) = find_pairs(predicted / "a_labels.tif", truth / "a.png").pairs
    assert into_folder.truth.name == "a.png"
    (alone,) = find_pairs(predicted, truth / "a.png").pairs
    assert alone.predicted.name == "a_labels.tif"
    (box,) = find_pairs(predicted / "b_labels.tif", truth / "boxes" / "x.txt").pairs
    assert box.kind == "boxes"
    with pytest.raises(LabelReadError, match=r"1 without a truth \(b\)"):
        find_pairs(predicted / "b_labels.tif", make(tmp_path / "other", "a.png"))


def test_missing_partners_are_listed_on_both_sides(tmp_path: Path) -> None:
    predicted = make(tmp_path / "p", "a.png", "b.png", "only_predicted.png")
    truth = make(tmp_path / "t", "a.png", "b.png", "only_true.png", *[f"x{i:02}.png" for i in range(11)])
    with pytest.raises(LabelReadError) as caught:
        find_pairs(predicted, truth)
    assert "12 without a prediction (only_true, x00, x01" in str(caught.value)
    assert "x08 and 2 more)" in str(caught.value)
    assert "1 without a truth (only_predicted)" in str(caught.value)
    pairing = find_pairs(predicted, truth, allow_missing=True)
    assert [pair.name for pair in pairing.pairs] == ["a", "b"]
    assert len(pairing.notes) == 2
    assert pairing.notes[1] == "Left out: 1 without a truth (only_predicted)."


def test_no_pair_at_all_is_an_error_even_where_missing_is_allowed(tmp_path: Path) -> None:
    predicted, truth = make(tmp_path / "p", "a.png"), make(tmp_path / "t", "b.png")
    with pytest.raises(LabelReadError, match=r"1 without a prediction \(b\); 1 without a truth \(a\)"):
        find_pairs(predicted, truth, allow_missing=True)


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (["a.png"], None, "nothing there"),
        (["a.png"], [], "none of them"),
        (["readme.md"], ["a.png"], "none of them"),
        (["a.png"], ["labels/a.png", "boxes/a.txt"], "labels/ and boxes/"),
        (["a.png"], ["a.jpg.png", "a.txt"], "pictures beside their boxes"),
        (["a.txt"], ["a.png"], "Only truth may be boxes"),
        (["a.csv"], ["a.png"], "Only truth may be points"),
        (["a.png"], ["a.png", "a.csv"], "pictures beside their boxes or points"),
        (["a.png"], ["a.csv", "a_RoiSet.zip"], r"as well"),
        (["a.png"], ["points/a.csv", "boxes/a.txt"], "boxes/ and points/"),
        (
            ["a.png", "b.png"],
            ["points/a.csv", "points/c.csv"],
            r"1 without a prediction \(c\); 1 without a tr",
        ),
        (["a.png", "a.tif"], ["a.png"], r"a\.png as well"),
        (["a_labels.tif", "a_masks.tif"], ["a.png"], r"a_labels\.tif as well"),
        (["a.png"], ["labels/a.png", "ignore/a.png", "ignore/a.tif"], r"a\.png as well"),
    ],
)
def test_what_cannot_be_paired(
    tmp_path: Path, predicted: list[str], truth: list[str] | None, message: str
) -> None:
    left = make(tmp_path / "p", *predicted)
    right = make(tmp_path / "t", *truth) if truth is not None else tmp_path / "absent"
    with pytest.raises(LabelReadError, match=message):
        find_pairs(left, right)


def test_unused_ignore_masks_are_pointed_out(tmp_path: Path) -> None:
    predicted = make(tmp_path / "p", "a.png")
    dataset = make(tmp_path / "set", "labels/a.png", "ignore/a.png")
    assert find_pairs(predicted, dataset).notes == ()
    pairing = find_pairs(predicted, dataset / "labels")
    assert pairing.pairs[0].ignore is None
    assert "not applied" in pairing.notes[0]
