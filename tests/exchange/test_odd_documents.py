"""One value of a sound document replaced by an odd one: read, or refused in words; no silent background."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sporemetry.errors import SporemetryError
from sporemetry.exchange.annotation import Annotation
from sporemetry.exchange.coco import read_coco
from sporemetry.exchange.cvat import read_cvat
from sporemetry.exchange.labelme import read_labelme
from sporemetry.exchange.yolo import read_yolo, read_yolo_seg

SIZE = (30, 40)
SQUARE = [3.0, 3.0, 9.0, 3.0, 9.0, 9.0, 3.0, 9.0]
COCO: Any = {
    "images": [{"id": 1, "file_name": "a.png", "height": 30, "width": 40, "um_per_px": 0.5}],
    "categories": [{"id": 1, "name": "spore"}],
    "annotations": [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 1,
            "segmentation": [SQUARE],
            "bbox": [3, 3, 6, 6],
            "iscrowd": 0,
        },
        {"id": 2, "image_id": 1, "segmentation": {"size": [30, 40], "counts": [620, 9, 571]}, "iscrowd": 1},
        {"id": 3, "image_id": 1, "bbox": [20, 20, 4, 4], "keypoints": [21, 21, 2]},
    ],
}
LABELME: Any = {
    "imagePath": "a.png",
    "imageHeight": 30,
    "imageWidth": 40,
    "shapes": [
        {"label": "spore", "points": [[3, 3], [9, 3], [9, 9]], "shape_type": "polygon", "group_id": None},
        {"label": "spore", "points": [[20, 20], [22, 20]], "shape_type": "circle"},
        {"label": "spore", "points": [[30, 3], [33, 6]], "shape_type": "rectangle"},
        {"label": "spore", "points": [[30, 20]], "shape_type": "point"},
    ],
}
CVAT: list[tuple[str, dict[str, str]]] = [
    ("image", {"name": "a.png", "width": "40", "height": "30"}),
    ("polygon", {"label": "spore", "points": "3,3;9,3;9,9", "z_order": "0", "group_id": "1"}),
    ("mask", {"label": "spore", "rle": "0,6", "left": "20", "top": "10", "width": "3", "height": "2"}),
    ("ellipse", {"label": "spore", "cx": "30", "cy": "20", "rx": "3", "ry": "2", "rotation": "0"}),
    ("box", {"label": "spore", "xtl": "30", "ytl": "3", "xbr": "33", "ybr": "6"}),
]
YOLO = ["0 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3", "0 0.8 0.5 0.1 0.1", "1 0.5 0.8 0.1 0.1 0.9"]

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([[], {}, [[]], [[1e300, -1e300]], 1e308, -1e308, 10**400, 0, -1, "..", "/etc/passwd"]),
)
odd_text = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "1e308", "-1e308", "9" * 400, "0", "-1", "1,1", "1;1", ",", "..", "mask"]
    ),
    st.integers().map(str),
    st.text(st.characters(exclude_characters='<&"', exclude_categories=["Cs", "Cc"]), max_size=3),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def check(found: list[Annotation], *, nothing: bool = False) -> None:
    """No image without spores, unless something is said of it."""
    said = nothing or any(each.notes for each in found)
    for each in found:
        if each.name and each.problem is None and each.ignore is None:
            drawn = each.labels is not None and each.labels.any()
            assert drawn or (each.boxes is not None and len(each.boxes)) or said


def read(reader: Any, path: Path) -> list[Annotation]:
    try:
        return list(reader(path, lambda _: SIZE))
    except SporemetryError:
        return []


@pytest.mark.parametrize(
    ("document", "reader", "objects"), [(COCO, read_coco, "annotations"), (LABELME, read_labelme, "shapes")]
)
@settings(max_examples=150)
@given(data=st.data())
def test_json(
    tmp_path_factory: pytest.TempPathFactory, document: Any, reader: Any, objects: str, data: st.DataObject
) -> None:
    content = copy.deepcopy(document)
    holder, key = data.draw(st.sampled_from(places(content)))
    if data.draw(st.booleans()) and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = data.draw(odd)
    path = tmp_path_factory.mktemp("odd") / "a.json"
    path.write_text(json.dumps(content))
    check(read(reader, path), nothing=not content.get(objects))


@settings(max_examples=150)
@given(data=st.data())
def test_cvat(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    elements = copy.deepcopy(CVAT)
    _, attributes = data.draw(st.sampled_from(elements))
    key = data.draw(st.sampled_from(sorted(attributes)))
    attributes[key] = data.draw(odd_text)
    lines = [
        f"<{tag} " + " ".join(f'{name}="{value}"' for name, value in each.items()) + ">"
        for tag, each in elements
    ]
    inside = "".join(f"{line}</{tag}>" for line, (tag, _) in zip(lines[1:], elements[1:], strict=True))
    path = tmp_path_factory.mktemp("odd") / "annotations.xml"
    path.write_text(f"<annotations>{lines[0]}{inside}</image></annotations>")
    check(read(read_cvat, path))


@pytest.mark.parametrize("reader", [read_yolo, read_yolo_seg])
@settings(max_examples=150)
@given(data=st.data())
def test_yolo(tmp_path_factory: pytest.TempPathFactory, reader: Any, data: st.DataObject) -> None:
    lines = [data.draw(st.sampled_from(YOLO))] if data.draw(st.booleans()) else list(YOLO)
    number = data.draw(st.integers(0, len(lines) - 1))
    words = lines[number].split()
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(odd_text)
    lines[number] = " ".join(words)
    path = tmp_path_factory.mktemp("odd") / "a.txt"
    path.write_text("\n".join(lines))
    check(read(reader, path))
