"""``kill -9`` of training at random moments: in the end there is what an undisturbed run leaves."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
from tests.training.training_runs import finish, left_behind, start, train_command, write_dataset


def kill_until_done(command: list[str], run: Path, log: Path, *, blows: int, seed: int, span: float) -> int:
    """Kill the command at random moments after its first step of each start, then let it end.

    Returns how many blows hit a running process; in every second case the first process alone is hit.
    """
    chance = random.Random(seed)
    hits = 0
    for blow in range(blows):
        before = steps_logged(run)
        process = start(command, log)
        deadline = time.monotonic() + 120
        while steps_logged(run) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, span))
        if process.poll() is None:
            hits += 1
            if blow % 2:
                os.kill(process.pid, signal.SIGKILL)
                time.sleep(0.1)
        # What is left of the group must not write beside the next start.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        kill_all_of(run)
        process.wait()
    finish(command, log)
    return hits


def kill_all_of(run: Path) -> None:
    """Kill every process that names the run: torchrun starts its own in sessions of their own."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(run) in process.cmdline():
                process.kill()
                process.wait(10)


def steps_logged(run: Path) -> bytes:
    """Return the end of the log of steps, which changes when training begins and with every flush."""
    path = run / "steps.csv"
    return path.read_bytes()[-200:] if path.exists() else b""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("set") / "dots")


def check(dataset: Path, folder: Path, *, workers: int, ranks: int, blows: int, steps: int, seed: int) -> int:
    log = folder / "log.txt"
    whole = folder / "whole"
    batch = 2 * ranks  # batch norm wants two crops in each process
    finish(train_command(dataset, whole, ranks=ranks, steps=steps, batch=batch), log)
    struck = folder / "struck"
    command = train_command(dataset, struck, workers=workers, ranks=ranks, steps=steps, batch=batch)
    hits = kill_until_done(command, struck, log, blows=blows, seed=seed, span=1.2)
    expected, found = left_behind(whole), left_behind(struck)
    assert found.keys() == expected.keys()
    differing = [name for name in expected if found[name] != expected[name]]
    assert not differing, differing
    return hits


def test_killed_runs_end_as_undisturbed_ones(dataset: Path, tmp_path: Path) -> None:
    assert check(dataset, tmp_path, workers=2, ranks=1, blows=3, steps=60, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize(("workers", "ranks"), [(0, 1), (2, 1), (0, 2), (2, 2)])
def test_fifty_kills(dataset: Path, tmp_path: Path, workers: int, ranks: int) -> None:
    hits = check(
        dataset, tmp_path, workers=workers, ranks=ranks, blows=13, steps=300, seed=10 * workers + ranks
    )
    print(f"{workers} workers, {ranks} ranks: {hits} of 13 kills hit a running process")
    assert hits >= 10
