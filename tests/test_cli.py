"""The command line as a user meets it: real processes, real files, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image as PillowImage
from tests.processes import start_interruptible

from sporemetry.segmentation import SEGMENTERS


def run(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sporemetry", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def picture(spores: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    generator = np.random.default_rng(seed)
    pixels = generator.normal(200, 3, (240, 320)).clip(0, 255).astype(np.uint8)
    for number in range(spores):
        centre = (40 + 60 * (number % 5), 40 + 60 * (number // 5))
        cv2.ellipse(pixels, centre, (16, 7), 30.0 * number, 0, 360, 80, -1)
    return pixels


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder counted: two samples, a blank picture, a bad file; the output lies in ``out``."""
    folder = tmp_path_factory.mktemp("counted")
    (folder / "in").mkdir()
    for name, spores in (("a_1", 6), ("a_2", 9), ("b_1", 0)):
        cv2.imwrite(str(folder / "in" / f"{name}.png"), picture(spores))
    (folder / "in" / "bad.png").write_bytes(b"no picture")
    arguments = ("count", "in", "-o", "out", "--um-per-px", "0.4", "--sample-by", "name", "--workers", "1")
    result = run(*arguments, "--chamber", "neubauer", folder=folder)
    assert result.returncode == 3, result.stderr
    assert "bad.png" in result.stderr
    return folder


def test_all_promised_files_are_there(counted: Path) -> None:
    names = {path.name for path in (counted / "out").iterdir()}
    assert {
        "summary.csv",
        "samples.csv",
        "spores.csv",
        "report.html",
        "manifest.json",
        "failures.csv",
    } <= names
    for name in ("a_1", "a_2", "b_1"):
        assert {f"{name}_labels.tif", f"{name}_overlay.jpg"} <= names
    assert not any(name.startswith("bad_") for name in names)


def test_the_counts_are_right(counted: Path) -> None:
    summary = pd.read_csv(counted / "out" / "summary.csv").set_index("image")
    assert summary["counted"].to_dict() == {"a_1.png": 6, "a_2.png": 9, "b_1.png": 0}
    area_mm2 = 240 * 320 * 0.4e-3**2
    assert summary.loc["a_1.png", "field_area_mm2"] == pytest.approx(area_mm2)
    assert summary.loc["a_1.png", "density_per_mm2"] == pytest.approx(6 / area_mm2)
    assert summary.loc["a_1.png", "concentration_per_ml"] == pytest.approx(6 / (area_mm2 * 0.1 * 1e-3))


def test_nothing_but_background_is_a_row_with_its_interval(counted: Path) -> None:
    row = pd.read_csv(counted / "out" / "summary.csv").set_index("image").loc["b_1.png"]
    assert row["counted"] == 0
    assert row["count_low"] == 0
    assert row["count_high"] == pytest.approx(3.69, abs=0.005)


def test_replicates_are_pooled_by_name(counted: Path) -> None:
    samples = pd.read_csv(counted / "out" / "samples.csv").set_index("sample")
    assert samples["pictures"].to_dict() == {"a": 2, "b": 1}
    assert samples.loc["a", "counted"] == 15
    assert samples.loc["a", "variance_to_mean"] == pytest.approx(4.5 / 7.5)
    assert samples.loc["a", "n_measured"] == 15
    assert str(samples.loc["a", "sizes"]).endswith("n = 15")


def test_labels_open_in_other_programs_libraries(counted: Path) -> None:
    path = counted / "out" / "a_2_labels.tif"
    with tifffile.TiffFile(path) as file:
        labels = file.asarray()
        assert file.series[0].axes == "YX"
        assert file.imagej_metadata["unit"] == "um"
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert denominator / numerator == pytest.approx(0.4)
    assert labels.dtype == np.uint16
    assert np.unique(labels).tolist() == list(range(10))
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), labels)
    with PillowImage.open(path) as opened:
        assert np.array_equal(np.asarray(opened), labels)


def test_spores_are_listed_with_their_sizes(counted: Path) -> None:
    spores = pd.read_csv(counted / "out" / "spores.csv")
    assert spores.columns[:3].tolist() == ["image", "label", "index"]
    assert spores.columns[-3:].tolist() == ["score", "touches_edge", "counted"]
    assert spores["counted"].all()
    assert spores["length_um"].between(12, 14.5).all()
    assert spores["score"].between(0, 1).all()


