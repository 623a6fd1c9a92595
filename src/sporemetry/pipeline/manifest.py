"""The manifest, written piece by piece: of 30,000 images it holds over 100,000 hashes."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sporemetry.storage import write_pieces

_FINISHED = re.compile(rb'"finished": "([0-9T:+-]+)"\s*\}\s*\Z')
_LINES_AT_ONCE = 1000


def write_manifest(path: Path, content: Mapping[str, object], *, changed: bool) -> None:
    """Write ``content`` and the time as JSON, unless the file says the same but for the time.

    Parameters
    ----------
    path : Path
        The file.
    content : mapping
        What it says, in its order, without the time.
    changed : bool
        Whether other results were written: then the time is of now in any case.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    before = None if changed else _finished_before(path)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if before is not None and _is(path, content, before):
        return
    write_pieces(path, manifest_pieces({**content, "finished": now}))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with a text each, too many to be held as an object; each call of ``source`` yields them all."""

    source: Callable[[], Iterable[tuple[str, str]]]


def manifest_pieces(content: Mapping[str, object]) -> Iterator[bytes]:
    """Yield ``content``, which is not empty, as indented JSON in pieces; :class:`Pairs` become an object.

    >>> parts = {"a": 1, "b": {"c": [2]}, "d": Pairs(lambda: [("e", "f"), ("g", "h")]), "i": Pairs(list)}
    >>> whole = json.dumps({**parts, "d": {"e": "f", "g": "h"}, "i": {}}, indent=1) + chr(10)
    >>> b"".join(manifest_pieces(parts)).decode() == whole
    True
    """
    before = "{\n"
    for key, value in content.items():
        yield _encoded(before)
        if isinstance(value, Pairs):
            yield from _pairs_pieces(key, value)
        else:
            yield _encoded(json.dumps({key: value}, indent=1, ensure_ascii=False)[2:-2])
        before = ",\n"
    yield b"\n}\n"


def _pairs_pieces(key: str, pairs: Pairs) -> Iterator[bytes]:
    yield _encoded(f" {_text(key)}: {{")
    lines: list[str] = []
    before = "\n"
    for name, text in pairs.source():
        lines.append(f"{before}  {_text(name)}: {_text(text)}")
        before = ",\n"
        if len(lines) >= _LINES_AT_ONCE:
            yield _encoded("".join(lines))
            lines.clear()
    yield _encoded("".join(lines) + ("}" if before == "\n" else "\n }"))


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _finished_before(path: Path) -> str | None:
    """Return the time that the file says, or None where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200))
            found = _FINISHED.search(file.read())
    except OSError:
        return None
    return None if found is None else found[1].decode()


def _is(path: Path, content: Mapping[str, object], finished: str) -> bool:
    try:
        with path.open("rb") as file:
            pieces = manifest_pieces({**content, "finished": finished})
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
    except OSError:
        return False
