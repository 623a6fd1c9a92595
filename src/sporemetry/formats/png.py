"""PNG: chunks and pixel data checked here, then unfiltered by libpng.

libpng takes a wrong checksum inside the pixel data for a warning on stderr. So the data are inflated here,
held against the size that the header states, and handed to libpng as IHDR, stored IDAT and IEND only: no
text, profile or animation chunk reaches it. For palettes the header says grey instead: the samples then come
out as the indices that label pictures are.

Source: W3C PNG specification, third edition (2025).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.limits import Budget
from sporemetry.formats.orientation import UPRIGHT, exif_orientation, orient, orientation_note
from sporemetry.formats.plane import Alpha, Coding, Colour, Plane, full_scale
from sporemetry.formats.refusal import damaged, wrong_format
from sporemetry.formats.source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MOST_CHUNKS = 1 << 17  # 1 GB of pixel data in chunks of 8 KiB
_DEFLATE_RATIO = 1_040  # 258 bytes from 2 bits
_STEP = 1 << 22
# Adam7: first column, first row, column step, row step of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
# Colour type -> samples, bit depths, our colour, alpha.
_TYPES: dict[int, tuple[int, tuple[int, ...], Colour, Alpha]] = {
    _GREY: (1, (1, 2, 4, 8, 16), "grey", "none"),
    _RGB: (3, (8, 16), "rgb", "none"),
    _PALETTE: (1, (1, 2, 4, 8), "palette", "none"),
    _GREY_ALPHA: (2, (8, 16), "grey", "straight"),
    _RGBA: (4, (8, 16), "rgb", "straight"),
}


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    bits: int
    colour_type: int
    interlaced: int

    @property
    def samples(self) -> int:
        return _TYPES[self.colour_type][0]


def read_png(source: Source, budget: Budget) -> Plane:
    """Decode a PNG file upright, in its own numbers: 16 bits stay 16 bits, palette indices stay indices.

    Its pixels per metre are of a screen or printer and never a scale.

    Raises
    ------
    Refusal
        ImageDamagedError for a wrong checksum, a missing chunk or missing pixels; ImageFormatError for an
        animation; the budget's own.
    """
    head = source.read(0, 33, "a PNG header")
    header = _header(head)
    budget.check(header.width, header.height, header.samples * max(1, header.bits // 8))
    chunks = _chunks(source.whole(budget.file_bytes))
    _check_still(chunks)
    array = _decode(header, chunks.get(b"IDAT", []))
    _, _, colour, alpha = _TYPES[header.colour_type]
    coding = Coding(
        colour,
        bits=header.bits,
        alpha=alpha,
        palette=_palette(chunks) if colour == "palette" else None,
        transparent=_transparent(header, chunks),
    )
    exif = _content(chunks, b"eXIf")
    orientation = exif_orientation(exif) if exif else UPRIGHT
    return Plane(orient(array, orientation), coding, notes=orientation_note(orientation))


def _header(head: bytes) -> _Header:
    length, kind = struct.unpack(">I4s", head[8:16])
    if (length, kind) != (13, b"IHDR") or zlib.crc32(head[12:29]) != struct.unpack(">I", head[29:33])[0]:
        raise damaged("a PNG header with a right checksum", "another or a damaged one")
    width, height, bits, colour_type, method, filters, interlaced = struct.unpack(">IIBBBBB", head[16:29])
    known = _TYPES.get(colour_type)
    if known is None or bits not in known[1] or method or filters or interlaced > 1:
        raise damaged(
            "a PNG header that the specification allows", f"{bits} bits of colour type {colour_type}"
        )
    return _Header(width, height, bits, colour_type, interlaced)


def _chunks(data: bytes) -> dict[bytes, list[memoryview]]:
    """Return the chunks that matter, whole, by name, after a check of every one's length and checksum."""
    wanted = (b"IDAT", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"IEND")
    found: dict[bytes, list[memoryview]] = {}
    view = memoryview(data)
    position, number = len(SIGNATURE), 0
    while b"IEND" not in found:
        number += 1
        head = view[position : position + 8]
        if len(head) < 8:
            raise damaged("a PNG with its end chunk", f"a file that stops after {number - 1} chunks")
        length, name = struct.unpack(">I4s", head)
        end = position + 8 + length
        if end + 4 > len(view) or number > _MOST_CHUNKS:
            raise damaged(f"a PNG chunk of {length:,} bytes", f"a file of {len(view):,} bytes")
        if zlib.crc32(view[position + 4 : end]) != struct.unpack(">I", view[end : end + 4])[0]:
            raise damaged("PNG chunks with right checksums", f"a wrong one in chunk {number} ({name!r})")
        if name in wanted:
            found.setdefault(name, []).append(view[position : end + 4])
        position = end + 4
    return found


