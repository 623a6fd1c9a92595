"""Rings around objects that were left without an outline, and the line that explains them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.overlay.lettering import MIN_FONT_PX, stamp, text_sprite

# Yellow of Okabe and Ito between two lines of black: seen on any ground, and no colour of an outline.
YELLOW, BLACK = (240, 228, 66), (0, 0, 0)
_WIDER = 1.2  # times the object's length: the ring shows what it is around
_FRACTION_BITS = 4
_TEXT_OF_LONG_SIDE = 45  # a letter for so many pixels


def draw_rings(rgb: NDArray[np.uint8], places: NDArray[np.float64], *, width: int) -> None:
    """Draw a ring around each place into ``rgb``, and at the top left what the rings mean.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        Changed in place.
    places : (n, 3) float64 array
        Row, column and length of what is ringed, px.
    width : int
        Of a line, px.
    """
    for row, column, length in places:
        _ring(rgb, (column, row), _WIDER * length / 2 + 2 * width + 2, width)
    noun = "object like these has" if len(places) == 1 else "objects like these have"
    _explain(rgb, f"{len(places):,} {noun} no outline", width)


def _ring(rgb: NDArray[np.uint8], middle: tuple[float, float], radius: float, width: int) -> None:
    scale = 1 << _FRACTION_BITS
    centre = (round(middle[0] * scale), round(middle[1] * scale))
    for colour, thickness in ((BLACK, width + 2), (YELLOW, width)):
        cv2.circle(rgb, centre, round(radius * scale), colour, thickness, cv2.LINE_AA, _FRACTION_BITS)


def _explain(rgb: NDArray[np.uint8], text: str, width: int) -> None:
    """Write ``text`` behind a ring on a dark ground at the top left; nothing where it does not fit."""
    height, breadth = rgb.shape[:2]
    font_px = max(MIN_FONT_PX, round(max(height, breadth) / _TEXT_OF_LONG_SIDE))
    sprite = text_sprite(text, font_px)
    while font_px > MIN_FONT_PX and sprite.size[1] + 4 * font_px > breadth:
        font_px -= 1
        sprite = text_sprite(text, font_px)
    box_height, box_width = 2 * font_px, sprite.size[1] + 3 * font_px
    if box_height > height or box_width > breadth:
        return
    ground = rgb[:box_height, :box_width]
    ground[:] = ground // 4
    _ring(rgb, (font_px, font_px), 0.6 * font_px, width)
    stamp(rgb, sprite, at=(font_px - sprite.size[0] // 2, 2 * font_px), colour=YELLOW, halo=BLACK)
