"""ImageJ's regions: bytes as ImageJ lays them out, there and back, and nothing harmful gets in."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, SettingsError, SporemetryError
from sporemetry.exchange.annotation import Annotation, LabelledPicture
from sporemetry.exchange.imagej import encode_rois, read_imagej, read_rois, write_imagej
from sporemetry.exchange.imagej_roi import decode_roi, encode_roi
from sporemetry.exchange.outlines import trace_rings

Labels = NDArray[np.int32]
label_pictures = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.sampled_from([0, 0, 1, 2, 3, 7, 70_000]))
)


def roi_file(
    kind: int,
    box: tuple[int, int, int, int],
    *,
    points: int = 0,
    body: bytes = b"",
    name: str = "",
    floats: tuple[float, ...] = (),
    **fields: int,
) -> bytes:
    """Lay out a file by hand, field by field, from ImageJ's own table of offsets."""
    content = bytearray(64)
    content[0:4] = b"Iout"
    content[4:6] = struct.pack(">h", fields.get("version", 227))
    content[6] = kind
    content[8:16] = struct.pack(">4h", *box)
    content[16:18] = struct.pack(">H", points)
    content[18 : 18 + 4 * len(floats)] = struct.pack(f">{len(floats)}f", *floats)
    content[36:40] = struct.pack(">i", fields.get("path", 0))
    content[48:50] = struct.pack(">h", fields.get("subtype", 0))
    content[50:52] = struct.pack(">h", fields.get("options", 0))
    content[56:60] = struct.pack(">i", fields.get("position", 0))
    if name or "group" in fields:
        start = 64 + len(body)
        content[60:64] = struct.pack(">i", start)
        header2 = bytearray(64)
        header2[16:24] = struct.pack(">ii", start + 64, len(name))
        header2[30] = fields.get("group", 0)
        return bytes(content + body + header2) + name.encode("utf-16-be")
    return bytes(content) + body


def drawn(content: bytes, shape: tuple[int, int] = (6, 8)) -> list[list[int]]:
    draw = decode_roi(content).draw
    assert draw is not None
    mask = np.zeros(shape, dtype=int)
    patch = draw(shape)
    mask[patch.window] = patch.mask
    return [[int(row), int(col)] for row, col in np.argwhere(mask)]


def rectangle(rows: range, cols: range) -> list[list[int]]:
    return [[row, col] for row in rows for col in cols]


def read_one(path: Path, shape: tuple[int, int]) -> Annotation:
    [annotation] = read_imagej(path, lambda _: shape)
    return annotation


def consecutive(labels: Labels) -> Labels:
    ids = np.unique(np.append(labels, 0))
    return np.searchsorted(ids, labels).astype(np.int32)


def test_the_bytes_of_a_square_are_those_that_imagej_writes() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[2:4, 5:8] = True
    content = encode_roi(trace_rings(mask), "é1")
    assert content[:4] == b"Iout"
    assert struct.unpack(">hBB", content[4:8]) == (227, 8, 0)
    assert struct.unpack(">4h", content[8:16]) == (2, 5, 4, 8)
    assert struct.unpack(">H", content[16:18]) == (4,)
    assert struct.unpack(">8h", content[64:80]) == (0, 3, 3, 0, 0, 0, 2, 2)
    assert struct.unpack(">i", content[60:64]) == (80,)
    assert struct.unpack(">ii", content[96:104]) == (144, 2)
    assert content[144:].decode("utf-16-be") == "é1"


def test_shapes_as_imagej_draws_them() -> None:
    assert drawn(roi_file(1, (1, 2, 3, 5))) == rectangle(range(1, 3), range(2, 5))
    # A polygon: x relative to the left, then y relative to the top.
    corners = struct.pack(">8h", 0, 3, 3, 0, 0, 0, 2, 2)
    for kind in (0, 7, 8):
        assert drawn(roi_file(kind, (1, 2, 3, 5), points=4, body=corners)) == rectangle(
            range(1, 3), range(2, 5)
        )
    # With floats after the whole numbers, which are absolute.
    body = corners + struct.pack(">8f", 0.6, 2.4, 2.4, 0.6, 0.4, 0.4, 1.4, 1.4)
    assert drawn(roi_file(0, (1, 2, 3, 5), points=4, body=body, options=128)) == [[0, 1]]
    assert drawn(roi_file(0, (1, 2, 3, 5), points=4, body=body, options=128, version=221)) == rectangle(
        range(1, 3), range(2, 5)
    )
    # A box of floats: x, y, width, height.
    assert drawn(roi_file(1, (0, 0, 1, 1), floats=(2.6, 1.0, 2.0, 1.0), options=128)) == [[1, 3], [1, 4]]
    # An oval of 4 x 3 loses its corners.
    assert drawn(roi_file(2, (0, 0, 3, 4))) == [
        [0, 1],
        [0, 2],
        *rectangle(range(1, 2), range(4)),
        [2, 1],
        [2, 2],
    ]


