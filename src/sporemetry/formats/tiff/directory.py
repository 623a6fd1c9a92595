"""The bones of a TIFF file: its header, the chain of directories, and their tags."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from sporemetry.formats.refusal import damaged, wrong_format
from sporemetry.formats.source import Source

# A page takes a directory, and a directory about 15 tags. Without limits, a chain of overlapping
# directories in a small file costs minutes.
MAX_PAGES = 100_000
MAX_TAGS = 4_096
MAX_TAGS_IN_FILE = 2_500_000
MAX_DESCRIPTION = 32 << 20  # OME-XML of a large screen


class Tag(IntEnum):
    """The tags that are read; all others are passed over."""

    SUBFILE_TYPE = 254
    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    DESCRIPTION = 270
    MAKE = 271
    MODEL = 272
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTES = 279
    MAX_SAMPLE = 281
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    PLANAR = 284
    RESOLUTION_UNIT = 296
    SOFTWARE = 305
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_BYTES = 325
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    YCBCR_COEFFICIENTS = 529
    YCBCR_SUBSAMPLING = 530
    REFERENCE_BLACK_WHITE = 532


_ORDERS: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
CAMERA = frozenset({int(Tag.MAKE), int(Tag.MODEL)})
# What an image is read by: damage in the others harms no pixel.
_NEEDED = frozenset(int(tag) for tag in Tag) - CAMERA

# TIFF 6.0, section 2, and BigTIFF: type number -> struct's code, or bytes. 5 and 10 are pairs.
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_OTHERS = {2: 1, 5: 8, 7: 1, 10: 8, 11: 4, 12: 8}
_SIZES = {**{kind: struct.calcsize("<" + code) for kind, code in _INTEGERS.items()}, **_OTHERS}


@dataclass(frozen=True, slots=True)
class Field:
    """One tag of a directory: its type, how many values, and the value itself or where it lies."""

    kind: int
    count: int
    value: bytes


Directory = dict[int, Field]


@dataclass(frozen=True, slots=True)
class TiffStructure:
    """A TIFF file opened for reading.

    Parameters
    ----------
    source : Source
    order : str
        ``<`` or ``>``, the byte order of everything in the file.
    big : bool
        BigTIFF: 64-bit offsets.
    first : int
        Where the first directory lies.
    """

    source: Source
    order: Literal["<", ">"]
    big: bool
    first: int

    @classmethod
    def open(cls, source: Source) -> TiffStructure:
        """Read the header of 8 or 16 bytes."""
        head = source.read(0, 8, "a TIFF header")
        order = _ORDERS.get(head[:2])
        if order is None:
            raise wrong_format("a TIFF header (II or MM)", repr(head[:2]))
        version, offset = struct.unpack(order + "HI", head[2:])
        if version == 42:
            return cls(source, order, False, offset)
        if version != 43:
            raise wrong_format("a TIFF of version 42 or 43", f"version {version}")
        offset_size, zero, offset = struct.unpack(order + "HHQ", source.read(4, 12, "a BigTIFF header"))
        if (offset_size, zero) != (8, 0):
            raise damaged("BigTIFF offsets of 8 bytes", f"{offset_size} bytes")
        return cls(source, order, True, offset)

    def chain(self) -> list[int]:
        """Return where all directories of the main chain lie.

        Raises
        ------
        Refusal
            ImageDamagedError where the chain points outside the file or back into itself (a file that was
            never written to its end), or has no directory or too many.
        """
        places: dict[int, None] = {}  # in the order of the file, and quick to look up
        offset, tags = self.first, 0
        while offset:
            page = len(places) + 1
            if offset in places:
                raise damaged("a chain of pages with an end", f"page {page} leading back to another")
            places[offset] = None
            count, offset = self._ends(offset, page)
            tags += count
            if page > MAX_PAGES or tags > MAX_TAGS_IN_FILE:
                raise damaged(f"at most {MAX_PAGES:,} pages", f"more, or {tags:,} tags on {page:,} pages")
        if not places:
            raise damaged("a TIFF with at least one page", "no page: the file was never finished")
        return list(places)

    def directory(self, offset: int, tags: Collection[int] = _NEEDED) -> Directory:
        """Return those fields of one directory that are among ``tags``, by tag number."""
        count, _ = self._ends(offset, 0)
        size = struct.calcsize(self._entry)
        start = offset + struct.calcsize(self._count)
        fields: Directory = {}
        block = self.source.read(start, count * size, "a TIFF directory")
        for tag, kind, values, value in struct.iter_unpack(self._entry, block):
            if tag in tags and tag not in fields:
                if kind not in _SIZES:
                    raise damaged("a TIFF tag of a known type", f"tag {tag} of type {kind}")
                fields[tag] = Field(kind, values, value)
        return fields

    def numbers(self, directory: Directory, tag: Tag, *, most: int) -> list[int]:
        """Return the whole numbers of a tag, [] where it is absent; more than ``most`` of them is damage."""
        field = directory.get(tag)
        if field is None:
            return []
        code = _INTEGERS.get(field.kind)
        if code is None or field.count > most:
            raise damaged(
                f"at most {most} whole numbers in TIFF tag {tag.name}",
                f"{field.count} values of type {field.kind}",
            )
        return list(struct.unpack(f"{self.order}{field.count}{code}", self._content(field, tag)))

    def number(self, directory: Directory, tag: Tag, default: int) -> int:
        """Return the one whole number of a tag, or ``default``."""
        found = self.numbers(directory, tag, most=1)
        return found[0] if found else default

    def rationals(self, directory: Directory, tag: Tag, *, most: int) -> list[float | None]:
        """Return the fractions of a tag, None for one with a zero denominator, [] where it is absent."""
        field = directory.get(tag)
        if field is None or field.kind != 5 or field.count > most:
            return []
        pairs = struct.iter_unpack(self.order + "II", self._content(field, tag))
        return [above / below if below else None for above, below in pairs]

    def content(self, directory: Directory, tag: Tag, *, most: int) -> bytes:
        """Return the bytes of a tag of text or undefined type, b"" where it is absent."""
        field = directory.get(tag)
        if field is None:
            return b""
        if field.kind not in (1, 2, 7) or field.count > most:
            raise damaged(
                f"TIFF tag {tag.name} of at most {most} bytes", f"{field.count} of type {field.kind}"
            )
        return self._content(field, tag)

    def lies_before(self, directory: Directory, place: int) -> bool:
        """Return whether the first directory and all that it points to lie before a place in the file."""
        outside: list[int] = [
            struct.unpack(self._pointer, field.value)[0]
            for field in directory.values()
            if _SIZES[field.kind] * field.count > len(field.value)
        ]
        return max(self.first, *outside, 0) < place

    def _content(self, field: Field, tag: Tag) -> bytes:
        size = _SIZES[field.kind] * field.count
        if size <= len(field.value):
            return field.value[:size]
        (offset,) = struct.unpack(self._pointer, field.value)
        return self.source.read(offset, size, f"TIFF tag {tag.name}")

    @property
    def _count(self) -> str:
        return self.order + ("Q" if self.big else "H")

    @property
    def _pointer(self) -> str:
        return self.order + ("Q" if self.big else "I")

    @property
    def _entry(self) -> str:
        return self.order + ("HHQ8s" if self.big else "HHI4s")

    def _ends(self, offset: int, page: int) -> tuple[int, int]:
        """Return how many tags a directory has, and where the next one lies (0: none)."""
        what = f"the directory of page {page}"
        size = struct.calcsize(self._count)
        (count,) = struct.unpack(self._count, self.source.read(offset, size, what))
        if not 1 <= count <= MAX_TAGS:
            raise damaged(f"1 to {MAX_TAGS} tags in {what}", f"{count}")
        end = offset + size + count * struct.calcsize(self._entry)
        (following,) = struct.unpack(
            self._pointer, self.source.read(end, struct.calcsize(self._pointer), what)
        )
        return count, following
