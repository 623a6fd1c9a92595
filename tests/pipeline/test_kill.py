"""``kill -9`` at random moments: the rerun goes on, and ends with the bytes of an uninterrupted run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

BAD_FILES = {
    "empty.png": b"",
    "text.png": b"these are no pixels",
    "truncated.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "cut.tif": b"II*\x00\xff\xff\xff\x7f",
    "page.jpg": b"<html>the server said no</html>",
}


def make_folder(folder: Path, pictures: int) -> None:
    """Fill ``folder`` with small pictures of dark ellipses, the five bad files among them."""
    folder.mkdir(parents=True)
    for number in range(pictures - len(BAD_FILES)):
        generator = np.random.default_rng(number)
        picture = generator.normal(200, 3, (192, 256)).clip(0, 255).astype(np.uint8)
        for _ in range(number % 12):
            centre = (int(generator.integers(0, 256)), int(generator.integers(0, 192)))
            cv2.ellipse(picture, centre, (14, 6), float(generator.integers(0, 180)), 0, 360, 90, -1)
        cv2.imwrite(str(folder / f"p{number % 3}_{number:02d}.png"), picture)
    for name, content in BAD_FILES.items():
        (folder / name).write_bytes(content)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the job beside ``folder``, in a process group of its own."""
    command = [sys.executable, "-m", "sporemetry", "count", folder.name, "-o", "out"]
    command += ["--workers", "2", "--sample-by", "name", "--um-per-px", "0.5"]
    return subprocess.Popen(
        command,
        cwd=folder.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def tree(output: Path) -> dict[str, bytes]:
    """Return every file below ``output`` with its bytes; of the manifest, all but the time."""
    found: dict[str, bytes] = {}
    for path in sorted(output.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(content)
                manifest.pop("finished")
                content = json.dumps(manifest, sort_keys=True).encode()
            found[path.relative_to(output).as_posix()] = content
    return found


def kill_many_times(folder: Path, kills: int, seed: int) -> int:
    """Kill the job ``kills`` times, and return how often it had ended before the blow.

    Every second blow hits the parent alone, whose workers must then end by themselves; the others the whole
    group. A run that ends first is checked against the reference and its output thrown away.
    """
    chance = random.Random(seed)
    begun = time.monotonic()
    assert start(folder).wait() == 3
    whole = time.monotonic() - begun
    output, reference = folder.parent / "out", folder.parent / "reference"
    output.rename(reference)
    expected = tree(reference)
    done = early = 0
    while done < kills:
        job = start(folder)
        try:
            job.wait(timeout=chance.uniform(0, whole))
        except subprocess.TimeoutExpired:
            if done % 2:
                os.killpg(job.pid, signal.SIGKILL)
            else:
                job.kill()
            job.wait()
            done += 1
        else:
            early += 1
            assert tree(output) == expected
            shutil.rmtree(output)
    assert start(folder).wait() == 3
    assert tree(output) == expected
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.name != "lock"}
    assert start(folder).wait() == 3
    after = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.name != "lock"}
    assert after == before, "a rerun with nothing to do wrote something"
    return early


def test_five_kills_of_a_small_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / "pictures", 14)
    kill_many_times(tmp_path / "pictures", kills=5, seed=1)


@pytest.mark.soak
def test_fifty_kills_of_sixty_pictures(tmp_path: Path) -> None:
    make_folder(tmp_path / "pictures", 60)
    early = kill_many_times(tmp_path / "pictures", kills=50, seed=2)
    print(f"50 kills; {early} runs ended before theirs")
