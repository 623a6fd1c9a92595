"""The card of a data set: what ``dataset.toml`` says about its pictures.

    um_per_px = 0.32
    species = "Colletotrichum sp."
    microscopy = "bright field"
    licence = "CC BY 4.0"
    source = "own pictures"

    [groups]                # patterns over picture names -> group; the first that fits wins
    "leaf7_*" = "leaf7"

Without ``[groups]`` the group of a picture is the part of its name before the last ``_``.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from sporemetry.dataset.symmetries import source_name
from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.names import name_key
from sporemetry.toml_text import read_toml

CARD_NAME = "dataset.toml"
_LARGEST_CARD = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCard:
    """What is known about all pictures of a data set.

    Attributes
    ----------
    um_per_px : float or None
        The scale, where it is the same for all.
    name, species, microscopy, licence, source, note : str
        As the authors would cite them; empty where not stated.
    groups : mapping of str to str
        Patterns over picture names (``*`` and ``?``) to the group's name; the first that fits wins.
    """

    um_per_px: float | None = None
    name: str = ""
    species: str = ""
    microscopy: str = ""
    licence: str = ""
    source: str = ""
    note: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)

    def group_of(self, name: str) -> str:
        """Return the group of the picture ``name``; a turned or mirrored copy is in its source's group.

        >>> DatasetCard().group_of("plot 3/leaf_7_2"), DatasetCard().group_of("10")
        ('plot 3/leaf_7', '10')
        >>> DatasetCard(groups={"leaf*": "A"}).group_of("leaf_7_2")
        'A'
        >>> DatasetCard().group_of("leaf_7_2__flip-rot90")
        'leaf_7'
        """
        name = source_name(name_key(name))
        for pattern, group in self.groups.items():
            if fnmatch.fnmatchcase(name, name_key(pattern)):
                return group
        path = PurePosixPath(name)
        return path.with_name(path.name.rpartition("_")[0] or path.name).as_posix()


def read_card(path: Path) -> DatasetCard:
    """Read ``dataset.toml``; a missing file gives an empty card.

    Raises
    ------
    LabelReadError
        When the file is no TOML, or a key or value of it has no meaning here.
    """
    if not path.exists():
        return DatasetCard()
    values = _read_toml(path)
    known = {each.name for each in fields(DatasetCard)}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise LabelReadError(
            path,
            expected=f"the keys {', '.join(sorted(known))}",
            found=", ".join(unknown),
            remedy="Take it out, or put it into note.",
        )
    return DatasetCard(**{key: _checked(path, key, value) for key, value in values.items()})


def format_card(card: DatasetCard) -> str:
    r"""Return the text of a ``dataset.toml`` that :func:`read_card` reads as ``card``.

    What is empty is left out; an empty card gives an empty text.

    Raises
    ------
    SettingsError
        When the card holds what no such file can: a scale out of range, a group without a name, half of a
        surrogate pair, more than 4 MiB.

    Examples
    --------
    >>> print(format_card(DatasetCard(um_per_px=0.32, note='a "b"', groups={"leaf7_*": "leaf7"})), end="")
    um_per_px = 0.32
    note = "a \"b\""
    <BLANKLINE>
    [groups]
    "leaf7_*" = "leaf7"
    """
    lines = []
    if card.um_per_px is not None:
        if not (math.isfinite(card.um_per_px) and 0 < card.um_per_px < 1e6):
            raise SettingsError(
                "um_per_px", expected="a scale above 0, in µm a pixel", found=f"{card.um_per_px}"
            )
        lines.append(f"um_per_px = {float(card.um_per_px)!r}")
    keys = ("name", "species", "microscopy", "licence", "source", "note")
    lines += [f"{key} = {_quoted(getattr(card, key))}" for key in keys if getattr(card, key)]
    if card.groups:
        if not all(card.groups.values()):
            raise SettingsError("groups", expected="a name for every group", found="an empty one")
        lines += [*([""] if lines else []), "[groups]"]
        lines += [f"{_quoted(pattern)} = {_quoted(group)}" for pattern, group in card.groups.items()]
    text = "".join(f"{line}\n" for line in lines)
    if len(text.encode("utf-8")) > _LARGEST_CARD:
        raise SettingsError("card", expected="a card of less than 4 MiB", found=f"{len(text):,} characters")
    return text


def _quoted(text: str) -> str:
    """Return ``text`` as a basic string of TOML: quotes, backslashes and control characters escaped."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SettingsError("card", expected="text that UTF-8 can hold", found=f"{text!r}"[:200])
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c for c in escaped) + '"'


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path, _LARGEST_CARD)
    except (OSError, ValueError) as error:
        found = (isinstance(error, OSError) and error.strerror) or str(error)
        raise LabelReadError(
            path,
            expected="a TOML file in UTF-8 of at most 4 MiB",
            found=found,
            remedy="Mend or remove the file.",
        ) from error


def _checked(path: Path, key: str, value: Any) -> Any:
    if key == "um_per_px":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(float(value)) and 0 < float(value) < 1e6:
            return float(value)
        raise LabelReadError(path, expected="um_per_px above 0, in µm a pixel", found=f"{value!r}")
    if key == "groups":
        if isinstance(value, dict) and all(isinstance(group, str) and group for group in value.values()):
            return value
        raise LabelReadError(path, expected='groups as patterns = "group"', found=f"{value!r}"[:200])
    if isinstance(value, str):
        return value
    raise LabelReadError(path, expected=f"text for {key}", found=f"{value!r}"[:200])
