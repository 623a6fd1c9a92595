"""Pictures inside the page, as data URIs that together stay small enough to mail."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from sporemetry.errors import FileError, ImageDamagedError
from sporemetry.report.limits import ALL_IMAGES_MAX_BYTES

# More than this does not help one picture: 1,600 pixels at this quality need about 400 kB.
ONE_PICTURE_MAX_BYTES = 400_000
# Long sides that are tried, from one that fills a screen to one where spores are specks.
LONG_SIDES = (1600, 1280, 1024, 800, 640, 512, 400, 320, 240, 160, 96)
QUALITY = 82
# Bytes a pixel of a typical picture at this quality; it only decides which long side is tried first.
_BYTES_PER_PIXEL = 0.28


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture for an ``img`` element: its data URI and its size in pixels."""

    uri: str
    width: int
    height: int


def picture_budget(count: int, total: int = ALL_IMAGES_MAX_BYTES) -> int:
    """Return how many bytes each of ``count`` pictures may have before base64 makes them a third longer.

    Examples
    --------
    >>> picture_budget(1), picture_budget(200), picture_budget(0)
    (400000, 39375, 400000)
    """
    return min(ONE_PICTURE_MAX_BYTES, total * 3 // 4 // max(count, 1))


def embed_pictures(paths: Sequence[Path], total: int = ALL_IMAGES_MAX_BYTES) -> Iterator[EmbeddedPicture]:
    """Yield the pictures, each scaled down as far as the budget of all of them asks; none is left out.

    Parameters
    ----------
    paths : sequence of Path
        JPEG files. None gives nothing.
    total : int
        Bytes that all of them may take of the page.

    Raises
    ------
    FileError
        When a file is missing.
    ImageDamagedError
        When it is no picture.
    """
    budget = picture_budget(len(paths), total)
    for path in paths:
        yield _embed(path, budget)


def _embed(path: Path, budget: int) -> EmbeddedPicture:
    with told_as_overlay(path):
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as picture:
            size = picture.size
        if len(content) > budget or max(size) > LONG_SIDES[0]:
            content, size = _scaled(content, size, budget)
    return EmbeddedPicture(f"data:image/jpeg;base64,{base64.b64encode(content).decode()}", *size)


@contextmanager
def told_as_overlay(path: Path) -> Iterator[None]:
    """Turn what goes wrong with an outlined picture into an error that says what to do.

    Raises
    ------
    FileError
        When the file is missing or cannot be read.
    ImageDamagedError
        When it is no picture.
    """
    try:
        yield
    except UnidentifiedImageError as error:
        raise ImageDamagedError(
            path,
            expected="an outlined picture written by Sporemetry",
            found="a file that is no picture",
            remedy="Delete it and run the same command again.",
        ) from error
    except OSError as error:
        raise FileError(
            path,
            expected="an outlined picture that can be read",
            found=error.strerror or str(error),
            remedy="Run the same command again, which writes what is missing.",
        ) from error


def _scaled(content: bytes, size: tuple[int, int], budget: int) -> tuple[bytes, tuple[int, int]]:
    first = (budget / _BYTES_PER_PIXEL * max(size) / min(size)) ** 0.5
    # One step above the estimate is tried too, and the smallest is taken whatever it needs.
    sides = [side for side in LONG_SIDES if side <= 1.3 * first] or [LONG_SIDES[-1]]
    with Image.open(io.BytesIO(content)) as opened:
        # Decodes at reduced size where it can.
        opened.thumbnail((sides[0], sides[0]), Image.Resampling.HAMMING, reducing_gap=1.0)
        picture = opened.convert("RGB")
    for side in sides:
        picture.thumbnail((side, side), Image.Resampling.HAMMING)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
        if buffer.tell() <= budget:
            break
    return buffer.getvalue(), picture.size
