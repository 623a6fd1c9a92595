"""From what the user names to a list of pictures, each with the name its outputs will carry."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError
from sporemetry.image import is_picture_name

# What our own output folder holds; never taken for input when it lies among the pictures.
OWN_OUTPUT = re.compile(r"_(labels\.tif|overlay\.jpg)$")


@dataclass(frozen=True, slots=True)
class PictureTask:
    """One picture to do.

    Attributes
    ----------
    source : Path
        The picture to count, or the label picture to measure.
    image : str
        How tables name it: its path below what the user gave, with ``/``.
    name : str
        What its output files begin with; unique in the folder job.
    backdrop : Path or None
        With label pictures: the photograph to draw the outlines on.
    """

    source: Path
    image: str
    name: str
    backdrop: Path | None = None


def find_pictures(
    inputs: Sequence[Path],
    *,
    recursive: bool = False,
    output: Path | None = None,
    is_wanted: Callable[[Path], bool] = is_picture_name,
) -> list[PictureTask]:
    """List the pictures that ``inputs`` name.

    Files are taken as they are, whatever their name; of folders, the files that ``is_wanted`` accepts.
    Hidden files and everything in ``output`` are left out.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders. A file named twice is done once.
    recursive : bool
        Whether to enter subfolders.
    output : Path, optional
        The output folder of the job.
    is_wanted : callable
        Which files of a folder to take; by default, by the suffixes of pictures.

    Returns
    -------
    list of PictureTask
        In the order of the inputs, folders sorted by name; empty when the folders hold no picture.

    Raises
    ------
    FileError
        When an input does not exist.
    """
    found: dict[Path, PurePosixPath] = {}
    several = len(inputs) > 1
    for given in inputs:
        if given.is_dir():
            root = given.parent if several and given.name else given
            for path in _walk(given, recursive, output):
                if is_wanted(path):
                    found.setdefault(path, PurePosixPath(path.relative_to(root).as_posix()))
        elif given.exists():
            found.setdefault(given, PurePosixPath(given.name))
        else:
            raise FileError(given, expected="a picture or a folder of pictures", found="nothing of that name")
    sources = _without_repeats(found)
    images = _unique_images(sources)
    names = unique_names([PurePosixPath(image) for image in images])
    return [PictureTask(*each) for each in zip(sources, images, names, strict=True)]


def unique_names(images: Sequence[PurePosixPath]) -> list[str]:
    """Return a name for the outputs of each picture: its stem, with suffix and folders where needed.

    Names differ even where the disk does not tell capitals apart.

    >>> unique_names([PurePosixPath("a.jpg"), PurePosixPath("b.jpg"), PurePosixPath("b.png")])
    ['a', 'b_jpg', 'b_png']
    >>> unique_names([PurePosixPath("x/a.jpg"), PurePosixPath("y/a.jpg")])
    ['x__a', 'y__a']
    """
    names = [image.stem for image in images]
    for form in _LONGER_NAMES:
        uses = Counter(name.casefold() for name in names)
        names = [
            name if uses[name.casefold()] == 1 else form(image)
            for name, image in zip(names, images, strict=True)
        ]
    uses = Counter(name.casefold() for name in names)
    return [
        name if uses[name.casefold()] == 1 else f"{name}__{number}"
        for number, name in enumerate(names, start=1)
    ]


_LONGER_NAMES: tuple[Callable[[PurePosixPath], str], ...] = (
    lambda image: f"{image.stem}_{image.suffix[1:]}",
    lambda image: "__".join((*image.parts[:-1], image.stem)),
    lambda image: "__".join((*image.parts[:-1], image.name)),
)


def _walk(folder: Path, recursive: bool, output: Path | None) -> list[Path]:
    excluded = output.resolve() if output is not None else None
    found: list[Path] = []
    for directory, folders, files in os.walk(folder):
        here = Path(directory)
        if excluded is not None and here.resolve() == excluded and here != folder:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        inside_output = excluded is not None and here.resolve() == excluded
        found.extend(
            here / name
            for name in sorted(files)
            if not name.startswith(".") and not (inside_output and OWN_OUTPUT.search(name))
        )
    return found


def _without_repeats(found: dict[Path, PurePosixPath]) -> dict[Path, PurePosixPath]:
    kept: dict[Path, PurePosixPath] = {}
    seen: set[Path] = set()
    for path, image in found.items():
        resolved = path.resolve()
        if resolved not in seen:
            seen.add(resolved)
            kept[path] = image
    return kept


def _unique_images(sources: dict[Path, PurePosixPath]) -> list[str]:
    """Name each picture in the tables; where two would be the same, by the path below their common folder."""
    uses = Counter(sources.values())
    alike = [path.resolve() for path, image in sources.items() if uses[image] > 1]
    if not alike:
        return [str(image) for image in sources.values()]
    common = os.path.commonpath(alike)
    return [
        path.resolve().relative_to(common).as_posix() if uses[image] > 1 else str(image)
        for path, image in sources.items()
    ]
