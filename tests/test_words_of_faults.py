"""Faults are said in words, not in those of Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from sporemetry.errors import FileError, LabelReadError


def test_a_text_that_ends_in_a_full_stop_gets_no_second() -> None:
    assert str(FileError("a.png", expected="a scale", found="0.25.")).endswith("found 0.25.")


def test_a_run_that_is_not_there_is_no_such_file(tmp_path: Path) -> None:
    run_folder = pytest.importorskip("sporemetry.training.run_folder")
    with pytest.raises(LabelReadError, match="no such file") as raised:
        run_folder.read_run(tmp_path / "nothere")
    assert "Errno" not in str(raised.value)
