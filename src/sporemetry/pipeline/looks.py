"""Logits of images that were looked at for an estimate, kept until these are counted: none is computed twice.

They are large, so they are kept in small jobs only, where they save most, and never beyond the run.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import OutputError
from sporemetry.results_folder import LOOK_ENDING, RECORD_FOLDER, open_plain, recorded_names
from sporemetry.segmentation import Scale
from sporemetry.storage import write_atomic

LARGEST_JOB = 60
"""Images; of more, those that are looked at twice are few."""
_LARGEST = 1 << 25  # bytes of one
_LARGEST_HEAD = 1 << 16


def keep_look(output: Path, name: str, scale: Scale, key: str) -> None:
    """Keep what the network said of the image ``name`` at a scale, if it is not too large.

    ``key`` is of the image and the work: see :func:`with_look`. Where it cannot be written, nothing is kept.
    """
    if scale.look is None or not 0 < scale.look.nbytes <= _LARGEST:
        return
    content = np.ascontiguousarray(scale.look, dtype="<f4").tobytes()
    head = {
        "key": key,
        "factor": scale.factor,
        "shape": scale.look.shape,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with suppress(OutputError):
        write_atomic(_path(output, name), json.dumps(head).encode() + b"\n" + content)


def with_look(output: Path, name: str, scale: Scale | None, key: str) -> Scale | None:
    """Return a scale with what was kept of the image at it; as it is where nothing was, or it is damaged.

    Parameters
    ----------
    output : Path
        The output folder.
    name : str
        Of the image's outputs.
    scale : Scale or None
        At which the image is to be looked at.
    key : str
        Text that changes whenever logits could: of the image and of what is done.
    """
    if scale is None:
        return None
    try:
        with open_plain(_path(output, name)) as file:
            head = json.loads(file.readline(_LARGEST_HEAD))
            content = file.read(_LARGEST)
        if (head["key"], head["factor"]) != (key, scale.factor):
            return scale
        if hashlib.sha256(content).hexdigest() != head["sha256"]:
            return scale
        look: NDArray[np.float32] = np.frombuffer(content, dtype="<f4").reshape(head["shape"])
    except (OSError, ValueError, TypeError, KeyError):
        return scale
    return replace(scale, look=look.astype(np.float32))


def forget_look(output: Path, name: str) -> None:
    """Delete what was kept of an image."""
    with suppress(OSError):
        _path(output, name).unlink(missing_ok=True)


def forget_looks(output: Path) -> None:
    """Delete all that was kept."""
    for name in list(recorded_names(output, LOOK_ENDING)):
        forget_look(output, name)


def _path(output: Path, name: str) -> Path:
    return output / RECORD_FOLDER / f"{name}{LOOK_ENDING}"
