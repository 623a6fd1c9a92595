"""A plane in the file's own numbers -> H x W x 3 of uint8 or uint16, for the eye and the methods.

Nothing is stretched silently: 8 bits stay 8 bits, 16 bits stay 16 bits, and every other number is brought
there by a rule that a note states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.plane import Coding, Plane, full_scale
from sporemetry.formats.refusal import damaged, no_content

Notes = tuple[str, ...]

_TOP = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65_535}
_BLOCK_PIXELS = 1 << 20  # temporaries stay small beside the picture
_MAY_BE_12_BIT = 4_095
_D50 = np.array([0.96422, 1.0, 0.82521])
# XYZ of D50 -> linear sRGB, adapted to its D65 by Bradford (B. Lindbloom, "RGB/XYZ Matrices").
_XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def to_rgb(plane: Plane) -> tuple[NDArray[Any], Notes]:
    """Return the picture as RGB, and notes on what was done.

    Parameters
    ----------
    plane : Plane

    Returns
    -------
    pixels : array of shape (H, W, 3), uint8 or uint16, C-contiguous
    notes : tuple of str

    Raises
    ------
    Refusal
        ImageDamagedError for a palette index without a colour, ImageContentError for alpha that is
        none.
    """
    array, coding = plane.array, plane.coding
    notes: Notes = ()
    if coding.palette is not None:
        array, coding, notes = _expand(array, coding.palette)
    elif coding.colour in _TO_RGB:
        array, coding, notes = _from_colour(array, coding)
    colour, alpha = _part(array, coding)
    colour, depth_notes = _to_depth(colour, coding) if plane.coding.palette is None else (colour, ())
    if coding.inverted:
        colour = _TOP[colour.dtype] - colour
        depth_notes = (*depth_notes, "Zero is white in the file: the picture was inverted.")
    colour = _spread(colour)
    colour, alpha_notes = _on_white(colour, alpha, coding, array)
    return np.ascontiguousarray(colour), (*notes, *depth_notes, *alpha_notes)


def _rows(height: int, width: int) -> Iterator[slice]:
    """Yield blocks of rows of about a million pixels."""
    step = max(1, _BLOCK_PIXELS // max(1, width))
    for start in range(0, height, step):
        yield slice(start, start + step)


def _expand(array: NDArray[Any], palette: NDArray[Any]) -> tuple[NDArray[Any], Coding, Notes]:
    largest = int(array.max())
    if largest >= len(palette):
        raise damaged(f"palette indices up to {len(palette) - 1}", f"index {largest}")
    alpha = "straight" if palette.shape[1] == 4 else "none"
    bits = 8 * palette.dtype.itemsize
    expanded = np.take(palette, array, axis=0)
    if (
        alpha == "none"
        and np.array_equal(palette[:, 0], palette[:, 1])
        and np.array_equal(palette[:, 0], palette[:, 2])
    ):
        return expanded, Coding("rgb", bits=bits), ()
    note = f"The palette of {len(palette)} colours was expanded to RGB."
    return expanded, Coding("rgb", bits=bits, alpha=alpha), (note,)  # type: ignore[arg-type]


def _from_cmyk(block: NDArray[Any]) -> NDArray[Any]:
    top = np.uint64(_TOP[block.dtype])
    light = top - block.astype(np.uint64)
    return ((light[..., :3] * light[..., 3:] + top // np.uint64(2)) // top).astype(block.dtype)


def _from_ycbcr(block: NDArray[Any]) -> NDArray[Any]:
    # JFIF 1.02: BT.601 weights, full range.
    y, cb, cr = (block[..., k].astype(np.float64) - (0, 128, 128)[k] for k in range(3))
    red = y + 1.402 * cr
    green = y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr
    blue = y + 1.772 * cb
    return np.clip(np.rint(np.stack([red, green, blue], axis=-1)), 0, 255).astype(np.uint8)


def _from_lab(block: NDArray[Any]) -> NDArray[Any]:
    # CIE 15:2004, 8.2.1: L*a*b* -> XYZ relative to the white, here the print trade's D50.
    light = (block[..., 0] * (100 / 255) + 16) / 116
    roots = np.stack(
        [light + block[..., 1].astype(np.int8) / 500.0, light, light - block[..., 2].astype(np.int8) / 200.0],
        axis=-1,
    )
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * _D50
    linear: NDArray[Any] = np.clip(xyz @ _XYZ_TO_SRGB.T, 0, 1)
    # IEC 61966-2-1, the curve of sRGB.
    encoded: NDArray[Any] = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    srgb: NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return srgb


_TO_RGB: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "cmyk": _from_cmyk,
    "ycbcr": _from_ycbcr,
    "lab": _from_lab,
}
_NAMES = {"cmyk": "CMYK inks", "ycbcr": "YCbCr", "lab": "CIE L*a*b* (D50)"}


def _from_colour(array: NDArray[Any], coding: Coding) -> tuple[NDArray[Any], Coding, Notes]:
    transform = _TO_RGB[coding.colour]
    pixels = np.empty((*array.shape[:2], 3), array.dtype)
    for rows in _rows(*array.shape[:2]):
        pixels[rows] = transform(array[rows])
    note = f"{_NAMES[coding.colour]} were converted to RGB by formula, without a colour profile."
    return pixels, replace(coding, colour="rgb"), (note,)


def _part(array: NDArray[Any], coding: Coding) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return the colour samples, (H, W) or (H, W, 3), and the alpha, (H, W), where there is one."""
    if coding.alpha == "none":
        return array, None
    colour = array[:, :, 0] if array.shape[2] == 2 else array[:, :, :-1]
    return colour, None if coding.alpha == "unused" else array[:, :, -1]


