"""``sporemetry samples init``: a sheet to fill in, which ``--samples`` reads back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from sporemetry.cli import app
from sporemetry.errors import OutputError
from sporemetry.pipeline import CountSettings, list_inputs, read_sample_sheet, state_images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    pixels = np.full((40, 50), 200, np.uint8)
    for name in ("T1_s1_1.png", "T1_s1_2.png", "=T2_s1_1.png", "Blätter, 2_s1_1.png"):
        cv2.imencode(".png", pixels)[1].tofile(folder / name)
    tifffile.imwrite(
        folder / "T1_s2_1.tif", pixels, imagej=True, resolution=(4.0, 4.0), metadata={"unit": "um"}
    )
    (folder / "T1_s2_2.png").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize("semicolons", [(), ("--semicolons",)])
def test_what_is_written_is_read_back(images: Path, semicolons: tuple[str, ...]) -> None:
    sheet = images.parent / "sheet.csv"
    done = CliRunner().invoke(app, ["samples", "init", str(images), "-o", str(sheet), *semicolons])
    assert done.exit_code == 0, done.output
    assert "treatment_suspension_image" in done.output
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbfimage")
    tasks = list_inputs([images]).tasks
    job = state_images(tasks, CountSettings(), read_sample_sheet(sheet))
    stated = {task.image: task.stated for task in job.tasks}
    assert len(stated) == 6
    assert {said.treatment for said in stated.values()} == {"T1", "=T2", "Blätter, 2"}
    assert stated["T1_s2_1.tif"].um_per_px == pytest.approx(0.25)
    assert stated["T1_s2_2.png"].um_per_px is None
    assert not [caution for caution in job.cautions if "row" in caution.headline]
    assert "'=T2" in sheet.read_text(encoding="utf-8-sig")


def test_a_sheet_that_is_there_is_never_replaced(images: Path) -> None:
    sheet = images.parent / "sheet.csv"
    sheet.write_text("mine")
    done = CliRunner().invoke(app, ["samples", "init", str(images), "-o", str(sheet)])
    assert isinstance(done.exception, OutputError)
    assert sheet.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_said(images: Path) -> None:
    done = CliRunner().invoke(app, ["samples", "init", str(images), "-o", str(images / "none" / "sheet.csv")])
    assert isinstance(done.exception, OutputError)


def test_folders_are_levels(tmp_path: Path) -> None:
    pixels = np.full((40, 50), 200, np.uint8)
    for treatment in ("control", "treated"):
        for suspension in ("1", "2"):
            folder = tmp_path / "in" / treatment / suspension
            folder.mkdir(parents=True)
            cv2.imwrite(str(folder / "a_1.png"), pixels)
    sheet = tmp_path / "sheet.csv"
    done = CliRunner().invoke(app, ["samples", "init", str(tmp_path / "in"), "-r", "-o", str(sheet)])
    assert done.exit_code == 0, done.output
    rows = read_sample_sheet(sheet).rows
    assert [(row.image, row.values) for row in rows][:1] == [
        ("control/1/a_1.png", {"suspension": "1", "treatment": "control"})
    ]
