"""Memory: how much there is, how many images are done side by side, and what is said when it runs out."""

import errno
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sporemetry import workers
from sporemetry.image import pixels_in_header
from sporemetry.memory import available_memory, is_out_of_memory
from sporemetry.workers import Failure, attempt, default_workers, in_workers, most_workers

resource = pytest.importorskip("resource", reason="Windows has no such limits")
GB = 10**9


def system(folder: Path, files: dict[str, str]) -> int | None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return available_memory(folder / "proc", folder / "cgroup")


MEMINFO = {"proc/meminfo": f"MemTotal: 64000000 kB\nMemAvailable:   {32 * GB // 1024} kB\n"}


def test_the_machine_tells_what_is_free(tmp_path: Path) -> None:
    assert system(tmp_path, MEMINFO) == 32 * GB // 1024 * 1024


@pytest.mark.parametrize("limit", ["max", str(8 * GB)])
def test_the_containers_around_a_process_limit_it(limit: str, tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/user/job\n",
        "cgroup/user/memory.max": f"{limit}\n",
        "cgroup/user/memory.current": f"{5 * GB}\n",
        "cgroup/user/memory.stat": f"anon 1\ninactive_file {2 * GB}\n",
        "cgroup/user/job/memory.max": "max\n",
        "cgroup/user/job/memory.current": "1\n",
    }
    free = system(tmp_path, {**MEMINFO, **files})
    assert free == (32 * GB // 1024 * 1024 if limit == "max" else 5 * GB)


def test_containers_of_the_first_version_and_those_that_see_themselves_as_the_root(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "7:memory:/docker/abc\n3:cpu:/docker/abc\n",
        "cgroup/memory/memory.limit_in_bytes": f"{4 * GB}\n",
        "cgroup/memory/memory.usage_in_bytes": f"{1 * GB}\n",
    }
    assert system(tmp_path, {**MEMINFO, **files}) == 3 * GB


def test_two_images_of_100_megapixels_are_not_done_side_by_side() -> None:
    assert default_workers([7 * GB, 7 * GB], 10 * GB) == 1
    assert default_workers([], None) == min(workers.usable_cores(), most_workers())


def test_windows_has_a_limit_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: 128)
    monkeypatch.setattr(sys, "platform", "win32")
    assert default_workers([1] * 1000, None) == most_workers() == 61


def _slow(_: str) -> tuple[float, float]:
    begun = time.monotonic()
    time.sleep(0.3)
    return begun, time.monotonic()


def test_large_tasks_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: 2)
    monkeypatch.setattr(workers, "available_memory", lambda: 10)
    tasks = ["large 1", "large 2", "small", "large 3"]
    needs = {"small": 1}
    done = dict(in_workers(_slow, tasks, workers=None, need=lambda task: needs.get(task, 8)))
    times = sorted(
        found for task in tasks if task != "small" and not isinstance(found := done[task], Failure)
    )
    assert len(times) == 3
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(times))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        cv2.error("OpenCV: (-4:Insufficient memory) Failed to allocate 9 bytes"),
        RuntimeError("Exception from src/inference: std::bad_alloc"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
    ids=str,
)
def test_memory_that_ran_out_is_said_as_such(error: Exception) -> None:
    def fail(task: str) -> None:
        try:
            raise error
        except Exception as cause:
            raise ValueError("of something else") from cause

    assert is_out_of_memory(error)
    found = attempt(fail, "a.png")
    assert isinstance(found, Failure)
    assert found.error == "MemoryError"
    assert "memory" in found.found
    assert "--workers 1" in found.remedy


def _killed(task: str) -> None:
    os.kill(os.getpid(), 9)


def test_a_worker_that_the_system_killed_is_told_from_one_that_crashed() -> None:
    tasks = ["a", "b"]
    for _, result in in_workers(_killed, tasks, workers=2, need=lambda _: 7 * GB):
        assert isinstance(result, Failure)
        assert "memory" in result.found
        assert "7.0 GB" in result.found
        assert "--workers 1" in result.remedy


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif"])
def test_the_header_tells_the_number_of_pixels(ending: str, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 30, 3), dtype=np.uint8)).save(tmp_path / f"a.{ending}")
    assert pixels_in_header(tmp_path / f"a.{ending}") == 1200
    (tmp_path / f"b.{ending}").write_bytes((tmp_path / f"a.{ending}").read_bytes()[:12])
    assert pixels_in_header(tmp_path / f"b.{ending}") is None
    assert pixels_in_header(tmp_path / "none") is None


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_count_that_runs_out_of_memory_says_so_and_does_the_other_images(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    pixels = np.full((5000, 5000, 3), 200, dtype=np.uint8)
    cv2.imwrite(str(folder / "large.png"), pixels)
    cv2.imwrite(str(folder / "small.png"), pixels[:64, :64])
    out = tmp_path / "out"
    done = _run(folder, out, resource.RLIMIT_AS, 1200 << 20)
    assert done.returncode == 3, done.stderr
    failed = pd.read_csv(out / "failures.csv")
    assert failed["image"].tolist() == ["large.png"]
    assert "memory" in failed["found"][0]
    assert "--workers 1" in failed["remedy"][0]
    assert pd.read_csv(out / "summary.csv")["image"].tolist() == ["small.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_disk_that_is_full_is_said_as_such(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((64, 64, 3), 200, dtype=np.uint8))
    done = _run(folder, tmp_path / "out", resource.RLIMIT_FSIZE, 600)
    assert done.returncode == 1
    assert "expected a folder that can be written, with room on its disk" in done.stderr
    assert not list((tmp_path / "out").rglob(".sporemetry-tmp-*"))


def _run(folder: Path, out: Path, kind: int, limit: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sporemetry", "count", str(folder), "-o", str(out), "-m", "otsu"]
    return subprocess.run(
        [*command, "--workers", "1"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