def _check_still(chunks: dict[bytes, list[memoryview]]) -> None:
    """Refuse an animation."""
    frames = _content(chunks, b"acTL")[:4]
    if len(frames) == 4 and struct.unpack(">I", frames)[0] > 1:
        raise wrong_format(
            "one picture", "an animated PNG", "Save the frame that is meant as a PNG of its own."
        )


def _raw_size(header: _Header) -> int:
    """Return the bytes of all rows, each with its filter byte, of all passes (section 8.2, Adam7)."""
    if not header.interlaced:
        sizes = [(header.width, header.height)]
    else:
        sizes = [
            ((header.width - x + dx - 1) // dx, (header.height - y + dy - 1) // dy) for x, y, dx, dy in _ADAM7
        ]
    bits = header.samples * header.bits
    return sum(down * (1 + (across * bits + 7) // 8) for across, down in sizes if across > 0 and down > 0)


def _stored(header: _Header, parts: list[memoryview]) -> list[bytes]:
    """Inflate the pixel data, check size and checksum, and return them as a stored zlib stream."""
    size = _raw_size(header)
    encoded = sum(len(part) - 12 for part in parts)
    if encoded * _DEFLATE_RATIO < size:
        raise damaged(f"data for {size:,} bytes of pixels", f"{encoded:,} encoded bytes, too few for it")
    inflater, storer, left = zlib.decompressobj(), zlib.compressobj(0), size
    stored: list[bytes] = []
    try:
        for part in parts:
            pending = bytes(part[8:-4])
            while pending and not inflater.eof:
                raw = inflater.decompress(pending, min(left + 1, _STEP))
                pending, left = inflater.unconsumed_tail, left - len(raw)
                if left < 0:
                    raise damaged(f"{size:,} bytes of PNG pixels", "more than the header asks for")
                stored.append(storer.compress(raw))
    except zlib.error as error:
        raise damaged("valid PNG pixel data", str(error)) from error
    if left or not inflater.eof:
        raise damaged(f"{size:,} bytes of PNG pixels and their checksum", f"{size - left:,} bytes")
    return [*stored, storer.flush()]


def _decode(header: _Header, parts: list[memoryview]) -> NDArray[Any]:
    """Return the samples, (H, W) or (H, W, C), uint8 or uint16."""
    colour_type = _GREY if header.colour_type == _PALETTE else header.colour_type
    content = struct.pack(
        ">IIBBBBB", header.width, header.height, header.bits, colour_type, 0, 0, header.interlaced
    )
    pieces = [_chunk(b"IDAT", piece) for piece in _stored(header, parts) if piece]
    plain = b"".join([SIGNATURE, _chunk(b"IHDR", content), *pieces, _chunk(b"IEND", b"")])
    pieces.clear()
    try:
        array = np.asarray(imagecodecs.png_decode(plain))
    except MemoryError:
        raise
    except Exception as error:  # PngError has no public base class but Exception
        raise damaged("valid PNG pixel data", str(error) or type(error).__name__) from error
    if array.shape[:2] != (header.height, header.width):
        raise damaged(f"{header.width} x {header.height} pixels", f"an array of shape {array.shape}")
    if header.bits < 8:
        # libpng spreads 1, 2 and 4 bits over 0..255, by exactly this factor.
        array //= 255 // full_scale(header.bits)
    return array


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", checksum)


def _content(chunks: dict[bytes, list[memoryview]], name: bytes) -> bytes:
    """Return what the first chunk of a name holds, b"" where there is none."""
    return bytes(chunks[name][0][8:-4]) if name in chunks else b""


def _palette(chunks: dict[bytes, list[memoryview]]) -> NDArray[np.uint8]:
    """Return the palette, (n, 3), or (n, 4) where it has transparent colours."""
    content = _content(chunks, b"PLTE")
    if not content or len(content) % 3 or len(content) > 3 * 256:
        raise damaged("a palette of 1 to 256 colours", f"{len(content)} bytes of one")
    colours = np.frombuffer(content, np.uint8).reshape(-1, 3)
    if b"tRNS" not in chunks:
        return colours.copy()
    alpha = np.full((len(colours), 1), 255, np.uint8)
    stated = np.frombuffer(_content(chunks, b"tRNS"), np.uint8)[: len(colours)]
    alpha[: len(stated), 0] = stated
    return np.hstack([colours, alpha])


def _transparent(header: _Header, chunks: dict[bytes, list[memoryview]]) -> tuple[int, ...] | None:
    """Return the one transparent grey value or colour."""
    if b"tRNS" not in chunks or header.colour_type not in (_GREY, _RGB):
        return None
    content = _content(chunks, b"tRNS")
    if len(content) != 2 * header.samples:
        raise damaged(f"a tRNS chunk of {2 * header.samples} bytes", f"{len(content)}")
    key: tuple[int, ...] = struct.unpack(f">{header.samples}H", content)
    return key
