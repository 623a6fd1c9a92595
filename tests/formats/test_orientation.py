"""The eight orientations against Pillow, and the laws between them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageOps
from tests.formats import tiff_writer as t
from tests.formats.tiff_writer import SHORT, RawPage, raw_tiff
from tests.good_files import pil_bytes, smooth

from sporemetry.formats.orientation import ORIENTATIONS, exif_orientation, orient
from sporemetry.image import read_image, read_plane

_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def _exif(orientation: int) -> bytes:
    exif = PilImage.Exif()
    exif[274] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_as_pillow_turns_it(orientation: int, kind: str, tmp_path: Path) -> None:
    picture = PilImage.fromarray(smooth(24, 40))
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": _exif(orientation)}
    content = pil_bytes(picture, kind, **options)
    path = tmp_path / "a.img"
    path.write_bytes(content)
    upright = ImageOps.exif_transpose(PilImage.open(io.BytesIO(content)))
    image = read_image(path)
    assert np.abs(image.pixels.astype(int) - np.asarray(upright)).max() <= 2
    assert image.pixels.flags.c_contiguous
    notes = (
        ()
        if orientation == 1
        else (f"The picture was {ORIENTATIONS[orientation]}, as its orientation tag asks.",)
    )
    assert image.notes == notes


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_each_has_one_that_turns_it_back(orientation: int) -> None:
    array = np.arange(24).reshape(2, 4, 3)
    np.testing.assert_array_equal(orient(orient(array, orientation), _BACK[orientation]), array)


def test_labels_turn_as_pictures_do(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff(RawPage({t.ORIENTATION: (SHORT, 6)}, bytes(range(12)))))
    assert read_plane(tmp_path / "a.tif").array.tolist() == [[8, 4, 0], [9, 5, 1], [10, 6, 2], [11, 7, 3]]


@pytest.mark.parametrize("block", [
    b"", b"Exif\x00\x00", b"Exif\x00\x00II*\x00", b"Exif\x00\x00XX*\x00\x08\x00\x00\x00" + bytes(20),
    _exif(0), _exif(9), _exif(1)[:-3],
])  # fmt: skip
def test_a_broken_or_senseless_block_is_upright(block: bytes) -> None:
    assert exif_orientation(block) == 1


def test_big_endian_blocks() -> None:
    block = raw_tiff(RawPage({t.ORIENTATION: (SHORT, 8)}), order=">")
    assert exif_orientation(b"Exif\x00\x00" + block) == 8
