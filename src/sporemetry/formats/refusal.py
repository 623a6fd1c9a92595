"""How a decoder refuses: what was expected, found and what to do, without knowing the file's name.

:func:`sporemetry.image.read_plane` turns a :class:`Refusal` into the error of the public family that it
carries, with the path in front.
"""

from __future__ import annotations

from pathlib import Path

from sporemetry.errors import (
    ImageChoiceError,
    ImageContentError,
    ImageDamagedError,
    ImageFormatError,
    ImageReadError,
    ImageTooLargeError,
)

SAVE_ANEW = "Copy the file again from where it was taken, or open it in Fiji and save it anew as TIFF."
SAVE_AS_TIFF = "Open it in the program that wrote it (or in Fiji) and save it as TIFF or PNG."


class Refusal(Exception):  # noqa: N818 - it never reaches a user; the error that it becomes does
    """A picture that cannot be used, still without its path.

    Parameters
    ----------
    kind : type of ImageReadError
        The public error that this becomes.
    expected, found, remedy : str
        As in :class:`sporemetry.errors.FileError`.
    """

    def __init__(self, kind: type[ImageReadError], *, expected: str, found: str, remedy: str) -> None:
        super().__init__(found)
        self.kind = kind
        self.expected = expected
        self.found = found
        self.remedy = remedy

    def at(self, path: Path) -> ImageReadError:
        """Return the public error for the file ``path``."""
        return self.kind(path, expected=self.expected, found=self.found, remedy=self.remedy)


def unreadable(expected: str, found: str, remedy: str = "") -> Refusal:
    """Return the refusal of a file that the system does not let us read."""
    return Refusal(ImageReadError, expected=expected, found=found, remedy=remedy)


def wrong_format(expected: str, found: str, remedy: str = SAVE_AS_TIFF) -> Refusal:
    """Return the refusal of something that is no picture, or of a kind that we do not read."""
    return Refusal(ImageFormatError, expected=expected, found=found, remedy=remedy)


def damaged(expected: str, found: str, remedy: str = SAVE_ANEW) -> Refusal:
    """Return the refusal of a picture that is cut short, lacks planes or contradicts itself."""
    return Refusal(ImageDamagedError, expected=expected, found=found, remedy=remedy)


def too_large(expected: str, found: str, remedy: str) -> Refusal:
    """Return the refusal of a picture that asks for more than the budget."""
    return Refusal(ImageTooLargeError, expected=expected, found=found, remedy=remedy)


def no_content(expected: str, found: str, remedy: str = SAVE_AS_TIFF) -> Refusal:
    """Return the refusal of a picture whose pixels have no meaning here."""
    return Refusal(ImageContentError, expected=expected, found=found, remedy=remedy)


def needs_choice(expected: str, found: str, remedy: str) -> Refusal:
    """Return the refusal of a stack of which one plane has to be chosen."""
    return Refusal(ImageChoiceError, expected=expected, found=found, remedy=remedy)
