"""Squares and scale that tell of different areas are said with both concentrations, everywhere."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.pipeline import CountingSettings
from sporemetry.pipeline.chamber_check import disagreement_caution, find_disagreement
from sporemetry.pipeline.stated import Stated

GRID = CountingSettings(chamber="neubauer", square="grid", dilution=2.0)


def summary(**areas: float) -> pd.DataFrame:
    """Images of these areas in mm², 90 spores in each."""
    return pd.DataFrame({"image": list(areas), "counted": 90, "field_area_mm2": list(areas.values())})


@pytest.mark.parametrize(
    ("area", "warned"), [(9.0, False), (8.2, False), (9.89, False), (8.1, True), (9.95, True)]
)
def test_more_than_a_tenth_apart_is_warned_of(area: float, warned: bool) -> None:
    found = find_disagreement(summary(a=area), GRID, {})
    assert bool(found.images) == warned
    assert (disagreement_caution(found) is not None) == warned


def test_both_concentrations_and_the_factor_are_said() -> None:
    found = find_disagreement(summary(a=0.5625, b=4.5, c=9.0), GRID, {})
    assert list(found.images) == ["a", "b"]
    caution = disagreement_caution(found)
    assert caution is not None
    assert caution.pictures == ("a", "b")
    assert "2.00 × 10⁵ spores per mL by the squares, 3.20 × 10⁶ by the scale" in caution.headline
    assert "furthest apart in a" in caution.headline
    assert "a factor of 16.0" in caution.text
    assert "4.00 × 10⁵" in found.notes()["b"]


def test_an_image_without_spores_is_not_the_example() -> None:
    table = summary(a=0.5, b=1.0).assign(counted=[0, 90])
    caution = disagreement_caution(find_disagreement(table, GRID, {}))
    assert caution is not None
    assert "furthest apart in b" in caution.headline
    assert "2.00 × 10⁵" in caution.headline


def test_without_squares_or_scale_there_is_nothing_to_compare() -> None:
    assert not find_disagreement(summary(a=float("nan")), GRID, {}).images
    assert not find_disagreement(summary(a=0.5), CountingSettings(chamber="neubauer"), {}).images
    assert not find_disagreement(summary(a=0.5), CountingSettings(), {}).images
    assert not find_disagreement(summary(), GRID, {}).images


def test_a_sample_sheet_states_the_squares_of_an_image() -> None:
    stated = {"b": Stated(square="large", squares=4)}
    found = find_disagreement(summary(a=4.0, b=4.0), GRID, stated)
    assert list(found.images) == ["a"]


def test_terminal_and_report_say_concentrations_and_the_disagreement(tmp_path: Path) -> None:
    for sample in ("A", "B"):
        (tmp_path / "in" / sample).mkdir(parents=True)
        pixels = np.full((120, 120, 3), 220, np.uint8)
        for at in (30, 60, 90):
            cv2.ellipse(pixels, (at, at), (12, 7), 20, 0, 360, (60, 60, 60), -1)
        cv2.imwrite(str(tmp_path / "in" / sample / "1.png"), pixels)
    chamber = ("--um-per-px", "0.5", "--chamber", "neubauer", "--square", "grid")
    arguments = [
        "count",
        str(tmp_path / "in"),
        "-r",
        "-o",
        str(tmp_path / "out"),
        "--method",
        "otsu",
        *chamber,
    ]
    result = CliRunner().invoke(app, [*arguments, "--workers", "1"])
    assert result.exit_code == 0
    assert "spores per mL" in result.output
    assert "sample" in result.output
    said = " ".join(result.output.split())
    assert "Chamber and scale disagree in 2 pictures" in said
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    samples = pd.read_csv(tmp_path / "out" / "samples.csv")
    assert (samples["concentration_per_ml"] > 0).all()
    first = report[report.index('<p class="first">') :].split("</p>")[0]
    assert "Spores per mL of samples: A " in first
    assert "; B " in first
    assert report.count("Chamber and scale disagree: 9.00 mm² by the squares, ") == 2
