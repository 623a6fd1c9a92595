"""The same labels give the same numbers: measuring what a count wrote gives its tables, byte by byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.model.networks import write_dark
from tests.pipeline.counted import Command, images

from sporemetry.pipeline import find_labels
from sporemetry.pipeline.job_record import job_record_path
from sporemetry.pipeline.recorded_settings import with_samples

TABLES = ("summary.csv", "samples.csv", "spores.csv")


def assert_same_tables(one: Path, other: Path) -> None:
    for name in TABLES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize(
    ("eyepiece", "options"),
    [
        (True, ["--um-per-px", "0.3"]),
        (True, ["--um-per-px", "0.3", "--field", "whole"]),
        (False, ["--edge-rule", "all", "--confidence", "0.9"]),
        (False, ["--sample-by", "name", "--um-per-px", "0.3", "--edge-rule", "exclude"]),
        (False, ["--chamber", "neubauer", "--square", "group", "--squares", "4", "--dilution", "10"]),
        (False, ["--chamber", "custom", "--depth-mm", "0.2", "--um-per-px", "0.5", "--sample-by", "all"]),
    ],
)
def test_a_count_that_is_measured_again_is_the_same(
    tmp_path: Path, command: Command, eyepiece: bool, options: list[str]
) -> None:
    folder = images(tmp_path / "in", "T1_rep1.png", "T1_rep2.jpg", "T2_rep1.png", eyepiece=eyepiece)
    code, said = command("count", folder, "-o", tmp_path / "out", "-m", "otsu", *options)
    assert code == 0, said
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["field"]) == {"eyepiece circle" if options[2:] == [] and eyepiece else "whole picture"}
    choices: list[list[str | Path]] = [[], ["--pictures", folder]]
    for number, more in enumerate(choices):
        again = tmp_path / f"again{number}"
        code, said = command("measure", tmp_path / "out", "-o", again, *more)
        assert code == 0, said
        assert_same_tables(tmp_path / "out", again)
        assert f"are those of {tmp_path / 'out'}/" in said
        assert "edge rule" in said
    assert "are those of" in (again / "report.html").read_text(encoding="utf-8")


def test_what_was_measured_again_can_be_measured_again(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a_1.png", "a_2.png", eyepiece=True)
    options = ("--um-per-px", "0.3", "--sample-by", "name")
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", *options)[0] == 0
    assert command("measure", tmp_path / "out", "-o", tmp_path / "m")[0] == 0
    assert command("measure", tmp_path / "m", "-o", tmp_path / "third")[0] == 0
    assert_same_tables(tmp_path / "out", tmp_path / "third")


def test_scales_of_files_and_scores_of_a_network_are_those_of_the_count(
    tmp_path: Path, command: Command
) -> None:
    folder = images(tmp_path / "in", "a.tif", "b.tif", "none.png")
    network = write_dark(tmp_path)
    code, said = command("count", folder, "-o", tmp_path / "out", "--model", network)
    assert code == 0, said
    counted = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert counted["um_per_px"].round(4).tolist()[:2] == [0.25, 0.25]
    assert pd.read_csv(tmp_path / "out" / "spores.csv")["score"].notna().all()
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "again")
    assert code == 0
    assert "and scores are those of" in said
    assert_same_tables(tmp_path / "out", tmp_path / "again")


def test_images_of_several_folders_and_names_that_were_told_apart(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "x/a_1.png", "y/a_1.png", "y/a_1.jpg", "c.jpg", "c.png", "job.png")
    assert command("count", folder, "-r", "-o", tmp_path / "out", "-m", "otsu", "--sample-by", "name")[0] == 0
    choices: list[list[str | Path]] = [[], ["--pictures", folder], ["-r"]]
    for number, more in enumerate(choices):
        code, said = command("measure", tmp_path / "out", "-o", tmp_path / f"m{number}", *more)
        assert code == 0, said
        assert_same_tables(tmp_path / "out", tmp_path / f"m{number}")
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "wrong", "--pictures", folder / "x")
    assert code == 1
    assert "a photograph called" in said


def test_results_among_the_images_are_measured_with_their_photographs(
    tmp_path: Path, command: Command
) -> None:
    folder = images(tmp_path / "in", "a.png", "b.png")
    assert command("count", folder, "-o", folder, "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    assert command("measure", folder, "-o", tmp_path / "again")[0] == 0
    assert_same_tables(folder, tmp_path / "again")


def test_what_the_user_says_goes_before_the_record(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "T1_1.png", "T1_2.png", eyepiece=True)
    options = ["--um-per-px", "0.3", "--chamber", "custom", "--depth-mm", "0.1", "--edge-rule", "all"]
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", *options)[0] == 0

    def measured(name: str, *more: str | Path) -> tuple[pd.DataFrame, str]:
        code, said = command("measure", tmp_path / "out", "-o", tmp_path / name, *more)
        assert code == 0, said
        return pd.read_csv(tmp_path / name / "summary.csv"), said

    counted = pd.read_csv(tmp_path / "out" / "summary.csv")
    scale, said = measured("scale", "--um-per-px", "0.6")
    assert scale["density_per_mm2"].tolist() == pytest.approx((counted["density_per_mm2"] / 4).tolist())
    assert "Field, edge rule, samples" in said
    whole, said = measured("whole", "--field", "whole")
    assert set(whole["field"]) == {"whole picture"}
    assert whole["field_area_px"].tolist() == [240 * 320] * 2
    assert "Scale, edge rule, samples" in said
    names, _ = measured("names", "--sample-by", "name")
    assert set(names["sample"]) == {"T1"}
    other, said = measured("thoma", "--chamber", "thoma", "--square", "large")
    assert other["volume_ml"].tolist() == pytest.approx([1e-4, 1e-4])
    assert "chamber" not in said
    (tmp_path / "some.toml").write_text('[counting]\nconfidence = 0.5\n[picture]\nedge_rule = "exclude"\n')
    file, said = measured("file", "--settings", tmp_path / "some.toml")
    assert (file["count_high"] < counted["count_high"]).all()
    assert "edge rule" not in said
    assert "chamber" in said


def test_folders_that_were_counted_differently_are_not_mixed_without_a_word(
    tmp_path: Path, command: Command
) -> None:
    for number, rule in enumerate(("all", "top-left")):
        folder = images(tmp_path / f"in{number}", f"{rule}.png", "same.png")
        out = tmp_path / f"out{number}"
        assert command("count", folder, "-o", out, "-m", "otsu", "--edge-rule", rule)[0] == 0
    both = ("measure", tmp_path / "out0", tmp_path / "out1", "-o", tmp_path / "m")
    code, said = command(*both)
    assert code == 2
    assert "--edge-rule" in said
    assert "'all' in" in said
    assert "'top-left' in" in said
    code, said = command(*both, "--edge-rule", "all")
    assert code == 0, said
    found = pd.read_csv(tmp_path / "m" / "summary.csv")["image"].tolist()
    assert found == ["all.png", "out0/same.png", "out1/same.png", "top-left.png"]


def test_the_folder_of_the_labels_is_no_output_folder(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a.png")
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu")[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    for given in (tmp_path / "out", tmp_path / "out" / "a_labels.tif"):
        code, said = command("measure", given, "-o", tmp_path / "out")
        assert code == 2
        assert "another folder than that of the labels" in said
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "name",
    [
        "T1_rep1_sq{}_labels.tif",
        "T1_rep1_sq{}_masks.png",
        "T1_rep1_sq{}_cp_masks.tif",
        "T1_rep1_sq{}_label.tif",
        "T1_rep1_sq{}_mask.bmp",
        "T1_rep1_sq{}_seg.npy",
        "T1_rep1_sq{}_rois.zip",
        "T1_rep1_sq{}_RoiSet.zip",
        "T1_rep1_sq{}.geojson",
        "T1_rep1_sq{}.tif",
        "T1.5_rep1_sq{}_labels.tif",
    ],
)
def test_the_marker_of_a_file_of_labels_is_no_replicate(tmp_path: Path, name: str) -> None:
    sample = f"{name.partition('.5')[0][:2]}{'.5' if '.5' in name else ''}_rep1"
    for number in (1, 2, 3):
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / name.format(number)).touch()
    tasks = with_samples(find_labels([tmp_path / "labels"]), "name")
    assert [task.stated.sample for task in tasks] == [sample] * 3
    assert [task.image for task in tasks] == [name.format(number) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        (tmp_path / "pics").mkdir(exist_ok=True)
        (tmp_path / "pics" / f"{sample}_sq{number}.jpg").touch()
    for pictures in (tmp_path / "pics", None):
        tasks = find_labels([tmp_path / "labels"], pictures=pictures)
        assert [task.image for task in tasks] == [f"{sample}_sq{number}.jpg" for number in (1, 2, 3)]
        assert with_samples(tasks, "name") == tasks
        for path in (tmp_path / "pics").iterdir():
            shutil.copy(path, tmp_path / "labels")  # beside them


def test_labels_with_markers_are_pooled_by_name(tmp_path: Path, command: Command) -> None:
    (tmp_path / "labels").mkdir()
    for number in (1, 2, 3):
        labels = np.zeros((60, 80), dtype=np.uint16)
        labels[10:20, 10:30], labels[30:40, 10 * number : 10 * number + 20] = 1, 2
        cv2.imwrite(str(tmp_path / "labels" / f"T1_rep1_sq{number}_labels.tif"), labels)
    code, said = command("measure", tmp_path / "labels", "-o", tmp_path / "m", "--sample-by", "name")
    assert code == 0, said
    samples = pd.read_csv(tmp_path / "m" / "samples.csv")
    assert samples["sample"].tolist() == ["T1_rep1"]
    assert samples["pictures"].tolist() == [3]


def test_a_circle_whose_place_is_not_recorded_is_not_taken_for_the_whole_image(
    tmp_path: Path, command: Command
) -> None:
    """As of results that an earlier version wrote."""
    folder = images(tmp_path / "in", "a.png", eyepiece=True)
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    path = tmp_path / "out" / ".sporemetry" / "a.json"
    record = json.loads(path.read_text())
    for key in ("field_centre_y", "field_centre_x", "field_radius"):
        del record["facts"][key]
    path.write_text(json.dumps(record))
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 1
    assert "--pictures" in said
    assert command("measure", tmp_path / "out", "-o", tmp_path / "m", "--pictures", folder)[0] == 0
    assert_same_tables(tmp_path / "out", tmp_path / "m")


@pytest.mark.parametrize("content", ["{", '{"format": 1}', None])
def test_without_a_record_of_the_job_the_image_s_own_still_counts(
    tmp_path: Path, command: Command, content: str | None
) -> None:
    folder = images(tmp_path / "in", "a.png", eyepiece=True)
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    path = job_record_path(tmp_path / "out")
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 0
    assert "Field and scale are those of" in said  # and no scores: this method has none
    assert_same_tables(tmp_path / "out", tmp_path / "m")


def test_labels_whose_images_are_gone_from_the_count_are_left_out(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a.png", "b.png")
    count = ("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--export", "fiji")
    assert command(*count)[0] == 0
    (folder / "a.png").rename(folder / "c.png")
    assert command(*count)[0] == 0
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 0
    assert "a_labels.tif" in said or not (tmp_path / "out" / "a_labels.tif").exists()
    assert_same_tables(tmp_path / "out", tmp_path / "m")
    (tmp_path / "out" / "b_labels.tif").unlink()
    (tmp_path / "out" / "b_rois.zip").unlink()
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m2")
    assert code == 0
    assert "b_labels.tif" in said
    assert "no labels any more" in said


def test_copies_of_the_labels_are_measured_by_their_photographs(tmp_path: Path, command: Command) -> None:
    """Without a record field and scale are the photographs' own, not the whole image."""
    folder = images(tmp_path / "in", "a.png", eyepiece=True)
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    (tmp_path / "copies").mkdir()
    shutil.copy(tmp_path / "out" / "a_labels.tif", tmp_path / "copies")
    assert command("measure", tmp_path / "copies", "-o", tmp_path / "m", "--pictures", folder)[0] == 0
    columns = ["image", "counted", "field", "field_area_px", "density_per_mm2"]
    one, other = (pd.read_csv(tmp_path / name / "summary.csv")[columns] for name in ("out", "m"))
    assert one.equals(other)
    code, _ = command("measure", tmp_path / "copies", "-o", tmp_path / "m3")
    assert code == 0
    without = pd.read_csv(tmp_path / "m3" / "spores.csv")
    assert without["intensity_mean"].isna().all()  # it is not known, and it is not 200


