"""Mutation fuzz of reading: pixels or an ImageReadError, nothing else, within time and memory.

    python tests/fuzz_image.py --mutations 100000 --workers 2

Damages good pictures of every kind and reads them, in processes of their own. A violation is: any other
exception (also one that only the last net of ``read_image`` caught), a crash, a hang, a read over 5 seconds,
memory beyond the documented bound, anything on stderr, pixels of a wrong shape or beyond the budget. The
bytes of a violation are saved, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.good_files import good_files
from tests.mutations import mutate

from sporemetry.errors import ImageReadError
from sporemetry.image import ReadSettings, read_image

MAX_PIXELS = 2_000_000
MOST_SECONDS = 5.0
HANG_SECONDS = 60.0
MEMORY_BOUND = 24 * MAX_PIXELS + (128 << 20)  # as ReadSettings.max_pixels documents
_BATCH = 200
# Each mutation is read in one of these ways.
SETTINGS = (
    ReadSettings(max_pixels=MAX_PIXELS),
    ReadSettings(max_pixels=MAX_PIXELS, page=1),
    ReadSettings(max_pixels=MAX_PIXELS, projection="mean"),
    ReadSettings(max_pixels=MAX_PIXELS, projection="max"),
)


@dataclass
class Tally:
    """What came of many reads."""

    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0
    slowest_at: int = -1
    peak_memory: int = 0

    def add(self, other: Tally) -> None:
        self.outcomes += other.outcomes
        self.violations += other.violations
        if other.slowest > self.slowest:
            self.slowest, self.slowest_at = other.slowest, other.slowest_at
        self.peak_memory = max(self.peak_memory, other.peak_memory)


def read_once(path: Path, settings: ReadSettings) -> tuple[str, str]:
    """Read a file; return the outcome, and what was violated or ``""``."""
    try:
        image = read_image(path, settings)
    except ImageReadError as error:
        return type(error).__name__, str(error) if "an unexpected " in error.found else ""
    except BaseException as error:  # everything else is what we look for
        return type(error).__name__, f"{type(error).__name__}: {error}"
    height, width, samples = image.pixels.shape
    sound = samples == 3 and 0 < height * width <= settings.max_pixels
    sound &= image.pixels.dtype in (np.uint8, np.uint16) and image.pixels.flags.c_contiguous
    return "pixels", "" if sound else f"pixels of {image.pixels.shape} {image.pixels.dtype}"


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # a new process inherits the peak of getrusage from the one that started it
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def fuzz(
    seed: int, indices: range, folder: Path, base_memory: int, report: Connection | None = None
) -> Tally:
    """Read the mutations ``indices`` in this process, and report each one's number before it is read."""
    files = sorted(good_files().items())
    tally = Tally()
    for k in indices:
        name, content = mutate(seed, k, files)
        path = folder / f"mutation{Path(name).suffix}"
        path.write_bytes(content)
        if report is not None:
            report.send(k)
        before = os.fstat(2).st_size
        start = time.perf_counter()
        outcome, wrong = read_once(path, SETTINGS[k % len(SETTINGS)])
        seconds = time.perf_counter() - start
        tally.outcomes[outcome] += 1
        memory = peak_memory() - base_memory
        if seconds > MOST_SECONDS:
            wrong = wrong or f"{seconds:.1f} s"
        if memory > MEMORY_BOUND and tally.peak_memory <= MEMORY_BOUND:
            wrong = wrong or f"{memory:,} bytes of memory"
        if report is not None and os.fstat(2).st_size != before:
            wrong = wrong or "something on stderr"
        if wrong:
            tally.violations.append((k, f"{name}: {wrong}"))
        tally.add(Tally(slowest=seconds, slowest_at=k, peak_memory=memory))
    return tally


def _work(seed: int, indices: range, report: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        errors = os.open(Path(folder) / "stderr", os.O_CREAT | os.O_RDWR | os.O_APPEND)
        os.dup2(errors, 2)
        good_files()
        warm = Path(folder) / "warm.tif"
        warm.write_bytes(good_files()["lab.tif"])  # loads what is loaded late
        read_once(warm, SETTINGS[0])
        base = peak_memory()
        for start in range(indices.start, indices.stop, _BATCH):
            batch = range(start, min(start + _BATCH, indices.stop))
            report.send(fuzz(seed, batch, Path(folder), base, report))
    report.send(None)


@dataclass
class Worker:
    """One process, what it was to read, and how far it has come."""

    process: mp.process.BaseProcess
    pipe: Connection
    indices: range
    current: int
    since: float


def start_worker(seed: int, indices: range) -> Worker:
    here, there = mp.Pipe(duplex=False)
    process = mp.get_context("spawn").Process(target=_work, args=(seed, indices, there), daemon=True)
    process.start()
    there.close()
    return Worker(process, here, indices, indices.start, time.monotonic())


def run(seed: int, mutations: int, workers: int) -> Tally:
    """Fuzz in ``workers`` processes; a process that crashes or hangs is replaced, and counted."""
    total = Tally()
    step = -(-mutations // workers)
    running = [start_worker(seed, range(k, min(k + step, mutations))) for k in range(0, mutations, step)]
    began = shown = time.monotonic()
    while running:
        running = [left for worker in running for left in _follow(seed, worker, total)]
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            done = sum(total.outcomes.values())
            print(f"{done:,} of {mutations:,}, {done / (shown - began):.0f} a second", flush=True)
        time.sleep(0.01)
    return total


def _follow(seed: int, worker: Worker, total: Tally) -> list[Worker]:
    """Take in what a worker has sent; return it, or what replaces it."""
    try:
        while worker.pipe.poll():
            message = worker.pipe.recv()
            if message is None:
                worker.process.join()
                return []
            if isinstance(message, Tally):
                total.add(message)
            else:
                worker.current, worker.since = message, time.monotonic()
    except EOFError:
        return _replace(seed, worker, total, f"the process died ({worker.process.exitcode})")
    if time.monotonic() - worker.since > HANG_SECONDS:
        worker.process.kill()
        return _replace(seed, worker, total, f"no end within {HANG_SECONDS:.0f} s")
    return [worker]


def _replace(seed: int, worker: Worker, total: Tally, why: str) -> list[Worker]:
    worker.process.join()
    total.violations.append((worker.current, why))
    total.outcomes["crash or hang"] += 1
    rest = range(worker.current + 1, worker.indices.stop)
    return [start_worker(seed, rest)] if rest else []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path("fuzz_violations"))
    options = parser.parse_args()
    began = time.monotonic()
    total = run(options.seed, options.mutations, options.workers)
    seconds = time.monotonic() - began
    print(f"{options.mutations:,} mutations in {seconds:.0f} s, {options.mutations / seconds:.0f} a second")
    for outcome, number in total.outcomes.most_common():
        print(f"{number:>9,}  {outcome}")
    print(f"slowest read {total.slowest:.3f} s (mutation {total.slowest_at})")
    print(
        f"memory beyond the start {total.peak_memory / 2**20:.0f} MiB, bound {MEMORY_BOUND / 2**20:.0f} MiB"
    )
    files = sorted(good_files().items())
    for k, wrong in total.violations:
        options.save.mkdir(exist_ok=True)
        name, content = mutate(options.seed, k, files)
        (options.save / f"{k}_{name}").write_bytes(content)
        print(f"VIOLATION {k}: {wrong}")
    print(f"{len(total.violations)} violations" + (f", saved in {options.save}" if total.violations else ""))
    return 1 if total.violations else 0


if __name__ == "__main__":
    sys.exit(main())
