"""What training tells of itself: each step, how it ended, and how long it waited for samples."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sporemetry.evaluation.pixels import Confusion


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a step tells whoever watches.

    Attributes
    ----------
    step, steps : int
        Done, and in all.
    loss : float
        Over all processes.
    pixels : Confusion
        Of this process' crops at the threshold 0.5.
    validation : dict of str to float or None
        Scores, where the step ended with a validation.
    """

    step: int
    steps: int
    loss: float
    pixels: Confusion
    validation: dict[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """How a run ended.

    Attributes
    ----------
    steps : int
        Steps done.
    finished : bool
        False when it was stopped from outside; the same call goes on.
    best_step : int
        The step of the best validation, 0 without one.
    best : dict of str to float
        Its scores.
    waiting : float
        Share of this call's time that was spent waiting for samples.
    """

    steps: int
    finished: bool
    best_step: int
    best: dict[str, float]
    waiting: float


class WaitingClock:
    """How much of the time goes into waiting for samples; the first steps' filling of the queue too."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._waited = 0.0
        self._began = 0.0

    def waiting(self) -> WaitingClock:
        """Return a context that is waited in."""
        return self

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._waited += time.perf_counter() - self._began

    @property
    def share(self) -> float:
        """Waited time of all time since the start, 0 to 1."""
        return self._waited / max(time.perf_counter() - self._start, 1e-9)
