"""JPEG files where label images are expected: found by their endings, and said, not passed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sporemetry.errors import LabelReadError

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
JPEG_REMEDY = (
    "Save the label images as PNG or TIFF from the program that made them. If only the JPEG of a mask is "
    "left, set all pixels from 128 on to 255 and the others to 0, and save that as PNG."
)
_NAMED = 3
_OVERLAY = "_overlay"


def jpeg_files(folder: Path, *, recursive: bool = False) -> list[Path]:
    """Return the JPEG files of a folder in the order of their names, our overlays left out.

    None of a folder that is not there, or cannot be listed.
    """
    if not folder.is_dir():
        return []
    try:
        found = sorted(folder.rglob("*") if recursive else folder.iterdir())
        return [
            path
            for path in found
            if path.suffix.lower() in JPEG_SUFFIXES
            and not path.stem.endswith(_OVERLAY)
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
            and path.is_file()
        ]
    except OSError:  # what lists the labels of the folder says so
        return []


def describe_jpegs(paths: Sequence[Path]) -> str:
    """Say that there are JPEG files, and why they are no labels.

    >>> describe_jpegs([Path("a.jpg")])
    '1 JPEG image (a.jpg), which cannot be used as labels: JPEG compression changes their values'
    """
    rest = len(paths) - _NAMED
    named = ", ".join(path.name for path in paths[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
    return (
        f"{len(paths):,} JPEG image{'' if len(paths) == 1 else 's'} ({named}), which cannot be used as "
        "labels: JPEG compression changes their values"
    )


def jpeg_labels_error(folder: Path, paths: Sequence[Path]) -> LabelReadError:
    """Return the refusal of a folder whose label images are JPEG files."""
    return LabelReadError(
        folder,
        expected="label images saved without loss (PNG, TIFF or BMP)",
        found=describe_jpegs(paths),
        remedy=JPEG_REMEDY,
    )
