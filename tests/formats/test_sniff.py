"""What a file is: by content, with the remedy named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.bad_files import bad_files
from tests.good_files import good_files

from sporemetry.errors import ImageFormatError
from sporemetry.image import PICTURE_SUFFIXES, is_picture_name, read_image


@pytest.mark.parametrize(("name", "found", "remedy"), [
    ("czi.tif", "Zeiss CZI", "ZEN"), ("lif.tif", "Leica LIF", "LAS X"),
    ("nd2.tif", "Nikon ND2", "NIS-Elements"), ("olympus.vsi", "Olympus VSI", "cellSens"),
    ("zvi.tif", "OLE", "Bio-Formats"), ("heic.jpg", "HEIC", "JPEG"), ("raw.tif", "raw picture", "TIFF"),
    ("pdf.tif", "PDF", "picture itself"), ("page.jpg", "web page", "picture itself"),
    ("gif.png", "GIF", "PNG"), ("webp.jpg", "WebP", "PNG"), ("noise.bmp", "unknown kind", "PNG"),
    ("text.png", "text file", "PNG"), ("archive.tif", "ZIP", "Unpack"), ("zeros.tif", "finished", "Copy"),
])  # fmt: skip
def test_what_it_really_is_and_what_to_do(name: str, found: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(bad_files()[name][0])
    with pytest.raises(ImageFormatError) as caught:
        read_image(tmp_path / name)
    assert found in caught.value.found
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(("content", "name", "kind"), [
    ("rgb.png", "a.jpg", "PNG"), ("rgb.jpg", "a.tif", "JPEG"), ("rgb_lzw.tif", "a.png", "TIFF"),
    ("rgb.bmp", "a.jpeg", "BMP"),
])  # fmt: skip
def test_a_picture_under_another_name_is_read_with_a_note(
    content: str, name: str, kind: str, tmp_path: Path
) -> None:
    (tmp_path / content).write_bytes(good_files()[content])
    (tmp_path / name).write_bytes(good_files()[content])
    right, wrong = read_image(tmp_path / content), read_image(tmp_path / name)
    np.testing.assert_array_equal(right.pixels, wrong.pixels)
    suffix = Path(name).suffix
    assert wrong.notes == (f"The file is named {suffix} but is a {kind} file, and was read as that.",)
    assert right.notes == ()


def test_a_name_without_a_suffix_is_no_contradiction(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(good_files()["rgb.png"])
    assert read_image(tmp_path / "picture").notes == ()


def test_names_of_pictures() -> None:
    assert all(is_picture_name(f"x{suffix.upper()}") for suffix in PICTURE_SUFFIXES)
    assert is_picture_name(Path("folder.d/x.ome.tif"))
    assert not any(
        is_picture_name(name) for name in ("x.czi", "png", ".png", "._x.png", ".x.tif", "x.png.txt", "")
    )
