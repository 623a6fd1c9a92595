"""Points as truth: one a spore, from a table of one image or many, from ImageJ's point tools or from QuPath.

x and y are those of the upright image, with 0 at its left and top edges: pixel (row, column) covers
column..column + 1 and row..row + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from sporemetry.csv_cells import (
    CellError,
    Cells,
    as_thousands,
    decimal_number,
    has_decimal_comma,
    has_decimal_point,
    read_cells,
)
from sporemetry.errors import FileError, LabelReadError
from sporemetry.exchange.classes import role_of
from sporemetry.exchange.imagej import read_point_rois
from sporemetry.exchange.qupath import read_point_features
from sporemetry.image import PICTURE_SUFFIXES
from sporemetry.names import name_key

SPORE, IGNORE = "spore", "ignore"
_LARGEST_TABLE = 16 << 20  # some 800,000 points: far beyond any image
_MOST_POINTS = 1_000_000
_COLUMNS = ("image", "x", "y", "kind")
_SPORE_WORDS = frozenset({"", SPORE, "spores"})
_PROBLEMS_SHOWN = 5

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PointFile:
    """The points of one image.

    Attributes
    ----------
    spores, ignore : (P, 2) and (Q, 2) float64
        x and y in pixels: of spores, and of what counts neither way.
    notes : tuple of str
        What the user should know of how they were read.
    """

    spores: Points
    ignore: Points
    notes: tuple[str, ...] = ()


def read_points(path: Path, shape: tuple[int, int], rows: Cells | None = None) -> PointFile:
    r"""Read the points of one image.

    Parameters
    ----------
    path : Path
        By its ending: ``.csv`` with the columns x, y and, if there is one, kind (``spore``, which an empty
        cell means too, or ``ignore``; other columns are passed over), as text editors and spreadsheets write
        it; ``.roi`` or ``.zip`` with points of ImageJ, of which those named "ignore" are to be ignored; or
        ``.geojson`` with points, of which those of the class ``Ignore*`` are.
    shape : (int, int)
        Height and width of the upright image.
    rows : Cells, optional
        Of a table of many images, those of this one, as :func:`rows_by_image` gives them.

    Returns
    -------
    PointFile
        No points below the names of the columns, or an empty feature collection, state that there is no
        spore.

    Raises
    ------
    LabelReadError
        When the file cannot be read, is none of these, has no columns x and y, a cell that is no number or no
        kind, an outline where a point is expected, a point outside of the image, or too many of them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.csv"
    ...     _ = file.write_text("x;y;kind\n3,5;4;spore\n7;1;ignore\n")
    ...     found = read_points(file, (10, 20))
    >>> found.spores.tolist(), found.ignore.tolist()
    ([[3.5, 4.0]], [[7.0, 1.0]])
    """
    reader = POINT_READERS.get(path.suffix.lower())
    if reader is None:
        raise LabelReadError(
            path,
            expected=f"a file of points: {', '.join(POINT_READERS)}",
            found=f"the ending {path.suffix!r}",
        )
    places, kinds, notes = reader(path, shape) if rows is None else _points_of(path, rows, shape)
    if len(places) > _MOST_POINTS:
        raise LabelReadError(path, expected=f"at most {_MOST_POINTS:,} points", found=f"{len(places):,}")
    _check_inside(path, places, shape)
    ignored = np.array([kind == IGNORE for kind in kinds], dtype=np.bool_)
    spores = places[~ignored]
    twice = len(spores) - len(np.unique(spores, axis=0))
    if twice:
        notes = (*notes, f"{twice} points lie on others, to the last digit, and were counted all the same")
    return PointFile(spores, places[ignored], notes)


def _check_inside(path: Path, places: Points, shape: tuple[int, int]) -> None:
    height, width = shape
    outside = np.flatnonzero(~((places >= 0) & (places <= [width, height])).all(axis=1))
    if not outside.size:
        return
    turned = ((places >= 0) & (places <= [height, width])).all()
    x, y = places[outside[0]]
    raise LabelReadError(
        path,
        expected=f"points in the image, x up to {width} and y up to {height}",
        found=f"{outside.size:,} of {len(places):,} outside, the first at x = {x:g}, y = {y:g}",
        remedy="They fit the image turned by a quarter: set the points on the upright image, as the EXIF "
        "orientation has it."
        if turned
        else "Points are in pixels of the whole image, not in µm.",
    )


def rows_by_image(path: Path) -> dict[str, Cells]:
    """Part the rows of a table of points by its column ``image``.

    Parameters
    ----------
    path : Path
        A table as :func:`read_points` takes it.

    Returns
    -------
    dict of str to Cells
        By the image's name, without folder and ending; empty where there is no such column, or no row. A row
        without x and y states that its image is known: without other rows it holds no spore.

    Raises
    ------
    LabelReadError
        When the table cannot be read, or a row names no image.
    """
    cells = _read_cells(path)
    names = [name.strip().casefold() for name in cells.header]
    if names.count("image") != 1:
        return {}
    place = names.index("image")
    places = [at for at, name in enumerate(names) if name in ("x", "y")]
    rows: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for number, row in cells.rows:
        name = _image_name(row[place])
        if not name:
            raise LabelReadError(
                path, expected="the name of an image in each row", found=f"none in row {number}"
            )
        of_image = rows.setdefault(name, [])
        if any(row[at].strip() for at in places):
            of_image.append((number, row))
    return {name: replace(cells, rows=tuple(found)) for name, found in rows.items()}


def _image_name(cell: str) -> str:
    r"""Return an image's name without folders, of either system, and without the ending of an image.

    >>> _image_name("plate 1/a.b.jpg"), _image_name("C:\\slides\\a.tif"), _image_name("17-06-13.184")
    ('a.b', 'a', '17-06-13.184')
    """
    path = PureWindowsPath(cell.strip())
    return name_key(path.stem if path.suffix.lower() in PICTURE_SUFFIXES else path.name)


def _read_table(path: Path, shape: tuple[int, int]) -> tuple[Points, Sequence[str], tuple[str, ...]]:
    return _points_of(path, _read_cells(path), shape)


def _read_cells(path: Path) -> Cells:
    try:
        return read_cells(path, _count_known, what="table of points", largest=_LARGEST_TABLE)
    except FileError as error:
        remedy = error.remedy or "For an image without spores the file holds the one line x,y."
        raise LabelReadError(path, expected=error.expected, found=error.found, remedy=remedy) from error


def _points_of(
    path: Path, cells: Cells, shape: tuple[int, int]
) -> tuple[Points, Sequence[str], tuple[str, ...]]:
    names = [name.strip().casefold() for name in cells.header]
    if any(names.count(name) != 1 for name in ("x", "y")) or names.count("kind") > 1:
        raise LabelReadError(
            path,
            expected="a column x and a column y, and at most one called kind",
            found=f"the columns {', '.join(cells.header)[:200]}",
            remedy="The first row holds the names of the columns.",
        )
    columns = [names.index("x"), names.index("y")]
    limits = dict(zip(columns, reversed(shape), strict=True))
    texts = [(row[place], limits[place]) for _, row in cells.rows for place in columns]
    decimal = _decimal_marks(texts, cells.separator)
    kind_place = names.index("kind") if "kind" in names else None
    places, kinds, problems = [], [], []
    for number, row in cells.rows:
        try:
            places.append([_coordinate(row[place], decimal) for place in columns])
            kinds.append(_kind("" if kind_place is None else row[kind_place]))
        except CellError as error:
            problems.append(f"row {number}: {error.expected}. {error.remedy}".rstrip(". "))
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        raise LabelReadError(
            path,
            expected="numbers as x and y, and spore or ignore as kind",
            found="; ".join(problems[:_PROBLEMS_SHOWN]) + (f"; and {more:,} more" if more > 0 else ""),
        )
    return np.array(places, dtype=np.float64).reshape(-1, 2), kinds, cells.notes


def _count_known(header: Sequence[str]) -> int:
    return sum(name.strip().casefold() in _COLUMNS for name in header)


def _decimal_marks(texts: Iterable[tuple[str, int]], separator: str) -> str:
    """Return which marks are decimal for sure.

    Commas are where cells are parted by commas. Else one cell shows it: that is no number otherwise, or that
    would lie outside of the image.
    """
    shown = {"."} if separator == "," else set[str]()
    for text, limit in texts:
        thousands = as_thousands(text)
        if has_decimal_comma(text) or (thousands is not None and "," in text and thousands > limit):
            shown.add(",")
        elif has_decimal_point(text) or (thousands is not None and thousands > limit):
            shown.add(".")
    # A table that has both is not to be trusted with either.
    return shown.pop() if len(shown) == 1 else ""


def _coordinate(text: str, decimal: str) -> float:
    try:
        value = decimal_number(text, decimal=decimal)
    except CellError as error:
        raise CellError(f"{text[:40]!r} is not {error.expected}", error.remedy) from None
    if not np.isfinite(value):
        raise CellError(f"{text[:40]!r} is not a finite number")
    return value


def _kind(text: str) -> str:
    if text.strip().casefold() in _SPORE_WORDS:
        return SPORE
    if role_of(text) == "ignore":
        return IGNORE
    raise CellError(f"the kind {text[:40]!r} is neither {SPORE} nor {IGNORE}")


def _marks(
    path: Path, marks: Iterator[tuple[str, Points]], unless: str
) -> tuple[Points, Sequence[str], tuple[str, ...]]:
    """Join marked points; those whose name or class says so are to be ignored, all others are spores."""
    places, kinds, others = [np.zeros((0, 2))], [], set[str]()
    for label, points in marks:
        role = role_of(label)
        if role not in ("object", "ignore"):
            raise LabelReadError(
                path, expected=f"points of spores, or {unless}", found=f"points called {label[:40]!r}"
            )
        places.append(points)
        kinds += [IGNORE if role == "ignore" else SPORE] * len(points)
        if role == "object" and label:
            others.add(label)
    notes = (f"points of the classes {', '.join(sorted(others)[:10])} were all taken as spores",)
    return np.concatenate(places), kinds, notes if len(others) > 1 else ()


def _read_rois(path: Path, shape: tuple[int, int]) -> tuple[Points, Sequence[str], tuple[str, ...]]:
    del shape
    return _marks(path, read_point_rois(path), "ROIs named ignore")


def _read_features(path: Path, shape: tuple[int, int]) -> tuple[Points, Sequence[str], tuple[str, ...]]:
    del shape
    return _marks(path, read_point_features(path), "of the class Ignore*")


Reader = Callable[[Path, tuple[int, int]], tuple[Points, Sequence[str], tuple[str, ...]]]
POINT_READERS: dict[str, Reader] = {
    ".csv": _read_table,
    ".roi": _read_rois,
    ".zip": _read_rois,
    ".geojson": _read_features,
}
