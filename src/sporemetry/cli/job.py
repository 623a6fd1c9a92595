"""Running a folder job in a terminal: progress with time left, what failed, what came out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from sporemetry.cli import options
from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.interruption import ended_gently
from sporemetry.cli.terminal import escape
from sporemetry.errors import FileError
from sporemetry.results_folder import is_results_folder
from sporemetry.stated_number import check_number

if TYPE_CHECKING:
    from sporemetry.pipeline import CountSettings, FolderResult, PictureTask, UnreadableType
    from sporemetry.pipeline import Progress as JobProgress
    from sporemetry.report import Caution

_ROWS_SHOWN = 20
# Before the headline of what a reader must be told, by its level.
_MARKS = {"problem": "[red]!![/red]", "caution": "[yellow]![/yellow]", "note": "[dim]Note:[/dim]"}


def run_job(
    tasks: Sequence[PictureTask],
    output: Path,
    settings: CountSettings,
    *,
    verb: str,
    workers: int | None,
    quiet: bool,
    given: Sequence[Path],
    notes: Sequence[str] = (),
    discard_edits: bool = False,
    samples: Path | None = None,
    unreadable: Sequence[UnreadableType] = (),
) -> None:
    """Run the folder job, show how it goes, and end with the exit code that says how it went.

    Raises
    ------
    FileError
        When there is no picture to do, or the sample sheet cannot be used.
    typer.Exit
        With the code that says how it went: some failed, all failed, interrupted.
    SettingsError
        When the number of workers cannot be used, or levels are not in the path of an image.
    OutputError
        When the results cannot be written.
    """
    from sporemetry.pipeline import read_and_state, run_folder
    from sporemetry.pipeline.unreadable import describe_unreadable, remedies_of
    from sporemetry.workers import MOST_PROCESSES, most_workers

    if not tasks:
        if verb == "measure" and any(each.is_dir() and is_results_folder(each) for each in given):
            raise FileError(
                given[0],
                expected="labels of a count",
                found="; ".join(
                    ("none of an image that its last run counted", *(n.rstrip(".") for n in notes))
                ),
                remedy="Run count again; failures.csv says why images failed.",
            )
        raise FileError(
            given[0],
            expected="at least one picture (PNG, JPEG, BMP or TIFF)",
            found="; ".join(
                (
                    f"only {describe_unreadable(unreadable)}" if unreadable else "none",
                    *(note.rstrip(".") for note in notes),
                )
            ),
            remedy=remedies_of(unreadable)
            if unreadable
            else "Name the pictures, or a folder that holds them; --recursive enters subfolders.",
        )
    if workers is not None:
        check_number("--workers", workers, 1, MOST_PROCESSES, whole=True)
        if workers > most_workers() and not quiet:
            typer.echo(f"Windows waits for {most_workers()} processes at most; so many are used.", err=True)
    stated = read_and_state(tasks, settings, samples)
    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task(verb, total=len(tasks))

        def show(progress: JobProgress) -> None:
            doing = progress.doing or verb
            bar.update(row, description=doing, completed=progress.done, total=progress.total)
            if progress.failure is not None:
                failure = progress.failure
                parts = [f"expected {failure.expected}" if failure.expected else "", f"found {failure.found}"]
                said = "; ".join(part.rstrip(".") for part in parts if part)
                text = escape(f"{progress.image}: {said}. {failure.remedy}".rstrip())
                console.print(f"[red]failed[/red] {text}", highlight=False)

        try:
            with ended_gently():
                result = run_folder(
                    stated.tasks,
                    output,
                    settings,
                    verb=verb,
                    workers=workers,
                    command=options.typed_command(),
                    notes=notes,
                    discard_edits=discard_edits,
                    job=stated,
                    unreadable=unreadable,
                    on_progress=show,
                )
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept; run the same command again to go on.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not quiet:
        _present(result, output, Console())
    _end(result, len(tasks))


def progress_bar(console: Console) -> Progress:
    """Return a bar of things done, with the time left; silent where no one looks at a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=console.quiet or not console.is_terminal,
    )


