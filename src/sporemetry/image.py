"""A picture file -> :class:`Image`: RGB pixels, the scale in µm a pixel, and what was done on the way.

PNG, JPEG, BMP and TIFF (ImageJ's and OME's too) are read, by content and not by name. Sizes in the header
are held against a pixel budget before anything is decoded. Whatever is wrong with a file ends in an
:class:`~sporemetry.errors.ImageReadError` that says what was expected, found, and what to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, TypeVar

from numpy.typing import NDArray

from sporemetry.errors import ImageDamagedError, ImageTooLargeError, SettingsError
from sporemetry.formats.bmp import read_bmp
from sporemetry.formats.convert import to_rgb
from sporemetry.formats.header import ImageHeader, read_header
from sporemetry.formats.jpeg import read_jpeg
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS, Budget
from sporemetry.formats.plane import Coding, Plane
from sporemetry.formats.png import read_png
from sporemetry.formats.projection import PROJECTIONS
from sporemetry.formats.refusal import Refusal, needs_choice
from sporemetry.formats.scale import BY_USER, NO_SCALE, STATED
from sporemetry.formats.sniff import HEAD_BYTES, SUFFIXES, name_note, sniff
from sporemetry.formats.source import Source, open_source
from sporemetry.formats.tiff.reader import read_tiff
from sporemetry.stated_number import check_number

__all__ = [
    "PICTURE_SUFFIXES",
    "PROJECTIONS",
    "Coding",
    "Image",
    "ImageHeader",
    "Plane",
    "ReadSettings",
    "check_image_file",
    "image_header",
    "is_picture_name",
    "pixels_in_header",
    "read_image",
    "read_plane",
]

PICTURE_SUFFIXES = frozenset(SUFFIXES)

_LARGEST_PAGE = 2**31 - 1
# Pixels are numbered in 32 bits.
_LARGEST_BUDGET = 2_000_000_000
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture as all stages take it.

    Parameters
    ----------
    pixels : array of shape (H, W, 3), uint8 or uint16
        RGB, C-contiguous, upright.
    um_per_px : float, optional
        Micrometres a pixel; None where the file states no scale that can be trusted.
    scale_source : str
        ``none``, ``--um-per-px``, ``ImageJ metadata``, ``OME metadata`` or ``TIFF resolution``.
    path : Path, optional
        The file, where there is one.
    notes : tuple of str
        Every conversion that the user should know of, in plain sentences.
    """

    pixels: NDArray[Any]
    um_per_px: float | None = None
    scale_source: str = NO_SCALE
    path: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How pictures are read.

    Parameters
    ----------
    page : int, optional
        Which plane of a stack, counted from 1 as Fiji's slider does. A file of one picture has page 1.
    projection : str, optional
        Which projection of a stack: a key of :data:`PROJECTIONS`. One picture is its own projection.
    um_per_px : float, optional
        Micrometres a pixel, instead of what the file states.
    max_pixels : int
        Most pixels of a picture. Reading needs at most about 24 bytes of memory for each of them, and
        128 MiB; a picture uses what its own size asks for (8-bit RGB: 3 to 10 bytes a pixel).

    Raises
    ------
    SettingsError
        For values outside these, and for a page and a projection together.

    Examples
    --------
    >>> ReadSettings(projection="max").page is None
    True
    """

    page: int | None = None
    projection: str | None = None
    um_per_px: float | None = None
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        if self.page is not None:
            check_number("--page", self.page, 1, _LARGEST_PAGE, whole=True)
        if self.projection is not None and (
            not isinstance(self.projection, str) or self.projection not in PROJECTIONS
        ):
            raise SettingsError(
                "--projection", expected=f"one of {', '.join(PROJECTIONS)}", found=repr(self.projection)
            )
        if self.page is not None and self.projection is not None:
            raise SettingsError("--page", expected="a page or a projection", found="both")
        if self.um_per_px is not None:
            check_number(
                "--um-per-px",
                self.um_per_px,
                *STATED,
                of="µm a pixel",
                remedy="Give the micrometres that one pixel covers, for instance 0.25.",
            )
        check_number("--max-pixels", self.max_pixels, 1, _LARGEST_BUDGET, whole=True)


_DEFAULTS = ReadSettings()
_READERS: dict[str, Callable[[Source, Budget], Plane]] = {
    "PNG": read_png,
    "JPEG": read_jpeg,
    "BMP": read_bmp,
}


def read_image(path: str | Path, settings: ReadSettings = _DEFAULTS) -> Image:
    """Read a picture as RGB of 8 or 16 bits.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG, BMP or TIFF; the content decides, and a note tells where the name says otherwise.
    settings : ReadSettings

    Returns
    -------
    Image
        8 and 16 bits are kept. Orientation is applied, palettes are expanded, transparency is put on white,
        CMYK, YCbCr and L*a*b* become RGB. Float pictures are scaled to 16 bits: from 0..1 where they lie
        in it, else from their smallest to their largest value. Notes say so.

    Raises
    ------
    ImageReadError
        And of its family: ImageFormatError, ImageDamagedError, ImageTooLargeError, ImageContentError
        (no pixels, NaN), ImageChoiceError (a stack without ``page`` or ``projection``).
    """
    path = Path(path)
    plane = read_plane(path, settings)
    pixels, notes = _guarded(path, lambda: to_rgb(plane))
    return Image(pixels, plane.um_per_px, plane.scale_source, path, (*plane.notes, *notes))


def check_image_file(path: str | Path, settings: ReadSettings = _DEFAULTS) -> None:
    """Refuse what is no image of a size that can be read, by its first bytes and its size alone.

    To be asked before a file is read to its end for its hash: it may be a terabyte of nothing.

    Raises
    ------
    ImageReadError
        When it is no regular file, of no kind that is read, or a PNG, JPEG or BMP file above the budget.
    """
    path = Path(path)
    _guarded(path, lambda: _check_image_file(path, Budget(settings.max_pixels)))


def image_header(path: str | Path) -> ImageHeader | None:
    """Return what an image's header says; None for what is no image that can be read."""
    try:
        with open_source(Path(path)) as source:
            return read_header(source, sniff(source.head(HEAD_BYTES), Path(path)))
    except (Refusal, OSError):
        return None


