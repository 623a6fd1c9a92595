"""Checks of counts that are probably wrong: a network at another scale, or an image unlike those it knows.

An image says so by its columns ``count_fault``, ``uncovered_objects`` and ``uncovered_length_px``
(:mod:`sporemetry.uncovered`); without these columns nothing is said.
"""

from __future__ import annotations

import pandas as pd

from sporemetry.report.caution import Caution
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import plural

COUNT_FAULTS = ("uncovered objects", "low confidence")
_REMEDY = (
    "Measure one spore in the image, in pixels, and count again with --spore-length-px LENGTH, or point at "
    "one with --example IMAGE:X,Y. If the outlines are no better, the network does not know such images: "
    "correct a few of them and train a network of your own (sporemetry train)."
)


def uncovered_objects(data: ReportData) -> Caution | None:
    """Warn of images in which strong, similar objects have no outline."""
    hits = _with_fault(data.summary, COUNT_FAULTS[0])
    if hits.empty:
        return None
    objects, length = numbers(hits, "uncovered_objects"), numbers(hits, "uncovered_length_px")
    most = f"up to {objects.max():,.0f}" if len(hits) > 1 else f"{objects.max():,.0f}"
    return Caution(
        "problem",
        f"The count of {_named(hits)} is probably wrong: {most} strong, similar objects have no outline",
        f"They differ from the ground by a sharp edge, are {_span(length)} px across and alike, and outweigh "
        "what is outlined. In the outlined images they have a yellow ring. If they are your spores, the "
        f"count and its interval are of something else. {_REMEDY} If they are none, look whether the "
        "outlines are right all the same.",
        tuple(map(str, hits["image"])),
    )


def low_confidence(data: ReportData) -> Caution | None:
    """Warn of images in which a network is not confident of most of what it saw."""
    hits = _with_fault(data.summary, COUNT_FAULTS[1])
    if hits.empty:
        return None
    return Caution(
        "problem",
        f"The count of {_named(hits)} is probably wrong: the network is unsure of most of what it saw",
        "Most of what looked like spore to it was left out or has a low score, which is so where an image is "
        "unlike those that it was trained on, or spores were taken to be of another length than they are. "
        f"{_REMEDY}",
        tuple(map(str, hits["image"])),
    )


def _with_fault(summary: pd.DataFrame, fault: str) -> pd.DataFrame:
    if "count_fault" not in summary.columns:
        return summary.iloc[:0]
    return summary[summary["count_fault"].fillna("") == fault]


def _named(hits: pd.DataFrame) -> str:
    return str(hits["image"].iloc[0]) if len(hits) == 1 else plural(len(hits), "image")


def _span(lengths: pd.Series[float]) -> str:
    least, most = f"{lengths.min():.0f}", f"{lengths.max():.0f}"
    return least if least == most else f"{least} to {most}"


COUNT_CHECKS = (uncovered_objects, low_confidence)
