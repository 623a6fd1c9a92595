"""Labels that exist already, with the image, the field and the scale that they are measured in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.field import WHOLE, Field, find_field
from sporemetry.formats.scale import BY_USER, NO_SCALE
from sporemetry.image import Image, ReadSettings, read_image
from sporemetry.label_image import LabelImage
from sporemetry.pipeline.edited_labels import read_edited
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.label_choice import same_objects
from sporemetry.pipeline.label_source import LabelSource
from sporemetry.pipeline.note_cautions import OTHER_PHOTOGRAPH_NOTE, WHOLE_FIELD_NOTE
from sporemetry.pipeline.outline_files import LABEL_SUFFIXES, check_shape, read_outlines
from sporemetry.pipeline.recorded_image import RecordedImage
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.storage import file_sha256

_GROUND = 200  # the grey on which labels without a photograph are drawn
_OF_LABELS = "the label picture"


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredImage:
    """Labels and what they are measured in.

    Attributes
    ----------
    labels : int32 array, H x W
        Those inside the field.
    image : Image
        The photograph with its scale; without one, an even grey.
    has_photograph : bool
        Whether it is one.
    field : Field
        The part of it that counts.
    notes : tuple of str
        What the user should know of how they were read.
    label_fault : str
        The kinds of what the labels may mean other than ids (:data:`sporemetry.label_faults.FAULT_KINDS`),
        joined by ``; ``.
    """

    labels: NDArray[np.int32]
    image: Image
    has_photograph: bool
    field: Field
    notes: tuple[str, ...]
    label_fault: str = ""


def read_measured(task: PictureTask, settings: PictureSettings) -> MeasuredImage:
    """Read the labels of ``task``, and find what they are measured in.

    Field and scale are those of the count that wrote the labels, where its record is known. The scale of the
    settings goes before it. Without a record they are those of the photograph, and without a photograph the
    field is the whole image and the scale that of the label image.

    Raises
    ------
    LabelReadError
        When labels cannot be used, have another size than their image, or two files of one image differ.
    ImageReadError
        When a file cannot be read.
    SettingsError
        When a circle is asked for and there is none to be found.
    """
    source = task.labels or LabelSource()
    recorded = source.recorded
    photograph = None if task.backdrop is None else read_image(task.backdrop, _reading(settings, recorded))
    shape = None if photograph is None else (photograph.pixels.shape[0], photograph.pixels.shape[1])
    if recorded is not None:
        _check_photograph(task, shape, recorded)
        shape = recorded.shape
    read = _read(task.source, shape, source, settings.reading)
    notes = [*read.notes, *_about(task, source)]
    field = _field(task, settings, photograph, recorded, read.labels.shape)
    labels = np.where(field.mask, read.labels, 0).astype(np.int32)
    outside = np.unique(read.labels[~field.mask])
    lost = np.setdiff1d(outside[outside > 0], labels).size
    if lost:
        notes.append(f"{lost} object{'' if lost == 1 else 's'} outside the field left out")
    image = photograph or Image(np.full((*read.labels.shape, 3), _GROUND, dtype=np.uint8), path=task.source)
    image = _scaled(image, read, settings, recorded)
    if photograph is None and recorded is None and read.is_ours:
        notes.append(WHOLE_FIELD_NOTE)
    notes += image.notes
    fault = "; ".join(each.kind for each in read.faults)
    return MeasuredImage(labels, image, photograph is not None, field, tuple(dict.fromkeys(notes)), fault)


def _read(
    path: Path, shape: tuple[int, int] | None, source: LabelSource, reading: ReadSettings
) -> LabelImage:
    recorded = source.recorded
    if recorded is not None and source.rivals:
        raise LabelReadError(
            path,
            expected="one file of an image that was edited after the count",
            found=", ".join(each.name for each in (path, *source.rivals)),
            remedy="Take away all but the one that holds your corrections, or name that one.",
        )
    if recorded is not None and path.suffix.lower() in LABEL_SUFFIXES:
        if recorded.is_unchanged(path) and path.name not in recorded.edited:
            # Not read_labels, which would take a single spore in several pieces for a mask.
            return LabelImage(tifffile.imread(path).astype(np.int32), recorded.um_per_px, ())
        read = read_edited(path, recorded.rows(), reading)
        check_shape(read.labels.shape, recorded.shape, path)
        return read
    read = read_outlines(path, shape, reading)
    for rival in source.rivals:
        if not same_objects(read.labels, read_outlines(rival, read.labels.shape, reading).labels):
            raise LabelReadError(
                path,
                expected="one file of labels or outlines for each image, or several that hold the same",
                found=f"{path.name} and {rival.name}, which differ",
                remedy="Name the file that is right, or take the other one away.",
            )
    return read


def _reading(settings: PictureSettings, recorded: RecordedImage | None) -> ReadSettings:
    """Return how the photograph is read: as the count read it."""
    if recorded is None:
        return settings.reading
    return replace(settings.reading, page=recorded.page, projection=recorded.projection)


def _check_photograph(task: PictureTask, shape: tuple[int, int] | None, recorded: RecordedImage) -> None:
    if task.backdrop is not None and shape is not None and shape != recorded.shape:
        raise LabelReadError(
            task.backdrop,
            expected=f"the photograph that was counted, {recorded.width} x {recorded.height} px",
            found=f"{shape[1]} x {shape[0]} px",
            remedy="Give the photograph as it was counted, not resized or cropped.",
        )


def _about(task: PictureTask, source: LabelSource) -> list[str]:
    recorded = source.recorded
    if recorded is None:
        return []
    notes = []
    if source.edited:
        notes.append(f"Measured from {task.source.name}, which was edited or added after the count")
    known = recorded.photograph_sha256
    if task.backdrop is not None and known and file_sha256(task.backdrop) != known:
        notes.append(OTHER_PHOTOGRAPH_NOTE)
    return notes


def _field(
    task: PictureTask,
    settings: PictureSettings,
    photograph: Image | None,
    recorded: RecordedImage | None,
    shape: tuple[int, ...],
) -> Field:
    # An eyepiece that an earlier version recorded without its place is looked for in the photograph again.
    placeless = recorded is not None and recorded.circle is None and recorded.field_kind != WHOLE
    if recorded is not None and recorded.field_kind and not (placeless and photograph is not None):
        return recorded.field(task.source)
    if photograph is not None:
        mode = "circle" if recorded is not None and recorded.field_kind else settings.field_mode
        return find_field(photograph.pixels, mode)
    if settings.field_mode == "circle":
        raise SettingsError(
            "--field",
            expected="photographs, in which the circle of the eyepiece can be found",
            found="labels alone",
            remedy="Name the folder of the photographs with --pictures.",
        )
    return Field(np.ones(shape, dtype=np.bool_), WHOLE, None)


def _scaled(
    image: Image, read: LabelImage, settings: PictureSettings, recorded: RecordedImage | None
) -> Image:
    """Return the image with the scale that was told, else the count's, the photograph's, the labels' own."""
    told = settings.reading.um_per_px
    if told is not None:
        return replace(image, um_per_px=told, scale_source=BY_USER)
    if recorded is not None and recorded.um_per_px is not None:
        ReadSettings(um_per_px=recorded.um_per_px)  # a record may say anything
        return replace(image, um_per_px=recorded.um_per_px, scale_source=recorded.scale_source)
    if image.um_per_px is None and read.um_per_px is not None:
        return replace(image, um_per_px=read.um_per_px, scale_source=_OF_LABELS)
    return image if image.um_per_px is not None else replace(image, scale_source=NO_SCALE)
