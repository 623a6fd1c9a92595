"""Outlines of labels as lines that can be drawn: one closed line a spore, never shared by two."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice]
Line = NDArray[np.float64]
# Coordinates go to OpenCV as fixed-point numbers with this many binary digits after the point.
_FRACTION_BITS = 4
# Outlines of fewer points are neither smoothed nor dashed.
FEW_POINTS = 8
_DIAMOND = np.array([(0.5, 0.0), (0.0, 0.5), (-0.5, 0.0), (0.0, -0.5)])


def trace_outlines(mask: NDArray[np.bool_], origin: tuple[int, int] = (0, 0)) -> list[Line]:
    """Return the closed outer outlines of ``mask``, each N x 2 as (x, y) through the outermost pixels.

    Corners of the pixel staircase are rounded by less than half a pixel, so that slanting edges look
    straight. Holes are not outlined. A mask without a true pixel gives no outline.

    Parameters
    ----------
    mask : ndarray, H x W, bool
        One spore, or the field.
    origin : tuple of int
        The (row, column) of the mask's first pixel in the picture.

    Examples
    --------
    >>> [len(line) for line in trace_outlines(np.ones((3, 3), bool))]
    [8]
    """
    found, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(origin[1], origin[0])
    )
    return [_rounded(line.reshape(-1, 2).astype(np.float64)) for line in found]


def spore_outlines(labels: NDArray[np.int32], boxes: Sequence[tuple[int, Box]]) -> list[list[Line]]:
    """Return for each (label, bounding box) the outlines of that label alone."""
    return [
        trace_outlines(labels[box] == label, (int(box[0].start), int(box[1].start))) for label, box in boxes
    ]


def dashes(line: Line, length: float) -> list[Line]:
    """Cut a closed line into dashes and gaps of about ``length`` pixels each, and return the dashes.

    The period is adjusted so that a whole number of dashes fits; at least two are made, and a line of
    fewer than eight points is returned whole.

    Examples
    --------
    >>> square = trace_outlines(np.ones((21, 21), bool))[0]
    >>> len(dashes(square, 5.0))
    8
    """
    if len(line) < FEW_POINTS:
        return [line]
    closed = np.vstack([line, line[:1]])
    position = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = max(2, round(position[-1] / (2 * length)))
    # Half-periods are numbered 0, 1, 2, ...; even ones are drawn.
    half = np.floor(position / position[-1] * 2 * count).astype(int)
    starts = np.searchsorted(half, np.arange(0, 2 * count, 2))
    ends = np.searchsorted(half, np.arange(1, 2 * count, 2))
    return [closed[start:end] for start, end in zip(starts, ends, strict=True) if end > start]


def stroke(
    rgb: NDArray[np.uint8],
    lines: Sequence[Line],
    *,
    colour: tuple[int, int, int],
    width: int,
    closed: bool = True,
) -> None:
    """Draw smooth lines, N x 2 as (x, y), into ``rgb`` in place."""
    fixed = [np.rint(line * (1 << _FRACTION_BITS)).astype(np.int32) for line in lines]
    cv2.polylines(rgb, fixed, closed, colour, width, cv2.LINE_AA, _FRACTION_BITS)


def _rounded(line: Line) -> Line:
    if len(line) == 1:  # a line of no length would not be drawn
        dot: Line = line + _DIAMOND
        return dot
    if len(line) < FEW_POINTS:  # averaging would shrink a few pixels to nothing
        return line
    smooth: Line = (np.roll(line, 1, axis=0) + 2 * line + np.roll(line, -1, axis=0)) / 4
    return smooth
