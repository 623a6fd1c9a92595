"""Whose a file in the output folder is: ours only if we know that we wrote just these bytes.

Known are the hashes in an image's record and in the manifest. Files are written before these say so; hence
the hash of what will be written goes into an intent first. After a kill at any moment each file fits the
record, the intent, or neither, and then it is not ours: it is never replaced and never deleted.
"""

from __future__ import annotations

import enum
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sporemetry.errors import ForeignFileError
from sporemetry.pipeline.record import Record
from sporemetry.results_folder import (
    INTENT_ENDING,
    LARGEST_RECORD,
    OUTPUT_ENDINGS,
    RECORD_FOLDER,
    TABLES,
    TABLES_INTENT,
    open_plain,
    read_small_json,
)
from sporemetry.storage import bytes_sha256, stream_sha256, write_atomic

_FORMAT = 1
# More than any result has; a file may be a terabyte of nothing, which to hash takes an hour.
_LARGEST_OUTPUT = 8 << 30
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Standing(enum.Enum):
    """How a file in the output folder stands to us."""

    ABSENT = "absent"
    OURS = "ours"
    """It holds just what we wrote."""
    CHANGED = "changed"
    """We wrote a file of this name, and it holds something else now: a person's work."""
    FOREIGN = "foreign"
    """We wrote no file of this name; or it is a link, a folder or the like."""


class Claims:
    """Files of which we know that we wrote them.

    Parameters
    ----------
    output : Path
        The output folder.
    known : mapping of str to iterable of str
        File name to the SHA-256 that it can have if it is ours. A name without a hash is one that we wrote
        and a person changed.
    intent : Path
        Where the intent to write is kept.
    """

    def __init__(self, output: Path, known: Mapping[str, Iterable[str]], intent: Path) -> None:
        self.output = output
        self._known = {file: set(hashes) for file, hashes in known.items()}
        self._intent = intent

    def standing(self, file: str) -> Standing:
        """Return how the file of that name stands to us; one that cannot be read is foreign."""
        return self.look(file)[0]

    def look(self, file: str) -> tuple[Standing, str]:
        """Return how a file stands to us, and its SHA-256; empty where there is none to read."""
        path = self.output / file
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return Standing.ABSENT, ""
        except OSError:
            return Standing.FOREIGN, ""
        try:
            with open_plain(path) as content:
                if os.fstat(content.fileno()).st_size > _LARGEST_OUTPUT:
                    return Standing.FOREIGN, ""
                digest = stream_sha256(content)
        except OSError:
            return Standing.FOREIGN, ""
        if digest in self._known.get(file, ()):
            return Standing.OURS, digest
        return (Standing.CHANGED if file in self._known else Standing.FOREIGN), digest

    def intend(self, files: Mapping[str, str]) -> None:
        """Say on the disk which files will be written, by SHA-256, before any is.

        What was known stays known: it may still lie there, and a worker of a run that was killed may live a
        moment longer and write it.

        Raises
        ------
        OutputError
            When it cannot be written.
        """
        for file, digest in files.items():
            self._known.setdefault(file, set()).add(digest)
        content = {
            "format": _FORMAT,
            "files": {file: sorted(self._known[file]) for file in sorted(self._known)},
        }
        write_atomic(self._intent, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def claim(self, files: Mapping[str, str]) -> None:
        """Intend to write files, none of which may be anyone else's.

        Raises
        ------
        ForeignFileError
            When a file that is not ours stands there.
        OutputError
            When it cannot be written.
        """
        for file in files:
            if self.standing(file) in (Standing.CHANGED, Standing.FOREIGN):
                raise _not_ours(self.output / file)
        self.intend(files)

    def put(self, file: str, content: bytes) -> None:
        """Write a file that was intended; one that is so already is left as it is.

        Raises
        ------
        ForeignFileError
            When a file stands there that is not ours, also one that was put there a moment ago.
        OutputError
            When it cannot be written.
        """
        standing, digest = self.look(file)
        if standing in (Standing.CHANGED, Standing.FOREIGN):
            raise _not_ours(self.output / file)
        if digest == bytes_sha256([content]):
            return
        try:
            write_atomic(self.output / file, content, new=standing is Standing.ABSENT)
        except FileExistsError:
            if self.standing(file) is not Standing.OURS:
                raise _not_ours(self.output / file) from None
            write_atomic(self.output / file, content)

    def remove(self, file: str) -> bool:
        """Delete a file if it is ours; tell whether it was."""
        if self.standing(file) is not Standing.OURS:
            return False
        (self.output / file).unlink(missing_ok=True)
        return True

    def settle(self) -> None:
        """Take the intent away, once a record or the manifest says what was written."""
        self._intent.unlink(missing_ok=True)


def image_claims(
    output: Path, name: str, record: Record | None, manifest: Mapping[str, str] | None = None
) -> Claims:
    """Return what we know to have written of an image: by record, intent and, without a record, manifest."""
    files = [name + ending for ending in OUTPUT_ENDINGS]
    known: dict[str, set[str]] = {}
    if record is not None:
        for file, digest in (*record.outputs.items(), *record.exports.items()):
            known.setdefault(file, set()).add(digest)
        for file in record.edited:
            known.setdefault(file, set())
    elif manifest is not None:
        for file in files:
            if file in manifest:
                known.setdefault(file, set()).add(manifest[file])
    intent = intent_path(output, name)
    for file, hashes in _read_intent(intent, files).items():
        known.setdefault(file, set()).update(hashes)
    known = {file: hashes for file, hashes in known.items() if file in files}
    return Claims(output, known, intent)


def table_claims(output: Path, manifest: Mapping[str, str]) -> Claims:
    """Return what we know to have written of the tables and the report."""
    known: dict[str, set[str]] = {file: {manifest[file]} for file in TABLES if file in manifest}
    intent = output / RECORD_FOLDER / TABLES_INTENT
    for file, hashes in _read_intent(intent, TABLES).items():
        known.setdefault(file, set()).update(hashes)
    return Claims(output, known, intent)


def intent_path(output: Path, name: str) -> Path:
    """Return where it is said, before they are written, which files of an image will be."""
    return output / RECORD_FOLDER / f"{name}{INTENT_ENDING}"


def _read_intent(path: Path, allowed: Iterable[str]) -> dict[str, list[str]]:
    content = read_small_json(path, LARGEST_RECORD)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return {}
    files = content.get("files")
    if not isinstance(files, dict):
        return {}
    return {
        file: [each for each in files[file] if isinstance(each, str) and _SHA256.fullmatch(each)]
        for file in allowed
        if isinstance(files.get(file), list)
    }


def _not_ours(path: Path) -> ForeignFileError:
    return ForeignFileError(
        path,
        expected="nothing, or the file that an earlier run wrote",
        found="a file that is not ours, or was changed since",
        remedy="Move it elsewhere, or choose another folder with -o; it was left as it is.",
    )
