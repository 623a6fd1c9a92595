"""Makes the packaged model, and the figures of its card and of docs/model.md.

    python models/build.py STAGE... --out FOLDER [--real ../shared/data] [--jobs 2] [--steps N]

Stages: ``data`` (renders, and all sets as one), ``candidates`` (networks of several kinds, each trained alike
on the same part), ``compare`` (what those find and cost, side by side), ``folds`` (grouped cross-validation),
``kinds`` (one real set left out each), ``final`` (trained on everything), ``judge`` (how sure to be of an
object, from objects that the folds had not seen), ``table`` (the figures), ``touching`` (the ways of parting
side by side), ``outlines`` (what lower ones do), ``turns`` (what more looks at a picture give), ``speed``
(candidates and the model that ships, in OpenVINO and in PyTorch), ``package`` (writes the model that ships).
A run that was interrupted goes on; what is done is kept. Every figure is of the packaged file run by the
program's own `count`, on pictures as they are on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from candidates import compare_candidates
from figures import judge, line, outlines, score_sets, table, touching, turned
from mean import mean_package
from outline import outlined
from pretrained import write_encoder
from renders import write_renders
from shipping import package
from speed import compare_speed
from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.merge import merge_datasets
from sporemetry.dataset.split import Split
from sporemetry.dataset.split_file import write_split
from sporemetry.dataset.synthesize import synthesize
from sporemetry.model import read_model
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.export import ExportSettings, export_run
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train
from sporemetry.workers import Failure, in_workers
from trainings import HELD_OUT, HERE, REAL, RECIPE, TRAIN, TRAININGS, Job, jobs_of, read_report

RENDERED = {"anthracnose": 16, "nosema": 30, "rice_blast": 6}
VARIED = 60
STAGES = (
    "data",
    *TRAININGS,
    "compare",
    "judge",
    "table",
    "touching",
    "outlines",
    "turns",
    "speed",
    "package",
)


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
    networks = [job for stage in given.stages for job in jobs_of(stage, given.out, given.real, steps)]
    # The slow part: all of them side by side, as many as there are to be.
    trainings = [each for job in networks for each in job.members or (job,)]
    if any(job.recipe.network.weights is not None for job in trainings):
        write_encoder(given.out)
    for stage in given.stages:
        if stage in TRAININGS:
            do(trainings, given.jobs)
            do([job for job in networks if job.members], given.jobs)
            trainings, networks = [], []
        elif stage == "data":
            make_data(given.out, given.real)
        elif stage == "compare":
            print(compare_candidates(given.out, given.real, steps))
        elif stage == "judge":
            judge(given.out, given.real, steps)
        elif stage == "table":
            print(table(given.out, given.real, steps))
        elif stage == "touching":
            print(touching(given.out, given.real, steps))
        elif stage == "outlines":
            print(outlines(given.out, given.real, steps))
        elif stage == "speed":
            print(compare_speed())
        elif stage == "turns":
            print(turned(given.out, given.real, steps))
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


def do(jobs: Sequence[Job], processes: int) -> None:
    """Train, package and score what is missing, and print a line for each."""
    for job, result in in_workers(work, list(jobs), workers=processes):
        if isinstance(result, Failure):
            raise SystemExit(f"{job.name}: expected {result.expected}, found {result.found}")
        print(line(job.name, result), flush=True)


def work(job: Job) -> dict[str, Any]:
    """Do one job, or read what it gave."""
    if job.result.exists():
        return read_report(job.result)
    if job.members:
        minutes = sum(read_report(each.result)["minutes"] for each in job.members)
        made = mean_package([read_model(each.model) for each in job.members], job.model)
        make_folder(job.run)
        write_atomic(job.model, made.onnx)
    else:
        minutes = train_job(job)
    scores = score_sets(job, job.model) if job.scored else {}
    report = {"minutes": minutes, "sets": scores}
    write_atomic(job.result, json.dumps(report, indent=1).encode("utf-8"))
    return report


def train_job(job: Job) -> float:
    """Train and package what a training is of, and return the core minutes that it took."""
    make_folder(job.run.parent)
    merged = open_dataset(job.folder / "merged")
    groups = {item.name: item.group for item in merged.labelled}
    held_out = set(job.held_out)
    parts = {name: HELD_OUT if name in held_out else TRAIN for name in groups}
    split = job.run.parent / f"{job.run.name}.csv"
    write_split(split, Split(parts=parts, groups=groups))
    begun = time.process_time()
    train(
        job.folder / "merged", job.run, job.recipe, split=split,
        machine=Machine(accelerator="cpu", threads=job.threads),
    )  # fmt: skip
    minutes = (time.process_time() - begun) / 60
    made = export_run(job.run, job.model, ExportSettings(dataset=job.folder / "merged"))
    write_atomic(job.model, outlined(made))
    return minutes


if __name__ == "__main__":
    raise SystemExit(main())
