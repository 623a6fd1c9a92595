"""Drawn shapes -> labels: pieces joined to instances, instances laid over one another.

A shape is drawn only when its turn comes, so that a file of a million shapes takes the memory of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.exchange.filling import Patch, fill_patch, merge_instances

# What is thinner meets no centre but by chance, and its square is no number any more.
_SMALLEST_RADIUS = 1e-9
NOTHING = Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """One drawn shape.

    Attributes
    ----------
    label : str
        Its class.
    name : str
        What it is called in the file; of an instance of several pieces, the first one's counts.
    draw : callable
        Gives its pixels.
    group : hashable or None
        Shapes of one label and group are pieces of one instance.
    layer : int
        Instances of higher layers lie above; within a layer, the later ones of the file.
    """

    label: str
    draw: Callable[[], Patch]
    group: Hashable = None
    layer: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Shapes put into a label picture: see :class:`sporemetry.exchange.annotation.Annotation`."""

    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    names: tuple[str, ...] = ()


def draw_shapes(shapes: Iterable[Shape], size: tuple[int, int]) -> Drawn:
    """Return the label picture of some shapes.

    Parameters
    ----------
    shapes : iterable of Shape
        In the order of the file.
    size : (int, int)
        Height and width of the picture.

    Returns
    -------
    Drawn
        Ids follow the order in which instances first appear. No shapes give zeros.
    """
    instances = _instances(shapes)
    layers = [max(shape.layer for shape in pieces) for pieces in instances]
    bottom_up = sorted(range(len(instances)), key=layers.__getitem__)

    def patches() -> Iterator[Patch]:
        for index in bottom_up:
            yield union([shape.draw() for shape in instances[index]])

    merged = merge_instances(patches(), size)
    places = [bottom_up[place] for place in merged.kept]
    by_file = sorted(range(len(places)), key=places.__getitem__)
    labels = merged.labels
    if by_file != list(range(len(places))):
        numbers = np.zeros(len(places) + 1, dtype=np.int32)
        numbers[np.array(by_file) + 1] = np.arange(1, len(places) + 1)
        labels = numbers[labels]
    classes, names = (
        tuple(getattr(instances[places[place]][0], what) for place in by_file) for what in ("label", "name")
    )
    return Drawn(labels, classes, merged.notes, names)


def union(patches: Sequence[Patch]) -> Patch:
    """Return the pixels that are in any of the patches; none gives none."""
    filled = [patch for patch in patches if patch.mask.size]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    row, col = min(patch.row for patch in filled), min(patch.col for patch in filled)
    below = max(patch.row + patch.mask.shape[0] for patch in filled)
    right = max(patch.col + patch.mask.shape[1] for patch in filled)
    mask = np.zeros((below - row, right - col), dtype=np.bool_)
    for patch in filled:
        rows, cols = patch.mask.shape
        top, left = patch.row - row, patch.col - col
        mask[top : top + rows, left : left + cols] |= patch.mask
    return Patch(row, col, mask)


def draw_rings(rings: Iterable[NDArray[np.float64]], size: tuple[int, int]) -> Patch:
    """Return the pixels inside any of the rings, each filled by itself: pieces, not holes."""
    return union([fill_patch([ring], size) for ring in rings])


def box_ring(x0: float, y0: float, x1: float, y1: float, degrees: float = 0.0) -> NDArray[np.float64]:
    """Return the corners of a box, turned clockwise on the screen about its centre."""
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if degrees % 360 == 0:
        return corners  # to the digit: turning by a cosine of 1 would move edges by rounding
    centre = corners.mean(axis=0)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = (corners - centre) @ np.array([[cosine, sine], [-sine, cosine]]) + centre
    return np.asarray(turned, dtype=np.float64)


def draw_ellipse(
    centre: tuple[float, float],
    radii: tuple[float, float],
    size: tuple[int, int],
    degrees: float = 0.0,
) -> Patch:
    """Return the pixels whose centres lie inside an ellipse.

    Parameters
    ----------
    centre, radii : (float, float)
        x and y in pixels; the radii along the ellipse's own axes. A radius of 0 or less gives no pixels.
    size : (int, int)
        Height and width of the picture; what lies outside is cut off.
    degrees : float
        By how much the ellipse is turned clockwise on the screen.
    """
    height, width = size
    if min(radii) < _SMALLEST_RADIUS:
        return NOTHING
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    reach_x = math.hypot(radii[0] * cosine, radii[1] * sine)
    reach_y = math.hypot(radii[0] * sine, radii[1] * cosine)
    left, right = _span(centre[0] - reach_x, centre[0] + reach_x, width)
    top, below = _span(centre[1] - reach_y, centre[1] + reach_y, height)
    if left >= right or top >= below:
        return NOTHING
    x = np.arange(left, right)[None, :] + 0.5 - centre[0]
    y = np.arange(top, below)[:, None] + 0.5 - centre[1]
    along, across = x * cosine + y * sine, y * cosine - x * sine
    # Division before squaring: radii may be of any size.
    mask = np.square(along / radii[0]) + np.square(across / radii[1]) < 1
    return Patch(top, left, mask)


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last between two coordinates, within 0..length."""
    return int(max(0.0, min(math.floor(low), length))), int(max(0.0, min(math.ceil(high), length)))


def _instances(shapes: Iterable[Shape]) -> list[list[Shape]]:
    instances: list[list[Shape]] = []
    groups: dict[tuple[str, Hashable], list[Shape]] = {}
    for shape in shapes:
        if shape.group is None:
            instances.append([shape])
            continue
        key = (shape.label, shape.group)
        if key not in groups:
            groups[key] = []
            instances.append(groups[key])
        groups[key].append(shape)
    return instances
