"""What is known of a finished picture: the small file by which a rerun sees that nothing is left to do.

A record is written last, after the picture's outputs, so a picture without a valid record is not done.
It holds no time and no path of the machine. When read it is text from outside: whatever is not of the form
that we write makes it no record.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

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
# Of the facts that tables, report and cautions count with; others are carried, if they are plain values.
_WHOLE_FACTS = ("width_px", "height_px", "field_area_px", "spores", "counted")
_POSITIVE_FACTS = ("um_per_px", "spore_length_px")
_LONGEST_TEXT = 4096
_LARGEST_WHOLE = 2**53


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
    except (ValueError, TypeError, KeyError, AttributeError):
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
    _check_text(fields["image"], fields["work"], *fields["notes"])
    if not isinstance(fields["notes"], list) or not _SHA256.fullmatch(fields["input_sha256"]):
        raise ValueError("notes or hash")
    _check_facts(fields["facts"])
    return Record(**{**fields, "notes": tuple(fields["notes"])})


def _check_files(files: object, allowed: set[str]) -> None:
    if not isinstance(files, dict) or not files.keys() <= allowed:
        raise ValueError("files that are not of this image")
    if not all(isinstance(each, str) and _SHA256.fullmatch(each) for each in files.values()):
        raise ValueError("no hash")


def _check_text(*values: object) -> None:
    if not all(isinstance(value, str) and len(value) <= _LONGEST_TEXT for value in values):
        raise ValueError("no text")


def _check_facts(facts: object) -> None:
    if not isinstance(facts, dict):
        raise TypeError("facts")
    if not isinstance(facts["scale_source"], str) or not isinstance(facts["field"], str):
        raise TypeError("scale_source, field")
    share = facts["left_out_share"]
    if not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ValueError("left_out_share")
    for key, value in facts.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(key)
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, (dict, list)):
            raise ValueError(key)
    for key in _WHOLE_FACTS:
        value = facts[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_WHOLE:
            raise ValueError(key)
    for key in _POSITIVE_FACTS:
        value = facts[key]
        if value is not None and (isinstance(value, (bool, str)) or not value > 0):
            raise ValueError(key)


def is_current(record: Record | None, output: Path, *, image: str, input_sha256: str, work: str) -> bool:
    """Tell whether ``record`` is of this input and this work, and its outputs are there, unchanged."""
    if record is None or (record.image, record.input_sha256, record.work) != (image, input_sha256, work):
        return False
    try:
        return all(
            plain_sha256(output / file) == digest
            for files in (record.outputs, record.edited)
            for file, digest in files.items()
        )
    except OSError:
        return False


def plain_sha256(path: Path) -> str:
    """Return the SHA-256 of a plain file; OSError for a link or anything else."""
    with open_plain(path) as file:
        return stream_sha256(file)
