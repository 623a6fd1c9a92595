"""Work in other processes: results, failures, and processes that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from sporemetry.errors import ImageDamagedError, OutputError
from sporemetry.workers import Failure, in_workers


def _work(task: str) -> str:
    if task == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "damaged":
        raise ImageDamagedError(task, expected="a whole file", found="half of it", remedy="Copy it again.")
    if task == "bug":
        raise ZeroDivisionError("division by zero")
    if task == "memory":
        raise MemoryError
    if task == "disk":
        raise OutputError(task, expected="room", found="a full disk")
    return task.upper()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_task_comes_back_once(workers: int) -> None:
    tasks = [f"t{number}" for number in range(7)]
    results = dict(in_workers(_work, tasks, workers=workers))
    assert results == {task: task.upper() for task in tasks}


def test_no_tasks_give_nothing() -> None:
    assert list(in_workers(_work, [], workers=2)) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failure_is_told_and_the_rest_goes_on(workers: int) -> None:
    results = dict(in_workers(_work, ["a", "damaged", "bug", "memory", "b"], workers=workers))
    assert results["a"] == "A"
    assert results["b"] == "B"
    assert results["damaged"] == Failure("ImageDamagedError", "a whole file", "half of it", "Copy it again.")
    assert isinstance(results["bug"], Failure)
    assert results["bug"].error == "ZeroDivisionError"
    assert isinstance(results["memory"], Failure)


def test_a_worker_that_dies_takes_only_its_own_picture_with_it() -> None:
    tasks = ["a", "b", "crash", "c", "d", "crash", "e"]
    results = list(in_workers(_work, tasks, workers=2))
    assert sorted(task for task, _ in results) == sorted(tasks)
    assert {task for task, result in results if isinstance(result, Failure)} == {"crash"}
    assert {result for task, result in results if task != "crash"} == set("ABCDE")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_full_disk_is_raised(workers: int) -> None:
    with pytest.raises(OutputError, match="a full disk"):
        list(in_workers(_work, ["a", "disk", "b"], workers=workers))


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, sys, time
            from sporemetry.workers import in_workers

            def slow(task):
                print(os.getpid(), flush=True)
                time.sleep(60)

            if __name__ == "__main__":
                list(in_workers(slow, ["a", "b"], workers=2))
            """
        )
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in workers)
