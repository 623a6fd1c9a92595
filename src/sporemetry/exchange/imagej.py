"""ImageJ and Fiji: the ROI manager's ``<picture>_rois.zip``, or single ``.roi`` files.

The bytes of one region are read and written in :mod:`~sporemetry.exchange.imagej_roi`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.classes import role_of
from sporemetry.exchange.documents import picture_name, read_bytes, safe_name
from sporemetry.exchange.entries import Entry, picture_size
from sporemetry.exchange.imagej_roi import SMALLEST_ROI, Roi, decode_roi, encode_roi
from sporemetry.exchange.outlines import label_polygons
from sporemetry.exchange.shapes import Shape
from sporemetry.exchange.sketch import Sketch
from sporemetry.exchange.zips import UNPACKING_ERRORS, open_zip
from sporemetry.storage import make_folder, write_atomic

ROIS_SUFFIX = "_rois.zip"
# Fiji's manager proposes RoiSet.zip.
_SET_NAME = re.compile(r"[ _.-]*(rois|roiset|roi)$", re.IGNORECASE)
_MOST_ROIS = 300_000
# A region of 1,000 spores takes less than a megabyte.
_LARGEST_ZIP = 256 << 20
_LARGEST_UNPACKED = 512 << 20
_LARGEST_ROI = 16 << 20
# Of what a ROI may be called to mean; "ROI" itself is what any may be called.
_ROLES = ("background", "ignore")
# Of a zip without any: that there is no spore is stated, not a set that was lost.
_NO_SPORE = b"Sporemetry: no spore"
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
        One a file, in the order of the names; each ROI with an area is one instance, in the order of the
        zip. Classes are ImageJ's groups (``group 2``, or empty) where there are any, and empty otherwise; a
        ROI whose name is that of background or of what is to be ignored is that. An area that encloses two
        others marks a region and is left out. What lies around points and lines beside areas is ignored.
        ROIs that cannot be used are left out, and a note names each; so is the difference between slices of
        a stack. A file that cannot be used, or that holds points and lines only, has a ``problem``.

    Raises
    ------
    LabelReadError
        When there is no such file.
    """
    for file, stem in _files(path):
        entry = Entry(file, "", _SET_NAME.sub("", stem) if file.suffix.lower() == ".zip" else stem)
        name = stem
        try:
            if not entry.value:
                raise entry.error(
                    "a zip called as its picture, such as leaf7_1_rois.zip", found=f"a zip called {file.name}"
                )
            name = picture_name(entry)
            yield _annotation(file, picture_size(entry, name, None, size), name)
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)


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

    The same labels give the same bytes. Labels of zeros give a zip of nothing with a comment that
    says so; without that comment, a zip of nothing is refused when it is read.
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
        if not archive.namelist():
            archive.comment = _NO_SPORE
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
        As of :func:`read_imagej`. Instances are named as the ROI Manager shows them. A zip that was
        written here for an image without spores gives labels of zeros.

    Raises
    ------
    LabelReadError
        For what is no zip or ROI, a zip that unpacks to more than 512 MB or holds more than 300,000 files,
        a zip without ROIs, and for points and lines only, which would else be read as an image without
        spores.
    """
    found = _annotation(path, shape, name)
    if found.problem is not None:
        raise found.problem
    return found


def read_point_rois(path: Path) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield points and multi-points as (name, N x 2 float array of x and y).

    Parameters
    ----------
    path : Path
        A zip of ROIs, or one ``.roi`` file. A zip that was written here for an image without spores yields
        nothing.

    Yields
    ------
    (str, float array)
        The name is empty where it says nothing: for a single file, and unless it is one for what is to be
        ignored, background or a region. A multi-point may hold no point.

    Raises
    ------
    LabelReadError
        For what is no zip or ROI, for a zip without ROIs, for a damaged ROI, and for outlines and lines.
    """
    sketch = Sketch(path, "", (1, 1))
    count = 0
    for where, roi in _rois(path, sketch):
        count += 1
        if roi.kind != "point":
            raise LabelReadError(
                path,
                expected="points, as ImageJ's point and multi-point tools make them",
                found=f"{where}: {'an area' if roi.draw is not None else roi.kind}",
                remedy="Outlines are truth as label images: bring them in with `sporemetry dataset import`.",
            )
        yield roi.name if role_of(roi.name) != "object" else "", roi.points
    if sketch.faults:
        raise LabelReadError(
            path, expected="ROIs that can be read", found=sketch.first_fault, remedy="Save the set again."
        )
    if not count and not _states_nothing(path):
        raise LabelReadError(
            path,
            expected="points, or a zip that states that there are none",
            found="a zip without any",
            remedy="For an image without spores, a CSV file with the one line x,y states it.",
        )


