"""Zips that are not trusted: how many files they may hold, and how large, told before any is opened."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sporemetry.errors import LabelReadError
from sporemetry.guarded_file import read_file

UNPACKING_ERRORS = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # encrypted members, and unknown compression
    OverflowError,
    zlib.error,
)
"""What reading a zip or one of its files can raise."""

# Of one entry in the table of contents; its unpacked size is the number of 32 bits at byte 24.
_SIGNATURE = b"PK\x01\x02"
_ENTRY = re.compile(_SIGNATURE + b".{42}", re.DOTALL)
_SIZE_AT = 24
# Of so many files a few may be damaged; of more that are all too small, none is what was looked for.
_FEW = 1000


@contextmanager
def open_zip(
    path: Path, *, largest: int, most: int, smallest: int = 0, remedy: str = "Export it again."
) -> Iterator[zipfile.ZipFile]:
    """Open a zip, whose table of contents is many times its size once it is in memory.

    Parameters
    ----------
    path : Path
        A regular file.
    largest : int
        Most bytes of the zip itself.
    most : int
        Most entries.
    smallest : int
        Fewest bytes of a file that can be used: a zip of more than 1,000, most of them smaller, is refused.
    remedy : str
        What to do about a damaged one.

    Raises
    ------
    LabelReadError
        When it is no zip, is damaged, or is beyond these limits.
    """
    try:
        content = read_file(path, largest)
    except OSError as error:
        found = error.strerror or str(error)
        raise LabelReadError(path, expected=f"a file of at most {largest:,} bytes", found=found) from error
    entries = content.count(_SIGNATURE)
    if entries > most:
        raise LabelReadError(path, expected=f"a zip of at most {most:,} files", found=f"{entries:,}")
    if entries > _FEW and smallest:
        table = np.frombuffer(b"".join(_ENTRY.findall(content)), dtype=np.uint8).reshape(-1, 46)
        sizes = np.ascontiguousarray(table[:, _SIZE_AT : _SIZE_AT + 4]).view("<u4")
        small = int(np.count_nonzero(sizes < smallest))
        if 2 * small > len(sizes):
            raise LabelReadError(
                path,
                expected=f"files of {smallest} bytes at least",
                found=f"{entries:,} files, of which {small:,} are smaller or empty",
                remedy=remedy,
            )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive
    except UNPACKING_ERRORS as error:
        found = str(error) if isinstance(error, zipfile.BadZipFile) else f"{type(error).__name__}: {error}"
        raise LabelReadError(
            path, expected="a zip that can be unpacked", found=found[:200], remedy=remedy
        ) from error
