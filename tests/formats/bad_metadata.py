"""TIFF files whose ImageJ, OME or tifffile description promises what the file does not hold."""

from __future__ import annotations

import json

from tests.formats.tiff_writer import DESCRIPTION, RawPage, raw_tiff
from tests.good_files import good_files

from sporemetry.errors import ImageDamagedError, ImageReadError

_PIXELS = bytes(range(12))
_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def described(text: str | bytes, pages: int = 1) -> bytes:
    """Pages of 4 x 3 grey pixels with a description on the first."""
    content = text if isinstance(text, bytes) else text.encode()
    first = RawPage({DESCRIPTION: (2, content + b"\x00")}, _PIXELS)
    return raw_tiff(first, *[RawPage({}, _PIXELS)] * (pages - 1))


def ome_xml(pixels: str = "", inside: str = "", root: str = "") -> str:
    """OME-XML of one 4 x 3 picture; a later attribute of ``pixels`` must not repeat a size."""
    sizes = {"SizeX": 4, "SizeY": 3, "SizeZ": 1, "SizeC": 1, "SizeT": 1}
    kept = " ".join(f'{name}="{size}"' for name, size in sizes.items() if f" {name}=" not in f" {pixels}")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_NAMESPACE}" {root}>'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint8" DimensionOrder="XYCZT" {kept} {pixels}>'
        f"{inside}</Pixels></Image></OME>"
    )


def _elsewhere(*names: str) -> str:
    return "".join(
        f'<TiffData IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{k:032x}</UUID></TiffData>'
        for k, name in enumerate(names)
    )


_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><OME>&j;</OME>"
)


def bad_metadata() -> dict[str, tuple[bytes, type[ImageReadError]]]:
    stack = good_files()["imagej_stack.tif"]
    files = {
        "imagej_10_of_3.tif": described("ImageJ=1.54f\nimages=10\nslices=10\n", pages=3),
        "imagej_10_of_1.tif": described("ImageJ=1.54f\nimages=10\nslices=10\n"),
        "imagej_of_0.tif": described("ImageJ=1.54f\nimages=0\n"),
        "imagej_of_words.tif": described("ImageJ=1.54f\nimages=many\n"),
        "imagej_cut.tif": stack[:-400],
        "ome_planes_missing.ome.tif": described(ome_xml('SizeZ="5"')),
        "ome_planes_elsewhere.ome.tif": described(
            ome_xml('SizeZ="2"', _elsewhere("a.ome.tif", "b.ome.tif")), pages=2
        ),
        "ome_all_elsewhere.ome.tif": described(
            ome_xml("", _elsewhere("a.ome.tif"), 'UUID="urn:uuid:00000000-0000-0000-0000-000000000009"')
        ),
        "ome_path_upwards.ome.tif": described(
            ome_xml('SizeZ="2"', _elsewhere("../../../../etc/passwd", "/etc/shadow")), pages=2
        ),
        "ome_other_size.ome.tif": described(ome_xml('SizeX="400"')),
        "ome_size_in_words.ome.tif": described(ome_xml('SizeC="three"')),
        "ome_size_of_0.ome.tif": described(ome_xml('SizeT="0"')),
        "ome_endless.ome.tif": described(ome_xml('SizeT="999999999999"')),
        "ome_pixel_in_words.ome.tif": described(ome_xml('PhysicalSizeX="small"')),
        "ome_cut.ome.tif": described(ome_xml()[:-20]),
        "ome_without_image.ome.tif": described("<?xml version='1.0'?><OME></OME>"),
        "ome_unknown_encoding.ome.tif": described("<?xml version='1.0' encoding='x-none'?><OME></OME>"),
        "ome_laughs.ome.tif": described(_LAUGHS),
        "ome_outside_entity.ome.tif": described(
            '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME>&x;</OME>'
        ),
        "tifffile_6_of_1.tif": described(json.dumps({"shape": [6, 3, 4]})),
        "tifffile_no_shape.tif": described('{"shape": "large"}'),
        "tifffile_deep.tif": described('{"shape": ' + "[" * 60_000),
        "tifffile_endless.tif": described(json.dumps({"shape": [10**9] * 12 + [3, 4]})),
    }
    return {name: (content, ImageDamagedError) for name, content in files.items()}
