"""ImageJ and Fiji: the ROI manager's ``<picture>_rois.zip``, or single ``.roi`` files.

The bytes of one region are read and written in :mod:`~sporemetry.exchange.imagej_roi`.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_bytes, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.imagej_roi import Roi, decode_roi, encode_roi
from sporemetry.exchange.outlines import label_polygons
from sporemetry.exchange.shapes import Shape, draw_shapes
from sporemetry.storage import make_folder, write_atomic

ROIS_SUFFIX = "_rois.zip"
# Fiji's manager proposes RoiSet.zip.
_SET_NAME = re.compile(r"[ _.-]*(rois|roiset|roi)$", re.IGNORECASE)
_MOST_ROIS = 100_000
# A region of 1,000 spores takes less than a megabyte.
_LARGEST_ZIP = 128 << 20
_LARGEST_UNPACKED = 256 << 20
_LARGEST_ROI = 16 << 20
_ZIP_ENTRY = b"PK\x01\x02"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def read_imagej(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read regions of interest.

    Parameters
    ----------
    path : Path
        A zip of ROIs, one ``.roi`` file, or a folder with such files of several pictures (subfolders too),
        each called as its picture: ``leaf7_1.zip``, ``leaf7_1_rois.zip``, ``leaf7_1_RoiSet.zip``.
    size : PictureSize
        Must know each picture, since ROIs do not state its size.

    Yields
    ------
    Annotation
        One a file, in the order of the names; each ROI is one instance, in the order of the zip. Classes are
        ImageJ's groups (``group 2``, or empty) where there are any, and empty otherwise. Lines, points and
        text are left out, with a note; so is the difference between slices of a stack.

    Raises
    ------
    LabelReadError
        For what is no ROI, a picture of unknown size, a zip that unpacks to more than 256 MB or holds more
        than 100,000 files.
    """
    names: dict[str, int] = {}
    for file, stem in _files(path):
        entry = Entry(file, "", _SET_NAME.sub("", stem) if file.suffix.lower() == ".zip" else stem)
        if not entry.value:
            raise entry.error(
                "a zip called as its picture, such as leaf7_1_rois.zip", found=f"a zip called {file.name}"
            )
        name = picture_name(entry)
        check_unique(names, entry, name)
        yield read_rois(file, picture_size(entry, name, None, size), name)


