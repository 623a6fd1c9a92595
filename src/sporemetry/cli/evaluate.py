"""``sporemetry evaluate``: predicted spores against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    predicted: Annotated[
        Path,
        typer.Argument(help="Output folder of `sporemetry count`, or a folder of label pictures.", show_default=False),
    ],
    truth: Annotated[
        Path,
        typer.Argument(
            help="Data set with labels/ or boxes/ (and ignore/), or a folder of label pictures or YOLO boxes.",
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
    boundary_tolerance: Annotated[
        float, typer.Option("--boundary-tolerance", help="For the boundary F1, in px.")
    ] = 2.0,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Score predicted spores against the truth: pixels, boundaries, instances, counts."""
    del debug  # read by main()
