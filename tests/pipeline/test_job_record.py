"""The settings of a job come back typed, and what is not of our form is no record."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sporemetry.image import ReadSettings
from sporemetry.pipeline import CountingSettings, CountSettings, PictureSettings
from sporemetry.pipeline.job_record import job_record_path, read_job_record, write_job_record

COUNTING = CountingSettings(
    sample_by="name", chamber="custom", depth_mm=0.1, square_area_mm2=0.04, squares=4, dilution=10
)
PICTURE = PictureSettings(edge_rule="all", reading=ReadSettings(page=2, max_pixels=10_000))
SETTINGS = CountSettings(picture=PICTURE, counting=COUNTING)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    job_record_path(tmp_path).parent.mkdir()
    write_job_record(tmp_path, SETTINGS, verb="count", names=["b", "a"])
    return tmp_path


def test_settings_come_back_as_they_were(output: Path) -> None:
    job = read_job_record(output)
    assert job is not None
    assert (job.counting, job.edge_rule, job.page, job.max_pixels) == (COUNTING, "all", 2, 10_000)
    assert (job.verb, job.names) == ("count", ("b", "a"))


def test_a_record_that_is_right_is_left_as_it_is(output: Path) -> None:
    before = job_record_path(output).stat().st_mtime_ns
    write_job_record(output, SETTINGS, verb="count", names=["b", "a"])
    assert job_record_path(output).stat().st_mtime_ns == before
    other = replace(SETTINGS, counting=CountingSettings(confidence=0.9))
    write_job_record(output, other, verb="count", names=["b", "a"])
    job = read_job_record(output)
    assert job is not None
    assert job.counting.confidence == 0.9


def test_no_record_is_none(tmp_path: Path) -> None:
    assert read_job_record(tmp_path) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("verb", "rm"),
        ("edge_rule", "magic"),
        ("page", "1"),
        ("page", 0),
        ("max_pixels", 1e9),
        ("names", ["a", 3]),
        ("names", {"a": 1}),
        ("counting", None),
        ("counting", {}),
        ("counting.dilution", True),
        ("counting.dilution", -1.0),
        ("counting.dilution", "10"),
        ("counting.dilution", float("nan")),
        ("counting.chamber", ["custom"]),
        ("counting.chamber", "thoma"),
        ("counting.magic", 1),
    ],
)
def test_what_is_not_of_our_form_is_no_record(output: Path, key: str, value: object) -> None:
    content = json.loads(job_record_path(output).read_text())
    part, _, name = key.rpartition(".")
    (content[part] if part else content)[name] = value
    job_record_path(output).write_text(json.dumps(content))
    assert read_job_record(output) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_damaged_bytes_are_no_record(output: Path, content: bytes) -> None:
    job_record_path(output).write_bytes(content)
    assert read_job_record(output) is None
