"""How often the intervals of counts hold the truth, and how wide they are: three tables.

1. `samples`. Samples of n pictures are drawn from Poisson and from negative binomial counts of known mean;
four ways to make a 95 % interval of the total are compared by the share of samples whose interval holds the
true mean, and by their mean width relative to the exact Poisson interval's. `moderated` is what Sporemetry
reports.

2. `treatments`. Suspensions of a treatment have true rates that vary by a CV, gamma or lognormal, and their
images are counted. Six ways to make a 95 % interval of the mean are compared alike, by the median
width relative to that of the exact Poisson interval. `ours` is what Sporemetry reports. `images pooled` takes
all images for replicates of the treatment.

3. `ratios`. The same for the ratio of two treatments, by the median of the upper over the lower limit.

    python benchmarks/interval_coverage.py [samples|treatments|ratios] [--repeats 10000] [--seed 0]
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from sporemetry.counting.intervals import gamma_limits
from sporemetry.counting.nested import suspension_interval
from sporemetry.counting.replicates import pearson_statistic, quasi_poisson_interval
from sporemetry.counting.treatment_ratio import Part, ratio_interval

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]

CONFIDENCE = 0.95
DISPERSIONS = (1.0, 2.0, 5.0, 10.0)
PICTURES = (2, 3, 4, 6, 10, 20)
MEANS = (2.0, 10.0, 50.0, 100.0)


def exact_poisson(totals: NDArray[np.int64], _statistics: Floats, _pictures: int) -> Limits:
    """Return Garwood's interval, blind to the spread."""
    return gamma_limits(totals.astype(np.float64), CONFIDENCE)


def scaled_normal(totals: NDArray[np.int64], statistics: Floats, pictures: int) -> Limits:
    """Return the quasi-Poisson interval with the measured dispersion, taken as if it were known."""
    return _scaled(totals, statistics / (pictures - 1), statistics > pictures - 1)


def scaled_student(totals: NDArray[np.int64], statistics: Floats, pictures: int) -> Limits:
    """Return the quasi-Poisson interval with Student's t of n - 1 degrees of freedom."""
    upper = (1 + CONFIDENCE) / 2
    factor = (stdtrit(pictures - 1, upper) / ndtri(upper)) ** 2
    return _scaled(totals, statistics / (pictures - 1) * factor, statistics > pictures - 1)


def moderated(totals: NDArray[np.int64], statistics: Floats, pictures: int) -> Limits:
    """Return what Sporemetry reports."""
    low, high, _ = quasi_poisson_interval(totals, statistics, pictures, CONFIDENCE)
    return low, high


METHODS: dict[str, Callable[[NDArray[np.int64], Floats, int], Limits]] = {
    "Poisson": exact_poisson,
    "scaled z": scaled_normal,
    "scaled t": scaled_student,
    "moderated": moderated,
}


def draw(
    rng: np.random.Generator, dispersion: float, pictures: int, mean: float, repeats: int
) -> NDArray[np.int64]:
    """Return counts, repeats x pictures, with variance = dispersion x mean (1: Poisson)."""
    shape = (repeats, pictures)
    if dispersion == 1:
        return rng.poisson(mean, shape)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)


def coverage(counts: NDArray[np.int64], mean: float) -> dict[str, tuple[float, float]]:
    """Return for each method the share of samples held, and the mean width relative to Poisson's."""
    pictures = counts.shape[1]
    totals = counts.sum(axis=1)
    statistics = pearson_statistic(counts, np.ones(pictures))
    low, high = exact_poisson(totals, statistics, pictures)
    poisson_width = np.mean(high - low)
    found = {}
    for name, method in METHODS.items():
        low, high = method(totals, statistics, pictures)
        held = (low <= mean * pictures) & (mean * pictures <= high)
        found[name] = (float(np.mean(held)), float(np.mean(high - low) / poisson_width))
    return found


# Suspensions, images of each. In "1, 2, 6" they have unequal numbers of images.
LAYOUTS: tuple[tuple[int, ...], ...] = ((3, 3), (5, 5), (1, 2, 6), (5, 5, 5), (5,) * 4, (5,) * 6, (3,) * 10)
SPREADS = (0.0, 0.15, 0.25, 0.5)
PER_IMAGE = (1.0, 4.0, 10.0, 50.0)
RATIO_LAYOUTS = ((2, 2), (2, 5), (3, 3), (5, 5))


def draw_suspensions(
    rng: np.random.Generator, cv: float, shape: str, images: tuple[int, ...], per_image: float, repeats: int
) -> NDArray[np.int64]:
    """Return counts, repeats x images, of suspensions whose true rates vary by ``cv``."""
    size = (repeats, len(images))
    if cv == 0:
        rates = np.full(size, per_image)
    elif shape == "gamma":
        rates = rng.gamma(1 / cv**2, per_image * cv**2, size)
    else:
        sigma = np.sqrt(np.log1p(cv**2))
        rates = np.exp(rng.normal(np.log(per_image) - sigma**2 / 2, sigma, size))
    return rng.poisson(np.repeat(rates, images, axis=1))


