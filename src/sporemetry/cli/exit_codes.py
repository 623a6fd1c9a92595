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
