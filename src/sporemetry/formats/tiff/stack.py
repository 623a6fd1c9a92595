"""The pages of a TIFF -> the planes that a user can choose from.

What is a plane: every page of the main chain that is not marked as a reduced copy or a mask, and of a page
whose samples are channels (two of them, or more than four, or grey ones) every channel. Planes are numbered
from 1 in the order of the file, as Fiji's slider does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sporemetry.formats.refusal import damaged, needs_choice
from sporemetry.formats.tiff.directory import MAX_PAGES, Tag, TiffStructure
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
    offset : int
        Where its directory lies.
    page : int
        Which of the main pages that is, from 0.
    sample : int, optional
        Which sample of the page; None for all.
    shift : int
        How many planes after the page's own: ImageJ writes stacks above 4 GB with one directory only.
    """

    offset: int
    page: int
    sample: int | None = None
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """What has to be known of a page to list it: where its directory lies, NewSubfileType, and its size."""

    offset: int
    kind: int
    width: int
    height: int


def outline(structure: TiffStructure, offset: int) -> Outline:
    """Read the outline of a page; sizes that are not stated are 0."""
    directory = structure.directory(offset)
    return Outline(
        offset,
        structure.number(directory, Tag.SUBFILE_TYPE, 0),
        structure.number(directory, Tag.WIDTH, 0),
        structure.number(directory, Tag.HEIGHT, 0),
    )


def main_pages(pages: list[Outline], description: Description) -> tuple[list[Outline], tuple[str, ...]]:
    """Return the pages that are not reduced copies or masks, and the note on those left out.

    A pyramid without marks is known by its shape, unless ImageJ or OME say what the pages are: the first
    page is the largest, and every other one has the same proportions within 2 % and at most 0.6 of its
    width.
    """
    # Some writers mark their only page as reduced.
    kept = [page for page in pages if not page.kind & (_REDUCED | _MASK)] or pages[:1]
    unsaid = description.writer not in ("ImageJ", "OME")
    if unsaid and len(kept) > 1 and all(_is_level(page, kept[0]) for page in kept[1:]):
        kept = kept[:1]
    left = len(pages) - len(kept)
    if not left:
        return kept, ()
    return kept, (f"{left} reduced copies or masks beside the full picture were left out.",)


def _is_level(page: Outline, full: Outline) -> bool:
    if min(page.width, page.height, full.width, full.height) < 1:
        return False
    across, down = full.width / page.width, full.height / page.height
    # One pixel of rounding is much in a small copy.
    slack = _LEVEL_ASPECT + 1 / min(page.width, page.height)
    return across * _LEVEL_WIDTH >= 1 and abs(across / down - 1) <= slack


def build_stack(
    pages: list[Outline], description: Description, *, samples: int, channels: int, contiguous: int
) -> tuple[tuple[PlanePlace, ...], str]:
    """Return the places of all planes and what they are in words, after a check that none is missing.

    Parameters
    ----------
    pages : list of Outline
        Those of :func:`main_pages`.
    description : Description
    samples : int
        Of the first page.
    channels : int
        Samples of a page that are channels of their own; 1 where they make one colour.
    contiguous : int
        How many planes of the first page's size lie one after the other from its first byte on.

    Raises
    ------
    Refusal
        ImageDamagedError where ImageJ, OME or tifffile state more planes than there are.
    """
    places = [PlanePlace(page.offset, number) for number, page in enumerate(pages)]
    _check_ome_size(description, pages[0])
    stated = description.planes(pages[0].width, pages[0].height, samples)
    stated = len(places) if stated is None else max(stated, len(places))
    if stated * channels > MAX_PAGES:
        raise damaged(f"at most {MAX_PAGES:,} planes", f"{stated:,} pages of {channels} channels")
    if stated > len(places):
        if contiguous < stated:
            raise damaged(
                f"{stated} planes, as its {description.writer} metadata states",
                f"{len(places)} in the file",
                "Copy the file again from where it was taken, or export it again as one file.",
            )
        places = [PlanePlace(pages[0].offset, 0, shift=shift) for shift in range(stated)]
    if channels > 1:
        places = [replace(each, sample=sample) for each in places for sample in range(channels)]
    return tuple(places), _words(pages, description, len(places), channels)


def _check_ome_size(description: Description, first: Outline) -> None:
    if description.ome is None or not description.ome.images:
        return
    sizes = [(image.width, image.height) for image in description.ome.images]
    if (first.width, first.height) not in sizes:
        raise damaged(
            f"{sizes[0][0]} x {sizes[0][1]} pixels, as its OME metadata states",
            f"{first.width} x {first.height} pixels",
        )


def _words(pages: list[Outline], description: Description, planes: int, channels: int) -> str:
    """Say what the planes are: ``12 pages: 3 channels x 4 slices``."""
    axes = list(description.axes)
    if not axes and channels > 1:
        axes = [(channels, "channels"), *([(planes // channels, "pages")] if planes > channels else [])]
    if axes:
        return f"{planes} pages: " + " x ".join(f"{number} {name}" for number, name in axes)
    sizes = [f"{page.width} x {page.height}" for page in pages]
    if len(set(sizes)) == 1:
        return f"{planes} pages of {sizes[0]} pixels"
    listed = [f"page {k}: {size}" for k, size in enumerate(sizes[:_MOST_LISTED], 1)]
    return f"{planes} pages of different sizes ({', '.join(listed)}{', ...' * (len(sizes) > _MOST_LISTED)})"


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
