"""What the pipeline knows of a method that finds spores: :class:`Segmenter`, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.instances import LabelArray
from sporemetry.segmentation.scale import Scale
from sporemetry.stated_number import check_number, option_of

MaskArray = NDArray[np.bool_]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a method says about each pixel.

    Attributes
    ----------
    mask : (H, W) bool array
        True where there is a spore.
    probability : (H, W) float32 array or None
        From 0 to 1; None for methods that know only yes and no.
    outputs : mapping of str to (H, W) float32 array
        Of a network: the logits of each of its channels, by name; else empty.
    spore_length_px : float or None
        How long spores are in this picture, where the method found out.
    notes : tuple of str
        What was assumed of this picture, in plain words.
    grey : (H, W) float32 array or None
        Of a network: the picture's brightness, by which objects are compared.
    beside : (H, W) bool array or None
        Pixels that, where they are of no spore, are given to one beside them; None: none are.
    field : (H, W) bool array or None
        Of a network: where the picture can be counted.
    has_own_scale : bool
        Whether it was looked at at a scale of its own though one was shared, since its spores are clearly
        longer or shorter.
    """

    mask: MaskArray
    probability: NDArray[np.float32] | None = None
    outputs: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    spore_length_px: float | None = None
    notes: tuple[str, ...] = ()
    grey: NDArray[np.float32] | None = None
    beside: MaskArray | None = None
    field: MaskArray | None = None
    has_own_scale: bool = False


_LARGEST_AREA = 2_000_000_000  # of an image


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
            "min_area_px": (1, _LARGEST_AREA),
            "max_area_px": (1, _LARGEST_AREA),
            "max_aspect": (1, 1000),
            "min_solidity": (0, 1),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if value is not None:
                of_area = name.endswith("_px")
                shown = f"{option_of(name.removesuffix('_px'))} ({name})" if of_area else name
                check_number(shown, value, least, most, of="px²" if of_area else "")
        least_area, most_area = self.min_area_px, self.max_area_px
        if least_area is not None and most_area is not None and least_area > most_area:
            raise SettingsError(
                "--max-area",
                expected=f"at least --min-area, {self.min_area_px} px²",
                found=f"{self.max_area_px}",
            )


@dataclass(frozen=True, eq=False)
class Detections:
    """The spores of an image, and how sure a method is of each.

    Attributes
    ----------
    labels : (H, W) int32 array
        0 background, 1..n spores without gaps, in the order of their first pixel.
    scores : (n,) float64 array or None
        Of label 1, 2, ..., n, from 0 to 1: the numbers by which the method kept these objects and left others
        out. None where it knows only yes and no.
    notes : tuple of str
        What is unusual of how they were kept, in plain words.
    """

    labels: LabelArray
    scores: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()


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

    def __call__(
        self,
        pixels: Pixels,
        field_mask: MaskArray,
        *,
        um_per_px: float | None = None,
        shared: Scale | None = None,
    ) -> Segmentation:
        """Find the pixels of spores; none outside ``field_mask``.

        The image's scale, and the one that images beside it share, are used where they help.
        """

    def detect(self, segmentation: Segmentation) -> Detections:
        """Give each spore its label and its score: touching ones apart, what no spore can be left out."""

    def remarks(self, segmentation: Segmentation, labels: LabelArray) -> tuple[str, ...]:
        """Return what was assumed of the picture when it was labelled, in plain words; mostly nothing."""


def check_picture(pixels: Pixels, field_mask: MaskArray) -> None:
    """Raise SettingsError for arrays of other shapes or types than a picture and its field have."""
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
