"""Images of types that cannot be read are named in terminal, report and manifest."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.image import PICTURE_SUFFIXES
from sporemetry.pipeline.unreadable import REMEDIES, find_unreadable, remedies_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One image among forty of a microscope, a page, a folder of a type, a table, and what is hidden."""
    images = tmp_path / "images"
    (images / "deep").mkdir(parents=True)
    (images / "stack.zarr").mkdir()
    for name in (*(f"field {k:02}.CZI" for k in range(40)), "page.pdf", "notes.txt", "table.xlsx", "._a.czi"):
        (images / name).write_bytes(b"x")
    (images / "deep" / "b.heic").write_bytes(b"x")
    pixels = np.full((64, 64, 3), 220, np.uint8)
    cv2.ellipse(pixels, (30, 30), (12, 7), 20, 0, 360, (60, 60, 60), -1)
    cv2.imwrite(str(images / "a.png"), pixels)
    return images


def count(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and what is said, in one line."""
    result = CliRunner().invoke(app, ["count", *map(str, arguments), "--method", "otsu", "--workers", "1"])
    return result.exit_code, " ".join(f"{result.output} {result.exception or ''}".split())


def test_files_that_cannot_be_read_are_named_everywhere(folder: Path, tmp_path: Path) -> None:
    code, said = count(folder, "-o", tmp_path / "out")
    assert code == 0
    expected = "40 .czi (field 00.CZI, field 01.CZI, field 02.CZI and 37 more), 1 .pdf (page.pdf), 1 .zarr"
    assert "42 files of a type that cannot be read" in said
    assert expected in said
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert expected in report
    assert "Bio-Formats" in report
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["not_read"][".czi"] == {
        "files": 40,
        "first": ["field 00.CZI", "field 01.CZI", "field 02.CZI"],
    }
    for other in ("notes.txt", ".xlsx", "._a.czi", ".heic"):
        assert other not in said
    assert "1 .heic (b.heic)" in count(folder, "-r", "-o", tmp_path / "out")[1]


def test_only_such_files_are_an_error_that_names_them(folder: Path, tmp_path: Path) -> None:
    (folder / "a.png").unlink()
    code, said = count(folder, "-o", tmp_path / "out")
    assert code != 0
    assert "only 40 .czi (field 00.CZI" in said
    assert "TIFF" in said
    assert not (tmp_path / "out").exists()


def test_results_and_the_output_are_not_looked_through(folder: Path, tmp_path: Path) -> None:
    assert count(folder / "a.png", "-o", folder / "out")[0] == 0
    (folder / "out" / "old.nd2").write_bytes(b"x")
    suffixes = [each.suffix for each in find_unreadable([folder, folder], recursive=True)]
    assert suffixes == [".czi", ".heic", ".pdf", ".zarr"]
    assert [each.files for each in find_unreadable([folder, folder])] == [40, 1, 1]
    assert find_unreadable([folder / "a.png"]) == ()


def test_every_type_has_a_remedy_and_none_can_be_read() -> None:
    assert len(REMEDIES) > 80
    assert not set(REMEDIES) & PICTURE_SUFFIXES
    assert all(suffix == suffix.lower() and remedy for suffix, remedy in REMEDIES.items())
    assert remedies_of(()) == ""
