"""Training in a terminal: a bar with loss, IoU and time left, a line a validation, and Ctrl-C that saves."""

from __future__ import annotations

import math
import os
import signal
from collections import deque
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sporemetry.cli.terminal import escape

if TYPE_CHECKING:
    from sporemetry.training.reports import StepReport, TrainingResult
    from sporemetry.training.run import Watcher
    from sporemetry.training.run_folder import RunCard

_WINDOW = 50  # steps over which loss and IoU are shown
_LINES = 20  # lines of progress that a log without a terminal gets over a run


class TrainingDisplay:
    """What is seen of a training run, and how it is interrupted.

    Parameters
    ----------
    quiet : bool
        Nothing is shown; interrupting works as ever.

    Notes
    -----
    The first Ctrl-C, or the signal that ends a batch job, saves after the step; a second one ends at once.
    """

    def __init__(self, *, quiet: bool) -> None:
        # Of several processes the first one speaks.
        self.quiet = quiet or os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) != "0"
        self.console = Console(stderr=True, quiet=self.quiet)
        self._asked = False
        self._recent: deque[StepReport] = deque(maxlen=_WINDOW)
        self._handlers: dict[int, Any] = {}
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[scores]}"),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=self.console,
            transient=True,
            disable=self.quiet or not self.console.is_terminal,
        )
        self._row = self._bar.add_task("reading", total=None, scores="")

    def __enter__(self) -> TrainingDisplay:
        for number in (signal.SIGINT, signal.SIGTERM):
            if (
                signal.getsignal(number) != signal.SIG_IGN
            ):  # a background job goes on ignoring what it was told to
                self._handlers[number] = signal.signal(number, self._ask)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def watcher(self) -> Watcher:
        """Return what training calls."""
        from sporemetry.training.run import Watcher

        return Watcher(
            on_labels=self._labels,
            on_reading=lambda done, total: self._bar.update(self._row, completed=done, total=total),
            on_start=self._start,
            on_step=self._step,
            should_stop=lambda: self._asked,
        )

    def present(self, result: TrainingResult, output: Path) -> None:
        """Say how the run ended."""
        if self.quiet:
            return
        console = Console(highlight=False, soft_wrap=True)
        if not result.finished:
            console.print(f"Interrupted after step {result.steps:,}. Run the same command again to go on.")
            return
        console.print(f"Trained {result.steps:,} steps; {result.waiting:.0%} of the time went into loading.")
        if result.best:
            console.print(f"Best validation at step {result.best_step:,}: {_scores(result.best)}.")
        console.print(escape(f"Run: {output}   Score it: sporemetry evaluate {output} DATASET"))

    def _labels(self, doubts: Sequence[str]) -> None:
        for doubt in doubts:
            self.console.print(f"[yellow]![/yellow] {escape(doubt)}", highlight=False, soft_wrap=True)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self.console.print("Saving after this step; once more to end at once.", highlight=False)

    def _start(self, done: int, card: RunCard) -> None:
        counts = {part: len(card.split.names(part)) for part in card.split.part_names}
        recipe = card.recipe
        self.console.print(
            escape(
                f"{recipe.network.architecture}, {recipe.network.encoder}, {recipe.loss.name}; pictures: "
                + ", ".join(f"{number} {part}" for part, number in counts.items())
                + f"; {card.statistics.background_pixels / max(1, card.statistics.spore_pixels):,.1f} "
                "background px a spore px" + (f"; going on after step {done:,}" if done else "")
            ),
            highlight=False,
        )
        if not counts.get("val"):
            self.console.print("No validation part: no scores, and the last state is the result.")
        self._bar.reset(self._row, description="train", completed=done, total=recipe.steps, scores="")

    def _step(self, report: StepReport) -> None:
        self._recent.append(report)
        pixels = reduce(add, (each.pixels for each in self._recent))
        loss = sum(each.loss for each in self._recent) / len(self._recent)
        seen = _scores({"mean_iou": pixels.mean_iou, "spore_iou": pixels.spore_iou})
        self._bar.update(self._row, completed=report.step, scores=f"loss {loss:.4f} {seen}")
        if report.validation is not None:
            self._say(f"step {report.step:,}: validation {_scores(report.validation)}")
        elif not self.console.is_terminal and report.step % max(1, report.steps // _LINES) == 0:
            self._say(f"step {report.step:,} of {report.steps:,}: loss {loss:.4f} {seen}")

    def _say(self, text: str) -> None:
        self.console.print(escape(text), highlight=False)


def _scores(values: dict[str, float]) -> str:
    return " ".join(
        f"{title} {'–' if math.isnan(values[name]) else format(100 * values[name], '.1f')}"
        for name, title in (("mean_iou", "mean IoU"), ("spore_iou", "spore IoU"))
    )
