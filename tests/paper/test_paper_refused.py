"""Data sets that the paper's runs cannot be made on are refused once, and before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.training.training_runs import write_dataset
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.errors import ImageReadError, SporemetryError


def refusal(data: Path, output: Path, *options: str) -> BaseException:
    """Return the error that the command ends with."""
    arguments = ["paper", "table4", "--data", str(data), "--scale", "smoke", "-o", str(output), *options]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, SporemetryError)
    return error


@pytest.mark.parametrize("options", [(), ("--plan",)])
@pytest.mark.parametrize(
    ("pictures", "labelled", "said"),
    [
        (3, 0, "3 pictures, none with labels"),
        (8, 2, "2 pictures of 2 groups in"),
        (0, 0, "0 pictures, none with labels"),
    ],
)
def test_of_too_few_labels(
    tmp_path: Path, pictures: int, labelled: int, said: str, options: tuple[str, ...]
) -> None:
    data = write_dataset(tmp_path / "dots", pictures=max(1, pictures))
    for number in range(labelled, pictures or 1):
        (data / "labels" / f"p{number}_1.png").unlink()
    if not pictures:
        (data / "images" / "p0_1.png").unlink()
    error = refusal(data, tmp_path / "out", *options)
    assert "--data" in str(error)
    assert said in str(error)
    assert not (tmp_path / "out").exists()


def test_of_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "dots").mkdir()
    assert "without images/" in str(refusal(tmp_path / "dots", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_of_labels_that_cannot_be_read(tmp_path: Path) -> None:
    """Told once and not by each of 32 runs; mended, the same command goes on."""
    data = write_dataset(tmp_path / "dots", pictures=8)
    broken = data / "labels" / "p3_1.png"
    whole = shutil.copy(broken, tmp_path / "whole.png")
    broken.write_bytes(broken.read_bytes()[:40])
    error = refusal(data, tmp_path / "out")
    assert isinstance(error, ImageReadError)
    assert "p3_1.png" in str(error)
    assert not (tmp_path / "out" / "tables").exists()
    shutil.copy(whole, broken)
    told = CliRunner().invoke(
        app,
        ["paper", "table4", "--data", str(data), "--scale", "smoke", "-o", str(tmp_path / "out"), "--plan"],
    )
    assert told.exit_code == 0
    assert "32 missing" in told.output
