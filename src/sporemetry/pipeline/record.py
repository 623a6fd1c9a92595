"""What is known of a finished picture: the small file by which a rerun sees that nothing is left to do.

A record is written last, after the picture's outputs, so a picture without a valid record is not done.
It holds no time and no path of the machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sporemetry.storage import file_sha256, write_atomic

RECORD_FOLDER = ".sporemetry"
# Raise this when the same settings give other outputs than before, so that reruns do not keep old ones.
RECORD_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One finished picture.

    Attributes
    ----------
    image, name : str
        The picture in the tables, and what its outputs begin with.
    input_sha256 : str
        Of everything that was read for it.
    work : str
        What was done: versions and settings in one text; another text means another result.
    outputs : mapping of str to str
        File name in the output folder to SHA-256.
    facts : mapping
        The numbers of the picture from which the tables are made.
    notes : tuple of str
        What the user should know of how the picture was read.
    exports : mapping of str to str
        Files for other programs, as ``outputs``; they are made from the outputs and may change without them.
    """

    image: str
    name: str
    input_sha256: str
    work: str
    outputs: Mapping[str, str]
    facts: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
    exports: Mapping[str, str] = field(default_factory=dict)


def record_path(output: Path, name: str) -> Path:
    """Return where the record of the picture ``name`` lies."""
    return output / RECORD_FOLDER / f"{name}.json"


def spores_path(output: Path, name: str) -> Path:
    """Return where the spore rows of the picture ``name`` lie, as CSV with a header."""
    return output / RECORD_FOLDER / f"{name}.csv"


def write_record(output: Path, record: Record) -> None:
    """Write ``record``, complete or not at all."""
    content = {"format": RECORD_FORMAT, **asdict(record)}
    for name, value in content["facts"].items():
        if isinstance(value, float) and not math.isfinite(value):
            content["facts"][name] = None
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(record_path(output, record.name), text.encode())


def read_record(output: Path, name: str) -> Record | None:
    """Return the record of the picture ``name``, or None when there is none that can be used."""
    try:
        content = json.loads(record_path(output, name).read_bytes())
        if content.pop("format") != RECORD_FORMAT:
            return None
        return Record(**{**content, "notes": tuple(content["notes"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def is_current(record: Record | None, output: Path, *, image: str, input_sha256: str, work: str) -> bool:
    """Tell whether ``record`` is of this input and this work, and its outputs are there, unchanged."""
    if record is None or (record.image, record.input_sha256, record.work) != (image, input_sha256, work):
        return False
    try:
        return all(file_sha256(output / file) == digest for file, digest in record.outputs.items())
    except OSError:
        return False
