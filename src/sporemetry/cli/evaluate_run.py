"""``sporemetry evaluate`` of a training run: the network on whole pictures against their labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sporemetry.cli.job import progress_bar
from sporemetry.cli.training_extra import need_training_extra

if TYPE_CHECKING:
    from rich.console import Console

    from sporemetry.evaluation import EvaluationSettings, SetScores


def score_run(
    run: Path,
    dataset: Path,
    output: Path | None,
    console: Console,
    *,
    scores: EvaluationSettings,
    chosen: dict[str, Any],
) -> SetScores:
    """Score a run with a bar over its pictures; ``chosen`` are values of RunEvaluationSettings."""
    need_training_extra()
    from sporemetry.training.evaluate import RunEvaluationSettings, evaluate_run

    settings = RunEvaluationSettings(scores=scores, **chosen)
    with progress_bar(console) as bar:
        row = bar.add_task("evaluate", total=None)
        return evaluate_run(
            run,
            dataset,
            output,
            settings,
            on_progress=lambda done, total: bar.update(row, completed=done, total=total),
        )
