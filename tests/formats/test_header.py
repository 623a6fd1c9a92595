"""What headers say of size, scale and camera, before an image is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from sporemetry.image import image_header, read_image

MAKE, MODEL = 271, 272
PIXELS = np.zeros((30, 40, 3), dtype=np.uint8)


def jpeg(path: Path, *, make: str = "", model: str = "", preview: int = 0) -> Path:
    """Write a JPEG with EXIF, and with a block of ``preview`` bytes in front of its size."""
    exif = PillowImage.Exif()
    if make:
        exif[MAKE] = make
    if model:
        exif[MODEL] = model
    PillowImage.fromarray(PIXELS).save(path, exif=exif)
    content = path.read_bytes()
    blocks = b"".join(
        b"\xff\xe2" + (size + 2).to_bytes(2, "big") + bytes(size) for size in [60_000] * (preview // 60_000)
    )
    path.write_bytes(content[:2] + blocks + content[2:])
    return path


@pytest.mark.parametrize("preview", [0, 300_000])
def test_a_jpeg_tells_its_camera(preview: int, tmp_path: Path) -> None:
    header = image_header(jpeg(tmp_path / "a.jpg", make="Zeiss ", model="Axiocam 105", preview=preview))
    assert header is not None
    assert (header.width, header.height, header.um_per_px) == (40, 30, None)
    assert header.camera == "Zeiss Axiocam 105"
    half = image_header(jpeg(tmp_path / "b.jpg", model="E5\u200b-2"))
    assert half is not None
    assert half.camera.startswith("E5")
    none = image_header(jpeg(tmp_path / "c.jpg"))
    assert none is not None
    assert none.camera == ""


def test_a_tiff_tells_its_camera_and_its_scale_as_reading_does(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    extra = [(MAKE, "s", 0, "Leica", True), (MODEL, "s", 0, "DFC 450", True)]
    tifffile.imwrite(
        path, PIXELS, imagej=True, resolution=(4.0, 4.0), metadata={"unit": "um"}, extratags=extra
    )
    header = image_header(path)
    assert header is not None
    assert (header.width, header.height) == (40, 30)
    assert header.um_per_px == read_image(path).um_per_px == 0.25
    tifffile.imwrite(path, PIXELS, photometric="rgb", extratags=extra)
    header = image_header(path)
    assert header is not None
    assert header.camera == "Leica DFC 450"
    assert header.um_per_px is None


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_others_tell_their_size(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    PillowImage.fromarray(PIXELS).save(path)
    header = image_header(path)
    assert header is not None
    assert (header.width, header.height, header.um_per_px, header.camera) == (40, 30, None, "")


def test_damage_in_the_camera_harms_no_pixel(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    extra = [(MODEL, "s", 0, "a camera of a long name", True)]
    tifffile.imwrite(path, PIXELS, photometric="rgb", extratags=extra)
    content = path.read_bytes()
    entry = content.index((MODEL).to_bytes(2, "little") + (2).to_bytes(2, "little"))
    broken = content[: entry + 8] + (1 << 31).to_bytes(4, "little") + content[entry + 12 :]
    path.write_bytes(broken)
    header = image_header(path)
    assert header is not None
    assert (header.width, header.camera) == (40, "")
    assert read_image(path).pixels.shape == PIXELS.shape


def test_what_is_no_image_has_no_header(tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"text", b"II*\x00\xff\xff\xff\x7f", b"\xff\xd8\xff\xe0")):
        path = tmp_path / f"{number}.tif"
        path.write_bytes(content)
        assert image_header(path) is None
    assert image_header(tmp_path / "missing.png") is None
