"""The figures of the packaged model: its judge, the scores over folds, the ways of parting side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judging import draw_reliability, fit_judge, objects_of
from outline import compare_outlines
from score import score_picture, set_summary
from sporemetry.model import TURNS, pack_model, read_model
from sporemetry.segmentation import ModelSettings
from sporemetry.storage import write_atomic
from touching import HeldOut, compare_decoders, crowded_renders
from trainings import REAL, UNSEEN, Job, held_out_of, jobs_of, read_report

_HEAD = (
    "| set | pictures | spores | mean IoU | F1 | precision | recall | count error | mean per picture | "
    "merges, splits |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)
SEEN = tuple(name for name in REAL if name != UNSEEN)


def score_sets(job: Job, model: Path, turns: int = 1) -> dict[str, Any]:
    """Score a packaged network on the pictures that were held out, as they are on disk."""
    found, settings = {}, ModelSettings(model_file=str(model), turns=turns)
    for name in REAL:
        items = held_out_of(job, name)
        if not items:
            continue
        scored = [score_picture(model, item, settings) for item in items]
        found[name] = set_summary(scored) | {
            "scores": [
                {
                    "picture": each.name,
                    "predicted": each.scores.predicted,
                    "true": each.scores.truth,
                    "sure": [round(float(value), 4) for value in each.sure],
                    "right": [int(value) for value in each.true],
                    "features": [[round(value, 4) for value in row] for row in each.features.tolist()],
                    "notes": list(each.notes),
                }
                for each in scored
            ]
        }
    return found


def judge(out: Path, real: Path, steps: int) -> None:
    """Give each package a judge fitted on what the others found in pictures unseen by them, and score it.

    Those of folds are fitted on the other folds; that of a network without the real pictures of a
    kind on the other such networks, so that it knows none of them either; renderings of the kind all know.
    """
    for stage in ("folds", "kinds"):
        jobs = jobs_of(stage, out, real, steps)
        if not any(job.result.exists() for job in jobs):
            continue  # not asked for; with some of them alone, judges would be fitted on less than is said
        reports = {job.name: read_report(job.result) for job in jobs}
        for job in jobs:
            if job.judged_result.exists():
                continue
            others = [report for name, report in reports.items() if name != job.name]
            left = [name for name in SEEN if job.name != f"without {name}"]
            network = read_model(job.model)
            card = replace(network.card, judge=fit_judge(objects_of(others, left)))
            write_atomic(job.judged, pack_model(network.onnx, card))
            scored = {"minutes": reports[job.name]["minutes"], "sets": score_sets(job, job.judged)}
            write_atomic(job.judged_result, json.dumps(scored, indent=1).encode("utf-8"))
            print(line(job.name, scored), flush=True)


def table(out: Path, real: Path, steps: int) -> str:
    """Return the figures as Markdown, and draw how well scores hold."""
    jobs = jobs_of("folds", out, real, steps)
    judged = any(job.judged_result.exists() for job in jobs)
    with_judge = [read_report(job.judged_result) for job in jobs] if judged else []
    rows = [_row(name, pooled(with_judge, name)) for name in REAL if judged]
    for job in jobs_of("kinds", out, real, steps):
        if job.judged_result.exists():
            kind = job.name.removeprefix("without ")
            scores = pooled([read_report(job.judged_result)], kind)
            rows.append(_row(f"{kind}, no real picture trained on", scores))
    if judged:
        every = {name: [each for report in with_judge for each in _pictures(report, name)] for name in REAL}
        curves = {
            name: (_joined(pictures, "sure"), _joined(pictures, "right")) for name, pictures in every.items()
        }
        draw_reliability(curves, out / "reliability.png")
    return "\n".join([_HEAD, *rows])


def touching(out: Path, real: Path, steps: int) -> str:
    """Return how the decoders part touching spores of sets that the folds' networks have not seen."""
    jobs = jobs_of("folds", out, real, steps)
    held_out = [
        HeldOut(name, job.judged, tuple(held_out_of(job, name)))
        for name in ("rice_blast", "anthracnose")
        for job in jobs
    ]
    held_out.append(HeldOut("crowded renders", jobs[0].judged, crowded_renders(out / "unseen")))
    return compare_decoders(held_out, out / "decoders")


