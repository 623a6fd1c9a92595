"""Small good pictures of every kind that is read, made by other libraries: name -> bytes."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image as PilImage

HEIGHT, WIDTH = 37, 53

_OME = {"axes": "CYX", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25}


def smooth(height: int = HEIGHT, width: int = WIDTH, samples: int = 3, top: int = 255) -> NDArray[Any]:
    """A picture with slopes and a disc, (H, W, samples), of whole numbers from 0 to ``top``."""
    y, x = np.mgrid[:height, :width]
    disc = (y - height / 2) ** 2 + (x - width / 3) ** 2 < (min(height, width) / 4) ** 2
    planes = [(x * (k + 2) + y * (3 - k)) / (6.0 * (height + width)) + 0.4 * disc for k in range(samples)]
    scaled: NDArray[Any] = np.clip(np.stack(planes, axis=-1) * top, 0, top)
    return scaled.astype(np.uint8 if top < 256 else np.uint16)


def pil_bytes(picture: PilImage.Image, kind: str, **options: Any) -> bytes:
    """A picture as Pillow writes it."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def tiff_bytes(array: NDArray[Any], **options: Any) -> bytes:
    """A picture as tifffile writes it."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


@cache
def good_files() -> dict[str, bytes]:
    """All of them; the suffix of a name is its kind."""
    return {**_pngs(), **_jpegs(), **_bmps(), **_tiffs(), **_stacks()}


def _pngs() -> dict[str, bytes]:
    rgb, deep = smooth(), smooth(top=65_535)
    grey = PilImage.fromarray(rgb[:, :, 0])
    palette = PilImage.fromarray(rgb).quantize(16)
    return {
        "rgb.png": pil_bytes(PilImage.fromarray(rgb), "PNG"),
        "rgba.png": pil_bytes(PilImage.fromarray(smooth(samples=4)), "PNG"),
        "grey.png": pil_bytes(grey, "PNG", dpi=(72, 72)),
        "grey_alpha.png": pil_bytes(PilImage.fromarray(smooth(samples=2)), "PNG"),
        "bit.png": pil_bytes(grey.convert("1"), "PNG"),
        "palette.png": pil_bytes(palette, "PNG", transparency=3),
        "rgb16.png": bytes(imagecodecs.png_encode(deep)),
        "grey16.png": bytes(imagecodecs.png_encode(np.ascontiguousarray(deep[:, :, 0]))),
        "text.png": pil_bytes(grey, "PNG", exif=_exif(6)),
    }


def _exif(orientation: int) -> bytes:
    exif = PilImage.Exif()
    exif[274] = orientation
    return exif.tobytes()


def _jpegs() -> dict[str, bytes]:
    rgb = PilImage.fromarray(smooth())
    return {
        "rgb.jpg": pil_bytes(rgb, "JPEG", quality=90, dpi=(72, 72)),
        "progressive.jpg": pil_bytes(rgb, "JPEG", progressive=True, subsampling=2),
        "grey.jpg": pil_bytes(rgb.convert("L"), "JPEG"),
        "cmyk.jpg": pil_bytes(rgb.convert("CMYK"), "JPEG"),
        "exif.jpg": pil_bytes(rgb, "JPEG", exif=_exif(8)),
    }


def _bmps() -> dict[str, bytes]:
    rgb = PilImage.fromarray(smooth())
    return {
        "rgb.bmp": pil_bytes(rgb, "BMP"),
        "rgba.bmp": pil_bytes(rgb.convert("RGBA"), "BMP"),
        "grey.bmp": pil_bytes(rgb.convert("L"), "BMP"),
        "palette.bmp": pil_bytes(rgb.quantize(200), "BMP"),
        "bit.bmp": pil_bytes(rgb.convert("1"), "BMP"),
        "runs.bmp": run_length_bmp(),
    }


def run_length_bmp() -> bytes:
    """An 8 x 2 picture: bottom row seven 5s and a 1; top row 1 2 3 as they are, two skipped, three 4s."""
    runs = bytes([7, 5, 1, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 2, 2, 0, 3, 4, 0, 1])
    palette = b"".join(bytes([k, 2 * k, 3 * k, 0]) for k in range(6))
    head = np.array([40, 8, 2], "<u4").tobytes() + np.array([1, 8], "<u2").tobytes()
    head += np.array([1, len(runs), 0, 0, 6, 6], "<u4").tobytes()
    start = 14 + len(head) + len(palette)
    return b"BM" + np.array([start + len(runs), 0, start], "<u4").tobytes() + head + palette + runs


def _tiffs() -> dict[str, bytes]:
    rgb, deep = smooth(), smooth(top=65_535)
    grey, real = rgb[:, :, 0], smooth(samples=1)[:, :, 0] / np.float32(255)
    files = {
        f"rgb_{name or 'plain'}.tif": tiff_bytes(rgb, photometric="rgb", compression=name, rowsperstrip=10)
        for name in (None, "lzw", "zlib", "packbits", "zstd", "jpeg")
    }
    files |= {
        f"tiles_{name or 'plain'}.tif": tiff_bytes(rgb, photometric="rgb", compression=name, tile=(16, 32))
        for name in (None, "lzw", "zlib", "zstd", "jpeg")
    }
    return files | {
        "predicted.tif": tiff_bytes(deep, photometric="rgb", compression="lzw", predictor=True),
        "big_endian.tif": tiff_bytes(deep, photometric="rgb", byteorder=">"),
        "bigtiff.tif": tiff_bytes(grey, bigtiff=True, compression="zlib"),
        "separate.tif": tiff_bytes(np.moveaxis(deep, -1, 0), photometric="rgb", planarconfig="separate"),
        "float.tif": tiff_bytes(real, compression="zlib", predictor=True),
        "float64.tif": tiff_bytes(real.astype(np.float64)),
        "uint32.tif": tiff_bytes(grey.astype(np.uint32)),
        "int16.tif": tiff_bytes(grey.astype(np.int16) - 100),
        "white.tif": tiff_bytes(grey, photometric="miniswhite"),
        "bit.tif": tiff_bytes(grey > 99, compression="packbits"),
        "rgba.tif": tiff_bytes(smooth(samples=4), photometric="rgb", extrasamples=["unassalpha"]),
        "palette.tif": tiff_bytes(
            grey, photometric="palette", colormap=np.arange(768).reshape(3, 256).astype(np.uint16)
        ),
        "cmyk.tif": pil_bytes(PilImage.fromarray(rgb).convert("CMYK"), "TIFF"),
        "lab.tif": pil_bytes(PilImage.fromarray(rgb).convert("LAB"), "TIFF"),
        "resolution.tif": tiff_bytes(grey, resolution=(40_000, 40_000), resolutionunit="CENTIMETER"),
        "imagej.tif": tiff_bytes(grey, imagej=True, resolution=(4, 4), metadata={"unit": "um"}),
        "one.ome.tif": tiff_bytes(grey[None], ome=True, metadata=_OME),
    }


def _stacks() -> dict[str, bytes]:
    stack = np.stack([smooth(16, 24, 1)[:, :, 0] // (k + 1) for k in range(6)])
    return {
        "pages.tif": tiff_bytes(stack, photometric="minisblack"),
        "imagej_stack.tif": tiff_bytes(stack.reshape(3, 2, 16, 24), imagej=True, metadata={"axes": "ZCYX"}),
        "stack.ome.tif": tiff_bytes(stack, ome=True, metadata=_OME, photometric="minisblack"),
        "channels.tif": tiff_bytes(smooth(samples=2), photometric="minisblack", planarconfig="contig"),
    }