def test_ellipses_and_turned_rectangles_lie_along_their_axis() -> None:
    ratio = struct.pack(">f", 0.5)
    content = bytearray(roi_file(7, (0, 0, 60, 60), floats=(10.0, 10.0, 50.0, 40.0), subtype=3))
    content[52:56] = ratio
    area = len(drawn(bytes(content), (60, 60)))
    assert area == pytest.approx(math.pi * 25 * 12.5, rel=0.01)
    content[48:50], content[52:56] = struct.pack(">h", 5), struct.pack(">f", 10.0)
    pixels = np.array(drawn(bytes(content), (60, 60)))
    assert len(pixels) == pytest.approx(500, abs=15)
    assert pixels.mean(axis=0) + 0.5 == pytest.approx([25.0, 30.0], abs=0.2)
    assert np.corrcoef(pixels.T)[0, 1] > 0.8


def test_paths_hold_holes_and_curves() -> None:
    outer = (0, 1, 1, 1, 5, 1, 1, 5, 5, 1, 1, 5, 4)
    hole = (0, 2, 2, 1, 2, 4, 1, 4, 4, 1, 4, 2, 4)
    path = struct.pack(f">{len(outer + hole)}f", *outer, *hole)
    found = drawn(roi_file(1, (1, 1, 5, 5), body=path, path=len(outer + hole)))
    assert found == [
        cell
        for cell in rectangle(range(1, 5), range(1, 5))
        if cell not in rectangle(range(2, 4), range(2, 4))
    ]
    # A quarter of a circle of radius 40, as a cubic curve from (40, 0) to (0, 40), closed over the origin.
    k = 40 * 0.5522847
    curve = (0, 40, 0, 3, 40, k, k, 40, 0, 40, 1, 0, 0, 4)
    found = drawn(roi_file(1, (0, 0, 40, 40), body=struct.pack(">14f", *curve), path=14), (50, 50))
    assert len(found) == pytest.approx(math.pi * 1600 / 4, rel=0.01)
    bent = (0, 0, 0, 2, 20, 40, 40, 0, 4)  # a parabola: two thirds of 40 x 20
    found = drawn(roi_file(1, (0, 0, 20, 40), body=struct.pack(">9f", *bent), path=9), (50, 50))
    assert len(found) == pytest.approx(40 * 20 * 2 / 3, rel=0.015)


@given(label_pictures)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("rois")
    [path] = write_imagej(folder, [LabelledPicture(name="plate 3/leaf", labels=labels)])
    assert path == folder / "plate 3" / "leaf_rois.zip"
    [annotation] = read_imagej(folder, lambda name: labels.shape if name == "plate 3/leaf" else None)
    assert annotation.labels is not None
    np.testing.assert_array_equal(annotation.labels, consecutive(labels))
    assert annotation.name == "plate 3/leaf"
    assert (annotation.notes, annotation.classes) == ((), ())
    with zipfile.ZipFile(path) as archive:
        names = [decode_roi(archive.read(name)).name for name in archive.namelist()]
    assert names == [f"{label:04d}" for label in np.unique(labels[labels > 0])]


@pytest.mark.parametrize("far", [40_000, 59_990, 70_000])
def test_wide_pictures_keep_their_pixels(tmp_path: Path, far: int) -> None:
    labels = np.zeros((3, far + 20), dtype=np.int32)
    labels[1, far : far + 15] = 1
    labels[0, 5 : far - 5] = 2
    path = tmp_path / "a_rois.zip"
    path.write_bytes(encode_rois(labels))
    np.testing.assert_array_equal(read_one(path, labels.shape).labels, labels)


def test_more_points_than_a_polygon_may_have_become_a_path(tmp_path: Path) -> None:
    labels = np.ones((4, 40_000), dtype=np.int32)
    labels[:2, 1::2] = 0
    path = tmp_path / "comb_rois.zip"
    path.write_bytes(encode_rois(labels))
    np.testing.assert_array_equal(read_one(path, labels.shape).labels, labels)


def test_the_same_labels_give_the_same_bytes_and_none_give_an_empty_zip(tmp_path: Path) -> None:
    labels = np.array([[1, 0, 4]], dtype=np.int32)
    assert encode_rois(labels) == encode_rois(labels.copy())
    path = tmp_path / "blank_rois.zip"
    path.write_bytes(encode_rois(np.zeros((2, 3), dtype=np.int32)))
    annotation = read_one(path, (2, 3))
    assert annotation.labels is not None
    assert not annotation.labels.any()


