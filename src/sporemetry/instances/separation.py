"""Touching spores apart: which components are cut, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from sporemetry.errors import SettingsError
from sporemetry.instances.components import (
    LabelArray,
    MaskArray,
    fill_holes,
    keep_labels,
    label_components,
)
from sporemetry.instances.necks import cut_necks
from sporemetry.instances.notches import LEAST_NOTCH_PX, cut_notches, dent_depth

_MOST_CUTS = 4096  # of one component; a clump of more spores than that is no longer counted by eye either


@dataclass(frozen=True)
class Separation:
    """Settings of :func:`separate_touching`.

    Attributes
    ----------
    min_area : int
        No piece is made smaller than this, and smaller components are dropped, in pixels.
    max_hole_area : int
        Holes up to this area are filled first (spores with bright centres), in pixels; 0 fills none.
    neck : float
        Two parts are cut apart where the width between them falls below this part of the narrower
        one's width; 0 never, 1 at every waist.
    notch : float
        A dent in the outline counts as a notch when deeper than this part of the half-width.
    reach : float
        Two notches are joined by a cut when it is at most so many times as long as both are deep
        together; 0 never cuts between notches.
    smoothing : float
        Standard deviation of the Gaussian that smooths the distance, as a part of the half-width.

    Raises
    ------
    SettingsError
        When a value is out of range.
    """

    min_area: int = 1
    max_hole_area: int = 0
    neck: float = 0.75
    notch: float = 0.25
    reach: float = 4.5
    smoothing: float = 0.15

    def __post_init__(self) -> None:
        limits = {"min_area": (1, np.inf), "neck": (0, 1)}
        for name, value in vars(self).items():
            least, most = limits.get(name, (0, np.inf))
            if not least <= value <= most:
                raise SettingsError(name, expected=f"a number from {least} to {most}", found=repr(value))


def separate_touching(mask: MaskArray, settings: Separation | None = None) -> LabelArray:
    """Give each spore of a mask its own label, touching spores too.

    A watershed on the distance to the background cuts at necks, where two spores meet end to end or end
    to side. Spores that lie side by side have no neck: their common outline has two notches that face
    one another instead, and is cut from notch to notch.

    Parameters
    ----------
    mask : (H, W) bool array
        True where there is a spore.
    settings : Separation, optional
        Sizes, and when to cut; the defaults keep a straight or bent rod of any length whole.

    Returns
    -------
    (H, W) int32 array
        0 is background; spores are 1..n in the order of their first pixel, row by row, each one
        component. All 0 for an empty mask.

    Raises
    ------
    SettingsError
        When ``mask`` is not a two-dimensional bool array.

    Notes
    -----
    Two rods that cross like an X stay one: no cut makes two whole rods of them.

    Examples
    --------
    Two discs that overlap a little:

    >>> import numpy as np
    >>> y, x = np.mgrid[:21, :40]
    >>> pair = (np.hypot(y - 10, x - 10) < 9) | (np.hypot(y - 10, x - 27) < 9)
    >>> int(label_components(pair).max()), int(separate_touching(pair).max())
    (1, 2)
    """
    settings = Separation() if settings is None else settings
    labels = label_components(fill_holes(mask, settings.max_hole_area))
    if not labels.any():
        return labels
    following = int(labels.max()) + 1
    for number, box in _dented(labels, settings):
        window = labels[box]
        pieces = _split(window == number, settings)
        more = pieces > 1  # the first piece keeps the component's number
        window[more] = pieces[more] - 2 + following
        following += int(pieces.max()) - 1
    return keep_labels(labels, np.bincount(labels.ravel(), minlength=following) >= settings.min_area)


def _dented(labels: LabelArray, settings: Separation) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Yield the components that are large enough to be two and are not convex, with their boxes."""
    areas = np.bincount(labels.ravel())
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if areas[number] >= 2 * settings.min_area and _has_dent(labels[box] == number):
            yield number, box


def _has_dent(component: MaskArray) -> bool:
    outlines = cv2.findContours(component.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    return bool(dent_depth(outlines[0][:, 0, :]).max() >= LEAST_NOTCH_PX)


def _split(component: MaskArray, settings: Separation) -> LabelArray:
    """Cut a component at its necks, and each piece between its notches as long as that finds a pair."""
    framed = np.pad(component, 1)
    pieces = cut_necks(framed, neck=settings.neck, smoothing=settings.smoothing, min_area=settings.min_area)
    following = int(pieces.max()) + 1
    waiting = [
        (number, _framed_box(box, (0, 0))) for number, box in enumerate(ndimage.find_objects(pieces), start=1)
    ]
    while waiting and following < _MOST_CUTS:
        number, box = waiting.pop()
        window = pieces[box]
        halves = cut_notches(
            window == number, notch=settings.notch, reach=settings.reach, min_area=settings.min_area
        )
        if halves.max() < 2:
            continue
        window[halves == 2] = following
        corner = (box[0].start, box[1].start)
        waiting += [
            (name, _framed_box(part, corner))
            for name, part in zip((number, following), ndimage.find_objects(halves), strict=True)
        ]
        following += 1
    return np.asarray(pieces[1:-1, 1:-1])


def _framed_box(box: tuple[slice, slice], corner: tuple[int, int]) -> tuple[slice, slice]:
    """Widen a box by a pixel on each side and move it to where its window lies."""
    rows, columns = (
        slice(side.start - 1 + start, side.stop + 1 + start) for side, start in zip(box, corner, strict=True)
    )
    return rows, columns