def _annotation(path: Path, shape: tuple[int, int], name: str) -> Annotation:
    sketch = Sketch(path, name, shape)
    positions: set[int] = set()
    count = 0
    for where, roi in _rois(path, sketch):
        count += 1
        label = roi.name if role_of(roi.name) in _ROLES else f"group {roi.group}" if roi.group else ""
        if roi.draw is not None:
            # Outlines are drawn many at a time, which is far faster than one by one.
            whole = len(roi.rings) > 0 and all(len(ring) > 2 for ring in roi.rings)
            area = Shape(
                label=label,
                name=roi.name,
                pieces=[roi.rings] if whole else (),
                draw=None if whole else partial(roi.draw, shape),
                where=where,
                box=roi.box,
            )
            positions.add(roi.position)
            sketch.outline(area)
        elif len(roi.points):
            sketch.marks("point" if roi.kind == "point" else "line", label, roi.points, where)
        else:
            sketch.leave_out(f"regions without area ({roi.kind}) were left out")
    if not count and not sketch.faults and not _states_nothing(path):
        raise LabelReadError(
            path,
            expected="a zip of ROIs, one a spore",
            found="a zip without any",
            remedy="Save the set again from the ROI Manager. If the image holds no spore, state that by a "
            "label image of zeros, <image>_labels.tif.",
        )
    slices = positions - {0}
    if len(slices) > 1:
        sketch.remark(f"the ROIs belong to {len(slices)} slices of a stack: all were put into one picture")
    return sketch.annotation(named=False)


def _rois(path: Path, sketch: Sketch) -> Iterator[tuple[str, Roi]]:
    """Yield each ROI with its name in the file; those that cannot be read are left out with a note."""
    if path.suffix.lower() != ".zip":
        try:
            yield path.name, decode_roi(read_bytes(path, _LARGEST_ROI))
        except SettingsError as error:
            sketch.spoiled(path.name, error)
        return
    left = _LARGEST_UNPACKED
    with _open(path) as archive:
        for member in archive.infolist():
            parts = PurePosixPath(member.filename).parts
            if member.filename.endswith("/") or "__MACOSX" in parts:  # is_dir fails without a name
                continue
            if not member.filename.lower().endswith(".roi"):
                sketch.note("files of the zip that are no ROIs were left out")
                continue
            where = repr(member.filename[:80])
            try:
                with archive.open(member) as file:
                    packed = file.read(_LARGEST_ROI + 1)
            except UNPACKING_ERRORS as error:
                sketch.spoiled(where, f"expected a file that can be unpacked; found {error!r:.200}")
                continue
            left -= len(packed)
            if left < 0 or len(packed) > _LARGEST_ROI:
                raise LabelReadError(
                    path,
                    expected=f"ROIs of {_LARGEST_ROI:,} bytes at most, all of {_LARGEST_UNPACKED:,}",
                    found="a zip that unpacks to more",
                )
            try:
                # The ROI Manager shows the name of the entry, whatever the ROI itself says.
                yield where, replace(decode_roi(packed), name=PurePosixPath(member.filename).stem)
            except SettingsError as error:
                sketch.spoiled(where, error)


def _open(path: Path) -> AbstractContextManager[zipfile.ZipFile]:
    return open_zip(
        path,
        largest=_LARGEST_ZIP,
        most=_MOST_ROIS,
        smallest=SMALLEST_ROI,
        remedy="Save it again from the ROI Manager.",
    )


def _states_nothing(path: Path) -> bool:
    """Tell whether an empty zip was written so, for an image without spores."""
    with _open(path) as archive:
        return archive.comment == _NO_SPORE
