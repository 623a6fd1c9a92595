"""The runs of an experiment: which are finished, and training and scoring of the others, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from sporemetry.dataset.split import Split
from sporemetry.paper.data import find_parts, parts_file
from sporemetry.paper.scale import Scale, trial_recipe
from sporemetry.paper.scoring import RunScores, read_scores, run_identity, score_run, write_scores
from sporemetry.paper.trial import Trial, run_name
from sporemetry.storage import make_folder
from sporemetry.training.precision import settle_machine
from sporemetry.training.run import LOCK_NAME, Machine, Watcher, device_type, train
from sporemetry.training.run_folder import is_run, read_result, read_run
from sporemetry.workers import Failure, in_workers

RUNS, RESULTS, STOP_NAME = "runs", "results", "stop"
DONE, TRAINED, BEGUN, MISSING, OTHER = "done", "trained", "begun", "missing", "other"
BUSY, STOPPED = "busy", "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A trial with a seed, where it is kept and how it is run.

    Attributes
    ----------
    trial : Trial
    seed : int
    scale : Scale
    data, output : Path
        The data set, and the folder of all runs and results.
    accelerator : str
        Of :class:`sporemetry.training.run.Machine`.
    threads : int
        Of the process.
    """

    trial: Trial
    seed: int
    scale: Scale
    data: Path
    output: Path
    accelerator: str = "cpu"
    threads: int = 1

    @property
    def name(self) -> str:
        """The run's name."""
        return run_name(self.trial, self.seed)

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.output / RUNS / self.name

    @property
    def result(self) -> Path:
        """The file of its scores."""
        return self.output / RESULTS / f"{self.name}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    state : str
        ``done``, ``busy`` (another command trains it) or ``stopped``.
    seconds : float
        That it took.
    scores : RunScores or None
        Where it is done.
    """

    state: str
    seconds: float = 0.0
    scores: RunScores | None = None


def job_state(job: Job, parts: Split | None = None) -> str:
    """Return how far a job is.

    Parameters
    ----------
    job : Job
    parts : Split, optional
        What :func:`sporemetry.paper.data.find_parts` returns for it, where that is known.

    Returns
    -------
    str
        ``done``: scored, be the run's folder there or not; ``trained``: to be scored; ``begun``; ``missing``;
        ``other``: its folder holds a run of other settings or pictures, which training would refuse. Where
        the pictures are not there, as those that are still to be rendered, only kept scores count.
    """
    if not job.data.is_dir():
        return MISSING if stored_scores(job) is None else DONE
    if parts is None:
        parts = find_parts(job.data, job.scale, job.trial, job.seed, job.output)
    if not is_run(job.run):
        scores = stored_scores(job)
        return MISSING if scores is None or scores.card.parts != parts.parts else DONE
    card = read_run(job.run)
    recipe = trial_recipe(job.trial, job.scale, job.seed)
    recipe = settle_machine(recipe, device_type(job.accelerator), begun=card.recipe)
    if card.recipe != recipe or card.parts != parts.parts:
        return OTHER
    if read_result(job.run) is None:
        return BEGUN
    return TRAINED if stored_scores(job) is None else DONE


def stored_scores(job: Job) -> RunScores | None:
    """Return the scores of a run as they were kept; None where there are none, or of another run.

    They outlive the run: where its folder is gone, they count if its recipe was the job's. Precision
    and layout may have been another machine's.
    """
    if not job.result.is_file():
        return None
    scores = read_scores(job.result)
    if is_run(job.run):
        same = read_result(job.run) is not None and scores.identity == run_identity(job.run)
    else:
        recipe = trial_recipe(job.trial, job.scale, job.seed)
        card = scores.card.recipe
        same = card == replace(recipe, precision=card.precision, layout=card.layout)
    return scores if same else None


def run_jobs(jobs: Sequence[Job], *, side_by_side: int = 1) -> Iterator[tuple[Job, Outcome | Failure]]:
    """Train and score what is missing, and yield each job as it ends; one that fails stops no other.

    Parameters
    ----------
    jobs : sequence of Job
        Begun in this order; none yields nothing.
    side_by_side : int
        Processes of their own; 1 or less runs one after the other in this process.

    Raises
    ------
    OutputError
        When results cannot be written.
    """
    yield from in_workers(run_job, jobs, workers=side_by_side if side_by_side > 1 else 0)


def run_job(job: Job) -> Outcome:
    """Train a job to its end, or go on where it was, and score it.

    A file ``stop`` in the output folder ends it after the step, with its state saved.
    """
    if _is_stopped(job):
        return Outcome(state=STOPPED)
    begun = time.monotonic()
    torch.set_num_threads(job.threads)
    make_folder(job.result.parent)
    if job_state(job) not in (TRAINED, DONE):
        make_folder(job.run)
        if _is_busy(job.run):
            return Outcome(state=BUSY)
        if not _train(job):
            return Outcome(state=STOPPED, seconds=time.monotonic() - begun)
    scores = stored_scores(job)
    if scores is None:
        scores = score_run(job.run, job.data, device=device_type(job.accelerator))
        write_scores(job.result, scores)
    return Outcome(state=DONE, seconds=time.monotonic() - begun, scores=scores)


def _train(job: Job) -> bool:
    """Train, and return whether it has come to its end."""
    recipe = trial_recipe(job.trial, job.scale, job.seed)
    ended = train(
        job.data,
        job.run,
        recipe,
        split=parts_file(job.data, job.scale, job.trial, job.seed, job.output),
        machine=Machine(accelerator=job.accelerator, threads=job.threads),
        watcher=Watcher(should_stop=lambda: _is_stopped(job)),
    )
    return ended.finished


def _is_stopped(job: Job) -> bool:
    return (job.output / STOP_NAME).exists()


def _is_busy(run: Path) -> bool:
    """Return whether another command trains the run."""
    try:
        with FileLock(run / LOCK_NAME, timeout=0):
            return False
    except Timeout:
        return True
