"""What the command tells the shell."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """How a command ended."""

    DONE = 0
    NOTHING_DONE = 1
    WRONG_USAGE = 2
    SOME_FAILED = 3
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "all done",
    ExitCode.NOTHING_DONE: "nothing done: no input that can be used, or an error",
    ExitCode.WRONG_USAGE: "wrong usage: an option or a setting that cannot be",
    ExitCode.SOME_FAILED: "done, but some images failed, a check found something, "
    "or the terminal's output could not be written",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C); the same command goes on",
}
"""Each code in words, for the help; the documentation has the same."""


def exit_codes_help() -> str:
    """Return one line on all of them."""
    return "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items()) + "."
