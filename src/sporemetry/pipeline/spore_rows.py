"""``spores.csv`` joined from the images' own rows, a few at a time: a folder may hold millions of spores."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sporemetry.errors import FileError
from sporemetry.measurement import SPORE_COLUMNS
from sporemetry.pipeline.record import Record, spores_path
from sporemetry.report import DigestBuilder

# Rows of so many bytes are read at once: large enough that the cost of a call does not matter, small beside
# what the libraries need.
_CHUNK_BYTES = 1 << 19
# From pandas 3.1 on, floats are read exactly by default, and asking for it is deprecated.
_EXACT_BY_DEFAULT = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
_EXACT_FLOATS: Mapping[str, Any] = {} if _EXACT_BY_DEFAULT else {"float_precision": "round_trip"}
_DIGESTED = (
    *("label", "area", "centroid-0", "centroid-1", "length_px", "width_px", "q", "length_um", "width_um"),
    *("score", "touches_edge", "counted"),
)
_TYPES: Mapping[str, Any] = {
    "image": str,
    "label": np.int64,
    "index": np.int64,
    "touches_edge": bool,
    "counted": bool,
}
SPORES_HEADER = (",".join(SPORE_COLUMNS) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of some images that follow one another: how many each has, and their text without a header."""

    counts: tuple[int, ...]
    content: bytes


def spore_rows(records: Iterable[Record], output: Path) -> Iterator[Rows]:
    """Yield the rows of all ``records``, several images at once.

    No records yield nothing.

    Raises
    ------
    FileError
        When the rows of an image cannot be read.
    """
    counts: list[int] = []
    parts: list[bytes] = []
    size = 0
    for record in records:
        counts.append(int(record.facts["spores"]))
        if counts[-1]:
            parts.append(_read(spores_path(output, record.name)).split(b"\n", 1)[1])
            size += len(parts[-1])
        if size >= _CHUNK_BYTES:
            yield Rows(tuple(counts), b"".join(parts))
            counts, parts, size = [], [], 0
    if counts:
        yield Rows(tuple(counts), b"".join(parts))


def digested(rows: Iterable[Rows], builder: DigestBuilder) -> Iterator[bytes]:
    """Yield the text of ``spores.csv`` in pieces, and give ``builder`` the spores on the way."""
    yield SPORES_HEADER
    for each in rows:
        builder.add(each.counts, parse_rows(SPORES_HEADER + each.content, _DIGESTED))
        yield each.content


def parse_rows(content: bytes, columns: Sequence[str] = SPORE_COLUMNS) -> pd.DataFrame:
    """Return rows of ``spores.csv``, with its header, as a table; numbers are exactly those written."""
    table: pd.DataFrame = pd.read_csv(
        io.BytesIO(content),
        usecols=list(columns),
        dtype={name: _TYPES.get(name, np.float64) for name in columns},
        keep_default_na=False,
        na_values={name: [""] for name in SPORE_COLUMNS if name != "image"},
        **_EXACT_FLOATS,
    )
    return table


def read_spores(path: Path, summary: pd.DataFrame) -> pd.DataFrame:
    """Return ``spores.csv`` as a table.

    The column ``image`` is taken from the summary: in the file, names that a spreadsheet would run are
    escaped.

    Raises
    ------
    FileError
        When the file cannot be read, or is not that of the summary.
    """
    spores = parse_rows(_read(path))
    if len(spores) != summary["spores"].sum():
        raise FileError(
            path,
            expected=f"{summary['spores'].sum():,} rows, as many as the summary has spores",
            found=f"{len(spores):,}",
            remedy="Run the same command again, which writes what was changed.",
        )
    names = np.repeat(summary["image"].to_numpy(dtype=object), summary["spores"].to_numpy(dtype=np.int64))
    return spores.assign(image=names)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(
            path,
            expected="a table of spores that can be read",
            found=error.strerror or str(error),
            remedy="Run the same command again, which writes what is missing.",
        ) from error
