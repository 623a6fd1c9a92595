"""What is wrong with the settings of a count is found before anything in the output folder is touched."""

from __future__ import annotations

from collections.abc import Sequence

from sporemetry.errors import FileError, SettingsError
from sporemetry.image import read_image
from sporemetry.model.runtime import load_network
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.segmentation import ModelSegmenter, ModelSettings, segmenter

# So many images are looked at for a scale; where none of them has one, the others are tried one by one.
_LOOKED_AT = 20


def check_method(settings: PictureSettings) -> None:
    """Make the method ready once: its file, its device and its precision.

    Raises
    ------
    SettingsError
        When the device or the precision is not here.
    MissingExtraError
        When the runtime that was asked for is not installed.
    ModelError
        When the network cannot be used.
    """
    used = segmenter(settings.method, settings.segmentation, settings.model)
    usual = ModelSettings()
    if isinstance(used, ModelSegmenter) and (settings.model.device, settings.model.precision) != (
        usual.device,
        usual.precision,
    ):
        load_network(used.package, device=settings.model.device, precision=settings.model.precision)


def check_scale(tasks: Sequence[PictureTask], settings: PictureSettings) -> None:
    """See that a spore length in µm can be used: at least one of the images must have a scale.

    Images that cannot be read say nothing here.

    Raises
    ------
    SettingsError
        When none has one.
    """
    asked = settings.model.spore_length_um is not None and settings.model.spore_length_px is None
    if not asked or settings.reading.um_per_px is not None or not tasks or len(tasks) > _LOOKED_AT:
        return
    looked = False
    for task in tasks:
        if task.stated.um_per_px is not None:
            return
        try:
            image = read_image(task.source, settings.reading)
        except FileError:
            continue
        looked = True
        if image.um_per_px is not None:
            return
    if looked:
        raise SettingsError(
            "--spore-length-um",
            expected="images with a scale",
            found="none in these files",
            remedy="State it with --um-per-px, or the length in pixels with --spore-length-px.",
        )
