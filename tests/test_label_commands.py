"""Through the commands: what label images mean is said in terminal, tables and report, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image as PillowImage
from scipy import ndimage
from tests.label_cases import ellipses, smoothed, spores
from typer.testing import CliRunner, Result

from sporemetry.cli.app import app
from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import LabelReadError
from sporemetry.label_fault import FAULT_KINDS
from sporemetry.training.label_check import check_labels
from sporemetry.training.parts import labelled_items

IDS = ellipses()
MASK = IDS > 0
BLAMED = ("debris", "crowded", "clumps", "Dilute", "--min-area", "in focus")
REFUSED = {
    "white": 255 - 255 * MASK,
    "grey edges": smoothed(MASK, 255, "gauss 0.7"),
    "no background": np.full(IDS.shape, 3),
    "background that seems": 2 - MASK,
    "classes": np.choose(IDS, [0, 128, 255, 128, 255]),
    "borders": np.where(IDS == 4, 0, np.where(np.roll(IDS, 12, axis=1) > 0, 255, IDS)),
}


def _save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.rint(array).astype(np.int64)
    if array.max() > 255:
        tifffile.imwrite(path.with_suffix(".tif"), array.astype(np.uint32))
    else:
        PillowImage.fromarray(array.astype(np.uint8)).save(path)
    return path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "400"})


def _measure(folder: Path, *more: object) -> tuple[Result, pd.DataFrame, str]:
    run = _run("measure", folder / "in", "-o", folder / "out", "--workers", "1", *more)
    summary = pd.read_csv(folder / "out" / "summary.csv", keep_default_na=False)
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return run, summary, report


@pytest.mark.parametrize("cause", REFUSED)
def test_measure_refuses_what_is_no_label_image(tmp_path: Path, cause: str) -> None:
    _save(tmp_path / "in" / "a.png", REFUSED[cause])
    run, summary, report = _measure(tmp_path)
    assert run.exit_code == 1
    assert len(summary) == 0
    for text in (run.output, report, (tmp_path / "out" / "failures.csv").read_text()):
        assert cause in text
        assert not any(word in text for word in BLAMED)


def test_measure_says_that_a_mask_is_one(tmp_path: Path) -> None:
    _save(tmp_path / "in" / "a.png", 2 * MASK)
    _save(tmp_path / "in" / "b.png", IDS)
    run, summary, report = _measure(tmp_path)
    assert run.exit_code == 0
    assert summary["spores"].tolist() == [4, 4]
    assert summary["label_fault"].tolist() == ["mask-as-ids", ""]
    assert "One value stands for all spores in 1 label image" in run.output
    assert "4 connected components" in report
    assert not any(word in report for word in BLAMED)


def test_measure_blames_the_labels_for_an_id_of_several_objects(tmp_path: Path) -> None:
    ids = spores()
    ids[np.isin(ids, (30, 35, 40, 45, 50, 55))] = 30
    _save(tmp_path / "in" / "a.png", ids)
    run, summary, report = _measure(tmp_path)
    assert summary["label_fault"].tolist() == ["scattered-id"]
    assert "One id stands for several objects in 1 label image" in run.output
    assert "id 30 in 6 pieces" in report
    assert not any(word in report for word in BLAMED)


def test_measure_of_a_label_image_full_of_objects_speaks_of_labels(tmp_path: Path) -> None:
    _save(tmp_path / "in" / "a.png", spores(200, touching=True))
    run, _, report = _measure(tmp_path)
    assert "Labels cover much of 1 picture" in run.output
    assert not any(word in report for word in BLAMED if word != "clumps")


def test_ids_beyond_the_number_of_pixels_in_every_stage(tmp_path: Path) -> None:
    gaps = np.choose(IDS, [0, 459, 460, 70_000, 3_000_000])
    beyond = np.choose(IDS, [0, 7, 2**31, 2**32 - 9, 2**31 + 5])
    _save(tmp_path / "in" / "a.png", gaps)
    _save(tmp_path / "in" / "b.png", beyond)
    run, summary, _ = _measure(tmp_path, "--export", "fiji,qupath")
    assert run.exit_code == 0
    assert summary["spores"].tolist() == [4, 4]
    spore_rows = pd.read_csv(tmp_path / "out" / "spores.csv")
    assert spore_rows["label"].tolist()[:4] == [459, 460, 70_000, 3_000_000]
    assert np.array_equal(tifffile.imread(tmp_path / "out" / "a_labels.tif"), gaps)
    for ending in ("_overlay.jpg", "_rois.zip", ".geojson"):
        assert (tmp_path / "out" / f"a{ending}").stat().st_size > 0
    scored = _run("evaluate", tmp_path / "in", tmp_path / "in", "-o", tmp_path / "scores")
    assert scored.exit_code == 0, scored.output
    assert "8 / 8" in scored.output
    _save(tmp_path / "set" / "labels" / "a_1.png", gaps)
    _save(tmp_path / "set" / "images" / "a_1.png", np.full(IDS.shape, 200))
    checked = _run("dataset", "check", tmp_path / "set")
    assert checked.exit_code == 0, checked.output
    assert "4" in checked.output


@pytest.mark.parametrize("side", ["prediction", "truth"])
def test_evaluate_says_it_of_either_side(tmp_path: Path, side: str) -> None:
    sides = {"prediction": tmp_path / "prediction", "truth": tmp_path / "truth"}
    for name, folder in sides.items():
        _save(folder / "a.png", 2 * MASK if name == side else IDS)
    run = _run("evaluate", sides["prediction"], sides["truth"], "-o", tmp_path / "scores")
    assert run.exit_code == 0, run.output
    assert f"a: {side}: A mask of 0 and 2" in run.output
    for file in ("summary.json", "evaluation.html", "per_image.csv"):
        assert "mask of 0 and 2" in (tmp_path / "scores" / file).read_text()
    for cause, wrong in REFUSED.items():
        _save(sides[side] / "a.png", wrong)
        run = _run("evaluate", sides["prediction"], sides["truth"])
        assert run.exit_code not in (0, 3)
        assert isinstance(run.exception, Exception)
        assert cause in str(run.exception)


def test_evaluate_takes_pixels_to_ignore_as_they_are(tmp_path: Path) -> None:
    _save(tmp_path / "set" / "labels" / "a.png", IDS)
    _save(tmp_path / "prediction" / "a.png", IDS)
    _save(tmp_path / "set" / "ignore" / "a.png", np.full(IDS.shape, 255) * (np.arange(200) > 100))
    assert _run("evaluate", tmp_path / "prediction", tmp_path / "set").exit_code == 0


def test_dataset_check_finds_the_same_faults(tmp_path: Path) -> None:
    for number, wrong in enumerate(REFUSED.values()):
        _save(tmp_path / "labels" / f"p{number}_1.png", wrong)
        noise = np.random.default_rng(number).integers(0, 256, IDS.shape)
        _save(tmp_path / "images" / f"p{number}_1.png", noise)
    run = _run("dataset", "check", tmp_path)
    assert run.exit_code == 3
    kinds = ("white-background", "grey-edges", "no-background", "class-values", "ignore-value")
    assert all(kind in run.output for kind in kinds)


CAUTIONED = {
    "class-values": np.where(ndimage.binary_erosion(IDS == 2, iterations=3), 1, 2 * (IDS == 2)),
    "scattered-id": np.minimum(spores(110, touching=True), 20),
    "outlines": np.where(ndimage.binary_erosion(spores() > 0), 0, spores()),
    "white-background": np.where((np.hypot(*np.ogrid[-120:120, -160:160]) <= 115) & (spores() == 0), 255, 0),
}


@pytest.mark.parametrize("kind", CAUTIONED)
def test_doubtful_labels_are_named_everywhere(tmp_path: Path, kind: str) -> None:
    _save(tmp_path / "in" / "a.png", CAUTIONED[kind])
    run, summary, report = _measure(tmp_path)
    assert run.exit_code == 0
    assert kind in summary["label_fault"][0].split("; ")
    assert "1 label image" in run.output
    for text in (run.output, report):
        assert "cover much of 1 picture" not in text
        assert "hidden" not in text
        assert not any(word in text for word in BLAMED)
    scored = _run("evaluate", tmp_path / "in", tmp_path / "in")
    assert "a: truth: " in scored.output
    _save(tmp_path / "set" / "labels" / "a.png", CAUTIONED[kind])
    _save(tmp_path / "set" / "images" / "a.png", np.full(CAUTIONED[kind].shape, 200))
    checked = _run("dataset", "check", tmp_path / "set")
    assert checked.exit_code == 3
    assert kind in checked.output
    doubts = check_labels(open_dataset(tmp_path / "set").labelled)
    assert any(FAULT_KINDS[kind] in line for line in doubts)


def _jpeg(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.fromarray((255 * MASK).astype(np.uint8)).save(path)


def test_jpeg_labels_in_a_folder_are_named_by_every_command(tmp_path: Path) -> None:
    data, good = tmp_path / "set", tmp_path / "good"
    _jpeg(data / "labels" / "a_labels.jpg")
    _save(data / "images" / "a.png", np.full(IDS.shape, 200))
    _save(good / "a.png", IDS)
    for arguments in (
        ("measure", data / "labels", "-o", tmp_path / "out"),
        ("measure", data / "labels", "--pictures", data / "images", "-o", tmp_path / "out"),
        ("evaluate", data / "labels", good),
        ("evaluate", good, data),
    ):
        error = _run(*arguments).exception
        assert isinstance(error, LabelReadError)
        assert "1 JPEG image (a_labels.jpg), which cannot be used as labels" in error.found
        assert "PNG or TIFF" in error.remedy
    checked = _run("dataset", "check", data)
    assert checked.exit_code == 3
    assert "jpeg-labels" in checked.output
    assert "empty label picture" not in checked.output
    with pytest.raises(LabelReadError, match="JPEG"):
        labelled_items(open_dataset(data))


@pytest.mark.parametrize("name", ["b.jpg", "b_labels.JPEG"])
def test_jpeg_labels_beside_sound_ones_are_named(tmp_path: Path, name: str) -> None:
    data, good = tmp_path / "set", tmp_path / "good"
    _jpeg(data / "labels" / name)
    for each in "ab":
        _save(good / f"{each}.png", IDS)
        _save(data / "images" / f"{each}.png", np.full(IDS.shape, 200))
    _save(data / "labels" / "a.png", IDS)
    run = _run("measure", data / "labels", "-o", tmp_path / "out", "--workers", "1")
    assert f"1 JPEG image ({name})" in run.output
    error = _run("evaluate", good, data).exception
    assert isinstance(error, LabelReadError)
    assert f"1 JPEG image ({name})" in error.found
    checked = _run("dataset", "check", data)
    assert f"{name}: a JPEG" in checked.output
    assert open_dataset(data).jpegs == (data / "labels" / name,)


def test_photographs_in_jpeg_beside_labels_are_no_labels(tmp_path: Path) -> None:
    for name in ("a.jpg", "other.jpg"):
        _jpeg(tmp_path / "in" / name)
    _save(tmp_path / "in" / "a_labels.png", IDS)
    run, summary, _ = _measure(tmp_path)
    assert run.exit_code == 0
    assert len(summary) == 1
    assert "cannot be used as labels" not in run.output
