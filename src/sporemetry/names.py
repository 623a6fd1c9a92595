"""Names of files that mean the same: composed and decomposed Unicode, and endings in capitals.

A folder that was copied from a Mac may hold ``Blätter 1.png`` with the letter a and two dots after it. A JSON
file or another folder has the one letter ä. Both look alike everywhere. So names are compared by their
composed form (NFC), and files are opened by the name that they have on the disk.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def name_key(name: str) -> str:
    """Return what a name is compared by: its composed form (NFC).

    Examples
    --------
    >>> name_key("Bla\u0308tter 1") == name_key("Bl\u00e4tter 1") == "Bl\u00e4tter 1"
    True
    """
    return unicodedata.normalize("NFC", name)


def file_key(path: str) -> str:
    """Return what a file's path, with ``/``, is compared by: composed, its ending in small letters.

    Examples
    --------
    >>> file_key("plate 3/Bla\u0308tter 1.PNG") == "plate 3/Bl\u00e4tter 1.png"
    True
    >>> file_key("notes.d/README")
    'notes.d/README'
    """
    key = name_key(path)
    suffix = PurePosixPath(key).suffix
    return key.removesuffix(suffix) + suffix.lower() if suffix else key


def exact_or_only(files: Iterable[Path], stem: str) -> Path | None:
    """Return the file that is meant among ``files``, whose names all look like ``stem``; None if unclear.

    One file is meant, whatever its form. Of several, the one whose stem is ``stem`` to the last byte.

    Examples
    --------
    >>> composed, decomposed = Path("\u00e4.png"), Path("a\u0308.png")
    >>> exact_or_only([composed], "a\u0308") == composed
    True
    >>> exact_or_only([composed, decomposed], "a\u0308") == decomposed
    True
    >>> exact_or_only([Path("b.png"), Path("b.jpg")], "b") is None
    True
    """
    found = list(files)
    if len(found) == 1:
        return found[0]
    exact = [path for path in found if path.stem == stem]
    return exact[0] if len(exact) == 1 else None
