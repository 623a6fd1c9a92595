"""Pictures done side by side in worker processes, so that one that crashes harms no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait as wait_for_sentinel
from pathlib import PurePath, PurePosixPath
from typing import Generic, Self, TypeVar

import cv2

from sporemetry.errors import FileError, OutputError, SporemetryError
from sporemetry.memory import REMEDY_MEMORY, available_memory, is_out_of_memory, shown_bytes
from sporemetry.printable import printable, printable_name

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")
# Enough in hand to keep each worker busy, few enough to find the culprit when one of them crashes.
_IN_HAND_PER_WORKER = 2
_SIGKILL = 9  # Windows has no such signal
_share = 0

MOST_PROCESSES = 1024
"""That a user may ask for, and threads of one: more is a slip of the finger, and would stall the machine."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a picture could not be done, in the words of ``failures.csv``.

    ``file`` is the name of the file that is at fault, where one is: not always the picture's own.
    """

    error: str
    expected: str
    found: str
    remedy: str
    file: str = field(default="", compare=False)

    def of_image(self, image: str) -> Failure:
        """Return the failure of the image of this name: where another file is at fault, ``found`` names it.

        >>> Failure("LabelReadError", "labels", "none", "", "a_labels.tif").of_image("plot 1/a.png").found
        'a_labels.tif: none'
        """
        if not self.file or self.file == PurePosixPath(image).name:
            return self
        return replace(self, found=f"{self.file}: {self.found}")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows or macOS
        return os.cpu_count() or 1


def most_workers() -> int:
    """Return how many worker processes the system can wait for at once.

    Windows waits for 63 objects at most, of which Python needs two.
    """
    return 61 if sys.platform == "win32" else MOST_PROCESSES


def default_workers(needs: Sequence[int], free: int | None) -> int:
    """Return how many tasks to do side by side: one a core, as far as the memory goes.

    Parameters
    ----------
    needs : sequence of int
        Bytes that each task takes. Tasks that take much are not begun side by side, see :func:`in_workers`;
        so the smallest decides how many processes can be of use.
    free : int or None
        Bytes that can be used; None: not known.

    Examples
    --------
    >>> default_workers([8 * 10**9, 8 * 10**9], 14 * 10**9)
    1
    """
    cores = min(usable_cores(), most_workers())
    if free is None or not needs:
        return cores
    return max(1, min(cores, free // max(1, min(needs))))


def share_of_cores() -> int:
    """Return how many threads this process should use: its share of the cores beside other workers.

    In the main process these are all usable cores.
    """
    return _share or usable_cores()


def in_workers(
    work: Callable[[_Task], _Done],
    tasks: Sequence[_Task],
    *,
    workers: int | None,
    need: Callable[[_Task], int] | None = None,
) -> Iterator[tuple[_Task, _Done | Failure]]:
    """Yield each task with its result or failure, in the order in which they finish.

    Parameters
    ----------
    work : callable
        Importable by name (it is sent to other processes).
    tasks : sequence
        What to do; empty yields nothing.
    workers : int or None
        Processes; 0 does everything in this one. None: as many as cores and memory allow, and tasks are then
        begun only while they fit into the free memory together.
    need : callable, optional
        The bytes that a task takes.

    Raises
    ------
    OutputError
        When results cannot be written: going on would be of no use.
    """
    needs = [0 if need is None else need(task) for task in tasks]
    with Workers(workers, needs) as kept:
        yield from kept.do(work, tasks, needs)


class Workers:
    """Worker processes that are kept from one round of work to the next, until the ``with`` block ends.

    Parameters
    ----------
    workers : int or None
        Processes; 0 does everything in this one. None: as many as cores and memory allow.
    needs : sequence of int
        The bytes that each task of the longest round takes: no more processes are begun than there are tasks.
    """

    def __init__(self, workers: int | None, needs: Sequence[int]) -> None:
        self._free = available_memory() if workers is None else None
        if workers is None:
            workers = 0 if len(needs) < 2 else default_workers(needs, self._free)
        self._pool = _Pool(min(workers, most_workers(), max(1, len(needs)))) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.end()

    def do(
        self,
        work: Callable[[_Task], _Done],
        tasks: Sequence[_Task],
        needs: Sequence[int],
    ) -> Iterator[tuple[_Task, _Done | Failure]]:
        """Yield each task with its result or failure, see :func:`in_workers`; ``needs`` has its bytes."""
        sized = list(zip(tasks, needs, strict=True))
        if self._pool is not None:
            yield from _side_by_side(work, sized, self._pool, self._free)
            return
        for task, size in sized:
            result = attempt(work, task)
            yield task, _with_need(result, size) if isinstance(result, Failure) else result


def _side_by_side(
    work: Callable[[_Task], _Done], tasks: Sequence[tuple[_Task, int]], pool: _Pool, free: int | None
) -> Iterator[tuple[_Task, _Done | Failure]]:
    suspects: list[tuple[_Task, int]] = []
    left = list(tasks)
    while left:
        batch = _Batch(work, left, pool, free)
        yield from batch.run()
        suspects.extend(batch.suspects)
        left = batch.untouched
    for task in suspects:  # each alone, so that a crash is its own
        single = _Pool(1)
        alone = _Batch(work, [task], single, free)
        try:
            yield from alone.run()
        finally:
            single.end()
        if alone.suspects:
            yield task[0], _crash(alone.killed, task[1])


def _crash(killed: bool, need: int) -> Failure:
    """Say that a worker died, and of what."""
    needs = f"; an image of this size takes about {shown_bytes(need)}" if need else ""
    if killed:
        found = f"the system ended the process that worked on it, as it does when memory runs out{needs}"
    else:
        found = "the process that worked on it ended without a word (a crash, or memory ran out)"
    return Failure(
        error="WorkerCrash",
        expected="an image that can be processed",
        found=found,
        remedy=REMEDY_MEMORY if killed else "Try it alone; if it fails again, save it anew as PNG or TIFF.",
    )


def attempt(work: Callable[[_Task], _Done], task: _Task) -> _Done | Failure:
    """Return ``work(task)``, or why it failed. Only a result that cannot be written is raised."""
    try:
        return work(task)
    except OutputError:
        raise
    except FileError as error:
        if is_out_of_memory(error):
            return _memory_ran_out()
        expected, found, remedy = map(printable, (error.expected, error.found, error.remedy))
        return Failure(type(error).__name__, expected, found, remedy, printable_name(error.path.name))
    except OSError as error:
        if is_out_of_memory(error):
            return _memory_ran_out()
        return Failure(
            type(error).__name__,
            "a file that can be read",
            printable(error.strerror or str(error)),
            "Check the name, the permission and the disk.",
            printable_name(PurePath(os.fsdecode(error.filename or "")).name),
        )
    except Exception as error:
        if is_out_of_memory(error):
            return _memory_ran_out()
        if isinstance(error, SporemetryError):
            return Failure(type(error).__name__, "", str(error), "")
        return Failure(
            type(error).__name__,
            "a picture that can be processed",
            f"an error of the program: {printable(str(error))}",
            "Run this picture alone with --debug and report what it prints.",
        )


def _memory_ran_out(found: str = "too little memory: it ran out while the image was worked on") -> Failure:
    return Failure("MemoryError", "an image that fits into the memory", found, REMEDY_MEMORY)


def _with_need(failure: Failure, need: int) -> Failure:
    """Say how much memory the image takes, where it ran out."""
    if not need or failure.error != "MemoryError":
        return failure
    return replace(failure, expected=f"about {shown_bytes(need)} of free memory for an image of this size")


class _Pool:
    """A process pool that begins when it is first used, and anew after one of its workers died."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._processes: dict[int, multiprocessing.process.BaseProcess] = {}

    def submit(self, work: Callable[[_Task], _Done], task: _Task) -> Future[_Done | Failure]:
        if self._executor is None:
            share = max(1, usable_cores() // self.workers)
            self._executor = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin_worker,
                initargs=(share,),
            )
        future: Future[_Done | Failure] = self._executor.submit(attempt, work, task)
        self._processes.update(getattr(self._executor, "_processes", None) or {})
        return future

    def end(self) -> bool:
        """End all workers; tell whether the system had killed one of them."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        # The pool ends the others by SIGTERM.
        killed = any(process.exitcode == -_SIGKILL for process in self._processes.values())
        self._executor, self._processes = None, {}
        return killed


class _Batch(Generic[_Task, _Done]):
    """One life of a process pool: until all tasks are done, or a worker dies and the pool with it."""

    def __init__(
        self,
        work: Callable[[_Task], _Done],
        tasks: Sequence[tuple[_Task, int]],
        pool: _Pool,
        free: int | None,
    ) -> None:
        self._work = work
        self._pool = pool
        self._free = free
        self.untouched = list(tasks)
        self.suspects: list[tuple[_Task, int]] = []
        self.killed = False

    def run(self) -> Iterator[tuple[_Task, _Done | Failure]]:
        in_hand: dict[Future[_Done | Failure], tuple[_Task, int]] = {}
        try:
            while self.untouched or in_hand:
                while self.untouched and self._may_begin(in_hand.values()):
                    future = self._pool.submit(self._work, self.untouched[0][0])
                    in_hand[future] = self.untouched.pop(0)
                finished, _ = wait(in_hand, return_when=FIRST_COMPLETED)
                for future in finished:
                    result = future.result()
                    task, need = in_hand.pop(future)
                    yield task, _with_need(result, need) if isinstance(result, Failure) else result
        except BrokenProcessPool:
            self.suspects = list(in_hand.values())
            self.killed = self._pool.end()

    def _may_begin(self, in_hand: Collection[tuple[_Task, int]]) -> bool:
        """Tell whether one more task may be handed out: there is a worker, and there is memory."""
        if len(in_hand) >= self._pool.workers * _IN_HAND_PER_WORKER:
            return False
        if self._free is None or not in_hand:
            return True
        return sum(need for _, need in in_hand) + self.untouched[0][1] <= self._free


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
