"""What a picture of 1920 x 1080 costs, pixels in memory to labels and table, and what the network's share is.

    python benchmarks/picture.py [PICTURE ...] [--rounds 7]

Without PICTURE one rendering of each slide. In each precision that the processor multiplies, in turn, round
after round in one process; the median round of each counts. The network's share is the time inside its
runtime, looks for the scale included. The network is loaded before, and nothing is read or written.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis import PRESETS, render
from sporemetry.errors import SettingsError
from sporemetry.image import Image, read_image
from sporemetry.model import PRECISIONS
from sporemetry.model.runtime import OpenVinoNetwork
from sporemetry.pipeline import PictureSettings, count_image
from sporemetry.segmentation import ModelSettings
from sporemetry.workers import share_of_cores

WIDTH, HEIGHT = 1920, 1080
SEED = 7002


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pictures", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    images = {path.name: read_image(path) for path in given.pictures} or dict(rendered())
    print(f"{share_of_cores()} threads, median of {given.rounds} rounds (least to most)")
    print("| picture | px | spores | precision | s | of it the network | its ms a megapixel |")
    print("|---|---:|---:|---|---:|---:|---:|")
    for name, image in images.items():
        settings = {each: PictureSettings(model=ModelSettings(precision=each)) for each in PRECISIONS}
        spores = {each: tried(image, settings[each]) for each in PRECISIONS}
        able = [each for each in PRECISIONS if spores[each] is not None]
        taken: dict[str, list[tuple[float, float, int]]] = {each: [] for each in able}
        for _ in range(given.rounds):
            for each in able:
                taken[each].append(timed(image, settings[each]))
        height, width = image.pixels.shape[:2]
        for each in able:
            whole, network = ([row[k] for row in taken[each]] for k in (0, 1))
            seen = taken[each][0][2]
            middle = statistics.median(network)
            print(
                f"| {name} | {width} x {height} | {spores[each]} | {each} "
                f"| {statistics.median(whole):.2f} ({min(whole):.2f} to {max(whole):.2f}) "
                f"| {middle:.2f} | {middle * 1e9 / max(1, seen):.0f} |",
                flush=True,
            )


def rendered() -> Iterator[tuple[str, Image]]:
    """Yield a picture of each slide, of this size."""
    for preset in PRESETS.values():
        yield preset.name, Image(render(replace(preset, width=WIDTH, height=HEIGHT), SEED, 0).pixels)


def tried(image: Image, settings: PictureSettings) -> int | None:
    """Return how many spores are counted; None where the processor lacks the precision."""
    try:
        return len(count_image(image, settings).spores)
    except SettingsError:
        return None


def timed(image: Image, settings: PictureSettings) -> tuple[float, float, int]:
    """Return the seconds of a count, those inside the network's runtime, and the pixels that it has seen."""
    with watched() as inside:
        begun = time.perf_counter()
        count_image(image, settings)
        seconds = time.perf_counter() - begun
    return seconds, sum(each for each, _ in inside), sum(pixels for _, pixels in inside)


@contextmanager
def watched() -> Iterator[list[tuple[float, int]]]:
    """Note the seconds and the pixels of each look."""
    looks: list[tuple[float, int]] = []
    logits = OpenVinoNetwork.logits

    def look(self: OpenVinoNetwork, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        begun = time.perf_counter()
        result = logits(self, pixels)
        looks.append((time.perf_counter() - begun, pixels.shape[2] * pixels.shape[3]))
        return result

    patched: Any = OpenVinoNetwork
    patched.logits = look
    try:
        yield looks
    finally:
        patched.logits = logits


if __name__ == "__main__":
    main()
