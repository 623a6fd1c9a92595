"""Cellpose: label pictures beside the pictures, ``<picture>_cp_masks.png`` or ``<picture>_masks.tif``.

Source: Cellpose's documentation of inputs and outputs. Its ``_seg.npy`` are pickles: they are read without
running anything (:mod:`~sporemetry.exchange.seg_npy`), where there is no picture of the same masks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from sporemetry.errors import FileError, LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, safe_name
from sporemetry.exchange.entries import Entry, picture_size
from sporemetry.exchange.seg_npy import ENDING, read_seg_masks
from sporemetry.image import read_image
from sporemetry.label_image import LabelImage, encode_labels, read_labels
from sporemetry.storage import make_folder, write_atomic

MASKS = "_masks"
_MASKS_NAME = re.compile(r"(.*?)_(?:cp_)?masks$", re.IGNORECASE | re.DOTALL)
_MASKS_ENDINGS = (".png", ".tif", ".tiff")
_PICKLE = ENDING
# Cellpose takes pictures whose names end so for its own outputs.
_TAKEN = ("_masks", "_flows", "_cp_output", "_styles")


def read_cellpose(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read Cellpose's label pictures.

    Parameters
    ----------
    path : Path
        A picture ``<name>_cp_masks`` or ``<name>_masks`` (``.png``, ``.tif``), a ``<name>_seg.npy``, or a
        folder with such (subfolders too). Of one image, the picture is taken.
    size : PictureSize
        Held against the size of the masks.

    Yields
    ------
    Annotation
        One a file, in the order of the names. Ids are closed up in rising order. Where 1 is the only id and
        its pixels do not hang together, each part is taken for an instance, as in any mask.

    Raises
    ------
    LabelReadError
        When there is no such file. A file that holds no ids, or is of another size than its image, has a
        ``problem``.
    """
    for file, stem in _files(path):
        entry = Entry(file, "", stem)
        name = stem
        try:
            name = picture_name(entry)
            read = _masks(file)
            height, width = read.labels.shape
            picture_size(entry, name, (height, width), size)
        except FileError as error:
            yield Annotation(name=name, problem=error)
            continue
        labels = _closed_up(read.labels)
        yield Annotation(name=name, labels=labels, um_per_px=read.um_per_px, notes=read.notes)


def write_cellpose(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write a folder that Cellpose trains on: ``<name>.png`` and ``<name>_masks.tif``, side by side.

    Parameters
    ----------
    output : Path
        The folder; made if missing.
    pictures : iterable of LabelledPicture
        Held one at a time. Without ``image`` only the masks are written.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ImageReadError
        When a picture cannot be read.
    LabelReadError
        When it has another size than its labels.
    SettingsError
        When two pictures would get the same name.

    Notes
    -----
    Cellpose does not look into subfolders: ``plate 3/leaf`` becomes ``plate 3_leaf``. Pictures are written
    anew as the labels see them (8 bits, turned as the camera says), because Cellpose reads neither that nor
    BMP. Everything of the labels is held but their ids, which are closed up.
    """
    make_folder(output)
    written: list[Path] = []
    used: dict[str, str] = {}
    for picture in pictures:
        name = _flat_name(picture.name, used)
        if picture.image is not None:
            written.append(output / f"{name}.png")
            write_atomic(written[-1], _encoded(picture.image, picture.labels.shape))
        written.append(output / f"{name}{MASKS}.tif")
        write_atomic(written[-1], _encoded_masks(picture))
    return written


def _masks(file: Path) -> LabelImage:
    if file.suffix.lower() != ".npy":
        return read_labels(file)
    masks = read_seg_masks(file)
    if masks.min() < 0 or masks.max() > np.iinfo(np.int32).max:
        raise LabelReadError(file, expected="ids from 0", found=f"{masks.min()} to {masks.max()}")
    return LabelImage(masks.astype(np.int32), None, ())


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return each file of masks and the path of its picture below the folder, without ending."""
    if not path.is_dir():
        if path.name.lower().endswith(_PICKLE):
            return [(path, path.name[: -len(_PICKLE)] or path.stem)]
        return [(path, _picture_of(path.stem) or path.stem)]
    files = sorted(file for file in path.rglob("*") if not file.name.startswith(".") and file.is_file())
    found = []
    for file in files:
        stem = _picture_of(file.stem) if file.suffix.lower() in _MASKS_ENDINGS else None
        if stem:
            found.append((file, file.with_name(stem).relative_to(path).as_posix()))
    masked = {stem for _, stem in found}
    for file in files:
        title = file.name[: -len(_PICKLE)]
        if file.name.lower().endswith(_PICKLE) and title:
            name = file.with_name(title).relative_to(path).as_posix()
            if name not in masked:
                found.append((file, name))
    if not found:
        raise LabelReadError(
            path,
            expected="files called as <picture>_cp_masks.png, <picture>_masks.tif or <picture>_seg.npy",
            found="none",
            remedy="In Cellpose: File, Save masks as PNG/tif; or --save_tif on its command line.",
        )
    return sorted(found)


def _picture_of(stem: str) -> str | None:
    match = _MASKS_NAME.fullmatch(stem)
    return match.group(1) or None if match else None


def _closed_up(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    ids = np.unique(np.append(labels, 0))
    if ids[-1] == ids.size - 1:
        return labels
    return np.searchsorted(ids, labels).astype(np.int32)


def _encoded_masks(picture: LabelledPicture) -> bytes:
    labels = _closed_up(picture.labels)
    if labels.max(initial=0) == 1 and ndimage.label(labels, np.ones((3, 3)))[1] > 1:
        labels = labels * 2  # else it is read as a mask, each part a spore
    return encode_labels(labels, um_per_px=picture.um_per_px)


def _encoded(image: Path, shape: tuple[int, ...]) -> bytes:
    pixels = read_image(image).pixels
    if pixels.shape[:2] != shape:
        raise LabelReadError(
            image,
            expected=f"a picture of the labels' size, {shape[1]} x {shape[0]}",
            found=f"{pixels.shape[1]} x {pixels.shape[0]}",
            remedy="Give the picture that was labelled, at the size it had then.",
        )
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _flat_name(name: str, used: dict[str, str]) -> str:
    flat = safe_name(name).replace("/", "_")
    if flat.lower().endswith(_TAKEN):
        flat += "_"
    # Windows and macOS take names that differ in case only for one.
    if flat.lower() in used:
        raise SettingsError(
            "pictures",
            expected="names that differ in one folder",
            found=f"{used[flat.lower()]!r} and {name!r}, both {flat!r}",
            remedy="Rename one of them.",
        )
    used[flat.lower()] = name
    return flat
