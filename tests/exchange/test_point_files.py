"""Files of points: tables as people save them, ImageJ's by roifile, GeoJSON, and what is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile

from sporemetry.errors import LabelReadError
from sporemetry.exchange.points import read_points

SHAPE = (2000, 3000)


def table(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "x,y,kind\n10.5,20,spore\n30,40.25,ignore\n",
        "\ufeffX;Y;Kind\r\n10,5;20;Spore\r\n30;40,25;IGNORE\r\n",
        "sep=;\r\nx;y;kind\r\n10,5;20;\r\n30;40,25;ignorieren\r\n",
        "\ufeff \tArea\tX\tY\tkind\n1\t9\t10.5\t20\tspore\n2\t9\t30\t40.25\tignore\n".encode("utf-16"),
        'y,x,note,kind\n"20","10.5",,\n40.25,30,"a, b",ignore\n\n,,,\n',
        "x;y;kind\n10.500;20.000;spore\n30.000;40.25;ignore\n",
    ],
)
def test_tables_as_programs_save_them(tmp_path: Path, content: str | bytes) -> None:
    found = read_points(table(tmp_path, content), SHAPE)
    assert found.spores.tolist() == [[10.5, 20.0]]
    assert found.ignore.tolist() == [[30.0, 40.25]]


def test_three_decimals_are_told_from_thousands_by_the_size_of_the_image(tmp_path: Path) -> None:
    # 250,125 as 250125 would lie outside; then 1,125 is a decimal comma as well.
    found = read_points(table(tmp_path, "x;y\n250,125;1,125\n"), SHAPE)
    assert found.spores.tolist() == [[250.125, 1.125]]
    assert read_points(table(tmp_path, "x,y\n1.125,1.250\n"), SHAPE).spores.tolist() == [[1.125, 1.25]]
    with pytest.raises(LabelReadError, match=r"row 2.*one way"):
        read_points(table(tmp_path, "x;y\n1,125;1,250\n"), SHAPE)
    with pytest.raises(LabelReadError, match="row 3"):
        read_points(table(tmp_path, "x;y\n0,5;3\n0.5;1.250\n"), SHAPE)


def test_no_points_are_an_image_without_spores_but_an_empty_file_is_not(tmp_path: Path) -> None:
    found = read_points(table(tmp_path, "x,y,kind\n"), SHAPE)
    assert (found.spores.shape, found.ignore.shape) == ((0, 2), (0, 2))
    for content in ("", "\n \n"):
        with pytest.raises(LabelReadError, match="x,y"):
            read_points(table(tmp_path, content), SHAPE)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("x,y\n1,nan\n", "row 2"),
        ("x,y\n1,2\ninf,2\n", "row 3"),
        ("x,y\n1e999,2\n", "row 2"),
        ("x,y\n1,\n", "row 2"),
        ("x,y\n1 px,2\n", "row 2"),
        ("x,y\n-0.1,2\n", "1 of 1 outside"),
        ("x,y\n3000,2000\n3000.1,5\n", "1 of 2 outside"),
        ("x,y,kind\n1,2,spoer\n", "spoer"),
        ("10,20\n30,40\n", "the columns 10, 20"),
        ("x,y,x\n1,2,3\n", "the columns"),
        ("x,y\n1,2,3\n", "3 in row 2"),
        (b"x,y\n\xff\x81\n", "neither UTF-8"),
        (b"PK\x03\x04abc", "Excel workbook"),
        (b"x,y\n1,2\x00\n", "zero bytes"),
        ('x,y\n"1,2\n', "line"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, content: str | bytes, found: str) -> None:
    with pytest.raises(LabelReadError, match=found):
        read_points(table(tmp_path, content), SHAPE)


def test_files_that_are_too_large_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabelReadError, match=r"absent\.csv"):
        read_points(tmp_path / "absent.csv", SHAPE)
    with pytest.raises(LabelReadError, match=r"\.txt"):
        read_points(tmp_path / "a.txt", SHAPE)
    monkeypatch.setattr("sporemetry.exchange.points._MOST_POINTS", 2)
    with pytest.raises(LabelReadError, match="at most 2"):
        read_points(table(tmp_path, "x,y\n1,1\n2,2\n3,3\n"), SHAPE)
    monkeypatch.setattr("sporemetry.exchange.points._LARGEST_TABLE", 10)
    with pytest.raises(LabelReadError, match="more than"):
        read_points(table(tmp_path, "x,y\n1,1\n2,2\n3,3\n"), SHAPE)


def test_points_that_stand_twice_are_said_and_counted(tmp_path: Path) -> None:
    found = read_points(table(tmp_path, "x,y\n1,1\n2,2\n1,1\n"), SHAPE)
    assert (len(found.spores), len(found.notes)) == (3, 1)


def points_roi(points: list[list[float]], name: str = "") -> roifile.ImagejRoi:
    roi = roifile.ImagejRoi.frompoints(np.array(points), name=name)
    roi.roitype = roifile.ROI_TYPE.POINT
    return roi


@pytest.mark.parametrize(
    "points", [[[10.0, 20.0], [2999.0, 3.0], [0.0, 1999.0]], [[10.25, 20.5], [7.75, 3.125]]]
)
def test_a_multi_point_of_imagej(tmp_path: Path, points: list[list[float]]) -> None:
    path = tmp_path / "a.roi"
    points_roi(points).tofile(path)
    assert sorted(read_points(path, SHAPE).spores.tolist()) == sorted(points)


def test_a_set_of_point_rois_with_some_to_ignore(tmp_path: Path) -> None:
    path = tmp_path / "a_RoiSet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, points in (
            ("0001-0020", [[20.0, 1.0]]),
            ("ignore", [[5.0, 6.0], [7.0, 8.0]]),
            ("b", [[3.5, 4.5]]),
        ):
            archive.writestr(f"{name}.roi", points_roi(points, name).tobytes())
    found = read_points(path, SHAPE)
    assert found.spores.tolist() == [[20.0, 1.0], [3.5, 4.5]]
    assert found.ignore.tolist() == [[5.0, 6.0], [7.0, 8.0]]


def test_rois_that_are_no_points_are_refused(tmp_path: Path) -> None:
    outline = tmp_path / "a.roi"
    roifile.ImagejRoi.frompoints(np.array([[1, 1], [9, 1], [9, 9]])).tofile(outline)
    with pytest.raises(LabelReadError, match="area"):
        read_points(outline, SHAPE)
    (tmp_path / "b.roi").write_bytes(points_roi([[1.5, 1.5]]).tobytes()[:70])
    with pytest.raises(LabelReadError):
        read_points(tmp_path / "b.roi", SHAPE)
    with zipfile.ZipFile(tmp_path / "c.zip", "w"):
        pass
    with pytest.raises(LabelReadError, match="without any"):
        read_points(tmp_path / "c.zip", SHAPE)
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(LabelReadError):
        read_points(tmp_path / "d.zip", SHAPE)


def feature(kind: str, coordinates: object, name: str | None = None) -> dict[str, object]:
    properties = {} if name is None else {"classification": {"name": name}}
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_points_of_geojson(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    features = [
        feature("Point", [3, 4.5]),
        feature("MultiPoint", [[5, 6], [7, 8]], "Spore"),
        feature("Point", [1, 2, 0], "Ignore*"),
        feature("MultiPoint", []),
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = read_points(path, SHAPE)
    assert found.spores.tolist() == [[3.0, 4.5], [5.0, 6.0], [7.0, 8.0]]
    assert found.ignore.tolist() == [[1.0, 2.0]]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert read_points(path, SHAPE).spores.shape == (0, 2)


@pytest.mark.parametrize(
    "bad",
    [
        feature("Polygon", [[[0, 0], [4, 0], [4, 4], [0, 0]]]),
        feature("LineString", [[0, 0], [4, 0]]),
        feature("Point", [3]),
        feature("Point", []),
        feature("Point", [float("nan"), 2]),
        feature("Point", [3, 4], "Hintergrund"),
        {"type": "Feature", "geometry": None},
    ],
)
def test_geojson_that_holds_no_points(tmp_path: Path, bad: object) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps([bad]))
    with pytest.raises(LabelReadError):
        read_points(path, SHAPE)
