"""Tables as CSV files: one form for every file that the program writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sporemetry.printable import spreadsheet_cell


def csv_bytes(table: pd.DataFrame, *, float_format: str = "%.8g") -> bytes:
    """Return a table as CSV: UTF-8, comma, point, a header even with no rows, unknown numbers empty.

    Text, headings too, is written as :func:`sporemetry.printable.spreadsheet_cell` gives it.

    Parameters
    ----------
    table : DataFrame
        The index is not written.
    float_format : str
        Of the numbers with fractions.

    Examples
    --------
    >>> print(csv_bytes(pd.DataFrame({"image": ["=1+1.jpg"], "change": [-0.5]})).decode(), end="")
    image,change
    '=1+1.jpg,-0.5
    """
    safe = table.rename(columns=lambda name: spreadsheet_cell(str(name)))
    for place, kind in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            values = [_cell(value) for value in table.iloc[:, place]]
            safe.isetitem(place, np.array(values, dtype=object))
    text: str = safe.to_csv(index=False, float_format=float_format, lineterminator="\n")
    return text.encode()


def csv_rows(rows: Iterable[Sequence[object]], *, float_format: str = "%.8g") -> bytes:
    """Return rows, the first of them the headings, as CSV in the form of :func:`csv_bytes`.

    Examples
    --------
    >>> print(csv_rows([("image", "change"), ("@1.jpg", -0.5)]).decode(), end="")
    image,change
    '@1.jpg,-0.5
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(
            [float_format % float(value) if isinstance(value, float) else _cell(value) for value in row]
        )
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return spreadsheet_cell(value) if isinstance(value, str) else value
