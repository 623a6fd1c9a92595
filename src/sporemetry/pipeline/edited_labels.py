"""Reading labels that a person has corrected, with what was counted before."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sporemetry.errors import LabelReadError
from sporemetry.image import ReadSettings, read_plane
from sporemetry.label_image import LabelImage, read_labels


def read_edited(path: Path, spores_before: bytes, reading: ReadSettings) -> LabelImage:
    """Read corrected labels.

    One object of the id 1 in several pieces is a mask only if it was several objects before.

    Raises
    ------
    LabelReadError
        When they cannot be used.
    ImageReadError
        When the file cannot be read at all.
    """
    settings = ReadSettings(max_pixels=reading.max_pixels)
    try:
        read = read_labels(path, settings)
    except LabelReadError as error:
        remedy = _of_a_drawing(error.remedy)
        if remedy == error.remedy:
            raise
        raise LabelReadError(path, expected=error.expected, found=error.found, remedy=remedy) from error
    read = replace(read, notes=tuple(_of_a_drawing(note) for note in read.notes))
    if read.labels.max(initial=0) < 2:
        return read
    stored = read_plane(path, settings).array
    if stored.ndim > 2 or stored.max() != 1:
        return read
    before = object_table(spores_before)
    rows = np.clip(before["centroid-0"].round().astype(int), 0, read.labels.shape[0] - 1)
    columns = np.clip(before["centroid-1"].round().astype(int), 0, read.labels.shape[1] - 1)
    if np.unique(read.labels[rows, columns][read.labels[rows, columns] > 0]).size > 1:
        return read  # a mask: what were several spores has the one value
    return replace(read, labels=(read.labels > 0).astype(np.int32), notes=(), faults=())


def _of_a_drawing(text: str) -> str:
    """Say first what is likely of a value like 255 among ids that a person painted; other texts as they are.

    >>> _of_a_drawing("Set the value 255 to 0. Mark it in ignore/.").partition(";")[0]
    'If these are spores that you drew, give each a number of its own'
    """
    said, found, rest = text.partition("Set the value ")
    if not found:
        return text
    return (
        f"{said}If these are spores that you drew, give each a number of its own; if they are none, "
        f"set the value {rest.partition(' ')[0]} to 0."
    )


def object_table(spores_csv: bytes) -> pd.DataFrame:
    """Return area, place and score of the objects of an image; without rows where they cannot be read."""
    columns = ["area", "centroid-0", "centroid-1", "score"]
    if not spores_csv:
        return pd.DataFrame(columns=columns, dtype=float)
    try:
        return pd.read_csv(io.BytesIO(spores_csv), usecols=columns).astype(float)
    except (ValueError, pd.errors.ParserError):
        return pd.DataFrame(columns=columns, dtype=float)
