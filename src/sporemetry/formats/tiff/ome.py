"""OME-XML: which planes a file should hold and how large a pixel is; read as a stream, without entities.

Source: OME schema 2016-06, and the OME-TIFF specification (TiffData, UUID, BinaryOnly).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from xml.parsers import expat

from sporemetry.formats.refusal import damaged
from sporemetry.formats.scale import Scale, from_ome

_MOST_IMAGES = 10_000
_MOST_ELEMENTS = 1_000_000
_ONE_FILE = "Export the whole picture as one OME-TIFF file; other files are never opened for a picture."


@dataclass(slots=True)
class OmeImage:
    """One Image of the XML: sizes, channels and the pixel's size."""

    width: int = 0
    height: int = 0
    slices: int = 1
    components: int = 1
    frames: int = 1
    significant_bits: int = 0
    channel_samples: list[int] = field(default_factory=list)
    scale: Scale = field(default_factory=Scale)

    def planes(self, samples: int) -> int:
        """Return how many pages it takes, where a page has ``samples`` samples a pixel."""
        if self.channel_samples and (samples == 1 or max(self.channel_samples) > 1):
            return self.slices * self.frames * len(self.channel_samples)
        return math.ceil(self.slices * self.frames * self.components / samples)


@dataclass(slots=True)
class OmeDocument:
    """All images of the XML, and the other files that it speaks of."""

    images: list[OmeImage] = field(default_factory=list)
    own: str = ""
    files: set[str] = field(default_factory=set)
    companion: str = ""

    def check_one_file(self) -> None:
        """Refuse a picture of which planes lie in other files."""
        others = self.files - {self.own} if self.own else self.files
        if len(others) > (0 if self.own else 1):
            named = ", ".join(sorted(others)[:3])
            raise damaged(
                "all planes of an OME-TIFF in the one file", f"planes in other files ({named})", _ONE_FILE
            )


def read_ome(xml: bytes) -> OmeDocument:
    """Read OME-XML.

    Raises
    ------
    Refusal
        ImageDamagedError where it is not well-formed, has a document type (entities can grow without
        end), states sizes that are no numbers, or places planes in other files.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise damaged("well-formed OME-XML", str(error)) from error
    document = reader.document
    if not document.images and not document.companion:
        raise damaged("an Image in the OME-XML", "none")
    document.check_one_file()
    return document


class _Reader:
    """Collects what is wanted while the XML streams by."""

    def __init__(self) -> None:
        self.document = OmeDocument()
        self._uuid: list[str] | None = None
        self._elements = 0

    def doctype(self, *_: object) -> None:
        raise damaged("OME-XML without a document type", "one, which may define entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise damaged(f"at most {_MOST_ELEMENTS:,} elements of OME-XML", "more")
        element = name.rpartition(":")[2]
        images = self.document.images
        if element == "OME":
            self.document.own = _plain(attributes.get("UUID", ""))
        elif element == "BinaryOnly":
            self.document.companion = attributes.get("MetadataFile", "unnamed")
        elif element == "Pixels":
            images.append(_pixels(attributes))
            if len(images) > _MOST_IMAGES:
                raise damaged(f"at most {_MOST_IMAGES} images in OME-XML", "more")
        elif element == "Channel" and images:
            images[-1].channel_samples.append(_count(attributes, "SamplesPerPixel", 1))
        elif element == "UUID":
            self._uuid = []

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "UUID" and self._uuid is not None:
            self.document.files.add(_plain("".join(self._uuid)))
            self._uuid = None

    def text(self, data: str) -> None:
        if self._uuid is not None:
            self._uuid.append(data)


def _pixels(attributes: dict[str, str]) -> OmeImage:
    return OmeImage(
        width=_count(attributes, "SizeX", 0),
        height=_count(attributes, "SizeY", 0),
        slices=_count(attributes, "SizeZ", 1),
        components=_count(attributes, "SizeC", 1),
        frames=_count(attributes, "SizeT", 1),
        significant_bits=_count(attributes, "SignificantBits", 0),
        scale=from_ome(
            _length(attributes, "PhysicalSizeX"),
            attributes.get("PhysicalSizeXUnit", "µm"),
            _length(attributes, "PhysicalSizeY"),
            attributes.get("PhysicalSizeYUnit", "µm"),
        ),
    )


def _count(attributes: dict[str, str], name: str, default: int) -> int:
    value = attributes.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0):
        raise damaged(f"a whole number above 0 as {name} of OME-XML", repr(value[:40]))
    return int(value)


def _length(attributes: dict[str, str], name: str) -> float | None:
    value = attributes.get(name)
    if value is None:
        return None
    try:
        return float(value)
    except ValueError as error:
        raise damaged(f"a number as {name} of OME-XML", repr(value[:40])) from error


def _plain(uuid: str) -> str:
    return uuid.strip().lower().removeprefix("urn:uuid:")
