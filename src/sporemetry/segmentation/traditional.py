"""The traditional methods as segmenters: a mask, and a watershed that parts touching spores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sporemetry.baselines import METHODS, Method
from sporemetry.instances import LabelArray, Separation, ShapeLimits, filter_shapes, separate_touching
from sporemetry.segmentation.scale import Scale
from sporemetry.segmentation.seam import (
    Detections,
    MaskArray,
    Pixels,
    Segmentation,
    SegmentationSettings,
    check_picture,
)

__all__ = ["DEFAULT_LIMITS", "METHODS", "TraditionalSegmenter", "traditional_segmenter"]

_REVISION = 1
"""Raise it when results change without a setting changing, so that a rerun does them again."""

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
    >>> find = TraditionalSegmenter(METHODS["otsu"])
    >>> int(find.detect(find(picture, np.ones((64, 64), dtype=bool))).labels.max())
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

    def __call__(
        self,
        pixels: Pixels,
        field_mask: MaskArray,
        *,
        um_per_px: float | None = None,
        shared: Scale | None = None,
    ) -> Segmentation:
        """Find the pixels of spores.

        Parameters
        ----------
        pixels : (H, W, 3) uint8 or uint16 array
            The picture.
        field_mask : (H, W) bool array
            Where the picture can be counted.
        um_per_px : float, optional
            Not used: sizes are in pixels.
        shared : Scale, optional
            Not used: the image is looked at as it is.

        Raises
        ------
        SettingsError
            When the arrays have other shapes or types.
        """
        del um_per_px, shared
        check_picture(pixels, field_mask)
        if not field_mask.any():
            return Segmentation(np.zeros_like(field_mask))
        return Segmentation(self.method.segment(pixels, field_mask) & field_mask)

    def detect(self, segmentation: Segmentation) -> Detections:
        """Part touching spores and keep what can be one by size and shape; there are no scores."""
        return Detections(filter_shapes(separate_touching(segmentation.mask, self._separation), self.limits))

    def remarks(self, segmentation: Segmentation, labels: LabelArray) -> tuple[str, ...]:
        """Return nothing: these methods treat all pictures alike."""
        del segmentation, labels
        return ()

    @property
    def _separation(self) -> Separation:
        return Separation(min_area=self.limits.min_area)


def traditional_segmenter(method: Method, settings: SegmentationSettings) -> TraditionalSegmenter:
    """Return a method with the limits of the settings, and the default ones where they say nothing."""
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
