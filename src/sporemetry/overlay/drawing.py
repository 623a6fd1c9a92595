"""The outlined picture: field, outlines, numbers and scale bar drawn over the pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.label_pieces import id_boxes
from sporemetry.overlay.display import dim_outside, is_bright, to_display
from sporemetry.overlay.lettering import MIN_FONT_PX, number_font_px, place_beside, stamp, text_sprite
from sporemetry.overlay.outlines import Box, Line, dashes, spore_outlines, stroke, trace_outlines
from sporemetry.overlay.rings import draw_rings
from sporemetry.overlay.scale_bar import draw_scale_bar

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours of one kind of picture; blue is always counted, orange never."""

    counted: RGB
    not_counted: RGB
    field: RGB
    halo: RGB


WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)
# From the palette of Okabe and Ito (2008), which people with any colour vision tell apart
# (https://jfly.uni-koeln.de/color/): the darker blue and orange on bright pictures, the lighter on dark ones.
ON_BRIGHT = Palette(counted=(0, 114, 178), not_counted=(213, 94, 0), field=(204, 121, 167), halo=WHITE)
ON_DARK = Palette(counted=(86, 180, 233), not_counted=(230, 159, 0), field=(204, 121, 167), halo=BLACK)

# One pixel of line for so many pixels of picture: thin, yet visible when the whole picture is on a screen.
PIXELS_PER_LINE_WIDTH = 1000
DASH_LINE_WIDTHS = 3.0
# The largest number of 32 bits stands for a number that did not fit, never for a spore.
_NO_LABEL = np.iinfo(np.int32).max


@dataclass(frozen=True)
class _Spore:
    """What is drawn of one spore."""

    label: int
    counts: bool
    lines: list[Line]


def draw_overlay(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    labels: NDArray[np.int32],
    *,
    counted: NDArray[np.bool_] | None = None,
    field_mask: NDArray[np.bool_] | None = None,
    numbers: bool = True,
    um_per_px: float | None = None,
    uncovered: NDArray[np.float64] | None = None,
) -> NDArray[np.uint8]:
    """Draw every spore's outline and number over the picture.

    Counted spores have a solid blue outline, the others a dashed orange one. Each label has a line of its
    own, so touching spores are seen apart. Numbers are the labels; they shrink as spores crowd and are left
    out when they would have to be smaller than 9 pixels. Outside of the field the picture is dimmed. Objects
    that were left without an outline have a yellow ring, which a line at the top explains.

    Parameters
    ----------
    pixels : ndarray, H x W x 3, uint8 or uint16
        The picture. 16 bits are stretched in contrast for display (percentiles 0.1 and 99.9 of the field).
    labels : ndarray, H x W, int32
        0 background, 1..n spores. No spore at all is allowed.
    counted : ndarray, n, bool, optional
        Whether each label, in ascending order, counts. None: all do.
    field_mask : ndarray, H x W, bool, optional
        Where the picture can be counted. None: everywhere, and no boundary is drawn.
    numbers : bool
        Write the labels beside the spores.
    um_per_px : float, optional
        The scale. None: no scale bar.
    uncovered : ndarray, n x 3, float, optional
        Row, column and length, px, of objects to ring. None, or no row: none, and nothing is explained.

    Returns
    -------
    ndarray, H x W x 3, uint8
        A new RGB picture.

    Raises
    ------
    SettingsError
        When shapes, types or the number of entries do not fit together, or the scale is not above 0.

    Examples
    --------
    >>> pixels = np.full((60, 80, 3), 200, np.uint8)
    >>> labels = np.zeros((60, 80), np.int32)
    >>> labels[20:40, 30:50] = 1
    >>> drawn = draw_overlay(pixels, labels, numbers=False)
    >>> bool((drawn[30, 40] == 200).all()), bool((drawn[20, 40] == 200).any())
    (True, False)
    """
    _check_arrays(pixels, labels, field_mask)
    _check_scale(um_per_px)
    boxes = _boxes(labels)
    counts = _check_counted(counted, len(boxes))
    spores = [
        _Spore(label, bool(here), lines)
        for (label, _), here, lines in zip(boxes, counts, spore_outlines(labels, boxes), strict=True)
    ]
    rgb = to_display(pixels, field_mask)
    palette = ON_BRIGHT if is_bright(rgb, field_mask) else ON_DARK
    width = max(1, round(max(labels.shape) / PIXELS_PER_LINE_WIDTH))
    if field_mask is not None and not field_mask.all():
        dim_outside(rgb, field_mask)
        stroke(rgb, trace_outlines(field_mask), colour=palette.field, width=width)
    _draw_outlines(rgb, spores, palette, width)
    if numbers:
        _draw_numbers(rgb, labels, spores, palette, width)
    if uncovered is not None and len(uncovered):
        draw_rings(rgb, uncovered, width=width)
    if um_per_px is not None:
        font_px = max(MIN_FONT_PX + 2, round(max(labels.shape) / 85))
        draw_scale_bar(rgb, um_per_px, avoid=labels > 0, font_px=font_px)
    return rgb


