"""``sporemetry count``: pictures in; counts, sizes, outlines and a report out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli import options

HELP = """Count and measure the spores of pictures.

Writes summary.csv (one row a picture), samples.csv, spores.csv (one row a spore), report.html, label
pictures and outlined pictures. Running the same command again does only what is missing or changed.
"""


def count(
    pictures: Annotated[
        list[Path], typer.Argument(help="Pictures, or folders of pictures.", show_default=False)
    ],
    output: options.Output,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            help="model (a packaged network, the default), otsu, kmeans, fcm or reconstruction.",
            rich_help_panel=options.SPORES,
        ),
    ] = None,
    min_area: Annotated[
        int | None,
        typer.Option("--min-area", help="Smallest spore, in px².", rich_help_panel=options.SPORES),
    ] = None,
    max_area: Annotated[
        int | None,
        typer.Option("--max-area", help="Largest spore, in px².", rich_help_panel=options.SPORES),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="A packaged network; implies --method model.", rich_help_panel=options.NETWORK
        ),
    ] = None,
    spore_length_px: Annotated[
        float | None,
        typer.Option(
            "--spore-length-px",
            help="How long spores are in the pictures, px. Default: estimated from the pictures.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    spore_length_um: Annotated[
        float | None,
        typer.Option(
            "--spore-length-um", help="The same in µm; needs a scale.", rich_help_panel=options.NETWORK
        ),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(
            "--example",
            metavar="IMAGE:X,Y",
            help="Point at one spore instead: all are taken to be as long, and are compared with what looks "
            "like it. X and Y are px of the image, from the left and from the top.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    share_scale: Annotated[
        bool | None,
        typer.Option(
            "--share-scale/--own-scale",
            help="Estimate the length once for the pictures of a folder that are of one size, scale and "
            "camera (default), or for each picture alone.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            help="cpu (OpenVINO, default), onnxruntime or cuda, which need ONNX Runtime.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            help="f32 (default) or bf16, faster on processors that multiply it.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    turns: Annotated[
        int | None,
        typer.Option(
            "--turns",
            help="Look at each picture 4 (mirrored) or 8 times (turned, too) and take the mean: more even, "
            "and so many times slower. Default 1.",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    um_per_px: options.UmPerPx = None,
    page: options.Page = None,
    projection: options.Projection = None,
    max_pixels: options.MaxPixels = None,
    recursive: options.Recursive = False,
    field: options.FieldMode = None,
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
    """Run ``sporemetry count``."""
    del debug  # read by main()
    from sporemetry.cli.job import run_job
    from sporemetry.pipeline import find_unreadable, list_inputs

    chosen = options.count_settings(
        settings,
        picture={
            "method": "model" if method is None and model is not None else method,
            "field_mode": field,
            "edge_rule": edge_rule,
            "exports": options.export_names(export),
        },
        reading={
            "um_per_px": um_per_px,
            "page": page,
            "projection": projection,
            "max_pixels": max_pixels,
        },
        segmentation={"min_area_px": min_area, "max_area_px": max_area},
        model={
            "model_file": None if model is None else str(model),
            "device": device,
            "precision": precision,
            "turns": turns,
            "spore_length_px": spore_length_px,
            "spore_length_um": spore_length_um,
            "example": example,
            "share_scale": share_scale,
        },
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
    listed = list_inputs(pictures, recursive=recursive, output=output)
    run_job(
        listed.tasks,
        output,
        chosen,
        verb="count",
        workers=workers,
        quiet=quiet,
        given=pictures,
        notes=listed.notes,
        unreadable=find_unreadable(pictures, recursive=recursive, output=output),
        discard_edits=discard_edits,
        samples=samples,
    )
