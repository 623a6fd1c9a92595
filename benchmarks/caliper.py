"""Errors of estimators of length and width on ideal outlines drawn as masks.

Each outline is drawn at random angles and subpixel positions (a pixel belongs to it when its centre lies
inside), and once more with its axis along the rows, the columns and the diagonals of the pixels, where a mask
says least about the width. Errors are in percent of the true largest and smallest caliper.

    python benchmarks/caliper.py [--number 1000] [--scales 3.1 5 10 20]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import find_contours, regionprops_table

from sporemetry.measurement import measure
from sporemetry.measurement.caliper import calipers

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMOOTHED = 200  # the slow estimators see this many of the masks
ON_GRID = np.array([0, 0.25, 0.5]) * np.pi


def capsule(along: Floats, across: Floats, length: float, width: float) -> Mask:
    """Rod with half-circles at its ends."""
    inside: Mask = np.hypot(np.maximum(np.abs(along) - (length - width) / 2, 0), across) <= width / 2
    return inside


def ellipse(along: Floats, across: Floats, length: float, width: float) -> Mask:
    """Ellipsoid seen from its side."""
    inside: Mask = (2 * along / length) ** 2 + (2 * across / width) ** 2 <= 1
    return inside


def lens(along: Floats, across: Floats, length: float, width: float) -> Mask:
    """Spindle with pointed ends, between two circular arcs."""
    radius = (length**2 + width**2) / (4 * width)
    inside: Mask = np.hypot(along, np.abs(across) + radius - width / 2) <= radius
    return inside


def pear(along: Floats, across: Floats, length: float, width: float) -> Mask:
    """Hull of a large circle at one end and one of half its diameter at the other."""
    large, small = width / 2, width / 4
    distance = length - large - small
    sine = (large - small) / distance
    x, y = np.abs(across), along + length / 2 - large
    k = y * np.sqrt(1 - sine**2) - x * sine
    side = x * np.sqrt(1 - sine**2) + y * sine - large
    inside: Mask = np.where(
        k < 0,
        np.hypot(x, y) <= large,
        np.where(k > distance * np.sqrt(1 - sine**2), np.hypot(x, y - distance) <= small, side <= 0),
    )
    return inside


SHAPES: dict[str, tuple[Callable[[Floats, Floats, float, float], Mask], float, float]] = {
    "capsule 13.8 x 4.8": (capsule, 13.8, 4.8),
    "ellipse 13.8 x 4.8": (ellipse, 13.8, 4.8),
    "lens 13.8 x 4.8": (lens, 13.8, 4.8),
    "pear 13.8 x 4.8": (pear, 13.8, 4.8),
    "circle 4.8": (ellipse, 4.8, 4.8),
    "capsule 3.2 x 1.6": (capsule, 3.2, 1.6),
}


def drawn(
    shape: str, scale: float, number: int, rng: np.random.Generator, angles: Floats | None
) -> list[Mask]:
    """Draw one outline ``number`` times, at random or given angles and random positions."""
    inside, length, width = SHAPES[shape]
    margin = int(np.ceil(length * scale / 2)) + 2
    row, column = np.mgrid[-margin : margin + 1, -margin : margin + 1].astype(np.float64)
    masks = []
    for _ in range(number):
        angle = rng.uniform(0, np.pi) if angles is None else rng.choice(angles)
        y, x = row - rng.uniform(-0.5, 0.5), column - rng.uniform(-0.5, 0.5)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        masks.append(inside(along, across, length * scale, width * scale))
    return masks


def sheet(masks: list[Mask]) -> NDArray[np.int32]:
    """Lay the masks below one another, numbered from 1."""
    return np.concatenate([mask.astype(np.int32) * (number + 1) for number, mask in enumerate(masks)])


def hull_calipers(points: Floats) -> tuple[float, float]:
    """Return the calipers of some points' hull, by SciPy's hull."""
    corners = points[ConvexHull(points).vertices]
    found = calipers(np.zeros(len(corners), np.int64), corners, 1)
    return float(found.largest[0]), float(found.smallest[0])


def pixel_centres(mask: Mask) -> tuple[float, float]:
    """Hull of the pixels' centres."""
    return hull_calipers(np.argwhere(mask).astype(np.float64))


def pixel_edges(mask: Mask) -> tuple[float, float]:
    """Hull of the pixels' corners, as OpenCV's rectangle plus one pixel and Fiji's Feret take it."""
    centres = np.argwhere(mask)
    return hull_calipers(
        np.concatenate([centres + np.array(c) / 2 for c in ((1, 1), (1, -1), (-1, 1), (-1, -1))])
    )


def smoothed(mask: Mask) -> tuple[float, float]:
    """Contour of the mask after a Gaussian of 1 pixel, corrected by sigma²/2 of the ends' curvature."""
    blurred = ndimage.gaussian_filter(np.pad(mask, 4).astype(np.float64), 1.0)
    length, width = hull_calipers(np.concatenate(find_contours(blurred, 0.5)))
    return length + 2 / width, width


def one_by_one(estimate: Callable[[Mask], tuple[float, float]]) -> Callable[[list[Mask]], Floats]:
    """Make an estimator of one mask one of the first few of a list."""
    return lambda masks: np.array([estimate(mask) for mask in masks[:SMOOTHED]])


def columns(length: str, width: str) -> Callable[[list[Mask]], Floats]:
    """Take two columns of our table."""
    return lambda masks: measure(sheet(masks))[[length, width]].to_numpy(np.float64)


def skimage_axes(masks: list[Mask]) -> Floats:
    """Take scikit-image's axes of the ellipse with the same moments."""
    names = ("axis_major_length", "axis_minor_length")
    table = regionprops_table(sheet(masks), properties=names)
    return np.stack([table[name] for name in names], axis=1)


ESTIMATORS: dict[str, Callable[[list[Mask]], Floats]] = {
    "scikit-image axes": skimage_axes,
    "hull of pixel centres": one_by_one(pixel_centres),
    "scikit-image Feret": columns("feret_diameter_max", "feret_diameter_min"),
    "hull of pixel corners": one_by_one(pixel_edges),
    "smoothed contour": one_by_one(smoothed),
    "length_px, width_px": columns("length_px", "width_px"),
}


def main() -> None:
    """Print mean, 95th percentile and maximum of the errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--scales", type=float, nargs="+", default=[3.1, 5, 10, 20])
    options = parser.parse_args()
    print(f"errors in %, mean / 95 % of |error| / largest |error|, {options.number} masks a row")
    for shape, (_, length, width) in SHAPES.items():
        for scale in options.scales:
            for name, angles in (("any angle", None), ("on the grid", ON_GRID)):
                masks = drawn(shape, scale, options.number, np.random.default_rng(1), angles)
                print(f"\n{shape} µm, {scale:g} px/µm, {name}")
                for estimator, estimate in ESTIMATORS.items():
                    print_errors(estimator, 100 * (estimate(masks) / (np.array([length, width]) * scale) - 1))


def print_errors(estimator: str, errors: Floats) -> None:
    """Print one row of the table."""
    cells = []
    for name, error in zip(("length", "width"), errors.T, strict=True):
        size = np.abs(error)
        cells.append(f"{name} {error.mean():+6.2f} / {np.percentile(size, 95):5.2f} / {size.max():5.2f}")
    print(f"  {estimator:24s}{cells[0]}    {cells[1]}")


if __name__ == "__main__":
    main()
