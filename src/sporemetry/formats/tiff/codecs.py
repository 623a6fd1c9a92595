"""The compressions of TIFF strips and tiles: which may be called, and how far each may go."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import imagecodecs

from sporemetry.formats.refusal import damaged, wrong_format

JPEG = 7


@dataclass(frozen=True, slots=True)
class Codec:
    """A compression without loss.

    Parameters
    ----------
    name : str
    decode : callable
        Encoded bytes and the most bytes wanted -> decoded bytes, never more than that.
    most_ratio : int
        No valid data grows by more than this; a header that asks for more is lying, and is refused
        before its size is allocated.
    predicts : bool
        Whether the predictor tag applies (TIFF 6.0, section 14: LZW; later ones likewise).
    """

    name: str
    decode: Callable[[bytes, int], bytes]
    most_ratio: int
    predicts: bool


def _plain(data: bytes, most: int) -> bytes:
    return data[:most]


def _deflate(data: bytes, most: int) -> bytes:
    # A whole strip is asked for in one call, and zlib stops at `most`: a bomb costs no more than a picture.
    return zlib.decompressobj().decompress(data, most) if most else b""


def _lzw(data: bytes, most: int) -> bytes:
    return bytes(imagecodecs.lzw_decode(data, out=most))


def _packbits(data: bytes, most: int) -> bytes:
    return bytes(imagecodecs.packbits_decode(data, out=most))


def _zstd(data: bytes, most: int) -> bytes:
    return bytes(imagecodecs.zstd_decode(data, out=most))


# Ratios: deflate 258 bytes from 2 bits, LZW one string of at most 4,096 from 12 bits or fewer, PackBits 128
# from 2 bytes, Zstandard 128 KiB from a block of 4 bytes.
CODECS = {
    1: Codec("no compression", _plain, 1, predicts=False),
    5: Codec("LZW", _lzw, 4_096, predicts=True),
    8: Codec("Deflate", _deflate, 1_040, predicts=True),
    32946: Codec("Deflate", _deflate, 1_040, predicts=True),
    32773: Codec("PackBits", _packbits, 64, predicts=False),
    34926: Codec("Zstandard", _zstd, 32_768, predicts=True),
    50000: Codec("Zstandard", _zstd, 32_768, predicts=True),
}

_UNREAD = {
    2: "CCITT fax",
    3: "CCITT fax",
    4: "CCITT fax",
    6: "old JPEG (of TIFF 6.0, withdrawn)",
    32809: "ThunderScan",
    33003: "JPEG 2000 (Aperio)",
    33005: "JPEG 2000 (Aperio)",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy DNG",
    34925: "LZMA",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}


def check_compression(compression: int) -> None:
    """Refuse a compression that is not read, naming it."""
    if compression == JPEG or compression in CODECS:
        return
    found = _UNREAD.get(compression, "an unknown compression")
    raise wrong_format(
        "a TIFF without compression or with LZW, Deflate, PackBits, Zstandard or JPEG",
        f"{found} (compression {compression})",
        "Open it in the program that wrote it (or in Fiji) and save it as TIFF without compression.",
    )


def decompress(compression: int, data: bytes, most: int) -> bytes:
    """Return the decoded bytes of a segment: at most ``most``, and one more where there are more.

    Parameters
    ----------
    compression : int
        A key of :data:`CODECS`.
    data : bytes
        As in the file.
    most : int
        The size of a full strip or tile.

    Raises
    ------
    Refusal
        ImageDamagedError where the codec cannot make sense of it.
    """
    codec = CODECS[compression]
    try:
        return codec.decode(data, most + 1)
    except MemoryError:
        raise
    except Exception as error:  # imagecodecs has an exception class of its own for each codec
        raise damaged(f"valid {codec.name} data", str(error) or type(error).__name__) from error
