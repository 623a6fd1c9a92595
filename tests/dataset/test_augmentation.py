"""Symmetries written out: every pixel, box and id where it belongs, with the source of each copy."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sporemetry.dataset.augmentation import Augmented, augment_dataset
from sporemetry.dataset.folder import DatasetItem, open_dataset, read_item_ignore, read_item_labels
from sporemetry.dataset.symmetries import SYMMETRIES, apply
from sporemetry.errors import SettingsError
from sporemetry.evaluation import read_boxes
from sporemetry.image import read_image
from sporemetry.storage import file_sha256

RNG = np.random.default_rng(3)
PIXELS = RNG.integers(0, 256, (12, 20, 3), dtype=np.uint8)
LABELS = np.zeros((12, 20), dtype=np.uint16)
LABELS[1:4, 2:9], LABELS[6:11, 15:18] = 3, 9


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for folder in ("images/plot 3", "labels/plot 3", "ignore/plot 3", "boxes/plot 3"):
        (root / folder).mkdir(parents=True)
    Image.fromarray(PIXELS).save(root / "images/plot 3/leaf7_1.png")
    Image.fromarray(LABELS).save(root / "labels/plot 3/leaf7_1.png")
    Image.fromarray(((LABELS == 9) * 255).astype(np.uint8)).save(root / "ignore/plot 3/leaf7_1.png")
    (root / "boxes/plot 3/leaf7_1.txt").write_text("2 0.275 0.2083333333 0.35 0.25\n")
    Image.fromarray(PIXELS[..., 0]).save(root / "images/leaf8_1.png")
    (root / "dataset.toml").write_text('um_per_px = 0.5\n[groups]\n"plot*" = "plot"\n')
    return root


def test_copies_are_what_the_symmetry_makes(source: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    done = augment_dataset(open_dataset(source), tmp_path / "out", on_progress=lambda *at: calls.append(at))
    assert (done.written, done.kept) == (16, 0)
    assert calls[-1] == (16, 16)
    copies = {item.name: item for item in open_dataset(tmp_path / "out").items}
    assert len(copies) == 16
    for name in SYMMETRIES:
        item = copies["plot 3/leaf7_1" + ("" if name == "identity" else f"__{name}")]
        assert item.group == "plot"
        np.testing.assert_array_equal(read_image(item.image).pixels, apply(name, PIXELS))
        labels = read_item_labels(item)
        np.testing.assert_array_equal(labels.labels, apply(name, LABELS))
        np.testing.assert_array_equal(read_item_ignore(item, labels.labels.shape), apply(name, LABELS == 9))
        assert item.boxes is not None
        boxes = read_boxes(item.boxes)
        rows, columns = np.nonzero(apply(name, LABELS == 3))
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(boxes.in_pixels(*labels.labels.shape), [box], atol=1e-6)
        assert boxes.classes.tolist() == [2]
    assert copies["leaf8_1__rot90"].group == "leaf8"
    assert copies["leaf8_1__rot90"].labels is None


def test_the_manifest_names_the_source(source: Path, tmp_path: Path) -> None:
    done = augment_dataset(open_dataset(source), tmp_path / "out", names=("identity", "flip"))
    with done.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [
        "leaf8_1",
        "leaf8_1__flip",
        "plot 3/leaf7_1",
        "plot 3/leaf7_1__flip",
    ]
    picture = source / "images/plot 3/leaf7_1.png"
    assert rows[3] == {
        "name": "plot 3/leaf7_1__flip",
        "source": "images/plot 3/leaf7_1.png",
        "symmetry": "flip",
        "group": "plot",
        "source_sha256": file_sha256(picture),
    }


def test_it_goes_on_where_it_was(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    augment_dataset(open_dataset(source), out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "images/leaf8_1__rot180.png").unlink()
    (out / "labels/plot 3/leaf7_1__flip.tif").unlink()
    done = augment_dataset(open_dataset(source), out)
    assert (done.written, done.kept) == (2, 14)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_sixteen_bits_stay(tmp_path: Path) -> None:
    (tmp_path / "set/images").mkdir(parents=True)
    grey = RNG.integers(0, 65536, (9, 7), dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / "set/images/a_1.png")
    augment_dataset(open_dataset(tmp_path / "set"), tmp_path / "out", names=("rot90",))
    copy = read_image(tmp_path / "out/images/a_1__rot90.png").pixels
    np.testing.assert_array_equal(copy, apply("rot90", np.stack([grey] * 3, axis=2)))


def test_what_would_spoil_a_folder_is_refused(source: Path, tmp_path: Path) -> None:
    dataset = open_dataset(source)
    with pytest.raises(SettingsError, match="outside"):
        augment_dataset(dataset, source / "more")
    for names in (("flip", "flip"), ("upside-down",), ()):
        with pytest.raises(SettingsError, match="each once"):
            augment_dataset(dataset, tmp_path / "out", names=names)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    with pytest.raises(SettingsError, match=r"thesis.txt"):
        augment_dataset(dataset, tmp_path / "full")


def test_on_the_fly_entries_keep_the_group_of_their_item() -> None:
    items = [
        DatasetItem(name=f"{g}_{k}", group=g, image=Path(f"{g}_{k}.png")) for g in "ab" for k in range(3)
    ]
    augmented = Augmented(items)
    assert len(augmented) == 48
    assert [(item.name, name) for item, name in augmented] == [
        (item.name, name) for item in items for name in SYMMETRIES
    ]
    with pytest.raises(IndexError):
        augmented[48]
    assert len(Augmented([])) == 0
