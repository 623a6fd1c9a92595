"""The spore that a user points at is found among the inputs and measured before anything is touched."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sporemetry.errors import SettingsError
from sporemetry.field import find_field
from sporemetry.guarded_file import real_path
from sporemetry.image import read_image
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.segmentation import ExamplePoint, ModelSegmenter, segmenter
from sporemetry.segmentation.example import OPTION

_LISTED = 3


def with_example(tasks: Sequence[PictureTask], settings: PictureSettings) -> PictureSettings:
    """Return the settings with the example measured, where one is named; else as they are.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The images of a job. The example is on one of them.
    settings : PictureSettings

    Raises
    ------
    SettingsError
        When the image is not among them, the point is outside of it or of its field, or no spore is there.
    ImageReadError
        When the image cannot be read.
    ModelError
        When the network cannot be used.
    """
    named = settings.model.example
    if not isinstance(named, str):
        return settings
    point = ExamplePoint.read(named)
    task = _task_of(point, tasks)
    plain = replace(settings.model, example=None)
    find = segmenter(settings.method, settings.segmentation, plain)
    if not isinstance(find, ModelSegmenter):  # settings refuse it with other methods
        return settings
    image = read_image(task.source, picture_settings_of(settings, task.stated).reading)
    field = find_field(image.pixels, settings.field_mode)
    point = replace(point, image=task.image)
    example = find.measure_example(image.pixels, field.mask, point, um_per_px=image.um_per_px)
    return replace(settings, model=replace(plain, example=example))


def _task_of(point: ExamplePoint, tasks: Sequence[PictureTask]) -> PictureTask:
    for task in tasks:
        if task.image == point.image:
            return task
    path = real_path(Path(point.image))
    for task in tasks:
        if real_path(task.source) == path:
            return task
    names = [task.image for task in tasks]
    near = difflib.get_close_matches(point.image, names, n=_LISTED, cutoff=0.4) or names[:_LISTED]
    raise SettingsError(
        OPTION,
        expected="one of the images that are counted, as the tables call it or by its path",
        found=repr(point.image),
        remedy=f"There are {len(names):,}, such as {', '.join(near)}." if near else "There are none.",
    )
