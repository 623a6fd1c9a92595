"""``sporemetry samples``: sheets that say what the images are of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli import options

INIT_HELP = """Write a sample sheet to fill in, a row an image.

Scales that the files state are filled in. Suspension and treatment are guessed from folders and names: check
these. Give the sheet to `count` or `measure` with --samples.
"""

app = typer.Typer(help="Sheets that say what images are of.", no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def _group() -> None:
    """Keep `init` a command of its own, though it is the only one."""


@app.command("init", help=INIT_HELP)
def init(
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of images.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The sheet; never one that exists.")] = Path(
        "samples.csv"
    ),
    recursive: options.Recursive = False,
    levels: options.Levels = None,
    semicolons: Annotated[
        bool,
        typer.Option("--semicolons", help="For a spreadsheet that separates cells by semicolons."),
    ] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Run ``sporemetry samples init``."""
    del debug  # read by main()
    from rich.console import Console

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.terminal import escape
    from sporemetry.errors import FileError
    from sporemetry.pipeline import find_unreadable, list_inputs
    from sporemetry.pipeline.levels import level_pattern
    from sporemetry.pipeline.sample_sheet.template import guess_levels, sheet_template, write_new
    from sporemetry.pipeline.unreadable import describe_unreadable

    found = None if levels is None else level_pattern(levels)
    listed = list_inputs(images, recursive=recursive)
    if not listed.tasks:
        raise FileError(
            images[0],
            expected="at least one image",
            found="none",
            remedy="Name the images, or a folder that holds them; --recursive enters subfolders.",
        )
    if output.exists() or output.is_symlink():
        write_new(output, b"")  # says why not, before the images are read
    found = found or guess_levels([task.image for task in listed.tasks])
    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task("read", total=len(listed.tasks))
        content = sheet_template(
            listed.tasks, found, semicolons=semicolons, on_image=lambda: bar.advance(row)
        )
    write_new(output, content)
    if quiet:
        return
    said = f"{len(listed.tasks):,} row{'' if len(listed.tasks) == 1 else 's'} in {output}."
    if found is not None and levels is None:
        said += f" Guessed from the paths: {found.text}. Check it."
    unreadable = find_unreadable(images, recursive=recursive, output=output)
    if unreadable:
        said += f" Not read, and without a row: {describe_unreadable(unreadable)}."
    Console().print(escape(said), highlight=False, soft_wrap=True)
