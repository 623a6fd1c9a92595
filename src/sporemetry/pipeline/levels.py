"""Levels in folders and names: ``treatment/suspension/image`` or ``treatment_suspension_image``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from sporemetry.errors import SettingsError

LEVELS = ("treatment", "suspension", "sample")
WORDS = (*LEVELS, "image", "any")
_SPLIT = re.compile(r"([/_\- ])")


@dataclass(frozen=True, slots=True)
class LevelPattern:
    """Where in an image's path its levels stand.

    Attributes
    ----------
    text : str
        As the user wrote it.
    parts : tuple of regular expressions
        One for each of the last parts of the path, the file's name without its ending being the last.
    """

    text: str
    parts: tuple[re.Pattern[str], ...]

    def find(self, image: PurePosixPath) -> dict[str, str] | None:
        """Return the levels of an image, by the words of the pattern; None where its path does not fit.

        >>> pattern = level_pattern("treatment_suspension_image")
        >>> pattern.find(PurePosixPath("plate/T_1_s2_3.jpg"))
        {'treatment': 'T_1', 'suspension': 's2'}
        >>> print(pattern.find(PurePosixPath("T1.jpg")))
        None
        """
        names = [*image.parts[:-1], image.stem]
        if len(names) < len(self.parts):
            return None
        found: dict[str, str] = {}
        for part, name in zip(self.parts, names[-len(self.parts) :], strict=True):
            match = part.fullmatch(name)
            if match is None:
                return None
            found.update({level: text.strip() for level, text in match.groupdict().items()})
        return found if all(found.values()) else None


def level_pattern(text: str) -> LevelPattern:
    """Return the pattern that ``text`` describes.

    Words are ``treatment``, ``suspension``, ``sample``, ``image`` and ``any`` (a part that means nothing).
    They stand in the places of the path's last parts, separated by ``/`` between folders and by ``_``, ``-``
    or a space within a name. Within one name the first word takes what is too much.

    Raises
    ------
    SettingsError
        A word that is not known or stands twice, or none that is a level.

    Examples
    --------
    >>> level_pattern("treatment/suspension/image").find(PurePosixPath("in/T1/s2/3.jpg"))
    {'treatment': 'T1', 'suspension': 's2'}
    """
    names = text.strip().strip("/").split("/")
    words = [word for name in names for word in _SPLIT.split(name)[::2]]
    levels = [word for word in words if word in LEVELS]
    if not levels or len(set(levels)) != len(levels) or any(word not in WORDS for word in words):
        raise SettingsError(
            "--levels",
            expected=f"words of {', '.join(WORDS)}, each level once, joined by / between folders and by _, - "
            "or a space within a name",
            found=repr(text),
            remedy="For instance treatment/suspension/image, or treatment_suspension_image.",
        )
    return LevelPattern(text, tuple(_expression(name) for name in names))


def _expression(name: str) -> re.Pattern[str]:
    pieces = _SPLIT.split(name)
    expression = ""
    for place, piece in enumerate(pieces):
        if place % 2:
            expression += re.escape(piece)
            continue
        letters = ".+" if place == 0 else f"[^{re.escape(''.join(sorted(set(pieces[1::2]))))}]+"
        expression += f"(?P<{piece}>{letters})" if piece in LEVELS else letters
    return re.compile(expression)
