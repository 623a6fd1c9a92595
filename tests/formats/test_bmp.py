"""BMP against Pillow and OpenCV, and against files made by hand."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from tests.formats.bad_raster import bmp
from tests.good_files import good_files, pil_bytes, smooth

from sporemetry.image import read_image, read_plane


def _save(folder: Path, content: bytes) -> Path:
    (folder / "a.bmp").write_bytes(content)
    return folder / "a.bmp"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["1", "L", "P", "RGB"]), st.integers(0, 2**32))
def test_what_pillow_writes_is_read_exactly(
    tmp_path: Path, height: int, width: int, mode: str, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    picture = PilImage.fromarray(noise)
    picture = picture.quantize(50) if mode == "P" else picture.convert(mode)
    found = read_image(_save(tmp_path, pil_bytes(picture, "BMP"))).pixels
    np.testing.assert_array_equal(found, np.asarray(picture.convert("RGB")))


def test_what_opencv_writes_is_read_exactly(tmp_path: Path) -> None:
    rgb = smooth()
    done, content = cv2.imencode(".bmp", rgb[:, :, ::-1])
    assert done
    np.testing.assert_array_equal(read_image(_save(tmp_path, content.tobytes())).pixels, rgb)


def test_palette_indices_are_kept_for_labels(tmp_path: Path) -> None:
    picture = PilImage.fromarray(smooth()).quantize(50)
    found = read_plane(_save(tmp_path, pil_bytes(picture, "BMP")))
    np.testing.assert_array_equal(found.array, np.asarray(picture))
    assert found.coding.colour == "palette"


def test_rows_may_begin_at_the_top(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(read_plane(_save(tmp_path, bmp(4, -3, pixels=rows.tobytes()))).array, rows)
    np.testing.assert_array_equal(
        read_plane(_save(tmp_path, bmp(4, 3, pixels=rows.tobytes()))).array, rows[::-1]
    )


def test_4_bits_by_hand(tmp_path: Path) -> None:
    content = bmp(3, 2, 4, colours=16, pixels=b"\x12\x30\x00\x00" + b"\xab\xc0\x00\x00")
    assert read_plane(_save(tmp_path, content)).array.tolist() == [[10, 11, 12], [1, 2, 3]]


@pytest.mark.parametrize(("masks", "word", "expected"), [
    (None, 0b0_11111_00000_10000, [255, 0, 132]),  # 16/31 of 255 is 131.6
    ((0xF800, 0x07E0, 0x001F), 0b00000_111111_00001, [0, 255, 8]),
])  # fmt: skip
def test_16_bits_by_hand(
    masks: tuple[int, int, int] | None, word: int, expected: list[int], tmp_path: Path
) -> None:
    content = bmp(
        1, 1, 16, colours=0, compression=3 if masks else 0,
        masks=struct.pack("<III", *masks) if masks else b"", pixels=struct.pack("<HH", word, 0),
    )  # fmt: skip
    assert read_image(_save(tmp_path, content)).pixels.tolist() == [[expected]]
    shown = np.asarray(PilImage.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert np.abs(shown[0, 0] - expected).max() <= 4  # Pillow shifts instead of scaling


def test_a_fourth_byte_without_a_mask_has_no_meaning(tmp_path: Path) -> None:
    content = bmp(1, 1, 32, colours=0, pixels=bytes([3, 2, 1, 77]))
    assert read_image(_save(tmp_path, content)).pixels.tolist() == [[[1, 2, 3]]]


def test_alpha_by_mask_as_pillow_reads_it(tmp_path: Path) -> None:
    rgba = smooth(samples=4)
    content = pil_bytes(PilImage.fromarray(rgba), "BMP")
    np.testing.assert_array_equal(read_plane(_save(tmp_path, content)).array[:, :, :3], rgba[:, :, :3])
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    content = bmp(1, 1, 32, colours=0, compression=6, masks=masks, pixels=bytes([30, 20, 10, 51]))
    plane = read_plane(_save(tmp_path, content))
    assert plane.array.tolist() == [[[10, 20, 30, 51]]]
    # A fifth of the colour on four fifths of white.
    assert read_image(tmp_path / "a.bmp").pixels.tolist() == [[[206, 208, 210]]]


def test_the_header_of_os2(tmp_path: Path) -> None:
    head = struct.pack("<IHHHH", 12, 2, 1, 1, 8)
    palette = bytes([3, 2, 1, 6, 5, 4])
    start = 14 + len(head) + len(palette)
    content = b"BM" + struct.pack("<III", start + 4, 0, start) + head + palette + bytes([1, 0, 0, 0])
    assert read_image(_save(tmp_path, content)).pixels.tolist() == [[[4, 5, 6], [1, 2, 3]]]


def test_run_lengths_of_8_bits_by_hand(tmp_path: Path) -> None:
    assert read_plane(_save(tmp_path, good_files()["runs.bmp"])).array.tolist() == [
        [1, 2, 3, 0, 0, 4, 4, 4],
        [5, 5, 5, 5, 5, 5, 5, 1],
    ]


def test_run_lengths_of_4_bits_by_hand(tmp_path: Path) -> None:
    # Bottom row: 1 2 1 2 1 in turn. Top row: 3 4 5 as they are, filled up to two bytes, then 7 7.
    runs = bytes([5, 0x12, 0, 0, 0, 3, 0x34, 0x50, 2, 0x77, 0, 1])
    content = bmp(5, 2, 4, colours=16, compression=2, pixels=runs)
    assert read_plane(_save(tmp_path, content)).array.tolist() == [[3, 4, 5, 7, 7], [1, 2, 1, 2, 1]]


def test_run_lengths_as_pillow_reads_them(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    runs = b""
    for _ in range(20):  # rows of 100 pixels in runs of 1 to 20
        left = 100
        while left:
            length = min(left, int(random.integers(1, 21)))
            runs += bytes([length, int(random.integers(256))])
            left -= length
        runs += b"\x00\x00"
    content = bmp(100, 20, compression=1, pixels=runs + b"\x00\x01")
    expected = np.asarray(PilImage.open(io.BytesIO(content)).convert("L"))
    np.testing.assert_array_equal(read_plane(_save(tmp_path, content)).array, expected)
