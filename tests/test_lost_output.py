"""Results do not hang on a terminal that takes no text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.drawing import write_spores

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def count(tmp_path: Path, ending: str, *more: str) -> subprocess.CompletedProcess[bytes]:
    write_spores(tmp_path / "a.png")
    (tmp_path / "bad.png").write_bytes(b"no")
    job = [sys.executable, "-m", "sporemetry", "count", "a.png", *more, "-o", "o", "-m", "otsu"]
    return subprocess.run(
        ["bash", "-c", " ".join([*job, "--workers", "1", ending])],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [[], ["bad.png"]], ids=["good", "one said on the way"])
def test_output_that_takes_no_text_leaves_results_complete(tmp_path: Path, more: list[str]) -> None:
    done = count(tmp_path, "> /dev/full", *more)
    said = done.stderr.decode()
    assert done.returncode == 3, said
    assert said.count("terminal's output could not be written: No space left on device") == 1
    assert "program failed" not in said
    assert (tmp_path / "o" / "report.html").is_file()
    assert not (tmp_path / "o" / ".sporemetry" / "running").exists()


@pytest.mark.parametrize("ending", ["| true; exit ${PIPESTATUS[0]}", "| head -1; exit ${PIPESTATUS[0]}"])
def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path, ending: str) -> None:
    done = count(tmp_path, ending)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "o" / "report.html").is_file()
