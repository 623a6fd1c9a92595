"""Three treatments, three suspensions of each, two images of each: by the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from sporemetry.counting import treatment_mean, treatment_ratio
from sporemetry.report.formatting import quantity_text

COUNTS = {
    "control": [[10, 11], [12, 13], [14, 15]],
    "A": [[3, 5], [6, 6], [9, 10]],
    "B": [[0, 0], [0, 0], [0, 0]],
}
SHEET = (
    "Image;Suspension;Treatment;Dilution;µm/px;operator;celsius\r\n"
    "control_*;;control;2;0,5;Ann;-4\r\n"
    "A_*;;A;2;0,5;=1+1;-20\r\n"
    "B_*;;B;10;0,5;Ann;-4\r\n"
    "*_s1_*;one;;;;\r\n*_s2_*;two;;;;\r\n*_s3_*;three;;;;\r\n;;;;;\r\n"
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sporemetry", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def draw(path: Path, spores: int) -> None:
    pixels = np.random.default_rng(spores).normal(200, 3, (240, 320)).clip(0, 255).astype(np.uint8)
    for number in range(spores):
        centre = (30 + 60 * (number % 5), 40 + 70 * (number // 5))
        cv2.ellipse(pixels, centre, (16, 7), 30.0 * number, 0, 360, 80, -1)
    cv2.imwrite(str(path), pixels)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("treatments")
    (folder / "in").mkdir()
    for treatment, suspensions in COUNTS.items():
        for suspension, images in enumerate(suspensions, start=1):
            for image, spores in enumerate(images, start=1):
                draw(folder / "in" / f"{treatment}_s{suspension}_{image}.png", spores)
    (folder / "sheet.csv").write_bytes(SHEET.encode("cp1252"))
    done = count(folder, "out", "--samples", "sheet.csv", "--chamber", "neubauer")
    assert done.returncode == 0, done.stderr
    (folder / "terminal.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def count(folder: Path, output: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "count", "in", "-o", output, "--method", "otsu", "--workers", "1", *arguments)


def table(folder: Path, name: str, output: str = "out") -> Any:  # rows and cells of any type
    return pd.read_csv(folder / output / name)


def test_the_means_are_those_of_the_suspensions(counted: Path) -> None:
    found = table(counted, "treatments.csv").set_index("treatment")
    assert found.index.tolist() == ["control", "A", "B"]
    for treatment, suspensions in COUNTS.items():
        volume = 240 * 320 * 0.5e-3**2 * 0.1e-3 / (10 if treatment == "B" else 2)
        wanted = treatment_mean(suspensions, [[volume] * 2] * 3)
        row = found.loc[treatment]
        assert row["unit"] == "spores per mL"
        assert (row["suspensions"], row["images"], row["counted"]) == (3, 6, sum(map(sum, suspensions)))
        for column, value in (
            ("mean", wanted.mean),
            ("low", wanted.low),
            ("high", wanted.high),
            ("concentration_per_ml", wanted.mean),
            ("concentration_high", wanted.high),
            ("variance", wanted.variance),
            ("variance_between", wanted.variance_between),
            ("cv_between", wanted.cv_between),
            ("dispersion_within", wanted.dispersion_within),
        ):
            assert row[column] == pytest.approx(value, rel=1e-6, nan_ok=True), column


def test_the_ratios_are_those_of_the_means(counted: Path) -> None:
    found = table(counted, "ratios.csv").set_index(["treatment", "reference"])
    assert found.index.tolist() == [("A", "control"), ("B", "control"), ("B", "A")]
    wanted = treatment_ratio(treatment_mean(COUNTS["A"]), treatment_mean(COUNTS["control"]))
    row = found.loc[("A", "control")]
    assert row.tolist() == pytest.approx([wanted.ratio, wanted.low, wanted.high], rel=1e-6)


def test_every_table_says_what_the_sheet_states(counted: Path) -> None:
    summary = table(counted, "summary.csv").set_index("image")
    row = summary.loc["A_s2_1.png"]
    assert row[["sample", "suspension", "treatment"]].tolist() == ["A/two", "two", "A"]
    assert (row["dilution"], row["um_per_px"], row["scale_source"]) == (2, 0.5, "the sample sheet")
    assert (row["operator"], row["celsius"]) == ("'=1+1", -20)
    samples = table(counted, "samples.csv").set_index("sample")
    assert len(samples) == 9
    assert samples.loc["B/one", ["treatment", "operator"]].tolist() == ["B", "Ann"]


def test_terminal_report_and_manifest_show_treatments(counted: Path) -> None:
    terminal = (counted / "terminal.txt").read_text(encoding="utf-8")
    assert "control: " in terminal
    assert "spores per mL (95 % interval" in terminal
    assert "Windows-1252" in terminal
    page = (counted / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="treatments"' in page
    first = page[page.index('<p class="first">') :].split("</p>")[0]
    means = table(counted, "treatments.csv")
    assert all(
        f"{name} {quantity_text(mean, low, high).value}" in first
        for name, mean, low, high in zip(
            means["treatment"], means["mean"], means["low"], means["high"], strict=True
        )
    )
    assert first.index(means["treatment"][0]) < first.index("of samples")
    assert terminal.index("control: ") < terminal.index("A_s1_1.png")
    assert page.count('class="suspension"') == 9
    manifest = json.loads((counted / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sample_sheet"]["file"] == "sheet.csv"
    assert {"treatments.csv", "ratios.csv"} <= set(manifest["outputs"])
    assert "caution" in {said["level"] for said in manifest["cautions"]}
    assert all(said["headline"] in page for said in manifest["cautions"])
    assert {name for said in manifest["cautions"] for name in said["images"]} <= set(manifest["inputs"])


def test_a_changed_scale_redoes_its_images_and_no_others(counted: Path) -> None:
    images = ("in/A_s1_1.png", "in/A_s1_2.png")
    said: list[str] = []
    for changed in ("", "A_s1_1;;;;0,4;\r\n", "A_s1_1;;;;0,4;\r\n"):
        (counted / "changed.csv").write_bytes(SHEET.encode("cp1252") + changed.encode())
        done = run(counted, "count", *images, "-o", "rerun", "-m", "otsu", "--samples", "changed.csv")
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "unchanged" not in said[0]
    assert "1 picture unchanged" in said[1]
    assert "2 pictures unchanged" in said[2]
    scales = table(counted, "summary.csv", "rerun").set_index("image")["um_per_px"]
    assert (scales["A_s1_1.png"], scales["A_s1_2.png"]) == (0.4, 0.5)


def test_levels_in_names_give_the_same_treatments(counted: Path) -> None:
    done = count(counted, "levels", "--levels", "treatment_suspension_image")
    assert done.returncode == 0, done.stderr
    found = table(counted, "treatments.csv", "levels").set_index("treatment")
    wanted = treatment_mean(COUNTS["A"])
    assert found.loc["A", "unit"] == "spores per image"
    assert found.loc["A", ["mean", "low", "high"]].tolist() == pytest.approx(
        [wanted.mean, wanted.low, wanted.high], rel=1e-6
    )
    assert found["density_per_mm2"].isna().all()


def test_one_suspension_claims_no_interval_and_says_so(counted: Path) -> None:
    (counted / "one.csv").write_text("image,treatment,suspension\nA_*,A,only\nB_*,B,only\n", encoding="utf-8")
    done = run(
        counted,
        "count",
        "in/A_s1_1.png",
        "in/A_s1_2.png",
        "in/B_s1_1.png",
        "-o",
        "one",
        "-m",
        "otsu",
        "--samples",
        "one.csv",
    )
    assert done.returncode == 0, done.stderr
    assert "(no interval), 1 suspension" in done.stdout
    assert "One suspension only, so no interval" in done.stdout
    row = table(counted, "treatments.csv", "one").set_index("treatment").loc["A"]
    assert row["mean"] == 4
    assert row[["low", "high", "variance", "variance_between"]].isna().all()
    assert table(counted, "ratios.csv", "one")[["ratio_low", "ratio_high"]].isna().all(axis=None)
    header, line, *_ = (counted / "one" / "treatments.csv").read_text(encoding="utf-8").splitlines()
    assert "nan" not in line.lower()
    assert len(line.split(",")) == len(header.split(","))


def test_images_of_one_sample_are_not_pooled_over_its_suspensions(counted: Path) -> None:
    text = "image,sample,suspension\ncontrol_s1*,S,1\ncontrol_s2*,S,2\ncontrol_s3*,S,3\n"
    (counted / "sample.csv").write_text(text, encoding="utf-8")
    done = count(counted, "sample", "--samples", "sample.csv")
    assert done.returncode == 0, done.stderr
    assert not (counted / "sample" / "treatments.csv").exists()
    row = table(counted, "samples.csv", "sample").set_index("sample").loc["S"]
    wanted = treatment_mean(COUNTS["control"])
    assert row["suspensions"] == 3
    assert [row["count_low"], row["count_high"]] == pytest.approx([6 * wanted.low, 6 * wanted.high], rel=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,dilution\n*,0\n", "row 2, column dilution"),
        ("image,sample\nA_s1_1.png,S\nA_s1_1.png,T\n", "two values in column sample"),
        ("image,sample,treatment\nA_*,S,A\nB_*,S,B\n", "sample S is in"),
        ("image,sample\nnone,S\n", "none"),
        ("image,um_per_px\n*,1e400\n", "row 2, column um_per_px"),
    ],
)
def test_a_faulty_sheet_is_refused_before_anything_is_written(counted: Path, text: str, words: str) -> None:
    (counted / "faulty.csv").write_text(text, encoding="utf-8")
    done = count(counted, "faulty", "--samples", "faulty.csv")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (counted / "faulty").exists()


def test_a_count_is_measured_again_as_the_sheet_had_it(counted: Path) -> None:
    done = run(counted, "measure", "out", "-o", "again")
    assert done.returncode == 0, done.stderr
    for name in ("samples.csv", "treatments.csv", "ratios.csv"):
        assert (counted / "again" / name).read_bytes() == (counted / "out" / name).read_bytes()


def test_measured_labels_have_the_sheet_of_their_photographs(counted: Path) -> None:
    done = run(counted, "measure", "out", "-o", "measured", "--samples", "sheet.csv", "--chamber", "neubauer")
    assert done.returncode == 0, done.stderr
    before = table(counted, "treatments.csv")
    after = table(counted, "treatments.csv", "measured")
    pd.testing.assert_frame_equal(before, after)