def _to_depth(colour: NDArray[Any], coding: Coding) -> tuple[NDArray[Any], Notes]:
    """Bring samples of any type to uint8 or uint16."""
    if colour.dtype == np.uint8 and coding.bits <= 8:
        return (colour if coding.bits in (0, 8) else colour * np.uint8(255 // full_scale(coding.bits))), ()
    if colour.dtype == np.uint16:
        return _sixteen(colour, coding.bits)
    low, high = colour.min(), colour.max()
    if colour.dtype.kind == "f":
        if low >= 0 and high <= 1:
            return _stretch(colour, 0.0, 1.0), ("Float samples from 0 to 1 were scaled to 16 bits.",)
    elif low >= 0 and high <= 65_535:
        return colour.astype(np.uint16), (f"{colour.dtype} samples up to {high} were kept as 16 bits.",)
    note = f"{colour.dtype} samples from {low:g} to {high:g} were scaled to 0 to 65,535."
    return _stretch(colour, float(low), float(high)), (note,)


def _sixteen(colour: NDArray[Any], bits: int) -> tuple[NDArray[Any], Notes]:
    high = int(colour.max())
    top = full_scale(bits)
    if bits == 16 or high > top:
        return colour, _narrow_note(high)
    scaled = np.empty(colour.shape, np.uint16)
    for rows in _rows(*colour.shape[:2]):
        scaled[rows] = (colour[rows].astype(np.uint32) * 65_535 + top // 2) // top
    return scaled, (f"{bits}-bit samples were scaled to 16 bits.",)


def _narrow_note(high: int) -> Notes:
    if not 255 < high <= _MAY_BE_12_BIT:
        return ()
    return (f"No 16-bit sample is above {high}: perhaps a 12-bit camera. They were kept as they are.",)


def _stretch(colour: NDArray[Any], low: float, high: float) -> NDArray[np.uint16]:
    """Scale low..high to 0..65,535; a picture of one value becomes 0."""
    scaled = np.zeros(colour.shape, np.uint16)
    span = high / 2 - low / 2  # halves: the whole span of float64 has no number
    if span <= 0:
        return scaled
    for rows in _rows(*colour.shape[:2]):
        fraction = (colour[rows].astype(np.float64) / 2 - low / 2) / span
        scaled[rows] = np.rint(fraction * 65_535)
    return scaled


def _spread(colour: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W, 3): grey three times."""
    if colour.ndim == 3:
        return colour
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_GRAY2RGB))


def _on_white(
    colour: NDArray[Any], alpha: NDArray[Any] | None, coding: Coding, raw: NDArray[Any]
) -> tuple[NDArray[Any], Notes]:
    """Put transparent pixels on white, as they look on paper."""
    if coding.alpha == "unused":
        return colour, ("A fourth sample of unstated meaning beside RGB was left out.",)
    note = ("Transparent pixels were put on white.",)
    top = _TOP[colour.dtype]
    if coding.transparent is not None:
        key = np.array(coding.transparent)
        hit = raw == key[0] if raw.ndim == 2 else (raw == key).all(axis=2)
        if not hit.any():
            return colour, ()
        white = colour.copy()
        white[hit] = top
        return white, note
    if alpha is None:
        return colour, ()
    opaque = _opaque(alpha, coding)
    if alpha.min() >= opaque:
        return colour, ()
    result = np.empty(colour.shape, colour.dtype)
    for rows in _rows(*colour.shape[:2]):
        result[rows] = _blend(colour[rows], alpha[rows], opaque, top, coding.alpha == "associated")
    return result, note


def _opaque(alpha: NDArray[Any], coding: Coding) -> float:
    """Return the alpha of an opaque pixel."""
    if alpha.dtype.kind == "f":
        opaque = 1.0
    else:
        opaque = float(full_scale(coding.bits or 8 * alpha.dtype.itemsize - 1))
    if alpha.min() < 0 or alpha.max() > opaque:
        raise no_content(f"alpha from 0 to {opaque:g}", f"{alpha.min():g} to {alpha.max():g}")
    return opaque


def _blend(
    colour: NDArray[Any], alpha: NDArray[Any], opaque: float, top: int, associated: bool
) -> NDArray[Any]:
    share = (alpha.astype(np.float64) / opaque)[..., None]
    shown = colour if associated else colour * share
    return np.minimum(np.rint(shown + (1 - share) * top), top).astype(colour.dtype)
