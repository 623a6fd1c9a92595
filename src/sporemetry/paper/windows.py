"""Which parts of pictures a figure shows: found by rules, so that no one picks what suits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)
JOINED, PARTED, LOST = "joined", "parted", "lost"
_FOUND_FROM = 0.5  # share of a spore's pixels


@dataclass(frozen=True, slots=True)
class Window:
    """A square part of a picture.

    Attributes
    ----------
    picture : int
        Its place among the pictures.
    top, left, size : int
        In px.
    """

    picture: int
    top: int
    left: int
    size: int

    def cut(self, plane: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Return the part of a plane, (size, size, ...)."""
        return plane[self.top : self.top + self.size, self.left : self.left + self.size]

    def overlaps(self, other: Window) -> bool:
        """Return whether both show a pixel of the same picture."""
        near = max(abs(self.top - other.top), abs(self.left - other.left)) < max(self.size, other.size)
        return self.picture == other.picture and near


@dataclass(frozen=True, slots=True)
class Pair:
    """Two true spores that all but touch.

    Attributes
    ----------
    picture : int
    first, second : int
        Their labels.
    row, column : int
        The middle between them, px.
    """

    picture: int
    first: int
    second: int
    row: int
    column: int


def richest_window(plane: NDArray[np.bool_], size: int, picture: int = 0) -> Window:
    """Return the window that holds most pixels of a plane; of equals the topmost, then the leftmost.

    It is as large as the picture allows.

    >>> plane = np.zeros((6, 9), dtype=bool)
    >>> plane[4:, 5:7] = True
    >>> richest_window(plane, 3)
    Window(picture=0, top=3, left=4, size=3)
    """
    size = min(size, *plane.shape)
    sums = cv2.integral(plane.astype(np.uint8))
    held = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    top, left = np.unravel_index(int(held.argmax()), held.shape)
    return Window(picture, int(top), int(left), size)


def window_about(row: int, column: int, size: int, shape: tuple[int, ...], picture: int = 0) -> Window:
    """Return the window about a pixel, moved inwards where it would leave the picture."""
    size = min(size, *shape[:2])
    top, left = (
        int(np.clip(middle - size // 2, 0, side - size))
        for middle, side in zip((row, column), shape[:2], strict=True)
    )
    return Window(picture, top, left, size)


def coverage(truth: NDArray[np.integer], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return which share of each true spore a mask covers, by label; NaN for labels that are not there.

    >>> coverage(np.array([[1, 1, 3]]), np.array([[True, False, True]]))
    array([nan, 0.5, nan, 1. ])
    """
    areas = np.bincount(truth.ravel())
    covered = np.bincount(truth[mask], minlength=areas.size)
    shares = np.full(areas.size, np.nan)
    shares[1:] = np.divide(covered[1:], areas[1:], out=shares[1:], where=areas[1:] > 0)
    return shares


def found_spores(truth: NDArray[np.integer], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the labels of the true spores of which a mask covers half or more."""
    return np.flatnonzero(np.nan_to_num(coverage(truth, mask)) >= _FOUND_FROM)


def adherent_pairs(truth: NDArray[np.integer], gap: int, picture: int = 0) -> list[Pair]:
    """Return the pairs of true spores with at most ``gap`` px between them.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2, 0, 0, 0, 3]])
    >>> adherent_pairs(truth, 1)
    [Pair(picture=0, first=1, second=2, row=0, column=2)]
    """
    pairs: set[tuple[int, int]] = set()
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 3,) * 2)
    for label in np.unique(truth[truth > 0]).tolist():
        rows, columns = np.nonzero(truth == label)
        low = np.maximum([rows.min() - gap - 1, columns.min() - gap - 1], 0)
        part = truth[low[0] : rows.max() + gap + 2, low[1] : columns.max() + gap + 2]
        near = cv2.dilate((part == label).astype(np.uint8), kernel) > 0
        pairs.update((label, other) for other in np.unique(part[near & (part > label)]).tolist())
    return [Pair(picture, first, second, *_middle(truth, first, second)) for first, second in sorted(pairs)]


def pair_state(pair: Pair, truth: NDArray[np.integer], mask: NDArray[np.bool_]) -> str:
    """Return whether a mask finds two spores ``joined``, ``parted`` in two pieces, or one is ``lost``."""
    spores = found_spores(truth, mask)
    if pair.first not in spores or pair.second not in spores:
        return LOST
    pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1]
    largest = []
    for label in (pair.first, pair.second):
        inside = pieces[(truth == label) & mask]
        largest.append(int(np.bincount(inside).argmax()))
    return JOINED if largest[0] == largest[1] else PARTED


def _middle(truth: NDArray[np.integer], first: int, second: int) -> tuple[int, int]:
    means = [np.argwhere(truth == label).mean(axis=0) for label in (first, second)]
    row, column = np.mean(means, axis=0)
    return round(float(row)), round(float(column))
