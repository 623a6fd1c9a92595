"""Makes the packaged model, and the figures of its card and of docs/model.md.

    python models/build.py STAGE... --out FOLDER [--real ../shared/data] [--jobs 2] [--steps N]

Stages: ``data`` (renders, and all sets as one), ``candidates`` (networks of several kinds, each trained alike
on the same part), ``folds`` (grouped cross-validation), ``kinds`` (one real set left out each), ``final``
(trained on everything), ``judge`` (how sure to be of an object, from objects that the folds had not seen),
``table`` (the figures), ``package`` (writes the model that ships).
A run that was interrupted goes on; what is done is kept. Every figure is of the packaged file run by the
program's own `count`, on pictures as they are on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judging import draw_reliability, fit_judge, objects_of
from renders import write_renders
from score import score_picture, set_summary
from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import DatasetItem, open_dataset
from sporemetry.dataset.merge import merge_datasets
from sporemetry.dataset.split import Split, k_folds
from sporemetry.dataset.split_file import write_split
from sporemetry.dataset.synthesize import synthesize
from sporemetry.model import TrainingSet, pack_model, read_model
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.export import ExportSettings, export_run
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train
from sporemetry.workers import Failure, in_workers

HERE = Path(__file__).resolve().parent
RECIPE = HERE / "default.toml"
REAL = ("anthracnose", "nosema", "rice_blast", "dic_fungal")
UNSEEN = "dic_fungal"  # trained on in the model that ships only, so that the folds tell of unseen kinds
FOLDS = 3
VERSION = "1"
ORIGINS = {
    "anthracnose": ("Zhao et al. 2019, the authors' code repository; labels of three pictures by us", "MIT"),
    "nosema": ("bees-spore-detector", "MIT"),
    "rice_blast": ("Iowa State University, Spore M. oryzae, Roboflow Universe", "CC BY 4.0"),
    "dic_fungal": ("Mycol", "MIT"),
}
RENDERED_ORIGIN = ("Sporemetry's renderer", "as Sporemetry")
RENDERED = {"anthracnose": 16, "nosema": 30, "rice_blast": 6}
VARIED = 60
TRAIN, HELD_OUT = "train", "test"
TRAININGS = ("candidates", "folds", "kinds", "final")
STAGES = ("data", *TRAININGS, "judge", "table", "package")
SHIPPED = HERE.parent / "src" / "sporemetry" / "models" / "default.onnx"

HALF = {"architecture": "unet-half", "encoder": "tu-resnet18", "decoder": [64, 32, 24]}
CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    "U-Net, ResNet-18 half as wide, at half size": {**HALF, "width": 0.5},
    "the same, a quarter narrower": {**HALF, "width": 0.375, "decoder": [64, 32, 16]},
    "the same, wider, decoder too": {**HALF, "width": 0.75, "decoder": [96, 48, 32]},
    "U-Net, ResNet-18 half as wide, at full size": {
        "architecture": "unet", "encoder": "tu-resnet18", "width": 0.5, "decoder": [96, 48, 32, 16],
    },
    "U-Net, MobileNetV2, at half size": {
        "architecture": "unet-half", "encoder": "tu-mobilenetv2_100", "decoder": [64, 32, 24], "width": 1.0,
    },
    "U-Net, RegNetX-400MF, at half size": {
        "architecture": "unet-half", "encoder": "tu-regnetx_004", "decoder": [64, 32, 24], "width": 1.0,
    },
    "LinkNet, ResNet-18": {
        "architecture": "linknet", "encoder": "resnet18", "decoder": [], "width": 1.0,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One training, and the pictures that it is scored on."""

    name: str
    folder: Path
    real: Path
    held_out: tuple[str, ...]
    steps: int
    network: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / "runs" / _plain(self.name)

    @property
    def model(self) -> Path:
        """The packaged network."""
        return self.run / "model.onnx"

    @property
    def result(self) -> Path:
        """Its scores."""
        return self.run / "scores.json"

    @property
    def judged(self) -> Path:
        """The packaged network with a judge."""
        return self.run / "judged.onnx"

    @property
    def judged_result(self) -> Path:
        """The scores of that."""
        return self.run / "judged.json"


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def main() -> int:
    """Do the stages that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--out", type=Path, required=True)
    real = os.environ.get("SPOREMETRY_REAL_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--real", type=Path, default=Path(real))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    given = parser.parse_args()
    steps = given.steps or find_recipe(str(RECIPE)).steps
    trainings = [
        job for stage in given.stages for job in jobs_of(stage, given.out, given.real, steps)
    ]  # the slow part: all of them side by side, as many as there are to be
    for stage in given.stages:
        if stage in TRAININGS:
            do(trainings, given.jobs)
            trainings = []
        elif stage == "data":
            make_data(given.out, given.real)
        elif stage == "judge":
            judge(given.out, given.real, steps)
        elif stage == "table":
            print(table(given.out, given.real, steps))
        else:
            package(given.out, given.real, steps)
    return 0


def make_data(out: Path, real: Path) -> None:
    """Render, and merge all sets."""
    folders = write_renders(out / "renders", pictures=VARIED, workers=0)
    for preset, pictures in RENDERED.items():
        folder = out / "renders" / f"{preset}_rendered"
        synthesize(preset, folder, pictures=pictures, seed=11, workers=0)
        folders.append(folder)
    merged = merge_datasets([*(real / name for name in REAL), *folders], out / "merged")
    for each in merged:
        print(f"{each.name}: {each.pictures} pictures, {each.spores} spores, {each.length_px:.1f} px long")


def jobs_of(stage: str, out: Path, real: Path, steps: int) -> list[Job]:
    """Return the trainings of a stage; none of one that does not train."""
    if stage not in TRAININGS:
        return []
    threads = 1  # a core a training: two trainings side by side are faster than one on both cores
    job = partial(Job, folder=out, real=real, steps=steps, threads=threads)
    folds = [fold_names(real, number) for number in range(FOLDS)]
    if stage == "candidates":
        return [job(name=name, held_out=folds[0], network=network) for name, network in CANDIDATES.items()]
    if stage == "folds":
        return [job(name=f"fold {number}", held_out=names) for number, names in enumerate(folds)]
    if stage == "kinds":
        left_out = [(name, names_of(real, (name, UNSEEN))) for name in REAL if name != UNSEEN]
        return [job(name=f"without {name}", held_out=names) for name, names in left_out]
    return [job(name="final", held_out=())]


def names_of(real: Path, sets: Iterable[str]) -> tuple[str, ...]:
    """Return the names, in the merged set, of all pictures of some sets."""
    return tuple(f"{name}/{item.name}" for name in sets for item in usable(real / name))


def usable(folder: Path) -> list[DatasetItem]:
    """Return the pictures with labels or boxes."""
    return [item for item in open_dataset(folder).items if item.labels is not None or item.boxes is not None]


def fold_names(real: Path, number: int) -> tuple[str, ...]:
    """Return the pictures that a fold is tested on: by group, and all of the set that is never trained on."""
    names = list(names_of(real, (UNSEEN,)))
    for each in REAL:
        if each == UNSEEN:
            continue
        items = usable(real / each)
        groups = {item.name: item.group for item in items}
        counts = spore_counts(items)
        split = k_folds(groups, counts, FOLDS, seed=0)[number]
        names += [f"{each}/{name}" for name in split.names("val")]
    return tuple(names)


def do(jobs: Sequence[Job], processes: int) -> None:
    """Train, package and score what is missing, and print a line for each."""
    for job, result in in_workers(work, list(jobs), workers=processes):
        if isinstance(result, Failure):
            raise SystemExit(f"{job.name}: expected {result.expected}, found {result.found}")
        print(_line(job.name, result), flush=True)


def _line(name: str, report: Mapping[str, Any]) -> str:
    """Return what a job gave, in a line a set."""
    rows = [f"{name}: {report['minutes']:.1f} core minutes"]
    for each, scores in report["sets"].items():
        quality = "" if scores.get("mean_iou") is None else f", mean IoU {scores['mean_iou']:.3f}"
        rows.append(
            f"  {each}: F1 {scores['f1']:.3f} (precision {scores['precision']:.3f}, recall "
            f"{scores['recall']:.3f}){quality}, {scores['predicted']} for {scores['true']}"
        )
    return "\n".join(rows)


def work(job: Job) -> dict[str, Any]:
    """Do one job, or read what it gave."""
    if job.result.exists():
        return dict(json.loads(job.result.read_text(encoding="utf-8")))
    make_folder(job.run.parent)
    merged = open_dataset(job.folder / "merged")
    groups = {item.name: item.group for item in merged.labelled}
    held_out = set(job.held_out)
    parts = {name: HELD_OUT if name in held_out else TRAIN for name in groups}
    split = job.run.parent / f"{job.run.name}.csv"
    write_split(split, Split(parts=parts, groups=groups))
    recipe = find_recipe(str(RECIPE), {"steps": job.steps, "network": dict(job.network)})
    begun = time.process_time()
    train(
        job.folder / "merged", job.run, recipe, split=split,
        machine=Machine(accelerator="cpu", threads=job.threads),
    )  # fmt: skip
    seconds = time.process_time() - begun
    package = export_run(job.run, job.model, ExportSettings(dataset=job.folder / "merged"))
    write_atomic(job.model, package.onnx)
    report = {"minutes": seconds / 60, "sets": score_sets(job, job.model)}
    write_atomic(job.result, json.dumps(report, indent=1).encode("utf-8"))
    return report


def score_sets(job: Job, model: Path) -> dict[str, Any]:
    """Score a packaged network on the pictures that were held out, as they are on disk."""
    found = {}
    for name in REAL:
        items = [item for item in usable(job.real / name) if f"{name}/{item.name}" in job.held_out]
        if not items:
            continue
        scored = [score_picture(model, item) for item in items]
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
    """Give each fold's package a judge fitted on the other folds, and score it; then those without a kind."""
    seen = [name for name in REAL if name != UNSEEN]
    folds = jobs_of("folds", out, real, steps)
    reports = {job.name: _report(job.result) for job in folds}
    for job in [*folds, *jobs_of("kinds", out, real, steps)]:
        if job.judged_result.exists() or not job.result.exists():
            continue
        others = [report for name, report in reports.items() if name != job.name]
        left = [name for name in seen if job.name != f"without {name}"]
        network = read_model(job.model)
        card = replace(network.card, judge=fit_judge(objects_of(others, left)))
        write_atomic(job.judged, pack_model(network.onnx, card))
        scored = {"minutes": _report(job.result)["minutes"], "sets": score_sets(job, job.judged)}
        write_atomic(job.judged_result, json.dumps(scored, indent=1).encode("utf-8"))
        print(_line(job.name, scored), flush=True)


