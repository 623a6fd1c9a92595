"""Speed and agreement of our measurements with scikit-image's ``regionprops_table``.

A picture of 2000 x 1125 pixels with 1,000 capsules and ellipses, some touching and some cut by the border,
is measured by both in turn. Exit status 1 if a shared column differs by more than 1e-6 or we are less than
5 times faster.

    python benchmarks/measurement.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from sporemetry.measurement import measure
from sporemetry.measurement.runs import label_runs
from sporemetry.measurement.table import scikit_image_columns

HEIGHT, WIDTH, SPORES = 1125, 2000, 1000
TOLERANCE = 1e-6
LEAST_RATIO = 5.0
PROPERTIES = (
    "label",
    "area",
    "area_convex",
    "bbox",
    "centroid",
    "axis_major_length",
    "axis_minor_length",
    "eccentricity",
    "equivalent_diameter_area",
    "extent",
    "feret_diameter_max",
    "orientation",
    "perimeter",
    "perimeter_crofton",
    "solidity",
)


def spore_picture(seed: int = 0) -> NDArray[np.int32]:
    """Draw capsules and ellipses of 30 to 50 by 12 to 18 pixels; later ones cover earlier ones in part."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((HEIGHT, WIDTH), np.int32)
    drawn = 0
    while drawn < SPORES:
        y, x, angle = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH), rng.uniform(0, np.pi)
        length, width = rng.uniform(30, 50), rng.uniform(12, 18)
        top, left = max(int(y) - 26, 0), max(int(x) - 26, 0)
        window = labels[top : int(y) + 27, left : int(x) + 27]
        row, column = np.ogrid[: window.shape[0], : window.shape[1]]
        dy, dx = row + top - y, column + left - x
        along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        if drawn % 2:
            inside = np.hypot(np.maximum(np.abs(along) - (length - width) / 2, 0), across) <= width / 2
        else:
            inside = (2 * along / length) ** 2 + (2 * across / width) ** 2 <= 1
        if np.count_nonzero(window[inside]) > 0.1 * np.count_nonzero(inside):
            continue  # touching is wanted, hiding is not
        drawn += 1
        window[inside] = drawn
    return labels


def ours(labels: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Return the shared columns."""
    runs = label_runs(labels)
    return {"label": runs.values, **scikit_image_columns(labels, runs)}


def theirs(labels: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Return the shared columns by scikit-image."""
    table: dict[str, NDArray[Any]] = regionprops_table(labels, properties=PROPERTIES)
    return table


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def largest_differences(labels: NDArray[np.int32]) -> dict[str, float]:
    """Return the largest difference of each shared column, absolute, or relative where values exceed 1."""
    mine, other = ours(labels), theirs(labels)
    return {
        name: float(np.max(np.abs(mine[name] - column) / np.maximum(np.abs(column), 1)))
        for name, column in other.items()
    }


def main() -> int:
    """Print medians, ratio and differences; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    labels = spore_picture()
    print(f"{WIDTH} x {HEIGHT} pixels, {SPORES} spores, medians of {rounds} alternating rounds")
    differences = largest_differences(labels)  # also warms both up
    works: dict[str, Callable[[], object]] = {
        "scikit-image": lambda: theirs(labels),
        "ours": lambda: ours(labels),
        "measure()": lambda: measure(labels, um_per_px=0.32),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    medians = {name: median(values) for name, values in times.items()}
    ratio = medians["scikit-image"] / medians["ours"]
    print(f"  skimage.measure.regionprops_table, shared columns  {1e3 * medians['scikit-image']:8.1f} ms")
    print(f"  sporemetry, the same columns                       {1e3 * medians['ours']:8.1f} ms")
    print(f"  sporemetry.measure, all columns                    {1e3 * medians['measure()']:8.1f} ms")
    print(f"  ratio for the same columns                         {ratio:8.1f}")
    print("largest difference of each shared column")
    for name, difference in differences.items():
        print(f"  {name:26s}{difference:10.1e}")
    failed = ratio < LEAST_RATIO or max(differences.values()) > TOLERANCE
    print("FAILED" if failed else "passed", f"(ratio >= {LEAST_RATIO:g}, differences <= {TOLERANCE:g})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
