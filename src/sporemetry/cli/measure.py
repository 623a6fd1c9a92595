"""``sporemetry measure``: existing label pictures in; the same tables and report out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli import options

HELP = """Measure the spores of existing labels and outlines, for instance of a count that was corrected.

What is measured of the output of count is measured as it was counted: field, scale, edge rule, samples,
chamber and confidence are those of the count, but for what the options say. A mask of two values is taken
apart into its connected components, and the report says so.
"""


def measure(
    labels: Annotated[
        list[Path],
        typer.Argument(
            help="Label images (one id a spore), _rois.zip and RoiSet.zip of Fiji, .geojson of QuPath, "
            "_seg.npy of Cellpose, or folders of them, such as the output of count.",
            show_default=False,
        ),
    ],
    output: options.Output,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            help="Folder of the photographs, to draw the outlines on; found by name. "
            "Default: beside the labels.",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    um_per_px: options.UmPerPx = None,
    page: options.Page = None,
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
    """Run ``sporemetry measure``."""
    del debug  # read by main()
    from sporemetry.cli.job import run_job
    from sporemetry.pipeline import list_labels
    from sporemetry.pipeline.recorded_settings import recorded_settings, taken, with_recorded, with_samples
    from sporemetry.pipeline.settings import told_in

    picture = {"field_mode": field, "edge_rule": edge_rule, "exports": options.export_names(export)}
    reading = {"um_per_px": um_per_px, "page": page, "max_pixels": max_pixels}
    counting = {
        "sample_by": sample_by,
        "levels": levels,
        "chamber": chamber,
        "square": square,
        "squares": squares,
        "depth_mm": depth_mm,
        "square_area_mm2": square_area_mm2,
        "dilution": dilution,
        "confidence": confidence,
    }
    told = {} if settings is None else told_in(settings)
    told |= options.given({**picture, **reading, **counting})
    listed = list_labels(labels, pictures=pictures, recursive=recursive, output=output)
    chosen = options.count_settings(
        settings,
        picture=picture,
        reading=reading,
        segmentation={},
        counting=counting,
        base=recorded_settings(listed.results.values(), told),
    )
    tasks = with_recorded(listed.tasks, listed.results, told)
    from_records = taken(tasks, listed.results, told)
    tasks = with_samples(tasks, chosen.counting.sample_by)
    run_job(
        tasks,
        output,
        chosen,
        verb="measure",
        workers=workers,
        quiet=quiet,
        given=labels,
        notes=[*listed.notes, *((from_records,) if from_records else ())],
        discard_edits=discard_edits,
        samples=samples,
    )
