"""TIFF files with lying, contradicting or missing tags and data."""

from __future__ import annotations

import struct
import zlib

import imagecodecs
import numpy as np
from tests.formats import tiff_writer as t
from tests.formats.tiff_writer import LONG, SHORT, RawPage, raw_tiff
from tests.good_files import good_files, smooth, tiff_bytes

from sporemetry.errors import (
    ImageChoiceError,
    ImageContentError,
    ImageDamagedError,
    ImageFormatError,
    ImageReadError,
    ImageTooLargeError,
)

Bad = dict[str, tuple[bytes, type[ImageReadError]]]
_PIXELS = bytes(range(12))


def _one(content: bytes = _PIXELS, /, **tags: t.Value | None) -> bytes:
    """A page of 4 x 3 grey pixels with tags changed by their names in ``tiff_writer``."""
    return raw_tiff(RawPage({getattr(t, name): value for name, value in tags.items()}, content))


def bad_tiffs() -> Bad:
    return {**_bones(), **_sizes(), **_places(), **_compressions(), **_samples(), **_choices()}


def _bones() -> Bad:
    """Headers, chains and directories."""
    two = raw_tiff(RawPage(), RawPage())
    first = struct.unpack_from("<I", two, 4)[0]
    damaged = {
        "header_only.tif": b"II*\x00\x08\x00\x00\x00",
        "no_page.tif": b"II*\x00\x00\x00\x00\x00",
        "half_header.tif": b"II*\x00\x08",
        "page_beyond_end.tif": b"II*\x00\xff\xff\xff\x7f" + bytes(100),
        "page_leads_to_itself.tif": raw_tiff(RawPage(), last_pointer=20),
        "pages_in_a_ring.tif": raw_tiff(RawPage(), RawPage(), last_pointer=first),
        "chain_beyond_end.tif": raw_tiff(RawPage(), RawPage(), last_pointer=10_000_000),
        "cut_second_page.tif": two[:-30],
        "no_tags.tif": b"II*\x00\x08\x00\x00\x00" + bytes(6),
        "65535_tags.tif": b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(65_535 * 12 + 4),
        "endless_tags.tif": b"II+\x00\x08\x00\x00\x00" + struct.pack("<QQ", 16, 2**60) + bytes(100),
        "offsets_of_4.tif": b"II+\x00\x04\x00\x00\x00" + struct.pack("<Q", 16) + bytes(100),
        "unknown_type.tif": _retyped(256, 99),
        "width_as_text.tif": _retyped(256, 2),
        "endless_width.tif": _recounted(256, 2**32 - 1),
        "endless_text.tif": _one(DESCRIPTION=(2, b"spores spores")).replace(
            struct.pack("<HHI", 270, 2, 13), struct.pack("<HHI", 270, 2, 2**31)
        ),
        "pages_overlap.tif": _overlapping_pages(),
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        "version_44.tif": (b"II\x2c\x00" + bytes(100), ImageFormatError),
    }


def _retyped(tag: int, kind: int) -> bytes:
    content = _one()
    return content.replace(struct.pack("<HHI", tag, LONG, 1), struct.pack("<HHI", tag, kind, 1))


def _recounted(tag: int, count: int) -> bytes:
    content = _one()
    return content.replace(struct.pack("<HHI", tag, LONG, 1), struct.pack("<HHI", tag, LONG, count))


def _overlapping_pages() -> bytes:
    """A chain of directories of 4,096 tags that lie one in the other, two bytes apart."""
    steps, size = 1_500, 4_096 * 12
    content = bytearray(8 + 14 * steps + size + 6)
    content[:8] = b"II*\x00\x08\x00\x00\x00"
    for step in range(steps):
        at = 8 + 14 * step
        struct.pack_into("<H", content, at, 4_096)
        struct.pack_into("<I", content, at + 2 + size, at + 14 if step + 1 < steps else 0)
    return bytes(content)


