"""A split as a file: ``split.csv`` (name, group, part) or the same as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sporemetry.csv_table import csv_rows
from sporemetry.dataset.split import Split, parted_groups
from sporemetry.errors import LabelReadError
from sporemetry.guarded_file import read_file
from sporemetry.names import name_key
from sporemetry.printable import printable, spreadsheet_text
from sporemetry.storage import write_atomic

SPLIT_NAME = "split.csv"
COLUMNS = ("name", "group", "part")
_LARGEST_FILE = 64 << 20


def write_split(path: Path, split: Split) -> None:
    """Write a split, complete or not at all; as JSON where the name ends so, else as CSV.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    rows = [(name, split.groups[name], part) for name, part in sorted(split.parts.items())]
    if _is_json(path):
        entries = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
        content = text.encode("utf-8", "backslashreplace")  # a byte that is no text as JSON's own code
    else:
        content = csv_rows([COLUMNS, *rows])
    write_atomic(path, content)


def read_split(path: Path, groups: Mapping[str, str] | None = None) -> Split:
    """Read a split that :func:`write_split` or a spreadsheet has written.

    Parameters
    ----------
    path : Path
        ``.json``, or CSV with the columns name, group and part.
    groups : mapping of str to str, optional
        Picture name to group as the data set has them: the split must then name exactly these pictures, and
        part none of these groups. Composed and decomposed letters are the same; the names returned are those
        of the data set.

    Raises
    ------
    LabelReadError
        When the file cannot be read, a name comes twice, is unknown or missing, or a group is parted.
    """
    path = Path(path)
    rows = _json_rows(path) if _is_json(path) else _csv_rows(path)
    parts: dict[str, str] = {}
    stated: dict[str, str] = {}
    known = {name_key(printable(name)): name for name in groups or {}}
    for number, (written, group, part) in enumerate(rows, start=1):
        name = (
            written
            if groups is None or written in groups
            else known.get(name_key(printable(written)), written)
        )
        if name in parts or not (name and group and part):
            found = (
                f"row {number}: {name!r} a second time"
                if name in parts
                else f"row {number} with an empty field"
            )
            raise LabelReadError(
                path, expected="every picture once, with its group and part", found=found[:200]
            )
        parts[name], stated[name] = part, group
    if groups is not None:
        _check_names(path, parts, groups)
    for each in (stated, groups or {}):
        if parted := parted_groups(parts, each):
            raise LabelReadError(
                path,
                expected="every group in one part",
                found=f"{parted[0]!r} in several" + (f", and {len(parted) - 1} more" if parted[1:] else ""),
                remedy="Make the split anew, or put the pictures of each group into one part.",
            )
    return Split(parts=parts, groups=stated)


def _check_names(path: Path, parts: Mapping[str, str], groups: Mapping[str, str]) -> None:
    for what, names in (
        ("names that the data set lacks", parts.keys() - groups.keys()),
        ("no part for pictures of the data set", groups.keys() - parts.keys()),
    ):
        if names:
            raise LabelReadError(
                path,
                expected="the pictures of the data set, each once",
                found=f"{what}: {', '.join(sorted(names)[:5])}" + (", ..." if len(names) > 5 else ""),
                remedy="Make the split anew for this data set.",
            )


def _is_json(path: Path) -> bool:
    return Path(path).suffix.lower() == ".json"


def _read_text(path: Path) -> str:
    try:
        return read_file(path, _LARGEST_FILE).decode("utf-8-sig")
    except OSError as error:
        found = error.strerror or str(error)
    except UnicodeDecodeError:
        found = "bytes that are no text in UTF-8"
    raise LabelReadError(path, expected="a split file of at most 64 MiB", found=found)


def _csv_rows(path: Path) -> Iterable[tuple[str, str, str]]:
    try:
        rows = list(csv.reader(io.StringIO(_read_text(path), newline=""), strict=True))
    except csv.Error as error:
        raise LabelReadError(path, expected="a table in CSV", found=str(error)) from error
    header = rows[0] if rows else []
    if any(header.count(column) != 1 for column in COLUMNS):
        raise LabelReadError(
            path, expected=f"the columns {', '.join(COLUMNS)}", found=", ".join(header)[:200] or "none"
        )
    places = [header.index(column) for column in COLUMNS]
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise LabelReadError(
                path, expected=f"{len(header)} fields a line", found=f"{len(row)} in line {number}"
            )
        yield (
            spreadsheet_text(row[places[0]]),
            spreadsheet_text(row[places[1]]),
            spreadsheet_text(row[places[2]]),
        )


def _json_rows(path: Path) -> Iterable[tuple[str, str, str]]:
    try:
        content = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        raise LabelReadError(path, expected="a list in JSON", found=str(error)[:200]) from error
    if not isinstance(content, list):
        raise LabelReadError(path, expected="a list of rows", found=type(content).__name__)
    for row in content:
        values = [row.get(column) for column in COLUMNS] if isinstance(row, dict) else [None]
        if not all(isinstance(value, str) for value in values):
            raise LabelReadError(path, expected=f"rows with {', '.join(COLUMNS)}", found=f"{row!r}"[:200])
        yield values[0], values[1], values[2]  # type: ignore[misc]
