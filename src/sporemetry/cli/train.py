"""``sporemetry train``: a data set in, a trained network out; interrupted, it goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Quiet
from sporemetry.cli.training_extra import need_training_extra

HELP = "Train a network; run the same command again to go on after an interruption."


def train(
    dataset: Annotated[Path, typer.Argument(help="Folder with images/ and labels/.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The run's folder; one begun there goes on.", show_default=False),
    ],
    recipe: Annotated[
        str, typer.Option("--recipe", help="paper, modern, or a TOML file.", show_default=True)
    ] = "modern",
    split: Annotated[
        Path | None,
        typer.Option("--split", help="File of `sporemetry dataset split`. Default: split here, by group."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: --set crop.size=256; may be given again."),
    ] = None,
    accelerator: Annotated[str, typer.Option("--accelerator", help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[
        int, typer.Option("--devices", help="Processes on this machine; torchrun states its own.")
    ] = 1,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Loading processes of each. Default: up to 4.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", help="Of each process on a CPU. Default: PyTorch's.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry train``."""
    del debug  # read by main()
    need_training_extra()
    from sporemetry.cli.training_progress import TrainingDisplay
    from sporemetry.training.changes import parse_changes
    from sporemetry.training.recipe import find_recipe
    from sporemetry.training.run import Machine
    from sporemetry.training.run import train as run_training
    from sporemetry.workers import usable_cores

    chosen = find_recipe(recipe, parse_changes(changes or []))
    machine = Machine(
        accelerator=accelerator,
        devices=devices,
        workers=min(4, usable_cores() - 1) if workers is None else workers,
        threads=threads,
    )
    with TrainingDisplay(quiet=quiet) as display:
        result = run_training(
            dataset, output, chosen, split=split, machine=machine, watcher=display.watcher()
        )
    display.present(result, output)
    if not result.finished:
        raise typer.Exit(ExitCode.INTERRUPTED)
