"""The pictures of a training part: targets, statistics, memory, and what is wrong with bad ones."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import Dataset, open_dataset
from sporemetry.errors import FileError, ImageReadError, LabelReadError, SettingsError
from sporemetry.training.pictures import (
    IGNORED,
    PictureStatistics,
    PictureStore,
    read_training_picture,
    to_eight_bits,
)

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def dataset(folder: Path, pictures: list[tuple[Pixels, Pixels | None, Pixels | None]]) -> Dataset:
    """Write RGB pictures with labels and ignore masks, and open them."""
    for part in ("images", "labels", "ignore"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, (pixels, labels, ignore) in enumerate(pictures):
        cv2.imwrite(str(folder / "images" / f"p{number}.png"), pixels[:, :, ::-1])
        for part, plane in (("labels", labels), ("ignore", ignore)):
            if plane is not None:
                cv2.imwrite(str(folder / part / f"p{number}.png"), plane)
    return open_dataset(folder)


def random_set(folder: Path, shapes: list[tuple[int, int]]) -> tuple[Dataset, list[list[NDArray[np.uint8]]]]:
    rng = np.random.default_rng(len(shapes))
    planes = []
    for height, width in shapes:
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8) // np.array(
            [1, 2, 4], dtype=np.uint8
        )
        labels = (rng.integers(0, 30, (height, width)) * (rng.random((height, width)) < 0.3)).astype(np.uint8)
        ignore = (rng.random((height, width)) < 0.1).astype(np.uint8) * np.uint8(255)
        planes.append([pixels, labels, ignore])
    return dataset(folder, [(one[0], one[1], one[2]) for one in planes]), planes


def test_statistics_are_those_of_numpy(tmp_path: Path) -> None:
    opened, planes = random_set(tmp_path, [(20, 30), (7, 5), (1, 64)])
    seen: list[tuple[int, int]] = []
    measured = PictureStore(opened.items).measure(lambda done, total: seen.append((done, total)))
    every = np.concatenate([one[0].reshape(-1, 3) for one in planes]).astype(np.float64)
    assert measured.mean == pytest.approx(every.mean(axis=0), rel=1e-12)
    assert measured.std == pytest.approx(every.std(axis=0), rel=1e-9)
    counted = [one[1][one[2] == 0] for one in planes]
    assert measured.spore_pixels == sum(int((one > 0).sum()) for one in counted)
    assert measured.background_pixels == sum(int((one == 0).sum()) for one in counted)
    assert measured.ratio == measured.background_pixels / measured.spore_pixels
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_targets_are_spore_background_and_ignored(tmp_path: Path) -> None:
    opened, planes = random_set(tmp_path, [(20, 30)])
    picture = read_training_picture(opened.items[0])
    pixels, labels, ignore = planes[0]
    assert (picture.pixels == pixels).all()
    assert (picture.target[ignore > 0] == IGNORED).all()
    assert (picture.target[ignore == 0] == (labels > 0)[ignore == 0]).all()
    assert (ignore > 0).any()


def test_a_flat_picture_does_not_divide_by_nothing(tmp_path: Path) -> None:
    flat, labels = np.full((5, 5, 3), 77, np.uint8), np.eye(5, dtype=np.uint8)
    measured = PictureStore(dataset(tmp_path, [(flat, labels, None)]).items).measure()
    assert measured.mean == (77.0, 77.0, 77.0)
    assert measured.std == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(("spores", "background"), [(0, 5), (5, 0), (0, 0)])
def test_no_ratio_without_spores_and_background(spores: int, background: int) -> None:
    measured = PictureStatistics(mean=(), std=(), spore_pixels=spores, background_pixels=background)
    with pytest.raises(SettingsError, match=r"^loss\.ratio: expected .* State the ratio as a number"):
        _ = measured.ratio


@given(st.integers(0, 65535))
def test_sixteen_bits_become_the_nearest_of_eight(value: int) -> None:
    found = int(to_eight_bits(np.array([value], dtype=np.uint16))[0])
    assert abs(found * 257 - value) <= 128


def test_pictures_of_sixteen_bits_keep_their_range(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), dtype=np.uint16)
    pixels[:, :, 0] = np.arange(256).reshape(16, 16) * 257
    pixels[:, :, 1] = 65535
    picture = read_training_picture(dataset(tmp_path, [(pixels, np.eye(16, dtype=np.uint8), None)]).items[0])
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels[:, :, 0].ravel().tolist() == list(range(256))
    assert (picture.pixels[:, :, 1] == 255).all()


def test_memory_is_not_passed(tmp_path: Path) -> None:
    opened, _ = random_set(tmp_path, [(20, 30)] * 4)
    each = 20 * 30 * 4
    for memory, kept in ((0, 0), (each - 1, 0), (each, 1), (3 * each + 5, 3), (10 * each, 4)):
        store = PictureStore(opened.items, memory=memory)
        store.measure()
        again = [store[index] is store[index] for index in range(4)]
        assert sum(again) == kept
    assert len(pickle.dumps(store)) < each  # a loading process is sent no pictures


def test_pictures_of_another_size_than_their_labels_are_named(tmp_path: Path) -> None:
    opened = dataset(tmp_path, [(np.zeros((9, 8, 3), np.uint8), np.eye(8, dtype=np.uint8), None)])
    with pytest.raises(LabelReadError, match=r"labels/p0\.png: expected .* 8 x 9; found 8 x 8"):
        PictureStore(opened.items).measure()


def test_masks_of_another_size_are_named(tmp_path: Path) -> None:
    plane = np.eye(8, dtype=np.uint8)
    opened = dataset(tmp_path, [(np.zeros((8, 8, 3), np.uint8), plane, plane[:4])])
    with pytest.raises(LabelReadError, match=r"ignore/p0\.png"):
        PictureStore(opened.items).measure()


def test_missing_labels_and_broken_pictures_are_named(tmp_path: Path) -> None:
    opened = dataset(tmp_path, [(np.zeros((8, 8, 3), np.uint8), None, None)])
    with pytest.raises(LabelReadError, match=r"p0\.png: expected a label picture"):
        read_training_picture(opened.items[0])
    (tmp_path / "images" / "p0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    cv2.imwrite(str(tmp_path / "labels" / "p0.png"), np.eye(8, dtype=np.uint8))
    with pytest.raises(ImageReadError, match=r"p0\.png"):
        PictureStore(open_dataset(tmp_path).items).measure()
    (tmp_path / "images" / "p0.png").unlink()
    with pytest.raises(FileError, match=r"p0\.png"):
        read_training_picture(opened.items[0])


def test_a_part_without_pictures_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"^dataset: expected labelled pictures to train on; found none"):
        PictureStore(()).measure()


def test_a_store_that_is_sent_to_another_process_reads_into_memory_anew(tmp_path: Path) -> None:
    items = open_dataset(write_dataset(tmp_path / "dots", pictures=2)).labelled
    one_picture = 72 * 96 * 4
    store = PictureStore(items, memory=2 * one_picture)
    for number in range(2):
        store[number]
    sent = pickle.loads(pickle.dumps(store))
    assert len(pickle.dumps(store)) < one_picture
    assert sent[0] is not store[0]
    assert sent[0] is sent[0]
    assert sent[1] is sent[1]
