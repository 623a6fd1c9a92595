"""From what the user names to a list of images, each with the name its outputs will carry."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError
from sporemetry.guarded_file import real_path
from sporemetry.image import is_picture_name
from sporemetry.pipeline.input_folders import FolderWalk
from sporemetry.pipeline.label_source import LabelSource
from sporemetry.pipeline.output_names import unique_names
from sporemetry.pipeline.stated import NOTHING_STATED, Stated
from sporemetry.printable import printable_name
from sporemetry.segmentation import Scale

__all__ = ["InputList", "PictureTask", "find_pictures", "list_inputs", "unique_names"]


@dataclass(frozen=True, slots=True)
class PictureTask:
    """One picture to do.

    Attributes
    ----------
    source : Path
        The picture to count, or the label picture to measure.
    image : str
        How tables name it: its path below what the user gave, with ``/``; unique in the folder job.
        Characters that cannot be seen are codes in it, see :func:`~sporemetry.printable.printable_name`.
    name : str
        What its output files begin with; unique in the folder job.
    backdrop : Path or None
        With label pictures: the photograph to draw the outlines on.
    stated : Stated
        What a sample sheet, or levels in folders and names, state of the image.
    labels : LabelSource or None
        With labels: what is known of them beside what is in the file.
    shared_scale : Scale or None
        The scale that it shares with images of its kind; None where a network looks for its own.
    """

    source: Path
    image: str
    name: str
    backdrop: Path | None = None
    stated: Stated = NOTHING_STATED
    labels: LabelSource | None = None
    shared_scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class InputList:
    """The images that the user's inputs name, and what was left out.

    Attributes
    ----------
    tasks : tuple of PictureTask
        In the order of the inputs, folders sorted by name; empty when the folders hold no image.
    notes : tuple of str
        What was left out and why, a sentence each.
    """

    tasks: tuple[PictureTask, ...]
    notes: tuple[str, ...] = ()


def find_pictures(
    inputs: Sequence[Path],
    *,
    recursive: bool = False,
    output: Path | None = None,
    is_wanted: Callable[[Path], bool] = is_picture_name,
) -> list[PictureTask]:
    """Return the tasks of :func:`list_inputs`."""
    return list(list_inputs(inputs, recursive=recursive, output=output, is_wanted=is_wanted).tasks)


def list_inputs(
    inputs: Sequence[Path],
    *,
    recursive: bool = False,
    output: Path | None = None,
    is_wanted: Callable[[Path], bool] = is_picture_name,
    of_labels: bool = False,
) -> InputList:
    """List the images that ``inputs`` name.

    Files are taken as they are, whatever their name; of folders, the files that ``is_wanted`` accepts.
    Hidden files, everything in ``output`` and everything that we made ourselves are left out, see
    :class:`~sporemetry.pipeline.input_folders.FolderWalk`.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders. A file named twice is done once.
    recursive : bool
        Whether to enter subfolders.
    output : Path, optional
        The output folder of the job.
    is_wanted : callable
        Which files of a folder to take; by default, by the suffixes of images.
    of_labels : bool
        Whether label images are looked for: then a results folder that the user names is taken as it is.

    Raises
    ------
    FileError
        When an input does not exist, or is a folder of our own results.
    """
    found: dict[Path, PurePosixPath] = {}
    several = len(inputs) > 1
    walk = FolderWalk(recursive=recursive, output=output, is_wanted=is_wanted, of_labels=of_labels)
    for given in inputs:
        if given.is_dir():
            root = given.parent if several and given.name else given
            for path in walk.files(given):
                found.setdefault(path, PurePosixPath(path.relative_to(root).as_posix()))
        elif given.exists():
            found.setdefault(given, PurePosixPath(given.name))
        else:
            raise FileError(given, expected="a picture or a folder of pictures", found="nothing of that name")
    sources = _without_repeats(found)
    images = [printable_name(image) for image in _unique_images(sources)]
    names = unique_names([PurePosixPath(image) for image in images])
    tasks = tuple(PictureTask(*each) for each in zip(sources, images, names, strict=True))
    return InputList(tasks, walk.notes(set(sources)))


def _without_repeats(found: dict[Path, PurePosixPath]) -> dict[Path, PurePosixPath]:
    kept: dict[Path, PurePosixPath] = {}
    seen: set[Path] = set()
    for path, image in found.items():
        resolved = real_path(path)
        if resolved not in seen:
            seen.add(resolved)
            kept[path] = image
    return kept


def _unique_images(sources: dict[Path, PurePosixPath]) -> list[str]:
    """Name each image in the tables; where two would be the same, by the path below their common folder."""
    images = {path: str(image) for path, image in sources.items()}
    renamed: set[Path] = set()
    while True:
        uses = Counter(images.values())
        alike = {path for path, image in images.items() if uses[image] > 1}
        if not alike:
            return list(images.values())
        # A new name may be that of another image: then that one is named anew, too. With all of them in
        # it the paths differ, so this ends.
        renamed |= alike
        common = os.path.commonpath([real_path(path) for path in renamed])
        for path in renamed:
            images[path] = real_path(path).relative_to(common).as_posix()
