"""Bad PNG, JPEG and BMP files."""

from __future__ import annotations

import struct
import zlib

from tests.good_files import good_files

from sporemetry.errors import (
    ImageContentError,
    ImageDamagedError,
    ImageFormatError,
    ImageReadError,
    ImageTooLargeError,
)

Bad = dict[str, tuple[bytes, type[ImageReadError]]]


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, with right checksums."""
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        content += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return content


def png_header(
    width: int = 4, height: int = 3, bits: int = 8, colour: int = 0, interlaced: int = 0
) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)


_ROWS = b"\x00abcd" * 3  # of a 4 x 3 picture: a filter byte and four samples each
_DATA = (b"IDAT", zlib.compress(_ROWS))
_END = (b"IEND", b"")


def bad_pngs() -> Bad:
    good = good_files()["rgb.png"]
    wrong_sum = bytearray(good)
    wrong_sum[-20] ^= 1
    wrong_text = bytearray(png(png_header(), (b"tEXt", b"Comment\x00spores"), _DATA, _END))
    wrong_text[45] ^= 1
    wrong_header = bytearray(good)
    wrong_header[29] ^= 1
    wrong_adler = _DATA[1][:-1] + bytes([_DATA[1][-1] ^ 1])
    damaged = {
        "signature_only.png": good[:8],
        "half_header.png": good[:20],
        "half.png": good[: len(good) // 2],
        "no_end.png": good[:-12],
        "data_checksum.png": bytes(wrong_sum),
        "header_checksum.png": bytes(wrong_header),
        "text_checksum.png": bytes(wrong_text),
        "pixel_checksum.png": png(png_header(), (b"IDAT", wrong_adler), _END),
        "no_data.png": png(png_header(), _END),
        "empty_data.png": png(png_header(), (b"IDAT", b""), _END),
        "few_rows.png": png(png_header(), (b"IDAT", zlib.compress(_ROWS[:-1])), _END),
        "many_rows.png": png(png_header(), (b"IDAT", zlib.compress(_ROWS + b"x")), _END),
        "bomb.png": png(png_header(), (b"IDAT", zlib.compress(bytes(20_000_000))), _END),
        "cut_stream.png": png(png_header(), (b"IDAT", _DATA[1][:-4]), _END),
        "no_deflate.png": png(png_header(), (b"IDAT", b"these are no deflate data"), _END),
        "filter_9.png": png(png_header(), (b"IDAT", zlib.compress(b"\x09abcd" * 3)), _END),
        "small_for_size.png": png(png_header(9_000, 9_000), _DATA, _END),
        "colour_5.png": png(png_header(colour=5), _DATA, _END),
        "bits_3.png": png(png_header(bits=3), _DATA, _END),
        "rgb_of_4_bits.png": png(png_header(bits=4, colour=2), _DATA, _END),
        "interlace_2.png": png(png_header(interlaced=2), _DATA, _END),
        "no_palette.png": png(png_header(colour=3), _DATA, _END),
        "odd_palette.png": png(png_header(colour=3), (b"PLTE", b"abcd"), _DATA, _END),
        "index_without_colour.png": png(png_header(colour=3), (b"PLTE", b"abc"), _DATA, _END),
        "long_transparency.png": png(png_header(), (b"tRNS", b"\x00\x01\x00"), _DATA, _END),
        "endless_chunk.png": png(png_header()) + struct.pack(">I", 0x7FFFFFFF) + b"tEXt" + b"x" * 500,
        "no_first_header.png": png((b"tEXt", b"a\x00b" + bytes(20)), png_header(), _DATA, _END),
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        "no_width.png": (png(png_header(width=0), _DATA, _END), ImageContentError),
        "no_height.png": (png(png_header(height=0), _DATA, _END), ImageContentError),
        "huge.png": (png(png_header(2**31 - 1, 2**31 - 1), _DATA, _END), ImageTooLargeError),
        "animated.png": (
            png(png_header(), (b"acTL", struct.pack(">II", 2, 0)), _DATA, _END),
            ImageFormatError,
        ),
    }


def _with_frame(jpeg: bytes, **changes: int) -> bytes:
    """The JPEG with values of its frame header changed."""
    places = {"marker": (1, "B"), "precision": (4, "B"), "height": (5, ">H"), "width": (7, ">H")}
    places |= {"components": (9, "B"), "sampling": (11, "B"), "length": (2, ">H")}
    changed = bytearray(jpeg)
    frame = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    for name, value in changes.items():
        offset, code = places[name]
        struct.pack_into(code, changed, frame + offset, value)
    return bytes(changed)


def bad_jpegs() -> Bad:
    good, grey = good_files()["rgb.jpg"], good_files()["grey.jpg"]
    scan = good.find(b"\xff\xda")
    frame = good.find(b"\xff\xc0")
    frame_bytes = good[frame : frame + 19]
    tables = good.find(b"\xff\xdb")
    cut = scan + (len(good) - scan) // 2
    many = good_files()["progressive.jpg"]
    last = many.rfind(b"\xff\xda")
    damaged = {
        "half.jpg": good[:cut],
        "half_with_end.jpg": good[:cut] + b"\xff\xd9",
        "half_then_zeros.jpg": good[:cut] + bytes(len(good) - cut),
        "header_only.jpg": good[:scan],
        "start_only.jpg": good[:3],
        "cut_in_header.jpg": good[: frame + 6],
        "start_and_end.jpg": b"\xff\xd8\xff\xd9",
        "no_frame.jpg": good[:frame] + good[frame + 19 :],
        "two_frames.jpg": good[:frame] + frame_bytes + good[frame:],
        "no_quantisation.jpg": good[:tables] + good[frame:],
        "sampling_0.jpg": _with_frame(good, sampling=0),
        "sampling_5.jpg": _with_frame(good, sampling=0x51),
        "small_for_size.jpg": _with_frame(good, width=10_000, height=9_000),
        "long_segment.jpg": good[:2] + b"\xff\xe1\xff\xff" + good[2:],
        "short_segment.jpg": good[:2] + b"\xff\xe1\x00\x01" + good[2:],
        "no_marker.jpg": good[:2] + b"\xff\x00\x00\x04" + good[2:],
        "thousand_scans.jpg": many[:last] + many[last:-2] * 1_000 + b"\xff\xd9",
        "short_frame.jpg": _with_frame(good, length=14),
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        "huge.jpg": (_with_frame(good, width=65_535, height=65_535), ImageTooLargeError),
        "no_height.jpg": (_with_frame(good, height=0), ImageContentError),
        "no_width.jpg": (_with_frame(good, width=0), ImageContentError),
        "two_components.jpg": (_with_frame(good, components=2), ImageContentError),
        "twelve_bits.jpg": (_with_frame(grey, marker=0xC1, precision=12), ImageFormatError),
        "lossless.jpg": (_with_frame(grey, marker=0xC3), ImageFormatError),
        "arithmetic.jpg": (_with_frame(grey, marker=0xC9), ImageFormatError),
    }


def bmp(
    width: int = 4,
    height: int = 3,
    bits: int = 8,
    *,
    compression: int = 0,
    colours: int = 256,
    planes: int = 1,
    header: int = 40,
    start: int | None = None,
    masks: bytes = b"",
    pixels: bytes = bytes(48),
) -> bytes:
    """A BMP of these values, with a grey palette for up to 8 bits."""
    palette = (
        bytes(byte for k in range(colours) for byte in (k & 255, k & 255, k & 255, 0)) if bits <= 8 else b""
    )
    begin = 54 + len(masks) + len(palette) if start is None else start
    head = b"BM" + struct.pack(
        "<IIIIiiHHIIIIII", 0, 0, begin, header, width, height, planes, bits, compression, 0, 0, 0, colours, 0
    )
    return head + masks + palette + pixels


def bad_bmps() -> Bad:
    mask = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    damaged = {
        "letters_only.bmp": b"BM\x00",
        "half_header.bmp": bmp()[:30],
        "half.bmp": bmp()[:-40],
        "header_of_41.bmp": bmp(header=41),
        "bits_7.bmp": bmp(bits=7, colours=0),
        "planes_3.bmp": bmp(planes=3),
        "pixels_beyond_end.bmp": bmp(start=2**32 - 1),
        "no_palette.bmp": bmp(start=54),
        "many_colours.bmp": bmp(colours=1_000),
        "index_without_colour.bmp": bmp(colours=2, pixels=bytes([7] * 48)),
        "runs_of_24_bits.bmp": bmp(bits=24, compression=1),
        "run_beyond_row.bmp": bmp(compression=1, pixels=b"\xff\x01\x00\x01"),
        "runs_without_end.bmp": bmp(compression=1, pixels=b"\x04\x01\x00\x00\x04\x02"),
        "run_cut.bmp": bmp(compression=1, pixels=b"\x00\x04\x01"),
        "no_masks.bmp": bmp(bits=16, compression=3, colours=0, masks=bytes(12)),
        "mask_beyond_bits.bmp": bmp(bits=16, compression=3, colours=0)[:54],
    }
    return {
        **{name: (content, ImageDamagedError) for name, content in damaged.items()},
        "huge.bmp": (bmp(2**31 - 1, 2**31 - 1), ImageTooLargeError),
        "least_height.bmp": (bmp(2, -(2**31)), ImageTooLargeError),
        "no_width.bmp": (bmp(width=0), ImageContentError),
        "no_height.bmp": (bmp(height=0), ImageContentError),
        "less_than_no_width.bmp": (bmp(width=-4), ImageContentError),
        "jpeg_inside.bmp": (bmp(bits=24, compression=4), ImageFormatError),
        "mask_with_gap.bmp": (
            bmp(bits=16, compression=3, colours=0, masks=struct.pack("<III", 0xA000, 0x07E0, 0x001F)),
            ImageFormatError,
        ),
        "mask_of_10_bits.bmp": (
            bmp(bits=32, compression=3, colours=0, masks=struct.pack("<III", 0x3FF00000, 0xFFC00, 0x3FF)),
            ImageFormatError,
        ),
        "masks_for_8_bits.bmp": (bmp(bits=8, compression=3, masks=mask), ImageDamagedError),
    }
