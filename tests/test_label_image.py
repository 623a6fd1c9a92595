"""Label pictures: what is written opens elsewhere, what others wrote is read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image as PillowImage

from sporemetry.errors import ImageReadError, LabelReadError, SettingsError
from sporemetry.label_image import encode_labels, read_labels, write_labels

_LABELS = hnp.arrays(
    np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 100_000)
)


@given(_LABELS, st.none() | st.floats(0.01, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_what_is_written_is_read_back(
    tmp_path: Path, labels: NDArray[np.int32], um_per_px: float | None
) -> None:
    path = tmp_path / "labels.tif"
    write_labels(path, labels, um_per_px=um_per_px)
    read = read_labels(path)
    if len(set(np.unique(labels)) - {0, 1, 255, 65535}) > 0:  # else it is taken for a mask
        assert np.array_equal(read.labels, labels)
    assert (read.um_per_px is None) == (um_per_px is None)
    if um_per_px is not None:
        assert read.um_per_px == pytest.approx(um_per_px, rel=1e-6)


@pytest.mark.parametrize(("largest", "kind"), [(3, np.uint16), (65_535, np.uint16), (65_536, np.uint32)])
def test_the_file_is_as_small_as_its_labels_allow_and_opens_everywhere(
    tmp_path: Path, largest: int, kind: type[np.unsignedinteger]
) -> None:
    labels = np.array([[0, 1, 2], [largest, 0, 1]], dtype=np.int32)
    path = tmp_path / "labels.tif"
    write_labels(path, labels, um_per_px=0.25)
    with tifffile.TiffFile(path) as file:
        assert file.series[0].dtype == kind
        assert file.series[0].axes == "YX"
        assert file.is_imagej
        assert file.imagej_metadata["unit"] == "um"
        assert file.pages[0].tags["XResolution"].value == (4, 1)
        assert np.array_equal(file.asarray(), labels)
    opened = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if opened is not None or kind == np.uint16:  # OpenCV 4 reads no labels of 32 bits
        assert np.array_equal(opened, labels)
    with PillowImage.open(path) as picture:
        assert np.array_equal(np.asarray(picture), labels)


def test_the_same_labels_give_the_same_bytes() -> None:
    labels = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert encode_labels(labels, um_per_px=0.3) == encode_labels(labels.copy(), um_per_px=0.3)


@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_is_taken_apart_and_said_to_be_one(tmp_path: Path, value: int) -> None:
    mask = np.zeros((9, 9), dtype=np.uint8)
    mask[1:3, 1:3] = mask[3, 3] = value  # joined by a corner: one spore
    mask[6:8, 6:8] = value
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    read = read_labels(tmp_path / "mask.png")
    assert read.labels.max() == 2
    assert read.labels[3, 3] == read.labels[1, 1]
    assert any("2 connected components" in note for note in read.notes)


def test_ids_with_gaps_stay_as_they_are(tmp_path: Path) -> None:
    labels = np.array([[0, 7], [300, 7]], dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "labels.png"), labels)
    read = read_labels(tmp_path / "labels.png")
    assert np.array_equal(read.labels, labels)
    assert read.labels.dtype == np.int32


def test_labels_kept_as_float_are_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "labels.tif", np.array([[0, 2], [3, 0]], dtype=np.float32))
    assert read_labels(tmp_path / "labels.tif").labels.tolist() == [[0, 2], [3, 0]]


def test_a_probability_map_is_no_label_picture(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "p.tif", np.array([[0, 0.5], [1, 0]], dtype=np.float32))
    with pytest.raises(LabelReadError, match="whole numbers"):
        read_labels(tmp_path / "p.tif")


def test_a_photograph_is_no_label_picture(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    with pytest.raises(LabelReadError, match="one channel"):
        read_labels(tmp_path / "p.png")


def test_a_file_that_is_no_picture_is_an_image_error(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(b"text")
    with pytest.raises(ImageReadError):
        read_labels(tmp_path / "p.png")


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 2)), np.zeros(3, np.int32), np.zeros((0, 3), np.int32), np.full((2, 2), -1)]
)
def test_what_is_no_label_array_is_refused(wrong: NDArray[np.int32]) -> None:
    with pytest.raises(SettingsError, match="labels"):
        encode_labels(wrong)
