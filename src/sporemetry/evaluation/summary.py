"""A set's scores in words and rows, for the console and the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sporemetry.evaluation.pairing import TruthKind
from sporemetry.evaluation.ratios import Spread
from sporemetry.evaluation.scores import LabelScores, SetScores
from sporemetry.evaluation.settings import EvaluationSettings


@dataclass(frozen=True)
class MeasureRow:
    """One measure of a set as text: pooled, and over the pictures."""

    title: str
    pooled: str
    mean: str
    sd: str
    interval: str
    pictures: str


def titles(settings: EvaluationSettings, kind: TruthKind = "labels") -> dict[str, str]:
    """Return what each measure is called, in the order in which they are shown."""
    if kind != "labels":
        near = settings.point_tolerance_px
        found = (
            "centroid in box"
            if kind == "boxes"
            else "centroid near a point" + ("" if near is None else f", up to {near:g} px")
        )
        return {name: f"{text}, {found}" for name, text in _SPORE_TITLES.items()}
    boundary, iou, sweep = settings.tolerance_px, settings.match_iou, settings.sweep_ious
    return {
        "mean_iou": "Mean IoU (spore and background)",
        "spore_iou": "Spore IoU",
        "dice": "Dice",
        "boundary_precision": f"Boundary precision at {boundary:g} px",
        "boundary_recall": f"Boundary recall at {boundary:g} px",
        "boundary_f1": f"Boundary F1 at {boundary:g} px",
        **{name: f"{text} at IoU {iou:g}" for name, text in _SPORE_TITLES.items()},
        "mean_f1": f"Spore F1, mean of IoU {min(sweep):g} to {max(sweep):g}",
        "segmentation_quality": "Segmentation quality (IoU of matches)",
        "panoptic_quality": "Panoptic quality",
    }


_SPORE_TITLES = {"precision": "Spore precision", "recall": "Spore recall", "f1": "Spore F1"}


def measure_rows(scores: SetScores) -> list[MeasureRow]:
    """Return one row of text a measure."""
    pooled = scores.pooled.measures()
    names = titles(scores.settings, scores.pooled.kind)
    return [_measure_row(title, pooled[name], scores.per_picture[name]) for name, title in names.items()]


def count_rows(scores: SetScores) -> list[tuple[str, str]]:
    """Return the agreement of the counts as (what, value)."""
    counts, bias = scores.counts, scores.counts.bias
    rows = [
        ("Spores, predicted / true", f"{counts.predicted} / {counts.truth}"),
        ("Count error of the set", percent(counts.relative_error)),
        ("Count error a picture, mean", _with_sd(counts.relative_errors)),
        ("  without its sign", _with_sd(counts.absolute_relative_errors).lstrip("+")),
        ("  in spores, without its sign", f"{counts.mean_absolute_error:.2f}"),
        ("Bias, spores a picture", f"{bias.mean:+.2f}{_interval(bias, '+.2f')}"),
    ]
    if bias.n > 1:
        low, high = counts.limits
        rows.append(("95 % limits of agreement", f"{low:+.1f} to {high:+.1f} spores a picture"))
    if isinstance(scores.pooled, LabelScores):
        spores = scores.pooled.spores
        rows.append(("Merges / splits", f"{spores.merges} / {spores.splits}"))
    return rows


def format_summary(scores: SetScores) -> list[tuple[str, str]]:
    """Return a set's scores as rows (what, value) for the console: pooled, then mean ± SD over the pictures.

    Values are fractions with three decimals; "undefined" stands where there is nothing to divide by.
    """
    rows = [("Pictures", f"{len(scores.pictures)} ({scores.blank} without a true spore)")]
    for row in measure_rows(scores):
        value = f"{row.pooled} pooled, mean {row.mean} ± {row.sd}" if row.sd else row.pooled
        rows.append((row.title, value))
    return rows + count_rows(scores)


def fraction(value: float) -> str:
    """Write a measure with three decimals, or say that it is undefined.

    >>> fraction(0.91049), fraction(float("nan"))
    ('0.910', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """Write a signed error in per cent, or say that it is undefined.

    >>> percent(-0.0312), percent(float("nan"))
    ('-3.1 %', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{100 * value:+.1f} %"


def _measure_row(title: str, pooled: float, over: Spread) -> MeasureRow:
    left_out = f" ({over.undefined} undefined)" if over.undefined else ""
    return MeasureRow(
        title=title,
        pooled=fraction(pooled),
        mean=fraction(over.mean),
        sd="" if math.isnan(over.sd) else f"{over.sd:.3f}",
        interval="" if math.isnan(over.low) else f"{over.low:.3f} to {over.high:.3f}",
        pictures=f"{over.n}{left_out}",
    )


def _with_sd(errors: Spread) -> str:
    sd = "" if math.isnan(errors.sd) else f" ± {100 * errors.sd:.1f} %"
    left_out = f" ({errors.n} with spores)" if errors.undefined else ""
    return f"{percent(errors.mean)}{sd}{left_out}"


def _interval(value: Spread, form: str) -> str:
    return "" if math.isnan(value.low) else f" (95 %: {value.low:{form}} to {value.high:{form}})"
