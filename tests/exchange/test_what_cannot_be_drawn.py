"""Points, lines, boxes, regions and classes of background never become a silent background, in any format."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sporemetry.exchange.annotation import Annotation
from sporemetry.exchange.registry import IMPORTERS

SIZE = (80, 100)
Numbers = Sequence[Sequence[float]]
# kind, points, class
Item = tuple[str, Numbers, str]

SPORE: Item = ("polygon", [[10, 10], [30, 10], [30, 30], [10, 30]], "spore")
POINT: Item = ("point", [[60.0, 40.0]], "spore")
LINE: Item = ("line", [[60.0, 40.0], [80.0, 60.0]], "spore")
BOX: Item = ("box", [[60.0, 40.0], [80.0, 60.0]], "spore")


def _labelme(folder: Path, items: Sequence[Item]) -> None:
    kinds = {"box": "rectangle", "line": "linestrip"}
    shapes = [
        {"label": label, "points": points, "shape_type": kinds.get(kind, kind)}
        for kind, points, label in items
    ]
    content = {"imagePath": "a.png", "imageHeight": SIZE[0], "imageWidth": SIZE[1], "shapes": shapes}
    (folder / "a.json").write_text(json.dumps(content))


def _coco(folder: Path, items: Sequence[Item]) -> None:
    classes = sorted({label for *_, label in items})
    annotations: list[dict[str, Any]] = []
    for number, (kind, points, label) in enumerate(items):
        flat = [value for point in points for value in point]
        (x0, y0), (x1, y1) = np.min(points, axis=0).tolist(), np.max(points, axis=0).tolist()
        one: dict[str, Any] = {"id": number, "image_id": 1, "category_id": classes.index(label)}
        one["bbox"], one["segmentation"], one["iscrowd"] = [x0, y0, x1 - x0, y1 - y0], [], 0
        if kind == "polygon":
            one["segmentation"] = [flat]
        if kind == "point":
            one["keypoints"], one["bbox"] = [value for point in points for value in (*point, 2)], [0, 0, 0, 0]
        annotations.append(one)
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": SIZE[0], "width": SIZE[1]}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(classes)],
        "annotations": annotations,
    }
    (folder / "annotations.json").write_text(json.dumps(content))


def _cvat(folder: Path, items: Sequence[Item]) -> None:
    lines = [f'<annotations><image name="a.png" width="{SIZE[1]}" height="{SIZE[0]}">']
    tags = {"point": "points", "line": "polyline"}
    for kind, points, label in items:
        text = ";".join(f"{x},{y}" for x, y in points)
        if kind == "box":
            (x0, y0), (x1, y1) = points
            lines.append(f'<box label="{label}" xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}"/>')
        else:
            lines.append(f'<{tags.get(kind, kind)} label="{label}" points="{text}"/>')
    (folder / "annotations.xml").write_text("\n".join([*lines, "</image></annotations>"]))


def _qupath(folder: Path, items: Sequence[Item], kinds: Sequence[str] | None = None) -> None:
    features = []
    for number, (kind, points, label) in enumerate(items):
        geometry: dict[str, Any] = {"type": "Polygon", "coordinates": [[*points, points[0]]]}
        if kind == "point":
            geometry = {"type": "MultiPoint", "coordinates": points}
            if len(points) == 1:
                geometry = {"type": "Point", "coordinates": points[0]}
        elif kind == "line":
            geometry = {"type": "LineString", "coordinates": points}
        properties: dict[str, Any] = {"objectType": kinds[number] if kinds else "annotation"}
        if label:
            properties["classification"] = {"name": label}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    (folder / "a.geojson").write_text(json.dumps(features))


def _yolo(folder: Path, items: Sequence[Item]) -> None:
    lines = []
    for kind, points, _ in items:
        scaled = np.array(points) / [SIZE[1], SIZE[0]]
        if kind == "box":
            low, high = scaled
            scaled = np.stack([(low + high) / 2, high - low])
        lines.append(f"0 {' '.join(map(str, scaled.ravel().tolist()))}")
    (folder / "a.txt").write_text("\n".join(lines))


def _imagej(folder: Path, items: Sequence[Item]) -> None:
    kinds = {"polygon": 0, "point": 10, "line": 5}
    with zipfile.ZipFile(folder / "a_RoiSet.zip", "w") as archive:
        for number, (kind, points, label) in enumerate(items):
            places = np.array(points)
            left, top = places.min(axis=0).astype(int).tolist()
            right, below = places.max(axis=0).astype(int).tolist()
            header = bytearray(64)
            header[0:4], header[4:6], header[6] = b"Iout", struct.pack(">h", 227), kinds[kind]
            header[8:16] = struct.pack(">4h", top, left, below, right)
            header[16:18] = struct.pack(">H", len(points))
            body = (places - [left, top]).T.astype(">i2").tobytes()
            name = label if label != "spore" else f"{number:04d}"
            archive.writestr(f"{name}.roi", bytes(header) + body)


WRITERS: dict[str, Callable[[Path, Sequence[Item]], None]] = {
    "labelme": _labelme,
    "coco": _coco,
    "cvat": _cvat,
    "qupath": _qupath,
    "yolo-seg": _yolo,
    "imagej": _imagej,
}


def read(name: str, folder: Path, *items: Item) -> Annotation:
    WRITERS[name](folder, items)
    (found,) = IMPORTERS[name](folder, lambda _: SIZE)
    return found


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "qupath", "imagej"])
@pytest.mark.parametrize("items", [(POINT,), (POINT, ("point", [[20.0, 20.0]], "spore"))])
def test_points_alone_are_refused(tmp_path: Path, name: str, items: tuple[Item, ...]) -> None:
    found = read(name, tmp_path, *items)
    assert f"{len(items)} points" in str(found.problem)
    assert "Outline the spores" in str(found.problem)


@pytest.mark.parametrize("name", ["labelme", "cvat", "qupath", "imagej"])
def test_lines_alone_are_refused(tmp_path: Path, name: str) -> None:
    assert "1 lines" in str(read(name, tmp_path, LINE).problem)


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "qupath", "imagej"])
def test_what_lies_around_points_beside_outlines_is_ignored(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, SPORE, POINT)
    assert found.problem is None
    assert found.labels is not None
    assert found.labels.max() == 1
    assert found.ignore is not None
    rows, cols = np.nonzero(found.ignore)
    # A circle of the spore's area and a third more in radius: 20 x 20 px give 14.7.
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (26, 54, 46, 74)
    assert any("1 points without outline" in note for note in found.notes)


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "qupath", "imagej"])
def test_a_point_on_a_spore_marks_that_spore(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, SPORE, ("point", [[20.0, 20.0]], "spore"))
    assert found.ignore is None
    assert any("on spores that are drawn" in note for note in found.notes)


@pytest.mark.parametrize("name", ["labelme", "cvat", "qupath", "imagej"])
def test_what_lies_around_lines_beside_outlines_is_ignored(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, SPORE, LINE)
    assert found.ignore is not None
    assert found.ignore[40, 60]
    assert found.ignore[50, 70]
    assert found.ignore[60, 80]
    assert not found.ignore[40, 85]


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "yolo-seg"])
def test_boxes_beside_outlines_are_ignored_and_alone_are_boxes(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, SPORE, BOX)
    assert found.labels is not None
    assert found.labels.max() == 1
    assert found.ignore is not None
    expected = np.zeros(SIZE, dtype=bool)
    expected[40:60, 60:80] = True
    np.testing.assert_array_equal(found.ignore, expected)
    assert any("1 boxes beside outlines" in note for note in found.notes)
    alone = read(name, tmp_path, BOX)
    assert alone.labels is None
    assert alone.ignore is None
    assert alone.boxes is not None
    np.testing.assert_allclose(alone.boxes, [[60, 40, 80, 60]])


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat"])
def test_a_point_beside_boxes_is_ignored(tmp_path: Path, name: str) -> None:
    found = read(name, tmp_path, ("box", [[5.0, 5.0], [25.0, 15.0]], "spore"), POINT)
    assert found.boxes is not None
    assert found.ignore is not None
    assert found.ignore[40, 60]
    assert 300 < found.ignore.sum() < 330  # a radius of 10


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "qupath", "imagej"])
@pytest.mark.parametrize("label", ["ignore", "__ignore__", "void", "Unlabeled", "don't care", "crowd"])
def test_what_is_to_be_ignored_is_no_spore_and_no_background(tmp_path: Path, name: str, label: str) -> None:
    if name == "cvat":
        label = label.replace("'", "&apos;")
    found = read(name, tmp_path, SPORE, ("polygon", BOX_CORNERS, label))
    assert found.labels is not None
    assert found.labels.max() == 1
    assert found.ignore is not None
    assert found.ignore.sum() == 400
    assert found.ignore[50, 70]
    nothing_else = read(name, tmp_path, ("polygon", BOX_CORNERS, label))
    assert nothing_else.problem is None
    assert nothing_else.ignore is not None


BOX_CORNERS = [[60, 40], [80, 40], [80, 60], [60, 60]]
HOLE: Item = ("polygon", [[15, 15], [20, 15], [20, 20], [15, 20]], "_background_")
FIELD: Item = ("polygon", [[0, 0], [90, 0], [90, 70], [0, 70]], "background")


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "imagej"])
def test_background_is_cut_out_of_what_is_larger_wherever_it_stands(tmp_path: Path, name: str) -> None:
    for items in ((SPORE, HOLE), (HOLE, SPORE)):
        found = read(name, tmp_path, *items)
        assert found.labels is not None
        assert found.labels.max() == 1
        assert found.labels.sum() == 400 - 25
        assert not found.labels[17, 17]
    for items in ((SPORE, FIELD), (FIELD, SPORE)):
        found = read(name, tmp_path, *items)
        assert found.labels is not None
        assert found.labels.sum() == 400


REGION: Item = ("polygon", [[0, 0], [95, 0], [95, 75], [0, 75]], "")
TWO: Item = ("polygon", BOX_CORNERS, "")


@pytest.mark.parametrize(
    ("items", "kinds", "left"),
    [
        ((REGION, SPORE, TWO), ("annotation", "detection", "detection"), 2),
        ((SPORE, REGION), ("cell", "PathAnnotationObject"), 1),
        ((SPORE, TWO, REGION), ("annotation",) * 3, 2),
        (((*REGION[:2], "Region*"), SPORE), ("annotation",) * 2, 1),
        (((*TWO[:2], "Region*"), SPORE), ("annotation",) * 2, 1),
        ((TWO, SPORE), ("tile", "detection"), 1),
        ((TWO, SPORE), ("tmaCore", "detection"), 1),
        ((TWO, SPORE), ("TMACoreObject", "PathCellObject"), 1),
        ((TWO, SPORE), ("annotation", "detection"), 2),  # of like size: a spore that was added by hand
    ],
)
def test_regions_of_qupath_are_no_spores(
    tmp_path: Path, items: tuple[Item, ...], kinds: tuple[str, ...], left: int
) -> None:
    _qupath(tmp_path, items, kinds)
    (found,) = IMPORTERS["qupath"](tmp_path, lambda _: SIZE)
    assert found.labels is not None
    assert found.labels.max() == left
    assert bool(found.notes) == (left < len(items))


@pytest.mark.parametrize("kind", ["annotation", "tmaCore"])
def test_a_region_alone_is_no_image_without_spores(tmp_path: Path, kind: str) -> None:
    _qupath(tmp_path, [(*REGION[:2], "Region*")], [kind])
    (found,) = IMPORTERS["qupath"](tmp_path, lambda _: SIZE)
    assert "left out" in str(found.problem)


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ("PathAnnotationObject", "annotation"),
        ("PathDetectionObject", "detection"),
        ("PathROIObject", "annotation"),
    ],
)
def test_old_exports_have_the_type_in_the_id(tmp_path: Path, stated: str, kind: str) -> None:
    _qupath(tmp_path, [REGION, SPORE], [kind, "detection"])
    content = json.loads((tmp_path / "a.geojson").read_text())
    for feature, identity in zip(content, (stated, "PathDetectionObject"), strict=True):
        feature["id"], feature["properties"] = identity, {}
    (tmp_path / "a.geojson").write_text(json.dumps(content))
    (found,) = IMPORTERS["qupath"](tmp_path, lambda _: SIZE)
    assert found.labels is not None
    assert found.labels.max() == (2 if kind == "detection" else 1)


@pytest.mark.parametrize("name", ["labelme", "coco", "cvat", "qupath"])
@pytest.mark.parametrize("label", ["ROI", "region", "Region of interest"])
def test_a_class_may_say_that_it_is_a_region(tmp_path: Path, name: str, label: str) -> None:
    region: Item = ("polygon", BOX_CORNERS, label)
    found = read(name, tmp_path, SPORE, region)
    assert found.labels is not None
    assert found.labels.max() == 1
    assert "mark a region" in found.notes[0]
    assert "mark a region" in str(read(name, tmp_path, region).problem)


def test_an_area_of_imagej_around_others_is_a_region(tmp_path: Path) -> None:
    found = read("imagej", tmp_path, (*REGION[:2], "spore"), SPORE, (*TWO[:2], "spore"))
    assert found.labels is not None
    assert found.labels.max() == 2
    assert any("regions of interest" in note for note in found.notes)


def test_outlines_outside_of_the_image_are_no_image_without_spores(tmp_path: Path) -> None:
    outside: Item = ("polygon", [[200, 10], [230, 10], [230, 30]], "spore")
    for name in WRITERS:
        folder = tmp_path / name
        folder.mkdir()
        found = read(name, folder, outside)
        assert found.problem is not None
