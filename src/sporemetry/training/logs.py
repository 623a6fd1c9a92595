"""The logs of a run: a table that goes on exactly where the checkpoint was, and TensorBoard beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sporemetry.errors import OutputError
from sporemetry.storage import remove_temporaries, write_atomic
from sporemetry.training.run_folder import VALIDATION_NAME

STEP_COLUMNS = ("step", "loss", "learning_rate")
VALIDATION_COLUMNS = ("step", "mean_iou", "spore_iou", "mean_iou_by_picture")


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
            raise _cannot_log(self.path, error) from error

    def add(self, values: Mapping[str, float | int]) -> None:
        """Append a row; floats keep every digit."""
        try:
            self._file.write(",".join(repr(values[column]) for column in self.columns) + "\n")
        except OSError as error:
            raise _cannot_log(self.path, error) from error

    def flush(self) -> None:
        """Bring all rows to the disk; to be called before the checkpoint that relies on them is written."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _cannot_log(self.path, error) from error

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()

    def _kept(self, done: int) -> list[str]:
        # A crash of the whole machine can leave bytes that are no text at the end.
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        lines = text.splitlines(keepends=True)
        header = ",".join(self.columns) + "\n"
        if not done or not lines or lines[0] != header:
            return [header]
        # A line that a kill has cut off has no end, or belongs to a later step.
        return [header, *(line for line in lines[1:] if line.endswith("\n") and _step(line) <= done)]


class Board:
    """TensorBoard's event files; their times differ from run to run, so nothing is ever read back.

    Parameters
    ----------
    folder : Path
    done : int
        Events of later steps are hidden by those written again.

    Raises
    ------
    OutputError
        When they cannot be written.
    """

    def __init__(self, folder: Path, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.folder = folder
        try:
            self._writer: Any = SummaryWriter(str(folder), purge_step=done + 1 if done else None)
        except OSError as error:
            raise _cannot_log(folder, error) from error

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write values of a step."""
        try:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
        except OSError as error:
            raise _cannot_log(self.folder, error) from error

    def close(self) -> None:
        """Flush and close."""
        try:
            self._writer.close()
        except OSError as error:
            raise _cannot_log(self.folder, error) from error


class RunLogs:
    """All logs of a run, written by its first process.

    Parameters
    ----------
    run : Path
        The run's folder.
    done : int
        Steps done: what was logged of later ones is dropped, and made again.
    """

    def __init__(self, run: Path, done: int) -> None:
        remove_temporaries(run)
        self.steps = StepTable(run / "steps.csv", STEP_COLUMNS, done)
        self.scores = StepTable(run / VALIDATION_NAME, VALIDATION_COLUMNS, done)
        self.board = Board(run / "tensorboard", done)

    def step(self, step: int, loss: float, rate: float) -> None:
        """Log a step; the mean loss of its samples over all processes."""
        self.steps.add({"step": step, "loss": loss, "learning_rate": rate})
        self.board.add(step, {"loss": loss, "learning_rate": rate})

    def validation(self, step: int, values: dict[str, float]) -> None:
        """Log the scores of a validation."""
        self.scores.add({"step": step, **values})
        self.board.add(step, {f"validation/{name}": value for name, value in values.items()})

    def flush(self) -> None:
        """Bring all rows to the disk."""
        self.steps.flush()
        self.scores.flush()

    def close(self) -> None:
        """Flush and close all."""
        self.steps.close()
        self.scores.close()
        self.board.close()


def _cannot_log(path: Path, error: OSError) -> OutputError:
    return OutputError(
        path,
        expected="a log that can be written",
        found=error.strerror or str(error),
        remedy="Free some space, then run the same command again: it goes on from the last checkpoint.",
    )


def _step(line: str) -> int:
    first = line.partition(",")[0]
    return int(first) if first.isdecimal() else 1 << 62
