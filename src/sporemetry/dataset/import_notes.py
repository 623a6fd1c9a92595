"""``import_notes.csv``: everything that an import has not taken over as it stood, one row each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sporemetry.csv_table import csv_rows

NOTES_NAME = "import_notes.csv"
NOTES_COLUMNS = ("image", "kind", "note")


class Note(NamedTuple):
    """One row.

    Attributes
    ----------
    image : str
        The image's name; empty for the source as a whole.
    kind : str
        ``note``, or ``left out`` for an image that is not in the data set.
    text : str
        What was found and what was done.
    """

    image: str
    kind: str
    text: str


def format_notes(notes: Iterable[Note]) -> bytes:
    r"""Return the table; without notes, its header.

    Examples
    --------
    >>> format_notes([Note("=1+1", "note", "2 boxes")])
    b"image,kind,note\n'=1+1,note,2 boxes\n"
    """
    return csv_rows([NOTES_COLUMNS, *notes])
