"""``sporemetry measure``: existing label pictures in; the same tables and report out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli import options

HELP = """Measure the spores of label pictures made by hand or by another program.

A mask of two values is taken apart into its connected components, and the report says so.
"""


def measure(
    labels: Annotated[
        list[Path],
        typer.Argument(help="Label pictures (one id a spore), or folders of them.", show_default=False),
    ],
    output: options.Output,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            help="Folder of the photographs, to draw the outlines on; found by name.",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    um_per_px: options.UmPerPx = None,
    page: options.Page = None,
    max_pixels: options.MaxPixels = None,
    recursive: options.Recursive = False,
    field: options.FieldMode = "whole",
    edge_rule: options.EdgeRule = None,
    sample_by: options.SampleBy = None,
    samples: options.Samples = None,
    levels: options.Levels = None,
    chamber: options.ChamberName = None,
    square: options.Square = None,
    squares: options.Squares = None,
    depth_mm: options.DepthMm = None,
    square_area_mm2: options.SquareAreaMm2 = None,
    dilution: options.Dilution = None,
    confidence: options.Confidence = None,
    export: options.Export = None,
    discard_edits: options.DiscardEdits = False,
    settings: options.Settings = None,
    workers: options.Workers = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Run ``sporemetry measure``."""
    del debug  # read by main()
    from sporemetry.cli.job import run_job
    from sporemetry.pipeline import find_labels

    chosen = options.count_settings(
        settings,
        picture={"field_mode": field, "edge_rule": edge_rule, "exports": options.export_names(export)},
        reading={"um_per_px": um_per_px, "page": page, "max_pixels": max_pixels},
        segmentation={},
        counting={
            "sample_by": sample_by,
            "levels": levels,
            "chamber": chamber,
            "square": square,
            "squares": squares,
            "depth_mm": depth_mm,
            "square_area_mm2": square_area_mm2,
            "dilution": dilution,
            "confidence": confidence,
        },
    )
    tasks = find_labels(labels, pictures=pictures, recursive=recursive, output=output)
    run_job(
        tasks,
        output,
        chosen,
        verb="measure",
        workers=workers,
        quiet=quiet,
        given=labels,
        discard_edits=discard_edits,
        samples=samples,
    )
