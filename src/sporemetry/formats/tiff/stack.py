"""The pages of a TIFF -> the planes that a user can choose from.

What is a plane: every page of the main chain that is not marked as a reduced copy or a mask, and of a page
whose samples are channels (two of them, or more than four, or grey ones) every channel. Planes are numbered
from 1 in the order of the file, as Fiji's slider does.
"""

from __future__ import annotations

from dataclasses import dataclass

from sporemetry.formats.refusal import damaged, needs_choice
from sporemetry.formats.tiff.directory import Directory, Tag, TiffStructure
from sporemetry.formats.tiff.metadata import Description

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_LEVEL_ASPECT = 0.02
_LEVEL_WIDTH = 0.6
_MOST_LISTED = 6
_MERGE = " Or merge the channels in Fiji: Image > Type > RGB Color."


@dataclass(frozen=True, slots=True)
class PlanePlace:
    """Where a plane lies.

    Parameters
    ----------
    page : int
        Index of its directory.
    sample : int, optional
        Which sample of the page; None for all.
    shift : int
        How many planes after the page's own: ImageJ writes stacks above 4 GB with one directory only.
    """

    page: int
    sample: int | None = None
    shift: int = 0


def main_pages(
    structure: TiffStructure, directories: list[Directory], description: Description
) -> tuple[list[int], tuple[str, ...]]:
    """Return the pages that are not reduced copies or masks, and the note on those left out.

    A pyramid without marks is known by its shape, unless ImageJ or OME say what the pages are: the first
    page is the largest, and every other one has the same proportions within 2 % and at most 0.6 of its
    width.
    """
    kinds = [structure.number(each, Tag.SUBFILE_TYPE, 0) for each in directories]
    pages = [page for page, kind in enumerate(kinds) if not kind & (_REDUCED | _MASK)]
    if not pages:
        pages = [0]  # some writers mark their only page as reduced
    sizes = [page_size(structure, directories[page]) for page in pages]
    unsaid = description.writer not in ("ImageJ", "OME")
    if unsaid and len(pages) > 1 and all(_is_level(size, sizes[0]) for size in sizes[1:]):
        pages = pages[:1]
    left = len(directories) - len(pages)
    if not left:
        return pages, ()
    return pages, (f"{left} reduced copies or masks beside the full picture were left out.",)


def page_size(structure: TiffStructure, directory: Directory) -> tuple[int, int]:
    """Return width and height of a page as its tags state them, 0 where they do not."""
    return structure.number(directory, Tag.WIDTH, 0), structure.number(directory, Tag.HEIGHT, 0)


def _is_level(size: tuple[int, int], full: tuple[int, int]) -> bool:
    if min(*size, *full) < 1:
        return False
    across, down = full[0] / size[0], full[1] / size[1]
    # One pixel of rounding is much in a small copy.
    slack = _LEVEL_ASPECT + 1 / min(size)
    return across * _LEVEL_WIDTH >= 1 and abs(across / down - 1) <= slack


def build_stack(
    structure: TiffStructure,
    directories: list[Directory],
    pages: list[int],
    description: Description,
    *,
    channels: int,
    contiguous: int,
) -> tuple[tuple[PlanePlace, ...], str]:
    """Return the places of all planes and what they are in words, after a check that none is missing.

    Parameters
    ----------
    structure, directories, description
        The file.
    pages : list of int
        Those of :func:`main_pages`.
    channels : int
        Samples of a page that are channels of their own; 1 where they make one colour.
    contiguous : int
        How many planes of the first page's size lie one after the other from its first byte on.

    Raises
    ------
    Refusal
        ImageDamagedError where ImageJ, OME or tifffile state more planes than there are.
    """
    places = [PlanePlace(page) for page in pages]
    first = directories[pages[0]]
    width, height = page_size(structure, first)
    _check_ome_size(description, width, height)
    stated = description.planes(width, height, structure.number(first, Tag.SAMPLES, 1))
    if stated is not None and stated > len(places):
        if contiguous < stated:
            raise damaged(
                f"{stated} planes, as its {description.writer} metadata states",
                f"{len(places)} in the file",
                "Copy the file again from where it was taken, or export it again as one file.",
            )
        places = [PlanePlace(0, shift=shift) for shift in range(stated)]
    if channels > 1:
        places = [PlanePlace(each.page, sample, each.shift) for each in places for sample in range(channels)]
    return tuple(places), _words(structure, directories, description, places, channels)


def _check_ome_size(description: Description, width: int, height: int) -> None:
    if description.ome is None or not description.ome.images:
        return
    sizes = {(image.width, image.height) for image in description.ome.images}
    if (width, height) not in sizes:
        first = description.ome.images[0]
        raise damaged(
            f"{first.width} x {first.height} pixels, as its OME metadata states", f"{width} x {height} pixels"
        )


def _words(
    structure: TiffStructure,
    directories: list[Directory],
    description: Description,
    places: list[PlanePlace],
    channels: int,
) -> str:
    """Say what the planes are: ``12 pages: 3 channels x 4 slices``."""
    axes = list(description.axes)
    if not axes and channels > 1:
        pages = len(places) // channels
        axes = [(channels, "channels"), *([(pages, "pages")] if pages > 1 else [])]
    if axes:
        return f"{len(places)} pages: " + " x ".join(f"{number} {name}" for number, name in axes)
    sizes = [page_size(structure, directories[place.page]) for place in places]
    if len(set(sizes)) == 1:
        return f"{len(places)} pages of {sizes[0][0]} x {sizes[0][1]} pixels"
    listed = [f"page {k}: {w} x {h}" for k, (w, h) in enumerate(sizes[:_MOST_LISTED], 1)]
    return (
        f"{len(places)} pages of different sizes ({', '.join(listed)}{', ...' * (len(sizes) > _MOST_LISTED)})"
    )


def choose(
    places: tuple[PlanePlace, ...], words: str, page: int | None, projection: str | None
) -> tuple[PlanePlace, ...]:
    """Return the places to read: one, or all of them for a projection; ``words`` says what they are.

    Raises
    ------
    Refusal
        ImageChoiceError for a stack without a choice, and for a page that is not there.
    """
    number = len(places)
    if page is not None:
        if page > number:
            raise needs_choice(f"a page from 1 to {number}", f"--page {page}", f"The file has {words}.")
        return (places[page - 1],)
    if projection is None and number > 1:
        raise needs_choice(
            "one picture",
            f"a stack of {words}",
            f"Say which one is meant with --page N (1 to {number}), or --projection max (min, mean) for all."
            + (_MERGE if "channels" in words else ""),
        )
    return places
