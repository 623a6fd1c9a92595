"""What the traditional methods score on the real pictures: one Markdown table row a set and method.

    python benchmarks/traditional.py [DATA] [--sets nosema ...] [--methods otsu ...] [--pictures N]

DATA holds one folder a set: images/ and labels/ (or boxes/), and ignore/ where it has one. Its default is
$SPOREMETRY_REAL_DATA, else ../shared/data beside the repository; where it is absent the exit code is 2. The
edge rule is not applied: every spore inside the field is scored. The seconds are those of finding the field,
segmenting and parting touching spores, without reading; each process has one thread, and another runs beside.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from sporemetry.baselines import METHODS
from sporemetry.evaluation import (
    LabelScores,
    PictureScores,
    SetScores,
    evaluate_boxes,
    evaluate_labels,
    read_boxes,
    summarise,
)
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.label_image import read_labels
from sporemetry.segmentation import Segmentation, segmenter

SETS = ("anthracnose", "nosema", "rice_blast", "dic_fungal")
COLUMNS = (
    "set", "method", "pictures", "F1", "mean IoU %", "spore IoU %", "boundary F1", "count error",
    "count error a picture", "false per true", "s a picture",
)  # fmt: skip
LEGEND = """
F1: spores at IoU 0.5; with boxes as truth (no IoU), centroids in boxes. IoU, boundary F1 (2 px): pooled.
Count error: of the set's total, with its sign; a picture: the mean without it, blank pictures left out.
The methods' constants were chosen while looking at these sets (one setting for all): no held-out result.
plain-otsu is Otsu's threshold alone, without evening out the light; the same watershed and shape limits
follow."""
PLAIN = "plain-otsu"


@dataclass(frozen=True)
class Scored:
    """One method's scores on one picture, and the seconds it took."""

    method: str
    scores: PictureScores
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, and return the exit code."""
    options = parse(arguments)
    if not options.data.is_dir():
        print(
            f"No pictures at {options.data}: give their folder, or set SPOREMETRY_REAL_DATA.", file=sys.stderr
        )
        return 2
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---|---|" + "---:|" * (len(COLUMNS) - 2))
    with worker_pool(options.workers) as pool:
        for name in options.sets:
            pictures = find_pictures(options.data / name)[: options.pictures]
            work = partial(score_picture, options.data / name, tuple(options.methods))
            scored = [each for picture in pool.map(work, pictures) for each in picture]
            for row in table_rows(name, options.methods, scored):
                print("| " + " | ".join(row) + " |", flush=True)
    print(LEGEND)
    return 0


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """Make processes in which OpenCV uses one thread each."""
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    default = Path(os.environ.get("SPOREMETRY_REAL_DATA", beside))
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=default, metavar="DATA")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    methods = [PLAIN, *METHODS]
    parser.add_argument("--methods", nargs="+", choices=methods, default=methods)
    parser.add_argument("--pictures", type=int, metavar="N", help="only the first N of each set")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args(arguments)


def find_pictures(folder: Path) -> list[Path]:
    """List a set's pictures by name; an absent set has none."""
    images = folder / "images"
    return sorted(images.iterdir()) if images.is_dir() else []


def score_picture(folder: Path, methods: Sequence[str], picture: Path) -> list[Scored]:
    """Run every method on one picture, and score what it finds."""
    pixels = read_image(picture).pixels
    return [score_method(folder, method, picture.stem, pixels) for method in methods]


def score_method(
    folder: Path, method: str, name: str, pixels: NDArray[np.uint8] | NDArray[np.uint16]
) -> Scored:
    """Run one method on one picture, against the time, and score what it finds."""
    segment = segmenter("otsu" if method == PLAIN else method)
    start = time.perf_counter()
    field = find_field(pixels)
    found = plain_otsu(pixels, field.mask) if method == PLAIN else segment(pixels, field.mask)
    labels = segment.detect(found).labels
    seconds = time.perf_counter() - start
    return Scored(method, replace(score(folder, name, labels), name=name), seconds)


def plain_otsu(pixels: NDArray[np.uint8] | NDArray[np.uint16], field_mask: NDArray[np.bool_]) -> Segmentation:
    """Take what is darker than Otsu's threshold of the field, as in a textbook."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return Segmentation((grey <= threshold_otsu(grey[field_mask])) & field_mask)


def score(folder: Path, name: str, labels: NDArray[np.int32]) -> PictureScores:
    """Score labels against the labels or boxes of that name."""
    ignore_file = folder / "ignore" / f"{name}.png"
    ignore = read_labels(ignore_file).labels > 0 if ignore_file.is_file() else None
    if (folder / "boxes").is_dir():
        boxes = read_boxes(folder / "boxes" / f"{name}.txt").in_pixels(*labels.shape)
        return evaluate_boxes(labels, boxes, ignore=ignore)
    return evaluate_labels(labels, read_labels(folder / "labels" / f"{name}.png").labels, ignore=ignore)


def table_rows(name: str, methods: Iterable[str], scored: Sequence[Scored]) -> Iterator[list[str]]:
    """Yield one row a method; none where the set is absent."""
    for method in methods:
        own = [each for each in scored if each.method == method]
        if own:
            scores = summarise([each.scores for each in own])
            seconds = sum(each.seconds for each in own) / len(own)
            yield [name, method, str(len(own)), *figures(scores), f"{seconds:.2f}"]


def figures(scores: SetScores) -> list[str]:
    """Return the pooled scores and count errors of a set as the table's cells."""
    found, counts = scores.pooled, scores.counts
    pixels = ["–", "–", "–"]
    if isinstance(found, LabelScores):
        pixels = [
            f"{100 * found.pixels.mean_iou:.1f}",
            f"{100 * found.pixels.spore_iou:.1f}",
            f"{found.boundary.f1:.3f}",
        ]
    false = (found.spores.predicted - found.spores.matched) / counts.truth if counts.truth else math.nan
    return [
        f"{found.spores.f1:.3f}",
        *pixels,
        f"{100 * counts.relative_error:+.0f} %",
        f"{100 * counts.absolute_relative_errors.mean:.0f} %",
        f"{false:.2f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
