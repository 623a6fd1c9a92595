"""How well kinds of images that the packaged network was not trained on are counted, and what is said of it.

    python benchmarks/unseen.py DATA [--known] [--small] [--only SET ...] [--save FILE] [--against FILE]

DATA holds folders with `images/` and `points/`, `boxes/` or `labels/`, and `points.json`; where it has a
folder `unseen/`, that one is meant. Each set is counted by one `sporemetry count` with default options and
by one for each length that is stated, and scored as `sporemetry evaluate` does; boxes of unseen kinds are
matched at an IoU of 0.5, too. With --known it is the sets that the network was trained on instead. --small
takes three images a set. --save writes what was measured as JSON, --against prints how it differs from that.
"""

from __future__ import annotations

import argparse
import csv
import glob
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from scipy.optimize import linear_sum_assignment

from sporemetry.evaluation import (
    DetectionScores,
    DetectionTally,
    PictureScores,
    SetScores,
    read_boxes,
    read_point_rules,
    run_evaluation,
    summarise,
)
from sporemetry.image import read_image
from sporemetry.label_image import read_labels
from unseen_tables import ImageRow, Run, number, print_against, print_known, print_unseen

KNOWN = ("anthracnose", "nosema", "rice_blast", "dic_fungal")
# Kinds for which it matters which length is stated; others get the median length of their spores.
LENGTHS: dict[str, tuple[float, ...]] = {
    "mushroom": (180, 230),
    "hemocytometer_phone": (34, 45),
    "hemocytometer_bf": (20,),
}
SMALL = 3
BOX_IOU = 0.5
# What the headline of a caution says when it is of the scale, or of a count that may be of something else.
_OF_THE_COUNT = re.compile(r"probably wrong|another length|was left out|unlike")


def main() -> int:
    """Count, score and print."""
    given = _arguments()
    runs = []
    for folder in _sets(given.data, known=given.known, only=given.only):
        images = sorted(path for path in (folder / "images").iterdir() if not path.name.startswith("."))
        images = images[: SMALL if given.small else None]
        for stated in (None,) if given.known else (None, *_lengths(folder)):
            runs.append(measure(folder, images, stated, overlap=not given.known))
            print(f"{runs[-1].key}: F1 {number(runs[-1].f1)}", file=sys.stderr, flush=True)
            if given.save is not None:  # after each, for they take long
                saved = {"small": given.small, "runs": [asdict(run) for run in runs]}
                given.save.write_text(json.dumps(saved, indent=1) + "\n", "utf-8")
    if not runs:
        print(f"no set with images/ in {given.data}", file=sys.stderr)
        return 1
    print_known(runs) if given.known else print_unseen(runs)
    if given.against is not None:
        print_against(runs, json.loads(given.against.read_text("utf-8")), small=given.small)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--known", action="store_true", help="the sets that the network was trained on")
    parser.add_argument("--small", action="store_true", help=f"{SMALL} images a set")
    parser.add_argument("--only", nargs="+", default=(), metavar="SET", help="these sets")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    return parser.parse_args()


def _sets(data: Path, *, known: bool, only: Sequence[str]) -> Iterator[Path]:
    unseen = data / "unseen"
    folder = unseen if unseen.is_dir() and not known else data
    for each in sorted(folder.iterdir()):
        if (each / "images").is_dir() and (each.name in KNOWN) is known and (not only or each.name in only):
            yield each


def _lengths(folder: Path) -> tuple[float, ...]:
    """Return the lengths to state: the set's own, or else the median length of its spores by the truth."""
    if folder.name in LENGTHS:
        return LENGTHS[folder.name]
    tolerance = read_point_rules(folder).tolerance_px
    if tolerance is not None:
        return (round(2 * tolerance),)  # the tolerance is half a length
    sides = []
    for path in sorted((folder / "boxes").glob("*.txt")):
        image = next((folder / "images").glob(f"{glob.escape(path.stem)}.*"))
        boxes = read_boxes(path).in_pixels(*read_image(image).pixels.shape[:2])
        sides += (boxes[:, 2:] - boxes[:, :2]).max(axis=1).tolist()
    return (round(statistics.median(sides)),) if sides else ()


