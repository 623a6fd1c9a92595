"""A sample sheet to fill in, with what folders, names and files already tell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from sporemetry.csv_cells import unambiguous
from sporemetry.errors import OutputError, SporemetryError
from sporemetry.image import ReadSettings, read_image
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.levels import LevelPattern, level_pattern
from sporemetry.printable import spreadsheet_cell

HEADER = (
    "image",
    "sample",
    "suspension",
    "treatment",
    "dilution",
    "um_per_px",
    "chamber",
    "square",
    "squares",
)
# In this order the first that all paths have is the guess.
_GUESSES = (
    "treatment/suspension/image",
    "suspension/image",
    "treatment_suspension_image",
    "suspension_image",
)


def guess_levels(images: Sequence[str]) -> LevelPattern | None:
    """Return the levels that the paths of all images have, or None.

    Examples
    --------
    >>> guess_levels(["T1/a/1.jpg", "T2/a/1.jpg"]).text, guess_levels(["T1_a_1.jpg", "T1_b_1.jpg"]).text
    ('treatment/suspension/image', 'treatment_suspension_image')
    >>> print(guess_levels(["1.jpg", "2.jpg"]))
    None
    """
    paths = [PurePosixPath(image) for image in images]
    for text in _GUESSES:
        pattern = level_pattern(text)
        if paths and all(pattern.find(path) is not None for path in paths):
            return pattern
    return None


def sheet_template(
    tasks: Sequence[PictureTask],
    levels: LevelPattern | None,
    *,
    semicolons: bool = False,
    on_image: Callable[[], None] = lambda: None,
) -> bytes:
    """Return a sheet with a row an image, as a spreadsheet opens it: with a mark of UTF-8.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The images; none gives the names of the columns only.
    levels : LevelPattern or None
        Where paths have their levels; those that do not fit stay without.
    semicolons : bool
        Whether cells are separated by semicolons and numbers have decimal commas.
    on_image : callable
        Called after each image.

    Returns
    -------
    bytes
        The scale is filled in where a file states it; a file that cannot be read stays without one.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if semicolons else ",", lineterminator="\r\n")
    writer.writerow(HEADER)
    for task in tasks:
        found = (levels.find(PurePosixPath(task.image)) if levels else None) or {}
        scale = _scale(task.source)
        row = {**found, "image": task.image, "um_per_px": scale.replace(".", ",") if semicolons else scale}
        writer.writerow([spreadsheet_cell(row.get(name, "")) for name in HEADER])
        on_image()
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet.

    Raises
    ------
    OutputError
        When something of that name exists, or the file cannot be written; nothing is left of it then.
    """
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise OutputError(
            path,
            expected="a name that is free: a sheet that was filled in is never replaced",
            found="a file of that name",
            remedy="Choose another name with -o, or move the file.",
        ) from error
    except OSError as error:
        raise OutputError(
            path,
            expected="a place where a file can be written",
            found=error.strerror or str(error),
            remedy="Choose another place with -o.",
        ) from error


def _scale(path: Path) -> str:
    try:
        scale = read_image(path, ReadSettings()).um_per_px
    except (SporemetryError, OSError, MemoryError):
        return ""
    return "" if scale is None else unambiguous(f"{scale:.8g}")
