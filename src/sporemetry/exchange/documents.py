"""Opening what other programs wrote: bounded bytes, JSON and XML that cannot harm, names that stay inside.

XML is fed to expat here and not to the standard library's own tree parser, which expands entities: a file of
one kilobyte can ask it for gigabytes. A document with a DOCTYPE is refused.
"""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path, PurePosixPath
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.entries import Entry
from sporemetry.exchange.foreign_names import LONGEST_NAME, candidates
from sporemetry.exchange.zips import open_zip
from sporemetry.guarded_file import read_file

LARGEST_DOCUMENT = 512 << 20

# A number in a list takes 32 bytes once it is read, an empty object 64: 2 to 4 GB at this limit.
_MOST_VALUES = 50_000_000
_MOST_ELEMENTS = 5_000_000
_DEEPEST = 64
_MOST_MEMBERS = 100_000
_LONGEST_NAME = 1024
# 18 digits fit into 64 bits; Python's own whole numbers know no bound.
_MOST_DIGITS = 19
_DRIVE = re.compile(r"[A-Za-z]:")
# Control characters, and halves of surrogate pairs, which no file system can write.
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read_bytes(path: Path, largest: int = LARGEST_DOCUMENT) -> bytes:
    """Return the content of a regular file of at most ``largest`` bytes; an empty file gives ``b""``.

    Raises
    ------
    LabelReadError
        When it is missing, larger, no file (a folder, a pipe) or cannot be read.
    """
    try:
        return read_file(path, largest)
    except OSError as error:
        found = error.strerror or str(error)
        raise LabelReadError(path, expected=f"a file of at most {largest:,} bytes", found=found) from error


def read_text(path: Path, largest: int = LARGEST_DOCUMENT) -> str:
    """Return the content of a UTF-8 file, with or without a byte order mark; bounds as :func:`read_bytes`."""
    try:
        return read_bytes(path, largest).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelReadError(
            path,
            expected="text in UTF-8",
            found=f"bytes that are no text, at byte {error.start}",
            remedy="Export it again from the program that wrote it.",
        ) from error


def read_json(path: Path, largest: int = LARGEST_DOCUMENT) -> Entry:
    """Read a JSON file whose content is not trusted.

    Parameters
    ----------
    path : Path
        UTF-8.
    largest : int
        Most bytes.

    Returns
    -------
    Entry
        The outermost value. Of keys that stand twice the last counts, as everywhere.

    Raises
    ------
    LabelReadError
        For what is no JSON, too large, nested too deep, or holds more than 50 million values. NaN,
        infinities and numbers beyond any measure are read: the entry that holds one is refused, not the
        file.
    """
    text = read_text(path, largest)
    values = text.count(",") + text.count("[") + text.count("{")
    if values > _MOST_VALUES:
        _refuse(path, f"at most {_MOST_VALUES:,} values", f"some {values:,}", "Split it into several files.")
    try:
        content = _parsed(text)
    except RecursionError:
        _refuse(path, "JSON of a few levels", "lists or objects nested too deep")
    except ValueError as error:
        _refuse(path, "a JSON file", str(error)[:200], "Export it again: it may have been cut off.")
    return Entry(path, "", content)


def read_xml(path: Path, largest: int = LARGEST_DOCUMENT) -> Element:
    """Read an XML file whose content is not trusted; see :func:`parse_xml`."""
    return parse_xml(path, read_bytes(path, largest))


def parse_xml(path: Path, content: bytes) -> Element:
    """Return the outermost element of an XML document.

    Parameters
    ----------
    path : Path
        Named in errors only.
    content : bytes
        The document. Comments and processing instructions are passed over.

    Raises
    ------
    LabelReadError
        For what is no XML, declares a DOCTYPE or entities, nests deeper than 64 levels or has more than 5
        million elements.
    """
    reader = _XmlReader(path)
    try:
        return reader.parse(content)
    except (expat.ExpatError, ValueError, LookupError) as error:
        _refuse(path, "an XML file", str(error)[:200], "Export it again: it may have been cut off.")


