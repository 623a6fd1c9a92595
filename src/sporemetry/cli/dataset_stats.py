"""``sporemetry dataset stats``: how rare spores are in a data set, and what that asks of a loss."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Quiet

HELP = "Count spore and background pixels, sizes, neighbours and rings, and show what losses would weigh."

Dataset = Annotated[
    Path, typer.Argument(help="Folder with images/ and labels/ (or boxes/).", show_default=False)
]


def stats(
    dataset: Dataset,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for JSON, tables and a plot page; without it, only print."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    leave_out_ignored: Annotated[
        bool, typer.Option("--leave-out-ignored", help="Leave pixels out that ignore/ marks.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset stats``."""
    del debug  # read by main()
    import json

    from rich.console import Console
    from rich.table import Table

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.terminal import escape
    from sporemetry.dataset.folder import open_dataset
    from sporemetry.dataset.imbalance import (
        ImbalanceSettings,
        format_table,
        format_weights,
        measure_imbalance,
        write_imbalance,
    )
    from sporemetry.storage import make_folder

    opened = open_dataset(dataset)
    errors = Console(stderr=True, quiet=quiet)
    with progress_bar(errors) as bar:
        row = bar.add_task("stats", total=len(opened.items))
        result = measure_imbalance(
            opened,
            ImbalanceSettings(leave_out_ignored=leave_out_ignored),
            on_progress=lambda done, total: bar.update(row, completed=done, total=total),
        )
    console = Console(highlight=False)
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    elif not quiet:
        table = Table("measure", "value", header_style="bold")
        for what, value in format_table(result):
            table.add_row(escape(what), escape(value))
        console.print(table)
        header, *rows = format_weights(result)
        weights = Table(header_style="bold", title="weights that losses would take")
        for number, head in enumerate(header):
            weights.add_column(head, justify="right" if number else "left", no_wrap=True)
        for cells in rows:
            weights.add_row(*map(escape, cells))
        if rows:
            console.print(weights)
    for note in result.notes:
        errors.print(f"[yellow]![/yellow] {escape(note)}", highlight=False)
    for failure in result.failures:
        errors.print(f"[red]failed[/red] {escape(str(failure))}", highlight=False)
    if output is not None:
        make_folder(output)
        for path in write_imbalance(result, output):
            errors.print(escape(str(path)), highlight=False, soft_wrap=True)
    if result.failures:
        raise typer.Exit(ExitCode.SOME_FAILED)
