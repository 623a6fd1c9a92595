"""Files of label images: which are read and how, and which are refused with the likely cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage
from tests.label_cases import KERNELS, ellipses, resized, smoothed, supersampled

from sporemetry.errors import LabelReadError
from sporemetry.label_image import inspect_labels, read_labels, read_mask, write_labels

IDS = ellipses()
MASK = IDS > 0


def _png(folder: Path, array: np.ndarray, mode: str | None = None, **options: Any) -> Path:
    picture = PillowImage.fromarray(np.asarray(array, dtype=np.uint8))
    (picture if mode is None else picture.convert(mode)).save(folder / "a.png", **options)
    return folder / "a.png"


def _tiff(folder: Path, array: np.ndarray, **options: Any) -> Path:
    tifffile.imwrite(folder / "a.tif", array, **options)
    return folder / "a.tif"


def _spores(path: Path) -> int:
    return len(np.unique(read_labels(path).labels)) - 1


def _refusal(path: Path) -> str:
    with pytest.raises(LabelReadError) as caught:
        read_labels(path)
    assert caught.value.remedy
    return f"{caught.value.found}. {caught.value.remedy}"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1"])
def test_a_grey_mask_in_any_form_is_four_spores(tmp_path: Path, mode: str) -> None:
    assert _spores(_png(tmp_path, 255 * MASK, mode)) == 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_ids_in_equal_channels_are_ids(tmp_path: Path, mode: str) -> None:
    read = read_labels(_png(tmp_path, 20 * IDS, mode))
    assert np.array_equal(read.labels, 20 * IDS)


def test_equal_channels_of_16_bits(tmp_path: Path) -> None:
    path = _tiff(tmp_path, np.repeat(300 * IDS[:, :, None], 3, axis=2).astype(np.uint16), photometric="rgb")
    assert np.array_equal(read_labels(path).labels, 300 * IDS)


def test_transparency_that_varies_is_refused(tmp_path: Path) -> None:
    layers = np.stack([np.full(IDS.shape, 255)] * 3 + [255 * MASK], axis=2)
    assert "transparency" in _refusal(_png(tmp_path, layers))


def test_a_palette_of_colours_holds_ids(tmp_path: Path) -> None:
    picture = PillowImage.fromarray(IDS.astype(np.uint8), mode="P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(read_labels(tmp_path / "a.png").labels, IDS)


def test_a_palette_of_greys_out_of_order_is_what_it_shows(tmp_path: Path) -> None:
    picture = PillowImage.fromarray(np.where(MASK, 0, 1).astype(np.uint8), mode="P")
    picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.save(tmp_path / "a.png")
    assert _spores(tmp_path / "a.png") == 4


def test_a_drawing_in_colours_and_a_photograph_are_told_apart(tmp_path: Path) -> None:
    table = np.random.default_rng(0).integers(0, 256, (5, 3))
    assert "coloured drawing" in _refusal(_png(tmp_path, table[IDS]))
    noise = np.random.default_rng(0).integers(0, 256, (160, 200, 3))
    assert "photograph" in _refusal(_png(tmp_path, noise))


@pytest.mark.parametrize("quality", [60, 90, 100])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_a_jpeg_is_refused_whatever_it_is_called(tmp_path: Path, name: str, quality: int) -> None:
    content = cv2.imencode(".jpg", (255 * MASK).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    (tmp_path / name).write_bytes(content.tobytes())
    assert "JPEG" in _refusal(tmp_path / name)
    with pytest.raises(LabelReadError, match="JPEG"):
        read_mask(tmp_path / name)


def test_a_tiff_compressed_as_jpeg_is_refused(tmp_path: Path) -> None:
    path = _tiff(tmp_path, (255 * MASK).astype(np.uint8), compression="jpeg", compressionargs={"level": 90})
    assert "JPEG" in _refusal(path)


@pytest.mark.parametrize("plateau", [1.0, 255.0])
def test_float_masks_with_grey_edges(tmp_path: Path, plateau: float) -> None:
    for grey in (smoothed(MASK, plateau, "gauss 0.7"), plateau * supersampled(4)):
        assert "grey edges" in _refusal(_tiff(tmp_path, grey.astype(np.float32)))


def test_float_labels(tmp_path: Path) -> None:
    assert np.array_equal(read_labels(_tiff(tmp_path, IDS.astype(np.float32))).labels, IDS)
    assert _spores(_tiff(tmp_path, MASK.astype(np.float32))) == 4
    assert "divided by 255" in _refusal(_tiff(tmp_path, (20 * IDS / 255).astype(np.float32)))
    interpolated = resized(IDS.astype(np.float32) * 10, 1.5, KERNELS["linear"])
    assert "interpolat" in _refusal(_tiff(tmp_path, interpolated))


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32])
def test_negative_values_are_said_to_be_ignored_pixels(tmp_path: Path, kind: type[np.number[Any]]) -> None:
    labels = IDS.astype(kind)
    labels[70:80, 5:30] = -1
    assert "ignore" in _refusal(_tiff(tmp_path, labels))


@pytest.mark.parametrize("value", [1, 2, 7, 200, 255, 256, 65_535, 70_000])
def test_one_value_for_all_objects(tmp_path: Path, value: int) -> None:
    read = read_labels(_tiff(tmp_path, (value * MASK).astype(np.uint32)))
    assert len(np.unique(read.labels)) == 5
    assert any("4 connected components" in note for note in read.notes)


def test_ids_of_32_bits(tmp_path: Path) -> None:
    gaps = np.choose(IDS, [0, 459, 460, 70_000, 3_000_000]).astype(np.uint32)
    assert np.array_equal(read_labels(_tiff(tmp_path, gaps)).labels, gaps)
    beyond = np.choose(IDS, [0, 7, 2**31, 2**32 - 9, 2**31 + 5]).astype(np.uint32)
    read = read_labels(_tiff(tmp_path, beyond))
    assert np.array_equal(read.labels, np.choose(IDS, [0, 1, 2, 4, 3]))
    assert any("numbered anew" in note for note in read.notes)


def test_in_files_of_our_own_ids_are_ids(tmp_path: Path) -> None:
    one = np.where(IDS == 1, 1, 0).astype(np.int32)
    one[:, 44:46] = 0
    write_labels(tmp_path / "a.tif", one)
    assert np.array_equal(read_labels(tmp_path / "a.tif").labels, one)
    write_labels(tmp_path / "b.tif", (IDS % 2 + 1).astype(np.int32) * MASK)
    read = read_labels(tmp_path / "b.tif")
    assert _spores(tmp_path / "b.tif") == 2
    assert [(fault.kind, fault.severity) for fault in read.faults] == [("class-values", "caution")]
    assert any("classes" in note for note in read.notes)


def test_errors_can_be_looked_at(tmp_path: Path) -> None:
    path = _png(tmp_path, 255 - 255 * MASK)
    assert [fault.kind for fault in inspect_labels(path).faults] == ["white-background"]
    assert "white" in _refusal(path)


def test_a_mask_of_pixels_to_ignore_may_be_of_any_kind(tmp_path: Path) -> None:
    for mode in ("L", "RGB", "RGBA", "LA"):
        assert np.array_equal(read_mask(_png(tmp_path, 255 * MASK, mode)), MASK)
    assert read_mask(_png(tmp_path, np.full((4, 5), 255))).all()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("L01_black_on_white", "white"),
        ("L02_resized_mask", "grey edges"),
        ("L02d_antialiased", "grey edges"),
        ("L03_one_id_2", 4),
        ("L05_gaps_u32", 4),
        ("L07_rgb_mask_grey", 4),
        ("L14_ilastik_simple_seg", "background"),
    ],
)
def test_the_shared_cases(shared_cases: Path, name: str, meaning: int | str) -> None:
    (path,) = (shared_cases / "labels" / name).iterdir()
    if isinstance(meaning, int):
        assert _spores(path) == meaning
    else:
        assert meaning in _refusal(path)
