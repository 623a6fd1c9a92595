"""Where shapes lie and which pixels they have, as the test for regions asks it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.painting import Runs, farthest, flat_pixels
from sporemetry.exchange.shapes import NOTHING, Shape, union

Boxes = NDArray[np.float64]


def boxes_of_shapes(shapes: Sequence[Shape], size: tuple[int, int]) -> Boxes:
    """Return the box around each shape, N x 4: x0, y0, x1, y1.

    Shapes that cannot be drawn, or reach too far outside to be meant, have an empty box at the origin: they
    are neither regions nor in one.
    """
    boxes = np.zeros((len(shapes), 4))
    ringed = [index for index, shape in enumerate(shapes) if shape.pieces]
    rings = [
        (index, ring) for index in ringed for piece in shapes[index].pieces for ring in piece if len(ring)
    ]
    if rings:
        lengths = np.array([len(ring) for _, ring in rings])
        begins = np.cumsum(lengths) - lengths
        vertices = np.concatenate([ring for _, ring in rings])
        owners = np.array([index for index, _ in rings])
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        low = np.minimum.reduceat(np.minimum.reduceat(vertices, begins, axis=0), starts, axis=0)
        high = np.maximum.reduceat(np.maximum.reduceat(vertices, begins, axis=0), starts, axis=0)
        boxes[owners[starts]] = np.concatenate([low, high], axis=1)
    for index, shape in enumerate(shapes):
        if shape.pieces:
            continue
        box = shape.box
        if box is None or box[2] <= box[0] or box[3] <= box[1]:
            box = _drawn_box(shape, size)
        boxes[index] = box
    limit = farthest(size) + max(size)
    boxes[~(np.abs(boxes) <= limit).all(axis=1)] = 0
    return boxes


def is_frame(shape: Shape) -> bool:
    """Tell whether an outline is an upright rectangle, which no spore is.

    >>> square = np.array([[1.0, 1], [9, 1], [9, 5], [1, 5]])
    >>> is_frame(Shape(pieces=[[square]])), is_frame(Shape(pieces=[[square + [[0.0], [1], [0], [0]]]]))
    (True, False)
    """
    if len(shape.pieces) != 1 or len(shape.pieces[0]) != 1 or not 4 <= len(shape.pieces[0][0]) <= 5:
        return False
    ring = np.asarray(shape.pieces[0][0])
    low, high = ring.min(axis=0), ring.max(axis=0)
    return bool(
        (high > low).all() and ((ring == low) | (ring == high)).all() and len(np.unique(ring, axis=0)) == 4
    )


def _drawn_box(shape: Shape, size: tuple[int, int]) -> tuple[float, float, float, float]:
    try:
        drawn = NOTHING if shape.draw is None else shape.draw()
    except (LabelReadError, SettingsError):
        return 0, 0, 0, 0  # said when it is painted
    if not isinstance(drawn, Runs):
        height, width = drawn.mask.shape
        return drawn.col, drawn.row, drawn.col + width, drawn.row + height
    if not drawn.starts.size:
        return 0, 0, 0, 0
    step = size[0] if drawn.down else size[1]
    first, last = drawn.starts, drawn.starts + drawn.lengths - 1
    line, end = int(first.min()) // step, int(last.max()) // step + 1
    wraps = bool((first // step != last // step).any())
    low, high = (0, step) if wraps else (int((first % step).min()), int((last % step).max()) + 1)
    return (line, low, end, high) if drawn.down else (low, line, high, end)


def patch_of(shape: Shape, size: tuple[int, int]) -> Patch:
    """Return the pixels of a shape; none where it cannot be drawn."""
    patches = [fill_patch(rings, size) for rings in shape.pieces]
    if shape.draw is not None:
        try:
            drawn = shape.draw()
        except (LabelReadError, SettingsError):
            return NOTHING  # said when it is painted
        patches.append(_patch_of_runs(drawn, size) if isinstance(drawn, Runs) else drawn)
    return union(patches)


def _patch_of_runs(runs: Runs, size: tuple[int, int]) -> Patch:
    mask = np.zeros(size[0] * size[1], dtype=np.bool_)
    for flat in flat_pixels(runs, size):
        mask[flat] = True
    image = mask.reshape(size)
    rows, cols = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not rows.size:
        return NOTHING
    top, left = int(rows[0]), int(cols[0])
    return Patch(top, left, image[top : int(rows[-1]) + 1, left : int(cols[-1]) + 1].copy())
