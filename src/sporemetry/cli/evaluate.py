"""``sporemetry evaluate``: predicted spores, or a trained network, against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.evaluate_run import score_run
from sporemetry.errors import SettingsError

HELP = "Score predicted spores against the truth: pixels, boundaries, instances, counts."

_NOTES_SHOWN = 20
OF_A_RUN = "Where a training run is scored"


def evaluate(
    predicted: Annotated[
        Path,
        typer.Argument(
            help="Output of `sporemetry count`, a folder of label pictures, or a run of `sporemetry train`.",
            show_default=False,
        ),
    ],
    truth: Annotated[
        Path,
        typer.Argument(
            help="Data set with labels/, boxes/ or points/ (and ignore/, points.json), or a folder of "
            "labels, YOLO boxes or points (.csv with x,y, .roi or .zip of ImageJ, .geojson), or one table of "
            "points with a column image.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for tables and plot; without it, only print."),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Score the pairs there are, and say what is missing.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="In px. Labels: for the boundary F1, default 2. Points: how far a spore's centroid may be "
            "from its point; default: as points.json states, else half the spores' median length.",
        ),
    ] = None,
    match_iou: Annotated[
        float | None, typer.Option("--match-iou", help="IoU from which a spore is found. Default: 0.5.")
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            "--part", help="Of a run: test (default), val, train, or all.", rich_help_panel=OF_A_RUN
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", help="Of a run. Default: tuned on its validation part.", rich_help_panel=OF_A_RUN
        ),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option("--step", help="Of a run. Default: the best validated.", rich_help_panel=OF_A_RUN),
    ] = None,
    min_area: Annotated[
        int | None,
        typer.Option(
            "--min-area", help="Of a run: the smallest spore, px. Default: 30.", rich_help_panel=OF_A_RUN
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Run ``sporemetry evaluate``."""
    del debug  # read by main()
    from rich.console import Console
    from rich.table import Table

    from sporemetry.cli.options import given
    from sporemetry.cli.terminal import escape
    from sporemetry.evaluation import EvaluationSettings, format_summary, run_evaluation
    from sporemetry.training.run_folder import is_run

    settings = EvaluationSettings(
        **given({"tolerance_px": tolerance, "point_tolerance_px": tolerance, "match_iou": match_iou})
    )
    of_run = given({"part": part, "threshold": threshold, "step": step, "min_area": min_area})
    if is_run(predicted):
        scores = score_run(predicted, truth, output, Console(stderr=True), scores=settings, chosen=of_run)
    else:
        if of_run:
            raise SettingsError(
                f"--{next(iter(of_run)).replace('_', '-')}",
                expected="a run of `sporemetry train` to go with it",
                found=f"{predicted}, which is none",
            )
        scores = run_evaluation(predicted, truth, output, settings=settings, allow_missing=allow_missing)
    table = Table("measure", "value", header_style="bold")
    for what, value in format_summary(scores):
        table.add_row(escape(what), escape(value))
    console = Console(highlight=False)
    console.print(table)
    for note in scores.notes[:_NOTES_SHOWN]:
        console.print(f"[yellow]![/yellow] {escape(note)}")
    if (more := len(scores.notes) - _NOTES_SHOWN) > 0:
        console.print(f"… and {more:,} more notes" + ("" if output is None else " in summary.json"))
    if output is not None:
        console.print(escape(f"Tables, plot and compared pictures: {output}"), soft_wrap=True)
