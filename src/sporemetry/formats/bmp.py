"""BMP: Windows and OS/2 bitmaps of 1 to 32 bits, with masks and run lengths.

Decoded here: rows are plain arrays of bytes, and the libraries differ in what they refuse.

Source: Microsoft, BITMAPFILEHEADER, BITMAPINFOHEADER to BITMAPV5HEADER, "Bitmap Compression".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.limits import Budget
from sporemetry.formats.plane import Coding, Plane, full_scale
from sporemetry.formats.refusal import damaged, wrong_format
from sporemetry.formats.source import Source

_FILE_HEADER = 14
_CORE, _INFO = 12, 40
_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_PLAIN, _RLE8, _RLE4, _MASKS, _MASKS_ALPHA = 0, 1, 2, 3, 6
_RUN_BITS = {_RLE8: 8, _RLE4: 4}
# Runs are undone one by one: 4 MiB of them take about a second.
_MOST_RUN_BYTES = 4 << 20
_MASKS_555 = (0x7C00, 0x03E0, 0x001F, 0)


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    bottom_up: bool
    bits: int
    compression: int
    pixels: int
    palette_start: int
    palette_entry: int
    colours: int
    masks: tuple[int, int, int, int]

    @property
    def stride(self) -> int:
        """Bytes of a row, which fill up to four."""
        return (self.width * self.bits + 31) // 32 * 4


def read_bmp(source: Source, budget: Budget) -> Plane:
    """Decode a BMP file, its palette kept apart; its pixels per metre are never a scale.

    Raises
    ------
    Refusal
        ImageDamagedError where pixels are missing; ImageFormatError for JPEG or PNG inside a BMP; the
        budget's own.
    """
    header = _header(source)
    budget.check(header.width, header.height, max(1, header.bits // 8))
    data = source.whole(budget.file_bytes)
    if header.compression in _RUN_BITS:
        array = _undo_runs(header, data[header.pixels :])
    else:
        needed = header.stride * header.height
        if header.pixels + needed > len(data):
            raise damaged(
                f"{needed:,} bytes of pixels at byte {header.pixels}", f"a file of {len(data):,} bytes"
            )
        rows = np.frombuffer(data, np.uint8, needed, header.pixels).reshape(header.height, header.stride)
        array = _samples(header, rows)
    if header.bottom_up:
        array = array[::-1]
    coding = Coding("rgb", alpha="straight" if array.ndim == 3 and array.shape[2] == 4 else "none")
    if header.bits <= 8:
        coding = Coding("palette", bits=8, palette=_palette(header, data))
    return Plane(np.array(array, order="C"), coding)  # a copy: the bytes of the file cannot be written to


def _header(source: Source) -> _Header:
    pixels, size = struct.unpack("<II", source.read(10, 8, "a BMP header"))
    if size not in _HEADERS:
        raise damaged("a BMP header of a known length", f"one of {size} bytes")
    content = source.read(_FILE_HEADER, size, "a BMP header")
    compression = colours = 0
    if size == _CORE:
        width, height, planes, bits = struct.unpack("<HHHH", content[4:12])
    else:
        width, height, planes, bits = struct.unpack("<iiHH", content[4:16])
        if size >= _INFO:
            compression, colours = struct.unpack("<I12xI", content[16:36])
    if planes != 1 or bits not in (1, 4, 8, 16, 24, 32):
        raise damaged("a BMP of one plane and 1, 4, 8, 16, 24 or 32 bits", f"{planes} planes of {bits} bits")
    _check_compression(compression, bits)
    masks, mask_bytes = _masks(source, size, content, compression, bits)
    return _Header(
        width=width,
        height=abs(height),
        bottom_up=height > 0,
        bits=bits,
        compression=compression,
        pixels=pixels,
        palette_start=_FILE_HEADER + size + mask_bytes,
        palette_entry=3 if size == _CORE else 4,
        colours=colours or 1 << min(bits, 8),
        masks=masks,
    )


def _check_compression(compression: int, bits: int) -> None:
    fits = {
        _PLAIN: True,
        _RLE8: bits == 8,
        _RLE4: bits == 4,
        _MASKS: bits in (16, 32),
        _MASKS_ALPHA: bits in (16, 32),
    }
    if compression not in fits:
        raise wrong_format("a BMP with plain pixels, masks or run lengths", f"BMP compression {compression}")
    if not fits[compression]:
        raise damaged("a BMP compression that fits its bits", f"compression {compression} with {bits} bits")


def _masks(
    source: Source, size: int, content: bytes, compression: int, bits: int
) -> tuple[tuple[int, int, int, int], int]:
    """Return the masks of red, green, blue, alpha (0: none), and their bytes after the header."""
    if compression not in (_MASKS, _MASKS_ALPHA):
        return (_MASKS_555 if bits == 16 else (0, 0, 0, 0)), 0
    number = 4 if compression == _MASKS_ALPHA or size >= 56 else 3
    after = 4 * number if size <= _INFO else 0
    stored = source.read(_FILE_HEADER + _INFO, 4 * number, "the masks of a BMP") if after else content[40:]
    values = struct.unpack(f"<{number}I", stored[: 4 * number].ljust(4 * number, b"\x00"))
    red, green, blue, alpha = (*values, 0)[:4]
    for mask in (red, green, blue, alpha):
        run = mask >> _shift(mask)
        if run & (run + 1) or run > full_scale(8) or mask > full_scale(bits):
            raise wrong_format("BMP masks of at most 8 bits in a row", f"{mask:#x}")
    if not (red and green and blue):
        raise damaged("a BMP with masks for red, green and blue", f"{red:#x}, {green:#x}, {blue:#x}")
    return (red, green, blue, alpha), after


def _shift(mask: int) -> int:
    return (mask & -mask).bit_length() - 1 if mask else 0


def _palette(header: _Header, data: bytes) -> NDArray[np.uint8]:
    """Return the palette, (n, 3) RGB; it ends where the pixels begin."""
    if header.colours > 1 << header.bits:
        raise damaged(f"at most {1 << header.bits} colours in a BMP", f"{header.colours}")
    size = header.colours * header.palette_entry
    content = data[header.palette_start : header.palette_start + size]
    if header.pixels >= header.palette_start:
        content = content[: header.pixels - header.palette_start]
    entries = len(content) // header.palette_entry
    if not entries:
        raise damaged("a BMP with its palette", "none")
    bgr = np.frombuffer(content, np.uint8, entries * header.palette_entry).reshape(entries, -1)
    return np.ascontiguousarray(bgr[:, 2::-1])


def _samples(header: _Header, rows: NDArray[np.uint8]) -> NDArray[Any]:
    """Return the pixels of plain rows, (H, W) indices or (H, W, 3 or 4) RGB."""
    width = header.width
    if header.bits == 8:
        return rows[:, :width]
    if header.bits == 4:
        return np.stack([rows >> 4, rows & 15], axis=-1).reshape(len(rows), -1)[:, :width]
    if header.bits == 1:
        return np.unpackbits(rows, axis=1, count=width)
    if header.bits == 24 or (header.bits == 32 and header.compression == _PLAIN):
        step = header.bits // 8
        pixels = rows[:, : width * step].reshape(len(rows), width, step)
        # Stored blue, green, red; a fourth byte has no meaning.
        code = cv2.COLOR_BGR2RGB if step == 3 else cv2.COLOR_BGRA2RGB
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code))
    words = np.ascontiguousarray(rows).view(f"<u{header.bits // 8}")[:, :width]
    masks = [mask for mask in header.masks if mask]
    array = np.empty((len(rows), width, len(masks)), np.uint8)
    for sample, mask in enumerate(masks):
        largest = mask >> _shift(mask)
        spread = np.rint(np.arange(largest + 1) * (255 / largest)).astype(np.uint8)
        array[:, :, sample] = spread[(words & mask) >> _shift(mask)]
    return array


def _undo_runs(header: _Header, data: bytes) -> NDArray[np.uint8]:
    """Undo RLE8 or RLE4; pixels that are skipped are of colour 0, as Windows draws them."""
    if len(data) > _MOST_RUN_BYTES:
        raise wrong_format(f"a run-length BMP of at most {_MOST_RUN_BYTES:,} bytes", f"{len(data):,} bytes")
    canvas = bytearray(header.width * header.height)
    row = column = position = 0
    while position + 2 <= len(data) and row < header.height:
        first, second = data[position], data[position + 1]
        position += 2
        if first:  # a run of one value, or of two in turn
            pixels = _unpacked(bytes([second]) * first, header.bits)[:first]
        elif second == 0:
            row, column = row + 1, 0
            continue
        elif second == 1:
            break
        elif second == 2:
            step = data[position : position + 2].ljust(2, b"\x00")
            row, column, position = row + step[1], column + step[0], position + 2
            continue
        else:  # values as they are, filled up to two bytes
            taken = (second * header.bits + 7) // 8
            pixels = _unpacked(data[position : position + taken], header.bits)[:second]
            position += taken + (taken & 1)
        if column + len(pixels) > header.width or len(pixels) < (first or second):
            raise damaged(
                f"BMP runs within rows of {header.width} pixels", f"one in row {row + 1} that is not"
            )
        start = row * header.width + column
        canvas[start : start + len(pixels)] = pixels
        column += len(pixels)
    else:
        if (row, column) not in ((header.height - 1, header.width), (header.height, 0)):
            raise damaged("a BMP whose runs end with a mark", f"runs that stop in row {row + 1}")
    return np.frombuffer(canvas, np.uint8).reshape(header.height, header.width)


def _unpacked(content: bytes, bits: int) -> bytes:
    """Return one byte a pixel."""
    if bits == 8:
        return content
    return bytes(nibble for byte in content for nibble in (byte >> 4, byte & 15))
