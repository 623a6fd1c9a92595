"""The records of the results folders that labels come from: which image a file of labels is of."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

from sporemetry.names import name_key
from sporemetry.pipeline.job_record import JobRecord, read_job_record
from sporemetry.pipeline.label_files import image_stems, names_no_image
from sporemetry.pipeline.record import read_record
from sporemetry.pipeline.recorded_image import RecordedImage, recorded_image
from sporemetry.results_folder import LABELS_ENDING, current_label_files, recorded_names


class ResultsFolder:
    """One results folder; its records are read when they are asked for.

    Parameters
    ----------
    folder : Path
        A folder that :func:`~sporemetry.results_folder.current_label_files` takes for one.

    Attributes
    ----------
    job : JobRecord or None
        How it was counted; None where no run of it came to its end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job: JobRecord | None = read_job_record(folder)
        self._recorded = frozenset(recorded_names(folder))
        self._read: dict[str, RecordedImage | None] = {}

    @cached_property
    def current(self) -> frozenset[str]:
        """The names of the images of the last run."""
        labels = current_label_files(self.folder)
        names = () if labels is None else labels.current
        current = {name.removesuffix(LABELS_ENDING) for name in names}
        if self.job is not None and (labels is None or labels.finished):
            current.update(self.job.names)
        return frozenset(current)

    def image_of(self, path: Path) -> RecordedImage | None:
        """Return what is recorded of the image of a file of labels; None where it is of no recorded one."""
        if names_no_image(path):
            (only,) = self.current if len(self.current) == 1 else (None,)
            return None if only is None else self.named(only)
        stems = image_stems(path)
        for stem in stems:
            if stem in self._recorded:
                return self.named(stem)
        for stem in stems:
            names = self._by_image_stem.get(name_key(stem), [])
            if len(names) == 1:
                return self.named(names[0])
        return None

    def named(self, name: str) -> RecordedImage | None:
        """Return what is recorded of the image whose outputs begin with ``name``."""
        if name not in self._read:
            record = read_record(self.folder, name) if name in self._recorded else None
            self._read[name] = None if record is None else recorded_image(self.folder, record, self.job)
        return self._read[name]

    @cached_property
    def _by_image_stem(self) -> dict[str, list[str]]:
        """Names by the stem of their photograph: what a person calls a file that is to belong to it."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.current):
            recorded = self.named(name)
            if recorded is not None:
                found.setdefault(name_key(PurePosixPath(recorded.image).stem), []).append(name)
        return found


def index_results(folders: Iterable[Path]) -> dict[Path, ResultsFolder]:
    """Return those of the folders that hold results."""
    return {
        folder: ResultsFolder(folder)
        for folder in dict.fromkeys(folders)
        if current_label_files(folder) is not None
    }
