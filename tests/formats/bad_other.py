"""Files that are no picture, or of a kind that is not read."""

from __future__ import annotations

from tests.formats.tiff_writer import RawPage, raw_tiff

from sporemetry.errors import ImageFormatError, ImageReadError

_ZEROS = bytes(600)


def bad_other() -> dict[str, tuple[bytes, type[ImageReadError]]]:
    files = {
        "one_byte.tif": b"I",
        "zeros.tif": _ZEROS,
        "text.png": b"Slide 3, 40x objective, Tuesday\n",
        "body_mass.bmp": b"BMI;height;weight\n22.1;1.75;67.7\n" * 9,
        "page.jpg": b"<!DOCTYPE html><html><body>404</body></html>",
        "drawing.png": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "metadata.ome.tif": b"<?xml version='1.0'?><OME/>",
        "gif.png": b"GIF89a\x01\x00\x01\x00" + _ZEROS,
        "webp.jpg": b"RIFF\x00\x01\x00\x00WEBPVP8 " + _ZEROS,
        "film.jpg": b"RIFF\x00\x01\x00\x00AVI LIST" + _ZEROS,
        "heic.jpg": b"\x00\x00\x00\x18ftypheic" + _ZEROS,
        "avif.jpg": b"\x00\x00\x00\x18ftypavif" + _ZEROS,
        "mp4.jpg": b"\x00\x00\x00\x18ftypisom" + _ZEROS,
        "pdf.tif": b"%PDF-1.7\n" + _ZEROS,
        "czi.tif": b"ZISRAWFILE" + _ZEROS,
        "lif.tif": b"\x70\x00\x00\x00\x10\x00\x00\x00*" + _ZEROS,
        "nd2.tif": b"\xda\xce\xbe\x0a" + _ZEROS,
        "zvi.tif": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + _ZEROS,
        "ims.tif": b"\x89HDF\r\n\x1a\n" + _ZEROS,
        "dicom.tif": bytes(128) + b"DICM" + _ZEROS,
        "raw.tif": b"II*\x00\x10\x00\x00\x00CR\x02\x00" + _ZEROS,
        "jpeg2000.jpg": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + _ZEROS,
        "photoshop.tif": b"8BPS\x00\x01" + _ZEROS,
        "archive.tif": b"PK\x03\x04" + _ZEROS,
        "netpbm.bmp": b"P5\n2 2\n255\n\x00\x01\x02\x03",
        "noise.bmp": bytes((37 * k * k + 11) % 251 + 4 for k in range(600)),
        "olympus.vsi": raw_tiff(RawPage()),
        "resource_fork.tif": b"\x00\x05\x16\x07" + _ZEROS,
    }
    return {
        "empty.png": (b"", ImageReadError),
        **{name: (content, ImageFormatError) for name, content in files.items()},
    }
