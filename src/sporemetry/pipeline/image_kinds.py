"""Which images of a job belong together: of one folder, size, scale and camera, as far as headers tell.

A turned image is of the kind of one that is not. What a sample sheet or an option states of the scale
overrides the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sporemetry.image import ImageHeader, image_header
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.pipeline.stated import picture_settings_of

OWN_FOLDER = 6
"""A folder with so many images of a kind is a group of its own."""


@dataclass(frozen=True, slots=True)
class ImageKind:
    """What images have in common that are taken alike.

    Attributes
    ----------
    longer, shorter : int
        The sides of the image, px.
    um_per_px : float or None
        Rounded to four digits; None where it is not known.
    camera : str
        Maker and model; empty where it is not known.
    """

    longer: int
    shorter: int
    um_per_px: float | None
    camera: str

    def __str__(self) -> str:
        """In words, such as ``2048 x 1536 px at 0.25 µm a pixel``."""
        scale = "" if self.um_per_px is None else f" at {self.um_per_px:g} µm a pixel"
        camera = f" of {self.camera}" if self.camera else ""
        return f"{self.longer} x {self.shorter} px{scale}{camera}"


def alike(
    tasks: Sequence[PictureTask], settings: PictureSettings
) -> list[tuple[ImageKind, list[PictureTask]]]:
    """Return the images that belong together, in their order, with their kind.

    Those of one kind in one folder do. Folders with few of a kind are taken together: often each holds the
    images of one sample. Images without a header that can be read are in no group.
    """
    by_folder: dict[tuple[ImageKind, Path], list[PictureTask]] = {}
    for task in tasks:
        header = image_header(task.source)
        if header is not None:
            by_folder.setdefault((_kind(header, task, settings), task.source.parent), []).append(task)
    groups: dict[tuple[ImageKind, Path | None], list[PictureTask]] = {}
    for (kind, folder), each in by_folder.items():
        groups.setdefault((kind, folder if len(each) >= OWN_FOLDER else None), []).extend(each)
    return [(kind, each) for (kind, _), each in groups.items()]


def _kind(header: ImageHeader, task: PictureTask, settings: PictureSettings) -> ImageKind:
    stated = picture_settings_of(settings, task.stated).reading.um_per_px
    scale = header.um_per_px if stated is None else stated
    rounded = None if scale is None else float(f"{scale:.4g}")
    longer, shorter = max(header.width, header.height), min(header.width, header.height)
    return ImageKind(longer, shorter, rounded, header.camera)


def spread(tasks: Sequence[PictureTask]) -> Iterator[PictureTask]:
    """Yield images in an order of which the first few stand for all: one of each folder, then the next.

    Within a folder, and between folders, the order is that of the hashes of their names. So it does not
    depend on what the names mean, and one more image seldom changes who comes first.
    """
    folders: dict[Path, list[PictureTask]] = {}
    for task in sorted(tasks, key=lambda task: _hash(task.image)):
        folders.setdefault(task.source.parent, []).append(task)
    for place in range(max(map(len, folders.values()), default=0)):
        yield from (each[place] for each in folders.values() if place < len(each))


def _hash(image: str) -> bytes:
    return hashlib.sha256(image.encode("utf-8", "surrogateescape")).digest()
