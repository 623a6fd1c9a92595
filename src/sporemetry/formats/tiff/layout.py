"""One page of a TIFF: its tags checked, and turned into sizes, sample type and places in the file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sporemetry.formats.limits import Budget
from sporemetry.formats.refusal import damaged, no_content, too_large, wrong_format
from sporemetry.formats.tiff.codecs import CODECS, JPEG, check_compression
from sporemetry.formats.tiff.directory import Directory, Tag, TiffStructure

# 500 million pixels in tiles of 32 x 32; each segment costs some microseconds.
MAX_SEGMENTS = 1 << 19
MAX_SAMPLES = 1_024

# Tiles are decoded whole, also where they reach beyond the page; many that reach far would take hours.
_MOST_FILLING = 2

# What encoded data may weigh beside what it decodes to, over the whole page: no codec doubles its input,
# and JPEG segments have headers.
_JPEG_ALLOWANCE = 1 << 16

_UNSIGNED, _SIGNED, _FLOAT, _VOID = 1, 2, 3, 4
_WHOLE_BITS = {1, 2, 4, 8, 10, 12, 14, 16, 32, 64}


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to be known to decode a page.

    Parameters
    ----------
    width, height, samples : int
        Of the page, in pixels and samples a pixel.
    bits : int
        Of a sample, as stored.
    dtype : numpy dtype
        Of a sample, decoded, native byte order.
    compression, predictor, photometric, fill_order : int
        As in the file.
    separate : bool
        One segment holds one sample of its pixels (planar configuration 2).
    tiled : bool
    segment_width, segment_height : int
        Of a full strip or tile.
    offsets, counts : list of int
        Where the encoded segments lie, and how many bytes each has.
    extra : tuple of int
        ExtraSamples: 0 unstated, 1 associated alpha, 2 straight alpha.
    """

    width: int
    height: int
    samples: int
    bits: int
    dtype: np.dtype[Any]
    compression: int
    predictor: int
    photometric: int
    fill_order: int
    separate: bool
    tiled: bool
    segment_width: int
    segment_height: int
    offsets: list[int]
    counts: list[int]
    extra: tuple[int, ...]

    @property
    def segment_samples(self) -> int:
        """Samples a pixel in one segment."""
        return 1 if self.separate else self.samples

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a segment, decoded; packed bits fill up to a byte."""
        return math.ceil(self.segment_width * self.segment_samples * self.bits / 8)

    @property
    def grid(self) -> tuple[int, int, int]:
        """How many segments: of samples, down, across."""
        down = math.ceil(self.height / self.segment_height)
        across = math.ceil(self.width / self.segment_width)
        return (self.samples if self.separate else 1), down, across

    @property
    def plane_bytes(self) -> int:
        """Bytes of the whole page, decoded but still packed."""
        return self.row_bytes * self.height * (self.samples if self.separate else 1)


def read_layout(structure: TiffStructure, directory: Directory, budget: Budget) -> Layout:
    """Check the tags of one page and return its layout; nothing of its pixels is read.

    Raises
    ------
    Refusal
        Of any kind but ImageChoiceError.
    """

    def number(tag: Tag, default: int) -> int:
        return structure.number(directory, tag, default)

    width, height, samples = number(Tag.WIDTH, 0), number(Tag.HEIGHT, 0), number(Tag.SAMPLES, 1)
    compression = number(Tag.COMPRESSION, 1)
    check_compression(compression)
    if not 1 <= samples <= MAX_SAMPLES:
        raise damaged(f"1 to {MAX_SAMPLES} samples a pixel", f"{samples}")
    bits = _same(structure.numbers(directory, Tag.BITS, most=samples) or [1], "bits a sample")
    dtype = _dtype(bits, _same(structure.numbers(directory, Tag.SAMPLE_FORMAT, most=samples) or [1], "type"))
    budget.check(width, height, samples * dtype.itemsize)
    segment_width, segment_height, tiled = _segment_size(structure, directory, width, height)
    layout = Layout(
        width=width,
        height=height,
        samples=samples,
        bits=bits,
        dtype=dtype,
        compression=compression,
        predictor=number(Tag.PREDICTOR, 1),
        photometric=number(Tag.PHOTOMETRIC, 1),
        fill_order=number(Tag.FILL_ORDER, 1),
        separate=number(Tag.PLANAR, 1) == 2 and samples > 1,
        tiled=tiled,
        segment_width=segment_width,
        segment_height=segment_height,
        offsets=structure.numbers(directory, _places(tiled)[0], most=MAX_SEGMENTS),
        counts=structure.numbers(directory, _places(tiled)[1], most=MAX_SEGMENTS),
        extra=tuple(structure.numbers(directory, Tag.EXTRA_SAMPLES, most=samples)),
    )
    return _checked(layout, structure.source.size, budget)


def _same(values: list[int], what: str) -> int:
    if len(set(values)) > 1:
        raise wrong_format(f"the same {what} in all samples", f"{values[:8]}")
    return values[0]


def _dtype(bits: int, sample_format: int) -> np.dtype[Any]:
    """Return the decoded type of a sample."""
    if sample_format in (_UNSIGNED, _VOID) and bits in _WHOLE_BITS:
        return np.dtype(f"u{max(8, 1 << (bits - 1).bit_length()) // 8}")
    if sample_format == _SIGNED and bits in (8, 16, 32, 64):
        return np.dtype(f"i{bits // 8}")
    if sample_format == _FLOAT and bits in (16, 32, 64):
        return np.dtype(f"f{bits // 8}")
    raise no_content(
        "samples that are whole numbers of 1 to 64 bits or floats of 16, 32 or 64",
        f"{bits} bits of sample format {sample_format}",
    )


def _places(tiled: bool) -> tuple[Tag, Tag]:
    return (Tag.TILE_OFFSETS, Tag.TILE_BYTES) if tiled else (Tag.STRIP_OFFSETS, Tag.STRIP_BYTES)


def _segment_size(
    structure: TiffStructure, directory: Directory, width: int, height: int
) -> tuple[int, int, bool]:
    """Return width and height of a full strip or tile, and whether it is a tile."""
    tiled = Tag.TILE_WIDTH in directory or Tag.TILE_OFFSETS in directory
    if not tiled:
        rows = structure.number(directory, Tag.ROWS_PER_STRIP, height)
        if rows < 1:
            raise damaged("at least one row in a strip", f"{rows}")
        return width, min(rows, height), False
    tile = structure.number(directory, Tag.TILE_WIDTH, 0), structure.number(directory, Tag.TILE_HEIGHT, 0)
    if min(tile) < 1:
        raise damaged("tiles with pixels", f"tiles of {tile[0]} x {tile[1]}")
    return *tile, True


def _checked(layout: Layout, file_size: int, budget: Budget) -> Layout:
    """Return the layout with its segments held against its grid and the file's size."""
    wanted = math.prod(layout.grid)
    offsets, counts = layout.offsets, layout.counts
    if wanted > MAX_SEGMENTS or len(offsets) < wanted:
        raise damaged(
            f"the places of {wanted:,} strips or tiles, at most {MAX_SEGMENTS:,}", f"{len(offsets):,}"
        )
    full = layout.row_bytes * layout.segment_height
    if full * wanted > _MOST_FILLING * budget.plane_bytes:
        raise too_large(
            f"strips or tiles of together at most {_MOST_FILLING * budget.plane_bytes:,} bytes",
            f"{wanted:,} of {full:,} bytes",
            "Save the picture without tiles, or raise the budget with --max-pixels if the memory is there.",
        )
    if not counts and layout.compression == 1 and wanted == 1:
        counts = [layout.row_bytes * layout.height]  # old writers left it out; there is one answer
    if len(counts) < wanted:
        raise damaged(f"the sizes of {wanted:,} strips or tiles", f"{len(counts):,}")
    offsets, counts = offsets[:wanted], counts[:wanted]
    if layout.compression == 1:
        counts = [min(count, full) for count in counts]  # some writers count what they reserved
    for offset, count in zip(offsets, counts, strict=True):
        if offset < 8 or count < 1:
            raise damaged("all strips and tiles in the file", "one that was never written (0 bytes)")
        if offset + count > file_size:
            raise damaged(
                f"a strip or tile of {count:,} bytes at byte {offset:,}", f"a file that ends at {file_size:,}"
            )
    _check_volume(layout, sum(counts), full, wanted, file_size)
    return replace(layout, offsets=offsets, counts=counts)


def _check_volume(layout: Layout, encoded: int, full: int, segments: int, file_size: int) -> None:
    """Refuse data that cannot become as much as it should, or that is more than any encoder makes of it."""
    if layout.compression == JPEG:
        allowed = 4 * full * segments + _JPEG_ALLOWANCE * segments
    else:
        allowed = 2 * full * segments
        possible = encoded * CODECS[layout.compression].most_ratio
        needed = layout.plane_bytes
        if possible < needed:
            raise damaged(
                f"data for {needed:,} bytes of pixels", f"{encoded:,} encoded bytes, too few for it"
            )
    # Segments may share their bytes (blank tiles do); many that share large ones are a trap.
    if encoded > file_size + allowed:
        raise damaged(f"at most {allowed:,} bytes of encoded data", f"{encoded:,} bytes")
