"""Complete-or-absent writes, and the hashes by which a rerun knows what is already done."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from sporemetry.errors import OutputError
from sporemetry.guarded_file import NotAFileError, check_regular, open_file

TEMPORARY_PREFIX = ".sporemetry-tmp-"
_BLOCK = 1 << 20
_FIRST_BLOCK = 1 << 16


def write_atomic(path: Path, content: bytes, *, new: bool = False) -> None:
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
    new : bool
        Whether there must be no file of that name yet.

    Raises
    ------
    OutputError
        When the disk is full, the folder is missing or may not be written.
    FileExistsError
        With ``new``, when there is such a file: it is left as it is.
    """
    _refuse_no_file(path)
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if new:
            _name_new(temporary, path)
        else:
            temporary.replace(path)
    except FileExistsError:
        temporary.unlink(missing_ok=True)
        raise
    except KeyboardInterrupt:
        temporary.unlink(missing_ok=True)
        raise
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def write_pieces(
    path: Path, pieces: Iterable[bytes], *, before_replacing: Callable[[str], None] | None = None
) -> tuple[bool, str]:
    """Write a file that need not fit into the memory, complete or not at all; one that is so already stays.

    The file that is there is read along. A temporary file is begun only where the two differ.

    Parameters
    ----------
    path : Path
        Where to write. Its folder must exist.
    pieces : iterable of bytes
        The content, read once; none make an empty file.
    before_replacing : callable, optional
        Called with the content's SHA-256 before the file is put in its place, where it was changed.

    Returns
    -------
    bool, str
        Whether the file was changed, and the SHA-256 of its content.

    Raises
    ------
    OutputError
        When the disk is full, the folder is missing or may not be written.
    """
    _refuse_no_file(path)
    temporary = _temporary(path)
    digest = hashlib.sha256()
    alike = 0
    with _opened_or_none(path) as before:
        rest = iter(pieces)
        for piece in rest:
            digest.update(piece)
            if before is None or before.read(len(piece)) != piece:
                break
            alike += len(piece)
        else:
            if before is not None and not before.read(1):
                return False, digest.hexdigest()
            piece = b""
        try:
            with temporary.open("xb") as file:
                if before is not None:
                    before.seek(0)
                    _copy(before, file, alike)
                file.write(piece)
                for piece in rest:
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise _cannot_write(path, error) from error
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    try:
        if before_replacing is not None:
            before_replacing(digest.hexdigest())
        temporary.replace(path)  # after the old file is closed: Windows replaces no open file
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True, digest.hexdigest()


@contextmanager
def _opened_or_none(path: Path) -> Iterator[BinaryIO | None]:
    try:
        file = path.open("rb") if path.is_file() else None
    except OSError:  # it cannot be compared, so it is written anew
        file = None
    try:
        yield file
    finally:
        if file is not None:
            file.close()


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size > 0:
        block = source.read(min(size, _BLOCK))
        if not block:
            raise OSError("the file was changed while it was read")
        target.write(block)
        size -= len(block)


def _refuse_no_file(path: Path) -> None:
    """Refuse to put a file in the place of a folder, a pipe, a device or a socket."""
    try:
        check_regular(path.stat(), path)
    except NotAFileError as error:
        raise OutputError(
            path,
            expected="the name of a file",
            found=str(error.strerror),
            remedy="Choose another name or another folder with -o.",
        ) from error
    except (OSError, ValueError):  # nothing there yet, or a name that cannot be: writing it says why
        return


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        path,
        expected="a folder that can be written, with room on its disk",
        found=error.strerror or str(error),
        remedy="Free some space or choose another folder with -o, then run the same command again.",
    )


def _temporary(path: Path) -> Path:
    """Return a new name beside ``path``; without its name, which may be as long as the disk allows."""
    return path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}")


def _name_new(temporary: Path, path: Path) -> None:
    """Give a finished file its name; FileExistsError when there is one of that name, however new."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):  # a disk without links, such as a memory stick
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.replace(path)
    else:
        temporary.unlink(missing_ok=True)


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
    with os.scandir(folder) as entries:
        left = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(TEMPORARY_PREFIX) and entry.is_file(follow_symlinks=False)
        ]
    for path in left:
        path.unlink(missing_ok=True)
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
        When another job holds it, or it cannot be written.
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
    except OSError as error:
        raise _cannot_write(output, error) from error
    try:
        yield
    finally:
        held.release()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in blocks of 1 MiB."""
    with open_file(path) as file:
        return stream_sha256(file)


def stream_sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left to read of an open file, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    # Most files are small: memory for a large block costs more than reading them.
    size = _FIRST_BLOCK
    while block := file.read(size):
        digest.update(block)
        size = _BLOCK
    return digest.hexdigest()


def bytes_sha256(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of the joined ``parts`` as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
