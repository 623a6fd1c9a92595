"""What each choice is worth that was tried for the recipe `modern`: all of them, and all but one at a time.

    python benchmarks/recipe.py [DATA] --out FOLDER [--seeds 3] [--steps 200] [--jobs 1] [--only NAME ...]

DATA is a data set with labels; its default is the real set `nosema` of $SPOREMETRY_REAL_DATA, else
../shared/data beside the repository; where it is absent the exit code is 2. A seed splits the pictures by
group (60 % to train on, 15 % to tune the threshold on, 25 % to test on), and every variant sees the same
parts. Where groups are few and uneven, as in `nosema`, all seeds get the one split that is balanced: the
first line says over how many splits the seeds are spread. The networks are small and the runs short, so that
a laptop does it in an afternoon: what helps here need not help at full length. FOLDER keeps every run, and a
later call goes on with what is missing.
Printed are test scores at the tuned threshold and, for each variant, the difference from all of them with its
standard error over the seeds. With --changed the test pictures are changed as another microscope would change
them: darker, brighter, flatter, out of focus, noisy, smaller, larger; printed are the means over these.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import open_dataset, read_item_labels
from sporemetry.dataset.split import split_dataset
from sporemetry.dataset.split_file import write_split
from sporemetry.formats.encode import encode_png
from sporemetry.image import read_image
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.evaluate import RunEvaluationSettings, evaluate_run
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train

FloatArray = NDArray[np.float32]
SHARES = {"train": 0.6, "val": 0.15, "test": 0.25}
SMALL: Mapping[str, Any] = {
    "batch": 4,
    "precision": "32-true",
    "validate_every": 0,
    "save_every": 100,
    "network": {"architecture": "deeplabv3plus", "encoder": "tu-mobilenetv3_small_100"},
    "crop": {"size": 192},
}
ADAMW = {
    "name": "adamw", "learning_rate": 1e-3, "weight_decay": 0.01, "schedule": "cosine", "warmup": 30,
    "clip_norm": 1.0,
}  # fmt: skip
SGD = {"name": "sgd", "weight_decay": 2e-4, "schedule": "poly", "warmup": 0, "clip_norm": 0.0}
PLAIN = {"brightness": 0.0, "contrast": 0.0, "colour": 0.0, "gamma": 0.0}
TRIED: Mapping[str, Any] = {
    "ema": 0.97,
    "network": {"normalise": "dataset"},
    "loss": {"name": "dice_cfl_star", "ratio": "dataset", "options": {"beta": 2.0, "radius": 3}},
    "crop": {"foreground": 0.7, "scale_min": 0.7, "scale_max": 1.4},
    "augment": {"turn": True, "rotate": 45.0, "blur": 1.5, "noise": 6.0},
    "optimizer": ADAMW,
}
MODERN = "modern"
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    MODERN: {},
    "loss CFL* alone": {"loss": {"name": "cfl_star"}},
    "loss Dice + CE": {"loss": {"name": "dice_ce"}},
    "loss CE": {"loss": {"name": "ce"}},
    "SGD, poly, as in the paper": {"optimizer": {**SGD, "learning_rate": 0.007}},
    "SGD, poly, rate 0.05": {"optimizer": {**SGD, "learning_rate": 0.05}},
    "rate 3e-3": {"optimizer": {"learning_rate": 3e-3}},
    "no warm-up": {"optimizer": {"warmup": 0}},
    "constant rate": {"optimizer": {"schedule": "constant"}},
    "bfloat16": {"precision": "bf16-mixed"},
    "no averaged weights": {"ema": 0.0},
    "by each picture's light": {"network": {"normalise": "picture"}},
    "crops anywhere": {"crop": {"foreground": 0.0}},
    "no turning": {"augment": {"turn": False, "rotate": 0.0}},
    "no scaling": {"crop": {"scale_min": 1.0, "scale_max": 1.0}},
    "scale 0.5 to 2": {"crop": {"scale_min": 0.5, "scale_max": 2.0}},
    "no change of light": {"augment": PLAIN},
    "no blur, no noise": {"augment": {"blur": 0.0, "noise": 0.0}},
}
FLIPPED = "with test flips"
Change = Callable[[FloatArray, np.random.Generator], FloatArray]
CHANGES: Mapping[str, Change] = {
    "darker": lambda pixels, _: pixels * np.float32(0.75),
    "brighter": lambda pixels, _: 255 - (255 - pixels) * np.float32(0.7),
    "flatter": lambda pixels, _: pixels.mean() + (pixels - pixels.mean()) * np.float32(0.7),
    "blurred": lambda pixels, _: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5), dtype=np.float32),
    "noisy": lambda pixels, rng: pixels + rng.normal(0, 8, pixels.shape).astype(np.float32),
    "smaller": lambda pixels, _: _resized(pixels, 0.75),
    "larger": lambda pixels, _: _resized(pixels, 1.33),
}
MEASURES = ("spore_iou", "f1", "count_error")
TITLES = {"spore_iou": "spore IoU", "f1": "spore F1 at IoU 0.5", "count_error": "count error, absolute"}


def _resized(pixels: FloatArray, factor: float) -> FloatArray:
    flag = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=flag), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Job:
    """One training of one variant."""

    variant: str
    seed: int
    data: Path
    folder: Path
    steps: int

    @property
    def run(self) -> Path:
        """The run's folder."""
        name = "".join(letter if letter.isalnum() else "-" for letter in self.variant)
        return self.folder / f"{name}_{self.seed}"


