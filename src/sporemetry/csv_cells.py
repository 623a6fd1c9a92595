"""From the bytes of a CSV file to its cells and numbers, as spreadsheets write them.

The sample sheet and tables of points are read by it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sporemetry.errors import FileError
from sporemetry.guarded_file import read_file

LARGEST_BYTES = 64 << 20
SEPARATORS = (",", ";", "\t", "|")
NO_NUMBER = "a number"
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
_AMBIGUOUS = re.compile(r"[+-]?([1-9]\d{0,2})([.,])(\d{3})")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


class CellError(ValueError):
    """A cell that cannot be understood: what was expected, and what to do."""

    def __init__(self, expected: str, remedy: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.remedy = remedy


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
    separator : str
        What parts the cells.
    notes : tuple of str
        What had to be guessed, a sentence each.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    content: bytes
    separator: str
    notes: tuple[str, ...] = ()


def read_cells(
    path: Path,
    count_known: Callable[[Sequence[str]], int],
    *,
    what: str = "sample sheet",
    largest: int = LARGEST_BYTES,
) -> Cells:
    """Read a sheet.

    UTF-8, UTF-16 and UTF-32 are told by their mark or their zero bytes; what is no UTF-8 is read as
    Windows-1252, and a note says so. The separator is the one by which most names of the header are known.

    Parameters
    ----------
    path : Path
        The file.
    count_known : callable
        How many of a header's names are known.
    what : str
        What the file is, for messages.
    largest : int
        Most bytes.

    Raises
    ------
    FileError
        No regular file, one that is too large, an Excel workbook, an empty sheet, a quote that is not
        closed, a row with more cells than there are names.
    """
    try:
        content = read_file(path, largest)
    except OSError as error:
        raise FileError(path, expected=f"a {what}", found=error.strerror or str(error)) from error
    text, notes = _text(path, content, what)
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
    header, body = _table(path, filled)
    return Cells(header, body, content, separator, notes)


def has_decimal_comma(text: str) -> bool:
    """Tell whether a cell holds a number that has a decimal comma.

    >>> has_decimal_comma("0,5"), has_decimal_comma("1,000"), has_decimal_comma("a, b")
    (True, False, False)
    """
    return "," in text and bool(_NUMBER.fullmatch(text)) and not _AMBIGUOUS.fullmatch(text)


def has_decimal_point(text: str) -> bool:
    """Tell whether a cell holds a number whose point cannot part thousands.

    >>> has_decimal_point("0.5"), has_decimal_point("1.000"), has_decimal_point("v1.2")
    (True, False, False)
    """
    return "." in text and bool(_NUMBER.fullmatch(text)) and not _AMBIGUOUS.fullmatch(text)


def unambiguous(text: str) -> str:
    """Return a decimal number so that no one can take its point, or its comma, for one that parts thousands.

    >>> unambiguous("1.125"), unambiguous("0.125"), unambiguous("1.25")
    ('1.1250', '0.125', '1.25')
    """
    return f"{text}0" if _AMBIGUOUS.fullmatch(text) else text


def as_thousands(text: str) -> float | None:
    """Return what a cell is if its point or comma parts thousands; None where it cannot.

    >>> as_thousands("1.125"), as_thousands("12,000"), as_thousands("1.25"), as_thousands("1125")
    (1125.0, 12000.0, None, None)
    """
    mark = _AMBIGUOUS.fullmatch(text)
    return None if mark is None else float(mark[1] + mark[3])


def decimal_number(text: str, *, decimal: str = "") -> float:
    """Return a number that has a decimal point or comma; it may be negative, or infinite (``1e999``).

    Parameters
    ----------
    text : str
        The cell.
    decimal : str
        Which of ``.`` and ``,`` are known to be decimal marks: else ``1.000`` may be a thousand.

    Raises
    ------
    CellError
        No number, or one that may be a thousand or one: ``1,000``, ``1.000``.

    Examples
    --------
    >>> decimal_number("-0,25"), decimal_number("0.250"), decimal_number("1.000", decimal=".")
    (-0.25, 0.25, 1.0)
    """
    compact = text.replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    mark = _AMBIGUOUS.fullmatch(compact)
    if mark is not None and mark[2] not in decimal:
        whole, rest = mark[1], mark[3]
        fraction = unambiguous(f"{whole}.{rest}".rstrip("0").rstrip("."))
        raise CellError("a number that can be read in one way", f"Write {whole}{rest}, or {fraction}.")
    if not _NUMBER.fullmatch(compact):
        raise CellError(NO_NUMBER)
    return float(compact.replace(",", "."))


def _table(
    path: Path, filled: list[tuple[int, list[str]]]
) -> tuple[tuple[str, ...], tuple[tuple[int, tuple[str, ...]], ...]]:
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
    return tuple(header), tuple(rows)


def _text(path: Path, content: bytes, what: str) -> tuple[str, tuple[str, ...]]:
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
            f"The {what} is no UTF-8 and was read as Windows-1252. Where letters look wrong, save it as "
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
