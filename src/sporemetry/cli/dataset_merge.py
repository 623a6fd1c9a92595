"""``sporemetry dataset merge``: several sets as one, their spores brought to one length."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet

HELP = "Write several data sets as one, scaled so that their spores are equally long; run again to go on."


def merge(
    datasets: Annotated[
        list[Path],
        typer.Argument(help="Folders with images/ and labels/ (or boxes/).", show_default=False),
    ],
    output: Output,
    length: Annotated[
        float, typer.Option("--spore-length-px", help="Median spore length of each set afterwards.")
    ] = 28.0,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset merge``."""
    del debug  # read by main()
    from rich.console import Console

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.terminal import escape
    from sporemetry.dataset.merge import merge_datasets

    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task("merge", total=None)
        try:
            sets = merge_datasets(
                datasets,
                output,
                length_px=length,
                on_progress=lambda done, total: bar.update(row, completed=done, total=total),
            )
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept; run the same command again to go on.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not quiet:
        for each in sets:
            text = (
                f"{each.name}: {each.pictures:,} pictures, {each.spores:,} spores, "
                f"{each.length_px:.1f} px long, scaled by {each.factor:.3f}"
            )
            Console().print(escape(text), highlight=False, soft_wrap=True)
