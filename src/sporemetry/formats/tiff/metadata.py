"""What a TIFF's description says of the whole file: its planes, its axes, its scale."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

from sporemetry.formats.refusal import damaged
from sporemetry.formats.scale import Scale, from_imagej, from_resolution
from sporemetry.formats.tiff.directory import MAX_DESCRIPTION, Directory, Tag, TiffStructure
from sporemetry.formats.tiff.ome import OmeDocument, read_ome

_MOST_PLANES = 10**9
_MOST_JSON = 1 << 16
_MOST_LINES = 1 << 20  # display ranges and labels may follow, which are not read
_MOST_AXES = 16


@dataclass(frozen=True, slots=True)
class Description:
    """What the description states.

    Parameters
    ----------
    writer : str
        ``ImageJ``, ``OME``, ``tifffile`` or ``""`` for any other.
    axes : tuple of (int, str)
        How many of what: ``((3, "channels"), (4, "slices"))``; ones are left out.
    unit : str
        ImageJ's unit of length.
    stated : int, optional
        ImageJ: how many planes.
    shape : tuple of int
        tifffile: the shape of all planes together.
    ome : OmeDocument, optional
    """

    writer: str = ""
    axes: tuple[tuple[int, str], ...] = ()
    unit: str = ""
    stated: int | None = None
    shape: tuple[int, ...] = ()
    ome: OmeDocument | None = field(default=None)

    def planes(self, width: int, height: int, samples: int) -> int | None:
        """Return how many pages there should be, where the first is of this size; None where unsaid."""
        if self.ome is not None and self.ome.images:
            return sum(image.planes(samples) for image in self.ome.images)
        for page in ((height, width, samples), (samples, height, width), (height, width)):
            if self.shape[-len(page) :] == page:
                return math.prod(self.shape[: -len(page)])
        return self.stated


def read_description(structure: TiffStructure, directory: Directory) -> Description:
    """Read the description of the first page.

    Raises
    ------
    Refusal
        ImageDamagedError where ImageJ's, OME's or tifffile's own lines make no sense.
    """
    if Tag.DESCRIPTION not in directory:
        return Description()
    text = structure.content(directory, Tag.DESCRIPTION, most=MAX_DESCRIPTION).strip(
        b"\x00 \r\n\t\xef\xbb\xbf"
    )
    if text.startswith(b"ImageJ="):
        return _imagej(text)
    if text.startswith(b'{"shape":'):
        return _tifffile(text)
    if text.startswith((b"<?xml", b"<OME", b"<!DOCTYPE", b"<!--")) and b"OME" in text:
        return _ome(text)
    return Description()


def scale_of(description: Description, structure: TiffStructure, directory: Directory, page: int) -> Scale:
    """Return the scale of a page: of OME, of ImageJ, else of the TIFF's own resolution.

    Parameters
    ----------
    description : Description
    structure, directory
        The file, and the page's own directory.
    page : int
        Its place in the file, from 0, which tells the Image of an OME-XML with several.
    """
    x = (structure.rationals(directory, Tag.X_RESOLUTION, most=1) or [None])[0]
    y = (structure.rationals(directory, Tag.Y_RESOLUTION, most=1) or [None])[0]
    if description.writer == "ImageJ":
        return from_imagej(description.unit, x, y)
    if description.ome is not None and description.ome.images:
        scale = _ome_scale(description.ome, structure.number(directory, Tag.SAMPLES, 1), page)
        if scale.um_per_px is not None or scale.notes:
            return scale
    return from_resolution(structure.number(directory, Tag.RESOLUTION_UNIT, 2), x, y)


def _ome_scale(ome: OmeDocument, samples: int, page: int) -> Scale:
    last = 0
    for image in ome.images:
        last += image.planes(samples)
        if page < last:
            return image.scale
    return Scale()


def _imagej(text: bytes) -> Description:
    lines = text[:_MOST_LINES].decode("utf-8", errors="replace").replace("�", "µ").splitlines()
    pairs = {
        key.strip(): value.strip() for key, sign, value in (line.partition("=") for line in lines) if sign
    }
    sizes = {name: _number(pairs, name) for name in ("images", "channels", "slices", "frames")}
    axes = tuple((number, name) for name, number in sizes.items() if name != "images" and number > 1)
    return Description("ImageJ", axes, pairs.get("unit", ""), stated=sizes["images"])


def _number(pairs: dict[str, str], name: str) -> int:
    value = pairs.get(name, "1")
    if not (value.isascii() and value.isdigit() and 0 < int(value[:12]) <= _MOST_PLANES):
        raise damaged(f"a number of {name} in ImageJ's description", repr(value[:40]))
    return int(value)


def _tifffile(text: bytes) -> Description:
    try:
        shape = json.loads(text[:_MOST_JSON])["shape"]
        if (
            not all(type(size) is int and 0 < size <= _MOST_PLANES for size in shape)
            or len(shape) > _MOST_AXES
        ):
            raise ValueError(f"shape {shape}")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged("the shape that tifffile writes", str(error)[:200] or type(error).__name__) from error
    return Description("tifffile", shape=tuple(shape))


def _ome(text: bytes) -> Description:
    ome = read_ome(text)
    if not ome.images:
        return Description("OME", ome=ome)
    first = ome.images[0]
    channels = len(first.channel_samples) or first.components
    named = ((channels, "channels"), (first.slices, "slices"), (first.frames, "frames"))
    axes = tuple((number, name) for number, name in named if number > 1)
    return Description("OME", axes if len(ome.images) == 1 else (), ome=ome)