def test_a_drawn_ellipse_has_the_size_it_was_drawn_with(counted: Path) -> None:
    # By contrast: the network has learnt spores with a rim, and draws these flat ellipses a pixel wider.
    arguments = ("count", "in/a_1.png", "in/a_2.png", "-o", "contrast", "--um-per-px", "0.4", "-m", "kmeans")
    assert run(*arguments, "--workers", "1", folder=counted).returncode == 0
    spores = pd.read_csv(counted / "contrast" / "spores.csv")
    assert len(spores) == 15
    assert spores["length_um"].between(12, 14.5).all()
    assert spores["width_um"].between(5, 7).all()


def test_the_failure_says_what_was_wrong(counted: Path) -> None:
    failures = pd.read_csv(counted / "out" / "failures.csv")
    assert failures["image"].tolist() == ["bad.png"]
    assert failures[["error", "expected", "found"]].notna().all(axis=None)


def test_the_manifest_has_versions_settings_and_hashes(counted: Path) -> None:
    manifest = json.loads((counted / "out" / "manifest.json").read_text())
    assert manifest["settings"]["um_per_px"] == "0.4"
    assert manifest["command"].startswith("sporemetry count in -o out")
    assert set(manifest["inputs"]) == {"a_1.png", "a_2.png", "b_1.png"}
    assert manifest["failed"] == ["bad.png"]
    for name in ("spores.csv", "report.html", "a_1_labels.tif"):
        assert len(manifest["outputs"][name]) == 64


def test_a_rerun_does_only_what_is_missing_or_changed(counted: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(counted), str(folder)], check=True)
    out = folder / "out"
    stamps = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    (out / "a_1_overlay.jpg").unlink()
    cv2.imwrite(str(folder / "in" / "a_2.png"), picture(4))
    arguments = ("count", "in", "-o", "out", "--um-per-px", "0.4", "--sample-by", "name", "--workers", "1")
    result = run(*arguments, "--chamber", "neubauer", folder=folder)
    assert result.returncode == 3
    assert "1 picture unchanged" in result.stdout
    changed = {path.name for path in out.iterdir() if stamps.get(path.name) != path.stat().st_mtime_ns}
    assert "b_1_labels.tif" not in changed
    assert {"a_1_overlay.jpg", "a_2_labels.tif", "summary.csv"} <= changed
    assert pd.read_csv(out / "summary.csv").set_index("image").loc["a_2.png", "counted"] == 4


