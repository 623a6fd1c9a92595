"""JPEG: the header checked first, then libjpeg-turbo; also the JPEG segments of a TIFF.

libjpeg fills what is missing with grey and says nothing that reaches us, so completeness is checked here:
the end marker, a least number of bits for the blocks that the header promises, and a second look where
the last pixels are of the grey that libjpeg fills in. What cannot be seen is damage that leaves all of these:
changed bits in the middle, or an end marker put after half of a progressive file's scans.

Source: ITU-T T.81 (1992), annex B; JFIF 1.02; Adobe Technical Note 5116 for the APP14 marker.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.limits import Budget
from sporemetry.formats.orientation import UPRIGHT, exif_orientation, orient, orientation_note
from sporemetry.formats.plane import Coding, Plane
from sporemetry.formats.refusal import damaged, no_content, wrong_format
from sporemetry.formats.source import Source

START = b"\xff\xd8"
END = b"\xff\xd9"

# Cameras write about 10 scans; a file of thousands makes libjpeg pass over the whole picture for each.
MAX_SCANS = 64
MAX_MARKERS = 10_000

_SEQUENTIAL = (0xC0, 0xC1)
_PROGRESSIVE = 0xC2
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_FILL_GREY = 128
_FILLER = b"\x5a" * 64
_COLOURS = {1: "grey", 3: "rgb", 4: "cmyk"}


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What stands before the first scan.

    Parameters
    ----------
    width, height, components : int
    blocks : int
        Blocks of 8 x 8 samples that the scans have to bring.
    progressive : bool
    adobe : bool
        There is an APP14 marker of Adobe: four components are then stored inverted.
    jfif : bool
        There is an APP0 marker of JFIF: three components are then YCbCr.
    exif : bytes
        The EXIF block, or b"".
    scan : int
        Where the first scan marker lies.
    """

    width: int
    height: int
    components: int
    blocks: int
    progressive: bool
    adobe: bool
    jfif: bool
    exif: bytes
    scan: int


def read_jpeg(source: Source, budget: Budget) -> Plane:
    """Decode a JPEG file upright: grey, RGB or CMYK of 8 bit.

    Its dots per inch are of a screen or printer and never a scale.

    Raises
    ------
    Refusal
        ImageFormatError for lossless, arithmetic or 12-bit JPEG; the others as the name of each says.
    """
    data = source.whole(budget.file_bytes)
    header = parse_header(data)
    budget.check(header.width, header.height, header.components)
    check_complete(data, header)
    array = decode(data, header, "CMYK" if header.components == 4 else None)
    if header.components == 4 and header.adobe:
        np.subtract(255, array, out=array)
    orientation = exif_orientation(header.exif) if header.exif else UPRIGHT
    coding = Coding(_COLOURS[header.components])  # type: ignore[arg-type]
    return Plane(orient(array, orientation), coding, notes=orientation_note(orientation), lossy=True)


def parse_header(data: bytes) -> JpegHeader:
    """Walk the markers up to the first scan."""
    frame: tuple[int, bytes] | None = None
    adobe, jfif, exif, position = False, False, b"", 2
    for _ in range(MAX_MARKERS):
        marker, content, following = _segment(data, position)
        if marker in _FRAMES:
            if frame is not None:
                raise damaged("one frame in a JPEG", "a second one")
            frame = marker, content
        elif marker == 0xEE and content[:5] == b"Adobe":
            adobe = True
        elif marker == 0xE0 and content[:5] == b"JFIF\x00":
            jfif = True
        elif marker == 0xE1 and content[:6] == b"Exif\x00\x00" and not exif:
            exif = content
        elif marker == _SCAN:
            break
        position = following
    else:
        raise damaged(f"at most {MAX_MARKERS} markers before the pixels of a JPEG", "more")
    if frame is None:
        raise damaged("a frame header before the scan", "none")
    width, height, components, blocks = _frame_size(*frame)
    progressive = frame[0] == _PROGRESSIVE
    return JpegHeader(width, height, components, blocks, progressive, adobe, jfif, exif, position)


def _segment(data: bytes, position: int) -> tuple[int, bytes, int]:
    """Return marker, content and the place of the next marker."""
    head = data[position : position + 4]
    if head[:2] == b"\xff\xff":  # a fill byte, T.81 B.1.1.2
        return 0xFF, b"", position + 1
    if len(head) == 4 and head[0] == 0xFF and head[1] in _ALONE:
        return head[1], b"", position + 2
    if len(head) < 4 or head[0] != 0xFF or head[1] in (0x00, 0xD8, 0xD9):
        raise damaged("a JPEG marker", f"{head[:2].hex() or 'the end of the file'} at byte {position}")
    length = struct.unpack(">H", head[2:])[0]
    end = position + 2 + length
    if length < 2 or end > len(data):
        raise damaged(f"{length} bytes of JPEG header at byte {position}", f"a file of {len(data)} bytes")
    return head[1], data[position + 4 : end], end


