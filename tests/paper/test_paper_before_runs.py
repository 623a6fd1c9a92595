"""Before the paper's runs: unfit data sets are refused once, plans are cheap, and neither writes anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.training.training_runs import write_dataset
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import DatasetItem
from sporemetry.errors import ImageReadError, SporemetryError
from sporemetry.paper import data as paper_data


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


def test_a_plan_reads_labels_once_for_runs_of_the_same_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_dataset(tmp_path / "dots", pictures=8)
    seen: list[int] = []

    def counted(items: Iterable[DatasetItem]) -> dict[str, int]:
        seen.append(1)
        return spore_counts(items)

    monkeypatch.setattr(paper_data, "spore_counts", counted)
    arguments = ["paper", "table7", "--data", str(data), "--scale", "smoke", "--seeds", "2", "--plan"]
    told = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out")])
    assert told.exit_code == 0, told.output
    shares = {0.5, 1.0}
    assert f"{2 * 4 * 2 * len(shares)} runs: " in told.output
    assert len(seen) <= 2 * (1 + len(shares))
    assert not (tmp_path / "out").exists()
