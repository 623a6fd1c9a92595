"""How many pixels an image has, by its header alone: for planning, nothing is decoded or refused."""

from __future__ import annotations

import struct

from sporemetry.formats.jpeg import parse_header
from sporemetry.formats.refusal import Refusal
from sporemetry.formats.source import Source
from sporemetry.formats.tiff.directory import Tag, TiffStructure

# Cameras put previews and colour profiles in front of the size.
_LARGEST_HEAD = 1 << 20


def header_pixels(source: Source, kind: str) -> int | None:
    """Return width x height of an open image, of a stack of its first page; None where the header is damaged.

    Parameters
    ----------
    source : Source
    kind : str
        As :func:`~sporemetry.formats.sniff.sniff` tells it.
    """
    try:
        width, height = _size(source, kind)
    except (Refusal, struct.error, ValueError, IndexError):
        return None
    return abs(width * height) or None


def _size(source: Source, kind: str) -> tuple[int, int]:
    if kind == "TIFF":
        structure = TiffStructure.open(source)
        directory = structure.directory(structure.first)
        return (
            structure.number(directory, Tag.WIDTH, 0),
            structure.number(directory, Tag.HEIGHT, 0),
        )
    if kind == "JPEG":
        header = parse_header(source.head(_LARGEST_HEAD))
        return header.width, header.height
    head = source.head(26)
    width, height = struct.unpack(">II", head[16:24]) if kind == "PNG" else struct.unpack("<ii", head[18:26])
    return width, height
