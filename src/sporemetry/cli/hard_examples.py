"""``sporemetry hard-examples``: where a network errs in training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.options import Debug, Output, Quiet
from sporemetry.cli.training_extra import need_training_extra

HELP = "Tell which pixels are hard for a network: spores, the ring around them, or neither."


def hard_examples(
    run: Annotated[Path, typer.Argument(help="A run of `sporemetry train`.", show_default=False)],
    dataset: Annotated[Path, typer.Argument(help="Folder with images/ and labels/.", show_default=False)],
    output: Output,
    steps: Annotated[
        list[int] | None,
        typer.Option("--step", help="A stored step; may be given again. Default: all that the run kept."),
    ] = None,
    thresholds: Annotated[
        list[float] | None,
        typer.Option("--threshold", help="p_t at or below it is hard; again for more. Default: 0.5, 0.25."),
    ] = None,
    radius: Annotated[int | None, typer.Option("--radius", help="Of the ring, px. Default: 3.")] = None,
    shape: Annotated[
        str | None, typer.Option("--shape", help="Of the ring: cross (default), disc, square.")
    ] = None,
    part: Annotated[
        str | None, typer.Option("--part", help="train (default), val, test, or all pictures.")
    ] = None,
    maps: Annotated[
        int | None, typer.Option("--maps", help="Pictures drawn with their p_t. Default: 4.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry hard-examples``."""
    del debug  # read by main()
    need_training_extra()
    from rich.console import Console
    from rich.table import Table

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.options import given
    from sporemetry.training.hard_report import HardSettings, write_hard_examples

    lists = {"steps": tuple(steps or ()) or None, "thresholds": tuple(thresholds or ()) or None}
    settings = HardSettings(**given({"radius": radius, "shape": shape, "part": part, "maps": maps, **lists}))
    with progress_bar(Console(stderr=True, quiet=quiet)) as bar:
        row = bar.add_task("hard examples", total=None)
        found = write_hard_examples(
            run,
            dataset,
            output,
            settings,
            on_progress=lambda done, total: bar.update(row, completed=done, total=total),
        )
    if quiet:
        return
    table = Table("step", "p_t ≤", "hard", "spore", "ring", "either", header_style="bold")
    for each in found.to_dict("records"):
        shares = (each[name] for name in ("spore_share", "ring_share", "either_share"))
        table.add_row(
            f"{each['step']:,}",
            f"{each['threshold']:g}",
            f"{each['hard_share']:.3%}",
            *("–" if share != share else f"{share:.1%}" for share in shares),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(f"Table, plot and maps: {output}", soft_wrap=True, markup=False)