def totals_of(counts: NDArray[np.int64], images: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the totals of suspensions, repeats x suspensions."""
    starts = np.cumsum((0, *images[:-1]))
    return np.add.reduceat(counts, starts, axis=1)


def treatment_intervals(counts: NDArray[np.int64], images: tuple[int, ...]) -> dict[str, Limits]:
    """Return the intervals of the mean per image, by each way."""
    exposures = np.array(images, dtype=np.float64)
    number, all_images = len(images), sum(images)
    totals = totals_of(counts, images)
    rates = totals / exposures
    mean, low, high, poisson_low, poisson_high = suspension_interval(totals, exposures, CONFIDENCE)
    upper = (1 + CONFIDENCE) / 2
    student = stdtrit(number - 1, upper) / np.sqrt(number)
    half = student * rates.std(axis=1, ddof=1)
    pooled = quasi_poisson_interval(
        counts.sum(axis=1), pearson_statistic(counts, np.ones(all_images)), all_images, CONFIDENCE
    )
    statistic = pearson_statistic(totals, exposures)
    gamma = quasi_poisson_interval(totals.sum(axis=1), statistic, number, CONFIDENCE)
    logs = np.log((totals + 0.5) / exposures)
    centre, log_half = logs.mean(axis=1), student * logs.std(axis=1, ddof=1)
    return {
        "images pooled": (pooled[0] / all_images, pooled[1] / all_images),
        "Poisson": (poisson_low, poisson_high),
        "moderated": (gamma[0] / all_images, gamma[1] / all_images),
        "t": (np.maximum(mean - half, 0), mean + half),
        "t of logs": (
            np.minimum(np.exp(centre - log_half), poisson_low),
            np.maximum(np.exp(centre + log_half), poisson_high),
        ),
        "ours": (low, high),
    }


def treatment_table(rng: np.random.Generator, repeats: int) -> None:
    """Print the table of means."""
    print("share of intervals that hold the true mean / median width relative to the exact Poisson interval")
    for shape in ("gamma", "lognormal"):
        for images, cv, per_image in itertools.product(LAYOUTS, SPREADS, PER_IMAGE):
            if shape == "lognormal" and (cv < 0.25 or images not in ((5, 5, 5), (5,) * 6)):
                continue
            found = treatment_intervals(draw_suspensions(rng, cv, shape, images, per_image, repeats), images)
            if images == LAYOUTS[0] and cv == 0 and per_image == PER_IMAGE[0]:
                print(f"{shape:>9} {'images':>17} {'CV':>5} {'mean':>5}  " + _cells(found))
            width = np.median(found["Poisson"][1] - found["Poisson"][0])
            cells = [
                f"{_held(low, high, per_image):.1%} / {np.median(high - low) / width:.2f}"
                for low, high in found.values()
            ]
            layout = f"{len(images)} x {images[0]}" if len(set(images)) == 1 else ", ".join(map(str, images))
            print(f"{shape:>9} {layout:>17} {cv:5.0%} {per_image:5g}  " + _cells(cells))


def ratio_table(rng: np.random.Generator, repeats: int) -> None:
    """Print the table of ratios: of two treatments of two images a suspension."""
    print("share of intervals that hold the true ratio / median of high over low")
    print(f"{'suspensions':>11} {'CV':>5} {'mean':>5} {'ratio':>6}  " + _cells(("Poisson", "ours")))
    for numbers, cv, per_image, ratio in itertools.product(RATIO_LAYOUTS, SPREADS, PER_IMAGE, (1.0, 0.25)):
        parts = []
        for number, mean in zip(numbers, (per_image * ratio, per_image), strict=True):
            images = (2,) * number
            totals = totals_of(draw_suspensions(rng, cv, "gamma", images, mean, repeats), images)
            rates = totals / 2
            parts.append(
                (totals.sum(axis=1), 2.0 * number, number, rates.mean(axis=1), rates.var(axis=1, ddof=1))
            )
        first, second = parts
        # Without a spread between suspensions only the counting is left.
        blind: list[Part] = [(*part[:4], np.zeros(repeats)) for part in parts]
        cells = []
        for low, high in (
            ratio_interval(blind[0], blind[1], CONFIDENCE),
            ratio_interval(first, second, CONFIDENCE),
        ):
            with np.errstate(divide="ignore", invalid="ignore"):
                width = np.nanmedian(high / low)
            cells.append(f"{_held(low, high, ratio):.1%} / {width:.3g}")
        print(f"{numbers[0]:6d} v {numbers[1]:2d} {cv:5.0%} {per_image:5g} {ratio:6g}  " + _cells(cells))


def sample_table(rng: np.random.Generator, repeats: int) -> None:
    """Print the table of samples."""
    print("share of intervals that hold the true mean / mean width relative to the exact Poisson interval")
    print(f"{'variance/mean':>13} {'n':>3} {'mean':>5}  " + _cells(METHODS))
    for dispersion, pictures, mean in itertools.product(DISPERSIONS, PICTURES, MEANS):
        counts = draw(rng, dispersion, pictures, mean, repeats)
        cells = [f"{held:.1%} / {width:.2f}" for held, width in coverage(counts, mean).values()]
        print(f"{dispersion:13g} {pictures:3d} {mean:5g}  " + _cells(cells))


TABLES = {"samples": sample_table, "treatments": treatment_table, "ratios": ratio_table}


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description="Coverage of 95 % intervals of counts.")
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], default=[], help="Default: all.")
    parser.add_argument("--repeats", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.tables or TABLES:
        TABLES[name](np.random.default_rng(options.seed), options.repeats)


def _held(low: Floats, high: Floats, truth: float) -> float:
    return float(np.mean((low <= truth) & (truth <= high)))


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"{cell:>18}" for cell in cells)


def _scaled(totals: NDArray[np.int64], dispersion: Floats, widened: NDArray[np.bool_]) -> Limits:
    counts = totals.astype(np.float64)
    poisson_low, poisson_high = gamma_limits(counts, CONFIDENCE)
    scale = np.where(widened, dispersion, 1.0)
    low, high = gamma_limits(counts / scale, CONFIDENCE)
    return np.minimum(low * scale, poisson_low), np.maximum(high * scale, poisson_high)


if __name__ == "__main__":
    main()
