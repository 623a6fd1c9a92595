"""QuPath: one GeoJSON file a picture, objects as features with outlines along pixel edges.

Source: QuPath's documentation of its GeoJSON export, and RFC 7946. Coordinates are those of pixel corners at
full resolution, y down.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import Annotation, LabelledPicture, PictureSize
from sporemetry.exchange.classes import role_of
from sporemetry.exchange.documents import picture_name, read_json, safe_name
from sporemetry.exchange.entries import Entry, picture_size, ring_of
from sporemetry.exchange.outlines import Polygon, Ring, label_polygons
from sporemetry.exchange.shapes import Shape
from sporemetry.exchange.sketch import Sketch, sound_box
from sporemetry.storage import make_folder, write_atomic

ENDING = ".geojson"
_ENDINGS = (".geojson", ".json")
_CLASS = {"name": "Spore", "color": [230, 159, 0]}
# Ids of objects are made from the picture's name and the label, so that the same labels give the same file.
_IDS = uuid.UUID("b7f1a5d2-52a0-5f0e-9d0a-6f6f1f0c7a11")

# The type of an object, as the versions of QuPath have written it.
_KINDS = {
    "annotation": "annotation",
    "detection": "detection",
    "cell": "cell",
    "tile": "tile",
    "tmacore": "tmaCore",
    "root": "root",
    "pathannotationobject": "annotation",
    "pathroiobject": "annotation",
    "pathdetectionobject": "detection",
    "pathcellobject": "cell",
    "pathtileobject": "tile",
    "tmacoreobject": "tmaCore",
    "pathrootobject": "root",
}
# An annotation of such a share of the image is that of the field.
_WHOLE_IMAGE = 0.9
_NO_OBJECTS = ("tmaCore", "root", "tile")

Points = NDArray[np.float64]


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
        One a file, in the order of the names. Each object with an area is one instance, in all its pieces;
        of a cell the outer outline is taken, not the nucleus. Left out, with a note: TMA cores, tiles,
        objects of the class ``Region*`` or of another that ends in ``*``, and annotations that mark a
        region (:func:`sporemetry.exchange.regions.find_regions`). ``Ignore*`` is ignored, as is what lies
        around points and lines beside outlines. Objects that cannot be used are left out, and a note names
        each. A file that cannot be used, or that holds no object with an area but others, has a
        ``problem``.

    Raises
    ------
    LabelReadError
        When there is no such file.
    """
    for file, stem in _files(path):
        entry = Entry(file, "", stem)
        name = stem
        try:
            name = picture_name(entry)
            shape = picture_size(entry, name, None, size)
            yield _annotation(read_json(file), name, shape)
        except LabelReadError as error:
            yield Annotation(name=name, problem=error)


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
        As of :func:`read_qupath`. Instances are named as QuPath lists them. No object at all gives labels of
        zeros.

    Raises
    ------
    LabelReadError
        For what is no such file, and for one whose objects have no area, which would else be read as an image
        without spores.
    """
    found = _annotation(read_json(path), name, shape)
    if found.problem is not None:
        raise found.problem
    return found


def read_point_features(path: Path) -> Iterator[tuple[str, Points]]:
    """Yield the points of a file as (class, N x 2 float array of x and y).

    Parameters
    ----------
    path : Path
        As :func:`read_qupath` takes it. No object at all yields nothing.

    Raises
    ------
    LabelReadError
        For what is no such file, and for objects that are no points.
    """
    for number, feature in enumerate(_features(read_json(path)), start=1):
        where = feature.where or f"feature {number}"
        properties, geometry = feature.get("properties"), feature.get("geometry")
        if geometry is None:
            raise feature.error("a geometry", found=f"none in {where}")
        pieces, points, lines = _geometries(geometry)
        if pieces or lines or not points:
            raise geometry.error(
                "points",
                found="an outline" if pieces else "a line" if lines else "nothing",
                remedy="Outlines are truth as label images: bring them in with `sporemetry dataset import`.",
            )
        label = _class_name(properties.get("classification") if properties is not None else None)
        for places in points:
            yield label, places


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
    sketch = Sketch(document.path, name, shape)
    for number, feature in enumerate(_features(document), start=1):
        where = feature.where or f"feature {number}"
        try:
            _take(sketch, feature, where)
        except LabelReadError as error:
            geometry = feature.value.get("geometry") if isinstance(feature.value, dict) else None
            coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
            sketch.spoiled(where, error, sound_box(coordinates, shape))
    return sketch.annotation(named=False, whole_image=_WHOLE_IMAGE)


def _features(document: Entry) -> list[Entry]:
    if isinstance(document.value, list):
        return list(document.items())
    kind = document.field("type")
    if kind.text() == "Feature":
        return [document]
    if kind.text() != "FeatureCollection":
        raise kind.error("a FeatureCollection, a Feature, or a list of features")
    return list(document.field("features").items())


def _take(sketch: Sketch, feature: Entry, where: str) -> None:
    properties = feature.get("properties")
    kind = _kind(feature, properties)
    label = _class_name(properties.get("classification") if properties is not None else None)
    if kind in _NO_OBJECTS:
        sketch.leave_out(f"objects of the type {kind} were left out")
        return
    if label.endswith("*") and role_of(label) == "object":
        sketch.leave_out(f"objects of the class {label[:40]} mark a region and were left out")
        return
    geometry = feature.get("geometry")
    if geometry is None:
        sketch.spoiled(where, "expected a geometry; found none")
        return
    pieces, points, lines = _geometries(geometry)
    if pieces:
        shape = Shape(label=label, name=_title(properties), pieces=pieces, where=where)
        sketch.outline(shape, detected=kind != "annotation")
        return
    for place in points:
        sketch.marks("point", label, place, where)
    for line in lines:
        sketch.marks("line", label, line, where)
    if not points and not lines:
        sketch.spoiled(where, "expected an object with points; found none")


def _kind(feature: Entry, properties: Entry | None) -> str:
    """Return the type of an object; old versions have it as ``object_type``, older ones as ``id``."""
    stated = _text(properties, "objectType") or _text(properties, "object_type")
    if not stated:
        identity = feature.get("id")
        stated = identity.value if identity is not None and isinstance(identity.value, str) else ""
    return _KINDS.get(stated.casefold().replace("_", ""), "")


def _geometries(geometry: Entry) -> tuple[list[list[Points]], list[Points], list[Points]]:
    """Return the polygons, points and lines of a geometry."""
    kind = geometry.field("type").text()
    if kind == "GeometryCollection":
        parts = [_geometries(part) for part in geometry.field("geometries").items()]
        return (
            [piece for part in parts for piece in part[0]],
            [place for part in parts for place in part[1]],
            [line for part in parts for line in part[2]],
        )
    coordinates = geometry.field("coordinates")
    if kind == "Polygon":
        piece = _rings(coordinates)
        return [piece] if piece else [], [], []
    if kind == "MultiPolygon":
        return [piece for piece in map(_rings, coordinates.items()) if piece], [], []
    if kind == "Point":
        return [], [Entry(coordinates.path, coordinates.where, [coordinates.value]).positions()], []
    if kind == "MultiPoint":
        return [], [coordinates.positions()], []
    if kind == "LineString":
        return [], [], [coordinates.positions()]
    if kind == "MultiLineString":
        return [], [], [line.positions() for line in coordinates.items()]
    raise geometry.error("a geometry of GeoJSON", found=f"the type {kind[:40]!r}")


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


def _rings(entry: Entry) -> list[Points]:
    """Return the outline and the holes of a polygon; a third coordinate (height) is not used."""
    rings = [(ring, ring.positions()) for ring in entry.items() if ring.value != []]
    return [ring_of(ring, points) for ring, points in rings]
