"""When a picture counts as done."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sporemetry.pipeline.record import (
    RECORD_FOLDER,
    Record,
    is_current,
    read_record,
    record_path,
    write_record,
)
from sporemetry.storage import bytes_sha256

FACTS = {
    "width_px": 20,
    "height_px": 10,
    "um_per_px": None,
    "scale_source": "none",
    "field": "whole",
    "field_area_px": 200,
    "spores": 3,
    "counted": 3,
    "left_out_share": 0.0,
    "spore_length_px": None,
}
ROWS = b"image,label\na.jpg,1\na.jpg,2\na.jpg,3\n"
RECORD = Record(
    image="a.jpg",
    name="a",
    input_sha256="1" * 64,
    work="kmeans",
    outputs={"a_labels.tif": bytes_sha256([b"labels"]), ".sporemetry/a.csv": bytes_sha256([ROWS])},
    facts=FACTS,
    notes=("EXIF rotation applied",),
)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / RECORD_FOLDER).mkdir()
    (tmp_path / "a_labels.tif").write_bytes(b"labels")
    (tmp_path / RECORD_FOLDER / "a.csv").write_bytes(ROWS)
    write_record(tmp_path, RECORD)
    return tmp_path


def _current(record: Record | None, output: Path) -> bool:
    return is_current(record, output, image="a.jpg", input_sha256="1" * 64, work="kmeans")


def test_a_record_comes_back_as_it_was_written(output: Path) -> None:
    assert read_record(output, "a") == RECORD
    assert _current(read_record(output, "a"), output)


@pytest.mark.parametrize("change", [{"work": "otsu"}, {"input_sha256": "2" * 64}, {"image": "b.jpg"}])
def test_other_work_or_another_input_is_not_current(output: Path, change: dict[str, str]) -> None:
    assert not _current(replace(RECORD, **change), output)  # type: ignore[arg-type]


def test_an_output_that_was_changed_or_deleted_is_not_current(output: Path) -> None:
    (output / "a_labels.tif").write_bytes(b"Labels")
    assert not _current(RECORD, output)
    (output / "a_labels.tif").unlink()
    assert not _current(RECORD, output)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"format": 1}', b'{"format": 999}', b"\xff\xfe"]
)
def test_a_damaged_record_is_no_record(output: Path, content: bytes) -> None:
    record_path(output, "a").write_bytes(content)
    assert read_record(output, "a") is None


def test_numbers_that_are_not_finite_become_unknown(output: Path) -> None:
    write_record(output, replace(RECORD, facts={**FACTS, "um_per_px": float("nan")}))
    read = read_record(output, "a")
    assert read is not None
    assert read.facts == FACTS


@pytest.mark.parametrize(
    "change",
    [
        {"exports": {"../victim": "1" * 64}},
        {"exports": {"b.geojson": "1" * 64}},
        {"outputs": {"/etc/passwd": "1" * 64}},
        {"outputs": {"summary.csv": "1" * 64}},
        {"outputs": {"a_labels.tif": "1" * 63}},
        {"outputs": ["a_labels.tif"]},
        {"name": "b"},
        {"name": "../a"},
        {"image": 3},
        {"notes": "one"},
        {"notes": [1]},
        {"input_sha256": None},
        {"facts": {}},
        {"facts": {**FACTS, "counted": "3"}},
        {"facts": {**FACTS, "counted": -1}},
        {"facts": {**FACTS, "counted": 10**30}},
        {"facts": {**FACTS, "um_per_px": 0}},
        {"facts": {**FACTS, "um_per_px": "=cmd"}},
        {"facts": {**FACTS, "scale_source": ["x"]}},
        {"facts": {**FACTS, "more": {"a": 1}}},
        {"surplus": 1},
    ],
)
def test_what_we_do_not_write_makes_no_record(output: Path, change: dict[str, object]) -> None:
    content = json.loads(record_path(output, "a").read_text())
    record_path(output, "a").write_text(json.dumps({**content, **change}))
    assert read_record(output, "a") is None


def test_numbers_that_json_does_not_know_make_no_record(output: Path) -> None:
    text = record_path(output, "a").read_text().replace('"um_per_px": null', '"um_per_px": Infinity')
    assert "Infinity" in text
    record_path(output, "a").write_text(text)
    assert read_record(output, "a") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_record_that_is_a_pipe_a_link_or_deep_is_no_record(output: Path) -> None:
    path = record_path(output, "a")
    text = path.read_text()
    path.unlink()
    os.mkfifo(path)
    assert read_record(output, "a") is None
    path.unlink()
    (output / "elsewhere.json").write_text(text)
    path.symlink_to(output / "elsewhere.json")
    assert read_record(output, "a") is None
    path.unlink()
    path.write_text("[" * 100_000)
    assert read_record(output, "a") is None
