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
from sporemetry.exchange.classes import role_of
from sporemetry.exchange.documents import picture_name, read_text, safe_name
from sporemetry.exchange.entries import Entry, picture_size
from sporemetry.exchange.outlines import label_polygons
from sporemetry.exchange.shapes import Shape
from sporemetry.exchange.sketch import Sketch
from sporemetry.storage import make_folder, write_atomic

LABELS, DATA_NAME = "labels", "data.yaml"
_LARGEST_FILE = 256 << 20
_LARGEST_LIST = 1 << 20
_NOT_LABELS = {
    "classes.txt",
    "obj.names",
    "train.txt",
    "val.txt",
    "test.txt",
    "readme.txt",
    "requirements.txt",
    "readme.dataset.txt",
    "readme.roboflow.txt",
}
_CLASS_LISTS = ("classes.txt", "obj.names", DATA_NAME)
_EXPECTED = "a class number, then centre and size of a box, or x and y of three points or more"
# A shape may reach over the image's edge by its own size; pixels instead of fractions are larger.
_LOWEST, _HIGHEST = -1.0, 2.0


def read_yolo(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read box files, as the truth of counts.

    Parameters
    ----------
    path : Path
        A text file, or a folder of them (subfolders too); lists of classes and images are passed over.
    size : PictureSize
        Must know each image, since the files do not state its size.

    Yields
    ------
    Annotation
        One a file, in the order of the names, with ``boxes``; classes are the numbers as text. A polygon
        gives the box around it, a sixth number of a box (a confidence) is not used: notes say so. Lines
        that are neither are left out, and a note names each. An empty file states that there is nothing on
        the image.

    Raises
    ------
    LabelReadError
        When there is no such file.
    """
    yield from _read(path, size, boxes_only=True)


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
        pieces and holes joined by a line that goes there and back come out as they were. A file of boxes
        only gives ``boxes``; beside polygons they are ignored. Lines that are neither are left out, and a
        note names each.

    Raises
    ------
    LabelReadError
        When there is no such file.
    """
    yield from _read(path, size, boxes_only=False)


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


def _read(path: Path, size: PictureSize, *, boxes_only: bool) -> Iterator[Annotation]:
    names = _class_names(path)
    for file, stem in _files(path):
        entry = Entry(file, "", stem)
        name = stem
        try:
            name = picture_name(entry)
            shape = picture_size(entry, name, None, size)
            lines = read_text(file, _LARGEST_FILE).splitlines()
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)
            continue
        sketch = Sketch(file, name, shape)
        for number, line in enumerate(lines, start=1):
            if words := line.split():
                _take(sketch, words, number, shape, names, boxes_only=boxes_only)
        yield sketch.annotation(boxes_only=boxes_only)


def _take(
    sketch: Sketch,
    words: list[str],
    number: int,
    shape: tuple[int, int],
    names: dict[str, str],
    *,
    boxes_only: bool,
) -> None:
    where = f"line {number}"
    try:
        kind, *numbers = map(float, words)
    except ValueError:
        kind, numbers = math.nan, []
    # Key points of pose lines follow the box: x, y and visibility of each.
    posed = len(numbers) >= 7 and len(numbers) % 2 == 1 and len(numbers) % 3 == 1
    if posed:
        numbers = numbers[:4]
        sketch.note("lines have key points behind the box; only the box was used")
    box = len(numbers) in (4, 5)
    whole = math.isfinite(kind) and kind == kind // 1 and 0 <= kind < 2**31
    if not whole or not (box or (len(numbers) >= 6 and len(numbers) % 2 == 0)):
        sketch.spoiled(where, f"expected {_EXPECTED}; found {' '.join(words)[:80]!r}")
        return
    if not all(_LOWEST <= value <= _HIGHEST for value in numbers):
        remedy = "Divide x and widths by the image's width, y and heights by its height."
        sketch.spoiled(
            where, f"expected fractions of the image (0 to 1); found {' '.join(words)[:80]!r}. {remedy}"
        )
        return
    # A number has no meaning by itself: a list of classes may say that it is background, or to be ignored.
    label = str(int(kind))
    if role_of(names.get(label, "")) != "object":
        label = names[label]
    height, width = shape
    if box:
        x, y, across, down = numbers[:4]
        if len(numbers) == 5:
            sketch.note("boxes have a sixth column (confidence), as predictions do; it was not used")
        sketch.box(
            label,
            (
                (x - across / 2) * width,
                (y - down / 2) * height,
                (x + across / 2) * width,
                (y + down / 2) * height,
            ),
            where,
        )
        return
    ring = np.array(numbers).reshape(-1, 2) * [width, height]
    if boxes_only:
        (x0, y0), (x1, y1) = ring.min(axis=0).tolist(), ring.max(axis=0).tolist()
        sketch.box(label, (x0, y0, x1, y1), where)
        sketch.note("polygons were taken for the boxes around them; yolo-seg reads their outlines")
    else:
        sketch.outline(Shape(label=label, pieces=[[ring]], where=where))


def _class_names(path: Path) -> dict[str, str]:
    """Return the names of the class numbers, where a list of them lies beside the labels."""
    folder = path if path.is_dir() else path.parent
    for place in (folder, folder.parent):
        for file_name in _CLASS_LISTS:
            file = place / file_name
            if not file.is_file():
                continue
            try:
                text = read_text(file, _LARGEST_LIST)
            except LabelReadError:
                continue
            if file_name == DATA_NAME:
                return _names_of_data(text)
            return {str(number): name.strip() for number, name in enumerate(text.splitlines())}
    return {}


def _names_of_data(text: str) -> dict[str, str]:
    """Return the names in ``data.yaml``: a list in brackets, a list of dashes, or numbers with colons."""
    _, found, rest = text.partition("\nnames:") if not text.startswith("names:") else ("", "x", text[6:])
    if not found:
        return {}
    first, _, more = rest.partition("\n")
    if "[" in first:
        inside = rest[rest.index("[") + 1 :].partition("]")[0]
        return {str(n): name.strip(" \n'\"") for n, name in enumerate(inside.split(","))}
    names: dict[str, str] = {}
    for line in more.splitlines():
        if line.strip().startswith("- "):
            names[str(len(names))] = line.strip()[2:].strip(" '\"")
        elif line.startswith((" ", "\t")) and ":" in line:
            key, _, name = line.strip().partition(":")
            names[key.strip(" '\"")] = name.strip(" '\"")
        elif line.strip():
            break
    return names


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
