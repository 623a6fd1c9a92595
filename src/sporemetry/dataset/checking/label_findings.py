"""What is wrong within one label picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected

from sporemetry.dataset.checking.findings import CheckSettings, Finding, name_ids
from sporemetry.label_image import LabelImage

_MOST_SPORE_SHARE = 0.9
_MASK_NOTE = "a mask of"


def label_findings(read: LabelImage, file: Path, settings: CheckSettings) -> Iterator[Finding]:
    """Yield what is wrong with labels that could be read.

    Parameters
    ----------
    read : LabelImage
        As :func:`sporemetry.label_image.read_labels` gives it: of a mask, the connected components.
    file : Path
        What findings name.
    settings : CheckSettings

    Yields
    ------
    Finding
        None for labels without spores.
    """
    mask_note = next((note for note in read.notes if note.startswith(_MASK_NOTE)), None)
    # A mask in one piece is one spore, whichever way it was meant, and has no such note.
    if mask_note is not None:
        yield Finding(
            kind="mask-as-ids",
            severity="warning",
            file=file,
            found=f"{mask_note}; touching spores count as one",
            remedy="Save instance ids (0 background, 1 to n spores); or leave it so where no spores touch.",
        )
    yield from _area_findings(read.labels, file, settings)


def _area_findings(labels: NDArray[np.int32], file: Path, settings: CheckSettings) -> Iterator[Finding]:
    spore_share = float((labels > 0).mean()) if labels.size else 0.0
    if spore_share > _MOST_SPORE_SHARE:
        yield Finding(
            kind="no-background",
            severity="error",
            file=file,
            found=f"{100 * spore_share:.0f} % of the pixels belong to spores",
            remedy="Save background as 0.",
        )
        return
    pieces = connected(labels, background=0, connectivity=2)
    sizes = np.bincount(pieces.ravel())
    owner = np.zeros(sizes.size, dtype=np.int64)
    owner[pieces.ravel()] = labels.ravel()
    # Piece 0 is the background; every other piece belongs to the id of its pixels.
    ids, first = np.unique(owner[1:], return_inverse=True)
    yield from _broken(ids, first, sizes[1:], file)
    areas = np.bincount(first, weights=sizes[1:], minlength=ids.size)
    small = tuple(ids[areas < settings.min_area_px].tolist())
    if small:
        yield Finding(
            kind="small-spore",
            severity="warning",
            file=file,
            found=f"fewer than {settings.min_area_px} px: id {name_ids(small)}",
            remedy="Delete specks, or lower --min-area if spores are that small.",
            ids=small,
        )


def _broken(
    ids: NDArray[np.int64], of_piece: NDArray[np.intp], sizes: NDArray[np.intp], file: Path
) -> Iterator[Finding]:
    counts = np.bincount(of_piece, minlength=ids.size)
    broken = np.flatnonzero(counts > 1)
    if not broken.size:
        return
    worst = broken[np.argmax(counts[broken])]
    parts = np.sort(sizes[of_piece == worst])[::-1].tolist()
    named = ", ".join(f"{size:,}" for size in parts[:5]) + (", ..." if len(parts) > 5 else "")
    chosen = tuple(ids[broken].tolist())
    yield Finding(
        kind="broken-spore",
        severity="warning",
        file=file,
        found=f"id {name_ids(chosen)} in several pieces, as id {ids[worst]}: {named} px",
        remedy="Delete stray pixels, or give each spore an id of its own.",
        ids=chosen,
    )
