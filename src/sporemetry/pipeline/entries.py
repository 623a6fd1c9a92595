"""What the report shows of each image, made when it is asked for: it shows few of many."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.image import ReadSettings, read_image
from sporemetry.overlay import to_display
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.record import Record, kept_overlay_path
from sporemetry.report import PictureEntry
from sporemetry.results_folder import OVERLAY_ENDING


class ReportEntries(Mapping[str, PictureEntry]):
    """The entries of finished images, by the name of the image.

    Parameters
    ----------
    done : sequence of PictureTask
        The finished images.
    records : mapping of str to Record
        By the task's name.
    output : Path
        The output folder.
    reading : ReadSettings
        How the images were read.
    verb : str
        With ``measure`` the image is the backdrop of the labels, where there is one.
    notes : mapping of str to str
        What is to be said of an image beside its record's notes.
    """

    def __init__(
        self,
        done: Sequence[PictureTask],
        records: Mapping[str, Record],
        output: Path,
        reading: ReadSettings,
        verb: str,
        notes: Mapping[str, str],
    ) -> None:
        self._tasks = {task.image: task for task in done}
        self._records = records
        self._output = output
        self._reading = reading
        self._verb = verb
        self._notes = notes

    def __getitem__(self, image: str) -> PictureEntry:
        task = self._tasks[image]
        source = task.source if self._verb == "count" else task.backdrop
        record = self._records[task.name]
        beside = task.name + OVERLAY_ENDING
        # One that was changed may be no image at all; ours is then kept apart.
        changed = beside in record.edited
        return PictureEntry(
            overlay=kept_overlay_path(self._output, task.name) if changed else self._output / beside,
            link=beside,
            notes=(*filter(None, [self._notes.get(image)]), *tuple(record.notes)),
            original=None if source is None else functools.partial(shown_pixels, source, self._reading),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, image: object) -> bool:
        return image in self._tasks


def shown_pixels(path: Path, reading: ReadSettings) -> NDArray[np.uint8]:
    """Return an image as it is shown on a screen, H x W x 3.

    Raises
    ------
    ImageReadError
        When it cannot be read.
    """
    return to_display(read_image(path, reading).pixels, None)
