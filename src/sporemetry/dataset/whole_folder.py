"""A folder that is written whole or not at all.

    OUT/.sporemetry-tmp-unfinished/content/   everything is written here first
    OUT/images/ ...                           moved to its place when all is there, ``images/`` last

A kill at any moment leaves the hidden folder, which the next call takes away, or finishes if all was there.
Without ``images/`` nothing takes the folder for a data set.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sporemetry.errors import OutputError
from sporemetry.storage import TEMPORARY_PREFIX, make_folder, only_writer, write_atomic

WORK_NAME = f"{TEMPORARY_PREFIX}unfinished"
_LOCK_NAME = f"{TEMPORARY_PREFIX}lock"
_COMPLETE = "complete"
_LAST = "images"
_REMEDY = "Name a new folder with -o, or delete this one if it is not needed any more."


def is_unfinished(folder: Path) -> bool:
    """Tell whether a call was interrupted before the folder was whole."""
    return (folder / WORK_NAME).exists()


@contextmanager
def whole_folder(output: Path, *, record: str = "", kept: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Give a folder to write into, whose content becomes that of the output at the end: all of it or nothing.

    Parameters
    ----------
    output : Path
        Made if missing. It must be empty, or hold what is written now: then it is left as it is.
    record : str
        A file or folder by which an earlier result of the same kind is known. Without it, a folder that is
        not empty is compared at the end; with it, one that lacks it is refused at once.
    kept : frozenset of str
        Names at the top that are not compared, because people change them.

    Yields
    ------
    Path
        An empty folder. When the block raises, or leaves it empty, the output is as it was before.

    Raises
    ------
    OutputError
        When the output holds anything else, is no folder, cannot be written, or another call is writing to
        it.
    """
    made = not output.exists()
    make_folder(output)
    with _removed_if_empty(output, made=made), _locked(output):
        work = output / WORK_NAME
        _settle(output, work)
        strange = _entries(output)
        if strange and record and not (output / record).exists():
            raise _not_empty(output, f"{len(strange):,} other files or folders, among them {strange[0].name}")
        content = work / "content"
        try:
            make_folder(content)
            yield content
            if _entries(content):
                if strange:
                    _compare(content, output, kept)
                else:
                    write_atomic(work / _COMPLETE, b"")
                    _move(content, output)
        finally:
            if not (work / _COMPLETE).exists() or not _entries(content):
                shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    lock = output / _LOCK_NAME
    with only_writer(output, lock):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def _removed_if_empty(output: Path, *, made: bool) -> Iterator[None]:
    try:
        yield
    finally:
        if made:
            with suppress(OSError):
                if not _entries(output):
                    (output / _LOCK_NAME).unlink(missing_ok=True)
                    output.rmdir()


def _settle(output: Path, work: Path) -> None:
    """Finish what a kill has interrupted while it was moved; take away what was not all there."""
    if not work.exists():
        return
    if (work / _COMPLETE).exists():
        _move(work / "content", output)
    shutil.rmtree(work, ignore_errors=True)


def _move(content: Path, output: Path) -> None:
    for entry in sorted(_entries(content), key=lambda path: (path.name == _LAST, path.name)):
        target = output / entry.name
        try:
            if target.exists():
                raise _not_empty(output, f"{entry.name}, which is not from here")
            entry.rename(target)
        except OSError as error:
            raise OutputError(
                target, expected="a folder that can be written", found=error.strerror or str(error)
            ) from error


def _compare(content: Path, output: Path, kept: frozenset[str]) -> None:
    """Refuse an output that is not what has been written now."""
    for file in sorted(path for path in content.rglob("*") if path.is_file()):
        relative = file.relative_to(content)
        if relative.parts[0] in kept and (output / relative).exists():
            continue
        there = output / relative
        if not there.is_file():
            raise _not_empty(output, f"a folder that lacks {relative.as_posix()}")
        if there.stat().st_size != file.stat().st_size or there.read_bytes() != file.read_bytes():
            raise _not_empty(output, f"another {relative.as_posix()}")


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, without what is ours and hidden."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith(TEMPORARY_PREFIX))


def _not_empty(output: Path, found: str) -> OutputError:
    return OutputError(
        output,
        expected="a new or empty folder, or the result of the same command",
        found=found,
        remedy=_REMEDY,
    )
