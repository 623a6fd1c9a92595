"""Whatever the labels, each pair of exporter and importer gives them back, to the pixel."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from sporemetry.dataset.export_labels import export_labels
from sporemetry.dataset.folder import open_dataset, read_item_labels
from sporemetry.dataset.import_labels import import_labels
from sporemetry.errors import SettingsError, SporemetryError
from sporemetry.exchange.annotation import Annotation, LabelledPicture
from sporemetry.exchange.registry import EXPORTERS, IMPORTERS, find_exporter, find_importer
from sporemetry.storage import TEMPORARY_PREFIX

Labels = NDArray[np.int32]
PAIRS = sorted(set(IMPORTERS) & set(EXPORTERS))
NAMES = ("leaf7_1", "plate 3/leaf.8_2", "Blatt_ü")

# Blocks of up to 3 x 3 pixels make shapes with holes, pieces and borders; ids have gaps.
shapes = st.tuples(st.integers(1, 7), st.integers(1, 7))
fields = shapes.flatmap(lambda shape: arrays(np.int32, shape, elements=st.sampled_from([0, 0, 1, 2, 5, 90])))
labels = st.builds(
    lambda field, times: np.kron(field, np.ones((times, times), np.int32)), fields, st.integers(1, 3)
)
label_sets = st.lists(labels, min_size=1, max_size=3)


def closed_up(found: Labels) -> Labels:
    ids = np.unique(np.append(found, 0))
    return np.searchsorted(ids, found).astype(np.int32)


def written_and_read(folder: Path, name: str, pictures: list[Labels]) -> dict[str, Annotation]:
    sizes = {called: picture.shape for called, picture in zip(NAMES, pictures, strict=False)}
    given_ = [
        LabelledPicture(name=called, labels=picture) for called, picture in zip(NAMES, pictures, strict=False)
    ]
    written = EXPORTERS[name](folder, given_)
    source = written[0] if name in ("coco", "cvat") else folder

    def size(called: str) -> tuple[int, int] | None:
        flat = {known.replace("/", "_"): shape for known, shape in sizes.items()}  # as Cellpose is written
        return sizes.get(called) or flat.get(called)

    return {each.name: each for each in IMPORTERS[name](source, size) if each.name}


@pytest.mark.parametrize("name", PAIRS)
@given(label_sets)
def test_labels_come_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, pictures: list[Labels]
) -> None:
    folder = tmp_path_factory.mktemp("exchange")
    found = written_and_read(folder, name, pictures)
    if name == "cellpose":
        found = {called.replace("plate 3_", "plate 3/"): each for called, each in found.items()}
    assert set(found) == set(NAMES[: len(pictures)])
    for called, picture in zip(NAMES, pictures, strict=False):
        read = found[called].labels
        assert read is not None
        # The order may follow the file; the instances and their pixels are the same.
        assert read.shape == picture.shape
        pairs = np.unique(np.stack([read.ravel(), closed_up(picture).ravel()]), axis=1)
        assert len(pairs[0]) == len(set(pairs[0].tolist())) == len(set(pairs[1].tolist()))
        np.testing.assert_array_equal(read > 0, picture > 0)


@pytest.mark.parametrize("name", PAIRS)
def test_no_pictures(tmp_path: Path, name: str) -> None:
    EXPORTERS[name](tmp_path / "out", [])


@pytest.mark.parametrize("name", ["coco", "labelme", "cvat", "yolo-seg"])
def test_damaged_files_end_in_errors_that_say_so(tmp_path: Path, name: str) -> None:
    """Bytes changed, cut out and doubled: either still readable, or an error of this package."""
    picture = np.zeros((30, 40), dtype=np.int32)
    picture[3:12, 4:20], picture[5:8, 6:9], picture[20:28, 30:38], picture[22, 33] = 1, 0, 2, 0
    written = EXPORTERS[name](tmp_path, [LabelledPicture(name="leaf7_1", labels=picture)])
    path = written[0]
    content = path.read_bytes()
    draw = random.Random(5)
    for _ in range(300):
        changed = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(changed))
            kind = draw.randrange(4)
            if kind == 0:
                changed[at] = draw.randrange(256)
            elif kind == 1:
                del changed[at : at + draw.randint(1, 30)]
            elif kind == 2:
                changed[at:at] = bytes(changed[at : at + 40])
            else:
                changed[at : at + 1] = draw.choice(
                    [b"-1", b"1e999", b"null", b'"', b"[", b"{}", b"999999999999"]
                )
            if not changed:
                changed = bytearray(b" ")
        path.write_bytes(bytes(changed))
        with contextlib.suppress(SporemetryError):
            for each in IMPORTERS[name](path, lambda _: None if name != "yolo-seg" else (30, 40)):
                assert each.labels is None or each.labels.size <= 100_000_000


@pytest.mark.parametrize("name", [name for name in EXPORTERS if name in IMPORTERS])
def test_a_data_set_goes_out_and_comes_back(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    truth = {}
    for called in ("leaf7_1", "plate 3/leaf8_1"):
        image = tmp_path / f"set/images/{called}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(image)
        found = np.zeros((40, 50), dtype=np.uint16)
        found[3:12, 4:20], found[5:8, 6:9], found[3:12, 20:25], found[30:, 40:] = 1, 0, 2, 7
        target = tmp_path / f"set/labels/{called}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(found).save(target)
        truth[called] = found
    for left in (tmp_path / "out", tmp_path / "out" / "imagesTr"):  # by a kill in an export before
        left.mkdir()
        (left / f"{TEMPORARY_PREFIX}123-half.png").write_bytes(b"hal")
    done = export_labels(open_dataset(tmp_path / "set"), find_exporter(name), tmp_path / "out")
    assert not list((tmp_path / "out").rglob(f"{TEMPORARY_PREFIX}*"))
    assert (done.pictures, done.failures) == (2, ())
    source = tmp_path / "out"
    images = tmp_path / ("out" if name == "cellpose" else "set/images")
    back = import_labels(find_importer(name), source, images, tmp_path / "back", format_name=name)
    assert (back.pictures, back.instances, back.failures) == (2, 6, ())
    for item in open_dataset(tmp_path / "back").items:
        called = item.name.replace("plate 3_", "plate 3/")
        read = read_item_labels(item).labels
        np.testing.assert_array_equal(read > 0, truth[called] > 0)
        assert sorted(np.bincount(read.ravel())[1:]) == sorted(np.bincount(truth[called].ravel())[[1, 2, 7]])


def test_unknown_formats_list_the_choices() -> None:
    with pytest.raises(SettingsError, match="yolo-seg"):
        find_importer("excel")
    with pytest.raises(SettingsError, match="nnunet-border"):
        find_exporter("excel")


def test_nnunet_holds_the_classes(tmp_path: Path) -> None:
    Image.fromarray(np.full((6, 8), 90, dtype=np.uint8)).save(tmp_path / "leaf 7.png")
    found = np.zeros((6, 8), dtype=np.int32)
    found[1:5, 1:4], found[1:5, 4:7] = 1, 2
    picture = LabelledPicture(name="leaf 7", image=tmp_path / "leaf 7.png", labels=found)
    for name, classes in (("nnunet", {0, 1}), ("nnunet-border", {0, 1, 2})):
        written = EXPORTERS[name](tmp_path / name, [picture])
        root = tmp_path / name / "Dataset501_Spores"
        assert [path.relative_to(root).as_posix() for path in written] == [
            "imagesTr/leaf-7_0000.png",
            "labelsTr/leaf-7.png",
            "cases.json",
            "dataset.json",
        ]
        assert Image.open(written[0]).mode == "RGB"
        label_map = np.asarray(Image.open(written[1]))
        assert set(label_map.ravel().tolist()) == classes
        np.testing.assert_array_equal(label_map > 0, found > 0)
        card = json.loads(written[3].read_text())
        assert card["numTraining"] == 1
        assert set(card["labels"].values()) == classes
    border = np.asarray(Image.open(tmp_path / "nnunet-border/Dataset501_Spores/labelsTr/leaf-7.png"))
    assert (border[1:5] == [0, 1, 1, 2, 2, 1, 1, 0]).all()
