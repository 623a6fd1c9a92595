r"""Names of images as other machines write them -> the relative paths that may be meant.

Labelling servers write URLs, paths of their own disk, or both in one:
``..\..\label-studio\media\upload\4\cb0618f6-leaf.png``, ``/data/local-files/?d=set/leaf.png``,
``https://host/a%20b.png?X-Amz-Expires=60``, ``C:\images\leaf.png``. Such a name is a text to look for,
never a path that is opened.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qsl, unquote

LONGEST_NAME = 8192
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVE = re.compile(r"[A-Za-z]:")
# Label Studio: eight hexadecimal digits before the name that was uploaded.
_UPLOAD_HASH = re.compile(r"[0-9a-f]{8}-(?=.)")
_DEEPEST = 3


def candidates(text: str) -> list[str]:
    r"""Return the relative paths that a name may mean, the most literal first; none for an empty one.

    Examples
    --------
    >>> candidates("..\\..\\upload\\4\\leaf.png")
    ['upload/4/leaf.png']
    >>> candidates("/data/local-files/?d=set/my%20leaf.png")[1:3]
    ['set/my leaf.png', 'data/local-files']
    >>> candidates("file:///C:/set/leaf.png")[-1]
    'set/leaf.png'
    """
    found: dict[str, None] = {}
    if len(text) <= LONGEST_NAME:
        _collect(text, found, 0)
    return list(found)


def without_upload_hash(name: str) -> str:
    """Return a file's name without the eight digits that Label Studio sets before it.

    >>> without_upload_hash("cb0618f6-leaf.png"), without_upload_hash("leaf.png")
    ('leaf.png', 'leaf.png')
    """
    return _UPLOAD_HASH.sub("", name, count=1) if _UPLOAD_HASH.match(name) else name


def last_part(text: str) -> str:
    """Return what follows the last slash of either kind."""
    return text.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _collect(text: str, found: dict[str, None], depth: int) -> None:
    plain = text.strip().replace("\\", "/")
    _add(plain, found)
    bare, _, query = _SCHEME.sub("", plain, count=1).partition("?")
    if query and depth < _DEEPEST:
        for key, value in parse_qsl(query, max_num_fields=None):
            for meant in (value, _decoded(value)) if key == "fileuri" else (value,):
                if "." in meant:
                    _collect(meant, found, depth + 1)
    _add(bare, found)
    _add(unquote(bare).replace("\\", "/"), found)
    _add(unquote(bare.partition("#")[0]).replace("\\", "/"), found)
    _add(unquote(plain).replace("\\", "/"), found)


def _add(path: str, found: dict[str, None]) -> None:
    parts = [part for part in _SCHEME.sub("", path, count=1).split("/") if part not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        parts = parts[1:]
    if parts and _DRIVE.match(parts[0]):
        parts[0] = parts[0][2:]
    if parts:
        found.setdefault("/".join(parts))


def _decoded(value: str) -> str:
    """Return the text of a URL in base64, as Label Studio's proxies of cloud storage have it."""
    try:
        return base64.b64decode(value, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
