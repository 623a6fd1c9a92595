"""A scale bar of a round length, in the corner where it hides the fewest spores."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sporemetry.overlay.lettering import stamp, text_sprite

# The bar is the longest round length within this share of the picture's width.
MAX_SHARE = 0.18
_INK = (20, 20, 20)
_PLATE = (255, 255, 255)
_PLATE_COVER = 0.8


def bar_length_um(width_px: int, um_per_px: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, 50, ... µm that fits into 18 % of the picture's width.

    Examples
    --------
    >>> bar_length_um(2000, 0.5), bar_length_um(512, 0.1), bar_length_um(1000, 0.01)
    (100.0, 5.0, 1.0)
    """
    most = MAX_SHARE * width_px * um_per_px
    decade = 10.0 ** math.floor(math.log10(most))
    # The tolerance keeps an exact fit (most = 5.0) from being lost to rounding.
    return max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= most * (1 + 1e-9))


def bar_text(length_um: float) -> str:
    """Return a length as people write it.

    Examples
    --------
    >>> bar_text(50.0), bar_text(2000.0), bar_text(0.5)
    ('50 µm', '2 mm', '500 nm')
    """
    if length_um >= 1000:
        return f"{length_um / 1000:g} mm"
    if length_um >= 1:
        return f"{length_um:g} µm"
    return f"{length_um * 1000:g} nm"


def draw_scale_bar(
    rgb: NDArray[np.uint8], um_per_px: float, *, avoid: NDArray[np.bool_], font_px: int
) -> None:
    """Draw the bar with its length into ``rgb`` in place; a picture too small for it stays as it is.

    Parameters
    ----------
    rgb : ndarray, H x W x 3, uint8
        The picture.
    um_per_px : float
        Its scale, above 0.
    avoid : ndarray, H x W, bool
        What should not be hidden. Of the four corners the emptiest is taken, bottom right first.
    font_px : int
        Size of the text in pixels.
    """
    length_um = bar_length_um(rgb.shape[1], um_per_px)
    sprite = text_sprite(bar_text(length_um), font_px)
    bar_px, thick, pad = max(1, round(length_um / um_per_px)), max(2, font_px // 5), font_px // 2
    height = sprite.size[0] + thick + 2 * pad + pad // 2
    width = max(bar_px, sprite.size[1]) + 2 * pad
    if height + 2 * pad > rgb.shape[0] or width + 2 * pad > rgb.shape[1]:
        return
    row, column = _emptiest_corner(avoid, height, width, pad)
    plate = rgb[row : row + height, column : column + width]
    plate[:] = np.rint(plate * (1 - _PLATE_COVER) + np.array(_PLATE) * _PLATE_COVER).astype(np.uint8)
    left = (width - bar_px) // 2
    plate[height - pad - thick : height - pad, left : left + bar_px] = _INK
    stamp(plate, sprite, at=(pad, (width - sprite.size[1]) // 2), colour=_INK, halo=_PLATE)


def _emptiest_corner(avoid: NDArray[np.bool_], height: int, width: int, margin: int) -> tuple[int, int]:
    low, far = avoid.shape[0] - height - margin, avoid.shape[1] - width - margin
    corners = [(low, far), (low, margin), (margin, far), (margin, margin)]
    return min(corners, key=lambda at: np.count_nonzero(avoid[at[0] : at[0] + height, at[1] : at[1] + width]))
