"""The logs of a run: a table that goes on exactly where the checkpoint was, and TensorBoard beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sporemetry.errors import OutputError
from sporemetry.storage import write_atomic


class StepTable:
    """A CSV file with a row for each step, cut back to a step when it is opened again.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The first is ``step``.
    done : int
        Rows of later steps are dropped: they are made again.

    Raises
    ------
    OutputError
        When the file cannot be read or written.
    """

    def __init__(self, path: Path, columns: Sequence[str], done: int) -> None:
        self.path = path
        self.columns = tuple(columns)
        try:
            write_atomic(path, "".join(self._kept(done)).encode("utf-8"))
            self._file = path.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise self._failed(error) from error

    def add(self, values: Mapping[str, float | int]) -> None:
        """Append a row; floats keep every digit."""
        try:
            self._file.write(",".join(repr(values[column]) for column in self.columns) + "\n")
        except OSError as error:
            raise self._failed(error) from error

    def flush(self) -> None:
        """Bring all rows to the disk; to be called before the checkpoint that relies on them is written."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()

    def _kept(self, done: int) -> list[str]:
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True) if self.path.exists() else []
        header = ",".join(self.columns) + "\n"
        if not done or not lines or lines[0] != header:
            return [header]
        # A line that a kill has cut off has no end, or belongs to a later step.
        return [header, *(line for line in lines[1:] if line.endswith("\n") and _step(line) <= done)]

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            self.path,
            expected="a log that can be written",
            found=error.strerror or str(error),
            remedy="Free some space, then run the same command again: it goes on from the last checkpoint.",
        )


class Board:
    """TensorBoard's event files; their times differ from run to run, so nothing is ever read back.

    Parameters
    ----------
    folder : Path
    done : int
        Events of later steps are hidden by those written again.
    """

    def __init__(self, folder: Path, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=done + 1 if done else None)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write values of a step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()


def _step(line: str) -> int:
    first = line.partition(",")[0]
    return int(first) if first.isdecimal() else 1 << 62