def _sizes() -> Bad:
    """Sizes in pixels, strips and tiles."""
    lies: dict[str, t.Value | None] = {
        "WIDTH": (LONG, 1_000_000),
        "HEIGHT": (LONG, 1_000_000),
        "ROWS": (LONG, 1_000_000),
    }
    tile: dict[str, t.Value | None] = {
        "TILE_WIDTH": (LONG, 16),
        "TILE_OFFSETS": (LONG, 8),
        "TILE_COUNTS": (LONG, 12),
        "OFFSETS": None,
    }
    damaged = {
        "small_for_size.tif": _one(WIDTH=(LONG, 9_000), HEIGHT=(LONG, 9_000), ROWS=(LONG, 9_000)),
        "no_rows_in_strip.tif": _one(ROWS=(LONG, 0)),
        "no_samples.tif": _one(SAMPLES=(SHORT, 0)),
        "60000_samples.tif": _one(SAMPLES=(SHORT, 60_000)),
        "tile_without_height.tif": _one(**tile),
        "tile_of_0.tif": _one(**tile, TILE_HEIGHT=(LONG, 0)),
        "tile_cut.tif": _one(**tile, TILE_HEIGHT=(LONG, 16)),
        "many_strips.tif": _one(WIDTH=(LONG, 1), HEIGHT=(LONG, 90_000_000), ROWS=(LONG, 1)),
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        "asks_for_931_gib.tif": (_one(**lies), ImageTooLargeError),
        "huge.tif": (_one(WIDTH=(LONG, 2**32 - 1), HEIGHT=(LONG, 2**32 - 1)), ImageTooLargeError),
        "huge_tile.tif": (
            _one(**{**tile, "TILE_WIDTH": (LONG, 2**31)}, TILE_HEIGHT=(LONG, 2**31)),
            ImageTooLargeError,
        ),
        "tiles_beyond_page.tif": (_wide_tiles(), ImageTooLargeError),
        "no_width.tif": (_one(WIDTH=(LONG, 0)), ImageContentError),
        "width_left_out.tif": (_one(WIDTH=None), ImageContentError),
        "no_height.tif": (_one(HEIGHT=(LONG, 0)), ImageContentError),
    }


def _wide_tiles() -> bytes:
    """A page of one column in 50,000 tiles of 16,000 x 16 pixels, which share their bytes."""
    tiles = 50_000
    data = zlib.compress(bytes(16_000 * 16))
    tags: dict[int, t.Value | None] = {
        **t.grey_tags(1, 16 * tiles),
        t.COMPRESSION: (SHORT, 8),
        t.TILE_WIDTH: (LONG, 16_000),
        t.TILE_HEIGHT: (LONG, 16),
        t.TILE_OFFSETS: (LONG, [8] * tiles),
        t.TILE_COUNTS: (LONG, [len(data)] * tiles),
    }
    return raw_tiff(RawPage(tags, data))


