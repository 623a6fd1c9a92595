"""Label images on disk: one integer a pixel, 0 background, 1..n spores.

Written as TIFF that ImageJ, Fiji, QuPath, napari, OpenCV and Pillow open, with the scale in ImageJ's own
fields; read from any TIFF, PNG or BMP that holds whole numbers, with a check of what they mean.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.image import ReadSettings, read_plane
from sporemetry.label_fault import LabelFault
from sporemetry.label_faults import find_faults, photograph_fault
from sporemetry.label_numbers import whole_numbers
from sporemetry.label_pieces import find_pieces, numbered_anew
from sporemetry.storage import write_atomic

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)
_LARGEST_LABEL = np.iinfo(np.int32).max - 1
_SOFTWARE = "Sporemetry"
_EXPECTED = "background 0, and each object with an id of its own"


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
        What was done to the content that the user should know, the faults among it.
    faults : tuple of LabelFault
        What the labels seem to mean other than ids; see :mod:`sporemetry.label_faults`.
    is_ours : bool
        Whether Sporemetry wrote the file.
    """

    labels: NDArray[np.int32]
    um_per_px: float | None
    notes: tuple[str, ...]
    faults: tuple[LabelFault, ...] = ()
    is_ours: bool = False


def read_labels(path: str | Path, settings: ReadSettings | None = None) -> LabelImage:
    """Read a label image.

    An image with one value beside 0, in several pieces, is a mask: its connected components (8 neighbours)
    become the labels, and a note says so. Other doubtful labels are kept as they are, with a caution among
    the notes; labels that cannot be ids are refused. In files that Sporemetry wrote, ids are ids.

    Parameters
    ----------
    path : str or Path
        TIFF, PNG or BMP with one channel of whole numbers: 8, 16 or 32 bit, or 32-bit float holding whole
        numbers as ImageJ saves them. Equal channels (a grey mask saved as RGB) are read as one; of a palette
        the indices are the ids.
    settings : ReadSettings, optional
        Page, scale and pixel budget; see :func:`sporemetry.image.read_plane`.

    Returns
    -------
    LabelImage
        All background gives labels of zeros.

    Raises
    ------
    LabelReadError
        When the content is no label image: colours, fractions, negative values, grey edges, ids that were
        interpolated, JPEG, no background, a white background, classes instead of ids.
    ImageReadError
        When the file cannot be read at all.
    """
    path = Path(path)
    read = inspect_labels(path, settings)
    for fault in read.faults:
        if fault.severity == "error":
            raise LabelReadError(path, expected=_EXPECTED, found=fault.found, remedy=fault.remedy)
    return read


def inspect_labels(path: str | Path, settings: ReadSettings | None = None) -> LabelImage:
    """Read a label image, and give errors of meaning among its faults instead of raising them.

    For checks that list all that is wrong with a data set; the labels of an image with an error mean nothing.

    Raises
    ------
    LabelReadError
        When the content has colours, fractions, negative values, or was compressed as JPEG.
    ImageReadError
        When the file cannot be read at all.
    """
    path = Path(path)
    plane = read_plane(path, settings or ReadSettings())
    ids, notes = whole_numbers(plane, path)
    ours = plane.software == _SOFTWARE
    if not ours and (fault := photograph_fault(ids)):
        return LabelImage(np.zeros(ids.shape, dtype=np.int32), plane.um_per_px, plane.notes, (fault,))
    pieces = find_pieces(ids)
    faults = find_faults(ids, pieces)
    if ours:
        faults = tuple(_of_our_own(fault) for fault in faults if fault.kind != "mask-as-ids")
    notes = (*plane.notes, *notes, *(fault.sentence for fault in faults if fault.severity != "error"))
    if any(fault.kind == "mask-as-ids" for fault in faults):
        labels, _ = ndimage.label(ids > 0, structure=_EIGHT_NEIGHBOURS, output=np.int32)
    elif len(pieces.ids) and int(pieces.ids[-1]) > _LARGEST_LABEL:
        labels = numbered_anew(ids)
        notes = (
            *notes,
            f"Its ids go beyond {_LARGEST_LABEL:,}; they were numbered anew from 1 in rising order.",
        )
    else:
        labels = ids.astype(np.int32)
    return LabelImage(labels, plane.um_per_px, notes, faults, ours)


def read_mask(path: str | Path) -> NDArray[np.bool_]:
    """Return where an image is not 0, as the images in ``ignore/`` are meant; (H, W).

    Raises
    ------
    LabelReadError
        For a JPEG, in which pixels around what was marked are not 0 either.
    ImageReadError
        When the file cannot be read at all.
    """
    path = Path(path)
    plane = read_plane(path)
    if plane.lossy:
        raise LabelReadError(
            path,
            expected="a mask saved without loss",
            found="a JPEG, whose compression changes pixels around what was marked",
            remedy="Save the mask as PNG or TIFF from the program that made it.",
        )
    array = plane.array
    if array.ndim == 3 and array.shape[2] > 1 and plane.coding.alpha != "none":
        array = array[:, :, :-1]
    return np.asarray(array.any(axis=2) if array.ndim == 3 else array != 0, dtype=np.bool_)


def _of_our_own(fault: LabelFault) -> LabelFault:
    """Return a fault of a file that we wrote, in which ids are ids: worth a look, no reason to refuse it."""
    return replace(fault, severity="caution") if fault.severity == "error" else fault


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
        software=_SOFTWARE,
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
