"""Opening files that a user names: regular ones only, as a pipe may hang and a device fill the memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link",
    stat.S_IFREG: "a file",
}
# Not waiting for a writer, should a pipe take the file's place between the look and the opening.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class NotAFileError(OSError):
    """What a path names is no regular file; ``strerror`` says what it is."""


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file for reading.

    Parameters
    ----------
    path : str or Path
        Links are followed.

    Raises
    ------
    NotAFileError
        When it is a folder, a pipe, a device or a socket. Nothing of it was read.
    OSError
        When it is missing, a link that leads to itself, or may not be read.
    """
    try:
        check_regular(Path(path).stat(), path)  # before the opening, which some devices answer with an action
        handle = os.open(path, _FLAGS)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    try:
        check_regular(os.fstat(handle), path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def kind_of(mode: int) -> str:
    """Return in words what ``st_mode`` says that something is.

    >>> kind_of(stat.S_IFIFO | 0o644)
    'a pipe'
    """
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def read_file(path: str | Path, largest: int) -> bytes:
    """Return the content of a regular file of at most ``largest`` bytes; an empty file gives ``b""``.

    Raises
    ------
    OSError
        As :func:`open_file`, and when the file is larger; ``strerror`` says so in words.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(largest + 1) if size <= largest else b""
    if size > largest or len(content) > largest:
        raise OSError(errno.EFBIG, f"more than {largest:,} bytes", str(path))
    return content


def check_regular(status: os.stat_result, path: str | Path) -> None:
    """Raise NotAFileError, which says what it is, where ``status`` is not of a regular file."""
    if not stat.S_ISREG(status.st_mode):
        found = kind_of(status.st_mode)
        raise NotAFileError(errno.EINVAL, found, str(path))


def real_path(path: Path) -> Path:
    """Return the path without links; of links that lead to themselves, the path as far as it goes."""
    return Path(os.path.realpath(path))  # Path.resolve() fails on such links before Python 3.13
