"""Folders that are written whole or not at all, and those that an interrupted command has not finished.

    OUT/.sporemetry-tmp-unfinished/content/   import and export write everything here first OUT/images/ ...
    moved to its place when all is there, ``images/`` last OUT/.sporemetry-unfinished
    augment, merge and synthesize, which go on where they stopped, are at
                                              work, or were

A kill at any moment leaves one of the hidden names. The next call of the command takes it away, or finishes
what was all there; until then nothing takes the folder for a data set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from sporemetry.errors import LabelReadError, OutputError
from sporemetry.storage import TEMPORARY_PREFIX, make_folder, only_writer, write_atomic

WORK_NAME = f"{TEMPORARY_PREFIX}unfinished"
MARKER_NAME = ".sporemetry-unfinished"
_LOCK_NAME = f"{TEMPORARY_PREFIX}lock"
_COMPLETE = "complete"
_LAST = "images"
_FLUSHED_AT_ONCE = 16
_REMEDY = "Name a new folder with -o, or delete this one if it is not needed any more."


def check_finished(folder: Path) -> None:
    """Refuse a data set that an interrupted command has not finished.

    Raises
    ------
    LabelReadError
        When the command must be run again first.
    """
    begun = (folder / WORK_NAME).exists() and not (folder / _LAST).is_dir()
    if begun or (folder / MARKER_NAME).exists():
        raise LabelReadError(
            folder,
            expected="a data set that is whole",
            found="one that a command is still writing, or that was interrupted",
            remedy="Run that command again, which finishes it, or delete the folder.",
        )


@contextmanager
def unfinished(output: Path, command: str) -> Iterator[None]:
    """Mark a folder as not finished by a command until the block has ended without an error."""
    make_folder(output)
    write_atomic(output / MARKER_NAME, _marker(command))
    yield
    (output / MARKER_NAME).unlink(missing_ok=True)


def is_free(output: Path, command: str) -> bool:
    """Tell whether a folder is missing or empty, or has been begun by the command and nothing else."""
    marker = output / MARKER_NAME
    if marker.is_file() and marker.read_bytes() == _marker(command):
        return True
    return not _entries(output)


def write_into(content: Path, relative: str, data: bytes) -> Path:
    """Write a file into the folder that :func:`whole_folder` gave; at the end all are flushed to the disk.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    path = content / relative
    make_folder(path.parent)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(
            path,
            expected="a folder that can be written, with room on its disk",
            found=error.strerror or str(error),
            remedy="Free some space or choose another folder with -o, then run the same command again.",
        ) from error
    return path


@contextmanager
def whole_folder(
    output: Path, *, record: str = "", kept: frozenset[str] = frozenset(), beside: bool = False
) -> Iterator[Path]:
    """Give a folder to write into, whose content becomes that of the output at the end: all of it or nothing.

    Parameters
    ----------
    output : Path
        Made if missing. What is there already is never replaced: it must be what is written now, and is
        left as it is then.
    record : str
        A file or folder by which an earlier result of the same kind is known: an output that lacks it is
        refused at once.
    kept : frozenset of str
        Names at the top that may differ, because people change them.
    beside : bool
        Whether the output may hold other things as well, of other names at the top.

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
        strange = [] if beside else _entries(output)
        if strange and record and not (output / record).exists():
            raise _not_empty(output, f"{len(strange):,} other files or folders, among them {strange[0].name}")
        content = work / "content"
        try:
            make_folder(content)
            yield content
            written = _entries(content)
            if written and strange:
                for entry in written:
                    _compare(entry, output / entry.name, kept)
            else:
                for entry in written:
                    if _holds_files(output / entry.name):
                        _compare(entry, output / entry.name, kept)
                        _remove(entry)
                _flush(content)
                write_atomic(work / _COMPLETE, b"")
                _move(content, output)
        finally:
            if not (work / _COMPLETE).exists() or not _entries(content):
                shutil.rmtree(work, ignore_errors=True)


def _marker(command: str) -> bytes:
    return f"sporemetry dataset {command} has not ended yet\n".encode()


def _flush(content: Path) -> None:
    """See to it that the files are on the disk; many at a time, which is far faster than one by one."""
    files = [path for path in content.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:
        list(pool.map(_flush_file, files))


def _flush_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


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
            with suppress(OSError):  # it is not empty
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
            if _holds_files(target):
                raise _not_empty(output, f"{entry.name}, which is not from here")
            _remove_empty(target)
            entry.rename(target)
        except OSError as error:
            raise OutputError(
                target, expected="a folder that can be written", found=error.strerror or str(error)
            ) from error


def _compare(entry: Path, there: Path, kept: frozenset[str]) -> None:
    """Refuse what is not as it has been written now."""
    if entry.name in kept and there.exists():
        return
    for file in sorted(path for path in [entry, *entry.rglob("*")] if path.is_file()):
        other = there / file.relative_to(entry) if file != entry else there
        name = file.relative_to(entry.parent).as_posix()
        if not other.is_file():
            raise _not_empty(there.parent, f"a folder that lacks {name}")
        if other.stat().st_size != file.stat().st_size or other.read_bytes() != file.read_bytes():
            raise _not_empty(there.parent, f"another {name}")


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, without what is ours and hidden and without empty folders."""
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if not path.name.startswith(TEMPORARY_PREFIX) and _holds_files(path)
    )


def _holds_files(path: Path) -> bool:
    """Tell whether there is a file, a link or anything else than folders of folders."""
    if path.is_dir() and not path.is_symlink():
        return any(_holds_files(each) for each in path.iterdir())
    return path.exists() or path.is_symlink()


def _remove_empty(path: Path) -> None:
    """Remove a folder that holds nothing but folders."""
    if path.is_dir():
        for each in path.iterdir():
            _remove_empty(each)
        path.rmdir()


def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _not_empty(output: Path, found: str) -> OutputError:
    return OutputError(
        output,
        expected="a new or empty folder, or the result of the same command",
        found=found,
        remedy=_REMEDY,
    )