def _frame_size(marker: int, content: bytes) -> tuple[int, int, int, int]:
    """Return width, height, components and blocks of a frame header."""
    if len(content) < 6:
        raise damaged("a JPEG frame header", f"{len(content)} bytes of one")
    precision, height, width, components = struct.unpack(">BHHB", content[:6])
    if marker not in (*_SEQUENTIAL, _PROGRESSIVE) or precision != 8:
        kind = "arithmetic, lossless or hierarchical" if marker not in (0xC0, 0xC1, 0xC2) else "12-bit"
        raise wrong_format("a baseline or progressive JPEG of 8 bit", f"a {kind} JPEG")
    if components not in _COLOURS:
        raise no_content("a JPEG of 1, 3 or 4 components", f"{components}")
    if len(content) != 6 + 3 * components:
        raise damaged(f"a frame header of {components} components", f"{len(content)} bytes of it")
    factors = [(content[7 + 3 * k] >> 4, content[7 + 3 * k] & 15) for k in range(components)]
    if not all(1 <= across <= 4 and 1 <= down <= 4 for across, down in factors):
        raise damaged("JPEG sampling factors of 1 to 4", f"{factors}")
    most_across = max(across for across, _ in factors)
    most_down = max(down for _, down in factors)
    blocks = sum(
        math.ceil(width * across / (8 * most_across)) * math.ceil(height * down / (8 * most_down))
        for across, down in factors
    )
    return width, height, components, blocks


def check_complete(data: bytes, header: JpegHeader) -> None:
    """Refuse a JPEG that stops early, or is too short for the blocks that its header promises.

    A block takes at least one bit for its first coefficient, and in a sequential JPEG one more for the end
    of the others (T.81, annex F), so a small file cannot hold a large picture.
    """
    end = data.rfind(END)
    if end < header.scan:
        raise damaged("a JPEG with its end marker", "one that stops in the middle of its pixels")
    bits = header.blocks * (1 if header.progressive else 2)
    if (end - header.scan) * 8 < bits:
        raise damaged(
            f"at least {bits // 8:,} bytes for {header.width} x {header.height} pixels",
            f"{end - header.scan:,} bytes",
        )
    in_first_scan = data[header.scan + 4]
    many = header.progressive or in_first_scan != header.components
    scans = data.count(b"\xff\xda", header.scan) if many else 1
    if scans > MAX_SCANS:
        raise damaged(f"a JPEG of at most {MAX_SCANS} scans", f"{scans}")


def decode(
    data: bytes,
    header: JpegHeader,
    to_colour: str | None,
    *,
    from_colour: str | None = None,
    tables: bytes | None = None,
) -> NDArray[np.uint8]:
    """Decode with libjpeg-turbo, and refuse what it has filled up.

    Parameters
    ----------
    data : bytes
    header : JpegHeader
        Of the same data.
    to_colour, from_colour : str, optional
        Colour spaces as imagecodecs names them; None leaves them to libjpeg.
    tables : bytes, optional
        The quantisation and Huffman tables of a TIFF.

    Returns
    -------
    array of shape (H, W) or (H, W, C), uint8
    """
    array = _decode(data, to_colour, from_colour, tables)
    if array.shape[:2] != (header.height, header.width):
        raise damaged(f"{header.width} x {header.height} pixels", f"{array.shape[1]} x {array.shape[0]}")
    if not header.progressive and np.all(array[-1, -min(8, header.width) :] == _FILL_GREY):
        # libjpeg leaves blocks without data at mid-grey. Put other bits there: a complete picture stays.
        end = data.find(END, header.scan)
        again = _decode(data[:end] + _FILLER + data[end:], to_colour, from_colour, tables)
        if not np.array_equal(array, again):
            raise damaged("a JPEG with all its pixels", "one whose last pixels are missing")
    return array


def _decode(
    data: bytes, to_colour: str | None, from_colour: str | None, tables: bytes | None
) -> NDArray[np.uint8]:
    try:
        decoded: NDArray[Any] = imagecodecs.jpeg8_decode(
            data, tables=tables, colorspace=from_colour, outcolorspace=to_colour
        )
    except MemoryError:
        raise
    except Exception as error:  # Jpeg8Error has no public base class but Exception
        raise damaged("valid JPEG data", str(error) or type(error).__name__) from error
    return decoded
