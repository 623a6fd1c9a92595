"""The eight orientations of EXIF and TIFF, and how to find the one of a JPEG or PNG."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.refusal import Refusal
from sporemetry.formats.source import Source
from sporemetry.formats.tiff.directory import Tag, TiffStructure

UPRIGHT = 1

# What has to be done to the stored rows and columns (TIFF 6.0, tag 274; EXIF 2.32, 4.6.4).
ORIENTATIONS = {
    1: "as stored",
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored about the diagonal from top left",
    6: "turned by 90 degrees clockwise",
    7: "mirrored about the diagonal from top right",
    8: "turned by 90 degrees anticlockwise",
}


def exif_orientation(block: bytes) -> int:
    r"""Return the orientation (1 to 8) stated by an EXIF block, 1 where it states none or is damaged.

    Parameters
    ----------
    block : bytes
        The TIFF structure of EXIF, with or without ``Exif\0\0`` in front. May be empty.
    """
    try:
        structure = TiffStructure.open(Source.of_bytes(block.removeprefix(b"Exif\x00\x00")))
        found = structure.numbers(structure.directory(structure.first), Tag.ORIENTATION, most=1)
    except Refusal:
        return UPRIGHT  # cameras and editors leave much broken EXIF; the pixels are as good as before
    return checked_orientation(found[0] if found else UPRIGHT)


def checked_orientation(value: int) -> int:
    """Return ``value`` where it is one of the eight, else 1: 0 and 9 up are widespread and mean nothing."""
    return value if value in ORIENTATIONS else UPRIGHT


def orient(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the picture upright, as a C-contiguous array.

    Parameters
    ----------
    array : array of shape (H, W) or (H, W, C)
    orientation : int
        A key of :data:`ORIENTATIONS`.

    Examples
    --------
    >>> import numpy as np
    >>> orient(np.array([[1, 2], [3, 4], [5, 6]]), 6)
    array([[5, 3, 1],
           [6, 4, 2]])
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def orientation_note(orientation: int) -> tuple[str, ...]:
    """Return the note on what was done, empty where nothing was."""
    if orientation == UPRIGHT:
        return ()
    return (f"The picture was {ORIENTATIONS[orientation]}, as its orientation tag asks.",)
