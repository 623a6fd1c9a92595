"""TIFF files written tag by tag, so that each tag can lie."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ASCII, SHORT, LONG, RATIONAL, DOUBLE, LONG8 = 2, 3, 4, 5, 12, 16
_CODES = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 7: "B", 11: "f", 12: "d", 13: "I", 16: "Q"}

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
DESCRIPTION, OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR = 270, 273, 277, 278, 279, 284
FORMAT, EXTRA, PREDICTOR, COLOR_MAP, ORIENTATION = 339, 338, 317, 320, 274
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325

Value = tuple[int, int | float | bytes | Sequence[int]]  # type, and one number, bytes, or numbers
Tags = Mapping[int, Value | None]


@dataclass
class RawPage:
    """One page: tags that replace those of a plain 8-bit grey picture (None takes one away), and its data."""

    tags: Tags = field(default_factory=dict)
    data: bytes = bytes(12)


def grey_tags(width: int = 4, height: int = 3) -> dict[int, Value | None]:
    return {
        WIDTH: (LONG, width),
        HEIGHT: (LONG, height),
        BITS: (SHORT, 8),
        COMPRESSION: (SHORT, 1),
        PHOTOMETRIC: (SHORT, 1),
        SAMPLES: (SHORT, 1),
        ROWS: (LONG, height),
    }


def raw_tiff(
    *pages: RawPage, order: str = "<", big: bool = False, last_pointer: int = 0, tail: bytes = b""
) -> bytes:
    """Return a TIFF of these pages; ``last_pointer`` is written where the chain should end."""
    pointer = "Q" if big else "I"
    head = (b"II" if order == "<" else b"MM") + (
        struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42)
    )
    content = bytearray(head + struct.pack(order + pointer, 0))
    patch = len(head)
    for page in pages:
        data_at = len(content)
        content += page.data + bytes(-len(page.data) % 8)
        tags = {**grey_tags(), OFFSETS: (LONG, data_at), COUNTS: (LONG, len(page.data)), **page.tags}
        content[patch : patch + struct.calcsize(pointer)] = struct.pack(order + pointer, len(content))
        patch = _append_directory(content, tags, order, big)
    content[patch : patch + struct.calcsize(pointer)] = struct.pack(order + pointer, last_pointer)
    return bytes(content + tail)


def _append_directory(content: bytearray, tags: Tags, order: str, big: bool) -> int:
    """Append a directory and the values that do not fit into it; return where its next pointer lies."""
    count, pointer, inline = ("Q", "Q", 8) if big else ("H", "I", 4)
    kept = [(tag, value) for tag, value in sorted(tags.items()) if value is not None]
    size = struct.calcsize("<" + count) + len(kept) * (4 + 2 * struct.calcsize(pointer))
    outside = len(content) + size + struct.calcsize(pointer)
    outside += outside % 2
    entries, extra = bytearray(struct.pack(order + count, len(kept))), bytearray()
    for tag, value in kept:
        kind, number, packed = _packed(value, order)
        if len(packed) > inline:
            place = struct.pack(order + pointer, outside + len(extra))
            extra += packed + bytes(len(packed) % 2)
        else:
            place = packed.ljust(inline, b"\x00")
        entries += struct.pack(f"{order}HH{pointer}", tag, kind, number) + place
    content += entries
    pointer_at = len(content)
    content += bytes(outside - pointer_at) + extra
    return pointer_at


def _packed(value: Value, order: str) -> tuple[int, int, bytes]:
    """Return type, count and bytes of a value."""
    kind, content = value
    if isinstance(content, bytes):
        return kind, len(content), content
    numbers = [content] if isinstance(content, int | float) else list(content)
    code = _CODES[kind]
    return kind, len(numbers) // len(code), struct.pack(order + code[0] * len(numbers), *numbers)
