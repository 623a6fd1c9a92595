"""Labels that a person corrected are kept byte for byte and measured as they are."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from tests.drawing import write_spores
from tests.model.networks import write_dark

from sporemetry.errors import ForeignFileError
from sporemetry.image import ReadSettings
from sporemetry.pipeline import CountSettings, PictureSettings, find_labels, find_pictures, run_folder
from sporemetry.pipeline.edits import EDITED_NOTE, RESAVED_NOTE
from sporemetry.pipeline.folder import FolderResult
from sporemetry.pipeline.record import Record, read_record
from sporemetry.segmentation import ModelSettings


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    write_spores(folder / "leaf.png")
    write_spores(folder / "other.png", seed=1)
    return folder


def count(
    images: Path, *, exports: tuple[str, ...] = (), edge_rule: str = "top-left", **more: object
) -> FolderResult:
    settings = CountSettings(
        picture=PictureSettings(
            method=str(more.pop("method", "otsu")),
            edge_rule=edge_rule,
            exports=exports,
            reading=ReadSettings(um_per_px=more.pop("um_per_px", None)),  # type: ignore[arg-type]
        )
    )
    return run_folder(find_pictures([images]), images.parent / "out", settings, **more)  # type: ignore[arg-type]


def labels_of(images: Path) -> Path:
    return images.parent / "out" / "leaf_labels.tif"


def record_of(images: Path) -> Record:
    record = read_record(images.parent / "out", "leaf")
    assert record is not None
    return record


def edit(images: Path) -> bytes:
    """Take one spore away and draw another, as ImageJ saves it: 32-bit float, not compressed."""
    labels = tifffile.imread(labels_of(images)).astype(np.float32)
    labels[labels == 1] = 0
    labels[60:70, 40:60] = 9
    tifffile.imwrite(labels_of(images), labels, imagej=True)
    return labels_of(images).read_bytes()


def row(result: FolderResult, image: str = "leaf.png") -> dict[str, object]:
    [found] = result.outcome.summary.query("image == @image").to_dict("records")
    return {str(key): value for key, value in found.items()}


def test_edited_labels_are_kept_and_counted(images: Path) -> None:
    assert row(count(images, exports=("fiji",)))["spores"] == 3
    edited = edit(images)
    result = count(images, exports=("fiji",))
    assert labels_of(images).read_bytes() == edited
    assert (result.worked, result.kept) == (1, 1)
    assert row(result)["edited"]
    assert not row(result, "other.png")["edited"]
    spores = result.outcome.spores.query("image == 'leaf.png'")
    assert spores["label"].tolist() == [2, 3, 9]
    assert spores["area"].tolist()[-1] == 200
    assert EDITED_NOTE in record_of(images).notes
    assert any("1 image were edited by hand" in note for note in result.outcome.notes)
    assert EDITED_NOTE in (images.parent / "out" / "report.html").read_text()
    manifest = json.loads((images.parent / "out" / "manifest.json").read_text())
    assert list(manifest["edited"]) == ["leaf_labels.tif"]
    assert "leaf_labels.tif" not in manifest["outputs"]


def test_they_stay_in_force_whatever_changes(images: Path) -> None:
    count(images)
    edited = edit(images)
    count(images)
    assert count(images).kept == 2
    changes = (
        {"method": "kmeans"},
        {"um_per_px": 0.5},
        {"edge_rule": "all"},
        {"exports": ("fiji", "qupath")},
    )
    for change in changes:
        result = count(images, **change)
        assert row(result)["spores"] == 3
        assert row(result)["edited"]
        assert labels_of(images).read_bytes() == edited
    assert row(count(images, um_per_px=0.5))["um_per_px"] == 0.5
    image = cv2.imread(str(images / "leaf.png"))
    image[0, 0] = 0
    cv2.imwrite(str(images / "leaf.png"), image)
    assert row(count(images))["edited"]
    assert labels_of(images).read_bytes() == edited


def test_another_edit_is_noticed_and_deleting_takes_it_back(images: Path) -> None:
    count(images)
    good = labels_of(images).read_bytes()
    edit(images)
    count(images)
    labels = tifffile.imread(labels_of(images))
    labels[labels == 2] = 0
    tifffile.imwrite(labels_of(images), labels)
    assert row(count(images))["spores"] == 2
    labels_of(images).unlink()
    result = count(images)
    assert labels_of(images).read_bytes() == good
    assert not row(result)["edited"]
    assert row(result)["spores"] == 3


def test_edits_are_known_without_their_records(images: Path) -> None:
    count(images)
    edited = edit(images)
    records = images.parent / "out" / ".sporemetry"
    for _ in range(2):  # edited since the manifest, and known to it as edited
        shutil.rmtree(records)
        result = count(images)
        assert row(result)["edited"]
        assert row(result)["spores"] == 3
        assert labels_of(images).read_bytes() == edited


def test_the_outlines_follow_the_edit(images: Path) -> None:
    count(images, exports=("qupath",))
    output = images.parent / "out"
    overlay, outlines = (output / "leaf_overlay.jpg").read_bytes(), (output / "leaf.geojson").read_text()
    edit(images)
    count(images, exports=("qupath",))
    assert (output / "leaf_overlay.jpg").read_bytes() != overlay
    assert (output / "leaf.geojson").read_text() != outlines
    assert len(json.loads((output / "leaf.geojson").read_text())["features"]) == 3


def test_saved_again_without_a_change_is_said_so(images: Path) -> None:
    count(images)
    tifffile.imwrite(labels_of(images), tifffile.imread(labels_of(images)), compression="lzw")
    saved = labels_of(images).read_bytes()
    assert row(count(images))["spores"] == 3
    assert labels_of(images).read_bytes() == saved
    assert RESAVED_NOTE in record_of(images).notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros((40, 40), np.uint16), "size of its image"),
        (np.full((96, 128), 0.5, np.float32), "whole numbers"),
        (np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8), "channel"),
        (None, ""),
    ],
)
def test_an_edit_that_cannot_be_used_fails_its_image_alone(
    images: Path, content: np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None, words: str
) -> None:
    count(images)
    if content is None:
        labels_of(images).write_bytes(b"no image")
    else:
        tifffile.imwrite(labels_of(images), content)
    kept = labels_of(images).read_bytes()
    result = count(images)
    failure = result.outcome.failures["leaf"]
    assert words in failure.expected
    assert labels_of(images).read_bytes() == kept
    assert len(result.outcome.summary) == 1


def test_one_spore_in_pieces_stays_one_and_a_mask_is_taken_apart(images: Path) -> None:
    count(images)
    labels = tifffile.imread(labels_of(images))
    pieces = (labels == 1).astype(np.uint16)
    pieces[50:60, 60:70] = 1
    tifffile.imwrite(labels_of(images), pieces)
    assert row(count(images))["spores"] == 1
    tifffile.imwrite(labels_of(images), (labels > 0).astype(np.uint8) * 255)
    assert row(count(images))["spores"] == 3


def test_all_spores_taken_away_is_a_count_of_zero(images: Path) -> None:
    count(images)
    tifffile.imwrite(labels_of(images), np.zeros((96, 128), np.uint16))
    result = count(images)
    assert (row(result)["spores"], row(result)["edited"]) == (0, True)


def test_discarding_puts_the_edits_aside_and_counts_anew(images: Path) -> None:
    count(images, exports=("fiji",))
    output = images.parent / "out"
    good = labels_of(images).read_bytes()
    edited = edit(images)
    (output / "leaf_rois.zip").write_bytes(b"changed")
    (output / "summary.csv").write_bytes(b"changed in a spreadsheet")
    with pytest.raises(ForeignFileError, match="--discard-edits"):
        count(images, exports=("fiji",))
    result = count(images, exports=("fiji",), discard_edits=True)
    assert labels_of(images).read_bytes() == good
    aside = output / ".sporemetry" / "discarded"
    assert (aside / "leaf_labels.tif").read_bytes() == edited
    assert (aside / "leaf_rois.zip").read_bytes() == b"changed"
    assert (aside / "summary.csv").read_bytes() == b"changed in a spreadsheet"
    assert any("leaf_labels.tif" in note for note in result.outcome.notes)
    again = edit(images)
    count(images, exports=("fiji",), discard_edits=True)
    kept = [path.read_bytes() for path in aside.glob("*leaf_labels.tif")]
    assert sorted(kept) == sorted([edited, again])


def test_a_changed_overlay_is_kept_and_said(images: Path) -> None:
    count(images)
    overlay = images.parent / "out" / "leaf_overlay.jpg"
    overlay.write_bytes(b"mine")
    result = count(images)
    assert overlay.read_bytes() == b"mine"
    assert row(result)["spores"] == 3
    assert any("outlined image was changed" in note for note in record_of(images).notes)
    assert count(images, method="kmeans").outcome.failures == {}
    assert overlay.read_bytes() == b"mine"


def test_scores_of_unchanged_spores_are_carried_over(images: Path, tmp_path: Path) -> None:
    model = ModelSettings(model_file=str(write_dark(tmp_path, "dark.onnx", seed=0)), spore_length_px=28.0)
    settings = CountSettings(picture=PictureSettings(method="model", model=model))
    output = tmp_path / "out"

    def scores() -> dict[float, float]:
        spores = run_folder(find_pictures([images]), output, settings).outcome.spores
        leaf = spores[spores["image"] == "leaf.png"]
        return dict(zip(leaf["area"].tolist(), leaf["score"].tolist(), strict=True))

    before = scores()
    assert len(before) >= 2
    labels = tifffile.imread(labels_of(images))
    gone = int((labels == 1).sum())
    labels[labels == 1] = 0
    labels[labels > 0] += 20  # numbered anew
    labels[80:90, 100:120] = 1
    tifffile.imwrite(labels_of(images), labels)
    after = scores()
    assert np.isnan(after.pop(200.0))
    assert after == {area: score for area, score in before.items() if area != gone}


def test_edited_labels_of_measured_labels_are_kept_too(images: Path, tmp_path: Path) -> None:
    count(images)
    settings = CountSettings(picture=PictureSettings(field_mode="whole"))

    def measure() -> FolderResult:
        return run_folder(find_labels([tmp_path / "out"]), tmp_path / "again", settings, verb="measure")

    measure()
    path = tmp_path / "again" / "leaf_labels.tif"
    labels = tifffile.imread(path)
    labels[labels == 1] = 0
    tifffile.imwrite(path, labels)
    kept = path.read_bytes()
    result = measure()
    assert path.read_bytes() == kept
    assert row(result, "leaf.png")["spores"] == 2


def _drop_first_roi(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()[1:]}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)


def _drop_first_feature(path: Path) -> None:
    content = json.loads(path.read_text())
    del content["features"][0]
    path.write_text(json.dumps(content))


EDITS = (("leaf_rois.zip", _drop_first_roi), ("leaf.geojson", _drop_first_feature))


@pytest.mark.parametrize(("name", "edit_outlines"), EDITS)
def test_edited_outlines_are_kept_and_counted(
    images: Path, name: str, edit_outlines: Callable[[Path], None]
) -> None:
    both = ("fiji", "qupath")
    count(images, exports=both)
    output = images.parent / "out"
    names = ("leaf_labels.tif", "leaf_rois.zip", "leaf.geojson")
    good = {file: (output / file).read_bytes() for file in names}
    edit_outlines(output / name)
    edited = (output / name).read_bytes()
    result = count(images, exports=both)
    assert row(result)["spores"] == 2
    assert row(result)["edited"]
    assert (output / name).read_bytes() == edited
    assert np.unique(tifffile.imread(labels_of(images))).tolist() == [0, 2, 3]
    assert any(name in note for note in record_of(images).notes)
    assert count(images, exports=both).kept == 2
    for change in ({"method": "kmeans"}, {"exports": ()}):
        settings: dict[str, object] = {"exports": both, **change}
        assert row(count(images, **settings))["spores"] == 2  # type: ignore[arg-type]
        assert (output / name).read_bytes() == edited
    (output / name).unlink()
    assert row(count(images, exports=both))["spores"] == 3
    assert {file: (output / file).read_bytes() for file in good} == good


def test_two_corrected_files_of_one_image_are_refused(images: Path) -> None:
    count(images, exports=("fiji",))
    edit(images)
    _drop_first_roi(images.parent / "out" / "leaf_rois.zip")
    with pytest.raises(ForeignFileError, match=r"leaf_labels\.tif.*leaf_rois\.zip.*keep the one that is"):
        count(images, exports=("fiji",))
    (images.parent / "out" / "leaf_rois.zip").unlink()
    assert row(count(images, exports=("fiji",)))["edited"]
