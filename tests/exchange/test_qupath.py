"""QuPath's GeoJSON: as QuPath writes it, there and back, and nothing but our own errors for anything else."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SporemetryError
from sporemetry.exchange.annotation import Annotation, LabelledPicture
from sporemetry.exchange.qupath import encode_geojson, read_qupath, write_qupath

Labels = NDArray[np.int32]
label_pictures = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.sampled_from([0, 0, 1, 2, 3, 7, 70_000]))
)


def box(x: float, y: float, width: float, height: float) -> list[list[float]]:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]


def feature(coordinates: Any, kind: str = "annotation", shape: str = "Polygon", **properties: Any) -> Any:
    """Return a feature as QuPath 0.5 writes it."""
    return {
        "type": "Feature",
        "id": "4a8c60a4-31b6-4cbb-9dd9-a5e4b6d3f1f7",
        "geometry": {"type": shape, "coordinates": coordinates},
        "properties": {"objectType": kind, **properties},
    }


def read_document(folder: Path, content: Any, shape: tuple[int, int] = (8, 10)) -> Annotation:
    path = folder / "leaf.geojson"
    path.write_text(json.dumps(content))
    [annotation] = read_qupath(path, lambda _: shape)
    return annotation


def consecutive(labels: Labels) -> Labels:
    ids = np.unique(np.append(labels, 0))
    return np.searchsorted(ids, labels).astype(np.int32)


def test_a_spore_with_a_hole_and_one_of_two_pieces() -> None:
    labels = np.array(
        [[2, 2, 2, 0, 9], [2, 0, 2, 9, 0], [2, 2, 2, 0, 0]],
        dtype=np.int32,
    )
    content = json.loads(encode_geojson(labels, "a", {9: {"Area px^2": 2.0, "Width um": float("nan")}}))
    assert content["type"] == "FeatureCollection"
    first, second = content["features"]
    assert first["geometry"] == {
        "type": "Polygon",
        "coordinates": [
            [[0, 0], [3, 0], [3, 3], [0, 3], [0, 0]],
            [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]],
        ],
    }
    assert first["properties"]["objectType"] == "detection"
    assert first["properties"]["classification"]["name"] == "Spore"
    assert "measurements" not in first["properties"]
    assert second["geometry"]["type"] == "MultiPolygon"
    assert len(second["geometry"]["coordinates"]) == 2
    assert second["properties"]["measurements"] == {"Area px^2": 2.0}
    assert uuid.UUID(first["id"]) != uuid.UUID(second["id"])
    assert encode_geojson(labels, "a") == encode_geojson(labels.astype(np.uint16), "a")
    assert json.loads(encode_geojson(labels * 0, "a"))["features"] == []


@given(label_pictures)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("geojson")
    [path] = write_qupath(folder, [LabelledPicture(name="plate 3/leaf", labels=labels)])
    assert path == folder / "plate 3" / "leaf.geojson"
    [annotation] = read_qupath(folder, lambda name: labels.shape if name == "plate 3/leaf" else None)
    assert annotation.labels is not None
    np.testing.assert_array_equal(annotation.labels, consecutive(labels))
    assert annotation.notes == ()
    assert set(annotation.classes) <= {"Spore"}
    assert len(annotation.classes) == annotation.labels.max()


def test_what_qupath_writes_is_read(tmp_path: Path) -> None:
    content = {
        "type": "FeatureCollection",
        "features": [
            feature([box(0, 0, 2, 2)], classification={"name": "Spore", "color": [200, 0, 0]}, name="a"),
            feature([[box(3, 0, 2, 2)], [box(3, 4, 1, 1)]], "detection", "MultiPolygon", isLocked=True),
            {
                **feature([box(6, 0, 3, 3)], "cell", classification={"names": ["Spore", "Positive"]}),
                "nucleusGeometry": {"type": "Polygon", "coordinates": [box(7, 1, 1, 1)]},
            },
            feature([box(0, 5, 1.2, 1.2)], classification="Hypha"),
            feature([[0, 0], [5, 5]], shape="LineString"),
            feature([3, 3], "detection", shape="Point"),
            feature([box(0, 0, 9, 8)], "tmaCore"),
            feature([[]], "detection"),
        ],
    }
    annotation = read_document(tmp_path, content)
    assert annotation.name == "leaf"
    assert annotation.classes == ("Spore", "", "Spore: Positive", "Hypha")
    assert annotation.labels is not None
    assert np.bincount(annotation.labels.ravel()).tolist()[1:] == [4, 5, 9, 1]
    assert annotation.notes == (
        "1 objects of the type tmaCore were left out",
        "1 lines on spores that are drawn: nothing was made of them",
        "1 points without outline: 2 px around count neither way (ignore/)",
        "features[7] was left out: expected an object with points; found none",
    )
    features = content["features"]
    assert isinstance(features, list)
    for other in (features, [features[0]], features[0]):
        again = read_document(tmp_path, other).labels
        assert again is not None
        assert (again[:2, :2] == 1).all()


def test_annotations_that_enclose_others_are_regions(tmp_path: Path) -> None:
    spores = [feature([box(1, 1, 2, 2)]), feature([box(5, 1, 2, 2)])]
    region = feature([box(0, 0, 9, 7)])
    annotation = read_document(tmp_path, [region, *spores])
    assert annotation.labels is not None
    assert np.bincount(annotation.labels.ravel()).tolist()[1:] == [4, 4]
    assert "1 outlines that enclose" in annotation.notes[0]
    # A bent spore around another one encloses its box, not its pixels; a spore on a spore is no region.
    bent = feature([[[0, 0], [6, 0], [6, 1], [1, 1], [1, 7], [0, 7], [0, 0]]])
    annotation = read_document(tmp_path, [bent, *spores[:1]])
    assert annotation.labels is not None
    assert np.bincount(annotation.labels.ravel()).tolist()[1:] == [12, 4]
    large = feature([[[0, 0], [5, 0], [5, 5], [2, 5], [0, 3.2], [0, 0]]])
    annotation = read_document(tmp_path, [large, *spores[:1]])
    assert annotation.labels is not None
    assert np.bincount(annotation.labels.ravel()).tolist()[1:] == [20, 4]
    # A detection in it makes it a region, for QuPath never draws spores as parents of detections.
    annotation = read_document(tmp_path, [region, feature([box(1, 1, 2, 2)], "detection")])
    assert annotation.labels is not None
    assert annotation.labels.max() == 1


def test_errors_name_the_place(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(LabelReadError, match="Export objects as GeoJSON"):
        list(read_qupath(tmp_path / "none", lambda _: (8, 10)))
    for content, message in (({"type": "Topology"}, "FeatureCollection"), ({}, "type")):
        assert message in str(read_document(tmp_path, content).problem)
    good = feature([box(1, 1, 2, 2)])
    for bad, message in (
        (feature([[[0, 0], [1]]]), r"pairs of coordinates"),
        (feature([[[0, 0], [1, "a"]]]), "numbers"),
        (feature([[[0, 0], [1, 1]]]), "three points"),
        (feature([[[0, 0], [1e308, 0], [1, 1]]]), "far outside"),
        (feature(3), "a list"),
        ({"type": "Feature", "geometry": {"type": 4}}, "a text"),
        ({"type": "Feature", "geometry": {"type": "Circle", "coordinates": [1]}}, "'Circle'"),
        ({"type": "Feature"}, "geometry"),
        (7, "an object"),
    ):
        annotation = read_document(tmp_path, [good, bad])
        assert annotation.labels is not None
        assert annotation.labels.sum() == 4
        assert annotation.notes[-1].startswith("[1]")
        assert re.search(message, annotation.notes[-1])
        assert re.search(message, str(read_document(tmp_path, [bad]).problem))
    (unknown,) = read_qupath(tmp_path, lambda _: None)
    assert "size of the picture" in str(unknown.problem)


SAMPLE: Any = {
    "type": "FeatureCollection",
    "features": [
        feature([box(0, 0, 6, 6), box(1, 1, 2, 2)], classification={"name": "Spore", "color": [1, 2, 3]}),
        feature([[box(7, 0, 2, 2)]], "detection", "MultiPolygon"),
        feature([box(2, 2, 2, 2)], classification={"names": ["a", "b"]}),
    ],
}
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([[[1e300, -1e300]]]),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@settings(max_examples=300)
@given(st.data())
def test_odd_values_give_labels_or_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = copy.deepcopy(SAMPLE)
    holder, key = data.draw(st.sampled_from(places(content)))
    holder[key] = data.draw(odd_values)
    with contextlib.suppress(SporemetryError):
        found = read_document(tmp_path_factory.mktemp("fuzz"), content)
        nothing = content.get("features") == []
        assert found.problem is not None or (found.labels is not None and (found.labels.any() or nothing))
