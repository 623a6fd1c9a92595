"""What is wrong within one label picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.checking.findings import CheckSettings, Finding, name_ids
from sporemetry.label_image import LabelImage
from sporemetry.label_pieces import Pieces, find_pieces


def label_findings(read: LabelImage, file: Path, settings: CheckSettings) -> Iterator[Finding]:
    """Yield what is wrong with labels that could be read.

    Parameters
    ----------
    read : LabelImage
        As :func:`sporemetry.label_image.inspect_labels` gives it: of a mask, the connected components.
    file : Path
        What findings name.
    settings : CheckSettings

    Yields
    ------
    Finding
        The faults that every reader of label images knows, and where there is no error among them, broken and
        small spores. None for labels without spores.
    """
    for fault in read.faults:
        yield Finding(
            kind=fault.kind,
            severity="error" if fault.severity == "error" else "warning",
            file=file,
            found=fault.found,
            remedy=fault.remedy,
            ids=fault.ids,
        )
    if not any(fault.severity == "error" for fault in read.faults):
        scattered = {each for fault in read.faults if fault.kind == "scattered-id" for each in fault.ids}
        yield from _area_findings(read.labels, file, settings, scattered)


def _area_findings(
    labels: NDArray[np.int32], file: Path, settings: CheckSettings, named: set[int]
) -> Iterator[Finding]:
    pieces = find_pieces(labels)
    ids = pieces.ids
    yield from _broken(pieces, file, named)
    areas = np.bincount(pieces.owner, weights=pieces.area, minlength=len(ids))
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


def _broken(pieces: Pieces, file: Path, named: set[int]) -> Iterator[Finding]:
    counts, ids = pieces.per_id, pieces.ids
    broken = np.flatnonzero((counts > 1) & ~np.isin(ids, sorted(named)))
    if not broken.size:
        return
    worst = broken[np.argmax(counts[broken])]
    parts = np.sort(pieces.area[pieces.owner == worst])[::-1].tolist()
    shown = ", ".join(f"{size:,}" for size in parts[:5]) + (", ..." if len(parts) > 5 else "")
    chosen = tuple(ids[broken].tolist())
    yield Finding(
        kind="broken-spore",
        severity="warning",
        file=file,
        found=f"id {name_ids(chosen)} in several pieces, as id {ids[worst]}: {shown} px",
        remedy="Delete stray pixels, or give each spore an id of its own.",
        ids=chosen,
    )
