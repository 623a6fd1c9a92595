"""Mutation fuzz of packaged networks: logits or a ModelError, nothing else, within time and memory.

    python tests/fuzz_model.py --seconds 300 --workers 2

Damages good files and reads, loads and runs them, in processes of their own. Of most the hash is made right
again, or nearly every mutation would end there. A violation is: any other exception, a crash, a hang, a file
that takes more than 5 seconds or 512 MiB, logits of another shape. Its bytes are saved, and the exit status
is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing as mp
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import numpy as np

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fuzz_image import peak_memory
from tests.model.networks import dark_bytes
from tests.mutations import mutate

from sporemetry.errors import ModelError
from sporemetry.model import read_model
from sporemetry.model.runtime import OpenVinoNetwork

MOST_SECONDS = 5.0
HANG_SECONDS = 60.0
MEMORY_BOUND = 512 << 20
_HASH_FIELD = b'"sha256":"'
_BATCH = 50
_PIXELS = np.random.default_rng(0).normal(size=(1, 3, 32, 48)).astype(np.float32)


@dataclass
class Tally:
    """What came of many files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0


def damaged(seed: int, k: int) -> bytes:
    """Return mutation ``k``: a function of (seed, k) alone."""
    content = mutate(seed, k, [("a.onnx", dark_bytes(0)), ("b.onnx", dark_bytes(1))])[1]
    return repaired(content) if Random(f"hash {seed}:{k}").random() < 0.85 else content


def repaired(content: bytes) -> bytes:
    """Make the hash of a packaged network right again, where there is a place for one."""
    place = content.rfind(_HASH_FIELD)
    if place < 0 or place + len(_HASH_FIELD) + 64 > len(content):
        return content
    place += len(_HASH_FIELD)
    blank = content[:place] + b"0" * 64 + content[place + 64 :]
    return blank[:place] + hashlib.sha256(blank).hexdigest().encode() + blank[place + 64 :]


def try_file(path: Path) -> tuple[str, str]:
    """Read, load and run a file; return the outcome, and what was violated or ``""``."""
    try:
        package = read_model(path)
        side = package.card.stride
        network = OpenVinoNetwork(package, "f32")
        if 32 % side or 48 % side:
            return "loaded", ""
        logits = network.logits(_PIXELS)
    except ModelError as error:
        return type(error).__name__, ""
    except BaseException as error:  # everything else is what we look for
        return type(error).__name__, f"{type(error).__name__}: {error}"
    sound = logits.shape == (len(package.card.channels), 32, 48) and logits.dtype == np.float32
    return "logits", "" if sound else f"logits of {logits.shape}"


def fuzz(seed: int, indices: range, folder: Path, base: int, report: Connection | None = None) -> Tally:
    """Try the mutations ``indices`` in this process, reporting each one's number before it is tried."""
    tally = Tally()
    for k in indices:
        path = folder / "mutation.onnx"
        path.write_bytes(damaged(seed, k))
        if report is not None:
            report.send(k)
        start = time.perf_counter()
        outcome, wrong = try_file(path)
        seconds = time.perf_counter() - start
        if seconds > MOST_SECONDS:
            wrong = wrong or f"{seconds:.1f} s"
        if peak_memory() - base > MEMORY_BOUND:
            wrong = wrong or f"{peak_memory() - base:,} bytes of memory"
        tally.outcomes[outcome] += 1
        tally.slowest = max(tally.slowest, seconds)
        if wrong:
            tally.violations.append((k, wrong))
    return tally


def _work(seed: int, first: int, step: int, until: float, report: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fuzz(seed, range(1), Path(folder), 1 << 62)
        base = peak_memory()
        while time.time() < until:
            batch = range(first, first + _BATCH)
            report.send(fuzz(seed, batch, Path(folder), base, report))
            first += step * _BATCH
    report.send(None)


def run(seed: int, seconds: float, workers: int) -> Tally:
    """Fuzz in ``workers`` processes for so long; one that crashes or hangs is counted and replaced."""
    total, until = Tally(), time.time() + seconds
    waiting = [index * _BATCH for index in range(workers)]
    running: list[tuple[mp.process.BaseProcess, Connection, int]] = []
    while waiting or running:
        for first in waiting:
            here, there = mp.Pipe(duplex=False)
            arguments = (seed, first, workers, until, there)
            started = mp.get_context("spawn").Process(target=_work, args=arguments, daemon=True)
            started.start()
            there.close()
            running.append((started, here, first))
        waiting = []
        for worker in list(running):
            process, pipe, current = worker
            died = ""
            try:
                if not pipe.poll(HANG_SECONDS):
                    died = f"no end within {HANG_SECONDS:.0f} s"
                else:
                    message = pipe.recv()
                    if isinstance(message, Tally):
                        total.outcomes += message.outcomes
                        total.violations += message.violations
                        total.slowest = max(total.slowest, message.slowest)
                    running.remove(worker)
                    if message is not None:
                        number = message if isinstance(message, int) else current
                        running.append((process, pipe, number))
                    continue
            except EOFError:
                died = "the process died"
            process.kill()
            process.join()
            running.remove(worker)
            total.violations.append((current, f"{died} ({process.exitcode})"))
            if time.time() < until:
                waiting.append((current // _BATCH + workers) * _BATCH)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path("fuzz_violations"))
    options = parser.parse_args()
    total = run(options.seed, options.seconds, options.workers)
    print(f"{sum(total.outcomes.values()):,} mutations in {options.seconds:.0f} s")
    for outcome, number in total.outcomes.most_common():
        print(f"{number:>9,}  {outcome}")
    print(f"slowest {total.slowest:.3f} s")
    for k, wrong in total.violations:
        options.save.mkdir(exist_ok=True)
        (options.save / f"model_{options.seed}_{k}.onnx").write_bytes(damaged(options.seed, k))
        print(f"VIOLATION {k}: {wrong}")
    print(f"{len(total.violations)} violations")
    return 1 if total.violations else 0


if __name__ == "__main__":
    sys.exit(main())
