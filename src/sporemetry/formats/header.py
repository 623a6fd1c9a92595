"""What an image's header says of its size, scale and camera: for planning, nothing is decoded or refused."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sporemetry.formats.jpeg import JpegHeader, parse_header
from sporemetry.formats.refusal import Refusal
from sporemetry.formats.source import Source
from sporemetry.formats.tiff.directory import CAMERA, Tag, TiffStructure
from sporemetry.formats.tiff.metadata import read_description, scale_of
from sporemetry.printable import printable

# Cameras put previews and colour profiles in front of the size; most headers are far smaller.
_JPEG_HEADS = (1 << 16, 1 << 20)
_LONGEST_NAME = 256
_BROKEN = (Refusal, struct.error, ValueError, IndexError)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What is known of an image before it is read.

    Attributes
    ----------
    width, height : int
        As stored, px; of a stack of its first page.
    um_per_px : float or None
        As the file states it; None where it states none that can be trusted.
    camera : str
        Maker and model of the camera, as EXIF or TIFF tags say; empty where they say nothing.
    """

    width: int
    height: int
    um_per_px: float | None = None
    camera: str = ""


def read_header(source: Source, kind: str) -> ImageHeader | None:
    """Return what the header of an open image says; None where it is damaged.

    Parameters
    ----------
    source : Source
    kind : str
        As :func:`~sporemetry.formats.sniff.sniff` tells it.
    """
    try:
        header = _read(source, kind)
    except _BROKEN:
        return None
    return header if header.width > 0 and header.height > 0 else None


def _read(source: Source, kind: str) -> ImageHeader:
    if kind == "TIFF":
        return _of_tiff(TiffStructure.open(source))
    if kind == "JPEG":
        header = _jpeg_header(source)
        return ImageHeader(header.width, header.height, camera=_camera_of_exif(header.exif))
    head = source.head(26)
    width, height = struct.unpack(">II", head[16:24]) if kind == "PNG" else struct.unpack("<ii", head[18:26])
    return ImageHeader(abs(width), abs(height))


def _of_tiff(structure: TiffStructure) -> ImageHeader:
    directory = structure.directory(structure.first)
    width = structure.number(directory, Tag.WIDTH, 0)
    height = structure.number(directory, Tag.HEIGHT, 0)
    try:
        scale = scale_of(read_description(structure, directory), structure, directory, 0).um_per_px
    except _BROKEN:
        scale = None
    return ImageHeader(width, height, scale, _camera(structure))


def _jpeg_header(source: Source) -> JpegHeader:
    for size in _JPEG_HEADS[:-1]:
        try:
            return parse_header(source.head(size))
        except _BROKEN:  # a long preview, perhaps
            continue
    return parse_header(source.head(_JPEG_HEADS[-1]))


def _camera_of_exif(block: bytes) -> str:
    try:
        return _camera(TiffStructure.open(Source.of_bytes(block.removeprefix(b"Exif\x00\x00"))))
    except _BROKEN:
        return ""


def _camera(structure: TiffStructure) -> str:
    try:
        directory = structure.directory(structure.first, CAMERA)
        names = [structure.content(directory, tag, most=_LONGEST_NAME) for tag in (Tag.MAKE, Tag.MODEL)]
    except _BROKEN:
        return ""
    texts = [name.split(b"\x00")[0].decode("utf-8", "replace").strip() for name in names]
    return printable(" ".join(text for text in texts if text))
