"""The tables that `unseen.py` prints, and what is measured for them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TARGETS = {
    "mushroom": 0.85,
    "hemocytometer_phone": 0.60,
    "hemocytometer_bf": 0.72,
    "hemocytometer_phase": 0.98,
    "blastospores": 0.92,
}
# Below this F1 a reader must be told.
POOR_F1 = 0.7


@dataclass(frozen=True)
class ImageRow:
    """One image of a run; F1 is None where there is nothing to find and nothing was found."""

    image: str
    f1: float | None
    predicted: int
    truth: int
    length_px: float | None
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """One set counted once."""

    name: str
    stated_px: float | None
    f1: float | None
    mape: float | None
    seconds_an_image: float
    cpu_seconds_an_image: float
    images: tuple[ImageRow, ...]
    centroid_f1: float | None = None
    """Of boxes: where a spore is found whose centroid lies in a box, as `sporemetry evaluate` has it."""

    @property
    def key(self) -> str:
        """What tells this run from others."""
        return f"{self.name}, {_stated(self.stated_px)}"


def print_unseen(runs: Sequence[Run]) -> None:
    """Print a row a set and stated length, a row an image of the default options, and the sum of cautions."""
    print(
        "| set | length | images | F1 | target | counted / true | length used, px | cautioned "
        "| s (CPU) an image |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for run in runs:
        target = "" if run.stated_px is not None else _target(run)
        print(
            f"| {run.name} | {_stated(run.stated_px)} | {len(run.images)} | {_f1(run)} | {target} "
            f"| {_totals(run)} | {_used(run)} | {_cautioned(run.images)} | {_seconds(run)} |"
        )
    print("\n| set | image | F1 | counted / true | length used, px | what is said |")
    print("|---|---|---:|---:|---:|---|")
    images = [(run.name, each) for run in runs if run.stated_px is None for each in run.images]
    for name, each in images:
        print(
            f"| {name} | {each.image} | {number(each.f1)} | {each.predicted} / {each.truth} "
            f"| {_length(each.length_px)} | {'; '.join(each.cautions)} |"
        )
    poor = [each for _, each in images if each.f1 is not None and each.f1 < POOR_F1]
    good = [each for _, each in images if each not in poor]
    print(f"\nCautioned: {_cautioned(poor)} images with an F1 below {POOR_F1}, {_cautioned(good)} others")


def print_known(runs: Sequence[Run]) -> None:
    """Print a row a set, and the cautions of all."""
    print(
        "| set | images | F1 | count MAPE | counted / true | length used, px | cautioned | s (CPU) an image |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for run in runs:
        mape = "" if run.mape is None else f"{100 * run.mape:.1f} %"
        print(
            f"| {run.name} | {len(run.images)} | {number(run.f1)} | {mape} | {_totals(run)} | {_used(run)} "
            f"| {_cautioned(run.images)} | {_seconds(run)} |"
        )
    print()
    for run in runs:
        for each in run.images:
            if each.cautions:
                print(f"{run.name}, {each.image}, F1 {number(each.f1)}: {'; '.join(each.cautions)}")


def print_against(runs: Sequence[Run], saved: dict[str, Any], *, small: bool) -> None:
    """Print what was before and is now, of the runs that both have."""
    before = {
        run.key: run
        for run in (
            Run(**{**each, "images": tuple(ImageRow(**row) for row in each["images"])})
            for each in saved["runs"]
        )
    }
    if saved["small"] is not small:
        print("\nNot of the same images: one of the two was measured with --small.")
    print("\n| set, length | F1 | MAPE | length used, px | cautioned | s an image |")
    print("|---|---:|---:|---:|---:|---:|")
    for run in runs:
        old = before.get(run.key)
        if old is None:
            print(f"| {run.key} | not in the file | | | | |")
            continue
        change = "" if run.f1 is None or old.f1 is None else f" ({run.f1 - old.f1:+.3f})"
        print(
            f"| {run.key} | {number(old.f1)} to {number(run.f1)}{change} | {number(old.mape)} to "
            f"{number(run.mape)} | {_used(old)} to {_used(run)} | {_cautioned(old.images)} to "
            f"{_cautioned(run.images)} | {_seconds(old)} to {_seconds(run)} |"
        )


def number(value: float | None) -> str:
    """Write a measure, or that it is undefined."""
    return "undefined" if value is None else f"{value:.3f}"


def _length(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _stated(length: float | None) -> str:
    return "default" if length is None else f"{length:g} px"


def _f1(run: Run) -> str:
    return number(run.f1) + (
        "" if run.centroid_f1 is None else f" (centroids in boxes {run.centroid_f1:.3f})"
    )


def _target(run: Run) -> str:
    target = TARGETS.get(run.name)
    if target is None:
        return ""
    return f"{target:.2f}, {'met' if run.f1 is not None and run.f1 >= target else 'missed'}"


def _totals(run: Run) -> str:
    return f"{sum(each.predicted for each in run.images)} / {sum(each.truth for each in run.images)}"


def _used(run: Run) -> str:
    lengths = sorted(each.length_px for each in run.images if each.length_px is not None)
    if not lengths:
        return ""
    ends = f" ({_length(lengths[0])} to {_length(lengths[-1])})" if lengths[0] != lengths[-1] else ""
    return _length(statistics.median(lengths)) + ends


def _cautioned(images: Sequence[ImageRow]) -> str:
    return f"{sum(bool(each.cautions) for each in images)} of {len(images)}"


def _seconds(run: Run) -> str:
    return f"{run.seconds_an_image:.1f} ({run.cpu_seconds_an_image:.1f})"