def test_another_dilution_redoes_tables_only(counted: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(counted), str(folder)], check=True)
    stamps = {path.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*_labels.tif")}
    arguments = ("count", "in", "-o", "out", "--um-per-px", "0.4", "--sample-by", "name")
    run(*arguments, "--chamber", "neubauer", "--dilution", "10", folder=folder)
    after = {path.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*_labels.tif")}
    assert after == stamps
    before = pd.read_csv(counted / "out" / "summary.csv")["concentration_per_ml"]
    now = pd.read_csv(folder / "out" / "summary.csv")["concentration_per_ml"]
    assert now.tolist() == pytest.approx((before * 10).tolist())


def test_measuring_the_labels_gives_the_same_sizes(counted: Path, tmp_path: Path) -> None:
    result = run(
        "measure", counted / "out", "-o", tmp_path / "m", "--pictures", counted / "in", "--workers", "1"
    )
    assert result.returncode == 0, result.stderr
    first = pd.read_csv(counted / "out" / "spores.csv")
    second = pd.read_csv(tmp_path / "m" / "spores.csv")
    for column in ("label", "area", "length_um", "width_um", "perimeter", "intensity_mean"):
        assert second[column].tolist() == pytest.approx(first[column].tolist()), column


def test_evaluating_a_count_against_itself_is_perfect(counted: Path, tmp_path: Path) -> None:
    result = run("evaluate", counted / "out", counted / "out", "-o", tmp_path / "e")
    assert result.returncode == 0, result.stderr
    assert "1.000" in result.stdout
    assert (tmp_path / "e" / "per_image.csv").is_file()


def test_doctor_says_what_this_machine_can_do() -> None:
    result = run("doctor", "--json")
    assert result.returncode == 0, result.stdout
    facts = json.loads(result.stdout)
    assert facts["problems"] == []
    assert facts["base"]["numpy"]
    assert set(facts["extras"]) == {"train", "web", "cluster"}
    assert run("doctor").returncode == 0


def test_help_names_every_method_and_imports_nothing_heavy() -> None:
    result = run("count", "--help")
    assert result.returncode == 0
    for method in SEGMENTERS:
        assert method in result.stdout
    code = "import sys, sporemetry.cli; print(sorted({'numpy', 'pandas', 'cv2', 'scipy'} & set(sys.modules)))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert imported.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("count", "{in}", "-o", "out", "--method", "magic"), 2, "otsu"),
        (("count", "{in}", "-o", "out", "--um-per-px", "-1"), 2, "--um-per-px"),
        (("count", "{in}", "-o", "out", "--workers", "0"), 2, "--workers"),
        (("count", "{in}", "-o", "out", "--chamber", "neubauer", "--square", "huge"), 2, "large"),
        (("count", "nowhere", "-o", "out"), 1, "nothing of that name"),
        (("count", "empty", "-o", "out"), 1, "at least one picture"),
        (("count", "{in}", "-o", "file/out"), 1, "output folder"),
        (("count", "{in}"), 2, "output"),
        (("measure", "{in}/none", "-o", "out"), 1, "nothing of that name"),
    ],
)
def test_wrong_use_is_told_in_one_clear_message(
    counted: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    result = run(*(each.replace("{in}", str(counted / "in")) for each in arguments), folder=tmp_path)
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_only_bad_pictures_mean_that_nothing_was_done(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    result = run("count", "bad.png", "-o", "out", folder=tmp_path)
    assert result.returncode == 1
    assert pd.read_csv(tmp_path / "out" / "summary.csv").empty
    assert pd.read_csv(tmp_path / "out" / "spores.csv").empty


def test_a_traceback_is_shown_only_when_asked_for(tmp_path: Path) -> None:
    assert "Traceback" in run("count", "nowhere", "-o", "out", "--debug", folder=tmp_path).stderr


def test_control_c_ends_it_with_a_message_and_it_goes_on(tmp_path: Path) -> None:
    pictures = 160  # so many that it cannot end before this process has seen it begin, on any machine
    (tmp_path / "in").mkdir()
    for number in range(pictures):
        cv2.imwrite(str(tmp_path / "in" / f"p_{number:03d}.png"), picture(number % 12, seed=number))
    command = [sys.executable, "-m", "sporemetry", "count", "in", "-o", "out", "--workers", "1"]
    job = start_interruptible(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/*_labels.tif")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(job.pid, signal.SIGINT)
    _, said = job.communicate(timeout=60)
    done = len(list(tmp_path.glob("out/.sporemetry/*.json")))
    assert job.returncode == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert 0 < done < pictures
    result = run("count", "in", "-o", "out", "--workers", "1", folder=tmp_path)
    assert result.returncode == 0
    assert f"{done} picture" in result.stdout
    assert len(pd.read_csv(tmp_path / "out" / "summary.csv")) == pictures


def test_a_job_that_is_told_to_end_ends_as_after_control_c(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(120):
        cv2.imwrite(str(tmp_path / "in" / f"p_{number:03d}.png"), picture(3, seed=number))
    command = [sys.executable, "-m", "sporemetry", "count", "in", "-o", "out", "--workers", "1", "-m", "otsu"]
    job = start_interruptible(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/*_labels.tif")) and time.monotonic() < deadline:
        time.sleep(0.01)
    job.terminate()
    _, said = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("out/.sporemetry-tmp-*"))


def test_a_picture_named_like_markup_is_only_a_name(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "[red]a[-red].png"), picture(3))
    (tmp_path / "[bold].png").write_bytes(b"no picture")
    result = run("count", "[red]a[-red].png", "[bold].png", "-o", "out", "--workers", "1", folder=tmp_path)
    assert result.returncode == 3
    assert "[red]a[-red].png" in result.stdout
    assert "[bold].png" in result.stderr


def test_spores_above_the_largest_area_are_not_lost_without_a_word(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "large.png"), cv2.resize(picture(5), None, fx=6, fy=6))
    traditional = ("count", "large.png", "-o", "out", "--workers", "1", "--method", "kmeans")
    result = run(*traditional, folder=tmp_path)
    assert pd.read_csv(tmp_path / "out" / "summary.csv").loc[0, "spores"] == 0
    assert "left out" in result.stdout
    result = run(*traditional, "--max-area", "30000", folder=tmp_path)
    assert pd.read_csv(tmp_path / "out" / "summary.csv").loc[0, "spores"] == 5
    assert "left out" not in result.stdout
