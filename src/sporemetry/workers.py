"""Pictures done side by side in worker processes, so that one that crashes harms no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_sentinel
from typing import Generic, TypeVar

import cv2

from sporemetry.errors import FileError, OutputError, SporemetryError
from sporemetry.printable import printable

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")
# Enough in hand to keep each worker busy, few enough to find the culprit when one of them crashes.
_IN_HAND_PER_WORKER = 2
_share = 0

MOST_PROCESSES = 1024
"""That a user may ask for, and threads of one: more is a slip of the finger, and would stall the machine."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a picture could not be done, in the words of ``failures.csv``."""

    error: str
    expected: str
    found: str
    remedy: str


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows or macOS
        return os.cpu_count() or 1


def share_of_cores() -> int:
    """Return how many threads this process should use: its share of the cores beside other workers.

    In the main process these are all usable cores.
    """
    return _share or usable_cores()


def in_workers(
    work: Callable[[_Task], _Done], tasks: Sequence[_Task], *, workers: int
) -> Iterator[tuple[_Task, _Done | Failure]]:
    """Yield each task with its result or failure, in the order in which they finish.

    Parameters
    ----------
    work : callable
        Importable by name (it is sent to other processes).
    tasks : sequence
        What to do; empty yields nothing.
    workers : int
        Processes; 0 does everything in this one.

    Raises
    ------
    OutputError
        When results cannot be written: going on would be of no use.
    """
    if workers == 0:
        for task in tasks:
            yield task, attempt(work, task)
        return
    suspects: list[_Task] = []
    left = list(tasks)
    while left:
        batch = _Batch(work, left, workers)
        yield from batch.run()
        suspects.extend(batch.suspects)
        left = batch.untouched
    for task in suspects:  # each alone, so that a crash is its own
        alone = _Batch(work, [task], 1)
        yield from alone.run()
        if alone.suspects:
            yield (
                task,
                Failure(
                    error="WorkerCrash",
                    expected="a picture that can be processed",
                    found="the process that worked on it ended without a word (a crash, or memory ran out)",
                    remedy="Try it alone; if it fails again, save the picture anew as PNG or TIFF.",
                ),
            )


def attempt(work: Callable[[_Task], _Done], task: _Task) -> _Done | Failure:
    """Return ``work(task)``, or why it failed. Only a result that cannot be written is raised."""
    try:
        return work(task)
    except OutputError:
        raise
    except FileError as error:
        return Failure(type(error).__name__, *map(printable, (error.expected, error.found, error.remedy)))
    except OSError as error:
        return Failure(
            type(error).__name__,
            "a file that can be read",
            printable(error.strerror or str(error)),
            "Check the name, the permission and the disk.",
        )
    except MemoryError:
        return Failure(
            "MemoryError",
            "a picture that fits into the memory",
            "memory ran out",
            "Close other programs, use --workers 1, or give the picture in parts.",
        )
    except Exception as error:
        if isinstance(error, SporemetryError):
            return Failure(type(error).__name__, "", str(error), "")
        return Failure(
            type(error).__name__,
            "a picture that can be processed",
            f"an error of the program: {printable(str(error))}",
            "Run this picture alone with --debug and report what it prints.",
        )


class _Batch(Generic[_Task, _Done]):
    """One life of a process pool: until all tasks are done, or a worker dies and the pool with it."""

    def __init__(self, work: Callable[[_Task], _Done], tasks: Sequence[_Task], workers: int) -> None:
        self._work = work
        self._workers = min(workers, len(tasks))
        self.untouched = list(tasks)
        self.suspects: list[_Task] = []

    def run(self) -> Iterator[tuple[_Task, _Done | Failure]]:
        context = multiprocessing.get_context("spawn")
        share = max(1, usable_cores() // self._workers)
        pool = ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin_worker, initargs=(share,)
        )
        in_hand: dict[Future[_Done | Failure], _Task] = {}
        try:
            while self.untouched or in_hand:
                while self.untouched and len(in_hand) < self._workers * _IN_HAND_PER_WORKER:
                    future: Future[_Done | Failure] = pool.submit(attempt, self._work, self.untouched[0])
                    in_hand[future] = self.untouched.pop(0)
                finished, _ = wait(in_hand, return_when=FIRST_COMPLETED)
                for future in finished:
                    result = future.result()
                    yield in_hand.pop(future), result
        except BrokenProcessPool:
            self.suspects = list(in_hand.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker(share: int) -> None:
    global _share  # set once, before any work, in a process of its own
    _share = share
    # Ctrl-C goes to the parent, which lets the pictures in hand be finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this worker when its parent is gone; else a killed command leaves its workers waiting for ever."""
    wait_for_sentinel([sentinel])
    os._exit(1)
