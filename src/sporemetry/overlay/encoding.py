"""A drawn picture as the bytes of a JPEG file."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sporemetry.errors import SettingsError

DEFAULT_QUALITY = 88
# The format stores each side in 16 bits; libjpeg itself stops at 65,500.
JPEG_MAX_SIDE = 65_500


def encode_jpeg(rgb: NDArray[np.uint8], quality: int = DEFAULT_QUALITY) -> bytes:
    """Return ``rgb`` as a JPEG file; the same pixels always give the same bytes.

    Colour is kept at full resolution (4:4:4), because the usual halving smears thin coloured lines.

    Parameters
    ----------
    rgb : ndarray, H x W x 3, uint8
        The picture.
    quality : int
        1 (smallest) to 95 (finest).

    Raises
    ------
    SettingsError
        When the array is no picture, is empty or longer than 65,500 pixels, or the quality is outside 1..95.

    Examples
    --------
    >>> encode_jpeg(np.zeros((8, 8, 3), np.uint8))[:2].hex()
    'ffd8'
    """
    _check(rgb, quality)
    buffer = io.BytesIO()
    # Not optimize=True: it saves 3 % and fails on noise, whose JPEG outgrows the one buffer it may use.
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _check(rgb: NDArray[np.uint8], quality: int) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise SettingsError(
            "rgb",
            expected="an H x W x 3 array of uint8 with at least one pixel",
            found=f"shape {rgb.shape} of {rgb.dtype}",
            remedy="Pass the result of draw_overlay.",
        )
    if max(rgb.shape) > JPEG_MAX_SIDE:
        raise SettingsError(
            "rgb",
            expected=f"sides of at most {JPEG_MAX_SIDE} pixels, the limit of JPEG",
            found=f"{rgb.shape[1]} x {rgb.shape[0]}",
            remedy="Scale the picture down before encoding it.",
        )
    if not 1 <= quality <= 95:
        raise SettingsError(
            "quality",
            expected="a whole number from 1 to 95",
            found=str(quality),
            remedy="88 suits most pictures.",
        )
