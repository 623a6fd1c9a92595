"""A picture through a network: resampled, normalised, whole or in tiles, and the logits brought back.

pixels -> field's box -> working scale -> normalised -> logits, once or turned -> size of the box
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.model.card import ModelCard
from sporemetry.model.normalization import Levels, grey_levels, levels_of, normalise
from sporemetry.model.runtime import Network
from sporemetry.model.tiles import plan_tiles
from sporemetry.model.turns import mean_over_turns

WHOLE_PIXELS = 2_600_000
"""Pictures up to this size at the working scale go through whole: 1920 x 1080 px and a little more."""
TILE_CORE = 1024
_NOWHERE = -30.0  # the logit of spore where nothing was looked at

MaskArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tiling:
    """When tiles are made, and how large.

    Attributes
    ----------
    whole : int
        Up to so many pixels a picture is not cut.
    core : int
        Height and width of a tile without what it overlaps, px.
    offset : (int, int)
        How far up and left of the corner the first tile begins, px. Results do not depend on it.
    """

    whole: int = WHOLE_PIXELS
    core: int = TILE_CORE
    offset: tuple[int, int] = (0, 0)


def picture_logits(
    network: Network,
    card: ModelCard,
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    field_mask: MaskArray,
    *,
    factor: float = 1.0,
    turns: int = 1,
    tiling: Tiling | None = None,
) -> FloatArray:
    """Return the logits of each pixel of a picture.

    What lies outside the box around the field is not looked at.

    Parameters
    ----------
    network : Network
    card : ModelCard
        Of the network.
    pixels : (H, W, 3) array, uint8 or uint16
    field_mask : (H, W) bool array
        Where the picture can be counted; nowhere: nothing is looked at.
    factor : float
        The picture is resampled to so many times its height and width; the logits are resampled back.
    turns : int
        How many looks, turned and mirrored, the mean is taken of: a key of :data:`TURNS`.
    tiling : Tiling, optional
        Whole or in tiles; this changes no logit by more than rounding.

    Returns
    -------
    (K, H, W) float32 array
        Outside the box -30 for the first channel and 0 for the others.
    """
    box = field_box(field_mask)
    if box is None:
        return brought_back(np.empty((len(card.channels), 0, 0), np.float32), field_mask.shape, None)
    logits = working_logits(
        network, card, pixels[box], field_mask[box], factor=factor, turns=turns, tiling=tiling
    )
    return brought_back(logits, field_mask.shape, box)


def working_logits(
    network: Network,
    card: ModelCard,
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    field_mask: MaskArray,
    *,
    factor: float,
    turns: int = 1,
    tiling: Tiling | None = None,
    whole: WholeImage | None = None,
) -> FloatArray:
    """Return the logits (K, h, w) of all that is given, at the working scale.

    Parameters are those of :func:`picture_logits`; ``whole`` tells grey values and levels of the image that
    ``pixels`` are a part of.
    """
    white = grey_levels(pixels).white if whole is None else whole.white
    small, inside = working_picture(pixels, field_mask, factor, white=white)
    levels = None if whole is None else whole.levels
    made = normalise(small, inside, card.normalization, levels=levels)
    plan = tiling or Tiling()
    return mean_over_turns(
        lambda seen, field: padded_logits(network, card, seen, field, plan), made, inside, turns
    )


@dataclass(frozen=True, slots=True)
class WholeImage:
    """By what the grey values of an image, or of a part of it, become a network's input."""

    white: int
    levels: Levels

    @classmethod
    def of(
        cls, card: ModelCard, pixels: NDArray[np.uint8] | NDArray[np.uint16], field_mask: MaskArray
    ) -> Self:
        """Return it for an image inside its field, which is somewhere."""
        white = grey_levels(pixels).white
        values, inside = working_picture(pixels, field_mask, 1.0, white=white)
        return cls(white, levels_of(values, inside, card.normalization))


def brought_back(logits: FloatArray, shape: tuple[int, ...], box: tuple[slice, slice] | None) -> FloatArray:
    """Return logits (K, H, W) of an image from those (K, h, w) of its field's box at the working scale."""
    result = np.zeros((len(logits), *shape), dtype=np.float32)
    result[0] = _NOWHERE
    if box is not None:
        size = result[0][box].shape
        for channel, values in enumerate(logits):
            result[channel][box] = resample(values, (size[0], size[1]))
    return result


def field_box(field_mask: MaskArray) -> tuple[slice, slice] | None:
    """Return the rows and columns around a field; None for an empty one."""
    rows, columns = np.flatnonzero(field_mask.any(axis=1)), np.flatnonzero(field_mask.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def working_size(shape: tuple[int, int], factor: float) -> tuple[int, int]:
    """Return height and width of a picture at the working scale, at least 1 px each."""
    height, width = (max(1, round(side * factor)) for side in shape)
    return height, width


def working_picture(
    pixels: NDArray[Any], field_mask: MaskArray, factor: float, *, white: int
) -> tuple[NDArray[Any], MaskArray]:
    """Return a picture and its field at the working scale, grey values from 0 to 255 (uint8 or float32)."""
    values = (
        pixels
        if white == 255 and pixels.dtype == np.uint8
        else pixels.astype(np.float32) * np.float32(255 / white)
    )
    size = working_size(field_mask.shape, factor)
    if size == field_mask.shape:
        return values, field_mask
    inside = cv2.resize(field_mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    return resample(values, size), inside.astype(bool)


def resample(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return an array of another height and width: the mean over areas to shrink it, linear to enlarge it."""
    if values.shape[:2] == size:
        return values
    smaller = size[0] * size[1] < values.shape[0] * values.shape[1]
    return np.asarray(
        cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    )


def padded_logits(
    network: Network, card: ModelCard, made: FloatArray, field_mask: MaskArray, tiling: Tiling
) -> FloatArray:
    """Return the logits (K, H, W) of a normalised picture (1, 3, H, W) of any size.

    Height and width are rounded up to multiples of the stride by repeating the last row and column, as in
    training; then the picture goes through whole, or in tiles, of which those without any of the field are
    left out.
    """
    height, width = made.shape[2:]
    down, right = -height % card.stride, -width % card.stride
    if down or right:
        made = np.pad(made, ((0, 0), (0, 0), (0, down), (0, right)), mode="edge")
    if made.shape[2] * made.shape[3] <= tiling.whole:
        return network.logits(made)[:, :height, :width]
    wanted = np.pad(_grown(field_mask), ((0, down), (0, right)))
    return _in_tiles(network, card, made, wanted, tiling)[:, :height, :width]


def _in_tiles(
    network: Network, card: ModelCard, made: FloatArray, wanted: MaskArray, tiling: Tiling
) -> FloatArray:
    shape = (made.shape[2], made.shape[3])
    result = np.zeros((len(card.channels), *shape), dtype=np.float32)
    result[0] = _NOWHERE
    tiles = plan_tiles(shape, tiling.core, halo=card.halo, stride=card.stride, offset=tiling.offset)
    for tile in tiles:
        if wanted[tile.core].any():
            logits = network.logits(np.ascontiguousarray(made[(slice(None), slice(None), *tile.window)]))
            result[(slice(None), *tile.core)] = logits[(slice(None), *tile.kept)]
    return result


def _grown(field_mask: MaskArray) -> MaskArray:
    """Widen a field by what bringing logits back to the picture's size takes from beside it."""
    around = np.ones((5, 5), dtype=np.uint8)
    return np.asarray(cv2.dilate(field_mask.astype(np.uint8), around) > 0)
