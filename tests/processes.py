"""Commands started so that they can be interrupted, wherever the tests themselves run."""

from __future__ import annotations

import signal
import subprocess
from typing import IO, Any


def start_interruptible(
    command: list[str], *, stdout: int | IO[Any], stderr: int | IO[Any], **more: Any
) -> subprocess.Popen[Any]:
    """Start a command in a process group of its own that Ctrl-C (SIGINT) reaches.

    A shell without a terminal starts background jobs (``make test &``) with SIGINT ignored. Programs inherit
    that and rightly go on ignoring it. Here it is put back.
    """
    return subprocess.Popen(
        command,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **more,
    )
