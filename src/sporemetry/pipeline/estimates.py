"""What one image said of its scale by itself, kept beside its record so that it is asked once.

Like a record it is text from outside when it is read: of another image, another network or other settings, or
not of the form that we write, it is no estimate.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from sporemetry.counting import DEFAULT_EDGE_RULE
from sporemetry.errors import FileError
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.pipeline.facts import check_number
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.looks import keep_look
from sporemetry.pipeline.picture import input_sha256, work_of
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.results_folder import ESTIMATE_ENDING, RECORD_FOLDER, read_small_json
from sporemetry.segmentation import ModelSegmenter, Scale, segmenter
from sporemetry.storage import bytes_sha256, write_atomic

_FORMAT = 1
_LARGEST = 1 << 16
_FACTORS = (1e-3, 1e3)
_LENGTHS = (1e-2, 1e6)


def estimate_path(output: Path, name: str) -> Path:
    """Return where the estimate of the image ``name`` lies."""
    return output / RECORD_FOLDER / f"{name}{ESTIMATE_ENDING}"


def estimate_image(
    task: PictureTask, *, output: Path, settings: PictureSettings, keep: bool = False
) -> Scale | None:
    """Estimate the scale of an image by itself, and keep what was found.

    Where ``keep`` is true, the logits at that scale are kept too, until the image is counted.

    Returns
    -------
    Scale or None
        None where there is nothing to estimate: the spores' length is stated, or follows from the scale.

    Raises
    ------
    ImageReadError
        When the image cannot be read.
    OutputError
        When the estimate cannot be written.
    """
    settings = picture_settings_of(settings, task.stated)
    digest = input_sha256(task, settings.reading, verb="count")
    find = segmenter(settings.method, settings.segmentation, settings.model)
    if not isinstance(find, ModelSegmenter):
        return None
    image = read_image(task.source, settings.reading)
    field = find_field(image.pixels, settings.field_mode)
    scale = find.estimate(image.pixels, field.mask, um_per_px=image.um_per_px)
    if scale is not None:
        content = {
            "format": _FORMAT,
            "input_sha256": digest,
            "work": estimate_work(settings),
            "factor": scale.factor,
            "spore_length_px": scale.spore_length_px,
        }
        if keep:
            keep_look(output, task.name, scale, look_key(digest, settings))
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        write_atomic(estimate_path(output, task.name), text.encode("utf-8", "backslashreplace"))
        scale = replace(scale, look=None)  # not to be sent to another process
    return scale


def look_key(digest: str, settings: PictureSettings) -> str:
    """Return a text that changes whenever the logits of an image could: of its hash and its settings."""
    return bytes_sha256([f"{digest} {estimate_work(settings)}".encode("utf-8", "backslashreplace")])


def read_estimate(output: Path, name: str, *, input_sha256: str, work: str) -> Scale | None:
    """Return what the image ``name`` said of its scale, or None when that is not known any more.

    Parameters
    ----------
    output : Path
        The output folder.
    name : str
        Of the image's outputs.
    input_sha256 : str
        Of the image as it is now.
    work : str
        As :func:`estimate_work` tells it.
    """
    content = read_small_json(estimate_path(output, name), _LARGEST)
    try:
        return _checked(content, input_sha256, work)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def estimate_work(settings: PictureSettings) -> str:
    """Return a text that changes whenever an estimate could."""
    return work_of(replace(settings, edge_rule=DEFAULT_EDGE_RULE), verb="count")


def _checked(content: object, input_sha256: str, work: str) -> Scale | None:
    if not isinstance(content, dict) or content["format"] != _FORMAT:
        return None
    if (content["input_sha256"], content["work"]) != (input_sha256, work):
        return None
    factor, length = content["factor"], content["spore_length_px"]
    check_number("factor", factor, *_FACTORS)
    if length is not None:
        check_number("spore_length_px", length, *_LENGTHS)
    return Scale(float(factor), None if length is None else float(length), "")


class InputHashes:
    """The hashes of inputs, each file read once; empty for one that cannot be read now."""

    def __init__(self, settings: PictureSettings, *, verb: str) -> None:
        self._reading = settings.reading
        self._verb = verb
        self._known: dict[str, str] = {}

    def __call__(self, task: PictureTask) -> str:
        """Return the hash of what is read for ``task``."""
        if task.name not in self._known:
            try:
                self._known[task.name] = input_sha256(task, self._reading, verb=self._verb)
            except (OSError, FileError):  # reading it will say why
                self._known[task.name] = ""
        return self._known[task.name]
