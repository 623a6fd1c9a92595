"""``sporemetry dataset check``: what is wrong with a data set, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Quiet

HELP = "Find missing pairs, wrong sizes, masks for ids, broken spores, copies; exit code 3 on findings."


def check(
    dataset: Annotated[
        Path, typer.Argument(help="Folder with images/ and labels/ (or boxes/).", show_default=False)
    ],
    split: Annotated[
        Path | None,
        typer.Option("--split", help="split.csv: pictures alike on both sides of it are errors."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the findings as a table (CSV) to this file.")
    ] = None,
    min_area: Annotated[
        int | None, typer.Option("--min-area", help="Spores of fewer pixels are findings. Default: 12.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset check``."""
    del debug  # read by main()
    from rich.console import Console

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.options import given
    from sporemetry.cli.terminal import escape
    from sporemetry.csv_table import csv_bytes
    from sporemetry.dataset.checking import CheckSettings, check_dataset
    from sporemetry.dataset.folder import open_dataset
    from sporemetry.dataset.split_file import read_split
    from sporemetry.storage import write_atomic

    opened = open_dataset(dataset)
    parts = None if split is None else read_split(split)
    with progress_bar(Console(stderr=True, quiet=quiet)) as bar:
        row = bar.add_task("check", total=len(opened.items))
        report = check_dataset(
            opened,
            split=parts,
            settings=CheckSettings(**given({"min_area_px": min_area})),
            on_progress=lambda done, total, _: bar.update(row, completed=done, total=total),
        )
    console = Console(highlight=False, soft_wrap=True)
    for finding in report.findings:
        colour = "red" if finding.severity == "error" else "yellow"
        text = escape(f"{finding.file}: {finding.found} {finding.remedy}".rstrip())
        console.print(f"[{colour}]{finding.kind}[/{colour}] {text}")
    if output is not None:
        write_atomic(output, csv_bytes(report.to_frame()))
    if not quiet:
        console.print(
            f"{report.pictures:,} pictures, {report.spores:,} spores: {len(report.errors)} errors, "
            f"{len(report.warnings)} warnings."
        )
    if report.findings:
        raise typer.Exit(ExitCode.SOME_FAILED)
