"""``sporemetry dataset augment``: turned and mirrored copies, for programs that need them as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet

HELP = "Write a data set under the eight symmetries of the square; run again to go on."


def augment(
    dataset: Annotated[Path, typer.Argument(help="Folder with images/ and labels/.", show_default=False)],
    output: Output,
    symmetries: Annotated[
        list[str] | None,
        typer.Option("--symmetry", help="Only this one; may be given again. Default: all eight."),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset augment``."""
    del debug  # read by main()
    from rich.console import Console

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.terminal import escape
    from sporemetry.dataset.augmentation import augment_dataset
    from sporemetry.dataset.folder import open_dataset
    from sporemetry.dataset.symmetries import SYMMETRIES

    names = tuple(symmetries or SYMMETRIES)
    opened = open_dataset(dataset)
    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task("augment", total=len(opened.items) * len(names))
        try:
            done = augment_dataset(
                opened, output, names=names, on_progress=lambda done, _: bar.update(row, completed=done)
            )
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept; run the same command again to go on.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not quiet:
        kept = f", {done.kept:,} of them from before" if done.kept else ""
        Console().print(
            escape(f"{done.written + done.kept:,} pictures{kept}: {output}"), highlight=False, soft_wrap=True
        )
