"""What an image of a folder costs: seconds of the whole command, in turn with another state or options.

    python benchmarks/folder.py FOLDER [--images N] [--rounds N] [--against CHECKOUT] [OPTION ...]

Each run counts the first N images (20) of FOLDER anew with the default options. Before it runs the same with
OPTION (default ``--own-scale``: an estimate for each image), or with the source of CHECKOUT, such as a git
worktree. Processor seconds are those of the command and its workers: they say more than seconds where the
machine has other work.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sporemetry.pipeline import find_pictures

HERE = Path(__file__).resolve().parent.parent


class Run(NamedTuple):
    """What one command took, for an image, and the lengths that spores were taken to have, px."""

    seconds: float
    processor: float
    lengths: set[float]


def main() -> int:
    """Print each pair of runs, then their medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path)
    given, options = parser.parse_known_args()
    images = [task.source.resolve() for task in find_pictures([given.folder])][: given.images]
    options = options or ([] if given.against else ["--own-scale"])
    other = f"{given.against or ''} {' '.join(options)}".strip()
    pairs = []
    print(f"{len(images)} images; load now {os.getloadavg()[0]:.1f}; s an image (processor s), lengths in px")
    print(f"| {other} | now | ratio | lengths | lengths now |\n|---|---|---|---|---|")
    for _ in range(given.rounds):
        pair = run(images, given.against or HERE, options), run(images, HERE, [])
        pairs.append(pair)
        cells = [f"{each.seconds:.2f} ({each.processor:.2f})" for each in pair]
        cells += [f"{pair[0].seconds / pair[1].seconds:.2f}"]
        cells += [", ".join(f"{length:.0f}" for length in sorted(each.lengths)) for each in pair]
        print(f"| {' | '.join(cells)} |", flush=True)
    for name in ("seconds", "processor"):
        values = [[getattr(run, name) for run in pair] for pair in pairs]
        medians = [statistics.median(column) for column in zip(*values, strict=True)]
        ratio = statistics.median(first / second for first, second in values)
        print(f"{name}: {medians[0]:.2f} and {medians[1]:.2f} an image, ratio {ratio:.2f}")
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    return 0


def run(images: list[Path], checkout: Path, options: list[str]) -> Run:
    """Count images with the source in ``checkout``."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve() / "src")}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sporemetry", "count", *map(str, images), "-o", folder, "-q"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([*command, *options], check=True, env=environment, cwd=folder)
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        lengths = pd.read_csv(Path(folder) / "summary.csv")["spore_length_px"].dropna()
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds / len(images), processor / len(images), set(lengths.round()))


if __name__ == "__main__":
    sys.exit(main())
