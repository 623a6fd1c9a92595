"""One image of a folder job: done, its outputs written, and its record last, which says that it is done."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from sporemetry.errors import ForeignFileError
from sporemetry.label_image import encode_labels
from sporemetry.overlay import draw_overlay, encode_jpeg
from sporemetry.pipeline.edited_labels import read_edited
from sporemetry.pipeline.edits import labels_sha256, measure_edited
from sporemetry.pipeline.estimates import look_key
from sporemetry.pipeline.exports import EXPORTS, encode_exports, export_file
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.looks import forget_look, with_look
from sporemetry.pipeline.note_cautions import IMAGE_CHANGED_NOTE
from sporemetry.pipeline.ownership import Claims, Standing, image_claims
from sporemetry.pipeline.picture import (
    PictureResult,
    count_picture,
    facts_of,
    input_sha256,
    measure_labels,
    spores_csv,
    work_of,
)
from sporemetry.pipeline.record import Record, kept_overlay_path, read_record, spores_path, write_record
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.results_folder import LABELS_ENDING, OVERLAY_ENDING, RECORD_FOLDER
from sporemetry.storage import bytes_sha256, write_atomic

OVERLAY_NOTE = "the outlined image was changed by another program and is kept; it does not follow the labels"


def do_picture(task: PictureTask, output: Path, settings: PictureSettings, *, verb: str) -> Record:
    """Do one image of a folder job and write its outputs; the record, written last, says it is done.

    Labels that a person changed since we wrote them are measured as they are, and stay.

    Raises
    ------
    ImageReadError, LabelReadError
        When the image, or what a person made of its labels, cannot be used.
    ForeignFileError
        When a file that is not ours stands where an output belongs.
    OutputError
        When its outputs cannot be written.
    """
    before = read_record(output, task.name)
    claims = image_claims(output, task.name, before)
    digest = input_sha256(task, settings.reading, verb=verb)
    labels_file, overlay_file = task.name + LABELS_ENDING, task.name + OVERLAY_ENDING
    edited: dict[str, str] = {}
    exported = {export_file(task.name, each) for each in EXPORTS}
    changed = dict(_changed(claims, (labels_file, *sorted(exported))))
    if len(changed) > 1:
        raise _contradiction(output, changed)
    if changed:
        edited.update(changed)
        result = measure_edited(
            task,
            output / next(iter(changed)),
            settings,
            verb=verb,
            spores_before=_spores_before(output, before),
            pixels_before=None if before is None else before.facts.get("labels_pixels"),
        )
    elif verb == "count":
        shared = with_look(output, task.name, task.shared_scale, look_key(digest, settings))
        result = count_picture(task.source, settings, name=task.image, shared_scale=shared)
    else:
        result = measure_labels(task, settings)
    notes = result.notes
    if changed and verb == "count" and _of_another_image(before, digest, changed):
        notes = (*notes, IMAGE_CHANGED_NOTE)
    files = {}
    if labels_file not in edited:
        files[labels_file] = encode_labels(result.labels, um_per_px=result.image.um_per_px)
    standing, now = claims.look(overlay_file)
    if standing is Standing.CHANGED:
        edited[overlay_file] = now
        notes = (*notes, OVERLAY_NOTE)
    rows = spores_csv(result.spores)
    private = {spores_path(output, task.name): rows}
    if overlay_file in edited:
        private[kept_overlay_path(output, task.name)] = _overlay(result)
    else:
        files[overlay_file] = _overlay(result)
    exports = encode_exports(task.name, settings.exports, result.labels, rows, without=edited)
    _write(claims, {**files, **exports}, unwanted=() if before is None else before.exports)
    for path, content in private.items():
        write_atomic(path, content)
    if kept_overlay_path(output, task.name) not in private:
        kept_overlay_path(output, task.name).unlink(missing_ok=True)
    written = {**files, **{f"{RECORD_FOLDER}/{path.name}": content for path, content in private.items()}}
    facts = facts_of(result)
    facts["edited"] = bool(changed) or result.edited
    facts["labels_pixels"] = _pixels(result.labels, before, bool(changed))
    record = Record(
        image=task.image,
        name=task.name,
        input_sha256=digest,
        work=work_of(settings, verb=verb, shared_scale=task.shared_scale),
        outputs={file: bytes_sha256([content]) for file, content in written.items()},
        facts=facts,
        notes=notes,
        exports={file: bytes_sha256([content]) for file, content in exports.items()},
        edited=edited,
    )
    write_record(output, record)
    claims.settle()
    forget_look(output, task.name)
    return record


def do_exports(record: Record, output: Path, settings: PictureSettings) -> Record:
    """Write what is missing of the exports of a finished image, from its outputs; the new record.

    Raises
    ------
    ForeignFileError
        When a file that is not ours stands where an export belongs.
    OutputError
        When a file cannot be written.
    """
    claims = image_claims(output, record.name, record)
    labels_file = record.name + LABELS_ENDING
    rows = spores_path(output, record.name).read_bytes()
    labels: NDArray[np.int32]
    if labels_file in record.edited:
        labels = read_edited(output / labels_file, rows, settings.reading).labels
        measured = _labels_in(rows)
        labels = np.where(np.isin(labels, measured), labels, 0).astype(np.int32)
    else:
        # Not read_labels: it would take a single spore in several pieces for a mask.
        labels = tifffile.imread(output / labels_file).astype(np.int32)
    exports = encode_exports(record.name, settings.exports, labels, rows, without=record.edited)
    _write(claims, exports, unwanted=record.exports)
    record = replace(record, exports={file: bytes_sha256([content]) for file, content in exports.items()})
    write_record(output, record)
    claims.settle()
    return record


def newly_edited(record: Record, output: Path) -> bool:
    """Tell whether a person changed an export of a finished image since it was done."""
    claims = image_claims(output, record.name, record)
    return any(claims.standing(file) is Standing.CHANGED for file in record.exports)


def _write(claims: Claims, files: Mapping[str, bytes], *, unwanted: Iterable[str]) -> None:
    """Write files, none of which may be anyone else's, and delete the exports that are no longer wanted."""
    claims.claim({file: bytes_sha256([content]) for file, content in files.items()})
    for file, content in files.items():
        claims.put(file, content)
    for file in set(unwanted) - set(files):
        claims.remove(file)


