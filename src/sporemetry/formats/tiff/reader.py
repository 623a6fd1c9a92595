"""A TIFF file -> one plane: the parts composed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.formats.limits import Budget
from sporemetry.formats.orientation import checked_orientation, orient, orientation_note
from sporemetry.formats.plane import Coding, Plane
from sporemetry.formats.projection import PROJECTIONS, project
from sporemetry.formats.refusal import Refusal, damaged, needs_choice, no_content
from sporemetry.formats.source import Source
from sporemetry.formats.tiff.codecs import JPEG
from sporemetry.formats.tiff.coding import count_channels, read_coding
from sporemetry.formats.tiff.directory import Directory, Tag, TiffStructure
from sporemetry.formats.tiff.layout import Layout, read_layout
from sporemetry.formats.tiff.metadata import read_description, scale_of
from sporemetry.formats.tiff.segments import decode_page
from sporemetry.formats.tiff.stack import PlanePlace, build_stack, choose, main_pages, outline

_MOST_TABLES = 1 << 16
_MOST_SOFTWARE = 1 << 10


def read_tiff(source: Source, budget: Budget, page: int | None, projection: str | None) -> Plane:
    """Decode one plane of a TIFF, or a projection of all of them, upright.

    Parameters
    ----------
    source : Source
    budget : Budget
        Asked before anything is allocated; a projection counts its sum too.
    page : int, optional
        Which plane, from 1.
    projection : str, optional
        A key of :data:`~sporemetry.formats.projection.PROJECTIONS`.

    Raises
    ------
    Refusal
        Of every kind; ImageChoiceError for a stack without a choice.
    """
    return _Reader(source, budget).read(page, projection)


class _Reader:
    """One open TIFF: its structure, its description, and its main pages."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self.budget = budget
        self.structure = TiffStructure.open(source)
        chain = self.structure.chain()
        self.alone = len(chain) == 1
        self.description = read_description(self.structure, self.structure.directory(chain[0]))
        outlines = [outline(self.structure, offset) for offset in chain]
        self.pages, self.notes = main_pages(outlines, self.description)

    def read(self, page: int | None, projection: str | None) -> Plane:
        """Find the planes, choose, decode, and say what was done."""
        base = self._layout(PlanePlace(self.pages[0].offset, 0))
        places, words = build_stack(
            self.pages,
            self.description,
            samples=base.samples,
            channels=count_channels(base),
            contiguous=self._contiguous_planes(base),
        )
        chosen = choose(places, words, page, projection)
        layout = self._layout(chosen[0])
        coding = self._coding(chosen[0], layout)
        notes = self.notes
        if len(chosen) == 1:
            array = next(self._planes(chosen, layout))
            if len(places) > 1:
                notes = (*notes, f"Page {page} of {words} was read.")
        else:
            array = self._projected(chosen, layout, coding, str(projection))
            notes = (*notes, f"The {projection} projection of {words} was made.")
        return self._plane(array, coding, chosen[0], notes)

    def _layout(self, place: PlanePlace) -> Layout:
        layout = read_layout(self.structure, self.structure.directory(place.offset), self.budget)
        if not place.shift:
            return layout
        start = layout.offsets[0] + place.shift * layout.plane_bytes
        return replace(layout, segment_height=layout.height, offsets=[start], counts=[layout.plane_bytes])

    def _contiguous_planes(self, layout: Layout) -> int:
        """Return how many planes of the first page's size follow each other up to the end of the file.

        ImageJ writes stacks above 4 GB so: one directory in front, then the planes.
        """
        starts = layout.offsets[:1]
        for count in layout.counts[:-1]:
            starts.append(starts[-1] + count)
        in_row = layout.compression == 1 and not layout.tiled and not layout.separate
        in_front = self.structure.lies_before(self.structure.directory(self.pages[0].offset), starts[0])
        if not in_row or not in_front or starts != layout.offsets or not self.alone:
            return 1
        return (self.structure.source.size - starts[0]) // layout.plane_bytes

    def _coding(self, place: PlanePlace, layout: Layout) -> Coding:
        if (place.sample is None) != (count_channels(layout) == 1):
            raise needs_choice(
                "pages that all hold one colour, or all hold channels",
                f"page {place.page + 1} of another kind than the first",
                "Save the page alone as TIFF, and choose its channel then.",
            )
        ome = self.description.ome
        significant = ome.images[0].significant_bits if ome is not None and ome.images else 0
        return read_coding(self.structure, self.structure.directory(place.offset), layout, significant)

    def _planes(self, places: tuple[PlanePlace, ...], first: Layout) -> Iterator[NDArray[Any]]:
        """Decode the places one by one; a page is decoded once for all its channels."""
        decoded: NDArray[Any] = np.empty(0)
        current: tuple[int, int] | None = None
        encoded = 0
        for number, place in enumerate(places, 1):
            if current != (place.offset, place.shift):
                layout = self._layout(place)
                _check_same(layout, first, number)
                # Blank tiles of one page may share their bytes, but pages may not.
                encoded += sum(count for _, count in set(zip(layout.offsets, layout.counts, strict=True)))
                if encoded > self.structure.source.size:  # a small file that would take hours
                    raise damaged("planes with data of their own", "planes that share their bytes")
                directory = self.structure.directory(place.offset)
                tables = self.structure.content(directory, Tag.JPEG_TABLES, most=_MOST_TABLES)
                decoded = decode_page(self.structure, layout, tables)
                current = place.offset, place.shift
            yield decoded if place.sample is None else _sample(decoded, place.sample)

    def _projected(
        self, places: tuple[PlanePlace, ...], layout: Layout, coding: Coding, name: str
    ) -> NDArray[Any]:
        if coding.palette is not None:
            raise needs_choice(
                "pages of which a projection has a meaning", "palette indices", "Choose one with --page N."
            )
        size = layout.dtype.itemsize
        projection = PROJECTIONS[name]
        samples = layout.samples + (1 if places[0].sample is not None else 0)
        self.budget.check(layout.width, layout.height, samples * size + samples * projection.sum_bytes(size))
        return project(projection.mirrored if coding.inverted else name, self._planes(places, layout))

    def _plane(self, array: NDArray[Any], coding: Coding, place: PlanePlace, notes: tuple[str, ...]) -> Plane:
        if array.dtype.kind == "f" and not (np.isfinite(array.min()) and np.isfinite(array.max())):
            raise no_content(
                "finite numbers in a float picture",
                "NaN or infinity",
                "Replace them in the program that made it.",
            )
        directory = self.structure.directory(place.offset)
        orientation = checked_orientation(self.structure.number(directory, Tag.ORIENTATION, 1))
        scale = scale_of(self.description, self.structure, directory, place.page)
        if self.description.ome is not None and self.description.ome.companion:
            notes = (*notes, "Its OME metadata lies in another file, which was not opened.")
        return Plane(
            orient(array, orientation),
            coding,
            um_per_px=scale.um_per_px,
            scale_source=scale.source,
            notes=(*notes, *orientation_note(orientation), *scale.notes),
            lossy=self.structure.number(directory, Tag.COMPRESSION, 1) == JPEG,
            software=_software(self.structure, directory),
        )


def _software(structure: TiffStructure, directory: Directory) -> str:
    """Return the program that wrote the file; empty where it is not said, or not in a readable way."""
    try:
        content = structure.content(directory, Tag.SOFTWARE, most=_MOST_SOFTWARE)
    except Refusal:
        return ""
    return content.split(b"\x00")[0].decode("ascii", "replace").strip()


def _sample(page: NDArray[Any], sample: int) -> NDArray[Any]:
    if page.ndim != 3 or sample >= page.shape[2]:
        raise damaged(f"channel {sample + 1} on every page", f"a page of shape {page.shape}")
    return np.ascontiguousarray(page[:, :, sample])


def _check_same(layout: Layout, first: Layout, number: int) -> None:
    """Refuse to put planes of different kinds into one projection."""
    for name in ("width", "height", "samples", "dtype", "bits", "photometric"):
        if getattr(layout, name) != getattr(first, name):
            raise needs_choice(
                f"pages that agree in {name} ({getattr(first, name)}) for a projection",
                f"{getattr(layout, name)} at plane {number}",
                "Choose one with --page N.",
            )
