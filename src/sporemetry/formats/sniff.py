"""What a file is, by its first bytes; its name decides nothing but VSI, which looks like a TIFF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sporemetry.formats.refusal import Refusal, wrong_format

HEAD_BYTES = 512

# What is read: the bytes at the start -> the kind.
READ = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
}

SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".btf": "TIFF",
}

_ZEN = "In ZEN: File > Save As (or Export) > TIFF or OME-TIFF; or open it in Fiji and save it as TIFF."
_LAS = "In LAS X: right click > Export > as TIFF; or open it in Fiji with Bio-Formats and save it as TIFF."
_NIS = "In NIS-Elements: File > Save As > TIFF; or open it in Fiji with Bio-Formats and save it as TIFF."
_OLYMPUS = (
    "In cellSens or OlyVIA: File > Export > TIFF; or open it in Fiji with Bio-Formats and save it as TIFF."
)
_BIOFORMATS = "Open it in Fiji with Bio-Formats and save it as TIFF."
_STILL = "Save a still picture as PNG or TIFF."
_SAVE = "Open it in any picture program and save it as PNG or TIFF."
_CAMERA = (
    "Develop it in the camera's program and save it as TIFF of 8 or 16 bit, or take JPEG and raw together."
)
_NOT = "Give the picture itself: PNG, JPEG, BMP or TIFF."


@dataclass(frozen=True, slots=True)
class _Known:
    """A kind that is recognised and not read: where its bytes stand, what it is, what to do."""

    start: bytes
    name: str
    remedy: str
    offset: int = 0


_UNREAD = (
    _Known(b"ZISRAWFILE", "a Zeiss CZI file", _ZEN),
    _Known(b"\x70\x00\x00\x00", "a Leica LIF file", _LAS),
    _Known(b"\xda\xce\xbe\x0a", "a Nikon ND2 file", _NIS),
    _Known(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE file (Zeiss ZVI, Olympus OIB, Office)", _BIOFORMATS),
    _Known(b"\x89HDF\r\n\x1a\n", "an HDF5 file (Imaris IMS)", _BIOFORMATS),
    _Known(b"DICM", "a DICOM file", _BIOFORMATS, 128),
    _Known(b"SIMPLE  =", "a FITS file", _BIOFORMATS),
    _Known(b"II*\x00\x10\x00\x00\x00CR", "a Canon raw picture", _CAMERA),
    _Known(b"IIRO", "an Olympus raw picture", _CAMERA),
    _Known(b"IIRS", "an Olympus raw picture", _CAMERA),
    _Known(b"IIU\x00", "a Panasonic raw picture", _CAMERA),
    _Known(b"FUJIFILM", "a Fujifilm raw picture", _CAMERA),
    _Known(b"GIF8", "a GIF picture", _SAVE),
    _Known(b"WEBP", "a WebP picture", _SAVE, 8),
    _Known(b"ftypheic", "a HEIC picture", "Set the phone to 'most compatible' (JPEG), or save it as PNG.", 4),
    _Known(b"ftypheix", "a HEIC picture", "Set the phone to 'most compatible' (JPEG), or save it as PNG.", 4),
    _Known(b"ftypmif1", "a HEIF picture", "Set the phone to 'most compatible' (JPEG), or save it as PNG.", 4),
    _Known(b"ftypavif", "an AVIF picture", _SAVE, 4),
    _Known(b"ftypcrx", "a Canon raw picture", _CAMERA, 4),
    _Known(b"ftyp", "an MP4 or QuickTime film", _STILL, 4),
    _Known(b"AVI ", "an AVI film", _STILL, 8),
    _Known(b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture (or an old Nikon ND2 file)", _SAVE),
    _Known(b"\xff\x4f\xff\x51", "a JPEG 2000 picture", _SAVE),
    _Known(b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture", _SAVE),
    _Known(b"\xff\x0a", "a JPEG XL picture", _SAVE),
    _Known(b"8BPS", "a Photoshop file", "In Photoshop: File > Save a Copy > TIFF or PNG."),
    _Known(b"\x76\x2f\x31\x01", "an OpenEXR picture", _SAVE),
    _Known(b"\x00\x00\x01\x00", "an icon", _SAVE),
    _Known(b"gimp xcf", "a GIMP file", "In GIMP: File > Export As > PNG or TIFF."),
    _Known(b"%PDF", "a PDF document", "Take the picture itself, not the page that shows it."),
    _Known(b"%!PS", "a PostScript document", "Take the picture itself, not the page that shows it."),
    _Known(b"PK\x03\x04", "a ZIP archive or an Office document", "Unpack it and give the pictures inside."),
    _Known(b"\x1f\x8b", "a gzip archive", "Unpack it and give the picture inside."),
    _Known(b"Rar!", "a RAR archive", "Unpack it and give the pictures inside."),
    _Known(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and give the pictures inside."),
    _Known(b"\x93NUMPY", "a numpy array", "Save it with tifffile.imwrite as TIFF."),
    _Known(b"Iout", "an ImageJ ROI file", _NOT),
    _Known(b"\x00\x05\x16\x07", "a macOS resource file (its name begins with ._)", _NOT),
)
_NETPBM = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7", b"Pf", b"PF")


def sniff(head: bytes, path: Path) -> str:
    """Return the kind of a file: a value of :data:`READ`.

    Parameters
    ----------
    head : bytes
        Its first 512 bytes, or all.
    path : Path
        Its name, which is looked at for VSI only.

    Raises
    ------
    Refusal
        ImageFormatError that says what the file is and what to do.

    Examples
    --------
    >>> sniff(b"BM" + bytes(60), Path("spores.jpg"))
    'BMP'
    """
    known = next((each for each in _UNREAD if head.startswith(each.start, each.offset)), None)
    if known is not None:
        raise _not_read(known.name, known.remedy)
    kind = next((kind for start, kind in READ.items() if head.startswith(start)), None)
    if kind is None or (kind == "BMP" and _is_text(head)):
        raise _unknown(head)
    if kind == "TIFF" and path.suffix.lower() == ".vsi":
        # The pixels are in .ets files in a folder beside it; the TIFF holds previews and a label.
        raise _not_read("an Olympus VSI file, whose pixels lie in other files", _OLYMPUS)
    return kind


def name_note(kind: str, path: Path) -> tuple[str, ...]:
    """Return a note where the name says another kind than the content; the content is what counts."""
    named = SUFFIXES.get(path.suffix.lower())
    if named is None or named == kind:
        return ()
    return (f"The file is named {path.suffix} but is a {kind} file, and was read as that.",)


def _not_read(found: str, remedy: str) -> Refusal:
    return wrong_format("a PNG, JPEG, BMP or TIFF picture", found, remedy)


def _unknown(head: bytes) -> Refusal:
    if not head.strip(b"\x00"):
        found = "zeros: a copy that was never finished"
        return _not_read(found, "Copy the file again from where it was taken.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return _not_read("a web page", "Download the picture itself, not the page that shows it.")
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in head.lower()):
        return _not_read("an SVG drawing", _SAVE)
    if start.startswith((b"<?xml", b"<ome")):
        return _not_read("an XML file", "Give the picture that it describes.")
    if head.startswith(_NETPBM) and head[2:3] in b" \t\r\n":
        return _not_read("a Netpbm picture", _SAVE)
    if _is_text(head):
        return _not_read("a text file", _NOT)
    return _not_read(f"a file of an unknown kind (it begins with {head[:8].hex(' ')})", _NOT)


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
