"""Label pictures on disk: one integer a pixel, 0 background, 1..n spores.

Written as TIFF that ImageJ, Fiji, QuPath, napari, OpenCV and Pillow open, with the scale in ImageJ's own
fields; read from any TIFF, PNG or BMP that holds whole numbers.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.image import Plane, ReadSettings, read_plane
from sporemetry.storage import write_atomic

_MASK_VALUES = frozenset({1, 255, 65535})
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)
_LARGEST_LABEL = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """Labels as read from a file.

    Attributes
    ----------
    labels : int32 array, H x W
        0 is background. The ids are those of the file; they may have gaps.
    um_per_px : float or None
        The scale stated in the file.
    notes : tuple of str
        What was done to the content that the user should know.
    """

    labels: NDArray[np.int32]
    um_per_px: float | None
    notes: tuple[str, ...]


def read_labels(path: str | Path, settings: ReadSettings | None = None) -> LabelImage:
    """Read a label picture.

    A picture whose only value beside 0 is 1, 255 or 65535 is a mask, not one instance: its connected
    components (8 neighbours) become the labels, and a note says so.

    Parameters
    ----------
    path : str or Path
        TIFF, PNG or BMP with one channel of whole numbers: 8, 16 or 32 bit, or 32-bit float holding whole
        numbers as ImageJ saves them.
    settings : ReadSettings, optional
        Page, scale and pixel budget; see :func:`sporemetry.image.read_plane`.

    Returns
    -------
    LabelImage
        All background gives labels of zeros.

    Raises
    ------
    LabelReadError
        When the content is no label picture.
    ImageReadError
        When the file cannot be read at all.
    """
    plane = read_plane(path, settings or ReadSettings())
    ids = _whole_numbers(plane, Path(path))
    values = _distinct(ids)
    positive = values[values > 0]
    if positive.size == 1 and int(positive[0]) in _MASK_VALUES:
        labels, found = ndimage.label(ids > 0, structure=_EIGHT_NEIGHBOURS, output=np.int32)
        if found == 1:  # one spore, whichever way it was meant
            return LabelImage(labels, plane.um_per_px, plane.notes)
        values_seen = f"0 and {int(positive[0])}"
        note = f"a mask of {values_seen}, not instance ids: its {found} connected components were taken"
        return LabelImage(labels, plane.um_per_px, (*plane.notes, note))
    return LabelImage(ids.astype(np.int32), plane.um_per_px, plane.notes)


def write_labels(path: Path, labels: NDArray[np.integer], *, um_per_px: float | None = None) -> None:
    """Write ``labels`` as a compressed TIFF, complete or not at all.

    16 bits a pixel, 32 past label 65,535; axes YX; the scale as ImageJ keeps it (pixels a unit in
    XResolution and YResolution, ``unit=um`` in the description).

    Parameters
    ----------
    path : Path
        Where to write; the folder must exist.
    labels : integer array, H x W
        Not negative.
    um_per_px : float, optional
        The scale; without it the file states none.

    Raises
    ------
    SettingsError
        When ``labels`` is not such an array.
    OutputError
        When the file cannot be written.
    """
    write_atomic(path, encode_labels(labels, um_per_px=um_per_px))


def encode_labels(labels: NDArray[np.integer], *, um_per_px: float | None = None) -> bytes:
    """Return the TIFF file of :func:`write_labels` as bytes; the same labels give the same bytes."""
    largest = _check_labels(labels)
    stored = labels.astype(np.uint16 if largest <= np.iinfo(np.uint16).max else np.uint32)
    description = f"ImageJ=1.54f\nmin=0\nmax={max(largest, 1)}\n"
    resolution = None
    if um_per_px is not None:
        description = f"ImageJ=1.54f\nunit=um\nmin=0\nmax={max(largest, 1)}\n"
        resolution = (1.0 / um_per_px, 1.0 / um_per_px)
    file = io.BytesIO()
    # tifffile's own imagej=True knows no compression and no 32-bit integers; ImageJ reads both.
    tifffile.imwrite(
        file,
        stored,
        compression="zlib",
        photometric="minisblack",
        resolution=resolution,
        resolutionunit=1,
        description=description,
        metadata=None,
        software="Sporemetry",
    )
    return file.getvalue()


def _check_labels(labels: NDArray[np.integer]) -> int:
    is_picture = (
        isinstance(labels, np.ndarray) and labels.ndim == 2 and np.issubdtype(labels.dtype, np.integer)
    )
    if not is_picture or labels.size == 0:
        raise SettingsError(
            "labels",
            expected="a two-dimensional array of integers with at least one pixel",
            found=f"{type(labels).__name__} of {getattr(labels, 'dtype', '?')}, shape {np.shape(labels)}",
        )
    if labels.min() < 0:
        raise SettingsError("labels", expected="no negative label", found=str(labels.min()))
    return int(labels.max())


def _whole_numbers(plane: Plane, path: Path) -> NDArray[np.integer]:
    array = plane.array
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2:
        raise LabelReadError(
            path,
            expected="one channel whose values are instance ids",
            found=f"{array.shape[2]} channels, as of a photograph or a coloured drawing",
            remedy="Give the label picture itself, not its rendering in colours.",
        )
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating) and not np.array_equal(array, np.rint(array)):
        raise LabelReadError(
            path,
            expected="whole numbers",
            found=f"{array.dtype} with fractions, from {array.min():g} to {array.max():g}",
            remedy="A probability map must be turned into labels first.",
        )
    if array.min() < 0 or array.max() > _LARGEST_LABEL:
        raise LabelReadError(
            path,
            expected=f"ids from 0 to {_LARGEST_LABEL}",
            found=f"values from {array.min():g} to {array.max():g}",
            remedy="Number the instances anew.",
        )
    return array if np.issubdtype(array.dtype, np.integer) else array.astype(np.int64)


def _distinct(ids: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the sorted distinct values; by a table for 8 and 16 bits, where sorting would be slow."""
    if ids.dtype.itemsize <= 2:
        return np.flatnonzero(np.bincount(ids.ravel()))
    return np.unique(ids)
