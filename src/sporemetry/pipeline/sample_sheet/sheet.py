"""The sample sheet: a table that says of images what they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sporemetry.csv_cells import CellError, has_decimal_comma, has_decimal_point, read_cells
from sporemetry.errors import FileError
from sporemetry.pipeline.sample_sheet.columns import (
    NUMBERS,
    PARSERS,
    Column,
    checked_number,
    count_known,
    known_name,
    likely_name,
    parse_number,
    parse_text,
)
from sporemetry.storage import bytes_sha256

# Problems that one message lists before it says how many more there are.
PROBLEMS_MAX = 10
CARRIED_PREFIX = "sheet_"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number in the spreadsheet, which images it is of, and what it says, by our names.

    ``extra`` are the columns that we do not know. What is not said is missing in both.
    """

    number: int
    image: str
    values: Mapping[str, float | str]
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """A sample sheet as read.

    Attributes
    ----------
    path : Path
        The file.
    sha256 : str
        Of its content.
    columns : tuple of str
        The known columns it has, by our names.
    extra : tuple of str
        The other columns, as the tables will name them.
    rows : tuple of SheetRow
        In the order of the sheet.
    notes : tuple of str
        What a user should know of how it was read, a sentence each.
    """

    path: Path
    sha256: str
    columns: tuple[str, ...]
    extra: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    notes: tuple[str, ...] = ()


def read_sample_sheet(path: Path, taken: Sequence[str] = ()) -> SampleSheet:
    """Read a sample sheet; its rows are not yet compared with any image.

    Parameters
    ----------
    path : Path
        The sheet, as CSV: see ``docs/samples.md``.
    taken : sequence of str
        Names of columns of our tables. A column of the sheet that has one of these, and means nothing to
        us, is carried along as ``sheet_<name>``.

    Returns
    -------
    SampleSheet
        Without rows below the names it has none.

    Raises
    ------
    FileError
        When it cannot be read, has no column ``image``, one column twice, or cells that cannot be
        understood; all of these cells are named.
    """
    cells = read_cells(path, count_known)
    columns = [Column(place, name, known_name(name)) for place, name in enumerate(cells.header) if name]
    _check_columns(path, columns)
    known = [column for column in columns if column.known]
    others, notes = _carried([column for column in columns if not column.known], taken)
    points = _has_decimal_points(cells.rows, [column for column in known if column.known in NUMBERS])
    rows, problems = [], []
    for number, row in cells.rows:
        said: dict[str, float | str] = {}
        for column in known:
            text = row[column.place]
            if text and column.known != "image":
                try:
                    if column.known in NUMBERS:
                        said[column.known] = checked_number(column.known, parse_number(text, points=points))
                    else:
                        said[column.known] = PARSERS[column.known](text)
                except CellError as error:
                    problems.append(
                        f"row {number}, column {column.name}: expected {error.expected}; found {text[:80]!r}"
                        f". {error.remedy}".rstrip()
                    )
        image = row[next(column.place for column in known if column.known == "image")]
        extra = {name: parse_text(row[place]) for name, place in others.items() if row[place]}
        if not image:
            problems.append(f"row {number}: no image")
        rows.append(SheetRow(number, image, said, extra))
    raise_problems(path, problems)
    return SampleSheet(
        path,
        bytes_sha256([cells.content]),
        tuple(column.known for column in known if column.known != "image"),
        tuple(others),
        tuple(rows),
        (*cells.notes, *notes, *_odd_values(rows)),
    )


def _has_decimal_points(rows: Sequence[tuple[int, Sequence[str]]], numbers: Sequence[Column]) -> bool:
    """Tell whether a sheet's points are decimal points for sure.

    A number of ours has to show it. A decimal comma anywhere, also in a column that is only carried along,
    says that points part thousands, or that nothing is sure.
    """
    if any(has_decimal_comma(cell) for _, row in rows for cell in row):
        return False
    return any(has_decimal_point(row[column.place]) for _, row in rows for column in numbers)


def raise_problems(path: Path, problems: Sequence[str]) -> None:
    """Raise FileError that lists the problems of a sheet; none, and nothing happens."""
    if not problems:
        return
    shown = "; ".join(problem.rstrip(".") for problem in problems[:PROBLEMS_MAX])
    more = f"; and {len(problems) - PROBLEMS_MAX} more" if len(problems) > PROBLEMS_MAX else ""
    raise FileError(
        path,
        expected="a sample sheet without contradictions or values that cannot be",
        found=shown + more,
        remedy="Correct the sheet and run the command again; nothing was counted or written.",
    )


def _check_columns(path: Path, columns: Sequence[Column]) -> None:
    uses = Counter(column.known or parse_text(column.name).casefold() for column in columns)
    for name, number in uses.items():
        if number > 1:
            written = [
                column.name
                for column in columns
                if (column.known or parse_text(column.name).casefold()) == name
            ]
            raise FileError(
                path,
                expected=f"one column {name}",
                found=f"{number}: {', '.join(written)}",
                remedy="Keep one of them.",
            )
    if "image" not in uses:
        found = ", ".join(column.name for column in columns)[:300]
        raise FileError(
            path,
            expected="a column `image` with names of images",
            found=f"the columns {found}",
            remedy="The first row has to hold the names of the columns. "
            "`sporemetry samples init` writes a sheet to fill in.",
        )


def _carried(columns: Sequence[Column], taken: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Return place by the name that our tables give to unknown columns, and what has to be said of them."""
    ours = {name.casefold() for name in taken}
    others = {parse_text(column.name) for column in columns}
    places: dict[str, int] = {}
    notes: list[str] = []
    renamed: list[str] = []
    for column in columns:
        name = parse_text(column.name)
        if name.casefold() in ours:
            renamed.append(name)
            name = CARRIED_PREFIX + name
            while name.casefold() in ours or name in others:
                name = CARRIED_PREFIX + name
        elif likely := likely_name(name):
            notes.append(
                f"The sample sheet's column `{name}` is not known. It is carried along and changes no "
                f"number. If `{likely}` was meant, rename it."
            )
        places[name] = column.place
    if renamed:
        noun = "column" if len(renamed) == 1 else "columns"
        notes.append(
            f"The sample sheet's {noun} {_listed(renamed)} would have the name of one of ours; carried "
            f"along as `{CARRIED_PREFIX}...`, without changing a number."
        )
    return places, notes


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:PROBLEMS_MAX])
    return f"{shown} and {len(names) - PROBLEMS_MAX} more" if len(names) > PROBLEMS_MAX else shown


def _odd_values(rows: Sequence[SheetRow]) -> Iterator[str]:
    below = [row for row in rows if float(row.values.get("dilution", 1)) < 1]
    if below:
        yield (
            f"The sample sheet has a dilution below 1 (row {below[0].number}: "
            f"{below[0].values['dilution']:g}), which means that the suspension was made denser. "
            "For 1 in 10 the dilution is 10."
        )
