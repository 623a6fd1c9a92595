"""Tables and figures put into the marked places of a Markdown page that somebody writes around them.

A place is ``<!-- paper SCALE DATA WHAT -->`` and ``<!-- /paper -->``, each on a line of its own; what lies
between them is replaced. Places of another scale or data set are left as they are, so that one page can be
filled from several folders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sporemetry.errors import LabelReadError
from sporemetry.paper.experiments import ALIASES, EXPERIMENTS
from sporemetry.paper.figure_style import FIGURES
from sporemetry.paper.table import TABLES
from sporemetry.storage import make_folder, write_atomic

_BEGIN, _END = "<!-- paper {} {} {} -->", "<!-- /paper -->"
_BEGINS = re.compile(r"<!-- paper +(\S+) +(\S+) +(\S+) -->")
_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """What became of a page.

    Attributes
    ----------
    files : tuple of Path
        The page and the figures beside it, as written.
    empty : tuple of str
        Names of marked places of which nothing was drawn yet; they are as they were.
    """

    files: tuple[Path, ...]
    empty: tuple[str, ...]


@dataclass(slots=True)
class Part:
    """Lines of a page: those of a place, or those between two.

    Attributes
    ----------
    place : tuple of str
        Scale, data and what is drawn; () between places.
    lines : list of str
        Without those that mark the place.
    """

    place: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)


def read_parts(page: Path) -> list[Part]:
    """Return the parts of a page, in order.

    Raises
    ------
    LabelReadError
        When the page cannot be read, or a place is not closed or asks for what there is not.
    """
    parts = [Part()]
    number = 0
    for number, line in enumerate(_read(page).splitlines(), start=1):
        inside = bool(parts[-1].place)
        if begins := _BEGINS.fullmatch(line):
            if inside:
                raise _wrong(page, number, f"{_END} before the next place", "another place")
            if begins[3] not in EXPERIMENTS:
                hint = f"; {begins[3]} is in {ALIASES[begins[3]]}" if begins[3] in ALIASES else ""
                raise _wrong(page, number, f"one of {', '.join(EXPERIMENTS)}{hint}", begins[3])
            parts.append(Part(place=begins.groups()))
        elif line == _END:
            if not inside:
                raise _wrong(page, number, "a place that was begun", _END)
            parts.append(Part())
        else:
            parts[-1].lines.append(line)
    if parts[-1].place:
        raise _wrong(page, number, f"{_END} after the last place", "the end of the page")
    return parts


def insert(page: Path, output: Path, scale: str, data: str) -> Inserted:
    """Fill the marked places of a page from the tables and figures of a folder.

    Figures are copied into a folder beside the page that has its name, as ``SCALE-DATA-WHAT.png``.

    Parameters
    ----------
    page : Path
        A Markdown file in UTF-8.
    output : Path
        The folder of tables and figures.
    scale, data : str
        Of the folder: only places of both are filled.

    Raises
    ------
    LabelReadError
        When the page cannot be read, or a place is not closed or asks for what there is not; the page is
        left as it was.
    OutputError
        When a file cannot be written.
    """
    lines: list[str] = []
    figures: dict[Path, bytes] = {}
    empty: list[str] = []
    for part in read_parts(page):
        new: list[str] = []
        if part.place[:2] == (scale, data):
            new = _drawn(part.place[2], page, output, f"{scale}-{data}", figures)
            empty += [] if new else [part.place[2]]
        inner = new or part.lines
        lines += [_BEGIN.format(*part.place), *inner, _END] if part.place else inner
    if figures:
        make_folder(page.parent / page.stem)
    for path, content in figures.items():
        write_atomic(path, content)
    write_atomic(page, ("\n".join(lines) + "\n").encode())
    return Inserted(files=(page, *figures), empty=tuple(empty))


def _drawn(name: str, page: Path, output: Path, prefix: str, figures: dict[Path, bytes]) -> list[str]:
    """Return the lines of a table and figure, and note the figure's copy; nothing where neither is there."""
    table, figure = output / TABLES / f"{name}.md", output / FIGURES / f"{name}.png"
    lines = ["", *table.read_text(encoding="utf-8").rstrip().splitlines(), ""] if table.is_file() else []
    if figure.is_file():
        copy = page.parent / page.stem / f"{prefix}-{name}.png"
        figures[copy] = figure.read_bytes()
        lines += [*([] if lines else [""]), f"![{name}]({page.stem}/{copy.name})", ""]
    return lines


def _read(page: Path) -> str:
    try:
        with page.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError(f"more than {_LARGEST >> 20} MiB")
        return content.decode("utf-8")
    except (OSError, ValueError) as error:
        raise LabelReadError(page, expected="a Markdown page in UTF-8", found=str(error)[:200]) from error


def _wrong(page: Path, line: int, expected: str, found: str) -> LabelReadError:
    remedy = f"A place is <!-- paper SCALE DATA WHAT --> and {_END}, each on a line of its own."
    return LabelReadError(page, expected=expected, found=f"{found} in line {line}", remedy=remedy)
