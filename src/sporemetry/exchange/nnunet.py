"""nnU-Net v2: a raw data set folder with pictures, label maps and ``dataset.json``.

Source: nnU-Net's page on its data set format (github.com/MIC-DKFZ/nnUNet). Its label maps are classes and
not instances: touching spores become one, unless the border between them is a class of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.documents import safe_name
from sporemetry.formats.encode import encode_png
from sporemetry.image import read_image
from sporemetry.storage import make_folder, write_atomic

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_NAME = re.compile(r"[A-Za-z0-9-]+")


def write_nnunet(
    output: Path,
    pictures: Iterable[LabelledPicture],
    *,
    dataset_id: int = 501,
    name: str = "Spores",
    border: bool = False,
) -> list[Path]:
    """Write ``Dataset501_Spores`` into the folder that ``nnUNet_raw`` names.

    Parameters
    ----------
    output : Path
        The folder; made if missing.
    pictures : iterable of LabelledPicture
        Held one at a time; each must have its picture.
    dataset_id : int
        1 to 999. Below 500 there may be other data sets of the same number.
    name : str
        Letters, digits and ``-``.
    border : bool
        Whether pixels of a spore beside another spore are a class of their own, so that instances can be told
        apart.

    Returns
    -------
    list of Path
        What was written: ``imagesTr/<case>_0000.png`` (8-bit RGB), ``labelsTr/<case>.png``, ``cases.json``
        (which case is which picture) and ``dataset.json``, which comes last.

    Raises
    ------
    SettingsError
        For a number or a name that cannot be used.
    LabelReadError
        When a picture is missing or of another size than its labels.
    ImageReadError
        When a picture cannot be read.

    Notes
    -----
    The class of each pixel is held; ids, the scale and bits beyond 8 are not.
    """
    if not 1 <= dataset_id <= 999 or not _NAME.fullmatch(name):
        raise SettingsError(
            "dataset_id" if _NAME.fullmatch(name) else "name",
            expected="a number from 1 to 999, and a name of letters, digits and -",
            found=f"{dataset_id}, {name!r}",
        )
    root = output / f"Dataset{dataset_id:03d}_{name}"
    for folder in ("imagesTr", "labelsTr"):
        make_folder(root / folder)
    written: list[Path] = []
    cases: dict[str, str] = {}
    for picture in pictures:
        case = _case(picture.name, cases)
        cases[case] = picture.name
        written += [root / "imagesTr" / f"{case}_0000.png", root / "labelsTr" / f"{case}.png"]
        write_atomic(written[-2], encode_rgb(_pixels(picture)))
        write_atomic(written[-1], encode_png(_classes(picture.labels, border=border)))
    for file, content in (("cases.json", cases), ("dataset.json", _card(len(cases), border=border))):
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        written.append(root / file)
        write_atomic(written[-1], text.encode("utf-8"))
    return written


def encode_rgb(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG of three channels, grey pictures too: nnU-Net wants as many as ``dataset.json`` names."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=3))


def _card(pictures: int, *, border: bool) -> dict[str, object]:
    labels = {"background": 0, "spore": 1, **({"border": 2} if border else {})}
    return {
        "channel_names": {"0": "R", "1": "G", "2": "B"},
        "labels": labels,
        "numTraining": pictures,
        "file_ending": ".png",
        "overwrite_image_reader_writer": "NaturalImage2DIO",
    }


def _classes(labels: NDArray[np.integer], *, border: bool) -> NDArray[np.uint8]:
    classes = (labels > 0).astype(np.uint8)
    if border:
        # The largest and the smallest id nearby differ where another spore is near.
        high = ndimage.maximum_filter(labels, size=3)
        ids = np.where(labels > 0, labels, labels.max(initial=0))  # background never is the smallest
        low = ndimage.minimum_filter(ids, size=3)
        classes[(labels > 0) & (low != high)] = 2
    return classes


def _pixels(picture: LabelledPicture) -> NDArray[np.uint8]:
    shape = picture.labels.shape
    if picture.image is None:
        raise LabelReadError(picture.name, expected="the picture of the labels", found="none")
    pixels = read_image(picture.image).pixels
    if pixels.shape[:2] != shape:
        raise LabelReadError(
            picture.image,
            expected=f"a picture of the labels' size, {shape[1]} x {shape[0]}",
            found=f"{pixels.shape[1]} x {pixels.shape[0]}",
            remedy="Give the picture that was labelled, at the size it had then.",
        )
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return pixels.astype(np.uint8, copy=False)


def _case(name: str, used: dict[str, str]) -> str:
    """Return a case's name of letters, digits and ``-``, its own even where disks ignore capitals."""
    case = _UNSAFE.sub("-", safe_name(name)).strip("-") or "picture"
    taken = {each.lower() for each in used}
    number, free = 1, case
    while free.lower() in taken:
        number += 1
        free = f"{case}-{number}"
    return free
