"""What is known of a finished picture: the small file by which a rerun sees that nothing is left to do.

A record is written last, after the picture's outputs, so a picture without a valid record is not done.
It holds no time and no path of the machine. When read it is text from outside: whatever is not of the form
that we write makes it no record.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sporemetry.pipeline.facts import check_facts, check_text
from sporemetry.printable import printable
from sporemetry.results_folder import (
    LARGEST_RECORD,
    OUTPUT_ENDINGS,
    RECORD_ENDING,
    is_output_name,
    open_plain,
    read_small_json,
)
from sporemetry.results_folder import RECORD_FOLDER as RECORD_FOLDER
from sporemetry.storage import stream_sha256, write_atomic

# Raise this when the same settings give other outputs than before, so that reruns do not keep old ones.
RECORD_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_AT_ONCE = 1 << 20


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
    edited : mapping of str to str
        Files that a person changed, as they were when they were measured. They are not ours any more:
        never replaced, never deleted.
    """

    image: str
    name: str
    input_sha256: str
    work: str
    outputs: Mapping[str, str]
    facts: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
    exports: Mapping[str, str] = field(default_factory=dict)
    edited: Mapping[str, str] = field(default_factory=dict)


def record_path(output: Path, name: str) -> Path:
    """Return where the record of the picture ``name`` lies."""
    return output / RECORD_FOLDER / f"{name}{RECORD_ENDING}"


def spores_path(output: Path, name: str) -> Path:
    """Return where the spore rows of the picture ``name`` lie, as CSV with a header."""
    return output / RECORD_FOLDER / f"{name}.csv"


def kept_overlay_path(output: Path, name: str) -> Path:
    """Return where our outlined image lies when the one beside the report was changed by someone."""
    return output / RECORD_FOLDER / f"{name}.jpg"


def write_record(output: Path, record: Record) -> None:
    """Write ``record``, complete or not at all."""
    content = {"format": RECORD_FORMAT, **asdict(record)}
    for name, value in content["facts"].items():
        if isinstance(value, float) and not math.isfinite(value):
            content["facts"][name] = None
    content["notes"] = [printable(note) for note in record.notes]
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(record_path(output, record.name), text.encode("utf-8", "backslashreplace"))


def read_record(output: Path, name: str) -> Record | None:
    """Return the record of the image ``name``, or None when there is none that can be used.

    Its names are checked to be those of this image's own files in ``output``, so that nothing else can be
    read, replaced or deleted through them.
    """
    content = read_small_json(record_path(output, name), LARGEST_RECORD)
    try:
        return _checked(content, name)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _checked(content: object, name: str) -> Record | None:
    """Return what was read as a record of the image ``name``; None for one of another format.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it is not of the form that we write.
    """
    if not isinstance(content, dict) or content.get("format") != RECORD_FORMAT:
        return None
    fields = {key: value for key, value in content.items() if key != "format"}
    if fields["name"] != name or not is_output_name(name):
        raise ValueError("the name of another image")
    own = {name + ending for ending in OUTPUT_ENDINGS}
    own_outputs = own | {f"{RECORD_FOLDER}/{name}{ending}" for ending in (".csv", ".jpg")}
    _check_files(fields["outputs"], own_outputs)
    _check_files(fields.get("exports", {}), own)
    _check_files(fields.get("edited", {}), own)
    check_text(fields["image"], fields["work"], *fields["notes"])
    if not isinstance(fields["notes"], list) or not _SHA256.fullmatch(fields["input_sha256"]):
        raise ValueError("notes or hash")
    check_facts(fields["facts"])
    if fields["facts"]["spores"] and f"{RECORD_FOLDER}/{name}.csv" not in fields["outputs"]:
        raise ValueError("spores without rows")
    return Record(**{**fields, "notes": tuple(fields["notes"])})


def _check_files(files: object, allowed: set[str]) -> None:
    if not isinstance(files, dict) or not files.keys() <= allowed:
        raise ValueError("files that are not of this image")
    if not all(isinstance(each, str) and _SHA256.fullmatch(each) for each in files.values()):
        raise ValueError("no hash")


def is_current(record: Record | None, output: Path, *, image: str, input_sha256: str, work: str) -> bool:
    """Tell whether ``record`` is of this input and this work, and its outputs are there, unchanged.

    The spores that it tells of are as many as their rows.
    """
    if record is None or (record.image, record.input_sha256, record.work) != (image, input_sha256, work):
        return False
    rows = f"{RECORD_FOLDER}/{record.name}.csv"
    try:
        for files in (record.outputs, record.edited):
            for file, digest in files.items():
                if file == rows and record.facts["spores"] != _rows_of(output / file, digest):
                    return False
                if file != rows and plain_sha256(output / file) != digest:
                    return False
    except OSError:
        return False
    return True


def _rows_of(path: Path, digest: str) -> int | None:
    """Return how many rows a table has below its header; None where it is not that of ``digest``."""
    found, lines = hashlib.sha256(), 0
    with open_plain(path) as file:
        while part := file.read(_READ_AT_ONCE):
            found.update(part)
            lines += part.count(b"\n")
    return max(lines - 1, 0) if found.hexdigest() == digest else None


def plain_sha256(path: Path) -> str:
    """Return the SHA-256 of a plain file; OSError for a link or anything else."""
    with open_plain(path) as file:
        return stream_sha256(file)