def _places() -> Bad:
    """Where the data lie, and how many there are."""
    damaged = {
        "strip_beyond_end.tif": _one(OFFSETS=(LONG, 5_000)),
        "strip_cut.tif": _one(_PIXELS[:-1]),
        "strip_never_written.tif": _one(COUNTS=(LONG, 0)),
        "strip_at_0.tif": _one(OFFSETS=(LONG, 0)),
        "no_offsets.tif": _one(OFFSETS=None),
        "no_counts_of_two.tif": _one(COUNTS=None, ROWS=(LONG, 2)),
        "one_strip_of_three.tif": _one(ROWS=(LONG, 1)),
        "offsets_as_doubles.tif": _one(OFFSETS=(t.DOUBLE, [8])),
        "shared_strips.tif": _shared_strips(),
        "many_channels.tif": raw_tiff(*[RawPage({t.SAMPLES: (SHORT, 1_000)}, bytes(12_000))] * 101),
        "half_stack.tif": good_files()["pages.tif"][: len(good_files()["pages.tif"]) // 2],
    }
    return {name: (content, ImageDamagedError) for name, content in damaged.items()}


def _shared_strips() -> bytes:
    """100,000 strips of one row, each said to be the same 400 kB: 40 GB to read and inflate."""
    strips, size = 100_000, 400_000
    data = zlib.compress(bytes(4)) + bytes(size)
    tags: dict[int, t.Value | None] = {
        t.HEIGHT: (LONG, strips),
        t.ROWS: (LONG, 1),
        t.COMPRESSION: (SHORT, 8),
        t.OFFSETS: (LONG, [8] * strips),
        t.COUNTS: (LONG, [size] * strips),
    }
    return raw_tiff(RawPage(tags, data))


def _compressions() -> Bad:
    codec = {"Deflate": 8, "LZW": 5, "PackBits": 32_773, "Zstandard": 50_000}
    encoded = {
        "Deflate": zlib.compress,
        "LZW": imagecodecs.lzw_encode,
        "PackBits": imagecodecs.packbits_encode,
        "Zstandard": imagecodecs.zstd_encode,
    }
    damaged = {}
    # imagecodecs takes minutes to write a large LZW bomb.
    for (name, encode), size in zip(
        encoded.items(), (20_000_000, 50_000, 1_000_000, 20_000_000), strict=True
    ):
        number = (SHORT, codec[name])
        damaged[f"{name}_short.tif"] = _one(bytes(encode(_PIXELS[:-1])), COMPRESSION=number)
        damaged[f"{name}_long.tif"] = _one(bytes(encode(_PIXELS + b"x")), COMPRESSION=number)
        damaged[f"{name}_bomb.tif"] = _one(bytes(encode(bytes(size))), COMPRESSION=number)
        damaged[f"{name}_noise.tif"] = _one(b"\xf3these are no data of it", COMPRESSION=number)
    grey = good_files()["grey.jpg"]
    jpeg: dict[str, t.Value] = {
        "COMPRESSION": (SHORT, 7),
        "WIDTH": (LONG, 53),
        "HEIGHT": (LONG, 37),
        "ROWS": (LONG, 37),
    }
    damaged |= {
        "jpeg_of_other_size.tif": _one(grey, COMPRESSION=(SHORT, 7)),
        "jpeg_cut.tif": _one(grey[:-9], **jpeg),
        "jpeg_cut_with_end.tif": _one(grey[: len(grey) - 60] + b"\xff\xd9", **jpeg),
        "jpeg_missing.tif": _one(b"no JPEG at all in here", COMPRESSION=(SHORT, 7)),
        "predictor_9.tif": _one(zlib.compress(_PIXELS), COMPRESSION=(SHORT, 8), PREDICTOR=(SHORT, 9)),
        "float_predictor_of_bytes.tif": _one(
            zlib.compress(_PIXELS), COMPRESSION=(SHORT, 8), PREDICTOR=(SHORT, 3)
        ),
        "fill_order_3.tif": raw_tiff(RawPage({266: (SHORT, 3)}, _PIXELS)),
    }
    refused = {
        "fax": 4,
        "old_jpeg": 6,
        "jpeg2000": 34_712,
        "lzma": 34_925,
        "webp": 50_001,
        "jpegxl": 50_002,
        "none_such": 999,
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        **{f"{name}.tif": (_one(COMPRESSION=(SHORT, k)), ImageFormatError) for name, k in refused.items()},
    }


def _samples() -> Bad:
    nan = smooth(samples=1)[:, :, 0].astype(np.float32)
    nan[3, 4] = np.nan
    infinite = np.where(np.isnan(nan), np.inf, nan)
    alpha = np.full((4, 4, 4), 7, np.float32)
    content = {
        "nan.tif": tiff_bytes(nan),
        "nan_packed.tif": tiff_bytes(nan.astype(np.float64), compression="zlib", predictor=True),
        "infinite.tif": tiff_bytes(infinite),
        "complex.tif": tiff_bytes(np.ones((4, 4), np.complex64)),
        "seven_bits.tif": _one(BITS=(SHORT, 7)),
        "float_of_8_bits.tif": _one(FORMAT=(SHORT, 3)),
        "alpha_of_7.tif": tiff_bytes(alpha, photometric="rgb", extrasamples=["unassalpha"]),
        "float_palette.tif": _one(bytes(48), BITS=(SHORT, 32), FORMAT=(SHORT, 3), PHOTOMETRIC=(SHORT, 3)),
    }
    damaged = {
        "rgb_of_one_sample.tif": _one(PHOTOMETRIC=(SHORT, 2)),
        "no_palette.tif": _one(PHOTOMETRIC=(SHORT, 3)),
        "short_palette.tif": _one(PHOTOMETRIC=(SHORT, 3), COLOR_MAP=(SHORT, list(range(30)))),
    }
    wrong = {
        "camera_raw.tif": _one(PHOTOMETRIC=(SHORT, 32_803)),
        "mask.tif": _one(PHOTOMETRIC=(SHORT, 4)),
        "mixed_bits.tif": _one(
            bytes(36), SAMPLES=(SHORT, 3), BITS=(SHORT, [5, 6, 5]), PHOTOMETRIC=(SHORT, 2)
        ),
        "subsampled_ycbcr.tif": _one(
            bytes(36), SAMPLES=(SHORT, 3), BITS=(SHORT, [8, 8, 8]), PHOTOMETRIC=(SHORT, 6)
        ),
        "lab_of_16_bits.tif": _one(
            bytes(72), SAMPLES=(SHORT, 3), BITS=(SHORT, [16, 16, 16]), PHOTOMETRIC=(SHORT, 8)
        ),
    }
    return {
        **{name: (each, ImageContentError) for name, each in content.items()},
        **{name: (each, ImageDamagedError) for name, each in damaged.items()},
        **{name: (each, ImageFormatError) for name, each in wrong.items()},
    }


def _choices() -> Bad:
    """Good stacks, which cannot be read without a choice."""
    sizes = raw_tiff(RawPage(), RawPage({t.WIDTH: (LONG, 3)}))
    files = {
        "stack.tif": good_files()["pages.tif"],
        "imagej_stack.tif": good_files()["imagej_stack.tif"],
        "ome_stack.ome.tif": good_files()["stack.ome.tif"],
        "two_channels.tif": good_files()["channels.tif"],
        "five_channels.tif": tiff_bytes(smooth(samples=5), photometric="minisblack", planarconfig="contig"),
        "sizes_differ.tif": sizes,
    }
    return {name: (content, ImageChoiceError) for name, content in files.items()}
