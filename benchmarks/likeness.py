"""How near rendered pictures come to real ones: light, noise, spore sizes, counts, imbalance, seconds.

    python benchmarks/likeness.py [DATA] --preset anthracnose [--pictures 20] [--seed 1] [--sheet FILE.png]

DATA holds one folder a set; its default is $SPOREMETRY_REAL_DATA, else ../shared/data beside the repository;
where it is absent the exit code is 2. Where the real set has boxes only (rice_blast), both sides are measured
by boxes. --sheet writes real | rendered side by side; it holds real pictures: mind their licence before you
pass it on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from sporemetry.dataset.folder import Dataset, open_dataset, read_item_labels
from sporemetry.dataset.synthesis import PRESETS, render
from sporemetry.evaluation import read_boxes
from sporemetry.field import find_field
from sporemetry.image import read_image

PixelArray = NDArray[np.uint8]
LabelArray = NDArray[np.int32]
BoxArray = NDArray[np.float64]
SMOOTH_PX = 12.0


@dataclass(eq=False)
class Measured:
    """What is compared, gathered over one side's pictures."""

    mean: list[NDArray[np.float64]] = field(default_factory=list)
    spread: list[NDArray[np.float64]] = field(default_factory=list)
    noise: list[NDArray[np.float64]] = field(default_factory=list)
    areas: list[NDArray[np.float64]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    spore_px: int = 0
    all_px: int = 0

    def add(self, pixels: PixelArray, boxes: BoxArray, labels: LabelArray | None) -> None:
        """Take in one picture; areas are the labels' where there are any, else the boxes'."""
        covered = np.zeros(pixels.shape[:2], dtype=bool)
        for x0, y0, x1, y1 in np.rint(boxes).astype(int):
            covered[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4] = True
        self._add_background(pixels, ~covered)
        if labels is None:
            areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        else:
            areas = np.bincount(labels.ravel())[1:].astype(np.float64)
            areas = areas[areas > 0]
        self.areas.append(areas)
        self.counts.append(len(areas))
        self.spore_px += int(areas.sum())
        self.all_px += covered.size

    def _add_background(self, pixels: PixelArray, wanted: NDArray[np.bool_]) -> None:
        circle = find_field(pixels).mask if pixels[:8, :8].mean() < 60 < pixels.mean() else None
        if circle is not None:
            wanted = wanted & ndimage.binary_erosion(circle, iterations=12)
        rows = [
            (values[wanted].mean(), smooth[wanted].std(), 1.4826 * np.median(np.abs(fine[wanted])))
            for values, smooth, fine in map(_scales, np.moveaxis(pixels, 2, 0))
        ]
        for kept, values in zip((self.mean, self.spread, self.noise), np.array(rows).T, strict=True):
            kept.append(values)


def _scales(channel: PixelArray) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    values = channel.astype(np.float32)
    fine = values - cv2.GaussianBlur(values, (0, 0), 1.5)
    return values, cv2.GaussianBlur(values, (0, 0), SMOOTH_PX), fine


def label_boxes(labels: LabelArray) -> BoxArray:
    """Return the boxes of labels as x0, y0, x1, y1."""
    found = [s for s in ndimage.find_objects(labels) if s is not None]
    return np.array([(c.start, r.start, c.stop, r.stop) for r, c in found], dtype=np.float64).reshape(-1, 4)


def real_pictures(dataset: Dataset) -> Iterator[tuple[PixelArray, BoxArray, LabelArray | None]]:
    """Yield picture, boxes and, where the set has them, labels."""
    for item in dataset.items:
        pixels = read_image(item.image).pixels
        if item.labels is not None:
            labels = read_item_labels(item).labels
            yield pixels, label_boxes(labels), labels
        elif item.boxes is not None:
            yield pixels, read_boxes(item.boxes).in_pixels(*pixels.shape[:2]), None


def report(real: Measured, fake: Measured, by: str, seconds: float) -> str:
    """Return the comparison as text."""
    lines = [f"{'':34}{'real':>26}{'rendered':>26}"]
    for what, one, two in (
        ("background mean R G B", real.mean, fake.mean),
        ("  its sd from picture to picture", real.mean, fake.mean),
        (f"spread within, smoothed {SMOOTH_PX:g} px", real.spread, fake.spread),
        ("fine noise sd (median based)", real.noise, fake.noise),
    ):
        reduce = np.std if "picture to picture" in what else np.mean
        texts = [" ".join(f"{v:7.2f}" for v in reduce(np.array(side), axis=0)) for side in (one, two)]
        lines.append(f"{what:34}{texts[0]:>26}{texts[1]:>26}")
    numbers = [np.concatenate(side.areas) for side in (real, fake)]
    ks = stats.ks_2samp(*numbers).statistic
    sides = (real, fake)
    counted = [f"{np.mean(side.counts):.1f} (sd {np.std(side.counts):.1f})" for side in sides]
    empty = [f"{np.mean(np.array(side.counts) == 0):.1%}" for side in sides]
    quartiles = [" ".join(f"{q:.0f}" for q in np.quantile(values, (0.25, 0.5, 0.75))) for values in numbers]
    ratios = [f"{(side.all_px - side.spore_px) / max(side.spore_px, 1):.2f}" for side in sides]
    pairs = [
        (f"spores a picture ({by})", *counted),
        ("empty pictures", *empty),
        (f"area px²: quartiles ({by})", *quartiles),
        (f"background / spore ({by})", *ratios),
    ]
    lines += [f"{what:34}{one:>26}{two:>26}" for what, one, two in pairs]
    lines.append(f"{'KS distance of areas':34}{ks:>26.3f}")
    lines.append(f"{'seconds a picture, one process':34}{'':>26}{seconds:>26.2f}")
    return "\n".join(lines)


def contact_sheet(real: list[PixelArray], fake: list[PixelArray]) -> PixelArray:
    """Return whole pictures above and full-size crops below, real left, rendered right, red first."""
    rows = []
    for one, two in zip(real, fake, strict=False):
        size = (900, round(900 * one.shape[0] / one.shape[1]))
        rows.append(np.hstack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (one, two)]))
    for one, two in zip(real, fake, strict=False):
        crops = []
        for picture in (one, two):
            top, left = picture.shape[0] // 3, picture.shape[1] // 3
            crops.append(cv2.resize(picture[top : top + 360, left : left + 450], (900, 720)))
        rows.append(np.hstack(crops))
    return np.ascontiguousarray(np.vstack(rows))


