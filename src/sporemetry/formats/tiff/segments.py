"""The strips or tiles of one page -> its samples."""

from __future__ import annotations

import sys
from typing import Any, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from sporemetry.formats import jpeg
from sporemetry.formats.refusal import damaged, wrong_format
from sporemetry.formats.tiff.codecs import CODECS, JPEG, decompress
from sporemetry.formats.tiff.directory import TiffStructure
from sporemetry.formats.tiff.layout import Layout

_GREY, _RGB, _CMYK, _YCBCR = 1, 2, 5, 6
_NO_PREDICTOR, _HORIZONTAL, _FLOATING = 1, 2, 3
_READ_ALLOWANCE = 1 << 16
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def decode_page(structure: TiffStructure, layout: Layout, tables: bytes = b"") -> NDArray[Any]:
    """Decode all segments of a page.

    Parameters
    ----------
    structure : TiffStructure
    layout : Layout
        Already held against the budget.
    tables : bytes
        The JPEGTables tag, or b"".

    Returns
    -------
    array of shape (H, W) or (H, W, samples), of ``layout.dtype``
    """
    _check_coding(layout)
    page = np.empty((layout.height, layout.width, layout.samples), layout.dtype)
    sample_planes, down, across = layout.grid
    index = 0
    for sample in range(sample_planes):
        target = page[:, :, sample : sample + 1] if layout.separate else page
        for row in range(0, down * layout.segment_height, layout.segment_height):
            for column in range(0, across * layout.segment_width, layout.segment_width):
                part = target[row : row + layout.segment_height, column : column + layout.segment_width]
                rows = layout.segment_height if layout.tiled else part.shape[0]
                segment = _segment(structure, layout, index, rows, tables)
                part[...] = segment[: part.shape[0], : part.shape[1]]
                index += 1
    return page[:, :, 0] if layout.samples == 1 else page


def _check_coding(layout: Layout) -> None:
    if layout.fill_order not in (1, 2):
        raise damaged("FillOrder 1 or 2", f"{layout.fill_order}")
    if layout.compression == JPEG:
        if layout.bits != 8 or layout.dtype != np.uint8:
            raise wrong_format("JPEG of 8 bit inside a TIFF", f"{layout.bits} bits of {layout.dtype}")
        return
    if not CODECS[layout.compression].predicts:
        return
    whole = layout.bits == 8 * layout.dtype.itemsize
    allowed = (_NO_PREDICTOR, _FLOATING if layout.dtype.kind == "f" else _HORIZONTAL)
    if layout.predictor not in (*allowed, _HORIZONTAL) or (layout.predictor != _NO_PREDICTOR and not whole):
        raise damaged(
            f"a predictor that fits {layout.bits}-bit {layout.dtype} samples", f"predictor {layout.predictor}"
        )


def _segment(structure: TiffStructure, layout: Layout, index: int, rows: int, tables: bytes) -> NDArray[Any]:
    """Decode one segment to (rows or more, segment_width, segment_samples)."""
    full = layout.row_bytes * layout.segment_height
    length = min(layout.counts[index], 4 * full + _READ_ALLOWANCE)
    needed = rows * layout.row_bytes
    if layout.compression == 1:
        length = min(length, needed)
    data = structure.source.read(layout.offsets[index], length, f"strip or tile {index + 1}")
    if layout.compression == JPEG:
        return _jpeg_segment(data, layout, rows, tables)
    if layout.fill_order == 2:
        data = data.translate(_REVERSED)
    decoded = decompress(layout.compression, data, full)
    if not needed <= len(decoded) <= full:
        raise damaged(
            f"{needed:,} bytes in strip or tile {index + 1}",
            f"{len(decoded):,} bytes" if len(decoded) < needed else f"more than {full:,} bytes",
        )
    return _samples(decoded[:needed], layout, structure.order)


def _samples(data: bytes, layout: Layout, order: Literal["<", ">"]) -> NDArray[Any]:
    """Turn decoded bytes into samples of native order, with the predictor undone."""
    shape = (-1, layout.segment_width, layout.segment_samples)
    if layout.bits != 8 * layout.dtype.itemsize:
        run = layout.segment_width * layout.segment_samples
        unpacked = imagecodecs.packints_decode(data, layout.dtype, layout.bits, runlen=run)
        return np.asarray(unpacked).reshape(shape)
    predictor = layout.predictor if CODECS[layout.compression].predicts else _NO_PREDICTOR
    if predictor == _FLOATING:
        return _undo_floating(data, layout).reshape(shape)
    array = np.frombuffer(data, layout.dtype.newbyteorder(order)).reshape(shape)
    if predictor == _HORIZONTAL:
        # Differences are of whole numbers and wrap around; floats are differenced by their bits.
        bits = array.view(array.dtype.newbyteorder(order).str.replace("f", "u").replace("i", "u"))
        native = bits.astype(bits.dtype.newbyteorder("="))
        return np.cumsum(native, axis=1, dtype=native.dtype, out=native).view(layout.dtype)
    return array


def _undo_floating(data: bytes, layout: Layout) -> NDArray[Any]:
    """Undo predictor 3: byte differences along the row, bytes sorted by weight (Adobe Technical Note 3)."""
    size, samples = layout.dtype.itemsize, layout.segment_samples
    rows = np.frombuffer(data, np.uint8).reshape(-1, layout.segment_width * size, samples)
    summed = np.cumsum(rows, axis=1, dtype=np.uint8)
    by_weight = summed.reshape(len(rows), size, layout.segment_width * samples)  # most significant first
    if sys.byteorder == "little":
        by_weight = by_weight[:, ::-1]
    return np.ascontiguousarray(by_weight.swapaxes(1, 2)).view(layout.dtype)


def _jpeg_segment(data: bytes, layout: Layout, rows: int, tables: bytes) -> NDArray[np.uint8]:
    header = jpeg.parse_header(data)
    if (
        header.width != layout.segment_width
        or not rows <= header.height <= layout.segment_height
        or header.components != layout.segment_samples
    ):
        raise damaged(
            f"JPEG segments of {layout.segment_width} x {rows} pixels, {layout.segment_samples} components",
            f"{header.width} x {header.height}, {header.components} components",
        )
    jpeg.check_complete(data, header)
    from_colour, to_colour = _jpeg_colours(layout, header)
    array = jpeg.decode(data, header, to_colour, from_colour=from_colour, tables=tables or None)
    return array.reshape(header.height, header.width, layout.segment_samples)


def _jpeg_colours(layout: Layout, header: jpeg.JpegHeader) -> tuple[str | None, str | None]:
    """Return the colour space of the JPEG data and that of the wanted samples.

    The photometric tag rules, not what libjpeg would guess: RGB in a TIFF often has no Adobe marker, and
    libjpeg would take it for YCbCr (TIFF Technical Note 2). An Adobe marker states it, and rules over both.
    """
    if header.components == 3 and layout.photometric == _YCBCR:
        return (None if header.adobe else "YCBCR"), "RGB"
    if header.components == 3 and layout.photometric == _RGB:
        return (None if header.jfif or header.adobe else "RGB"), "RGB"
    if header.components == 4:
        return "CMYK", "CMYK"
    return None, None
