"""An open file whose every read is checked against its size."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sporemetry.formats.refusal import Refusal, damaged, too_large, unreadable
from sporemetry.guarded_file import NotAFileError, open_file


class Source:
    """Bytes at known places: a file, or a block inside one.

    Parameters
    ----------
    file : BinaryIO
        Open for reading, seekable.
    size : int
        How many bytes it holds.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size

    @classmethod
    def of_bytes(cls, content: bytes) -> Source:
        """Return a source over bytes in memory."""
        return cls(io.BytesIO(content), len(content))

    def read(self, offset: int, length: int, what: str) -> bytes:
        """Return ``length`` bytes from ``offset``; ``what`` names them in the error.

        Raises
        ------
        Refusal
            ImageDamagedError when the file ends before; nothing is allocated then.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise damaged(
                f"{what} of {length} bytes at byte {offset}", f"a file that ends at byte {self.size}"
            )
        try:
            self._file.seek(offset)
            content = self._file.read(length)
        except OSError as error:
            raise _failed(error) from error
        if len(content) != length:
            raise damaged(f"a file of {self.size} bytes", "a file that became shorter while it was read")
        return content

    def head(self, length: int) -> bytes:
        """Return the first ``length`` bytes, or all where there are fewer."""
        return self.read(0, min(length, self.size), "the start")

    def whole(self, limit: int) -> bytes:
        """Return the whole content, refusing with ImageTooLargeError above ``limit`` bytes."""
        self.check_size(limit)
        return self.read(0, self.size, "the file")

    def check_size(self, limit: int) -> None:
        """Refuse with ImageTooLargeError above ``limit`` bytes."""
        if self.size > limit:
            raise too_large(
                f"a file of at most {limit:,} bytes for the pixel budget in use",
                f"{self.size:,} bytes",
                "Raise the budget with --max-pixels, or save the picture without what is attached to it.",
            )


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a regular file, closing it at the end; the kind is checked first, so that no pipe can hang us.

    Raises
    ------
    Refusal
        ImageReadError for a missing file, a folder, a pipe, a device, an empty file, a lack of permission
        or a failing disk.
    """
    file, size = _open(path)
    with file:
        yield Source(file, size)


def _open(path: Path) -> tuple[BinaryIO, int]:
    try:
        file = open_file(path)
    except NotAFileError as error:
        raise unreadable("a picture file", str(error.strerror), "Give the path of one picture.") from error
    except OSError as error:
        raise _failed(error) from error
    size = os.fstat(file.fileno()).st_size
    if size:
        return file, size
    file.close()
    raise unreadable("a picture file", "an empty file of 0 bytes", "Copy it again from where it was taken.")


def _failed(error: OSError) -> Refusal:
    reason = error.strerror or str(error)
    return unreadable(
        "a picture file that can be read",
        reason[:1].lower() + reason[1:],
        "Check the name, the permission and the disk.",
    )
