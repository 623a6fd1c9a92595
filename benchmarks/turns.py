"""How well the spores of a picture are those of the picture turned and mirrored, and what more looks cost.

    python benchmarks/turns.py [PICTURES] [--model MODEL]

PICTURES is a folder, by default that of the shipped examples. Each picture is counted as it is, mirrored
both ways, and turned by one, two and three quarters, and that with one look each, with four (mirrored) and
with eight (turned, too). A spore turns with the picture where one lies at its place in the turned picture,
at an IoU of 0.5 or more. Times are of finding and parting spores of the pictures as they are, as multiples
of one look's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.evaluation.overlaps import find_overlaps, match
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.model import TURNS
from sporemetry.segmentation import ModelSettings, SegmentationSettings, Segmenter, segmenter

Array = NDArray[Any]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "pictures"
WAYS: tuple[Callable[[Array], Array], ...] = (
    np.flipud,
    np.fliplr,
    lambda each: np.rot90(each, 1),
    lambda each: np.rot90(each, 2),
    lambda each: np.rot90(each, 3),
)
_IOU = 0.5


def main() -> None:
    """Count, turn and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pictures", type=Path, nargs="?", default=EXAMPLES)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    pictures = [read_image(path).pixels for path in sorted(given.pictures.iterdir())]
    print("| looks | spores | turn with the picture | largest difference of the total | time |")
    print("|---:|---:|---:|---:|---:|")
    once = None
    for turns in TURNS:
        model = ModelSettings(turns=turns, model_file=None if given.model is None else str(given.model))
        find = segmenter("model", SegmentationSettings(), model)
        labels_of(find, pictures[0])  # the network is loaded
        begun = time.perf_counter()
        upright = [labels_of(find, each) for each in pictures]
        seconds = time.perf_counter() - begun
        once = once or seconds
        same, difference = compare(find, pictures, upright)
        spores = sum(count(each) for each in upright)
        print(
            f"| {turns} | {spores} | {100 * same:.2f} % | {100 * difference:.2f} % | {seconds / once:.1f} |"
        )


def compare(find: Segmenter, pictures: list[Array], upright: list[Array]) -> tuple[float, float]:
    """Return the share of spores that turn with the picture, and how far totals differ at most."""
    matched = spores = 0
    difference, total = 0.0, sum(count(each) for each in upright)
    for way in WAYS:
        found = [labels_of(find, way(each)) for each in pictures]
        for labels, as_it_is in zip(found, upright, strict=True):
            overlaps = find_overlaps(labels, np.ascontiguousarray(way(as_it_is)))
            matched += 2 * len(match(overlaps, _IOU))
            spores += count(labels) + count(as_it_is)
        difference = max(difference, abs(sum(count(each) for each in found) / max(1, total) - 1))
    return matched / max(1, spores), difference


def count(labels: Array) -> int:
    """Return how many spores there are."""
    return int(labels.max())


def labels_of(find: Segmenter, pixels: Array) -> Array:
    """Return the labels of a picture."""
    pixels = np.ascontiguousarray(pixels)
    return np.asarray(find.detect(find(pixels, find_field(pixels, "auto").mask)).labels)


if __name__ == "__main__":
    main()
