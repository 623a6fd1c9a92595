"""The exceptions that Sporemetry raises.

Every error that a user can cause derives from :class:`SporemetryError`; its message names what was
expected, what was found and what to do. Errors of the picture's file are :class:`ImageReadError`, and
nothing else leaves :func:`sporemetry.image.read_image` for a file whose content is bad.

    SporemetryError
    ├── SettingsError            a setting or an argument that cannot be used   (also ValueError)
    ├── FileError                a file that cannot be used; has .path, .expected, .found, .remedy
    │   ├── ImageReadError       a picture
    │   │   ├── ImageFormatError     not a picture, or of a kind we do not read
    │   │   ├── ImageDamagedError    truncated, missing planes, corrupt
    │   │   ├── ImageTooLargeError   more pixels than the budget
    │   │   ├── ImageContentError    zero size, NaN, a pixel type without meaning here
    │   │   └── ImageChoiceError     a stack: which page or projection?
    │   ├── LabelReadError       a label picture, boxes or a table of truth
    │   ├── ModelError           a packaged network
    │   │   ├── ModelFormatError     not an ONNX file, truncated, too large
    │   │   ├── ModelCardError       its card is missing, or says what cannot be
    │   │   ├── ModelAlteredError    its content is not what its hash is of
    │   │   ├── ModelGraphError      operators, sizes or external data that are refused
    │   │   └── ModelExportError     a run of which no package can be made
    │   ├── OutputError          a result that cannot be written
    │   └── ForeignFileError     a file of someone else's where a result belongs
    └── MissingExtraError        an optional part is not installed               (also ImportError)
"""

from __future__ import annotations

from pathlib import Path

from sporemetry.printable import printable


class SporemetryError(Exception):
    """Base of every error that Sporemetry raises on purpose."""


class SettingsError(SporemetryError, ValueError):
    """A setting or argument that cannot be used.

    Parameters
    ----------
    name : str
        The setting, as the user wrote it (``--um-per-px``, ``radius``).
    expected, found, remedy : str
        What would be right, what was given, what to do.
    """

    def __init__(self, name: str, *, expected: str, found: str, remedy: str = "") -> None:
        self.name = name
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(_compose(name, expected, found, remedy))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.name, self.expected, self.found, self.remedy)


class FileError(SporemetryError):
    """A file that cannot be used.

    Parameters
    ----------
    path : str or Path
        The file.
    expected, found, remedy : str
        What would be right, what was found, what to do.
    """

    def __init__(self, path: str | Path, *, expected: str, found: str, remedy: str = "") -> None:
        self.path = Path(path)
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(_compose(str(path), expected, found, remedy))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self.path), self.expected, self.found, self.remedy)


class ImageReadError(FileError):
    """A picture that cannot be read."""


class ImageFormatError(ImageReadError):
    """Not a picture, or a kind of picture that Sporemetry does not read."""


class ImageDamagedError(ImageReadError):
    """A picture that is truncated, lacks planes or is corrupt."""


class ImageTooLargeError(ImageReadError):
    """A picture whose header asks for more pixels than the budget allows."""


class ImageContentError(ImageReadError):
    """A picture without pixels, with NaN, or of a pixel type that has no meaning here."""


class ImageChoiceError(ImageReadError):
    """A stack of pictures: the user has to say which page or projection is meant."""


class LabelReadError(FileError):
    """A label picture, box file or table of truth that cannot be used."""


class ModelError(FileError):
    """A packaged network that cannot be used."""


class ModelFormatError(ModelError):
    """Not an ONNX file, a truncated one, or one beyond the bounds."""


class ModelCardError(ModelError):
    """A card that is missing, lacks something, or says what cannot be."""


class ModelAlteredError(ModelError):
    """A packaged network whose content is not what its hash was made of."""


class ModelGraphError(ModelError):
    """A network with operators, inputs, sizes or external data that are refused."""


class ModelExportError(ModelError):
    """A training run of which no packaged network can be made."""


class OutputError(FileError):
    """A result that cannot be written."""


class ForeignFileError(FileError):
    """Where a result belongs stands a file that is not ours, or that a person changed: it stays."""


class MissingExtraError(SporemetryError, ImportError):
    """An optional part of Sporemetry is not installed."""


def _compose(name: str, expected: str, found: str, remedy: str) -> str:
    text = f"{name}: expected {expected}; found {found.removesuffix('.')}."  # others' words may end in one
    return printable(f"{text} {remedy}" if remedy else text)


def _rebuild(kind: type, name: str, expected: str, found: str, remedy: str) -> object:
    # Worker processes send errors by pickle, which cannot call keyword-only constructors by itself.
    return kind(name, expected=expected, found=found, remedy=remedy)
