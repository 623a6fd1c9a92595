"""``sporemetry dataset import`` and ``export``: labels of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet
from sporemetry.cli.terminal import escape
from sporemetry.errors import FileError

IMPORT_HELP = (
    "Bring labels drawn in another program into a data set; pictures are copied, nothing is replaced."
)
EXPORT_HELP = "Write the labels of a data set in another program's format."

_ROWS_SHOWN = 20
_IMPORTED = "coco, labelme, cvat, qupath, imagej, cellpose, yolo (boxes) or yolo-seg."
_EXPORTED = "coco, nnunet, nnunet-border, cellpose, yolo-seg, qupath, imagej, labelme or cvat."


def import_(
    source: Annotated[
        Path, typer.Argument(help="The other program's file, or the folder of its files.", show_default=False)
    ],
    output: Output,
    format_name: Annotated[str, typer.Option("--from", help=_IMPORTED, show_default=False)],
    images: Annotated[
        Path, typer.Option("--images", help="Folder with the pictures, subfolders too.", show_default=False)
    ],
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Only this class; may be given again. Default: all."),
    ] = None,
    um_per_px: Annotated[
        float | None, typer.Option("--um-per-px", help="Scale in micrometres a pixel.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset import``."""
    del debug  # read by main()
    from sporemetry.cli.job import progress_bar
    from sporemetry.dataset.import_labels import import_labels
    from sporemetry.dataset.import_notes import NOTES_NAME
    from sporemetry.exchange.registry import find_importer
    from sporemetry.image import ReadSettings

    ReadSettings(um_per_px=um_per_px)  # a scale that cannot be is refused before anything is read
    read = find_importer(format_name)
    errors = Console(stderr=True, quiet=quiet)
    with progress_bar(errors) as bar:
        row = bar.add_task("import", total=None)
        done = import_labels(
            read,
            source,
            images,
            output,
            format_name=format_name,
            classes=classes or (),
            um_per_px=um_per_px,
            on_progress=lambda done: bar.update(row, completed=done),
        )
    _say(errors, "[yellow]![/yellow]", done.notes)
    if done.unlabelled:
        text = f"{len(done.unlabelled):,} pictures that the labels do not speak of were left out"
        _say(errors, "[yellow]![/yellow]", [f"{text}: {', '.join(done.unlabelled[:5])}"])
    _say(errors, "[red]failed[/red]", [str(failure) for failure in done.failures])
    if not quiet:
        where = f"; all notes: {NOTES_NAME}" if done.pictures and (output / NOTES_NAME).exists() else ""
        text = f"{done.pictures:,} pictures, {done.instances:,} spores: {output}{where}"
        if not done.pictures:
            text = f"no picture could be brought in; nothing was written to {output}"
        Console(highlight=False, soft_wrap=True).print(escape(text))
    _end(done.pictures, done.failures)


def export(
    dataset: Annotated[Path, typer.Argument(help="Folder with images/ and labels/.", show_default=False)],
    output: Output,
    format_name: Annotated[str, typer.Option("--to", help=_EXPORTED, show_default=False)],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset export``."""
    del debug  # read by main()
    from sporemetry.cli.job import progress_bar
    from sporemetry.dataset.export_labels import export_labels
    from sporemetry.dataset.folder import open_dataset
    from sporemetry.exchange.registry import find_exporter

    write = find_exporter(format_name)
    opened = open_dataset(dataset)
    errors = Console(stderr=True, quiet=quiet)
    with progress_bar(errors) as bar:
        row = bar.add_task("export", total=len(opened.labelled))
        done = export_labels(opened, write, output, on_progress=lambda done: bar.update(row, completed=done))
    if done.unlabelled:
        text = f"{len(done.unlabelled):,} pictures without outlines were left out"
        _say(errors, "[yellow]![/yellow]", [f"{text}: {', '.join(done.unlabelled[:5])}"])
    _say(errors, "[red]failed[/red]", [str(failure) for failure in done.failures])
    if not quiet:
        Console(highlight=False, soft_wrap=True).print(
            escape(f"{done.pictures:,} pictures in {len(done.files):,} files: {output}")
        )
    _end(done.pictures, done.failures)


def _say(console: Console, mark: str, lines: tuple[str, ...] | list[str]) -> None:
    """Print the first lines of many, and how many more there are."""
    for line in lines[:_ROWS_SHOWN]:
        console.print(f"{mark} {escape(line)}", highlight=False, soft_wrap=True)
    if len(lines) > _ROWS_SHOWN:
        console.print(f"{mark} and {len(lines) - _ROWS_SHOWN:,} more", highlight=False)


def _end(pictures: int, failures: tuple[FileError, ...]) -> None:
    if not pictures:
        raise typer.Exit(ExitCode.NOTHING_DONE)
    if failures:
        raise typer.Exit(ExitCode.SOME_FAILED)