def pixels_in_header(path: str | Path) -> int | None:
    """Return how many pixels an image has by its header; None for what is no image that can be read."""
    header = image_header(path)
    return None if header is None else header.width * header.height


def read_plane(path: str | Path, settings: ReadSettings = _DEFAULTS) -> Plane:
    """Read one plane in the file's own numbers, as label pictures need, with the guards of a picture.

    Parameters
    ----------
    path : str or Path
    settings : ReadSettings

    Returns
    -------
    Plane
        ``array`` is (H, W) or (H, W, C): palette indices stay indices, 32-bit ids stay 32 bits.

    Raises
    ------
    ImageReadError
        As :func:`read_image`.
    """
    path = Path(path)
    return _guarded(path, lambda: _read_plane(path, settings))


def is_picture_name(path: str | PurePath) -> bool:
    """Return whether a file's name is that of a picture that can be read; hidden files never are.

    Examples
    --------
    >>> [is_picture_name(name) for name in ("a.TIF", "b.ome.tiff", "notes.txt", "._a.tif")]
    [True, True, False, False]
    """
    name = PurePath(path)
    return name.suffix.lower() in PICTURE_SUFFIXES and not name.name.startswith(".")


def _check_image_file(path: Path, budget: Budget) -> None:
    with open_source(path) as source:
        # A TIFF may hold many planes, and is not read whole.
        if sniff(source.head(HEAD_BYTES), path) != "TIFF":
            source.check_size(budget.file_bytes)


def _read_plane(path: Path, settings: ReadSettings) -> Plane:
    budget = Budget(settings.max_pixels)
    with open_source(path) as source:
        kind = sniff(source.head(HEAD_BYTES), path)
        if kind == "TIFF":
            plane = read_tiff(source, budget, settings.page, settings.projection)
        else:
            if settings.page not in (None, 1):
                raise needs_choice("page 1", f"--page {settings.page}", f"A {kind} file has one page.")
            plane = _READERS[kind](source, budget)
    return _with_user_scale(
        replace(plane, path=path, notes=(*name_note(kind, path), *plane.notes)), settings.um_per_px
    )


def _with_user_scale(plane: Plane, um_per_px: float | None) -> Plane:
    if um_per_px is None:
        return plane
    notes = plane.notes
    stated = plane.um_per_px
    if stated is not None and not math.isclose(stated, um_per_px, rel_tol=0.01):
        notes = (
            *notes,
            f"The {plane.scale_source} says {stated:g} µm a pixel; --um-per-px says {um_per_px:g}.",
        )
    return replace(plane, um_per_px=float(um_per_px), scale_source=BY_USER, notes=notes)


def _guarded(path: Path, read: Callable[[], _Result]) -> _Result:
    """Run a reader, and turn whatever goes wrong into the one family of errors."""
    try:
        return read()
    except Refusal as refusal:
        raise refusal.at(path) from refusal.__cause__
    except MemoryError as error:
        raise ImageTooLargeError(
            path,
            expected="a picture that fits into memory",
            found="too little memory",
            remedy="Close other programs, or crop the picture.",
        ) from error
    except Exception as error:
        # The last net, for one odd file in a folder of thousands; the fuzz counts it as our mistake.
        raise ImageDamagedError(
            path,
            expected="a picture that can be decoded",
            found=f"an unexpected {type(error).__name__}: {error}",
            remedy="Please report this file to the makers of Sporemetry.",
        ) from error
