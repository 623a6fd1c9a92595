"""The commands put together, and what becomes of errors: a clear message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import sporemetry
from sporemetry.cli import (
    count,
    dataset,
    doctor,
    evaluate,
    export,
    hard_examples,
    measure,
    paper,
    samples,
    train,
)
from sporemetry.cli.exit_codes import ExitCode, exit_codes_help
from sporemetry.cli.lost_output import keep_going_without_output, lost_output
from sporemetry.cli.matplotlib_folder import keep_out_of_home
from sporemetry.cli.terminal import show_every_character
from sporemetry.cli.utf8_names import read_names_as_utf8
from sporemetry.errors import SettingsError, SporemetryError
from sporemetry.memory import REMEDY_MEMORY, is_out_of_memory
from sporemetry.printable import printable

app = typer.Typer(
    name="sporemetry",
    help="Counts, densities and sizes of fungal spores from microscope pictures.",
    epilog=exit_codes_help(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
# Help is given as such: `python -OO` leaves no docstrings.
app.command("count", help=count.HELP)(count.count)
app.command("measure", help=measure.HELP)(measure.measure)
app.command("evaluate", help=evaluate.HELP)(evaluate.evaluate)
app.command("train", help=train.HELP)(train.train)
app.command("export", help=export.HELP)(export.export)
app.command("hard-examples", help=hard_examples.HELP)(hard_examples.hard_examples)
app.command("paper", help=paper.HELP)(paper.paper)
app.command("doctor", help=doctor.HELP)(doctor.doctor)
app.add_typer(dataset.app, name="dataset")
app.add_typer(samples.app, name="samples")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sporemetry {sporemetry.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that come before the command."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    read_names_as_utf8()
    keep_going_without_output()
    try:
        _run()
    except SystemExit as ended:
        why = lost_output()
        if why:
            _say(f"The terminal's output could not be written: {why}. What was done is in the files.")
            if not ended.code:
                sys.exit(ExitCode.SOME_FAILED)
        raise


def _run() -> None:
    """Run the command line; it always ends by SystemExit."""
    debug = "--debug" in sys.argv
    show_every_character()
    keep_out_of_home()
    _refuse_empty(sys.argv[1:])
    try:
        app(standalone_mode=True)
    except SporemetryError as error:
        if debug:
            traceback.print_exc()
        _say(f"Error: {printable(str(error))}")
        sys.exit(ExitCode.WRONG_USAGE if isinstance(error, SettingsError) else ExitCode.NOTHING_DONE)
    except Exception as error:
        if debug:
            raise
        if is_out_of_memory(error):
            _say(f"Error: memory ran out. {REMEDY_MEMORY} What is finished is kept.")
            sys.exit(ExitCode.NOTHING_DONE)
        if isinstance(error, OSError) and error.filename and error.strerror:
            # Of the system and the user, not of the program: a folder that may not be read, a full disk.
            name = printable(os.fsdecode(error.filename))
            _say(f"Error: {name}: expected to be able to use it; found {error.strerror}.")
            sys.exit(ExitCode.NOTHING_DONE)
        _say(
            f"Error: the program failed: {type(error).__name__}: {printable(str(error))}\n"
            "Run the same command with --debug to see where, and report it."
        )
        sys.exit(ExitCode.NOTHING_DONE)


def _refuse_empty(arguments: Sequence[str]) -> None:
    """End with a message where an argument has no content: as a path, that would be the current folder."""
    for place, argument in enumerate(arguments, start=1):
        if not argument or (argument.startswith("--") and argument.endswith("=")):
            where = argument or " ".join(("after", *arguments[max(place - 2, 0) : place - 1]))
            _say(
                f"Error: argument {place} ({printable(where)}): expected a text; found nothing. "
                "Perhaps a variable of the shell has no value."
            )
            sys.exit(ExitCode.WRONG_USAGE)


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
