"""From the bytes of a sheet to its cells: encodings, separators and quotes as Excel and others write them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sporemetry.errors import FileError
from sporemetry.guarded_file import read_file

LARGEST_BYTES = 64 << 20
SEPARATORS = (",", ";", "\t", "|")
EXPECTED = "a table with a row of names first, as CSV"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a sheet, without white space around them and without empty rows and columns at the end.

    Attributes
    ----------
    header : tuple of str
        The names of the columns.
    rows : tuple of (int, tuple of str)
        For each row that is not empty, its number as a spreadsheet shows it (the header is 1), and a cell
        for each column.
    content : bytes
        The file as it was read.
    notes : tuple of str
        What had to be guessed, a sentence each.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    content: bytes
    notes: tuple[str, ...] = ()


def read_cells(path: Path, count_known: Callable[[Sequence[str]], int]) -> Cells:
    """Read a sheet.

    UTF-8, UTF-16 and UTF-32 are told by their mark or their zero bytes; what is no UTF-8 is read as
    Windows-1252, and a note says so. The separator is the one by which most names of the header are known.

    Parameters
    ----------
    path : Path
        The file.
    count_known : callable
        How many of a header's names are known.

    Raises
    ------
    FileError
        No regular file, one that is too large, an Excel workbook, an empty sheet, a quote that is not
        closed, a row with more cells than there are names.
    """
    try:
        content = read_file(path, LARGEST_BYTES)
    except OSError as error:
        raise FileError(path, expected="a sample sheet", found=error.strerror or str(error)) from error
    text, notes = _text(path, content)
    first = text.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) <= 5:  # a hint to Excel, which Excel does not show as a row
        text = text.split("\n", 1)[1] if "\n" in text else ""
    separator = max(SEPARATORS, key=lambda mark: _fit(text, mark, count_known))
    rows = [
        (number, [cell.strip() for cell in row])
        for number, row in enumerate(_parse(path, text, separator), start=1)
    ]
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise FileError(path, expected=EXPECTED, found="no row at all")
    return _table(path, filled, content, notes)


def _table(path: Path, filled: list[tuple[int, list[str]]], content: bytes, notes: tuple[str, ...]) -> Cells:
    header = _without_empty_end(filled[0][1])
    rows = []
    for number, row in filled[1:]:
        cells = _without_empty_end(row)
        if len(cells) > len(header):
            raise FileError(
                path,
                expected=f"{len(header)} cells in a row, as in the row of names",
                found=f"{len(cells)} in row {number}",
                remedy="A cell that holds the separator needs quotes, such as a decimal comma between "
                'commas: write 0.5 or "0,5", or separate the cells by semicolons.',
            )
        rows.append((number, (*cells, *("",) * (len(header) - len(cells)))))
    unnamed = [place for place, name in enumerate(header) if not name and any(row[place] for _, row in rows)]
    if unnamed:
        raise FileError(
            path, expected="a name for each column that is used", found=f"none for column {unnamed[0] + 1}"
        )
    return Cells(tuple(header), tuple(rows), content, notes)


def _text(path: Path, content: bytes) -> tuple[str, tuple[str, ...]]:
    if content.startswith((_ZIP, _OLE)):
        raise FileError(
            path,
            expected=EXPECTED,
            found="an Excel workbook or another packed file",
            remedy="In Excel choose File, Save As, and the type “CSV UTF-8”; then give that file.",
        )
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if not encoding and len(content) > 1 and 0 in content[:2]:  # UTF-16 without a mark
        encoding = "utf-16-le" if content[1] == 0 else "utf-16-be"
    notes: tuple[str, ...] = ()
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise FileError(path, expected=EXPECTED, found=f"bytes that are no {encoding}") from None
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise FileError(
                path,
                expected="text in UTF-8",
                found="bytes that are neither UTF-8 nor Windows-1252",
                remedy="Save the sheet as “CSV UTF-8”.",
            ) from None
        notes = (
            "The sample sheet is no UTF-8 and was read as Windows-1252. Where letters look wrong, save it as "
            "“CSV UTF-8”.",
        )
    if "\0" in text:
        raise FileError(path, expected=EXPECTED, found="a file with zero bytes", remedy="Save it as CSV.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _fit(text: str, separator: str, count_known: Callable[[Sequence[str]], int]) -> tuple[int, int]:
    try:
        header = next((row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)), [])
    except csv.Error:
        return (-1, 0)
    return count_known(header), len(header)


def _parse(path: Path, text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise FileError(
            path,
            expected="cells whose quotes are closed",
            found=f"in line {reader.line_num}: {error}",
            remedy="Open the sheet in a spreadsheet and save it as CSV again.",
        ) from error


def _without_empty_end(row: Sequence[str]) -> list[str]:
    cells = list(row)
    while cells and not cells[-1]:
        cells.pop()
    return cells
