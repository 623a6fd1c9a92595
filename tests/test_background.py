"""Commands in the background, where a shell has SIGINT ignored: ``sporemetry count ... &`` in a script."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.processes import start_interruptible

from sporemetry.cli.training_progress import TrainingDisplay


@pytest.fixture
def ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignored")
def test_tests_can_interrupt_what_they_start_in_the_background() -> None:
    code = (
        "import signal; raise SystemExit(signal.getsignal(signal.SIGINT) is not signal.default_int_handler)"
    )
    job = start_interruptible(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert job.wait(timeout=60) == 0


@pytest.mark.usefixtures("ignored")
def test_a_count_in_the_background_is_not_ended_by_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(12):
        cv2.imwrite(str(tmp_path / "in" / f"p{number}.png"), np.full((200, 200), 200, dtype=np.uint8))
    command = ["count", "in", "-o", "out", "--method", "otsu", "--workers", "1"]
    job = subprocess.Popen(
        [sys.executable, "-m", "sporemetry", *command],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/*_labels.tif")) and time.monotonic() < deadline:
        time.sleep(0.01)
    job.send_signal(signal.SIGINT)
    assert job.wait(timeout=60) == 0
    assert len(pd.read_csv(tmp_path / "out" / "summary.csv")) == 12


@pytest.mark.usefixtures("ignored")
def test_training_in_the_background_is_not_either() -> None:
    with TrainingDisplay(quiet=True):
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
