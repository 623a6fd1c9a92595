"""TOML from outside, read with bounds on its size, its lines and its depth."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from sporemetry.guarded_file import read_file

LARGEST_TOML = 1 << 20
# To read a key of n dotted parts takes memory of n squared.
LONGEST_LINE = 8192


def read_toml(path: Path, largest: int = LARGEST_TOML) -> dict[str, Any]:
    """Return the table in a TOML file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    largest : int
        Most bytes.

    Raises
    ------
    OSError
        When it is no regular file, is larger or cannot be read; ``strerror`` says which.
    ValueError
        When it is no TOML; the message says why.
    """
    return parse_toml(read_file(path, largest).decode("utf-8-sig"))


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table in a text.

    Raises
    ------
    ValueError
        When it is no TOML, is too deep, or has a line of more than :data:`LONGEST_LINE` characters.
    """
    longest = max(map(len, text.splitlines()), default=0)
    if longest > LONGEST_LINE:
        raise ValueError(f"a line of {longest:,} characters, where {LONGEST_LINE:,} are the most")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("tables or lists that lie too deep in one another") from error