def _changed(claims: Claims, files: Iterable[str]) -> Iterator[tuple[str, str]]:
    for file in files:
        standing, now = claims.look(file)
        if standing is Standing.CHANGED:
            yield file, now


def _of_another_image(before: Record | None, digest: str, changed: Mapping[str, str]) -> bool:
    """Tell whether labels were edited on another image than the one that now has its name.

    Once said it stays so until the edit is another one.
    """
    if before is None:
        return False
    if before.input_sha256 != digest:
        return True
    return IMAGE_CHANGED_NOTE in before.notes and all(
        before.edited.get(file) == now for file, now in changed.items()
    )


def _contradiction(output: Path, files: Iterable[str]) -> ForeignFileError:
    return ForeignFileError(
        output,
        expected="one file of an image that was corrected by hand",
        found=" and ".join(files),
        remedy="Keep the one that is right, and move or delete the others.",
    )


def _overlay(result: PictureResult) -> bytes:
    return encode_jpeg(
        draw_overlay(
            result.image.pixels,
            result.labels,
            counted=result.spores["counted"].to_numpy(dtype=bool),
            field_mask=result.field.mask,
            um_per_px=result.image.um_per_px,
            uncovered=result.uncovered.places,
        )
    )


def _pixels(labels: NDArray[np.int32], before: Record | None, is_edited: bool) -> object:
    """Return the hash of the pixels that we last wrote: those of before where a person's are in force."""
    if is_edited:
        return None if before is None else before.facts.get("labels_pixels")
    return labels_sha256(labels)


def _spores_before(output: Path, before: Record | None) -> bytes:
    if before is None:
        return b""
    try:
        return spores_path(output, before.name).read_bytes()
    except OSError:
        return b""


def _labels_in(rows: bytes) -> list[int]:
    return [int(label) for label in pd.read_csv(io.BytesIO(rows), usecols=["label"])["label"]]
