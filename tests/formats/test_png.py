"""PNG against Pillow, OpenCV and imagecodecs, and against files made chunk by chunk."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PilImage
from tests.formats.bad_raster import png, png_header
from tests.good_files import good_files, pil_bytes, smooth

from sporemetry.image import ReadSettings, read_image, read_plane

_END = (b"IEND", b"")
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _save(folder: Path, content: bytes) -> Path:
    (folder / "a.png").write_bytes(content)
    return folder / "a.png"


def _rows(array: NDArray[Any]) -> bytes:
    """Rows with filter 0, big-endian, as the pixel data are before they are deflated."""
    return b"".join(b"\x00" + row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4]), st.sampled_from(["u1", "u2"]),
    st.integers(0, 2**32),
)  # fmt: skip
def test_8_and_16_bits_are_read_exactly(
    tmp_path: Path, height: int, width: int, samples: int, dtype: str, seed: int
) -> None:
    top = 256 ** np.dtype(dtype).itemsize
    array = np.random.default_rng(seed).integers(0, top, (height, width, samples)).astype(dtype)
    array = array[:, :, 0] if samples == 1 else array
    plane = read_plane(_save(tmp_path, bytes(imagecodecs.png_encode(array))))
    assert plane.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(plane.array, array)
    assert plane.coding.alpha == ("straight" if samples in (2, 4) else "none")


def test_16_bit_rgb_keeps_all_its_levels(tmp_path: Path) -> None:
    ramp = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    done, content = cv2.imencode(".png", np.dstack([ramp, ramp[::-1], ramp]))
    assert done
    pixels = read_image(_save(tmp_path, content.tobytes())).pixels
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels[:, :, 0], ramp)
    np.testing.assert_array_equal(pixels[:, :, 1], ramp[::-1])


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_few_bits_of_grey_are_numbers_and_look_as_pillow_shows_them(bits: int, tmp_path: Path) -> None:
    packed = np.random.default_rng(bits).integers(0, 256, (5, 3), np.uint8)
    width = 24 // bits - (1 if bits < 8 else 0)  # not a whole number of bytes
    content = png(png_header(width, 5, bits), (b"IDAT", zlib.compress(_rows(packed))), _END)
    path = _save(tmp_path, content)
    shifts = range(8 - bits, -1, -bits)
    numbers = np.stack([(packed >> shift) & ((1 << bits) - 1) for shift in shifts], axis=-1).reshape(5, -1)
    np.testing.assert_array_equal(read_plane(path).array, numbers[:, :width])
    shown = np.asarray(PilImage.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(read_image(path).pixels, shown)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_pictures_give_indices_and_colours(bits: int, tmp_path: Path) -> None:
    entries = 1 << bits
    indices = np.random.default_rng(bits).integers(0, entries, (6, 10)).astype(np.uint8)
    picture = PilImage.fromarray(indices).convert("P")
    picture.putpalette(np.random.default_rng(9).integers(0, 256, 3 * entries).astype(np.uint8).tobytes())
    path = _save(tmp_path, pil_bytes(picture, "PNG", bits=bits))
    plane = read_plane(path)
    np.testing.assert_array_equal(plane.array, indices)
    assert plane.coding.colour == "palette"
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))
    assert image.notes == (f"The palette of {entries} colours was expanded to RGB.",)


def test_transparent_palette_colours_are_put_on_white(tmp_path: Path) -> None:
    colours = (b"PLTE", bytes([10, 20, 30, 200, 100, 0]))
    data = (b"IDAT", zlib.compress(b"\x00\x00\x01"))
    path = _save(tmp_path, png(png_header(2, 1, 8, 3), colours, (b"tRNS", b"\x00\x80"), data, _END))
    # 0: wholly transparent. 1: 128/255 of the colour, the rest white.
    half = [round((c * 128 + 255 * 127) / 255) for c in (200, 100, 0)]
    assert read_image(path).pixels.tolist() == [[[255, 255, 255], half]]


@pytest.mark.parametrize("bits", [8, 16])
def test_the_one_transparent_colour_is_put_on_white(bits: int, tmp_path: Path) -> None:
    array = np.array([[[1, 2, 3], [1, 2, 4]]], np.dtype(f"u{bits // 8}"))
    key = (b"tRNS", struct.pack(">HHH", 1, 2, 3))
    content = png(png_header(2, 1, bits, 2), key, (b"IDAT", zlib.compress(_rows(array))), _END)
    path = _save(tmp_path, content)
    top = 2**bits - 1
    image = read_image(path)
    assert image.pixels.tolist() == [[[top] * 3, [1, 2, 4]]]
    assert image.notes == ("Transparent pixels were put on white.",)
    np.testing.assert_array_equal(read_plane(path).array, array)


def test_alpha_as_pillow_composes_it(tmp_path: Path) -> None:
    rgba = PilImage.fromarray(smooth(samples=4))
    white = PilImage.new("RGBA", rgba.size, "white")
    expected = np.asarray(PilImage.alpha_composite(white, rgba).convert("RGB")).astype(int)
    found = read_image(_save(tmp_path, good_files()["rgba.png"])).pixels
    assert np.abs(found - expected).max() <= 1


def test_an_opaque_alpha_changes_nothing(tmp_path: Path) -> None:
    rgb = smooth()
    path = _save(tmp_path, pil_bytes(PilImage.fromarray(rgb).convert("RGBA"), "PNG"))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, rgb)
    assert image.notes == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8), (9, 17), (37, 53)])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_interlaced_pictures(shape: tuple[int, int], dtype: str, tmp_path: Path) -> None:
    array = np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(dtype)
    passes = b"".join(_rows(array[y::dy, x::dx]) for x, y, dx, dy in _ADAM7 if array[y::dy, x::dx].size)
    header = png_header(shape[1], shape[0], 8 * array.itemsize, 2, interlaced=1)
    content = png(header, (b"IDAT", zlib.compress(passes)), _END)
    np.testing.assert_array_equal(read_plane(_save(tmp_path, content)).array, array)


def test_pixel_data_in_many_chunks(tmp_path: Path) -> None:
    array = np.random.default_rng(4).integers(0, 256, (30, 20)).astype(np.uint8)
    stream = zlib.compress(_rows(array))
    parts = [(b"IDAT", stream[k : k + 7]) for k in range(0, len(stream), 7)]
    content = png(png_header(20, 30), *parts, (b"IDAT", b""), _END)
    np.testing.assert_array_equal(read_plane(_save(tmp_path, content)).array, array)


def test_large_texts_and_profiles_are_passed_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bomb = b"Comment\x00\x00" + zlib.compress(bytes(30_000_000))
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    chunks = [(b"zTXt", bomb), (b"iCCP", bomb), (b"tEXt", b"a\x00" + b"x" * 3_000_000), (b"gAMA", b"\x00")]
    content = png(png_header(), *chunks, (b"IDAT", zlib.compress(_rows(array))), _END)
    np.testing.assert_array_equal(read_plane(_save(tmp_path, content)).array, array)
    assert capfd.readouterr() == ("", "")


def test_dots_per_inch_are_no_scale(tmp_path: Path) -> None:
    metres = (b"pHYs", struct.pack(">IIB", 4_000_000, 4_000_000, 1))  # would be 0.25 µm a pixel
    content = png(png_header(), metres, (b"IDAT", zlib.compress(b"\x00abcd" * 3)), _END)
    image = read_image(_save(tmp_path, content), ReadSettings())
    assert (image.um_per_px, image.scale_source) == (None, "none")