def main() -> int:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("SPOREMETRY_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("data", nargs="?", type=Path, default=Path(default) / "nosema")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS))
    parser.add_argument("--changed", action="store_true")
    given = parser.parse_args()
    if not given.data.is_dir():
        print(f"{given.data}: no such data set", file=sys.stderr)
        return 2
    make_folder(given.out)
    jobs = [
        Job(variant, seed, given.data, given.out, given.steps)
        for seed in range(given.seeds)
        for variant in given.only
    ]
    for seed in range(given.seeds):
        split(given.data, given.out, seed)
    splits = {(given.out / f"split_{seed}.csv").read_bytes() for seed in range(given.seeds)}
    pool = ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        found = list(pool.map(scored, jobs))
    seeds = f"seeds 0 to {given.seeds - 1} over {len(splits)} split(s)"
    print(f"{given.data.name}: {given.steps} steps, {seeds}, {found[0]['network']}")
    if given.changed:
        write_changed(given.data, given.out)
        with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            found = list(pool.map(changed_scores, jobs))
        print(f"Test pictures {', '.join(CHANGES)}:")
    print_table(jobs, found)
    return 0


def split(data: Path, folder: Path, seed: int) -> None:
    """Write the parts of a seed."""
    items = open_dataset(data).labelled
    groups = {item.name: item.group for item in items}
    write_split(folder / f"split_{seed}.csv", split_dataset(groups, spore_counts(items), SHARES, seed=seed))


def scored(job: Job) -> dict[str, Any]:
    """Train and test one variant, or read what an earlier call has found."""
    path = job.run.with_suffix(".json")
    if path.exists():
        return dict(json.loads(path.read_bytes()))
    recipe = find_recipe("modern", changes(job))
    begun = time.monotonic()
    parts = job.folder / f"split_{job.seed}.csv"
    train(job.data, job.run, recipe, split=parts, machine=Machine(accelerator="cpu", threads=1))
    taken = time.monotonic() - begun
    found = {
        "network": f"{recipe.network.architecture} on {recipe.network.encoder}, batch {recipe.batch}, "
        f"crops of {recipe.crop.size} px",
        "seconds": taken,
        "plain": measures(job, job.data, flips=False),
        "flipped": measures(job, job.data, flips=True) if job.variant == "all" else None,
    }
    write_atomic(path, json.dumps(found).encode())
    print(f"{job.variant}, seed {job.seed}: {found['plain']}, {taken:.0f} s", file=sys.stderr, flush=True)
    return found


def write_changed(data: Path, folder: Path) -> None:
    """Write the data set as other microscopes would show it, one folder a change; what is there is kept."""
    for name, change in CHANGES.items():
        for item in open_dataset(data).labelled:
            target = folder / "changed" / name / "images" / f"{item.name}.png"
            if target.exists() or item.labels is None:
                continue
            pixels, labels = read_image(item.image).pixels, read_item_labels(item).labels
            rng = np.random.default_rng(zlib.crc32(item.name.encode()))
            other = np.clip(np.rint(change(pixels.astype(np.float32), rng)), 0, 255).astype(np.uint8)
            size = (other.shape[1], other.shape[0])
            scaled = cv2.resize(labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST_EXACT)
            label_path = folder / "changed" / name / "labels" / f"{item.name}.png"
            for path in (target, label_path):
                make_folder(path.parent)
            write_atomic(label_path, encode_png(scaled.astype(np.uint16)))
            write_atomic(target, encode_png(other))


def changed_scores(job: Job) -> dict[str, Any]:
    """Test a finished run on the changed pictures, or read what an earlier call has found: the means."""
    path = job.run.with_name(job.run.name + "_changed.json")
    if path.exists():
        return dict(json.loads(path.read_bytes()))
    torch.set_num_threads(1)
    each = {name: measures(job, job.folder / "changed" / name, flips=False) for name in CHANGES}
    mean = {key: statistics.fmean(scores[key] for scores in each.values()) for key in MEASURES}
    found = {"plain": mean, "flipped": None, "each": each}
    write_atomic(path, json.dumps(found).encode())
    print(f"{job.variant}, seed {job.seed}, changed: {mean}", file=sys.stderr, flush=True)
    return found


def changes(job: Job) -> dict[str, Any]:
    """Return what a job changes of ``modern``."""
    variant = VARIANTS[job.variant]
    if job.variant == MODERN:
        tried: Mapping[str, Any] = {}
    else:
        # Another loss has options of its own.
        tried = {key: value for key, value in TRIED.items() if key != "loss" or "loss" not in variant}
    return merged(merged(merged(SMALL, tried), variant), {"seed": job.seed, "steps": job.steps})


def measures(job: Job, data: Path, *, flips: bool) -> dict[str, float]:
    """Return the test scores of a finished run at the threshold tuned with the same flips."""
    scores = evaluate_run(job.run, data, None, RunEvaluationSettings(flips=flips), device="cpu")
    pooled = scores.pooled.measures()
    return {
        "spore_iou": pooled["spore_iou"],
        "f1": pooled["f1"],
        "count_error": abs(scores.counts.relative_error),
    }


def merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the values of another in their place, level by level."""
    result = dict(table)
    for key, value in changes.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def print_table(jobs: list[Job], found: list[dict[str, Any]]) -> None:
    """Print means, and differences from all choices with their standard errors."""
    by_variant: dict[str, list[dict[str, float]]] = {}
    for job, each in zip(jobs, found, strict=True):
        by_variant.setdefault(job.variant, []).append(each["plain"])
        if each["flipped"] is not None:
            by_variant.setdefault(FLIPPED, []).append(each["flipped"])
    base = by_variant["all"]
    print("| | " + " | ".join(f"{TITLES[name]} | against all" for name in MEASURES) + " |")
    print("|---|" + "---:|---:|" * len(MEASURES))
    for variant, rows in by_variant.items():
        cells = []
        for name in MEASURES:
            gains = [row[name] - other[name] for row, other in zip(rows, base, strict=True)]
            mean = statistics.fmean(row[name] for row in rows)
            error = statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else float("nan")
            change = "" if variant == "all" else f"{100 * statistics.fmean(gains):+.1f} ± {100 * error:.1f}"
            cells += [f"{100 * mean:.1f}", change]
        print(f"| {variant} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
