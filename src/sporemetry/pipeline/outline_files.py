"""What people bring back from other programs, as labels: TIFF, ROIs, GeoJSON, Cellpose's masks."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation
from sporemetry.exchange.documents import LARGEST_DOCUMENT
from sporemetry.exchange.imagej import read_rois
from sporemetry.exchange.qupath import read_geojson
from sporemetry.exchange.seg_npy import read_seg_masks
from sporemetry.guarded_file import open_file
from sporemetry.image import ReadSettings
from sporemetry.label_fault import NOT_DRAWN, LabelFault
from sporemetry.label_image import LabelImage, read_labels

OUTLINES: Mapping[str, Callable[[Path, tuple[int, int], str], Annotation]] = {
    ".zip": read_rois,
    ".roi": read_rois,
    ".geojson": read_geojson,
    ".json": read_geojson,
}
"""Files that hold outlines and do not state the size of their image, by ending."""
MASKS_ENDING = ".npy"
LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".bmp"})
"""Files that hold labels as pixels."""

_NUMBER = re.compile(r"0*([1-9]\d{0,8})")
_LARGEST_ID = 65_535
# What an import does and a measurement does not: it has no ignore/.
_OF_IMPORTS = (
    (re.compile(r": (\d+ px around|their pixels) count neither way \(ignore/\)$"), ": not counted"),
    (re.compile(r"; its box is ignored$"), ""),
    (re.compile(r"shapes that are to be ignored: see ignore/$"), "shapes are to be ignored: not counted"),
)


_LARGEST = {".zip": 256 << 20, ".roi": 16 << 20, MASKS_ENDING: 2 << 30}


def check_outline_file(path: Path) -> None:
    """Refuse a file of outlines that is larger than any that is read; the rest is said when it is read.

    To be asked before a file is read to its end for its hash: it may be a terabyte of nothing.

    Raises
    ------
    LabelReadError
        When it is larger, no regular file, or cannot be opened.
    """
    largest = _LARGEST.get(path.suffix.lower(), LARGEST_DOCUMENT)
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
        found = "" if size <= largest else f"{size:,} bytes"
    except OSError as error:
        found = error.strerror or str(error)
    if found:
        raise LabelReadError(
            path,
            expected=f"a file of outlines of at most {largest:,} bytes",
            found=found,
            remedy="Export the outlines again from the program that drew them.",
        )


def states_size(path: Path) -> bool:
    """Tell whether labels in such a file come with the size of their image.

    >>> states_size(Path("leaf_labels.tif")), states_size(Path("leaf_rois.zip"))
    (True, False)
    """
    return path.suffix.lower() not in OUTLINES


def read_outlines(
    path: Path, shape: tuple[int, int] | None = None, settings: ReadSettings | None = None
) -> LabelImage:
    """Read the spores of one image from whatever program drew them.

    Parameters
    ----------
    path : Path
        A label image (TIFF, PNG, BMP), ROIs of Fiji (``.zip``, ``.roi``), GeoJSON of QuPath or a ``_seg.npy``
        of Cellpose. The ending decides.
    shape : (int, int), optional
        Height and width of the image. ROIs and GeoJSON do not state it, so that it is needed there; the
        others are held against it.
    settings : ReadSettings, optional
        Of label images: page, scale and pixel budget.

    Returns
    -------
    LabelImage
        ROIs and objects that are called as a number (``0007``) keep it as their id, so that unchanged ones
        have the id that they were written with; others get ids above. Where outlines overlap, the later one
        of the file has the pixels, and a note says so. Notes also name what has no area and was left out.

    Raises
    ------
    LabelReadError
        When the file cannot be used, has another size than the image, holds points or lines alone, or when
        the size is not known.
    ImageReadError
        When a label image cannot be read at all.
    """
    kind = path.suffix.lower()
    if kind in OUTLINES:
        if shape is None:
            raise LabelReadError(
                path,
                expected="the size of the image beside it, which such a file does not state",
                found="neither the photograph nor a record of it",
                remedy="Put the photograph beside the file, or name its folder with --pictures.",
            )
        return _drawn(OUTLINES[kind](path, shape, path.name), path)
    if kind == MASKS_ENDING:
        masks = read_seg_masks(path)
        check_shape(masks.shape, shape, path)
        if masks.min() < 0 or masks.max() > np.iinfo(np.int32).max:
            raise LabelReadError(path, expected="ids from 0", found=f"{masks.min()} to {masks.max()}")
        return LabelImage(masks.astype(np.int32), None, ())
    read = read_labels(path, settings)
    check_shape(read.labels.shape, shape, path)
    return read


def _drawn(annotation: Annotation, path: Path) -> LabelImage:
    labels = annotation.labels
    if labels is None or (not labels.any() and annotation.notes):
        raise LabelReadError(
            path,
            expected="outlines with an area",
            found="; ".join(annotation.notes) or "none",
            remedy="Outline the spores: points and lines tell neither size nor place of one.",
        )
    notes = tuple(map(_without_ignore, annotation.notes))
    if not labels.any():
        notes = ("the file holds no outline: no spore", *notes)
    count = annotation.not_drawn
    faults: tuple[LabelFault, ...] = ()
    if count:
        faults = (
            LabelFault(
                kind=NOT_DRAWN,
                severity="caution",
                found=f"{count} entr{'y' if count == 1 else 'ies'} that could not be measured",
                remedy="Outline what they mark, or delete them.",
            ),
        )
    return LabelImage(_numbered(labels, annotation.names), annotation.um_per_px, notes, faults)


def _without_ignore(note: str) -> str:
    """Return a note of an import as it is true of a measurement, which counts and ignores nothing else.

    >>> _without_ignore("2 points without outline: 9 px around count neither way (ignore/)")
    '2 points without outline: not counted'
    """
    for pattern, said in _OF_IMPORTS:
        note = pattern.sub(said, note)
    return note


def _numbered(labels: NDArray[np.int32], names: tuple[str, ...]) -> NDArray[np.int32]:
    """Give instances 1..n the ids that their names state; of two with one id the first keeps it.

    >>> _numbered(np.array([[1, 2, 3]], dtype=np.int32), ("0007", "0121-0034", "7"))
    array([[7, 8, 9]], dtype=int32)
    """
    if not names:
        return labels
    largest = max(_LARGEST_ID, 2 * len(names))
    ids = np.zeros(len(names) + 1, dtype=np.int32)
    taken: set[int] = set()
    for place, name in enumerate(names, start=1):
        match = _NUMBER.fullmatch(name.strip())
        number = int(match.group(1)) if match else 0
        if 0 < number <= largest and number not in taken:
            ids[place] = number
            taken.add(number)
    free = np.flatnonzero(ids[1:] == 0) + 1
    ids[free] = max(taken, default=0) + np.arange(1, free.size + 1)
    return ids[labels]


def check_shape(found: tuple[int, ...], shape: tuple[int, int] | None, path: Path) -> None:
    """Raise LabelReadError for labels of another size than their image; None is any size."""
    if shape is not None and found != shape:
        raise LabelReadError(
            path,
            expected=f"the size of its photograph, {shape[1]} x {shape[0]} px",
            found=f"{found[1]} x {found[0]} px",
            remedy="Give the photograph that was labelled, not resized or cropped.",
        )