def _draw_outlines(rgb: NDArray[np.uint8], spores: list[_Spore], palette: Palette, width: int) -> None:
    dash_px = DASH_LINE_WIDTHS * width + 2
    broken = [
        dash for spore in spores if not spore.counts for line in spore.lines for dash in dashes(line, dash_px)
    ]
    solid = [line for spore in spores if spore.counts for line in spore.lines]
    stroke(rgb, broken, colour=palette.not_counted, width=width, closed=False)
    stroke(rgb, solid, colour=palette.counted, width=width)


def _draw_numbers(
    rgb: NDArray[np.uint8], labels: NDArray[np.int32], spores: list[_Spore], palette: Palette, width: int
) -> None:
    font_px = number_font_px(labels.size, len(spores), max(labels.shape))
    if font_px is None:
        return
    sprites = [text_sprite(str(spore.label), font_px) for spore in spores]
    occupied = (labels > 0).view(np.uint8)
    places = place_beside(
        [spore.lines for spore in spores], [sprite.size for sprite in sprites], occupied, width + 1
    )
    for spore, sprite, place in zip(spores, sprites, places, strict=True):
        if place is not None:
            colour = palette.counted if spore.counts else palette.not_counted
            stamp(rgb, sprite, at=place, colour=colour, halo=palette.halo)


def _boxes(labels: NDArray[np.int32]) -> list[tuple[int, Box]]:
    if labels.min() < 0 or labels.max() >= _NO_LABEL:
        raise SettingsError(
            "labels",
            expected=f"0 for background and numbers from 1 to {_NO_LABEL - 1:,} for spores",
            found=f"values from {labels.min()} to {labels.max()}",
            remedy="Set to 0 what is no spore, and number the spores anew.",
        )
    return id_boxes(labels)


def _check_arrays(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    labels: NDArray[np.int32],
    field_mask: NDArray[np.bool_] | None,
) -> None:
    if (
        pixels.ndim != 3
        or pixels.shape[2] != 3
        or pixels.dtype not in (np.uint8, np.uint16)
        or not pixels.size
    ):
        raise SettingsError(
            "pixels",
            expected="an H x W x 3 array of uint8 or uint16 with at least one pixel",
            found=f"shape {pixels.shape} of {pixels.dtype}",
            remedy="Pass Image.pixels.",
        )
    if labels.shape != pixels.shape[:2] or not np.issubdtype(labels.dtype, np.integer):
        raise SettingsError(
            "labels",
            expected=f"whole numbers of shape {pixels.shape[:2]}, as the pixels",
            found=f"shape {labels.shape} of {labels.dtype}",
            remedy="Pass the labels of the same picture.",
        )
    if field_mask is not None and (field_mask.shape != labels.shape or field_mask.dtype != np.bool_):
        raise SettingsError(
            "field_mask",
            expected=f"bool of shape {labels.shape}",
            found=f"{field_mask.dtype} of shape {field_mask.shape}",
            remedy="Pass the field mask of the same picture.",
        )


def _check_scale(um_per_px: float | None) -> None:
    if um_per_px is not None and not (math.isfinite(um_per_px) and um_per_px > 0):
        raise SettingsError(
            "um_per_px",
            expected="a number above 0",
            found=str(um_per_px),
            remedy="Leave it out when the scale is not known.",
        )


def _check_counted(counted: NDArray[np.bool_] | None, count: int) -> NDArray[np.bool_]:
    if counted is None:
        return np.ones(count, dtype=np.bool_)
    if counted.shape != (count,) or counted.dtype != np.bool_:
        raise SettingsError(
            "counted",
            expected=f"{count} values of bool, one a label",
            found=f"{counted.dtype} of shape {counted.shape}",
            remedy="Pass the table's column `counted` as a numpy array.",
        )
    return counted