def outlines(out: Path, real: Path, steps: int) -> str:
    """Return what outlines at other probabilities do to labelled sets that the folds have not seen."""
    jobs = jobs_of("folds", out, real, steps)
    held_out = {
        name: [(job.judged, held_out_of(job, name)) for job in jobs]
        for name in ("anthracnose", "nosema", UNSEEN)
    }
    return compare_outlines(held_out, out / "outlines")


def turned(out: Path, real: Path, steps: int) -> str:
    """Return what more looks at each picture, mirrored and turned, give on what the folds have not seen."""
    jobs = jobs_of("folds", out, real, steps)
    rows = [_HEAD]
    for turns in TURNS:
        reports = [{"sets": score_sets(job, job.judged, turns)} for job in jobs]
        rows += [_row(f"{name}, looked at {turns} times", pooled(reports, name)) for name in REAL]
    return "\n".join(rows)


def pooled(reports: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Return the scores of a set over several trainings: all that was counted, added up."""
    sets = [report["sets"][name] for report in reports if name in report["sets"]]
    totals = {
        key: sum(each.get(key) or 0 for each in sets)
        for key in (
            "pictures", "true", "predicted", "matched", "merges", "splits",
            "pixels_tp", "pixels_fp", "pixels_fn", "pixels_tn",
        )
    }  # fmt: skip
    errors = [
        abs(each["predicted"] - each["true"]) / each["true"]
        for report in reports
        for each in _pictures(report, name)
        if each["true"]
    ]
    true, predicted, matched = totals["true"], totals["predicted"], totals["matched"]
    found: dict[str, Any] = dict(totals)
    found["f1"] = 2 * matched / max(1, true + predicted)
    found["precision"], found["recall"] = matched / max(1, predicted), matched / max(1, true)
    found["count_error"] = (predicted - true) / max(1, true)
    found["count_error_per_picture"] = float(np.mean(errors))
    wrong = totals["pixels_fp"] + totals["pixels_fn"]
    if totals["pixels_tp"]:
        spore = totals["pixels_tp"] / (totals["pixels_tp"] + wrong)
        found["mean_iou"] = (spore + totals["pixels_tn"] / (totals["pixels_tn"] + wrong)) / 2
    return found


def _joined(pictures: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(each[key], dtype=np.float64) for each in pictures])


def _pictures(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(report["sets"].get(name, {}).get("scores", []))


def _row(name: str, found: Mapping[str, Any]) -> str:
    quality = f"{100 * found['mean_iou']:.1f}" if "mean_iou" in found else ""
    touching = f"{found['merges']}, {found['splits']}" if "mean_iou" in found else ""
    return (
        f"| {name} | {found['pictures']} | {found['true']} | {quality} | {found['f1']:.3f} | "
        f"{found['precision']:.3f} | {found['recall']:.3f} | {100 * found['count_error']:+.1f} % | "
        f"{100 * found['count_error_per_picture']:.1f} % | {touching} |"
    )


def line(name: str, report: Mapping[str, Any]) -> str:
    """Return what a job gave, in a line a set."""
    rows = [f"{name}: {report['minutes']:.1f} core minutes"]
    for each, scores in report["sets"].items():
        quality = "" if scores.get("mean_iou") is None else f", mean IoU {scores['mean_iou']:.3f}"
        rows.append(
            f"  {each}: F1 {scores['f1']:.3f} (precision {scores['precision']:.3f}, recall "
            f"{scores['recall']:.3f}){quality}, {scores['predicted']} for {scores['true']}"
        )
    return "\n".join(rows)
