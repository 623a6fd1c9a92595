"""QuPath: one GeoJSON file a picture, objects as features with outlines along pixel edges.

Source: QuPath's documentation of its GeoJSON export, and RFC 7946. Coordinates are those of pixel corners at
full resolution, y down.
"""

from __future__ import annotations

import json
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, check_unique, picture_size
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.outlines import Polygon, Ring, label_polygons
from sporemetry.exchange.shapes import Shape, draw_shapes, union
from sporemetry.storage import make_folder, write_atomic

ENDING = ".geojson"
_ENDINGS = (".geojson", ".json")
_CLASS = {"name": "Spore", "color": [230, 159, 0]}
# Ids of objects are made from the picture's name and the label, so that the same labels give the same file.
_IDS = uuid.UUID("b7f1a5d2-52a0-5f0e-9d0a-6f6f1f0c7a11")

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """One object with an area: its pieces, each an outline and holes, its class, and what it is called."""

    kind: str
    name: str
    title: str
    pieces: tuple[tuple[Points, ...], ...]
    box: tuple[float, float, float, float]


def read_qupath(path: Path, size: PictureSize) -> Iterator[Annotation]:
    """Read GeoJSON as QuPath exports it.

    Parameters
    ----------
    path : Path
        A file (feature collection, list of features or single feature), or a folder with such files
        (``.geojson``, ``.json``, subfolders too), each called as its picture.
    size : PictureSize
        Must know each picture, since GeoJSON does not state its size.

    Yields
    ------
    Annotation
        One a file, in the order of the names. Each object with an area is one instance, in all its pieces; of
        a cell the outer outline is taken, not the nucleus. Left out, with a note: lines and points, TMA
        cores, and annotations that wholly enclose a detection or several objects: those mark a region.

    Raises
    ------
    LabelReadError
        For what is no such file, or a picture of unknown size.
    """
    names: dict[str, int] = {}
    for file, stem in _files(path):
        document = read_json(file)
        entry = Entry(file, "", stem)
        name = picture_name(entry)
        check_unique(names, entry, name)
        yield _annotation(document, name, picture_size(entry, name, None, size))


def read_geojson(path: Path, shape: tuple[int, int], name: str = "") -> Annotation:
    """Read the objects of one image.

    Parameters
    ----------
    path : Path
        A file as :func:`read_qupath` takes it; its name does not matter.
    shape : (int, int)
        Height and width of the image.
    name : str
        What the annotation shall be called.

    Returns
    -------
    Annotation
        As of :func:`read_qupath`. Instances are named as QuPath lists them. No object with an area gives
        labels of zeros.

    Raises
    ------
    LabelReadError
        As :func:`read_qupath`.
    """
    return _annotation(read_json(path), name, shape)


def write_qupath(output: Path, pictures: Iterable[LabelledPicture]) -> list[Path]:
    """Write GeoJSON for each picture: ``<output>/<name>.geojson``.

    Parameters
    ----------
    output : Path
        The folder; made if missing.
    pictures : iterable of LabelledPicture
        Held one at a time.

    Returns
    -------
    list of Path
        What was written, one file a picture. QuPath opens it by dragging it onto the open picture.

    Notes
    -----
    Everything but the scale is held; ids become the objects' names and may have gaps.
    """
    written = []
    for picture in pictures:
        name = safe_name(picture.name)
        path = output / f"{name}{ENDING}"
        make_folder(path.parent)
        write_atomic(path, encode_geojson(picture.labels, name))
        written.append(path)
    return written


def encode_geojson(
    labels: NDArray[np.integer],
    picture: str,
    measurements: Mapping[int, Mapping[str, float]] | None = None,
) -> bytes:
    """Return the feature collection of a label picture, one line a spore.

    Parameters
    ----------
    labels : integer array, H x W
        0 background; labels of zeros give a collection of nothing.
    picture : str
        Its name; with the label it makes the object's id.
    measurements : mapping of int to mapping of str to float, optional
        What QuPath shall list for each label; numbers that are not finite are left out.

    Examples
    --------
    >>> text = encode_geojson(np.array([[0, 3]]), "leaf", {3: {"Length um": 7.5}}).decode()
    >>> feature = json.loads(text)["features"][0]
    >>> feature["geometry"]
    {'type': 'Polygon', 'coordinates': [[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]}
    >>> feature["properties"]["name"], feature["properties"]["measurements"]
    ('3', {'Length um': 7.5})
    """
    lines = []
    for label, pieces in label_polygons(labels):
        properties: dict[str, object] = {
            "objectType": "detection",
            "name": str(label),
            "classification": _CLASS,
        }
        numbers = (measurements or {}).get(label, {})
        finite = {key: value for key, value in numbers.items() if math.isfinite(value)}
        if finite:
            properties["measurements"] = finite
        feature = {
            "type": "Feature",
            "id": str(uuid.uuid5(_IDS, f"{picture}/{label}")),
            "geometry": _geometry(pieces),
            "properties": properties,
        }
        lines.append(json.dumps(feature, separators=(",", ":"), ensure_ascii=False))
    text = '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"
    return text.encode()


