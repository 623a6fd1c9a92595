"""Measuring the spore at a point: the object there of which a network is most sure, at any scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.model.card import ModelCard
from sporemetry.model.likeness import patches
from sporemetry.segmentation.example import OPTION, Example, ExamplePoint
from sporemetry.segmentation.multiscale import Multiscale, SureObjects, Window
from sporemetry.segmentation.scale import factor_for

_SCALES = tuple(2.0 ** (k / 2) for k in range(2, -9, -1))  # from 2 to 1/16
_SIDE = 512  # px of a window at each scale
_LEAST_SIDE = 16  # px at a scale: with fewer there is no spore of the trained length
_WITHIN = 2.0  # an object more than so many times as long or as short as those of training is none


def measure_example(
    card: ModelCard, image: Multiscale, point: ExamplePoint, *, um_per_px: float | None
) -> Example:
    """Find and measure the spore at a point.

    Parameters
    ----------
    card : ModelCard
    image : Multiscale
        The image, inside its field.
    point : ExamplePoint
        Inside the field.
    um_per_px : float or None
        The image's scale.

    Raises
    ------
    SettingsError
        When at no scale an object lies there that is whole and of a length that the network knows.
    """
    y, x = point.y - image.corner[0], point.x - image.corner[1]
    found = []
    for factor in _SCALES:
        if min(image.shape) * factor < _LEAST_SIDE:
            continue
        objects = image.objects(factor, windows=[_window(image.shape, y, x, factor)])
        typical = card.spore_length_px.median / factor
        found.append(_at(objects, y, x, typical))
    candidates = SureObjects.together(found) if found else None
    if candidates is None or not len(candidates.y):
        raise SettingsError(
            OPTION,
            expected="a point on a spore that lies whole in the image",
            found=f"nothing that the network takes for one at {point}, at any scale",
            remedy="Point at the middle of another, or state its length with --spore-length-px.",
        )
    spore = _best(candidates, y, x)
    length = float(spore.length[0])
    factor = factor_for(card, length)
    again = _at(image.objects(factor, length, [_window(image.shape, y, x, factor)]), y, x, length)
    if len(again.y):
        spore = _best(again, y, x)
    length = float(f"{float(spore.length[0]):.3g}")
    (patch,) = patches(image.grey, spore.y - 0.5, spore.x - 0.5, spore.angle, length)
    return Example(point, length, um_per_px, tuple(map(float, patch)))


def _window(shape: tuple[int, int], y: float, x: float, factor: float) -> Window:
    """Return a window around a point, as large as the others where the image allows."""
    sides = []
    for place, size in zip((y, x), shape, strict=True):
        side = min(size, round(_SIDE / factor))
        start = min(max(0, round(place - side / 2)), size - side)
        sides.append(slice(start, start + side))
    return sides[0], sides[1]


def _at(objects: SureObjects, y: float, x: float, length: float) -> SureObjects:
    """Return the objects at a point that are whole and about so long."""
    near = np.hypot(objects.y - y, objects.x - x) <= objects.length / 2
    known = (objects.length >= length / _WITHIN) & (objects.length <= length * _WITHIN)
    return objects[near & known & objects.whole]


def _best(objects: SureObjects, y: float, x: float) -> SureObjects:
    """Return the one with the highest score, of those on which the point lies if there are any."""
    on = _lies_on(objects, y, x)
    chosen = on if on.any() else np.ones(len(objects.y), dtype=np.bool_)
    best = np.zeros(len(objects.y), dtype=np.bool_)
    best[np.argmax(np.where(chosen, objects.score, -1.0))] = True
    return objects[best]


def _lies_on(objects: SureObjects, y: float, x: float) -> NDArray[np.bool_]:
    """Tell of each object whether a point lies on the ellipse of its length, area and axis."""
    dy, dx = y - objects.y, x - objects.x
    along = dx * np.cos(objects.angle) + dy * np.sin(objects.angle)
    across = dy * np.cos(objects.angle) - dx * np.sin(objects.angle)
    width = 4 * objects.area / (np.pi * objects.length)
    return np.asarray((2 * along / objects.length) ** 2 + (2 * across / width) ** 2 <= 1)
