"""What every other program's format is read into and written from: the instances of one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import FileError

LabelArray = NDArray[np.int32]
BoxArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotation:
    """The instances of one picture.

    Attributes
    ----------
    name : str
        The image's name as the file states it: a text, often a path of another machine, whose ending may be
        missing. Empty for what is said of the file as a whole; there are notes only then.
    labels : int32 array, H x W, or None
        0 background, 1..n instances in the order of the file; None where the format has only boxes.
    classes : tuple of str
        The class of instance 1, 2, ..., n; empty where the format has no classes.
    boxes : float64 array, B x 4, or None
        ``x0, y0, x1, y1`` in pixels, where the image has boxes and no outlines.
    ignore : bool array, H x W, or None
        Where pixels count neither way: what was drawn to be ignored, boxes beside outlines, the
        surroundings of points and lines. None where there is nothing of that kind.
    problem : FileError or None
        Why the image cannot be used: there are objects on it of which none can be drawn. It must not be taken
        for an image without spores.
    um_per_px : float or None
        The scale where the format states one.
    notes : tuple of str
        What the format held and labels cannot, and what was done about it: overlaps, points, unclosed lines.
    not_drawn : int
        Entries that are neither an instance nor a region: points and lines off all instances, boxes beside
        outlines, entries with a fault.
    names : tuple of str
        What instance 1, 2, ..., n is called in the file; empty where the format has no names.
    """

    name: str
    labels: LabelArray | None = None
    classes: tuple[str, ...] = ()
    boxes: BoxArray | None = None
    ignore: NDArray[np.bool_] | None = None
    problem: FileError | None = None
    um_per_px: float | None = None
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    not_drawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledPicture:
    """One picture to be written in another program's format.

    Attributes
    ----------
    name : str
        Relative path without its ending, ``/`` between folders.
    image : Path or None
        The picture itself, for formats that copy or name it.
    labels : int32 array, H x W
        0 background, ids above; gaps are allowed.
    um_per_px : float or None
        The scale.
    """

    name: str
    labels: LabelArray
    image: Path | None = None
    um_per_px: float | None = None


# Height and width of the picture of that name, for formats whose files do not state them; None if unknown.
PictureSize = Callable[[str], tuple[int, int] | None]
Importer = Callable[[Path, PictureSize], Iterator[Annotation]]
