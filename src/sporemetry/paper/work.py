"""A call from end to end: data, runs, scores, tables and figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sporemetry.errors import SettingsError
from sporemetry.paper.data import check_data, data_name, parts_file
from sporemetry.paper.drawing import Drawing, draw
from sporemetry.paper.experiments import Experiment, find_experiments
from sporemetry.paper.found import gather
from sporemetry.paper.page import write_page
from sporemetry.paper.running import RESULTS, STOP_NAME, TRAINED, Job, Outcome, job_state, run_jobs
from sporemetry.paper.scale import Scale
from sporemetry.paper.trial import run_name
from sporemetry.paper.views import Views
from sporemetry.storage import make_folder, only_writer, remove_temporaries, write_atomic
from sporemetry.training.run import device_type
from sporemetry.training.run_folder import is_run
from sporemetry.workers import Failure

CARD_NAME, LOCK_NAME = "paper.json", "paper.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is to be done.

    Attributes
    ----------
    experiments : tuple of Experiment
    scale : Scale
    seeds : tuple of int
    data, output : Path
        The data set, and the folder of all runs, results, tables and figures.
    accelerator : str or None
        None: the scale's.
    threads : int
        Of each run.
    side_by_side : int
        Runs at a time.
    """

    experiments: tuple[Experiment, ...]
    scale: Scale
    seeds: tuple[int, ...]
    data: Path
    output: Path
    accelerator: str | None = None
    threads: int = 1
    side_by_side: int = 1

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every run once: experiment by experiment, and in each seed by seed."""
        jobs: dict[str, Job] = {}
        for experiment in self.experiments:
            for seed in self.seeds:
                for trial in experiment.trials:
                    job = Job(
                        trial=trial,
                        seed=seed,
                        scale=self.scale,
                        data=self.data,
                        output=self.output,
                        accelerator=self.accelerator or self.scale.accelerator,
                        threads=self.threads,
                    )
                    jobs.setdefault(run_name(trial, seed), job)
        return tuple(jobs.values())


def run_call(call: Call, on_job: Callable[[Job, Outcome | Failure], None] | None = None) -> None:
    """Train and score what is missing of a call.

    Raises
    ------
    SettingsError
        When the folder holds runs of another scale or data set, or the pictures cannot be parted.
    LabelReadError, ImageReadError
        When a label picture cannot be read.
    OutputError
        When a file cannot be written, or another call is at work in the folder.
    """
    check_data(call.data, call.scale)
    with _held(call):
        for job in call.jobs:  # here, once, and not in each run: what is wrong with the labels is told once
            parts_file(job.data, job.scale, job.trial, job.seed, job.output)
        _work(call.jobs, call, on_job)


def score_call(call: Call, on_job: Callable[[Job, Outcome | Failure], None] | None = None) -> None:
    """Score the finished runs of a call that have no scores yet; nothing is trained.

    Raises
    ------
    SettingsError, OutputError
        As :func:`run_call`.
    """
    with _held(call):
        _work([job for job in call.jobs if is_run(job.run) and job_state(job) == TRAINED], call, on_job)


def draw_call(call: Call, on_experiment: Callable[[Experiment], None] | None = None) -> list[Path]:
    """Write the tables and figures of a call, as far as its runs have scores, and return the files.

    Parameters
    ----------
    call : Call
    on_experiment : callable, optional
        Called before each is drawn: some let networks look at pictures again, which takes its time.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    every = replace(call, experiments=find_experiments(["all"], call.scale))
    found = gather(every.jobs, call.seeds)
    accelerator = call.accelerator or call.scale.accelerator
    views = Views(found=found, data=call.data, device=device_type(accelerator))
    drawing = Drawing(found=found, scale=call.scale, views=views, output=call.output)
    files: list[Path] = []
    for experiment in call.experiments:
        if on_experiment is not None:
            on_experiment(experiment)
        files += draw(experiment, drawing)
    return [*files, write_page(len(call.seeds), call.scale, call.data, call.output)]


def _work(jobs: Sequence[Job], call: Call, on_job: Callable[[Job, Outcome | Failure], None] | None) -> None:
    for job, outcome in run_jobs(jobs, side_by_side=call.side_by_side):
        if on_job is not None:
            on_job(job, outcome)


def stop_call(output: Path) -> None:
    """Ask the runs of a folder to save after the step and to end."""
    (output / STOP_NAME).touch()


@contextmanager
def _held(call: Call) -> Iterator[None]:
    """Hold the folder, and see to it that it is of one scale and data set."""
    make_folder(call.output)
    with only_writer(call.output, call.output / LOCK_NAME):
        _check_card(call)
        remove_temporaries(call.output / RESULTS)
        (call.output / STOP_NAME).unlink(missing_ok=True)
        try:
            yield
        finally:
            (call.output / STOP_NAME).unlink(missing_ok=True)


def _check_card(call: Call) -> None:
    path = call.output / CARD_NAME
    content = json.dumps({"scale": call.scale.name, "data": data_name(call.data, call.output)}) + "\n"
    if not path.exists():
        write_atomic(path, content.encode())
    elif (there := path.read_text(encoding="utf-8", errors="replace")) != content:
        raise SettingsError(
            "--output",
            expected=f"an empty folder, or one of {content.strip()}",
            found=there.strip()[:200],
            remedy="Choose another folder with -o.",
        )
