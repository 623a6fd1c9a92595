"""What the output files of each image begin with: unique by construction, on every disk.

Two images never share an output file: not where a disk does not tell capitals apart, nor where it takes
composed and decomposed letters for the same, nor by an image whose name looks like another's output.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

LARGEST_NAME = 200
"""Bytes of a name in UTF-8: with the longest ending of an output below the 255 of common disks."""
_DIGITS = (8, 16, 32, 64)
# Windows and network disks refuse these; control characters harm terminals; lone surrogates are no text.
_REFUSED = re.compile('[\x00-\x1f\x7f-\x9f<>:"/\\\\|?*\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE)


def unique_names(images: Sequence[PurePosixPath]) -> list[str]:
    """Return a name for the outputs of each image: its stem, with suffix and folders where needed.

    Parameters
    ----------
    images : sequence of PurePosixPath
        Paths as the tables name them, all different; none give no name.

    Returns
    -------
    list of str
        In the order of the images. They differ by :func:`name_key`, so also where the disk does not tell
        capitals apart, and none holds a character that a disk refuses.

    Examples
    --------
    >>> unique_names([PurePosixPath("a.jpg"), PurePosixPath("b.jpg"), PurePosixPath("b.png")])
    ['a', 'b_jpg', 'b_png']
    >>> unique_names([PurePosixPath("x/a.jpg"), PurePosixPath("y/a.jpg")])
    ['x__a', 'y__a']
    """
    names = [_safe(image.stem) for image in images]
    for form in _LONGER_NAMES:
        uses = Counter(map(name_key, names))
        names = [
            name if uses[name_key(name)] == 1 else _safe(form(image))
            for name, image in zip(names, images, strict=True)
        ]
    uses = Counter(map(name_key, names))
    taken = {key for key, number in uses.items() if number == 1}
    return [
        name if uses[name_key(name)] == 1 else _digested(name, str(image), taken)
        for name, image in zip(names, images, strict=True)
    ]


def name_key(name: str) -> str:
    """Return what two names share exactly if some disk takes them for the same.

    >>> name_key("A\u0308.JPG") == name_key("\u00e4.jpg")
    True
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


_LONGER_NAMES: tuple[Callable[[PurePosixPath], str], ...] = (
    lambda image: f"{image.stem}_{image.suffix[1:]}",
    lambda image: "__".join((*image.parts[:-1], image.stem)),
    lambda image: "__".join((*image.parts[:-1], image.name)),
)


def _safe(name: str) -> str:
    """Return the name without what disks refuse; one that is too long keeps its start and gets a hash."""
    safe = _REFUSED.sub("_", name)
    if safe.startswith((".", " ")) or _RESERVED.match(safe):
        safe = f"_{safe}"
    if len(safe.encode()) <= LARGEST_NAME:
        return safe
    return _shortened(safe, f"__{_digest(name)[: _DIGITS[0]]}")


def _digested(name: str, image: str, taken: set[str]) -> str:
    """Return the name with as much of the image's hash as sets it apart from those that are ``taken``."""
    digest = _digest(image)
    number = 0
    while True:
        digits = _DIGITS[min(number, len(_DIGITS) - 1)]
        more = f"_{number}" if number >= len(_DIGITS) else ""
        found = _shortened(name, f"__{digest[:digits]}{more}")
        if name_key(found) not in taken:
            taken.add(name_key(found))
            return found
        number += 1


def _shortened(name: str, ending: str) -> str:
    start = name.encode()[: LARGEST_NAME - len(ending)].decode(errors="ignore")
    return start + ending


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