def main() -> int:
    """Compare, print, and return the exit code."""
    arguments = _arguments()
    folder = arguments.data / arguments.preset
    if not folder.is_dir():
        print(f"no real pictures in {folder}", file=sys.stderr)
        return 2
    real, fake = Measured(), Measured()
    shown: tuple[list[PixelArray], list[PixelArray]] = ([], [])
    boxes_only = False
    for pixels, boxes, labels in real_pictures(open_dataset(folder)):
        boxes_only = labels is None
        real.add(pixels, boxes, labels)
        shown[0].extend([pixels] if len(shown[0]) < arguments.shown else [])
    seconds = 0.0
    for index in range(arguments.pictures):
        begin = time.perf_counter()
        rendered = render(arguments.preset, arguments.seed, index)
        seconds += time.perf_counter() - begin
        fake.add(rendered.pixels, label_boxes(rendered.labels), None if boxes_only else rendered.labels)
        shown[1].extend([rendered.pixels] if len(shown[1]) < arguments.shown else [])
    print(
        f"{arguments.preset}: {len(real.counts)} real pictures, "
        f"{arguments.pictures} rendered (seed {arguments.seed})"
    )
    print(report(real, fake, "boxes" if boxes_only else "labels", seconds / arguments.pictures))
    if arguments.sheet is not None:
        cv2.imwrite(str(arguments.sheet), contact_sheet(*shown)[:, :, ::-1])
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument(
        "data", type=Path, nargs="?", default=Path(os.environ.get("SPOREMETRY_REAL_DATA", beside))
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), required=True)
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--shown", type=int, default=3, help="Pairs on the sheet.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