def _geometry(pieces: Sequence[Polygon]) -> dict[str, object]:
    coordinates = [[_closed(ring) for ring in piece.rings] for piece in pieces]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _closed(ring: Ring) -> list[list[int]]:
    points: list[list[int]] = ring.tolist()
    return [*points, points[0]]


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return each file and its path below the folder without the ending."""
    if not path.is_dir():
        return [(path, path.stem)]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in _ENDINGS and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise LabelReadError(
            path,
            expected="GeoJSON files, one a picture",
            found="none",
            remedy="In QuPath: File, Export objects as GeoJSON, called as the picture.",
        )
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in found]


def _annotation(document: Entry, name: str, shape: tuple[int, int]) -> Annotation:
    notes: Counter[str] = Counter()
    found = [
        each for each in (_object(feature, notes) for feature in _features(document)) if each is not None
    ]
    regions = _regions(found, shape)
    if regions:
        notes["annotations that enclose other objects were taken for regions of interest and left out"] = len(
            regions
        )
    shapes = [
        Shape(label=each.name, draw=partial(_draw, each.pieces, shape), name=each.title)
        for index, each in enumerate(found)
        if index not in regions
    ]
    drawn = draw_shapes(shapes, shape)
    return Annotation(
        name=name,
        labels=drawn.labels,
        classes=drawn.classes if any(drawn.classes) else (),
        notes=(*(f"{count} {text}" for text, count in notes.items()), *drawn.notes),
        names=drawn.names,
    )


def _features(document: Entry) -> list[Entry]:
    if isinstance(document.value, list):
        return list(document.items())
    kind = document.field("type")
    if kind.text() == "Feature":
        return [document]
    if kind.text() != "FeatureCollection":
        raise kind.error("a FeatureCollection, a Feature, or a list of features")
    return list(document.field("features").items())


def _object(feature: Entry, notes: Counter[str]) -> _Found | None:
    """Return the object of a feature; None, and a note, for what is no spore."""
    geometry = feature.get("geometry")
    properties = feature.get("properties")
    kind = _text(properties, "objectType") or _text(properties, "object_type")
    if kind in ("tmaCore", "root"):
        notes[f"objects of the type {kind} were left out"] += 1
        return None
    shape = "no geometry" if geometry is None else geometry.field("type").text()
    pieces: list[tuple[Points, ...]] = []
    if geometry is not None and shape == "Polygon":
        pieces = [_rings(geometry.field("coordinates"))]
    elif geometry is not None and shape == "MultiPolygon":
        pieces = [_rings(piece) for piece in geometry.field("coordinates").items()]
    else:
        notes[f"objects without area ({shape[:40]}) were left out"] += 1
        return None
    outlines = [ring for piece in pieces for ring in piece if len(ring)]
    if not outlines:
        notes["objects without area (no points) were left out"] += 1
        return None
    every = np.concatenate(outlines)
    left, top = every.min(axis=0).tolist()
    right, below = every.max(axis=0).tolist()
    classification = properties.get("classification") if properties is not None else None
    return _Found(
        kind=kind,
        name=_class_name(classification),
        title=_title(properties),
        pieces=tuple(pieces),
        box=(left, top, right, below),
    )


def _class_name(classification: Entry | None) -> str:
    """Return the class; newer versions write the names of derived classes as a list."""
    if classification is None:
        return ""
    if isinstance(classification.value, str):
        return classification.value
    names = classification.get("names")
    if names is not None:
        return ": ".join(name.text() for name in names.items())
    return _text(classification, "name")


def _title(properties: Entry | None) -> str:
    """Return what an object is called; what is no text or number names nothing."""
    found = None if properties is None else properties.get("name")
    return str(found.value) if found is not None and isinstance(found.value, str | int) else ""


def _text(entry: Entry | None, key: str) -> str:
    found = None if entry is None else entry.get(key)
    return "" if found is None else found.text()


def _rings(entry: Entry) -> tuple[Points, ...]:
    """Return the outline and the holes of a polygon; a third coordinate (height) is refused."""
    return tuple(ring.pairs() for ring in entry.items())


def _regions(found: Sequence[_Found], shape: tuple[int, int]) -> set[int]:
    """Return which objects are annotations that wholly enclose a detection or a cell, or two other objects.

    One annotation within another may be a spore on a spore, so that it takes two to make a region.
    """
    if not any(each.kind == "annotation" for each in found):
        return set()
    left, top, right, below = np.array([each.box for each in found]).T
    regions = set()
    for index, each in enumerate(found):
        if each.kind != "annotation":
            continue
        x0, y0, x1, y1 = each.box
        near = np.flatnonzero((left >= x0) & (top >= y0) & (right <= x1) & (below <= y1)).tolist()
        others = [found[other] for other in near if other != index and found[other].box != each.box]
        if not others:
            continue
        area = _draw(each.pieces, shape)
        inside = [other.kind for other in others if _within(_draw(other.pieces, shape), area)]
        if len(inside) > 1 or any(kind != "annotation" for kind in inside):
            regions.add(index)
    return regions


def _within(inner: Patch, outer: Patch) -> bool:
    """Tell whether a patch has pixels and all of them belong to the other."""
    rows, cols = np.nonzero(inner.mask)
    rows, cols = rows + inner.row - outer.row, cols + inner.col - outer.col
    height, width = outer.mask.shape
    known = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return bool(rows.size and known.all() and outer.mask[rows, cols].all())


def _draw(pieces: Sequence[Sequence[Points]], shape: tuple[int, int]) -> Patch:
    return union([fill_patch(rings, shape) for rings in pieces])
