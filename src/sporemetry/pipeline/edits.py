"""Labels that a person has corrected in the output folder: measured as they are, and never written over.

A file ``<name>_labels.tif`` that no longer holds what we wrote is a person's work, and so are the outlines in
``<name>_rois.zip`` and ``<name>.geojson``. It stays in force when the image is counted again, whatever the
settings; scale, field and edge rule apply to it anew. Deleting it, or ``--discard-edits``, brings the
method's own labels back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, OutputError
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.label_image import LabelImage
from sporemetry.pipeline.edited_labels import object_table, read_edited
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.outline_files import read_outlines, states_size
from sporemetry.pipeline.picture import PictureResult, measure_labels, spore_table
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.results_folder import DISCARDED, RECORD_FOLDER
from sporemetry.storage import make_folder

EDITED_NOTE = "labels edited by hand; measured as they are"
OUTLINES_NOTE = "outlines edited by hand in {}; measured as they are"
RESAVED_NOTE = "labels saved again by another program, with the same pixels; measured as they are"


def measure_edited(
    task: PictureTask,
    labels_file: Path,
    settings: PictureSettings,
    *,
    verb: str,
    spores_before: bytes,
    pixels_before: object = None,
) -> PictureResult:
    """Measure the corrected labels of an image instead of looking for spores.

    Parameters
    ----------
    task : PictureTask
        The image (``count``), or the label image that was measured (``measure``).
    labels_file : Path
        The corrected labels, or the corrected outlines: ``_rois.zip`` or ``.geojson``.
    settings : PictureSettings
        Reading, field and edge rule; the method is not used.
    verb : str
        ``count`` or ``measure``.
    spores_before : bytes
        The image's rows of ``spores.csv`` before: an object whose area and place are as before keeps its
        score; others have none. Empty where there are none.
    pixels_before : object
        :func:`labels_sha256` of the labels that we wrote, where it is known.

    Raises
    ------
    LabelReadError
        When the labels cannot be used; the file stays as it is.
    ImageReadError
        When the image cannot be read.
    """
    if verb != "count":
        result = measure_labels(replace(task, source=labels_file), settings)
        notes: tuple[str, ...] = result.notes
    else:
        image = read_image(task.source, settings.reading)
        read = _read(labels_file, image.pixels.shape[:2], spores_before, settings)
        if read.labels.shape != image.pixels.shape[:2]:
            raise LabelReadError(
                labels_file,
                expected=f"the size of its image, {image.pixels.shape[1]} x {image.pixels.shape[0]} px",
                found=f"{read.labels.shape[1]} x {read.labels.shape[0]} px",
                remedy="Save the corrected labels at the image's size, delete the file to have it made anew, "
                "or use --discard-edits.",
            )
        field = find_field(image.pixels, settings.field_mode)
        labels = np.where(field.mask, read.labels, 0).astype(np.int32)
        notes = (*image.notes, *_only_outside(read.labels, labels), *read.notes)
        spores = spore_table(labels, image, field, settings, task.image, intensity=image.pixels)
        fault = "; ".join(each.kind for each in read.faults)
        result = PictureResult(image, field, labels, spores, notes, label_fault=fault)
    spores = result.spores.assign(score=_scores(result.spores, spores_before))
    edited_note = EDITED_NOTE if states_size(labels_file) else OUTLINES_NOTE.format(labels_file.name)
    resaved = labels_sha256(result.labels) == pixels_before
    notes = (RESAVED_NOTE if resaved else edited_note, *notes)
    return replace(result, spores=spores, notes=tuple(dict.fromkeys(notes)))


def _read(path: Path, shape: tuple[int, int], spores_before: bytes, settings: PictureSettings) -> LabelImage:
    if states_size(path):
        return read_edited(path, spores_before, settings.reading)
    return read_outlines(path, shape)


def labels_sha256(labels: NDArray[np.int32]) -> str:
    """Return the SHA-256 of the pixels of labels and their shape, however a file keeps them."""
    shape = ",".join(map(str, labels.shape))
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(labels, dtype="<i4").tobytes()).hexdigest()


def discard(output: Path, files: Iterable[str]) -> list[str]:
    """Move changed files out of the way, each under a name that is not taken; where they lie now.

    Raises
    ------
    OutputError
        When a file cannot be moved.
    """
    folder = output / RECORD_FOLDER / DISCARDED
    moved = []
    for file in files:
        make_folder(folder)
        target = folder / file
        while target.exists() or target.is_symlink():
            target = folder / f"{secrets.token_hex(4)}-{file[-200:]}"
        try:
            (output / file).rename(target)
        except OSError as error:
            raise OutputError(
                output / file,
                expected="a file that can be moved",
                found=error.strerror or str(error),
                remedy=f"Move it elsewhere yourself, to another place than {folder}.",
            ) from error
        moved.append(target.relative_to(output).as_posix())
    return moved


def _only_outside(given: NDArray[np.int32], inside: NDArray[np.int32]) -> tuple[str, ...]:
    outside = np.setdiff1d(given[given > 0], inside[inside > 0]).size
    if not outside:
        return ()
    what = "1 object lies" if outside == 1 else f"{outside} objects lie"
    return (f"{what} outside the field and {'is' if outside == 1 else 'are'} not measured",)


def _scores(spores: pd.DataFrame, spores_before: bytes) -> NDArray[np.float64]:
    """Return the score that each object had before, by its area and place; NaN for a new or changed one."""
    before = object_table(spores_before)
    known = dict(zip(_keys(before), before["score"].astype(float), strict=True))
    return np.array([known.get(key, np.nan) for key in _keys(spores)], dtype=np.float64)


def _keys(spores: pd.DataFrame) -> list[tuple[int, str, str]]:
    return [
        (int(area), f"{row:.5g}", f"{column:.5g}")
        for area, row, column in zip(spores["area"], spores["centroid-0"], spores["centroid-1"], strict=True)
    ]