def test_what_a_sample_sheet_states_is_taken_along(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a_1.png", "a_2.png", "b_1.png")
    sheet = "image;sample;treatment;dilution;um_per_px;field note\n"
    sheet += "a_1.png;A;x;10;0,5;wet\na_2.png;A;x;10;0,5;dry\nb_1.png;B;y;2;0,25;\n"
    (tmp_path / "sheet.csv").write_text(sheet, encoding="utf-8-sig")
    options = ("--samples", tmp_path / "sheet.csv", "--chamber", "neubauer")
    code, said = command("count", folder, "-o", tmp_path / "out", "-m", "otsu", *options)
    assert code == 0, said
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 0, said
    assert_same_tables(tmp_path / "out", tmp_path / "m")
    code, said = command(
        "measure", tmp_path / "out", "-o", tmp_path / "m2", "--um-per-px", "1", "--dilution", "3"
    )
    assert code == 0, said
    told = pd.read_csv(tmp_path / "m2" / "summary.csv")
    assert set(told["um_per_px"]) == {1.0}
    assert set(told["dilution"]) == {3.0}
    assert told["sample"].tolist() == ["A", "A", "B"]


@pytest.mark.parametrize("content", [None, b"{", b'{"format": 1}'])
def test_a_record_that_cannot_be_read_is_said(
    tmp_path: Path, command: Command, content: bytes | None
) -> None:
    folder = images(tmp_path / "in", "a.png", "b.png", eyepiece=True)
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    record = tmp_path / "out" / ".sporemetry" / "a.json"
    if content is None:
        record.unlink()
    else:
        record.write_bytes(content)
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 0
    assert "The records of 1 image of the count cannot be used" in said
    assert "a_labels.tif" in said


def test_a_record_with_a_scale_that_cannot_be_is_not_used(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a.png")
    assert command("count", folder, "-o", tmp_path / "out", "-m", "otsu", "--um-per-px", "0.3")[0] == 0
    path = tmp_path / "out" / ".sporemetry" / "a.json"
    record = json.loads(path.read_text())
    record["facts"]["um_per_px"] = 1e300
    path.write_text(json.dumps(record))
    code, said = command("measure", tmp_path / "out", "-o", tmp_path / "m")
    assert code == 0
    assert "The records of 1 image of the count cannot be used" in said