def _present(result: FolderResult, output: Path, console: Console) -> None:
    summary = result.outcome.summary
    problems = [caution for caution in result.outcome.cautions if caution.level == "problem"]
    _present_cautions(problems, console)  # before the numbers that they are of
    _present_treatments(result, console)
    _present_samples(result, console)
    if len(summary):
        console.print(_count_table(result))
    if len(summary) > _ROWS_SHOWN:
        console.print(f"… and {len(summary) - _ROWS_SHOWN} more in summary.csv")
    counted = _plural(int(summary["counted"].sum()), "spore")
    parts = [f"{_plural(len(summary), 'picture')}, {counted} counted"]
    if result.kept:
        parts.append(f"{_plural(result.kept, 'picture')} unchanged since the last run")
    if result.rescaled:
        parts.append(f"{_plural(result.rescaled, 'picture')} counted anew at the scale that all now share")
    if result.outcome.failures:
        parts.append(f"{len(result.outcome.failures)} failed: see failures.csv")
    console.print("; ".join(parts) + ".", highlight=False)
    _present_cautions([each for each in result.outcome.cautions if each.level != "problem"], console)
    for note in result.outcome.notes:
        console.print(escape(note), highlight=False, soft_wrap=True)
    console.print(escape(f"Report: {output / 'report.html'}"), highlight=False, soft_wrap=True)


def _present_cautions(cautions: Sequence[Caution], console: Console) -> None:
    for caution in cautions:
        console.print(f"{_MARKS[caution.level]} {escape(caution.headline)}", highlight=False)


def _present_samples(result: FolderResult, console: Console) -> None:
    """Show the concentration of each sample with its interval, where any is known."""
    samples = result.outcome.samples
    known = samples[samples["concentration_per_ml"].notna()]
    if known.empty:
        return
    table = Table(header_style="bold")
    headings = ("sample", "pictures", "counted", "spores per mL", _interval_heading(result))
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "sample" else "right")
    for row in known.head(_ROWS_SHOWN).to_dict("records"):
        table.add_row(
            escape(str(row["sample"])), f"{row['pictures']:,}", f"{row['counted']:,}", *_per_ml(row)
        )
    console.print(table)
    if len(known) > _ROWS_SHOWN:
        console.print(f"… and {len(known) - _ROWS_SHOWN} more in samples.csv")


def _per_ml(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    value, low, high = (
        _number(row[name]) for name in ("concentration_per_ml", "concentration_low", "concentration_high")
    )
    return value, f"{low} to {high}"


def _interval_heading(result: FolderResult) -> str:
    return f"{100 * result.outcome.confidence:.4g} % interval"


def _present_treatments(result: FolderResult, console: Console) -> None:
    from sporemetry.pipeline.treatments import treatment_lines

    if result.outcome.treatments is None:
        return
    lines = treatment_lines(result.outcome.treatments, result.outcome.confidence)
    for line in lines[:_ROWS_SHOWN]:
        console.print(escape(line), highlight=False, soft_wrap=True)
    if len(lines) > _ROWS_SHOWN:
        console.print(f"… and {len(lines) - _ROWS_SHOWN} more treatments in treatments.csv")


def _count_table(result: FolderResult) -> Table:
    summary = result.outcome.summary
    per_ml = ("spores per mL",) if summary["concentration_per_ml"].notna().any() else ()
    table = Table(header_style="bold")
    for heading in ("picture", "spores", "counted", _interval_heading(result), *per_ml):
        table.add_column(heading, justify="left" if heading == "picture" else "right")
    for row in summary.head(_ROWS_SHOWN).to_dict("records"):
        interval = f"{_number(row['count_low'])} to {_number(row['count_high'])}"
        cells = (f"{row['spores']:,}", f"{row['counted']:,}", interval, *_per_ml(row)[: len(per_ml)])
        table.add_row(escape(str(row["image"])), *cells)
    return table


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    if value >= 1e5:  # no more digits than are known, and without characters that a console may lack
        return f"{value:.2e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _end(result: FolderResult, pictures: int) -> None:
    failed = len(result.outcome.failures)
    if failed == pictures:
        raise typer.Exit(ExitCode.NOTHING_DONE)
    if failed:
        raise typer.Exit(ExitCode.SOME_FAILED)
