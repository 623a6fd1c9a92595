"""A terminal, file or pipe that takes no more text does not end a job: its results are what matters."""

from __future__ import annotations

import errno
import io
import sys
from typing import Any


class _Kept(io.RawIOBase):
    """Pass on what is written until that fails; from then on, drop it and remember why."""

    def __init__(self, raw: Any) -> None:
        super().__init__()
        self._raw = raw
        self.fault: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, content: Any, /) -> int | None:
        if self.fault is None:
            try:
                written: int | None = self._raw.write(content)
                return written
            except OSError as error:
                self.fault = error
        return memoryview(content).nbytes


_kept: dict[str, _Kept] = {}


def keep_going_without_output() -> None:
    """Let text for standard output and error be dropped from the first that cannot be written on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)  # `python -u` has no buffer
        if not isinstance(stream, io.TextIOWrapper) or not isinstance(raw, io.RawIOBase):
            continue
        stream.flush()
        _kept[name] = _Kept(raw)
        kept = io.TextIOWrapper(
            io.BufferedWriter(_kept[name]),
            write_through=stream.write_through,
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering or stream.write_through or name == "stderr",
        )
        setattr(sys, name, kept)


def lost_output() -> str:
    """Return why standard output could not be written; empty where it could, or where its reader went.

    A reader such as ``head`` that has enough closes the pipe: that is no fault.
    """
    kept = _kept.get("stdout")
    if kept is None:
        return ""
    sys.stdout.flush()
    if kept.fault is None or isinstance(kept.fault, BrokenPipeError) or kept.fault.errno == errno.EPIPE:
        return ""
    return kept.fault.strerror or str(kept.fault)