def table(out: Path, real: Path, steps: int) -> str:
    """Return the figures as Markdown, and draw how well scores hold."""
    jobs = jobs_of("folds", out, real, steps)
    with_judge = [_report(job.judged_result) for job in jobs]
    rows = [_row(name, pooled(with_judge, name)) for name in REAL]
    for job in jobs_of("kinds", out, real, steps):
        if job.judged_result.exists():
            kind = job.name.removeprefix("without ")
            rows.append(_row(f"{kind}, never trained on", pooled([_report(job.judged_result)], kind)))
    every = {name: [each for report in with_judge for each in _pictures(report, name)] for name in REAL}
    curves = {
        name: (_joined(pictures, "sure"), _joined(pictures, "right")) for name, pictures in every.items()
    }
    draw_reliability(curves, out / "reliability.png")
    head = (
        "| set | pictures | spores | mean IoU | F1 | precision | recall | count error | mean per picture | "
        "merges, splits |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    return "\n".join([head, *rows])


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


def package(out: Path, real: Path, steps: int) -> None:
    """Write the model that ships: the final network, a judge from all folds, and their figures."""
    seen = [name for name in REAL if name != UNSEEN]
    reports = [_report(job.result) for job in jobs_of("folds", out, real, steps)]
    with_judge = [_report(job.judged_result) for job in jobs_of("folds", out, real, steps)]
    (final,) = jobs_of("final", out, real, steps)
    network = read_model(final.model)
    metrics = {
        f"{name}_{key}": round(float(found[key]), 4)
        for name in REAL
        for found in [pooled(with_judge, name)]
        for key in ("f1", "mean_iou", "count_error")
        if key in found
    }
    card = replace(
        network.card,
        name="Sporemetry spores",
        version=VERSION,
        judge=fit_judge(objects_of(reports, seen)),
        training_data=tuple(_training_set(folder) for folder in _sources(out, real)),
        metrics=metrics,
    )
    make_folder(SHIPPED.parent)
    write_atomic(SHIPPED, pack_model(network.onnx, card))
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size / 1e6:.1f} MB, SHA-256 {read_model(SHIPPED).card.sha256}")


def _sources(out: Path, real: Path) -> list[Path]:
    return [*(real / name for name in REAL), *sorted(path for path in (out / "renders").iterdir())]


def _training_set(folder: Path) -> TrainingSet:
    items = usable(folder)
    authors, licence = ORIGINS.get(folder.name, RENDERED_ORIGIN)
    spores = sum(spore_counts(items).values())
    return TrainingSet(name=folder.name, authors=authors, licence=licence, pictures=len(items), spores=spores)


def _report(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    raise SystemExit(main())