def read_zip_member(path: Path, name: str, largest: int = LARGEST_DOCUMENT) -> bytes:
    """Return the file called ``name`` (in whichever folder) out of a zip, unpacked into memory only.

    Raises
    ------
    LabelReadError
        For what is no zip, has no such member or several, or unpacks to more than ``largest`` bytes.
    """
    with open_zip(path, largest=largest, most=_MOST_MEMBERS) as archive:
        matching = [item for item in archive.infolist() if PurePosixPath(item.filename).name == name]
        if len(matching) != 1:
            _refuse(path, f"one file {name} in the zip", f"{len(matching)} of that name")
        with archive.open(matching[0]) as member:
            content = member.read(largest + 1)
    if len(content) > largest:
        _refuse(path, f"{name} of at most {largest:,} bytes", "a larger one")
    return content


def safe_name(text: str) -> str:
    r"""Return a picture's name as a relative path with ``/`` that stays below where it is put.

    Parameters
    ----------
    text : str
        From a file. Backslashes become ``/``; ``.`` and doubled ``/`` are dropped.

    Raises
    ------
    SettingsError
        For what is empty, absolute, starts with a drive letter, goes up (``..``), holds control characters
        or halves of characters, or is longer than 1,024 characters.

    Examples
    --------
    >>> safe_name(r".\plate 3\a.jpg")
    'plate 3/a.jpg'
    """
    name = text.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    trouble = ""
    if len(text) > _LONGEST_NAME:
        trouble = f"{len(text)} characters"
    elif _NOT_IN_NAMES.search(text):
        trouble = "a control character or half a character"
    elif name.startswith("/") or _DRIVE.match(parts[0] if parts else ""):
        trouble = "an absolute path"
    elif ".." in parts:
        trouble = "a path that goes up by .."
    elif not parts:
        trouble = "no name"
    if trouble:
        raise SettingsError(
            "name",
            expected="the relative path of a picture",
            found=f"{trouble}: {text[:80]!r}",
            remedy="Name the pictures by their path below one folder.",
        )
    return "/".join(parts)


def picture_name(entry: Entry) -> str:
    """Return the name of an image as the file states it: a text to look for, see :mod:`.foreign_names`.

    Raises
    ------
    LabelReadError
        For what is no text, names nothing, holds control characters or is longer than 8,192 characters.
    """
    text = entry.text()
    if len(text) > LONGEST_NAME or _NOT_IN_NAMES.search(text) or not candidates(text):
        raise entry.error("the name of an image", found=f"{len(text)} characters: {text[:80]!r}")
    return text


class _XmlReader:
    """Expat into a tree, with everything refused that can grow."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tree = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def parse(self, content: bytes) -> Element:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._no_doctype
        parser.EntityDeclHandler = self._no_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._tree.data
        parser.Parse(content, True)
        return self._tree.close()

    def _no_doctype(self, *_: object) -> None:
        _refuse(
            self._path,
            "an XML file without DOCTYPE and entities",
            "such a declaration",
            "No annotation program needs one; take it out if you trust the file.",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            _refuse(
                self._path,
                f"at most {_DEEPEST} levels and {_MOST_ELEMENTS:,} elements",
                f"level {self._depth}, element {self._elements:,}",
            )
        self._tree.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(tag)


def _parsed(text: str) -> object:
    # Each list of two numbers would be looked at by the garbage collector many times over: half of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text, parse_int=_whole_number)
    finally:
        if collecting:
            gc.enable()


def _whole_number(text: str) -> int | float:
    return float(text) if len(text) > _MOST_DIGITS else int(text)


def _refuse(path: Path, expected: str, found: str, remedy: str = "") -> NoReturn:
    raise LabelReadError(path, expected=expected, found=found, remedy=remedy)
