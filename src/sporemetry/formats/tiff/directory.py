"""The bones of a TIFF file: its header, the chain of directories, and their tags."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

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
_KNOWN = frozenset(int(tag) for tag in Tag)

# TIFF 6.0, section 2, and BigTIFF: type number -> numpy code, bytes. 5 and 10 are pairs.
_INTEGERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_OTHERS = {2: 1, 5: 8, 7: 1, 10: 8, 11: 4, 12: 8}
_SIZES = {**{kind: int(code[1]) for kind, code in _INTEGERS.items()}, **_OTHERS}


@dataclass(frozen=True, slots=True)
class Field:
    """One tag of a directory: its type, how many values, and the value itself or where it lies."""

    kind: int
    count: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory: the fields by tag number, and where the next directory lies (0: none)."""

    fields: dict[int, Field]
    tags: int
    following: int


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

    def directories(self) -> list[Directory]:
        """Return all directories of the main chain.

        Raises
        ------
        Refusal
            ImageDamagedError where the chain points outside the file or back into itself (a file that was
            never written to its end), or has no directory or too many.
        """
        chain: list[Directory] = []
        seen: set[int] = set()
        offset, tags = self.first, 0
        while offset:
            if offset in seen:
                raise damaged(
                    "a chain of pages with an end", f"page {len(chain) + 1} leading back to another"
                )
            seen.add(offset)
            chain.append(self._directory(offset, len(chain) + 1))
            tags += chain[-1].tags
            if len(chain) > MAX_PAGES or tags > MAX_TAGS_IN_FILE:
                raise damaged(
                    f"at most {MAX_PAGES:,} pages", f"more, or {tags:,} tags on {len(chain):,} pages"
                )
            offset = chain[-1].following
        if not chain:
            raise damaged("a TIFF with at least one page", "no page: the file was never finished")
        return chain

    def first_directory(self) -> Directory:
        """Return the first directory alone, as EXIF needs."""
        return self._directory(self.first, 1)

    def numbers(self, directory: Directory, tag: Tag, *, most: int) -> list[int]:
        """Return the whole numbers of a tag, [] where it is absent; more than ``most`` of them is damage."""
        field = directory.fields.get(tag)
        if field is None:
            return []
        code = _INTEGERS.get(field.kind)
        if code is None or field.count > most:
            raise damaged(
                f"at most {most} whole numbers in TIFF tag {tag.name}",
                f"{field.count} values of type {field.kind}",
            )
        return [int(value) for value in np.frombuffer(self._content(field, tag), self.order + code)]

    def number(self, directory: Directory, tag: Tag, default: int) -> int:
        """Return the one whole number of a tag, or ``default``."""
        found = self.numbers(directory, tag, most=1)
        return found[0] if found else default

    def rationals(self, directory: Directory, tag: Tag, *, most: int) -> list[float | None]:
        """Return the fractions of a tag, None for one with a zero denominator, [] where it is absent."""
        field = directory.fields.get(tag)
        if field is None or field.kind != 5 or field.count > most:
            return []
        pairs = np.frombuffer(self._content(field, tag), self.order + "u4").reshape(-1, 2).tolist()
        return [above / below if below else None for above, below in pairs]

    def content(self, directory: Directory, tag: Tag, *, most: int) -> bytes:
        """Return the bytes of a tag of text or undefined type, b"" where it is absent."""
        field = directory.fields.get(tag)
        if field is None:
            return b""
        if field.kind not in (1, 2, 7) or field.count > most:
            raise damaged(
                f"TIFF tag {tag.name} of at most {most} bytes", f"{field.count} of type {field.kind}"
            )
        return self._content(field, tag)

    def lies_before(self, directory: Directory, place: int) -> bool:
        """Return whether the first directory and all values that it points to lie before a place in the file."""
        outside = [
            struct.unpack(self.order + ("Q" if self.big else "I"), field.value)[0]
            for field in directory.fields.values()
            if _SIZES[field.kind] * field.count > len(field.value)
        ]
        return max(self.first, *outside, 0) < place

    def _content(self, field: Field, tag: Tag) -> bytes:
        size = _SIZES[field.kind] * field.count
        if size <= len(field.value):
            return field.value[:size]
        (offset,) = struct.unpack(self.order + ("Q" if self.big else "I"), field.value)
        return self.source.read(offset, size, f"TIFF tag {tag.name}")

    def _directory(self, offset: int, page: int) -> Directory:
        count_code, pointer_code = ("Q", "Q") if self.big else ("H", "I")
        count_size, pointer_size = struct.calcsize(count_code), struct.calcsize(pointer_code)
        what = f"the directory of page {page}"
        (count,) = struct.unpack(self.order + count_code, self.source.read(offset, count_size, what))
        if not 1 <= count <= MAX_TAGS:
            raise damaged(f"1 to {MAX_TAGS} tags in {what}", f"{count}")
        entry = struct.Struct(f"{self.order}HH{pointer_code}{pointer_size}s")
        block = self.source.read(offset + count_size, count * entry.size + pointer_size, what)
        fields: dict[int, Field] = {}
        for tag, kind, values, value in entry.iter_unpack(block[:-pointer_size]):
            if tag in _KNOWN and tag not in fields:
                if kind not in _SIZES:
                    raise damaged("a TIFF tag of a known type", f"tag {tag} of type {kind} on page {page}")
                fields[tag] = Field(kind, values, value)
        (following,) = struct.unpack(self.order + pointer_code, block[-pointer_size:])
        return Directory(fields, count, following)
