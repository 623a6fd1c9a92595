"""What people bring back from Fiji, QuPath and Cellpose becomes labels, and what cannot is said."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import roifile
import tifffile

from sporemetry.errors import LabelReadError
from sporemetry.exchange.imagej import encode_rois
from sporemetry.exchange.qupath import encode_geojson
from sporemetry.label_image import write_labels
from sporemetry.pipeline.outline_files import read_outlines

SHAPE = (60, 80)
LABELS = np.zeros(SHAPE, dtype=np.int32)
LABELS[5:15, 5:25], LABELS[20:30, 10:20], LABELS[40:50, 40:70] = 1, 4, 9
BOX = np.array([[60, 5], [70, 5], [70, 15], [60, 15]])


def rois(path: Path, *more: roifile.ImagejRoi, but: str = "") -> Path:
    """Write the spores as Fiji's ROI Manager would after an edit: without one, with more."""
    path.write_bytes(encode_rois(LABELS))
    kept = [roi for roi in roifile.ImagejRoi.fromfile(path) if roi.name != but]
    path.unlink()
    roifile.roiwrite(path, [*kept, *more])
    return path


def drawn(name: str = "0010-0065", points: np.ndarray = BOX) -> roifile.ImagejRoi:
    roi = roifile.ImagejRoi.frompoints(points, name=name)
    roi.roitype = roifile.ROI_TYPE.POLYGON
    return roi


def ids(labels: np.ndarray) -> list[int]:
    return [int(label) for label in np.unique(labels) if label]


def test_rois_that_were_not_changed_keep_their_ids(tmp_path: Path) -> None:
    read = read_outlines(rois(tmp_path / "RoiSet.zip"), SHAPE)
    assert np.array_equal(read.labels, LABELS)
    assert read.notes == ()


def test_rois_deleted_and_drawn_in_fiji(tmp_path: Path) -> None:
    read = read_outlines(
        rois(tmp_path / "a.zip", drawn(), drawn("0004-1", BOX - (0, -15)), but="0004"), SHAPE
    )
    assert ids(read.labels) == [1, 9, 10, 11]
    assert np.array_equal(read.labels == 9, LABELS == 9)
    assert np.count_nonzero(read.labels == 10) == 100


def test_one_roi_alone(tmp_path: Path) -> None:
    drawn("7").tofile(tmp_path / "a.roi")
    assert ids(read_outlines(tmp_path / "a.roi", SHAPE).labels) == [7]


def test_two_of_one_number_are_two_spores(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for place, name in enumerate(("3.roi", "003.roi", "99999999.roi")):
            archive.writestr(name, drawn("x", BOX - (20 * place, 0)).tobytes())
    assert ids(read_outlines(path, SHAPE).labels) == [3, 4, 5]


def test_what_has_no_area_is_said(tmp_path: Path) -> None:
    point = roifile.ImagejRoi.frompoints(np.array([[30, 30], [32, 50]]), name="missed")
    point.roitype = roifile.ROI_TYPE.POINT
    line = roifile.ImagejRoi.frompoints(np.array([[3, 3], [9, 9]]), name="line")
    line.roitype = roifile.ROI_TYPE.POLYLINE
    read = read_outlines(rois(tmp_path / "a.zip", point, line), SHAPE)
    assert ids(read.labels) == [1, 4, 9]
    assert any("point" in note for note in read.notes)
    assert any("line" in note for note in read.notes)
    roifile.roiwrite(tmp_path / "points.zip", [point, line])
    with pytest.raises(LabelReadError, match=r"outlines or boxes.*2 points"):
        read_outlines(tmp_path / "points.zip", SHAPE)


def test_overlapping_outlines_go_to_the_later_one_and_it_is_said(tmp_path: Path) -> None:
    over = drawn("new", np.array([[20, 5], [30, 5], [30, 15], [20, 15]]))
    read = read_outlines(rois(tmp_path / "a.zip", over), SHAPE)
    assert ids(read.labels) == [1, 4, 9, 10]
    assert np.count_nonzero(read.labels == 10) == 100
    assert any("overlapping" in note for note in read.notes)


def test_an_empty_set_holds_no_spore_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(encode_rois(np.zeros(SHAPE, dtype=np.int32)))
    (tmp_path / "a.geojson").write_bytes(encode_geojson(np.zeros(SHAPE, dtype=np.int32), "a"))
    for name in ("a.zip", "a.geojson"):
        read = read_outlines(tmp_path / name, SHAPE)
        assert not read.labels.any()
        assert "no outline" in read.notes[0]


@pytest.mark.parametrize("form", ["collection", "list", "classless", "feature"])
def test_geojson_in_each_form_that_qupath_exports(tmp_path: Path, form: str) -> None:
    features = json.loads(encode_geojson(LABELS, "a"))["features"]
    del features[1]
    ring = [[60, 5], [70, 5], [70, 15], [60, 15], [60, 5]]
    new = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "annotation"},
    }
    content: object = {"type": "FeatureCollection", "features": [*features, new]}
    expected = [1, 9, 10]
    if form == "list":
        content = [*features, new]
    elif form == "classless":
        for feature in features:
            del feature["properties"]["classification"]
    elif form == "feature":
        content, expected = features[1], [9]
    (tmp_path / "a.geojson").write_text(json.dumps(content), encoding="utf-8")
    read = read_outlines(tmp_path / "a.geojson", SHAPE)
    assert ids(read.labels) == expected
    assert np.array_equal(read.labels == 9, LABELS == 9)


def test_tiffs_as_imagej_saves_them_again(tmp_path: Path) -> None:
    write_labels(tmp_path / "ours.tif", LABELS)
    tifffile.imwrite(tmp_path / "i16.tif", LABELS.astype(np.uint16), imagej=True)
    tifffile.imwrite(tmp_path / "f32.tif", LABELS.astype(np.float32), imagej=True)
    tifffile.imwrite(tmp_path / "lzw.tif", LABELS.astype(np.uint16), compression="lzw")
    cv2.imwrite(str(tmp_path / "masks.png"), LABELS.astype(np.uint16))
    np.save(tmp_path / "a_seg.npy", {"masks": LABELS}, allow_pickle=True)  # type: ignore[arg-type]
    for path in tmp_path.iterdir():
        assert np.array_equal(read_outlines(path, SHAPE).labels, LABELS), path.name
        assert np.array_equal(read_outlines(path).labels, LABELS), path.name
        with pytest.raises(LabelReadError, match="80 x 61 px"):
            read_outlines(path, (61, 80))


@pytest.mark.parametrize("name", ["a_rois.zip", "a.roi", "a.geojson"])
def test_outlines_without_the_size_of_their_image_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LabelReadError, match="--pictures"):
        read_outlines(tmp_path / name)
