"""How often the intervals of pooled counts hold the truth, and how wide they are.

Samples of n pictures are drawn from Poisson and from negative binomial counts of known mean; four ways to
make a 95 % interval of the total are compared by the share of samples whose interval holds the true mean,
and by their mean width relative to the exact Poisson interval's. `moderated` is what Sporemetry reports.

    python benchmarks/interval_coverage.py [--repeats 10000] [--seed 0]
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from sporemetry.counting.intervals import gamma_limits
from sporemetry.counting.replicates import pearson_statistic, quasi_poisson_interval

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Coverage of 95 % intervals of pooled counts.")
    parser.add_argument("--repeats", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print("share of intervals that hold the true mean / mean width relative to the exact Poisson interval")
    print(f"{'variance/mean':>13} {'n':>3} {'mean':>5}  " + "".join(f"{name:>16}" for name in METHODS))
    for dispersion, pictures, mean in itertools.product(DISPERSIONS, PICTURES, MEANS):
        counts = draw(rng, dispersion, pictures, mean, options.repeats)
        cells = [f"{held:.1%} / {width:.2f}" for held, width in coverage(counts, mean).values()]
        row = "".join(f"{cell:>16}" for cell in cells)
        print(f"{dispersion:13g} {pictures:3d} {mean:5g}  {row}")


def _scaled(totals: NDArray[np.int64], dispersion: Floats, widened: NDArray[np.bool_]) -> Limits:
    counts = totals.astype(np.float64)
    poisson_low, poisson_high = gamma_limits(counts, CONFIDENCE)
    scale = np.where(widened, dispersion, 1.0)
    low, high = gamma_limits(counts / scale, CONFIDENCE)
    return np.minimum(low * scale, poisson_low), np.maximum(high * scale, poisson_high)


if __name__ == "__main__":
    main()
