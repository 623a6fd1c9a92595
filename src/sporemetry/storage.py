"""Complete-or-absent writes, and the hashes by which a rerun knows what is already done."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sporemetry.errors import OutputError

TEMPORARY_PREFIX = ".sporemetry-tmp-"
_BLOCK = 1 << 20


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that the file is either complete or as it was before.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and the file is
    renamed; a kill at any moment leaves at most a temporary file, which :func:`remove_temporaries`
    takes away.

    Parameters
    ----------
    path : Path
        Where to write. Its folder must exist.
    content : bytes
        The whole content; empty is allowed.

    Raises
    ------
    OutputError
        When the disk is full, the folder is missing or may not be written.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            path,
            expected="a folder that can be written, with room on its disk",
            found=error.strerror or str(error),
            remedy="Free some space or choose another folder with -o, then run the same command again.",
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; one that is there already is left as it is.

    Raises
    ------
    OutputError
        When it cannot be made, or a file of that name is there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            folder,
            expected="a folder that can be made",
            found=error.strerror or str(error),
            remedy="Choose another folder with -o.",
        ) from error


def remove_temporaries(folder: Path) -> int:
    """Delete what interrupted writes have left in ``folder``, and return how many files that were.

    Parameters
    ----------
    folder : Path
        One folder; its subfolders are not entered. A missing folder counts as empty.
    """
    if not folder.is_dir():
        return 0
    left = [entry for entry in folder.iterdir() if entry.name.startswith(TEMPORARY_PREFIX)]
    for entry in left:
        entry.unlink(missing_ok=True)
    return len(left)


@contextmanager
def only_writer(output: Path, lock: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Hold an output folder while a job writes to it; a second job is refused.

    Parameters
    ----------
    output : Path
        Named in the error.
    lock : Path
        The file that is locked; its folder must exist. The system frees it when the job ends, in any way.
    patience : float
        Seconds to wait for the other job, whose helpers may outlive it for a moment.

    Raises
    ------
    OutputError
        When another job holds it.
    """
    held = FileLock(lock)
    try:
        held.acquire(timeout=patience)
    except Timeout as error:
        raise OutputError(
            output,
            expected="an output folder that no other job is writing to",
            found="another sporemetry command at work on it",
            remedy="Wait until it has ended, or choose another folder with -o.",
        ) from error
    try:
        yield
    finally:
        held.release()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def bytes_sha256(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of the joined ``parts`` as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
