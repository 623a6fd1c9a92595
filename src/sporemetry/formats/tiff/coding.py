"""What the samples of a TIFF page mean: its colour, alpha, palette and significant bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.plane import Alpha, Coding, Colour, full_scale
from sporemetry.formats.refusal import damaged, no_content, wrong_format
from sporemetry.formats.tiff.codecs import JPEG
from sporemetry.formats.tiff.directory import Directory, Tag, TiffStructure
from sporemetry.formats.tiff.layout import Layout

_WHITE_IS_ZERO, _PALETTE, _YCBCR = 0, 3, 6
# Photometric interpretation -> colour, samples that it takes.
_COLOURS: dict[int, tuple[Colour, int]] = {
    0: ("grey", 1),
    1: ("grey", 1),
    2: ("rgb", 3),
    3: ("palette", 1),
    5: ("cmyk", 4),
    6: ("ycbcr", 3),
    8: ("lab", 3),
}
_UNREAD = {4: "a transparency mask", 32803: "a camera's raw picture", 34892: "a camera's raw picture"}
_ALPHAS: dict[int, Alpha] = {1: "associated", 2: "straight"}
_BT601 = (0.299, 0.587, 0.114)
_FULL_RANGE = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)
# MaxSampleValue that states a camera's bits rather than the brightest pixel.
_CAMERA_BITS = {full_scale(bits): bits for bits in (10, 12, 14)}


def count_channels(layout: Layout) -> int:
    """Return how many channels a page holds side by side, 1 where its samples make one colour.

    Raises
    ------
    Refusal
        ImageFormatError for a colour that is not read, ImageDamagedError for too few samples.
    """
    colour, wanted = _colour(layout)
    extra = layout.samples - wanted
    if extra == 0 or (extra == 1 and _alpha(layout, colour) != "none"):
        return 1
    return layout.samples


def read_coding(
    structure: TiffStructure, directory: Directory, layout: Layout, significant_bits: int
) -> Coding:
    """Return the coding of a page, or of one of its channels where it has several.

    Parameters
    ----------
    structure, directory, layout
        The page.
    significant_bits : int
        As OME states them, 0 where it does not.

    Raises
    ------
    Refusal
        ImageFormatError for a colour that is not read, ImageDamagedError for a palette or samples that
        contradict it.
    """
    colour, wanted = _colour(layout)
    bits = _bits(structure, directory, layout, significant_bits)
    inverted = layout.photometric == _WHITE_IS_ZERO
    if count_channels(layout) > 1:
        return Coding("grey", bits=bits, inverted=inverted)
    _check_type(structure, directory, layout, colour)
    return Coding(
        colour="rgb" if layout.compression == JPEG and colour == "ycbcr" else colour,
        bits=bits,
        inverted=inverted,
        alpha=_alpha(layout, colour) if layout.samples > wanted else "none",
        palette=_palette(structure, directory, layout) if layout.photometric == _PALETTE else None,
    )


def _colour(layout: Layout) -> tuple[Colour, int]:
    """Return the colour of a page and how many samples it takes."""
    known = _COLOURS.get(layout.photometric)
    if known is None:
        found = _UNREAD.get(layout.photometric, f"photometric interpretation {layout.photometric}")
        raise wrong_format("grey, RGB, palette, CMYK, YCbCr or CIE L*a*b* samples", found)
    if layout.samples < known[1]:
        raise damaged(f"{known[1]} samples a pixel for {known[0]}", f"{layout.samples}")
    return known


def _alpha(layout: Layout, colour: Colour) -> Alpha:
    """Return what one extra sample is, ``none`` where it is a channel."""
    if colour not in ("grey", "rgb"):
        return "none"
    unstated: Alpha = "unused" if colour == "rgb" else "none"
    return _ALPHAS.get(layout.extra[-1] if layout.extra else 0, unstated)


def _check_type(structure: TiffStructure, directory: Directory, layout: Layout, colour: Colour) -> None:
    """Refuse types that a colour does not have."""
    kind, size = layout.dtype.kind, layout.dtype.itemsize
    if colour == "palette" and (kind != "u" or size > 2):
        raise no_content("palette indices of 1 to 16 bits", f"{layout.dtype} samples")
    if colour == "cmyk" and (kind != "u" or layout.bits not in (8, 16)):
        raise no_content("CMYK of 8 or 16 bits", f"{layout.bits} bits of {layout.dtype}")
    if colour == "lab" and (layout.bits != 8 or size != 1):
        raise wrong_format("CIE L*a*b* of 8 bits", f"{layout.bits} bits of {layout.dtype}")
    if colour == "ycbcr" and layout.compression != JPEG:
        _check_ycbcr(structure, directory, layout)


def _check_ycbcr(structure: TiffStructure, directory: Directory, layout: Layout) -> None:
    subsampling = structure.numbers(directory, Tag.YCBCR_SUBSAMPLING, most=2) or [2, 2]
    weights = structure.rationals(directory, Tag.YCBCR_COEFFICIENTS, most=3) or _BT601
    levels = structure.rationals(directory, Tag.REFERENCE_BLACK_WHITE, most=6) or _FULL_RANGE
    usual = subsampling == [1, 1] and layout.dtype == np.uint8 and layout.bits == 8
    for stated, known in ((weights, _BT601), (levels, _FULL_RANGE)):
        same = len(stated) == len(known)
        usual &= same and all(
            a is not None and abs(a - b) < 1e-3 for a, b in zip(stated, known, strict=False)
        )
    if not usual:
        raise wrong_format("YCbCr of 8 bits, BT.601, without subsampling or as JPEG", "another kind of YCbCr")


def _bits(structure: TiffStructure, directory: Directory, layout: Layout, stated: int) -> int:
    """Return the significant bits: as packed, or as MaxSampleValue or OME states them for 16-bit samples."""
    if layout.dtype.kind != "u":
        return 0
    if layout.dtype != np.uint16 or layout.bits != 16:
        return layout.bits
    if 8 < stated < 16:
        return stated
    largest = structure.numbers(directory, Tag.MAX_SAMPLE, most=layout.samples)
    return _CAMERA_BITS.get(max(largest, default=0), 16)


def _palette(structure: TiffStructure, directory: Directory, layout: Layout) -> NDArray[Any]:
    """Return the colour map, (2**bits, 3), as uint8 where nothing is lost by it.

    TIFF wants 16 bits a colour. Writers scale 8 bits by 257 or by 256, or leave them as they are.
    """
    entries = 1 << layout.bits
    values = structure.numbers(directory, Tag.COLOR_MAP, most=3 * entries)
    if len(values) != 3 * entries or min(values) < 0 or max(values) > full_scale(16):
        raise damaged(f"a colour map of {entries} colours", f"one of {len(values)} values")
    palette = np.array(values, np.uint16).reshape(3, entries).T
    if palette.max() <= full_scale(8):
        return np.ascontiguousarray(palette, np.uint8)
    high, low = palette >> 8, palette & 255
    if not low.any() or np.array_equal(high, low):
        return np.ascontiguousarray(high, np.uint8)
    return np.ascontiguousarray(palette)
