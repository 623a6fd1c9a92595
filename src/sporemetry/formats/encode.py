"""Pixels -> the bytes of a PNG file, without loss."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LEVEL = 3  # nearly as small as higher ones, at a third of their time


def encode_png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return a PNG file of these pixels; the same pixels give the same bytes.

    Parameters
    ----------
    pixels : uint8 or uint16 array, H x W or H x W x 3
        At least one pixel. RGB whose channels are equal everywhere is stored as grey.
    """
    array = np.ascontiguousarray(pixels)
    if array.ndim == 3 and bool((array == array[..., :1]).all()):
        array = np.ascontiguousarray(array[..., 0])
    if array.dtype == np.uint8:
        file = io.BytesIO()
        Image.fromarray(array).save(file, format="PNG", compress_level=_LEVEL)
        return file.getvalue()
    return bytes(imagecodecs.png_encode(array, level=_LEVEL))
