"""Counts that are probably wrong, from the command to the tables."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.drawing import even, photograph, scattered
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.image import read_image
from sporemetry.pipeline import PictureSettings, count_image
from sporemetry.segmentation import ModelSettings


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty rods of 40 px."""
    light = even((480, 640))
    for rod in scattered(light.shape, 30, length=40, width=16, seed=2):
        light[rod] -= 60
    path = tmp_path_factory.mktemp("rods") / "rods.png"
    cv2.imwrite(str(path), photograph(light, noise=3))
    return path


def run(image: Path, output: Path, *options: str) -> tuple[list[str], pd.Series]:
    result = CliRunner().invoke(app, ["count", str(image), "-o", str(output), *options])
    assert result.exit_code == 0, result.output
    return result.output.splitlines(), pd.read_csv(output / "summary.csv", keep_default_na=False).iloc[0]


def test_a_wrong_length_is_said_in_the_first_line_and_everywhere(image: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    lines, row = run(image, output, "--spore-length-px", "250")
    assert lines[0].startswith("!!")
    assert "rods.png" in lines[0]
    assert row["count_fault"] == "uncovered objects"
    assert row["uncovered_objects"] >= 15
    assert float(row["uncovered_length_px"]) == pytest.approx(40, abs=6)
    told = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["cautions"]
    assert told[0]["level"] == "problem"
    assert "rods.png" in told[0]["headline"]
    assert told[0]["headline"] in (output / "report.html").read_text(encoding="utf-8")
    ringed = cv2.imread(str(output / "rods_overlay.jpg"))[..., ::-1].astype(int)
    yellow = np.abs(ringed - (240, 228, 66)).sum(axis=2) < 120
    assert yellow.sum() > 1000
    measured = CliRunner().invoke(app, ["measure", str(output), "-o", str(tmp_path / "again")])
    assert measured.exit_code == 0
    again = pd.read_csv(tmp_path / "again" / "summary.csv", keep_default_na=False).iloc[0]
    for name in ("count_fault", "uncovered_objects", "uncovered_length_px", "mask_confidence"):
        assert again[name] == row[name]


def test_a_traditional_method_is_not_looked_at(image: Path, tmp_path: Path) -> None:
    _, row = run(image, tmp_path / "out", "--method", "otsu", "--min-area", "5000", "--max-area", "6000")
    assert (row["spores"], row["count_fault"], row["uncovered_objects"]) == (0, "", 0)


REAL = [
    "dic_fungal/images/demo04",
    "dic_fungal/images/demo08",
    "anthracnose/images/2",
    "nosema/images/S82_3_2",
]


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_counts_of_known_kinds_and_an_empty_field_are_silent(name: str, real_data: Path) -> None:
    path = next(real_data.glob(f"{name}.*"))
    assert count_image(read_image(path)).check.fault == ""


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "length"), [("anthracnose/images/1", 160.0), ("nosema/images/P31_5_1", 80.0)]
)
def test_counts_at_four_times_the_length_are_said(name: str, length: float, real_data: Path) -> None:
    path = next(real_data.glob(f"{name}.*"))
    settings = PictureSettings(model=ModelSettings(spore_length_px=length))
    assert count_image(read_image(path), settings).check.fault
