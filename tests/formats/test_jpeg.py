"""JPEG against Pillow and OpenCV, whole and cut."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage
from tests.good_files import good_files, pil_bytes, smooth

from sporemetry.errors import ImageDamagedError
from sporemetry.image import read_image, read_plane


def _save(folder: Path, content: bytes) -> Path:
    (folder / "a.jpg").write_bytes(content)
    return folder / "a.jpg"


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (37, 53), (64, 64)])
def test_rgb_as_two_other_decoders_show_it(
    size: tuple[int, int], progressive: bool, subsampling: int, tmp_path: Path
) -> None:
    picture = PilImage.fromarray(smooth(*size))
    content = pil_bytes(picture, "JPEG", quality=90, progressive=progressive, subsampling=subsampling)
    found = read_image(_save(tmp_path, content)).pixels.astype(int)
    pillow = np.asarray(PilImage.open(io.BytesIO(content)))
    opencv = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(found - pillow).max() <= 2
    assert np.abs(found - opencv).max() <= 2


def test_grey_is_one_sample_and_three_equal_colours(tmp_path: Path) -> None:
    content = good_files()["grey.jpg"]
    path = _save(tmp_path, content)
    expected = np.asarray(PilImage.open(io.BytesIO(content))).astype(int)
    assert np.abs(read_plane(path).array - expected).max() <= 2
    pixels = read_image(path).pixels
    assert (pixels == pixels[:, :, :1]).all()


def test_cmyk_as_pillow_shows_it(tmp_path: Path) -> None:
    content = good_files()["cmyk.jpg"]
    image = read_image(_save(tmp_path, content))
    expected = np.asarray(PilImage.open(io.BytesIO(content)).convert("RGB"))
    assert np.abs(image.pixels.astype(int) - expected).max() <= 3
    assert image.notes == ("CMYK inks were converted to RGB by formula, without a colour profile.",)


def test_72_dpi_are_no_scale(tmp_path: Path) -> None:
    image = read_image(_save(tmp_path, good_files()["rgb.jpg"]))
    assert (image.um_per_px, image.scale_source, image.notes) == (None, "none", ())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
def test_every_cut_is_damage(options: dict[str, Any], tmp_path: Path) -> None:
    picture = PilImage.fromarray(smooth(64, 64))
    content = pil_bytes(picture, "JPEG", quality=95, **options)
    for size in range(3, len(content) - 1, 11):
        with pytest.raises(ImageDamagedError):
            read_image(_save(tmp_path, content[:size]))


def test_a_cut_with_a_new_end_marker_is_damage_too(tmp_path: Path) -> None:
    """libjpeg fills the rest with grey; only a cut inside its last block of 16 x 16 pixels stays unseen."""
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    content = pil_bytes(PilImage.fromarray(noise), "JPEG", quality=95)
    scan = content.find(b"\xff\xda")
    for size in range(scan + 20, len(content) - 1_500, 97):
        with pytest.raises(ImageDamagedError):
            read_image(_save(tmp_path, content[:size].rstrip(b"\xff") + b"\xff\xd9"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_whole_picture_of_mid_grey_is_no_damage(mode: str, tmp_path: Path) -> None:
    picture = PilImage.new(mode, (40, 24), 128 if mode == "L" else (128, 128, 128))
    assert (read_image(_save(tmp_path, pil_bytes(picture, "JPEG"))).pixels == 128).all()


def test_what_follows_the_end_does_not_matter(tmp_path: Path) -> None:
    content = good_files()["rgb.jpg"]
    expected = read_image(_save(tmp_path, content)).pixels
    for tail in (b"\x00" * 500, content, b"camera maker's trailer"):
        np.testing.assert_array_equal(read_image(_save(tmp_path, content + tail)).pixels, expected)


def test_fill_bytes_between_markers(tmp_path: Path) -> None:
    content = good_files()["rgb.jpg"]
    filled = content[:2] + b"\xff" * 5 + content[2:]
    expected = read_image(_save(tmp_path, content)).pixels
    np.testing.assert_array_equal(read_image(_save(tmp_path, filled)).pixels, expected)


def test_broken_exif_turns_nothing(tmp_path: Path) -> None:
    content = pil_bytes(PilImage.fromarray(smooth()), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
    assert read_image(_save(tmp_path, content)).pixels.shape == (37, 53, 3)
