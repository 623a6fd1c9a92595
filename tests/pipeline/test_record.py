"""When a picture counts as done."""

from __future__ import annotations

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

RECORD = Record(
    image="a.jpg",
    name="a",
    input_sha256="1" * 64,
    work="kmeans",
    outputs={"a_labels.tif": bytes_sha256([b"labels"])},
    facts={"counted": 3, "um_per_px": None},
    notes=("EXIF rotation applied",),
)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / RECORD_FOLDER).mkdir()
    (tmp_path / "a_labels.tif").write_bytes(b"labels")
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
    write_record(output, replace(RECORD, facts={"um_per_px": float("nan")}))
    read = read_record(output, "a")
    assert read is not None
    assert read.facts == {"um_per_px": None}
