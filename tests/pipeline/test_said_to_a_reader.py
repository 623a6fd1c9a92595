"""What a reader of the numbers is told of labels without their record, or edited on another image."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import roifile
import tifffile
from tests.pipeline.counted import Command, image, images


@pytest.fixture
def folder(tmp_path: Path, command: Command) -> Path:
    images(tmp_path / "in", "leaf.png")
    count(tmp_path, command)
    return tmp_path


def count(folder: Path, command: Command) -> tuple[int, str]:
    return command("count", folder / "in", "-o", folder / "out", "-m", "otsu", "--export", "fiji")


def report(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_labels_without_record_and_photograph_are_a_caution(folder: Path, command: Command) -> None:
    (folder / "alone").mkdir()
    shutil.copy(folder / "out" / "leaf_labels.tif", folder / "alone")
    code, said = command("measure", folder / "alone", "-o", folder / "again")
    assert code == 0
    assert "No photograph and no record: the whole image is taken as field" in said
    assert "--pictures" in report(folder / "again")
    _, said = command("measure", folder / "alone", "-o", folder / "with", "--pictures", folder / "in")
    assert "No photograph" not in said


def test_a_copy_without_the_hidden_folder_has_its_labels(folder: Path, command: Command) -> None:
    shutil.copytree(folder / "out", folder / "copy", ignore=shutil.ignore_patterns(".sporemetry"))
    code, said = command("measure", folder / "copy", "-o", folder / "again")
    assert code == 0
    assert "no labels any more" not in said
    assert "Copy the hidden folder .sporemetry" in said
    assert "--pictures" in said


def test_labels_edited_on_another_image_of_the_name(folder: Path, command: Command) -> None:
    path = folder / "out" / "leaf_labels.tif"
    labels = tifffile.imread(path)
    labels[labels == 1] = 0
    tifffile.imwrite(path, labels)
    assert "has changed since" not in count(folder, command)[1]
    image(folder / "in" / "leaf.png", 4, seed=9)
    for _ in range(2):  # it stays so
        assert "The image has changed since its labels were edited" in count(folder, command)[1]


def test_points_in_an_edited_set_are_said(folder: Path, command: Command) -> None:
    path = folder / "out" / "leaf_rois.zip"
    regions = roifile.ImagejRoi.fromfile(path)
    assert isinstance(regions, list)
    points = [roifile.ImagejRoi.frompoints([[5, y]], name=f"p{y}") for y in (5, 25)]
    for point in points:
        point.roitype = roifile.ROI_TYPE.POINT
    path.unlink()
    roifile.roiwrite(path, [*regions, *points])
    code, said = count(folder, command)
    assert code == 0
    assert " ! " in said.partition("Report:")[0]
    assert "2 points without outline: not counted" in report(folder / "out")
    assert "ignore/" not in report(folder / "out")


def test_a_value_painted_beside_ids_is_first_taken_for_spores(folder: Path, command: Command) -> None:
    path = folder / "out" / "leaf_labels.tif"
    labels = tifffile.imread(path)
    labels[2:10, 2:10] = labels[2:10, 50:60] = labels[2:10, 100:110] = 255
    tifffile.imwrite(path, labels)
    said = count(folder, command)[1] + (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "If these are spores that you drew, give each a number of its own" in said
    assert "in ignore/" not in said


def test_what_failed_is_said_with_what_was_expected_and_not_as_measured(
    folder: Path, command: Command
) -> None:
    (folder / "out" / "leaf_labels.tif").write_bytes(b"no image")
    code, said = command("measure", folder / "out", "-o", folder / "again")
    assert code != 0
    assert "failed leaf.png: expected " in said
    assert "found leaf_labels.tif: " in said  # the image itself is sound
    assert "leaf_labels.tif: " in count(folder, command)[1]
    (folder / "in" / "leaf.png").write_bytes(b"")
    assert "found an empty file" in " ".join(count(folder, command)[1].split())
    assert "edited or added after the count" not in said


def test_a_count_that_failed_is_to_be_run_again(tmp_path: Path, command: Command) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "leaf.png").write_bytes(b"no image")
    assert count(tmp_path, command)[0] != 0
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "again")
    assert code != 0
    assert "Run count again" in said


def test_a_sheet_to_fill_in_names_what_cannot_be_read(folder: Path) -> None:
    from typer.testing import CliRunner

    from sporemetry.cli.samples import app

    (folder / "in" / "other.czi").write_bytes(b"x")
    result = CliRunner().invoke(app, ["init", str(folder / "in"), "-o", str(folder / "sheet.csv")])
    assert "Not read, and without a row: 1 .czi (other.czi)" in " ".join(result.output.split())


def test_copies_of_results_among_the_images_are_said(folder: Path, command: Command) -> None:
    (folder / "copies").mkdir()
    shutil.copy(folder / "out" / "leaf_overlay.jpg", folder / "copies")  # away from the image that it is of
    code, said = command("count", folder / "copies", "-o", folder / "other", "-m", "otsu")
    assert code == 0
    assert "called like results of a count" in said
    assert "leaf_overlay.jpg" in report(folder / "other")


def test_photographs_that_exchanged_their_names_are_said(folder: Path, command: Command) -> None:
    measure = ("measure", folder / "out", "--pictures", folder / "in", "-o")
    assert "not the file that was counted" not in command(*measure, folder / "same")[1]
    image(folder / "in" / "leaf.png", 4, seed=9)
    code, said = command(*measure, folder / "other")
    assert code == 0
    assert "! The photograph is not the file that was counted" in said
    assert "count again" in report(folder / "other")
