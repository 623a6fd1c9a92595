"""Reading boxes from YOLO text files: one line a box, in fractions of the picture's size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.guarded_file import read_file

_LARGEST_FILE = 16 << 20  # 16 MiB, some 300,000 boxes: far beyond any picture
_ROUNDING = 1e-6  # writers round the fractions, so that a box may stick out by that much


@dataclass(frozen=True, eq=False)
class BoxFile:
    """The boxes of one picture as they stand in the file.

    Attributes
    ----------
    classes : (B,) int64
        The class of each box.
    fractions : (B, 4) float64
        Centre x, centre y, width, height, as fractions of the picture's width and height.
    """

    classes: NDArray[np.int64]
    fractions: NDArray[np.float64]

    def in_pixels(self, height: int, width: int) -> NDArray[np.float64]:
        """Return the boxes as (B, 4) x0, y0, x1, y1 in pixels of a picture of that size."""
        scaled = self.fractions * np.array([width, height, width, height])
        return np.concatenate([scaled[:, :2] - scaled[:, 2:] / 2, scaled[:, :2] + scaled[:, 2:] / 2], axis=1)


def read_boxes(path: Path) -> BoxFile:
    """Read a YOLO box file: ``class centre_x centre_y width height`` on each line.

    Parameters
    ----------
    path : Path
        The file. An empty one states that the picture holds no spore, as YOLO has it. Blank lines do not
        matter. A sixth number, a confidence, is not expected of truth and is refused.

    Raises
    ------
    LabelReadError
        When the file cannot be read, or a line is no such box; the line is named.
    """
    lines = enumerate(_read_text(path).splitlines(), start=1)
    rows = [_box(path, number, line.split()) for number, line in lines if line.strip()]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return BoxFile(table[:, 0].astype(np.int64), table[:, 1:])


def _read_text(path: Path) -> str:
    try:
        return read_file(path, _LARGEST_FILE).decode("utf-8-sig")
    except OSError as error:
        found = error.strerror or str(error)
    except UnicodeDecodeError:
        found = "bytes that are no text"
    raise LabelReadError(path, expected="a text file of boxes, as YOLO writes it", found=found)


def _box(path: Path, number: int, words: list[str]) -> tuple[float, ...]:
    """Return the five numbers of a line, or say what is wrong with it."""
    found = f"line {number}: {' '.join(words)[:80]!r}"
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        values = ()
    if len(values) != 5 or not all(map(math.isfinite, values)):
        raise LabelReadError(
            path,
            expected="five numbers a line: class, centre x, centre y, width, height",
            found=found,
            remedy="The sixth column is a confidence, as predictions have it: take it out, or bring "
            "the files in with `sporemetry dataset import --from yolo`."
            if len(values) == 6
            else "Polygons of YOLO segmentation files are to be turned into label pictures first.",
        )
    kind, x, y, width, height = values
    inside = all(-_ROUNDING <= value <= 1 + _ROUNDING for value in (x, y, width, height))
    if not (inside and width > 0 and height > 0 and kind == int(kind) and 0 <= kind < 2**31):
        raise LabelReadError(
            path,
            expected="a whole class number, and a box in fractions of the picture (0 to 1) that is not empty",
            found=found,
            remedy="Divide x and width by the picture's width, y and height by its height.",
        )
    return values
