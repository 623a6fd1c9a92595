"""Cellpose's masks: found by their names, there and back, and nothing that a pickle names is ever run."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image as PillowImage

from sporemetry.errors import ImageReadError, LabelReadError, SettingsError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.cellpose import read_cellpose, write_cellpose

Labels = NDArray[np.int32]
label_pictures = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.sampled_from([0, 0, 1, 2, 3, 7, 70_000]))
)


def consecutive(labels: Labels) -> Labels:
    ids = np.unique(np.append(labels, 0))
    return np.searchsorted(ids, labels).astype(np.int32)


@given(label_pictures)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, labels: Labels) -> None:
    folder = tmp_path_factory.mktemp("cellpose")
    picture = LabelledPicture(name="plate 3/leaf", labels=labels, um_per_px=0.25)
    assert write_cellpose(folder, [picture]) == [folder / "plate 3_leaf_masks.tif"]
    [annotation] = read_cellpose(folder, lambda _: None)
    assert annotation.labels is not None
    np.testing.assert_array_equal(annotation.labels, consecutive(labels))
    assert annotation.name == "plate 3_leaf"
    assert annotation.um_per_px == pytest.approx(0.25, rel=1e-6)


def test_masks_as_cellpose_saves_them(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 1], [0, 2, 0]], dtype=np.uint16)
    (tmp_path / "sub").mkdir()
    cv2.imwrite(str(tmp_path / "sub" / "a_cp_masks.png"), ids)
    tifffile.imwrite(tmp_path / "b_masks.tif", ids.astype(np.uint32) * 65_537)
    (tmp_path / "b_seg.npy").write_bytes(b"never opened")
    cv2.imwrite(str(tmp_path / "b.png"), ids.astype(np.uint8))
    found = list(read_cellpose(tmp_path, lambda _: (2, 3)))
    assert [each.name for each in found] == ["b", "sub/a"]
    for each in found:
        np.testing.assert_array_equal(each.labels, ids)
    [alone] = read_cellpose(tmp_path / "b_masks.tif", lambda _: None)
    assert alone.name == "b"


def test_the_training_folder_holds_the_picture_as_the_labels_see_it(tmp_path: Path) -> None:
    pixels = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3)
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # to be turned by a quarter: 5 rows, 2 columns
    image = tmp_path / "turned.tif"
    PillowImage.fromarray(pixels).save(image, exif=exif)
    labels = np.zeros((5, 2), dtype=np.int32)
    labels[0] = 70_000
    labels[4, 0] = 3
    files = write_cellpose(tmp_path / "out", [LabelledPicture(name="turned", labels=labels, image=image)])
    assert [file.name for file in files] == ["turned.png", "turned_masks.tif"]
    written = np.array(PillowImage.open(files[0]))
    np.testing.assert_array_equal(written, np.rot90(pixels, -1))
    masks = tifffile.imread(files[1])
    assert masks.dtype == np.uint16
    np.testing.assert_array_equal(masks, consecutive(labels))
    wrong = LabelledPicture(name="turned", labels=labels.T, image=image)
    with pytest.raises(LabelReadError, match="the labels' size"):
        write_cellpose(tmp_path / "out", [wrong])


def test_names_stay_apart(tmp_path: Path) -> None:
    labels = np.ones((2, 2), dtype=np.int32)
    with pytest.raises(SettingsError, match="'a/b' and 'a_B'"):
        write_cellpose(tmp_path, [LabelledPicture(name=name, labels=labels) for name in ("a/b", "a_B")])
    [file] = write_cellpose(tmp_path, [LabelledPicture(name="x_masks", labels=labels)])
    assert file.name == "x_masks__masks.tif"
    with pytest.raises(SettingsError, match=r"\.\."):
        write_cellpose(tmp_path, [LabelledPicture(name="../a", labels=labels)])


def test_seg_files_are_read_without_running_what_they_say(tmp_path: Path) -> None:
    masks = np.zeros((8, 9), dtype=np.uint16)
    masks[1:3, 1:3], masks[5:7, 5:8] = 3, 7
    np.save(tmp_path / "a_seg.npy", np.array({"masks": masks, "filename": "a.png"}, dtype=object))
    (tmp_path / "b_seg.npy").write_bytes(b"\x80\x04cos\nsystem\n")
    found = {each.name: each for each in read_cellpose(tmp_path, lambda _: (8, 9))}
    labels = found["a"].labels
    assert labels is not None
    assert np.bincount(labels.ravel()).tolist() == [62, 4, 6]
    assert found["b"].problem is not None
    (alone,) = read_cellpose(tmp_path / "a_seg.npy", lambda _: (8, 9))
    assert alone.name == "a"
    assert alone.problem is None


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LabelReadError, match="Save masks as PNG"):
        list(read_cellpose(tmp_path, lambda _: None))
    path = tmp_path / "a_masks.png"
    cv2.imwrite(str(path), np.eye(3, dtype=np.uint8))
    (found,) = read_cellpose(tmp_path, lambda _: (3, 4))
    assert "4 x 3" in str(found.problem)
    path.write_bytes(path.read_bytes()[:40])
    (found,) = read_cellpose(path, lambda _: None)
    assert isinstance(found.problem, ImageReadError)
