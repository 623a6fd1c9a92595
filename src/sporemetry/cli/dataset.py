"""``sporemetry dataset``: data sets of labelled pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet, Workers

app = typer.Typer(help="Data sets of labelled pictures: render them from a seed.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the verbs below ``dataset`` even where there is one only."""


@app.command("synthesize")
def synthesize(
    output: Output,
    preset: Annotated[
        str, typer.Option("--preset", help="anthracnose, nosema or rice_blast.", show_default=False)
    ],
    pictures: Annotated[int, typer.Option("--pictures", "-n", help="How many.", show_default=False)],
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another set.")] = 0,
    workers: Workers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Render pictures of spores with exact labels; run again to go on or to add more."""
    del debug  # read by main()
    from rich.console import Console
    from rich.markup import escape

    from sporemetry.cli.job import progress_bar
    from sporemetry.dataset.synthesize import synthesize as write_set
    from sporemetry.workers import usable_cores

    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task("synthesize", total=pictures)
        try:
            done = write_set(
                preset,
                output,
                pictures=pictures,
                seed=seed,
                workers=usable_cores() if workers is None else workers,
                on_progress=lambda done, total: bar.update(row, completed=done, total=total),
            )
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept; run the same command again to go on.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not quiet:
        kept = f", {done.kept:,} of them from before" if done.kept else ""
        Console().print(
            escape(f"{done.pictures:,} pictures{kept}: {output}"), highlight=False, soft_wrap=True
        )
