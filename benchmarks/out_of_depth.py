"""How often a count that is wrong is said to be, and one that is right is not.

    python benchmarks/out_of_depth.py DATA [--sets known general unseen] [--factors 4 0.3] [--every N]

DATA holds the sets that the network knows, ``general/`` with sets of other objects, and ``unseen/`` with
kinds that nothing was tuned on. An image is wrong where the F1 of its objects is below 0.7: against boxes,
against the boxes of labels, or against points within a tolerance. Images of fewer than eight objects are
counted apart: no eight objects alike can be missing there. ``known x4`` are the known sets with their
spores stated to be four times as long as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.evaluation import PointTruth, evaluate_boxes, evaluate_points, read_boxes, read_points
from sporemetry.evaluation.point_rules import read_point_rules
from sporemetry.image import read_image
from sporemetry.label_image import read_labels
from sporemetry.measurement import measure_sizes
from sporemetry.names import name_key
from sporemetry.pipeline import PictureSettings, count_image
from sporemetry.segmentation import ModelSettings
from sporemetry.segmentation.network import default_model

KNOWN = ("anthracnose", "nosema", "rice_blast", "dic_fungal")
WRONG_BELOW = 0.7
FEW = 8

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Row:
    """One image, counted."""

    group: str
    folder: str
    image: str
    f1: float
    objects: int
    fault: str


def main() -> None:
    """Count, score and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=["known", "general", "unseen"])
    parser.add_argument("--factors", type=float, nargs="*", default=[4.0, 0.3])
    parser.add_argument("--model", type=Path, default=default_model())
    parser.add_argument("--every", type=int, default=1, help="of each set count only every so many images")
    parser.add_argument("--images", action="store_true", help="print a line for each image")
    given = parser.parse_args()
    rows = []
    for row in count_all(given.data, given.sets, given.factors, given.model, given.every):
        rows.append(row)
        if given.images:
            line = (
                f"{row.group:12} {row.folder:20} {row.image:24.24} {row.f1:.2f} {row.objects:5} {row.fault}"
            )
            print(line, flush=True)
    print_table(rows)


def count_all(data: Path, sets: list[str], factors: list[float], model: Path, every: int) -> Iterator[Row]:
    """Count every image of the sets that are asked for."""
    if "known" in sets:
        for name in KNOWN:
            yield from count_folder("known", data / name, model, every)
        for each in factors:
            for name in KNOWN:
                yield from count_folder(f"known x{each:g}", data / name, model, every, factor=each)
    for group in ("general", "unseen"):
        if group in sets:
            for folder in sorted(path.parent for path in (data / group).glob("*/images")):
                yield from count_folder(group, folder, model, every)


def count_folder(
    group: str, folder: Path, model: Path, every: int, *, factor: float | None = None
) -> Iterator[Row]:
    """Count each image of a folder; with a factor at so many times its true length."""
    for path in sorted((folder / "images").iterdir())[::every]:
        image = read_image(path)
        length = None
        if factor is not None:
            length = true_length(folder, path.stem, image.pixels.shape[:2])
            if length is None:
                continue
        settings = PictureSettings(
            model=ModelSettings(
                model_file=str(model), spore_length_px=None if length is None else length * (factor or 1)
            )
        )
        result = count_image(image, settings, name=path.name)
        f1, objects = score(folder, path.stem, result.labels)
        yield Row(group, folder.name, path.stem, f1, objects, result.check.fault)


def score(folder: Path, stem: str, labels: Labels) -> tuple[float, int]:
    """Return F1, 1 where there is nothing and nothing was found, and how many objects there are."""
    points = folder / "points" / f"{stem}.csv"
    if points.is_file():
        return score_points(labels, points)
    ignored = folder / "ignore" / f"{stem}.png"
    ignore = read_labels(ignored).labels > 0 if ignored.is_file() else None
    found = evaluate_boxes(labels, true_boxes(folder, stem, labels.shape), ignore=ignore).found.spores
    if not found.truth:
        return float(not found.predicted), 0
    return found.f1, found.truth


def score_points(labels: Labels, path: Path) -> tuple[float, int]:
    """Return F1 by points, and how many there are."""
    rules = read_point_rules(path.parents[1])
    points = read_points(path, (labels.shape[0], labels.shape[1]))
    truth = PointTruth(points.spores, points.ignore, rules.regions.get(name_key(path.stem)))
    if rules.tolerance_px is None:
        raise SystemExit(f"{path.parents[2] / 'points.json'} states no tolerance of {path.parents[1].name}")
    found = evaluate_points(labels, truth, tolerance_px=rules.tolerance_px).found.spores
    return found.f1, found.truth


def true_boxes(folder: Path, stem: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return boxes x0, y0, x1, y1 of the objects of an image."""
    labels = folder / "labels" / f"{stem}.png"
    if not labels.is_file():
        return read_boxes(folder / "boxes" / f"{stem}.txt").in_pixels(*shape[:2])
    slices = [each for each in ndimage.find_objects(read_labels(labels).labels) if each is not None]
    return np.array([(x.start, y.start, x.stop, y.stop) for y, x in slices], float).reshape(-1, 4)


def true_length(folder: Path, stem: str, shape: tuple[int, ...]) -> float | None:
    """Return the median length of the objects of an image, px; None where there is none."""
    labels = folder / "labels" / f"{stem}.png"
    if labels.is_file():
        lengths, _ = measure_sizes(read_labels(labels).labels)
    else:
        boxes = true_boxes(folder, stem, shape)
        lengths = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, initial=0)
    return float(np.median(lengths)) if len(lengths) else None


def print_table(rows: list[Row]) -> None:
    """Print a line a folder and a group: images, wrong and right ones, and how many of them were said."""
    print("| sets | set | images | wrong | said | wrong, few objects | said | right | said all the same |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for group, folder in dict.fromkeys((row.group, row.folder) for row in rows):
        print_line(group, folder, [row for row in rows if (row.group, row.folder) == (group, folder)])
    for group in dict.fromkeys(row.group for row in rows):
        print_line(group, "all", [row for row in rows if row.group == group])


def print_line(group: str, folder: str, rows: list[Row]) -> None:
    """Print one line of the table."""
    wrong = [row for row in rows if row.f1 < WRONG_BELOW and row.objects >= FEW]
    few = [row for row in rows if row.f1 < WRONG_BELOW and row.objects < FEW]
    right = [row for row in rows if row.f1 >= WRONG_BELOW]
    cells = [len(rows)]
    for part in (wrong, few, right):
        cells += [len(part), sum(bool(row.fault) for row in part)]
    print(f"| {group} | {folder} | {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
