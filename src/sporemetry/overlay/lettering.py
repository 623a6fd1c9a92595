"""Numbers beside spores, and text on the scale bar: set small, with a halo, where there is room."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sporemetry.overlay.outlines import Line

# Below this height digits of the built-in font run together.
MIN_FONT_PX = 9
# Enough for contrast on any ground, while what lies under a number shows through.
HALO_COVER = 0.65
# A number takes about one font size of height and two of width. It should fill at most a third of the
# distance between neighbours, or the numbers hide the picture that they should help to check.
SHARE_OF_SPACING = 0.33
# As (x, y), in the order in which they are tried: up and right first, where numbers are looked for.
_DIRECTIONS = np.array(
    [(1, -1), (1, 0), (1, 1), (0, -1), (0, 1), (-1, -1), (-1, 0), (-1, 1)], dtype=np.float64
)


@dataclass(frozen=True)
class Sprite:
    """A piece of text: how much of each pixel the glyphs and their halo cover, h x w, 0..1."""

    glyphs: NDArray[np.float32]
    halo: NDArray[np.float32]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.glyphs.shape[0], self.glyphs.shape[1]


def number_font_px(area: int, count: int, long_side: int) -> int | None:
    """Return the font size for ``count`` numbers on ``area`` pixels, or None when they would be too crowded.

    Examples
    --------
    >>> number_font_px(2000 * 1125, 500, 2000), number_font_px(2000 * 1125, 1000, 2000)
    (18, 15)
    >>> number_font_px(2000 * 1125, 5000, 2000) is None
    True
    """
    if count == 0:
        return None
    comfortable = max(MIN_FONT_PX + 2, round(long_side / 110))
    crowded = int((area / count) ** 0.5 * SHARE_OF_SPACING)
    size = min(comfortable, crowded)
    return size if size >= MIN_FONT_PX else None


@functools.lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # Pillow carries this font itself, so that a picture looks the same on every machine.
    return ImageFont.load_default(size)


@functools.lru_cache(maxsize=2048)  # the pictures of a folder have mostly the same numbers
def text_sprite(text: str, font_px: int) -> Sprite:
    """Return ``text`` set in ``font_px`` pixels, cropped to the glyphs and their halo."""
    margin = max(1, font_px // 8)
    # The font has no micro sign. It is set as a u, which then gets its long left stem.
    letters, font = text.replace("µ", "u"), _font(font_px)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(letters))
    tail = round(0.22 * font_px) if "µ" in text else 0
    canvas = Image.new("L", (right - left + 2 * margin, bottom - top + tail + 2 * margin))
    pen, origin = ImageDraw.Draw(canvas), (margin - left, margin - top)
    pen.text(origin, letters, fill=255, font=font)
    for before in (letters[:at] for at, letter in enumerate(text) if letter == "µ"):
        stem = origin[0] + round(font.getlength(before) + font.getbbox("u")[0])
        foot = margin + bottom - top
        pen.rectangle(
            (stem, foot - font_px // 4, stem + max(1, font_px // 12) - 1, foot + tail - 1), fill=255
        )
    glyphs = np.asarray(canvas)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    halo = cv2.dilate(glyphs, disc)
    return Sprite((glyphs / 255).astype(np.float32), (halo / 255).astype(np.float32))


def stamp(
    rgb: NDArray[np.uint8],
    sprite: Sprite,
    *,
    at: tuple[int, int],
    colour: tuple[int, int, int],
    halo: tuple[int, int, int],
) -> None:
    """Draw a sprite into ``rgb`` in place, its top left pixel at row and column ``at``; it must fit."""
    (row, column), (height, width) = at, sprite.size
    under = rgb[row : row + height, column : column + width]
    cover = HALO_COVER * sprite.halo[..., None]
    mixed = under * (1 - cover) + np.array(halo, np.float32) * cover
    mixed = mixed * (1 - sprite.glyphs[..., None]) + np.array(colour, np.float32) * sprite.glyphs[..., None]
    under[:] = np.rint(mixed).astype(np.uint8)


def place_beside(
    outlines: Sequence[Sequence[Line]],
    sizes: Sequence[tuple[int, int]],
    occupied: NDArray[np.uint8],
    gap: int,
) -> list[tuple[int, int] | None]:
    """Choose where the number of each spore goes: row and column of its top left pixel.

    Eight places are tried in turn, each next to the point where the outline reaches farthest in that
    direction. The first that covers no spore and no earlier number is taken, else the one that covers
    least. None where the number does not fit into the picture at all.

    Parameters
    ----------
    outlines : sequence of lists of lines
        For each spore its outlines, N x 2 as (x, y).
    sizes : sequence of tuple of int
        Height and width of each number.
    occupied : ndarray, H x W, uint8
        1 where something is already; the chosen places are added to it.
    gap : int
        Pixels between outline and number.
    """
    rows, columns = occupied.shape
    places: list[tuple[int, int] | None] = []
    for lines, (height, width) in zip(outlines, sizes, strict=True):
        best, least = None, height * width + 1
        for row, column in _around(np.concatenate(lines), height, width, gap):
            if min(row, column) < 0 or row > rows - height or column > columns - width:
                continue
            covered = cv2.countNonZero(occupied[row : row + height, column : column + width])
            if covered < least:
                best, least = (row, column), covered
            if covered == 0:
                break
        if best is not None:
            occupied[best[0] : best[0] + height, best[1] : best[1] + width] = 1
        places.append(best)
    return places


def _around(outline: Line, height: int, width: int, gap: int) -> list[tuple[int, int]]:
    farthest = outline[np.argmax(outline @ _DIRECTIONS.T, axis=0)]
    # From the outline's point to the middle of the number, then to its top left corner.
    middle = farthest + _DIRECTIONS * (width / 2 + gap, height / 2 + gap)
    corners = np.rint(middle - (width / 2, height / 2)).astype(int)
    return [(row, column) for column, row in corners.tolist()]