def measure(folder: Path, images: Sequence[Path], stated: float | None, *, overlap: bool) -> Run:
    """Count images of a set by the command and score them."""
    with tempfile.TemporaryDirectory() as work:
        output = Path(work) / "results"
        seconds, cpu = count(images, output, stated)
        scores = evaluated = run_evaluation(output, folder, None, allow_missing=True)
        if overlap and (folder / "boxes").is_dir():
            scores = box_scores(output, folder)
        rows = list(csv.DictReader((output / "summary.csv").read_text("utf-8").splitlines()))
        manifest = json.loads((output / "manifest.json").read_text("utf-8"))
    by_name = {Path(row["image"]).stem: row for row in rows}
    errors = scores.counts.absolute_relative_errors
    return Run(
        name=folder.name,
        stated_px=stated,
        f1=_defined(scores.pooled.measures()["f1"]),
        mape=_defined(errors.mean),
        seconds_an_image=seconds / len(images),
        cpu_seconds_an_image=cpu / len(images),
        images=tuple(
            ImageRow(
                image=by_name[each.name]["image"],
                f1=_defined(each.found.measures()["f1"]),
                predicted=each.predicted,
                truth=each.truth,
                length_px=float(length) if (length := by_name[each.name]["spore_length_px"]) else None,
                cautions=cautions_of(manifest, by_name[each.name]["image"]),
            )
            for each in scores.pictures
        ),
        centroid_f1=None if scores is evaluated else _defined(evaluated.pooled.measures()["f1"]),
    )


def count(images: Sequence[Path], output: Path, stated: float | None) -> tuple[float, float]:
    """Run the command; return its seconds by the clock and of the processor, with those of its workers."""
    options = [] if stated is None else ["--spore-length-px", f"{stated:g}"]
    command = [sys.executable, "-m", "sporemetry", "count", *map(str, images), "-o", str(output), "-q"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def cautions_of(manifest: dict[str, Any], image: str) -> tuple[str, ...]:
    """Return what the results say of an image's scale, or of a count that may be of something else."""
    said = []
    for each in manifest["cautions"]:
        of_the_count = each["level"] == "problem" or _OF_THE_COUNT.search(each["headline"])
        if of_the_count and each["level"] != "note" and image in (each.get("images") or [image]):
            said.append(each["headline"])
    return tuple(said)


def box_scores(output: Path, folder: Path) -> SetScores:
    """Score labels by the boxes around them: pairs with the true boxes at an IoU of 0.5 or more."""
    scores = []
    for path in sorted(output.glob("*_labels.tif")):
        labels = read_labels(path).labels
        name = path.name.removesuffix("_labels.tif")
        true = read_boxes(folder / "boxes" / f"{name}.txt").in_pixels(*labels.shape)
        matched = count_pairs(boxes_around(labels), true)
        tally = DetectionTally(len(np.unique(labels)) - 1, len(true), matched, 0, 0)
        scores.append(PictureScores(DetectionScores(tally, "boxes"), name))
    return summarise(scores)


def boxes_around(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the box (x0, y0, x1, y1) around each label."""
    found = [
        (columns.start, rows.start, columns.stop, rows.stop)
        for each in find_objects(labels)
        if each is not None
        for rows, columns in [each]
    ]
    return np.array(found, dtype=np.float64).reshape(-1, 4)


def count_pairs(boxes: NDArray[np.float64], true: NDArray[np.float64]) -> int:
    """Return the most pairs of boxes that can be made one to one at an IoU of 0.5 or more."""
    low = np.maximum(boxes[:, None, :2], true[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], true[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area, true_area = ((each[:, 2:] - each[:, :2]).prod(axis=1) for each in (boxes, true))
    good = shared >= BOX_IOU * (area[:, None] + true_area[None] - shared)
    return int(good[linear_sum_assignment(good, maximize=True)].sum())


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


if __name__ == "__main__":
    sys.exit(main())
