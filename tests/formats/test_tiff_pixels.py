"""TIFF samples against what tifffile, Pillow and OpenCV wrote, and against bytes packed by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PilImage
from tests.formats import tiff_writer as t
from tests.formats.bad_metadata import ome_xml
from tests.formats.tiff_writer import LONG, SHORT, RawPage, raw_tiff
from tests.good_files import good_files, pil_bytes, smooth, tiff_bytes

from sporemetry.image import read_image, read_plane

_COMPRESSIONS = (None, "lzw", "zlib", "packbits", "zstd")
_DTYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "f2", "f4", "f8")


def _read(folder: Path, content: bytes) -> NDArray[Any]:
    path = folder / "picture.tif"
    path.write_bytes(content)
    return read_plane(path).array


@st.composite
def _written(draw: st.DrawFn) -> tuple[NDArray[Any], dict[str, Any]]:
    """Draw an array (H, W) or (H, W, 3) and a way of tifffile to write it."""
    colour = draw(st.booleans())
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    dtype = np.dtype(draw(st.sampled_from(_DTYPES)))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    bits = random.integers(0, 256, (height, width, (3 if colour else 1) * dtype.itemsize), np.uint8)
    array = bits.view(dtype)
    if dtype.kind == "f":
        array = random.normal(0, 100, array.shape).astype(dtype)
    options: dict[str, Any] = {
        "photometric": "rgb" if colour else "minisblack",
        "compression": draw(st.sampled_from(_COMPRESSIONS)),
        "byteorder": draw(st.sampled_from("<>")),
        "bigtiff": draw(st.booleans()),
    }
    if draw(st.booleans()):
        options["tile"] = (16 * draw(st.integers(1, 4)), 16 * draw(st.integers(1, 4)))
    else:
        options["rowsperstrip"] = draw(st.integers(1, height))
    if options["compression"] in ("lzw", "zlib", "zstd") and dtype != np.uint64:  # tifffile writes none there
        options["predictor"] = draw(st.booleans())
    if colour and draw(st.booleans()):
        options["planarconfig"] = "separate"
    return (array if colour else array[:, :, 0]), options


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_written())
def test_what_tifffile_writes_is_read_exactly(
    tmp_path: Path, written: tuple[NDArray[Any], dict[str, Any]]
) -> None:
    array, options = written
    stored = np.moveaxis(array, -1, 0) if "planarconfig" in options else array
    found = _read(tmp_path, tiff_bytes(stored, **options))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("compression", [None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F"])
def test_what_libtiff_writes_by_pillow_is_read_exactly(
    mode: str, compression: str | None, tmp_path: Path
) -> None:
    samples = smooth(samples=3 if mode == "RGB" else 1, top=65_535 if mode == "I;16" else 255)
    array = samples if mode == "RGB" else samples[:, :, 0]
    array = array.astype(np.float32) if mode == "F" else array
    content = pil_bytes(PilImage.fromarray(array), "TIFF", compression=compression)
    np.testing.assert_array_equal(_read(tmp_path, content), array)


@pytest.mark.parametrize("code", [1, 5, 8, 32_946, 32_773])
def test_what_libtiff_writes_by_opencv_is_read_exactly(code: int, tmp_path: Path) -> None:
    deep = smooth(top=65_535)
    done, content = cv2.imencode(".tif", deep[:, :, ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, code])
    assert done
    np.testing.assert_array_equal(_read(tmp_path, content.tobytes()), deep)


@pytest.mark.parametrize(("bits", "packed", "expected"), [
    (1, b"\xa0\x40\xf0", [[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1]]),
    (2, b"\x1b\xe4\xff", [[0, 1, 2, 3], [3, 2, 1, 0], [3, 3, 3, 3]]),
    (4, b"\x01\x23\x45\x67\x89\xab", [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
    (12, bytes.fromhex("001 002 003 004 fff 000 abc def 111 222 333 444".replace(" ", "")),
     [[1, 2, 3, 4], [4095, 0, 0xABC, 0xDEF], [0x111, 0x222, 0x333, 0x444]]),
])  # fmt: skip
def test_packed_bits_are_numbers(bits: int, packed: bytes, expected: list[list[int]], tmp_path: Path) -> None:
    found = _read(tmp_path, raw_tiff(RawPage({t.BITS: (SHORT, bits)}, packed)))
    assert found.tolist() == expected


def test_rows_of_packed_bits_begin_at_a_byte(tmp_path: Path) -> None:
    tags: dict[int, t.Value | None] = {
        t.BITS: (SHORT, 1),
        t.WIDTH: (LONG, 9),
        t.HEIGHT: (LONG, 2),
        t.ROWS: (LONG, 2),
    }
    found = _read(tmp_path, raw_tiff(RawPage(tags, b"\x80\x80\x00\x00")))
    assert found.tolist() == [[1, 0, 0, 0, 0, 0, 0, 0, 1], [0] * 9]


def test_reversed_fill_order(tmp_path: Path) -> None:
    tags: dict[int, t.Value | None] = {t.BITS: (SHORT, 1), 266: (SHORT, 2)}
    assert _read(tmp_path, raw_tiff(RawPage(tags, b"\x05\x02\x0f"))).tolist() == [
        [1, 0, 1, 0],
        [0, 1, 0, 0],
        [1, 1, 1, 1],
    ]


def test_the_last_strip_may_be_filled_up(tmp_path: Path) -> None:
    strip = bytes(imagecodecs.lzw_encode(bytes(range(8))))  # two rows; of the second strip one is wanted
    tags: dict[int, t.Value | None] = {
        t.COMPRESSION: (SHORT, 5),
        t.ROWS: (LONG, 2),
        t.OFFSETS: (LONG, [8, 8 + len(strip)]),
        t.COUNTS: (LONG, [len(strip)] * 2),
    }
    assert _read(tmp_path, raw_tiff(RawPage(tags, strip * 2))).tolist() == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [0, 1, 2, 3],
    ]


def test_a_strip_without_its_size_is_read_where_there_is_one_answer(tmp_path: Path) -> None:
    content = raw_tiff(RawPage({t.COUNTS: None}, bytes(range(12))))
    assert _read(tmp_path, content).tolist() == np.arange(12).reshape(3, 4).tolist()


@pytest.mark.parametrize("options", [
    {"photometric": "rgb", "compressionargs": {"level": 95}},
    {"photometric": "rgb", "compressionargs": {"level": 95, "outcolorspace": "ycbcr"}, "subsampling": (1, 1)},
    {"photometric": "rgb", "compressionargs": {"level": 95, "outcolorspace": "ycbcr"}, "subsampling": (2, 2)},
    {"photometric": "rgb", "compressionargs": {"level": 95, "outcolorspace": "ycbcr"}, "tile": (32, 32)},
    {"photometric": "minisblack", "compressionargs": {"level": 95}},
], ids=str)  # fmt: skip
def test_jpeg_inside_has_right_colours(options: dict[str, Any], tmp_path: Path) -> None:
    rgb = np.kron(smooth(20, 24), np.ones((4, 4, 1), np.uint8))
    rgb[..., 2] = 255 - rgb[..., 2]  # far from grey: an error of colour is large
    array = rgb[:, :, 0] if options["photometric"] == "minisblack" else rgb
    content = tiff_bytes(array, compression="jpeg", **options)
    found = _read(tmp_path, content).astype(int)
    second = np.asarray(PilImage.open(io.BytesIO(content)).convert("L" if array.ndim == 2 else "RGB")).astype(
        int
    )
    assert np.abs(found - array).mean() < 2.5
    assert np.abs(found - second).max() <= 4


def test_jpeg_written_by_libtiff(tmp_path: Path) -> None:
    rgb = smooth(64, 80)
    content = pil_bytes(PilImage.fromarray(rgb), "TIFF", compression="jpeg", quality=95)
    second = np.asarray(PilImage.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert np.abs(_read(tmp_path, content).astype(int) - second).max() <= 4


def test_cmyk_as_pillow_shows_it(tmp_path: Path) -> None:
    picture = PilImage.fromarray(smooth()).convert("CMYK")
    (tmp_path / "a.tif").write_bytes(pil_bytes(picture, "TIFF"))
    image = read_image(tmp_path / "a.tif")
    assert np.abs(image.pixels.astype(int) - np.asarray(picture.convert("RGB"))).max() <= 1
    assert any("CMYK" in note for note in image.notes)


def test_lab_as_littlecms_shows_it(tmp_path: Path) -> None:
    from PIL import ImageCms

    rgb = PilImage.fromarray(smooth())
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.applyTransform(rgb, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert lab is not None
    (tmp_path / "a.tif").write_bytes(pil_bytes(lab, "TIFF"))
    assert np.abs(read_image(tmp_path / "a.tif").pixels.astype(int) - np.asarray(rgb)).max() <= 3


def test_ycbcr_without_subsampling_as_pillow_shows_it(tmp_path: Path) -> None:
    picture = PilImage.fromarray(smooth()).convert("YCbCr")
    data = np.asarray(picture).tobytes()
    tags: dict[int, t.Value | None] = {
        t.WIDTH: (LONG, picture.width),
        t.HEIGHT: (LONG, picture.height),
        t.ROWS: (LONG, picture.height),
        t.SAMPLES: (SHORT, 3),
        t.BITS: (SHORT, [8, 8, 8]),
        t.PHOTOMETRIC: (SHORT, 6),
        530: (SHORT, [1, 1]),
    }
    (tmp_path / "a.tif").write_bytes(raw_tiff(RawPage(tags, data)))
    found = read_image(tmp_path / "a.tif").pixels.astype(int)
    assert np.abs(found - np.asarray(picture.convert("RGB"))).max() <= 1


def test_white_is_zero_is_inverted_for_the_eye_and_kept_for_labels(tmp_path: Path) -> None:
    ids = np.array([[0, 1], [2, 255]], np.uint8)
    (tmp_path / "a.tif").write_bytes(tiff_bytes(ids, photometric="miniswhite"))
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").array, ids)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels[:, :, 0], 255 - ids)


@pytest.mark.parametrize("factor", [1, 256, 257])
def test_colour_maps_of_8_bits_stay_8_bits(factor: int, tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16)
    colours[0, 0] = 255  # a map of 16 bits could be below 256 throughout, too
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    content = tiff_bytes(indices, photometric="palette", colormap=colours * np.uint16(factor))
    (tmp_path / "a.tif").write_bytes(content)
    image = read_image(tmp_path / "a.tif")
    assert image.pixels.dtype == np.uint8
    np.testing.assert_array_equal(image.pixels, colours.T.reshape(16, 16, 3))
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").array, indices)


@pytest.mark.parametrize("largest", [1023, 4095, 16_383])
def test_bits_stated_by_max_sample_value_are_scaled(largest: int, tmp_path: Path) -> None:
    tags: dict[int, t.Value | None] = {t.BITS: (SHORT, 16), 281: (SHORT, largest)}
    values = np.full((3, 4), largest, "<u2")
    (tmp_path / "a.tif").write_bytes(raw_tiff(RawPage(tags, values.tobytes())))
    image = read_image(tmp_path / "a.tif")
    assert (image.pixels == 65_535).all()
    assert image.notes == (f"{largest.bit_length()}-bit samples were scaled to 16 bits.",)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").array, values)


def test_bits_stated_by_ome_are_scaled(tmp_path: Path) -> None:
    text = ome_xml('SignificantBits="12"').encode() + b"\x00"
    tags: dict[int, t.Value | None] = {t.BITS: (SHORT, 16), t.DESCRIPTION: (2, text)}
    (tmp_path / "a.tif").write_bytes(raw_tiff(RawPage(tags, np.full((3, 4), 4095, "<u2").tobytes())))
    assert (read_image(tmp_path / "a.tif").pixels == 65_535).all()


def test_a_strip_said_to_be_longer_than_it_is(tmp_path: Path) -> None:
    content = raw_tiff(RawPage({t.COUNTS: (LONG, 5_000)}, bytes(range(12))))
    assert _read(tmp_path, content).tolist() == np.arange(12).reshape(3, 4).tolist()


def test_an_independent_reader_agrees_on_all_good_files(tmp_path: Path) -> None:
    compared = 0
    for name, content in good_files().items():
        if not name.endswith(".tif") or name in (
            "pages.tif",
            "imagej_stack.tif",
            "stack.ome.tif",
            "channels.tif",
        ):
            continue
        found, expected = _read(tmp_path, content), np.squeeze(tifffile.imread(io.BytesIO(content)))
        if name == "separate.tif":
            expected = np.moveaxis(expected, 0, -1)
        np.testing.assert_array_equal(found, expected, err_msg=name)
        compared += 1
    assert compared > 20
