"""What the runs of an experiment have scored so far, gathered over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sporemetry.evaluation.ratios import Spread, spread
from sporemetry.paper.experiments import Row, label
from sporemetry.paper.running import Job, stored_scores
from sporemetry.paper.scoring import RunScores
from sporemetry.paper.trial import Trial
from sporemetry.training.run_folder import RunCard

HALF, TUNED, BEST = "half", "tuned", "best"
"""At which threshold: 0.5, the tuned one, or the best of any, which is known of the mean IoU alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Scores by trial and seed; what was not run is not there.

    Attributes
    ----------
    scores : mapping of (Trial, int) to RunScores
    runs : mapping of (Trial, int) to Path
        The folders of the same runs, some of which may be gone: scores outlive them.
    seeds : tuple of int
        Those that were asked for.
    """

    scores: Mapping[tuple[Trial, int], RunScores]
    runs: Mapping[tuple[Trial, int], Path]
    seeds: tuple[int, ...]

    def seeds_of(self, trial: Trial) -> tuple[int, ...]:
        """Return the seeds of which a trial has scores."""
        return tuple(seed for seed in self.seeds if (trial, seed) in self.scores)

    def alike(self, trials: Iterable[Trial]) -> Found:
        """Return the same with the seeds that all of these trials have, so that no point has easier parts.

        Trials without scores count for nothing; where the others share no seed, all seeds stay.
        """
        each = [set(self.seeds_of(trial)) for trial in trials]
        shared = set.intersection(*there) if (there := [seeds for seeds in each if seeds]) else set()
        return replace(self, seeds=tuple(sorted(shared))) if shared else self

    def values(self, trial: Trial, measure: str, at: str = TUNED) -> dict[int, float]:
        """Return a measure of a trial by seed."""
        found = {seed: self.scores[trial, seed] for seed in self.seeds_of(trial)}
        if at == BEST:
            if measure != "mean_iou":
                raise ValueError(f"the best of any threshold is known of mean_iou, not of {measure}")
            return {seed: each.best for seed, each in found.items()}
        return {seed: (each.half if at == HALF else each.tuned)[measure] for seed, each in found.items()}

    def spread(self, trial: Trial, measure: str, at: str = TUNED) -> Spread:
        """Return a measure's mean over seeds and how it scatters; undefined where nothing was run."""
        return spread(self.values(trial, measure, at).values())

    def gain(
        self, trial: Trial, baseline: Trial, measure: str, at: str = TUNED, baseline_at: str | None = None
    ) -> Spread:
        """Return how much more a trial scores than another one, over the seeds that both have.

        ``baseline_at`` is the baseline's threshold where that is another one.
        """
        mine, others = self.values(trial, measure, at), self.values(baseline, measure, baseline_at or at)
        return spread(mine[seed] - others[seed] for seed in mine if seed in others)

    def precisions(self, trials: Iterable[Trial]) -> tuple[str, ...]:
        """Return in which arithmetic runs of these trials were made, sorted; machines may differ in it."""
        cards = (self.scores[trial, seed].card for trial in trials for seed in self.seeds_of(trial))
        return tuple(sorted({card.recipe.precision for card in cards}))

    def card(self, trials: Iterable[Trial]) -> RunCard | None:
        """Return the card of the first run of these trials that has scores."""
        for trial in trials:
            for seed in self.seeds_of(trial):
                return self.scores[trial, seed].card
        return None


def seeds_said(number: int) -> str:
    """Return a number of seeds in words.

    >>> seeds_said(1), seeds_said(2)
    ('1 seed', '2 seeds')
    """
    return f"{number} seed{'' if number == 1 else 's'}"


def gather(jobs: Sequence[Job], seeds: Sequence[int]) -> Found:
    """Read the scores of jobs, as far as they are there.

    Raises
    ------
    LabelReadError
        When a file of scores is damaged.
    """
    there = {(job.trial, job.seed): (job, stored_scores(job)) for job in jobs}
    return Found(
        scores={key: scores for key, (_, scores) in there.items() if scores is not None},
        runs={key: job.run for key, (job, scores) in there.items() if scores is not None},
        seeds=tuple(seeds),
    )


def choose(row: Row, found: Found) -> tuple[Trial | None, str]:
    """Return the trial that stands for a row, and the row's label.

    Of several trials that with the best mean IoU on the validation part, averaged over the seeds; only those
    that have all seeds that any of them has are compared. None where nothing was run.
    """
    if len(row.trials) == 1:
        return row.trials[0], row.label
    most = max(len(found.seeds_of(trial)) for trial in row.trials)
    tried = [trial for trial in row.trials if most and len(found.seeds_of(trial)) == most]
    if not tried:
        return None, row.label
    best = max(tried, key=lambda trial: _validation(trial, found))
    return best, f"{row.label} ({label(best)}; {len(tried)} of {len(row.trials)} tried)"


def _validation(trial: Trial, found: Found) -> float:
    mean = spread(found.scores[trial, seed].validation for seed in found.seeds_of(trial)).mean
    return -1.0 if math.isnan(mean) else mean
