"""Pictures inside the page: all of them, within the budget."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sporemetry.errors import FileError, ImageDamagedError
from sporemetry.overlay import encode_jpeg
from sporemetry.report.embedding import (
    LONG_SIDES,
    ONE_PICTURE_MAX_BYTES,
    EmbeddedPicture,
    embed_pictures,
    picture_budget,
)
from sporemetry.report.limits import ALL_IMAGES_MAX_BYTES


def noise(path: Path, height: int, width: int) -> Path:
    """Noise is the worst that a JPEG can meet."""
    rng = np.random.default_rng(5)
    path.write_bytes(encode_jpeg(rng.integers(0, 256, (height, width, 3)).astype(np.uint8)))
    return path


def content(picture: EmbeddedPicture) -> bytes:
    return base64.b64decode(picture.uri.removeprefix("data:image/jpeg;base64,"))


@given(st.integers(1, 100_000))
def test_the_budgets_of_all_pictures_fit_the_page_as_base64(count: int) -> None:
    assert count * picture_budget(count) * 4 / 3 <= ALL_IMAGES_MAX_BYTES
    assert picture_budget(count) <= ONE_PICTURE_MAX_BYTES


def test_a_small_picture_is_embedded_byte_for_byte(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.jpg", 60, 80)
    (picture,) = embed_pictures([path])
    assert content(picture) == path.read_bytes()
    assert (picture.width, picture.height) == (80, 60)


def test_a_large_even_picture_is_scaled_to_the_longest_side(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode_jpeg(np.full((1500, 3000, 3), 90, np.uint8)))
    (picture,) = embed_pictures([path])
    assert (picture.width, picture.height) == (LONG_SIDES[0], LONG_SIDES[0] // 2)
    assert np.abs(np.asarray(Image.open(io.BytesIO(content(picture)))).astype(int) - 90).max() <= 2


def test_two_hundred_of_the_worst_pictures_stay_mailable(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.jpg", 320, 400)
    pictures = list(embed_pictures([path] * 200))
    assert len(pictures) == 200
    assert sum(len(picture.uri) for picture in pictures) < ALL_IMAGES_MAX_BYTES + 200 * 30
    assert all(len(content(picture)) <= picture_budget(200) for picture in pictures)
    sizes = {Image.open(io.BytesIO(content(picture))).size for picture in pictures}
    assert sizes == {(pictures[0].width, pictures[0].height)}


def test_of_thousands_each_is_there_as_small_as_need_be(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.jpg", 320, 400)
    pictures = embed_pictures([path] * 30_000)
    assert max(next(pictures).width, next(pictures).height) == LONG_SIDES[-1]


def test_no_pictures_give_nothing() -> None:
    assert list(embed_pictures([])) == []


def test_a_missing_and_a_broken_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.jpg"):
        list(embed_pictures([tmp_path / "gone.jpg"]))
    (tmp_path / "text.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageDamagedError, match=r"text\.jpg"):
        list(embed_pictures([tmp_path / "text.jpg"]))
    whole = noise(tmp_path / "half.jpg", 2000, 2000).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"half\.jpg"):
        list(embed_pictures([tmp_path / "half.jpg"]))
