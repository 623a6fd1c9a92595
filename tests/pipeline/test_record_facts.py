"""Records whose facts cannot be: the image is done anew, and nothing fails."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.drawing import write_spores
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.pipeline import CountSettings, PictureSettings, find_pictures, run_folder
from sporemetry.pipeline.folder import FolderResult
from sporemetry.pipeline.job_record import job_record_path, read_job_record
from sporemetry.pipeline.record import read_record, record_path

SETTINGS = CountSettings(picture=PictureSettings(method="otsu"))
IMPOSSIBLE: list[dict[str, object]] = [
    {"um_per_px": 1e308},
    {"um_per_px": 5e-324},
    {"um_per_px": 10**400},
    {"um_per_px": True},
    {"um_per_px": -1},
    {"spore_length_px": 10**400},
    {"spore_length_px": 1e308},
    {"spore_length_px": "9"},
    {"counted": 99, "spores": 1},
    {"counted": True},
    {"spores": 0, "counted": 0},
    {"spores": 10**400},
    {"field_area_px": 0, "width_px": 0},
    {"field_area_px": 10**9},
    {"width_px": 10**400},
    {"width_px": 10**6, "height_px": 10**6},
    {"left_out_share": 2},
    {"left_out_share": True},
    {"left_out_share": "0"},
    {"label_fault": 5},
    {"label_fault": None},
    {"count_fault": 5},
    {"mask_confidence": 1.5},
    {"mask_confidence": "1"},
    {"uncovered_objects": -1},
    {"uncovered_objects": 2.5},
    {"uncovered_length_px": -3.0},
    {"uncovered_length_px": "9"},
    {"edited": "yes"},
    {"edited": 1},
    {"labels_pixels": 3},
    {"labels_pixels": "3"},
    {"scale_source": None},
    {"scale_source": "\x1b[31mred"},
    {"field": 1},
    {"field_radius": "5"},
    {"field_centre_x": 10**400},
    {"surplus": 10**400},
]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts")
    (folder / "in").mkdir()
    write_spores(folder / "in" / "a.png")
    assert count(folder).worked == 1
    return folder


@pytest.fixture
def copy(counted: Path, tmp_path: Path) -> Path:
    shutil.copytree(counted, tmp_path / "c")
    return tmp_path / "c"


def count(folder: Path) -> FolderResult:
    return run_folder(find_pictures([folder / "in"]), folder / "out", SETTINGS)


def change(folder: Path, facts: dict[str, object], **more: object) -> None:
    path = record_path(folder / "out", "a")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "facts": {**content["facts"], **facts}, **more}))


@pytest.mark.parametrize("facts", IMPOSSIBLE, ids=lambda facts: "-".join(facts))
def test_an_image_whose_record_cannot_be_is_done_anew(facts: dict[str, object], copy: Path) -> None:
    right = record_path(copy / "out", "a").read_text()
    tables = {name: (copy / "out" / name).read_bytes() for name in ("summary.csv", "spores.csv")}
    change(copy, facts)
    again = count(copy)
    assert (again.worked, len(again.outcome.failures)) == (1, 0)
    assert record_path(copy / "out", "a").read_text() == right
    assert {name: (copy / "out" / name).read_bytes() for name in tables} == tables


def test_notes_that_would_be_obeyed_make_no_record(copy: Path) -> None:
    change(copy, {}, notes=["\x1b]0;title\x07"])
    assert read_record(copy / "out", "a") is None
    assert count(copy).worked == 1


def test_other_rows_than_the_record_tells_of_are_no_failure(copy: Path) -> None:
    before = record_path(copy / "out", "a").read_text()
    change(copy, {"spores": 1, "counted": 1})  # possible by itself; the rows say otherwise
    assert read_record(copy / "out", "a") is not None
    assert count(copy).worked == 1
    assert record_path(copy / "out", "a").read_text() == before


@pytest.mark.parametrize("facts", [{"um_per_px": 1e308}, {"counted": 99, "spores": 1}, {"label_fault": 5}])
def test_measure_says_that_a_record_cannot_be_used(facts: dict[str, object], copy: Path) -> None:
    change(copy, facts)
    done = CliRunner().invoke(
        app, ["measure", str(copy / "out"), "-o", str(copy / "measured"), "--workers", "1"]
    )
    assert done.exit_code == 0, done.output
    assert "record" in done.output
    assert "cannot be used" in " ".join(done.output.split())


@pytest.mark.parametrize(
    "change_of", [{"dilution": 10**400}, {"dilution": 1e308}, {"confidence": 10**400}, {"samples": "\x1b"}]
)
def test_a_job_record_that_cannot_be_is_none(change_of: dict[str, object], copy: Path) -> None:
    path = job_record_path(copy / "out")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "counting": {**content["counting"], **change_of}}))
    assert read_job_record(copy / "out") is None
    content["stated"] = {"a": {"um_per_px": 10**400}}
    path.write_text(json.dumps(content))
    assert read_job_record(copy / "out") is None
    assert os.path.lexists(path)