def write_imagej(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write a zip of ROIs for each picture: ``<output>/<name>_rois.zip``.

    Parameters
    ----------
    output : Path
        The folder; made if missing.
    pictures : iterable of LabelledPicture
        Held one at a time.

    Returns
    -------
    list of Path
        What was written, one file a picture. Fiji opens it by dragging it onto its window.

    Notes
    -----
    Everything but the scale is held; ids become the ROIs' names and may have gaps. Fiji cannot open a zip of
    no ROIs: it says so and goes on.
    """
    written = []
    for picture in pictures:
        path = output / f"{safe_name(picture.name)}{ROIS_SUFFIX}"
        make_folder(path.parent)
        write_atomic(path, encode_rois(picture.labels))
        written.append(path)
    return written


def encode_rois(labels: NDArray[np.integer]) -> bytes:
    """Return a zip of one ROI for each id of a label picture (int, H x W), named ``0001.roi`` for id 1.

    The same labels give the same bytes. Labels of zeros give a zip of nothing.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for label, pieces in label_polygons(labels):
            name = f"{label:04d}"
            member = zipfile.ZipInfo(f"{name}.roi", _FIRST_DAY)
            member.create_system = 3  # else it tells of the system it was written on
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, encode_roi(pieces, name))
    return buffer.getvalue()


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return each file and its path below the folder without the ending."""
    if not path.is_dir():
        return [(path, path.stem)]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in (".zip", ".roi") and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise LabelReadError(
            path,
            expected="zips of ROIs, or .roi files",
            found="none",
            remedy="In Fiji: ROI Manager, More, Save, one zip a picture, called as the picture.",
        )
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in found]


def read_rois(path: Path, shape: tuple[int, int], name: str = "") -> Annotation:
    """Read the regions of one image.

    Parameters
    ----------
    path : Path
        A zip of ROIs, or one ``.roi`` file; its name does not matter.
    shape : (int, int)
        Height and width of the image.
    name : str
        What the annotation shall be called.

    Returns
    -------
    Annotation
        As of :func:`read_imagej`. Instances are named as the ROI Manager shows them. No region with an area
        gives labels of zeros.

    Raises
    ------
    LabelReadError
        As :func:`read_imagej`.
    """
    notes: Counter[str] = Counter()
    shapes: list[Shape] = []
    positions: set[int] = set()
    for roi in _rois(path, notes):
        if roi.draw is None:
            notes[f"regions without area ({roi.kind}) were left out"] += 1
            continue
        positions.add(roi.position)
        group = f"group {roi.group}" if roi.group else ""
        shapes.append(Shape(label=group, draw=partial(roi.draw, shape), name=roi.name))
    drawn = draw_shapes(shapes, shape)
    texts = [f"{count} {text}" for text, count in notes.items()]
    slices = positions - {0}
    if len(slices) > 1:
        texts.append(f"the ROIs belong to {len(slices)} slices of a stack: all were put into one picture")
    return Annotation(
        name=name,
        labels=drawn.labels,
        classes=drawn.classes if any(drawn.classes) else (),
        notes=(*texts, *drawn.notes),
        names=drawn.names,
    )


def _rois(path: Path, notes: Counter[str]) -> Iterator[Roi]:
    if path.suffix.lower() != ".zip":
        yield _roi(path, "", read_bytes(path, _LARGEST_ROI))
        return
    content = read_bytes(path, _LARGEST_ZIP)
    # Before the table of contents is taken into memory, which is many times its size.
    if content.count(_ZIP_ENTRY) > _MOST_ROIS:
        raise LabelReadError(
            path, expected=f"a zip of at most {_MOST_ROIS:,} files", found=f"{content.count(_ZIP_ENTRY):,}"
        )
    left = _LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                parts = PurePosixPath(member.filename).parts
                if member.filename.endswith("/") or "__MACOSX" in parts:  # is_dir fails without a name
                    continue
                if not member.filename.lower().endswith(".roi"):
                    notes["files of the zip that are no ROIs were left out"] += 1
                    continue
                with archive.open(member) as file:
                    packed = file.read(_LARGEST_ROI + 1)
                left -= len(packed)
                if left < 0 or len(packed) > _LARGEST_ROI:
                    raise LabelReadError(
                        path,
                        expected=f"ROIs of {_LARGEST_ROI:,} bytes at most, all of {_LARGEST_UNPACKED:,}",
                        found="a zip that unpacks to more",
                    )
                # The ROI Manager shows the name of the entry, whatever the ROI itself says.
                shown = PurePosixPath(member.filename).stem
                yield replace(_roi(path, member.filename, packed), name=shown)
    except zipfile.BadZipFile as error:
        raise _unpackable(path, str(error)) from error
    # Encrypted members are a RuntimeError, unknown compression a NotImplementedError (a kind of it).
    except (OSError, EOFError, ValueError, RuntimeError, OverflowError, zlib.error) as error:
        raise _unpackable(path, f"{type(error).__name__}: {error}"[:200]) from error


def _unpackable(path: Path, found: str) -> LabelReadError:
    return LabelReadError(
        path, expected="a zip that can be unpacked", found=found, remedy="Save it again from the ROI Manager."
    )


def _roi(path: Path, member: str, content: bytes) -> Roi:
    try:
        return decode_roi(content)
    except SettingsError as error:
        place = f"{member[:80]!r}: " if member else ""
        raise LabelReadError(
            path,
            expected=error.expected,
            found=f"{place}{error.found}",
            remedy="Save it again from the ROI Manager.",
        ) from error
