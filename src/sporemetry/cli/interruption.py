"""A job that is told to end ends as after Ctrl-C: what is finished is kept, and it says how to go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_gently() -> Iterator[None]:
    """Let SIGTERM, as a cluster or a shutdown sends it, raise KeyboardInterrupt here.

    A process that was started with SIGTERM ignored goes on ignoring it.
    """
    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
