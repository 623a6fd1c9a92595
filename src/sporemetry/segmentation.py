"""The seam between a picture and its spores: pixels -> mask, and mask -> labels, by a named method.

Everything behind this seam can be exchanged. The pipeline knows a method by :class:`Segmenter` alone;
the traditional ones are here now, and a network takes its place beside them in :data:`SEGMENTERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines import METHODS, Method
from sporemetry.errors import SettingsError
from sporemetry.instances import (
    LabelArray,
    Separation,
    ShapeLimits,
    filter_shapes,
    separate_touching,
)

MaskArray = NDArray[np.bool_]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_REVISION = 1
"""Raise it when results change without a setting changing, so that a rerun does them again."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a method says about each pixel.

    Attributes
    ----------
    mask : (H, W) bool array
        True where there is a spore.
    probability : (H, W) float32 array or None
        From 0 to 1; None for methods that know only yes and no.
    """

    mask: MaskArray
    probability: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class SegmentationSettings:
    """What counts as a spore by size and shape; None leaves it to the method.

    Attributes
    ----------
    min_area_px, max_area_px : int or None
        The smallest and the largest area, each included, in pixels.
    max_aspect : float or None
        The greatest length over width.
    min_solidity : float or None
        The least area over convex area, from 0 to 1.

    Raises
    ------
    SettingsError
        When a value is out of range.
    """

    min_area_px: int | None = None
    max_area_px: int | None = None
    max_aspect: float | None = None
    min_solidity: float | None = None

    def __post_init__(self) -> None:
        bounds = {
            "min_area_px": (1, np.inf),
            "max_area_px": (1, np.inf),
            "max_aspect": (1, np.inf),
            "min_solidity": (0, 1),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise SettingsError(name, expected=f"a number from {least} to {most}", found=repr(value))


class Segmenter(Protocol):
    """A method that finds spores: first the mask, then the spores one by one."""

    @property
    def name(self) -> str:
        """As on the command line."""

    @property
    def title(self) -> str:
        """As in a report's heading."""

    @property
    def description(self) -> str:
        """Two plain sentences on how spores are found."""

    @property
    def source(self) -> str:
        """The publication."""

    def identity(self) -> str:
        """Return a text that changes whenever results could: name, revision and settings."""

    def __call__(self, pixels: Pixels, field_mask: MaskArray) -> Segmentation:
        """Find the pixels of spores; none outside ``field_mask``."""

    def separate(self, segmentation: Segmentation) -> LabelArray:
        """Give each spore its label: touching ones apart, what no spore can be left out."""


DEFAULT_LIMITS = ShapeLimits(min_area=60, max_area=6000, max_aspect=5, min_solidity=0.75)
"""For spores 15 to 100 px long."""


@dataclass(frozen=True)
class TraditionalSegmenter:
    """A method without a network, see :mod:`sporemetry.baselines`.

    Attributes
    ----------
    method : Method
        How pixels are chosen.
    limits : ShapeLimits
        Which shapes are spores.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> picture[20:40, 20:32] = 100
    >>> find = segmenter("otsu")
    >>> int(find.separate(find(picture, np.ones((64, 64), dtype=bool))).max())
    1
    """

    method: Method
    limits: ShapeLimits = DEFAULT_LIMITS

    @property
    def name(self) -> str:
        """As on the command line."""
        return self.method.name

    @property
    def title(self) -> str:
        """As in a report's heading."""
        return self.method.title

    @property
    def description(self) -> str:
        """Two plain sentences on how spores are found."""
        return self.method.description

    @property
    def source(self) -> str:
        """The publication."""
        return self.method.source

    def identity(self) -> str:
        """Return name, revision and all settings as one line."""
        return f"{self.name} {_REVISION} {self.method.settings!r} {self._separation!r} {self.limits!r}"

    def __call__(self, pixels: Pixels, field_mask: MaskArray) -> Segmentation:
        """Find the pixels of spores.

        Parameters
        ----------
        pixels : (H, W, 3) uint8 or uint16 array
            The picture.
        field_mask : (H, W) bool array
            Where the picture can be counted.

        Raises
        ------
        SettingsError
            When the arrays have other shapes or types.
        """
        _check(pixels, field_mask)
        if not field_mask.any():
            return Segmentation(np.zeros_like(field_mask))
        return Segmentation(self.method.segment(pixels, field_mask) & field_mask)

    def separate(self, segmentation: Segmentation) -> LabelArray:
        """Part touching spores and keep what can be one by size and shape."""
        return filter_shapes(separate_touching(segmentation.mask, self._separation), self.limits)

    @property
    def _separation(self) -> Separation:
        return Separation(min_area=self.limits.min_area)


def _traditional(method: Method, settings: SegmentationSettings) -> Segmenter:
    default = DEFAULT_LIMITS
    return TraditionalSegmenter(
        method,
        ShapeLimits(
            min_area=default.min_area if settings.min_area_px is None else settings.min_area_px,
            max_area=default.max_area if settings.max_area_px is None else settings.max_area_px,
            max_aspect=default.max_aspect if settings.max_aspect is None else settings.max_aspect,
            min_solidity=default.min_solidity if settings.min_solidity is None else settings.min_solidity,
        ),
    )


SEGMENTERS: dict[str, Callable[[SegmentationSettings], Segmenter]] = {
    name: partial(_traditional, method) for name, method in METHODS.items()
}
"""How to make each method from its settings, by name."""


def segmenter(name: str, settings: SegmentationSettings | None = None) -> Segmenter:
    """Return the method of that name.

    Parameters
    ----------
    name : str
        A key of :data:`SEGMENTERS`.
    settings : SegmentationSettings, optional
        Sizes and shapes of spores.

    Raises
    ------
    SettingsError
        When there is no method of that name.

    Examples
    --------
    >>> segmenter("kmeans").title
    'K-means on colour and watershed'
    """
    if name not in SEGMENTERS:
        raise SettingsError("method", expected=f"one of {', '.join(SEGMENTERS)}", found=repr(name))
    return SEGMENTERS[name](SegmentationSettings() if settings is None else settings)


def _check(pixels: Pixels, field_mask: MaskArray) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise SettingsError(
            "pixels",
            expected="a uint8 or uint16 array of shape (height, width, 3)",
            found=f"{pixels.dtype} of shape {pixels.shape}",
        )
    if field_mask.shape != pixels.shape[:2] or field_mask.dtype != np.bool_:
        raise SettingsError(
            "field_mask",
            expected=f"a bool array of shape {pixels.shape[:2]}",
            found=f"{field_mask.dtype} of shape {field_mask.shape}",
        )
