"""YOLO: boxes for counting, and the polygons of its segmentation, both in fractions of the picture.

Source: Ultralytics' page on data set formats (docs.ultralytics.com). One text file a picture, one line an
instance: a class number, then ``centre_x centre_y width height``, or ``x y x y ...`` of a polygon.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_text, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.filling import fill_patch
from sporemetry.exchange.outlines import label_polygons
from sporemetry.exchange.shapes import Shape, draw_shapes
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.storage import make_folder, write_atomic

LABELS, DATA_NAME = "labels", "data.yaml"
_LARGEST_FILE = 64 << 20
_NOT_LABELS = {"classes.txt", "obj.names", "train.txt", "val.txt", "test.txt", "readme.txt"}
_BOX_NUMBERS = 5


def read_yolo(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read box files, as the truth of counts.

    Parameters
    ----------
    path : Path
        A text file, or a folder of them (subfolders too); lists of classes and pictures are passed over.
    size : PictureSize
        Must know each picture, since the files do not state its size.

    Yields
    ------
    Annotation
        One a file, in the order of the names, with ``boxes``; classes are the numbers as text. An empty file
        states that there is nothing on the picture.

    Raises
    ------
    LabelReadError
        For a line that is no box, or a picture of unknown size.
    """
    for file, name, shape in _pictures(path, size):
        boxes = read_boxes(file)
        yield Annotation(
            name=name, boxes=boxes.in_pixels(*shape), classes=tuple(map(str, boxes.classes.tolist()))
        )


def read_yolo_seg(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read polygons of YOLO segmentation.

    Parameters
    ----------
    path, size
        As :func:`read_yolo`.

    Yields
    ------
    Annotation
        One a file, in the order of the names. A line is one instance, filled by the even-odd rule, so that
        pieces and holes joined by a line that goes there and back come out as they were. Lines that are boxes
        are left out, with a note.

    Raises
    ------
    LabelReadError
        For a line that is neither polygon nor box, or a picture of unknown size.
    """
    for file, name, shape in _pictures(path, size):
        lines = [line.split() for line in read_text(file, _LARGEST_FILE).splitlines() if line.strip()]
        polygons = [words for words in lines if len(words) != _BOX_NUMBERS]
        shapes = [_shape(file, number, words, shape) for number, words in enumerate(polygons, start=1)]
        drawn = draw_shapes(shapes, shape)
        boxes = len(lines) - len(polygons)
        notes = (f"{boxes} boxes without outline were left out",) if boxes else ()
        yield Annotation(name=name, labels=drawn.labels, classes=drawn.classes, notes=(*notes, *drawn.notes))


def write_yolo_seg(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write ``labels/<name>.txt`` for each picture, and ``data.yaml``.

    Parameters
    ----------
    output : Path
        The folder; made if missing. Put the pictures beside into ``images/``, and name the parts in
        ``data.yaml``.
    pictures : iterable of LabelledPicture
        Held one at a time.

    Returns
    -------
    list of Path
        What was written; ``data.yaml`` is the last.

    Notes
    -----
    The format has one polygon an instance: several pieces, and holes, are joined to it by a line that goes
    there and back, as Ultralytics' own converter does it. Scale and gaps between ids are lost.
    """
    written = []
    for picture in pictures:
        path = output / LABELS / f"{safe_name(picture.name)}.txt"
        make_folder(path.parent)
        write_atomic(path, _lines(picture.labels).encode("ascii"))
        written.append(path)
    make_folder(output)
    data = output / DATA_NAME
    write_atomic(data, b"path: .\ntrain: images\nval: images\nnames:\n  0: spore\n")
    return [*written, data]


def _pictures(path: Path, size: PictureSize) -> Iterator[tuple[Path, str, tuple[int, int]]]:
    """Yield each file with its picture's name and size."""
    names: dict[str, int] = {}
    for file, stem in _files(path):
        entry = Entry(file, "", stem)
        name = picture_name(entry)
        check_unique(names, entry, name)
        yield file, name, picture_size(entry, name, None, size)


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return each file and its path below the folder without ending; a first folder ``labels`` is dropped."""
    if not path.is_dir():
        return [(path, path.stem)]
    files = sorted(
        file
        for file in path.rglob("*.txt")
        if file.name.lower() not in _NOT_LABELS and not file.name.startswith(".") and file.is_file()
    )
    if not files:
        raise LabelReadError(path, expected="text files, one a picture", found="none")
    stems = [file.relative_to(path).with_suffix("").as_posix() for file in files]
    return [(file, stem.removeprefix(f"{LABELS}/")) for file, stem in zip(files, stems, strict=True)]


def _shape(path: Path, number: int, words: list[str], shape: tuple[int, int]) -> Shape:
    try:
        kind, *numbers = (float(word) for word in words)
    except ValueError:
        kind, numbers = math.nan, []
    sound = len(numbers) >= 6 and len(numbers) % 2 == 0 and all(-1 <= value <= 2 for value in numbers)
    if not sound or kind != kind // 1 or not 0 <= kind < 2**31:
        raise LabelReadError(
            path,
            expected="a class number, then x and y of three points or more in fractions of the picture",
            found=f"polygon {number}: {' '.join(words)[:80]!r}",
            remedy="Divide x by the picture's width and y by its height.",
        )
    height, width = shape
    ring = np.array(numbers).reshape(-1, 2) * [width, height]
    return Shape(label=str(int(kind)), draw=lambda: fill_patch([ring], shape))


def _lines(labels: NDArray[np.integer]) -> str:
    height, width = labels.shape
    lines = []
    for _, pieces in label_polygons(labels):
        rings = [ring.astype(np.float64) for piece in pieces for ring in piece.rings]
        # From the first ring's start to each further ring, around it, and back.
        joined = [rings[0]]
        for ring in rings[1:]:
            joined += [rings[0][:1], ring, ring[:1]]
        points = np.concatenate(joined) / [width, height]
        lines.append("0 " + " ".join(map(repr, points.ravel().tolist())) + "\n")
    return "".join(lines)
