"""Ctrl-C in the middle of many runs, and the same command again."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from tests.training.training_runs import finish, start, write_dataset

COMMAND = ["paper", "losses", "--scale", "smoke", "--seeds", "2"]


@pytest.mark.soak
@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted_and_again(tmp_path: Path, jobs: int) -> None:
    data, out = write_dataset(tmp_path / "dots", pictures=10), tmp_path / "out"
    command = [sys.executable, "-m", "sporemetry", *COMMAND, "--data", str(data), "-o", str(out)]
    command += ["--jobs", str(jobs)]
    process = start(command, tmp_path / "log")
    while not list(out.glob("results/*.json")):
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    done = {path: path.stat().st_mtime_ns for path in out.glob("results/*.json")}
    assert 1 <= len(done) < 16
    assert not (out / "stop").exists()
    # Drawing can take minutes: who interrupts does not wait for it.
    assert not (out / "paper.md").exists()
    finish(command, tmp_path / "log")
    assert len(list(out.glob("results/*.json"))) == 16
    assert {path: path.stat().st_mtime_ns for path in done} == done
    other = tmp_path / "whole"
    finish([*command[:-4], "-o", str(other), "--jobs", "1"], tmp_path / "log")
    for path in out.glob("results/*.json"):
        assert path.read_bytes() == (other / "results" / path.name).read_bytes()
