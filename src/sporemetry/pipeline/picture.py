"""The stages composed for one picture: file to labels, spores and outlined picture."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sporemetry
from sporemetry.counting import apply_edge_rule
from sporemetry.csv_table import csv_bytes
from sporemetry.field import Field, find_field
from sporemetry.image import Image, ReadSettings, check_image_file, is_picture_name, read_image
from sporemetry.measurement import SPORE_COLUMNS, measure
from sporemetry.pipeline.example import with_example
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.measured_image import read_measured
from sporemetry.pipeline.note_cautions import RESULT_NAME_NOTE
from sporemetry.pipeline.outline_files import check_outline_file
from sporemetry.pipeline.recorded_image import carry
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.results_folder import LABELS_ENDING, OVERLAY_ENDING
from sporemetry.segmentation import Scale, segmenter
from sporemetry.storage import bytes_sha256, file_sha256
from sporemetry.uncovered import NOT_CHECKED, CountCheck, Uncovered, check_count, confidence, find_uncovered

_NUMBER_FORMAT = "%.8g"
_NOTHING_UNCOVERED = Uncovered()


@dataclass(frozen=True, slots=True, eq=False)
class PictureResult:
    """Everything that one picture gives.

    Attributes
    ----------
    image : Image
        The picture as read; of a measured label picture without a photograph, a grey ground.
    field : Field
        The part of it that was counted.
    labels : int32 array, H x W
        The spores.
    spores : DataFrame
        One row a spore, with the columns :data:`sporemetry.measurement.SPORE_COLUMNS`.
    notes : tuple of str
        What the user should know of how it was read.
    left_out_share : float
        Of the pixels that were found, the share left out because of the size or shape of their object;
        0 where nothing was found.
    spore_length_px : float or None
        How long spores were taken to be, by a network; None where that is not known or was not asked.
    label_fault : str
        Of a measured label image, the kinds of what it may mean other than ids
        (:data:`sporemetry.label_faults.FAULT_KINDS`), joined by ``; ``.
    edited : bool
        Whether a person changed what was counted.
    has_own_scale : bool
        Whether a network looked at it at a scale of its own, though images of its kind share another.
    uncovered : Uncovered
        Strong objects alike that a network left without an outline.
    check : CountCheck
        What speaks against the count of a network.
    """

    image: Image
    field: Field
    labels: NDArray[np.int32]
    spores: pd.DataFrame
    notes: tuple[str, ...]
    left_out_share: float = 0.0
    spore_length_px: float | None = None
    label_fault: str = ""
    edited: bool = False
    has_own_scale: bool = False
    uncovered: Uncovered = _NOTHING_UNCOVERED
    check: CountCheck = NOT_CHECKED


def count_picture(
    path: str | Path,
    settings: PictureSettings | None = None,
    *,
    name: str = "",
    shared_scale: Scale | None = None,
) -> PictureResult:
    """Count and measure the spores of one picture.

    Parameters
    ----------
    path : str or Path
        The picture.
    settings : PictureSettings, optional
        How; the defaults are those of the command.
    name : str
        What the column ``image`` shall say; the file's name where not given.
    shared_scale : Scale, optional
        The scale that images beside it share; without it a network estimates that of this image alone.

    Returns
    -------
    PictureResult
        A picture without a spore gives an empty table with all columns.

    Raises
    ------
    ImageReadError
        When the picture cannot be read.
    """
    path, settings = Path(path), settings or PictureSettings()
    settings = with_example([PictureTask(path, name or path.name, path.stem)], settings)
    image = read_image(path, settings.reading)
    if path.name.endswith((LABELS_ENDING, OVERLAY_ENDING)):
        image = replace(image, notes=(*image.notes, RESULT_NAME_NOTE))
    return count_image(image, settings, name=name or path.name, shared_scale=shared_scale)


def count_image(
    image: Image,
    settings: PictureSettings | None = None,
    *,
    name: str = "",
    shared_scale: Scale | None = None,
) -> PictureResult:
    """Count and measure the spores of a picture in memory.

    Parameters
    ----------
    image : Image
        ``Image(pixels, um_per_px=0.3)``, with pixels (H, W, 3), RGB, uint8 or uint16, will do.
    settings : PictureSettings, optional
        How; the defaults are those of the command. What they say of reading is not used.
    name : str
        What the column ``image`` shall say.
    shared_scale : Scale, optional
        The scale that images beside it share; without it a network estimates that of this image alone.

    Returns
    -------
    PictureResult
        A picture without a spore gives an empty table with all columns.

    Raises
    ------
    SettingsError
        When the pixels have another shape or type.
    """
    settings = settings or PictureSettings()
    field = find_field(image.pixels, settings.field_mode)
    find = segmenter(settings.method, settings.segmentation, settings.model)
    found = find(image.pixels, field.mask, um_per_px=image.um_per_px, shared=shared_scale)
    detections = find.detect(found)
    labels = detections.labels
    spores = spore_table(labels, image, field, settings, name, detections.scores, intensity=image.pixels)
    pixels = int(np.count_nonzero(found.mask))
    left_out = int(np.count_nonzero(found.mask & (labels == 0))) / max(1, pixels)
    notes = (*image.notes, *found.notes, *detections.notes, *find.remarks(found, labels))
    result = PictureResult(
        image,
        field,
        labels,
        spores,
        notes,
        left_out,
        found.spore_length_px,
        has_own_scale=found.has_own_scale,
    )
    if found.probability is None:  # of a method without a network, which always has a caution
        return result
    sure = confidence(labels, detections.scores, left_out)
    uncovered = find_uncovered(image.pixels, field.mask, labels, confidence=sure)
    return replace(result, uncovered=uncovered, check=check_count(uncovered, sure))


def measure_labels(task: PictureTask, settings: PictureSettings | None = None) -> PictureResult:
    """Measure the spores of an existing label picture.

    Parameters
    ----------
    task : PictureTask
        The labels, the photograph to draw on if there is one, and what a count recorded of it.
    settings : PictureSettings, optional
        Reading, field and edge rule; the method is not used.

    Returns
    -------
    PictureResult
        Objects that are as they were counted have the score that they were counted with, others none.
        Without the photograph the intensities of others are not known either.

    Raises
    ------
    LabelReadError
        When the labels cannot be used, or the photograph has another size.
    ImageReadError
        When a file cannot be read.
    """
    settings = settings or PictureSettings()
    measured = read_measured(task, settings)
    intensity = measured.image.pixels if measured.has_photograph else None
    spores = spore_table(
        measured.labels, measured.image, measured.field, settings, task.image, intensity=intensity
    )
    recorded = None if task.labels is None else task.labels.recorded
    if recorded is None:
        return PictureResult(
            measured.image,
            measured.field,
            measured.labels,
            spores,
            measured.notes,
            label_fault=measured.label_fault,
        )
    before = carry(spores, recorded, intensity=intensity is None, number_format=_NUMBER_FORMAT)
    result = PictureResult(
        measured.image,
        measured.field,
        measured.labels,
        spores,
        measured.notes if before.same else (*measured.notes, before.note),
        label_fault=measured.label_fault,
        edited=recorded.is_edited or not before.same,
    )
    if not before.same:
        return result
    return replace(
        result,
        left_out_share=recorded.left_out_share,
        spore_length_px=recorded.spore_length_px,
        check=recorded.check,
    )


def work_of(settings: PictureSettings, *, verb: str, shared_scale: Scale | None = None) -> str:
    """Return a text that changes whenever an image's outputs could: version, verb, method, settings, scale.

    Exports are not in it: they are made from the outputs.
    """
    method = "labels"
    if verb == "count":
        method = segmenter(settings.method, settings.segmentation, settings.model).identity()
    # The settings have a method too, by its name alone: its identity has to win.
    parts = {**asdict(settings), "version": sporemetry.__version__, "verb": verb, "method": method}
    del parts["exports"]
    del parts["model"]["model_file"]  # its content is in the method's identity, wherever it lies
    del parts["model"]["example"]  # in the method's identity, too
    del parts["model"]["share_scale"]  # what it leads to is the scale
    if shared_scale is not None:
        parts["shared_scale"] = [shared_scale.factor, shared_scale.spore_length_px]
    return json.dumps(parts, sort_keys=True, default=str)


def without_scale(work: str) -> str:
    """Return a text of :func:`work_of` without the scale that images share; any other text as it is."""
    try:
        parts = json.loads(work)
        parts.pop("shared_scale", None)
    except (ValueError, AttributeError, TypeError):
        return work
    return json.dumps(parts, sort_keys=True)


def input_sha256(task: PictureTask, reading: ReadSettings, *, verb: str) -> str:
    """Return the hash of what is read for ``task``.

    Raises
    ------
    ImageReadError, LabelReadError
        When a file is of a kind or size that is not read: it is not read for its hash either.
    """
    if verb == "count" or is_picture_name(task.source):
        check_image_file(task.source, reading)
    else:
        check_outline_file(task.source)
    if task.backdrop is not None:
        check_image_file(task.backdrop, reading)
    parts = [file_sha256(path) for path in (task.source, task.backdrop) if path is not None]
    if task.labels is not None:
        parts.append(task.labels.identity())
    return parts[0] if len(parts) == 1 else bytes_sha256(part.encode() for part in parts)


def spores_csv(spores: pd.DataFrame) -> bytes:
    """Return a spore table as CSV: UTF-8, comma, point, a header even with no rows."""
    return csv_bytes(spores, float_format=_NUMBER_FORMAT)


def spore_table(
    labels: NDArray[np.int32],
    image: Image,
    field: Field,
    settings: PictureSettings,
    name: str,
    scores: NDArray[np.float64] | None = None,
    *,
    intensity: NDArray[Any] | None,
) -> pd.DataFrame:
    """Measure labels: one row a spore, with the columns :data:`~sporemetry.measurement.SPORE_COLUMNS`.

    Without ``intensity``, the pixels of the image, intensities are NaN.
    """
    edges = apply_edge_rule(labels, field.mask, settings.edge_rule)
    spores = measure(labels, um_per_px=image.um_per_px, intensity=intensity, score=scores)
    spores = spores.assign(
        image=name,
        index=spores["label"],
        touches_edge=edges.touches_edge,
        counted=edges.counted,
    )
    return spores[list(SPORE_COLUMNS)]


def facts_of(result: PictureResult) -> dict[str, Any]:
    """Return the numbers of an image from which the tables are made."""
    height, width = result.labels.shape
    circle = result.field.circle
    return {
        "width_px": width,
        "height_px": height,
        "um_per_px": result.image.um_per_px,
        "scale_source": result.image.scale_source,
        "field": result.field.kind,
        "field_area_px": result.field.area_px,
        "field_centre_y": None if circle is None else circle.centre_y,
        "field_centre_x": None if circle is None else circle.centre_x,
        "field_radius": None if circle is None else circle.radius,
        "spores": len(result.spores),
        "counted": int(result.spores["counted"].sum()),
        "left_out_share": result.left_out_share,
        "spore_length_px": result.spore_length_px,
        "label_fault": result.label_fault,
        "has_own_scale": result.has_own_scale,
        "mask_confidence": result.check.confidence,
        "uncovered_objects": result.check.objects,
        "uncovered_length_px": result.check.length_px,
        "count_fault": result.check.fault,
    }
