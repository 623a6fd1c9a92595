"""Kills at random moments: no byte of a user's file changes, and the rerun ends as if nothing had been."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import tifffile
from tests.drawing import write_spores
from tests.processes import start_interruptible

BAD_FILES = {
    "empty.png": b"",
    "text.png": b"these are no pixels",
    "truncated.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "cut.tif": b"II*\x00\xff\xff\xff\x7f",
    "page.jpg": b"<html>the server said no</html>",
}
USERS_FILES = {
    "notes.txt": b"counted on Tuesday",
    "my_labels.tif": b"not ours",
    "holiday.jpg": b"not ours either",
    "failures of last year.csv": b"a,b\n",
    ".sporemetry/discarded/p0_00_labels.tif": b"put aside",
}
PATIENCE = 120.0


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


@dataclass
class Job:
    """A command that is killed again and again.

    Attributes
    ----------
    arguments : list of str
        Of ``sporemetry``, run in ``folder``, writing to ``out`` there.
    code : int
        How it ends when nothing harms it.
    prepare : callable
        Fills the output folder, given its path, as it is before the first run; returns the user's files.
    """

    folder: Path
    arguments: Sequence[str]
    code: int
    prepare: Callable[[Path], list[Path]]
    expected: dict[str, bytes] = field(default_factory=dict)
    users: dict[Path, bytes] = field(default_factory=dict)
    seconds: float = 0.0
    ended_first: int = 0

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "sporemetry", *self.arguments, "-o", "out", "--workers", "2"]
        quiet = subprocess.DEVNULL
        return start_interruptible(command, cwd=self.folder, stdout=quiet, stderr=quiet)

    def reset(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir()
        self.users = {path: path.read_bytes() for path in self.prepare(self.output)}
        for name, content in USERS_FILES.items():
            path = self.output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            self.users[path] = content

    def undisturbed(self) -> None:
        self.reset()
        begun = time.monotonic()
        assert self.start().wait() == self.code
        self.seconds = time.monotonic() - begun
        self.expected = tree(self.output)
        self.check_users()
        self.reset()

    def blow(self, chance: random.Random) -> None:
        """Start it, strike after a random time, and see that no file of the user's was touched."""
        job = self.start()
        try:
            job.wait(timeout=chance.uniform(0.1, 1.0) * self.seconds)
        except subprocess.TimeoutExpired:
            _strike(job, chance)
            job.wait(timeout=PATIENCE)
            self.check_users()
        else:
            self.ended_first += 1
            self.check_end()
            self.reset()

    def check_users(self) -> None:
        changed = [path.name for path, content in self.users.items() if path.read_bytes() != content]
        assert not changed

    def check_end(self) -> None:
        self.check_users()
        now = tree(self.output)
        assert sorted(now) == sorted(self.expected)
        assert [name for name, content in now.items() if content != self.expected[name]] == []

    def finish(self, *, again: bool) -> None:
        """Run it to its end, check that, and see that a run ``again`` writes nothing."""
        assert self.start().wait(timeout=PATIENCE) == self.code
        self.check_end()
        if not again:
            return
        before = self._times()
        assert self.start().wait(timeout=PATIENCE) == self.code
        assert self._times() == before, "a rerun with nothing to do wrote something"

    def _times(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in self.output.rglob("*") if path.name != "lock"}


def _strike(job: subprocess.Popen[bytes], chance: random.Random) -> None:
    number = chance.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
    whom = chance.choice(("parent", "group", "worker"))
    try:
        if whom == "group":
            os.killpg(job.pid, number)
        elif whom == "worker":
            workers = psutil.Process(job.pid).children(recursive=True)
            (chance.choice(workers) if workers else job).send_signal(number)
        else:
            job.send_signal(number)
    except (psutil.NoSuchProcess, ProcessLookupError):
        pass  # it ended in that moment


def _nothing(output: Path) -> list[Path]:
    del output
    return []


def counting(folder: Path, *, pictures: int, method: str = "otsu") -> Job:
    """A count of a folder with bad files in it."""
    make_folder(folder / "in", pictures)
    arguments = ["count", "in", "--sample-by", "name", "--um-per-px", "0.5", "--export", "fiji,qupath"]
    return Job(folder, [*arguments, "--method", method], 3, _nothing)


def counting_edited(folder: Path, *, pictures: int) -> Job:
    """A count with other settings of a folder that was counted, in which some labels were edited."""
    first = counting(folder, pictures=pictures)
    assert first.start().wait() == 3
    kept = folder / "counted"
    first.output.rename(kept)

    def edit(output: Path) -> list[Path]:
        edited = []
        shutil.copytree(kept, output, dirs_exist_ok=True)
        for path in sorted(kept.glob("*_labels.tif"))[::2]:
            labels = tifffile.imread(path)
            labels[100:110, 100:120] = 77
            edited.append(output / path.name)
            tifffile.imwrite(edited[-1], labels, imagej=True)
        return edited

    return Job(folder, ["count", "in", "--method", "kmeans", "--um-per-px", "0.25"], 3, edit)


def measuring(folder: Path, *, pictures: int) -> Job:
    """A measurement of labels with their photographs."""
    (folder / "in").mkdir(parents=True)
    (folder / "labels").mkdir()
    for number in range(pictures):
        name = f"p{number % 3}_{number:02d}"
        write_spores(folder / "in" / f"{name}.png", spores=number % 4, seed=number)
        dark = cv2.imread(str(folder / "in" / f"{name}.png"), cv2.IMREAD_GRAYSCALE) < 150
        labels = cv2.connectedComponents(dark.astype(np.uint8))[1]
        tifffile.imwrite(folder / "labels" / f"{name}_labels.tif", labels.astype(np.uint16))
    arguments = ["measure", "labels", "--pictures", "in", "--export", "fiji", "--um-per-px", "0.5"]
    return Job(folder, arguments, 0, _nothing)


def kill_many_times(jobs: Sequence[Job], kills: int, seed: int) -> None:
    """Kill the jobs in turn, ``kills`` times in all, and check how each ends."""
    chance = random.Random(seed)
    for job in jobs:
        job.undisturbed()
    done = 0
    while done < kills:
        job = jobs[done % len(jobs)]
        before = job.ended_first
        job.blow(chance)
        done += job.ended_first == before
    for job in jobs:
        job.finish(again=kills > 10 or job is jobs[0])


def test_six_kills_of_edited_counts_and_measurements(tmp_path: Path) -> None:
    jobs = [counting_edited(tmp_path / "edit", pictures=9), measuring(tmp_path / "measure", pictures=4)]
    kill_many_times(jobs, kills=6, seed=1)


@pytest.mark.soak
def test_three_hundred_kills(tmp_path: Path) -> None:
    jobs = [
        counting(tmp_path / "count", pictures=12),
        counting_edited(tmp_path / "edit", pictures=12),
        measuring(tmp_path / "measure", pictures=8),
    ]
    kills = int(os.environ.get("SPOREMETRY_KILLS", "300"))
    kill_many_times(jobs, kills=kills, seed=int(os.environ.get("SPOREMETRY_SEED", "2")))
    print(f"{kills} kills; {[job.ended_first for job in jobs]} runs ended before theirs")


@pytest.mark.soak
def test_fifty_kills_of_a_count_by_the_network(tmp_path: Path) -> None:
    job = counting(tmp_path / "count", pictures=60, method="model")
    kill_many_times([job], kills=50, seed=3)
    print(f"50 kills; {job.ended_first} runs ended before theirs")