def test_what_has_no_area_is_noted_and_groups_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "leaf_RoiSet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.roi", roi_file(1, (0, 0, 2, 2), name="a", group=2, position=1))
        archive.writestr("2.roi", roi_file(3, (0, 0, 2, 2), floats=(0, 0, 2, 2)))
        archive.writestr("3.roi", roi_file(10, (0, 0, 1, 1), points=1, body=bytes(4)))
        archive.writestr("4.roi", roi_file(1, (0, 0, 2, 2), subtype=1))
        archive.writestr("5.roi", roi_file(1, (1, 1, 3, 3), position=4))
        archive.writestr("read me.txt", "hello")
        archive.writestr("__MACOSX/._1.roi", "junk")
        archive.writestr("../../up.roi", roi_file(2, (0, 4, 3, 7), group=2))
    annotation = read_one(path, (4, 8))
    assert annotation.name == "leaf"
    assert annotation.classes == ("group 2", "", "group 2")
    assert annotation.labels is not None
    assert np.bincount(annotation.labels.ravel()).tolist()[1:] == [3, 4, 9]
    assert annotation.notes[:5] == (
        "1 regions without area (text) were left out",
        "1 files of the zip that are no ROIs were left out",
        "the ROIs belong to 2 slices of a stack: all were put into one picture",
        "1 lines on spores that are drawn: nothing was made of them",
        "1 points on spores that are drawn: nothing was made of them",
    )
    assert annotation.notes[5].startswith("1 pixels belonged to more than one of 2")
    assert not (tmp_path.parent / "up.roi").exists()


def test_single_files_and_folders_of_them(tmp_path: Path) -> None:
    (tmp_path / "b.roi").write_bytes(roi_file(1, (0, 0, 2, 2)))
    (tmp_path / "a.zip").write_bytes(encode_rois(np.array([[5]])))
    (tmp_path / "._a.zip").write_bytes(b"junk")
    assert [one.name for one in read_imagej(tmp_path, lambda _: (3, 3))] == ["a", "b"]
    assert read_one(tmp_path / "b.roi", (3, 3)).name == "b"


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    zipped = tmp_path / "leaf.zip"
    zipped.write_bytes(encode_rois(np.array([[5]])))
    (unknown,) = read_imagej(zipped, lambda _: None)
    assert "the size of the picture" in str(unknown.problem)
    unnamed = tmp_path / "RoiSet.zip"
    unnamed.write_bytes(zipped.read_bytes())
    assert "called as its picture" in str(read_one(unnamed, (1, 1)).problem)
    zipped.write_bytes(b"no zip")
    assert "can be unpacked" in str(read_one(zipped, (1, 1)).problem)
    (tmp_path / "none").mkdir()
    with pytest.raises(LabelReadError, match="ROI Manager"):
        read_one(tmp_path / "none", (1, 1))
    assert read_one(tmp_path / "missing.zip", (1, 1)).problem is not None
    with pytest.raises(LabelReadError, match="can be unpacked"):
        read_rois(zipped, (1, 1))
    for content, message in (
        (b"", "Iout"),
        (b"Iout" + bytes(10), "cut off"),
        (roi_file(0, (0, 0, 2, 2), points=60_000), "cut off"),
        (roi_file(11, (0, 0, 2, 2)), "type 11"),
        (roi_file(1, (0, 0, 2, 2), floats=(math.nan, 0, 1, 1), options=128), "NaN"),
        (roi_file(1, (0, 0, 2, 2), body=struct.pack(">f", 9), path=1), "step 9"),
        (roi_file(1, (0, 0, 2, 2), body=struct.pack(">f", 1), path=1), "ends within a step"),
    ):
        with pytest.raises(SettingsError, match=message):
            decode_roi(content)


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.roi", roi_file(1, (0, 0, 2, 2)) + bytes(17 << 20))
    assert path.stat().st_size < 100_000
    assert "unpacks to more" in str(read_one(path, (3, 3)).problem)
    path.write_bytes(b"PK\x01\x02" * 300_001)
    assert "300,001" in str(read_one(path, (3, 3)).problem)


SAMPLES = (
    roi_file(7, (0, 0, 9, 9), floats=(1.0, 1.0, 8.0, 6.0), subtype=3, name="oval", group=3),
    roi_file(0, (1, 1, 5, 5), points=3, body=struct.pack(">6h", 0, 4, 0, 0, 0, 4), name="corner"),
    encode_roi(trace_rings(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)), "ring"),
)


@settings(max_examples=300)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=4))))
@example(SAMPLES[2], [(96, b"\x7f\x81")])  # a signalling NaN
def test_changed_bytes_give_a_region_or_our_own_error(
    sample: bytes, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(sample)
    for place, new in changes:
        content[place : place + len(new)] = new
    try:
        roi = decode_roi(bytes(content))
        if roi.draw is not None:
            assert roi.draw((12, 15)).mask.size <= 180
    except SporemetryError:
        pass


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=3)), min_size=1, max_size=4))
@example([(199, b"\x00")])
def test_changed_zips_give_labels_or_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]]
) -> None:
    buffer = io.BytesIO(encode_rois(np.array([[1, 0, 2], [1, 0, 2]])))
    content = bytearray(buffer.getvalue())
    for place, new in changes:
        content[place % len(content) : place % len(content) + len(new)] = new
    path = tmp_path_factory.mktemp("fuzz") / "a.zip"
    path.write_bytes(content)
    found = read_one(path, (2, 3))
    assert found.problem is not None or found.labels is not None
