"""How a folder of results was counted: the settings of the whole job, typed, for a later ``measure`` of it.

The manifest says the same in words for people. This record is read back; like every file of a folder it comes
from outside, so what is not of the form that we write makes it no record.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sporemetry.counting import EDGE_RULES
from sporemetry.errors import SettingsError
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS
from sporemetry.image import ReadSettings
from sporemetry.pipeline.facts import check_number, check_text
from sporemetry.pipeline.settings import CountingSettings, CountSettings
from sporemetry.pipeline.stated import NOTHING_STATED, Stated
from sporemetry.results_folder import JOB, RECORD_FOLDER, open_plain
from sporemetry.storage import write_atomic

_FORMAT = 1
_LARGEST = 64 << 20
_LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """The settings of a finished job, and its images.

    Attributes
    ----------
    verb : str
        ``count`` or ``measure``.
    edge_rule : str
        A key of :data:`sporemetry.counting.EDGE_RULES`.
    counting : CountingSettings
        Samples, chamber, dilution, confidence.
    page, projection, max_pixels
        How the images were read: see :class:`sporemetry.image.ReadSettings`.
    names : tuple of str
        What the outputs of each image begin with, in the order of the tables.
    stated : mapping of str to Stated
        What a sample sheet or levels stated of an image, by its name; others are not in it.
    """

    verb: str
    edge_rule: str
    counting: CountingSettings
    page: int | None = None
    projection: str | None = None
    max_pixels: int = DEFAULT_MAX_PIXELS
    names: tuple[str, ...] = ()
    stated: Mapping[str, Stated] = field(default_factory=dict)


def job_record_path(output: Path) -> Path:
    """Return where the record of the job lies."""
    return output / RECORD_FOLDER / JOB


def write_job_record(
    output: Path,
    settings: CountSettings,
    *,
    verb: str,
    names: Sequence[str],
    stated: Mapping[str, Stated] | None = None,
) -> None:
    """Write the record of a job, complete or not at all; one that is right already is left as it is.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    reading = settings.picture.reading
    content = {
        "format": _FORMAT,
        "verb": verb,
        "edge_rule": settings.picture.edge_rule,
        "page": reading.page,
        "projection": reading.projection,
        "max_pixels": reading.max_pixels,
        "counting": asdict(settings.counting),
        "names": list(names),
        "stated": {name: _as_stated(each) for name, each in (stated or {}).items()},
    }
    text = (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    path = job_record_path(output)
    if _is(path, text):
        return
    write_atomic(path, text)


def _is(path: Path, text: bytes) -> bool:
    try:
        with open_plain(path) as file:
            return file.read(len(text) + 1) == text
    except OSError:
        return False


def read_job_record(output: Path) -> JobRecord | None:
    """Return how ``output`` was counted, or None when there is no record of it that can be used."""
    path = job_record_path(output)
    try:
        if not path.is_file() or path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        return _checked(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError, SettingsError):
        return None


def _checked(content: object) -> JobRecord:
    if not isinstance(content, dict) or content["format"] != _FORMAT:
        raise ValueError("another format")
    names = content["names"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("names")
    if any(not name or len(name) > _LONGEST_NAME for name in names):
        raise ValueError("names")
    if content["verb"] not in ("count", "measure") or content["edge_rule"] not in EDGE_RULES:
        raise ValueError("verb or edge rule")
    reading = ReadSettings(
        page=content["page"], projection=content["projection"], max_pixels=content["max_pixels"]
    )
    return JobRecord(
        verb=content["verb"],
        edge_rule=content["edge_rule"],
        counting=_counting(content["counting"]),
        page=reading.page,
        projection=reading.projection,
        max_pixels=reading.max_pixels,
        names=tuple(names),
        stated=_all_stated(content["stated"]),
    )


def _counting(content: object) -> CountingSettings:
    """Return settings of which each value is of its own type: JSON's true is no dilution."""
    if not isinstance(content, Mapping) or set(content) != {field.name for field in fields(CountingSettings)}:
        raise ValueError("counting")
    return CountingSettings(**_typed_fields(content, CountingSettings))


def _as_stated(stated: Stated) -> dict[str, Any]:
    """Return what is stated without what is not."""
    content = asdict(stated)
    return {name: content[name] for name in content if content[name] != getattr(NOTHING_STATED, name)}


def _all_stated(content: object) -> dict[str, Stated]:
    if not isinstance(content, dict):
        raise TypeError("stated")
    return {name: _stated(each) for name, each in content.items()}


def _stated(content: object) -> Stated:
    if not isinstance(content, dict):
        raise TypeError("stated")
    columns = content.get("extra", [])
    if not isinstance(columns, list):
        raise TypeError("columns of a sheet")
    extra = []
    for pair in columns:
        name, value = pair
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("columns of a sheet")
        check_text(name, value)
        extra.append((name, value))
    known = {name: value for name, value in content.items() if name != "extra"}
    stated = Stated(**_typed_fields(known, Stated), extra=tuple(extra))
    ReadSettings(um_per_px=stated.um_per_px)
    return stated


def _typed_fields(content: Mapping[str, object], kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: _typed(value, hints[name]) for name, value in content.items()}


def _typed(value: object, hint: Any) -> Any:
    kinds = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        check_number("number", value)
    if type(value) is int and float in kinds:
        return float(value)
    if not any(type(value) is kind for kind in kinds):
        raise TypeError(f"{value!r} is not of {hint}")
    return value
