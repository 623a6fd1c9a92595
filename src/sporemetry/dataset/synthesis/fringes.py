"""Colour fringes of a whole picture: red and blue land beside green, by an amount of its own each picture.

An objective magnifies colours unequally about its axis, and a tilted path shifts them everywhere. Together
that is a magnification about a point that need not be the picture's middle; so it is done to the light once,
for everything on the slide alike, and each picture draws its own point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.eyepiece import magnified

PictureArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fringes:
    """Settings of the fringes.

    Attributes
    ----------
    red, blue : float
        How much more red and blue are magnified than green; below 0 less.
    axis_y, axis_x : Spread
        Where the colours meet, as shares of the picture's height and width; may lie outside it.
    """

    red: float
    blue: float
    axis_y: Spread
    axis_x: Spread


def part_colours(light: PictureArray, fringes: Fringes, rng: np.random.Generator) -> None:
    """Magnify red and blue about a random point, in place; nothing happens to a grey picture.

    Parameters
    ----------
    light : float32 array, 1 or 3 x H x W
        Changed in place.
    fringes : Fringes
        The settings.
    rng : numpy.random.Generator
        Of the part ``fringes``; two numbers are drawn.
    """
    axis = fringes.axis_y.one(rng) * light.shape[1], fringes.axis_x.one(rng) * light.shape[2]
    if len(light) == 3:
        for channel, more in ((0, fringes.red), (2, fringes.blue)):
            light[channel] = magnified(light[channel], 1.0 + more, axis)
