"""Outlines corrected in Fiji, QuPath, napari and Cellpose come back into the count: docs/correcting.md."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import roifile
import tifffile
from tests.pipeline.counted import Command, images

from sporemetry.exchange.imagej import encode_rois

BOX = np.array([[140, 200], [160, 200], [160, 210], [140, 210]])  # where no spore lies


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A count of two images with an eyepiece, with exports; ``in`` and ``out``."""
    from sporemetry.image import ReadSettings
    from sporemetry.pipeline import (
        CountingSettings,
        CountSettings,
        PictureSettings,
        find_pictures,
        run_folder,
    )

    folder = tmp_path_factory.mktemp("results")
    images(folder / "in", "leaf_1.png", "leaf_2.jpg", eyepiece=True)
    picture = PictureSettings(
        method="otsu", exports=("fiji", "qupath"), reading=ReadSettings(um_per_px=0.3), edge_rule="all"
    )
    settings = CountSettings(picture=picture, counting=CountingSettings(sample_by="name"))
    run_folder(find_pictures([folder / "in"]), folder / "out", settings)
    return folder


@pytest.fixture
def out(results: Path, tmp_path: Path) -> Path:
    shutil.copytree(results, tmp_path / "results")
    return tmp_path / "results" / "out"


def summary(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "summary.csv").set_index("image")


def spores(folder: Path, image: str) -> pd.DataFrame:
    table = pd.read_csv(folder / "spores.csv")
    return table[table["image"] == image].set_index("label")


def edited_rois(path: Path) -> None:
    """Delete the first region, draw one more, and save all, as in Fiji's ROI Manager."""
    regions = roifile.ImagejRoi.fromfile(path)
    new = roifile.ImagejRoi.frompoints(BOX, name="0205-0150")
    new.roitype = roifile.ROI_TYPE.POLYGON
    path.unlink()
    roifile.roiwrite(path, [*regions[1:], new])


def edited_labels(path: Path) -> np.ndarray:
    """Return the labels without the first spore and with one more, which has the next free id."""
    labels = tifffile.imread(path)
    labels[labels == 1] = 0
    labels[200:210, 140:160] = labels.max() + 1
    return np.asarray(labels)


def edited_geojson(path: Path) -> object:
    content = json.loads(path.read_text(encoding="utf-8"))
    ring = [*BOX.tolist(), BOX[0].tolist()]
    new = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "annotation"},
    }
    return {"type": "FeatureCollection", "features": [*content["features"][1:], new]}


def bring_back(out: Path, how: str) -> str:
    """Edit the first image in one of the ways; the name of the file."""
    labels = out / "leaf_1_labels.tif"
    if how == "fiji rois":
        edited_rois(out / "leaf_1_rois.zip")
        return "leaf_1_rois.zip"
    if how == "fiji set":
        path = out / "leaf_1_RoiSet.zip"
        shutil.copy(out / "leaf_1_rois.zip", path)
        edited_rois(path)
        return path.name
    if how.startswith("qupath"):
        content = edited_geojson(out / "leaf_1.geojson")
        if how == "qupath list" and isinstance(content, dict):
            content = content["features"]
        (out / "leaf_1.geojson").write_text(json.dumps(content), encoding="utf-8")
        return "leaf_1.geojson"
    changed = edited_labels(labels)
    if how == "imagej 16":
        tifffile.imwrite(labels, changed.astype(np.uint16), imagej=True)
    elif how == "imagej float":
        tifffile.imwrite(labels, changed.astype(np.float32), imagej=True)
    elif how == "lzw":
        tifffile.imwrite(labels, changed, compression="lzw")
    elif how == "napari":
        tifffile.imwrite(labels, changed.astype(np.int32))
    elif how == "cellpose masks":
        cv2.imwrite(str(out / "leaf_1_cp_masks.png"), changed.astype(np.uint16))
        return "leaf_1_cp_masks.png"
    elif how == "cellpose seg":
        ids = np.unique(changed)  # Cellpose numbers them anew
        content = {"masks": np.searchsorted(ids, changed).astype(np.uint16), "filename": "C:\\leaf_1.png"}
        np.save(out / "leaf_1_seg.npy", content, allow_pickle=True)  # type: ignore[arg-type]
        return "leaf_1_seg.npy"
    return labels.name


WAYS = (
    "imagej 16", "imagej float", "lzw", "napari", "fiji rois", "fiji set", "qupath", "qupath list",
    "cellpose masks", "cellpose seg",
)  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
def test_a_corrected_image_is_measured_as_corrected_and_the_rest_as_counted(
    out: Path, tmp_path: Path, command: Command, how: str
) -> None:
    name = bring_back(out, how)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code, said = command("measure", out, "-o", tmp_path / "m")
    assert code == 0, said
    assert name in said
    assert "edited" in said
    first_rows, now_rows = ((each / "summary.csv").read_text().splitlines() for each in (out, tmp_path / "m"))
    assert first_rows[2].startswith("leaf_2.jpg,")
    assert now_rows[2] == first_rows[2]
    counted, corrected = summary(out), summary(tmp_path / "m")
    same = ["field", "field_area_px", "um_per_px", "scale_source", "sample", "spores"]
    assert corrected.loc["leaf_1.png", same].to_dict() == counted.loc["leaf_1.png", same].to_dict()
    assert corrected["edited"].tolist() == [True, False]
    first, now = spores(out, "leaf_1.png"), spores(tmp_path / "m", "leaf_1.png")
    new = now[now["area"] == 200]
    assert new[["bbox-0", "bbox-1"]].to_numpy().tolist() == [[200, 140]]
    kept = now.drop(index=new.index)
    assert sorted(kept["area"]) == sorted(first["area"].drop(index=1))
    if how != "cellpose seg":
        assert kept.index.tolist() == first.index[1:].tolist()  # ids are those of the count
    # Intensities are carried with unchanged objects, and not known of the new one: there is no photograph.
    assert kept["intensity_mean"].notna().all()
    assert new["intensity_mean"].isna().all()
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_scores_go_with_the_objects_that_were_not_changed(tmp_path: Path, command: Command) -> None:
    from tests.model.networks import write_dark

    images(tmp_path / "in", "a.png")
    assert command("count", tmp_path / "in", "-o", tmp_path / "out", "--model", write_dark(tmp_path))[0] == 0
    first = spores(tmp_path / "out", "a.png")
    path = tmp_path / "out" / "a_labels.tif"
    changed = edited_labels(path)
    changed[changed > 0] += 7  # all numbered anew
    tifffile.imwrite(path, changed)
    assert command("measure", tmp_path / "out", "-o", tmp_path / "m")[0] == 0
    now = spores(tmp_path / "m", "a.png")
    assert now["score"].tolist()[:-1] == first["score"].tolist()[1:]
    assert np.isnan(now["score"].iloc[-1])


def test_two_corrected_files_of_one_image_are_refused_by_name(
    out: Path, tmp_path: Path, command: Command
) -> None:
    bring_back(out, "fiji rois")
    bring_back(out, "imagej 16")
    code, said = command("measure", out, "-o", tmp_path / "m")
    assert code == 3
    assert "leaf_1_rois.zip" in said
    assert "leaf_1_labels.tif" in said
    assert summary(tmp_path / "m").index.tolist() == ["leaf_2.jpg"]
    code, said = command("measure", out / "leaf_1_rois.zip", "-o", tmp_path / "one")
    assert code == 0, said
    assert summary(tmp_path / "one").index.tolist() == ["leaf_1.png"]


@pytest.mark.parametrize("how", ["fiji rois", "qupath", "imagej 16", "cellpose seg"])
def test_files_moved_elsewhere_are_measured_with_the_photographs(
    out: Path, tmp_path: Path, command: Command, how: str
) -> None:
    name = bring_back(out, how)
    (tmp_path / "desk").mkdir()
    shutil.copy(out / name, tmp_path / "desk")
    shutil.copy(out.parent / "in" / "leaf_1.png", tmp_path / "photos.png")
    for number, more in enumerate((["--pictures", out.parent / "in"], [])):
        if not more:
            shutil.copy(out.parent / "in" / "leaf_1.png", tmp_path / "desk")
        options = [*more, "--um-per-px", "0.3"]
        code, said = command("measure", tmp_path / "desk", "-o", tmp_path / f"m{number}", *options)
        assert code == 0, said
        found = summary(tmp_path / f"m{number}")
        assert found.index.tolist() == ["leaf_1.png"]
        same = ["field", "field_area_px", "spores", "um_per_px"]
        assert found.loc["leaf_1.png", same].to_dict() == summary(out).loc["leaf_1.png", same].to_dict()


def test_a_set_called_as_fiji_proposes_belongs_to_the_only_image_beside_it(
    out: Path, tmp_path: Path, command: Command
) -> None:
    name = bring_back(out, "fiji rois")
    (tmp_path / "desk").mkdir()
    shutil.copy(out / name, tmp_path / "desk" / "RoiSet.zip")
    code, said = command("measure", tmp_path / "desk", "-o", tmp_path / "none")
    assert code == 1
    assert "--pictures" in said
    shutil.copy(out.parent / "in" / "leaf_1.png", tmp_path / "desk")
    code, said = command("measure", tmp_path / "desk", "-o", tmp_path / "m")
    assert code == 0, said
    assert summary(tmp_path / "m").index.tolist() == ["leaf_1.png"]


def test_cellpose_s_two_files_of_one_image_are_one_image(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a.png")
    masks = np.zeros((240, 320), dtype=np.uint16)
    masks[10:30, 10:50], masks[60:90, 80:100] = 1, 2
    np.save(folder / "a_seg.npy", {"masks": masks}, allow_pickle=True)  # type: ignore[arg-type]
    cv2.imwrite(str(folder / "a_cp_masks.png"), masks)
    code, said = command("measure", folder, "-o", tmp_path / "m")
    assert code == 0, said
    assert summary(tmp_path / "m")["spores"].to_dict() == {"a.png": 2}
    masks[150:160, 200:220] = 3
    np.save(folder / "a_seg.npy", {"masks": masks}, allow_pickle=True)  # type: ignore[arg-type]
    code, said = command("measure", folder, "-o", tmp_path / "m2")
    assert code == 1
    assert "a_seg.npy" in said
    assert "a_cp_masks.png" in said


def test_what_is_no_labels_is_left_out_with_a_word(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "a.png", "b.tif")
    labels = np.zeros((240, 320), dtype=np.uint16)
    labels[10:30, 10:50] = 5
    cv2.imwrite(str(folder / "a_labels.tif"), labels)
    (folder / "photos.zip").write_bytes(b"PK")
    code, said = command("measure", folder, "-o", tmp_path / "m")
    assert code == 0, said
    assert "2 files" in said
    assert "photos.zip" in said
    assert "b.tif" in said


def test_points_in_a_set_are_said_and_points_alone_refused(
    out: Path, tmp_path: Path, command: Command
) -> None:
    point = roifile.ImagejRoi.frompoints(np.array([[30, 30]]), name="missed")
    point.roitype = roifile.ROI_TYPE.POINT
    regions = roifile.ImagejRoi.fromfile(out / "leaf_1_rois.zip")
    (out / "leaf_1_rois.zip").unlink()
    roifile.roiwrite(out / "leaf_1_rois.zip", [*regions, point])
    assert command("measure", out, "-o", tmp_path / "m")[0] == 0
    assert "1 point" in (tmp_path / "m" / "report.html").read_text(encoding="utf-8")
    (out / "leaf_1_rois.zip").unlink()
    roifile.roiwrite(out / "leaf_1_rois.zip", [point])
    code, said = command("measure", out, "-o", tmp_path / "m2")
    assert code == 3
    assert "point" in said


def test_labels_of_another_size_than_their_image_are_refused(
    out: Path, tmp_path: Path, command: Command
) -> None:
    path = out / "leaf_1_labels.tif"
    tifffile.imwrite(path, tifffile.imread(path)[::2, ::2])
    code, said = command("measure", out, "-o", tmp_path / "m")
    assert code == 3
    assert "160 x 120 px" in said


def test_what_lies_outside_the_eyepiece_is_left_out_with_a_word(
    out: Path, tmp_path: Path, command: Command
) -> None:
    path = out / "leaf_1_labels.tif"
    labels = tifffile.imread(path)
    labels[2:8, 2:12] = 900
    tifffile.imwrite(path, labels)
    assert command("measure", out, "-o", tmp_path / "m")[0] == 0
    assert "1 object outside the field left out" in (tmp_path / "m" / "report.html").read_text(
        encoding="utf-8"
    )


def test_a_count_with_corrected_labels_is_measured_the_same(
    out: Path, tmp_path: Path, command: Command
) -> None:
    bring_back(out, "imagej float")
    options = ["-m", "otsu", "--um-per-px", "0.3", "--sample-by", "name", "--edge-rule", "all"]
    code, said = command("count", out.parent / "in", "-o", out, *options, "--export", "fiji,qupath")
    assert code == 0, said
    code, said = command("measure", out, "-o", tmp_path / "m")
    assert code == 0, said
    for name in ("summary.csv", "samples.csv", "spores.csv"):
        assert (out / name).read_bytes() == (tmp_path / "m" / name).read_bytes(), name


def test_several_results_below_one_folder(out: Path, tmp_path: Path, command: Command) -> None:
    shutil.copytree(out, out.parent / "other")
    code, said = command("measure", out.parent, "-r", "-o", tmp_path / "m")
    assert code == 0, said
    found = pd.read_csv(tmp_path / "m" / "summary.csv")
    assert len(found) == 4
    assert set(found["field"]) == {"eyepiece circle"}
    assert found["image"].is_unique


def test_entries_that_cannot_be_measured_are_a_caution(out: Path, tmp_path: Path, command: Command) -> None:
    point = roifile.ImagejRoi.frompoints(np.array([[2, 2]]), name="missed")
    point.roitype = roifile.ROI_TYPE.POINT
    path = out / "leaf_1_rois.zip"
    regions = roifile.ImagejRoi.fromfile(path)
    path.unlink()
    roifile.roiwrite(path, [*regions, point])
    code, said = command("measure", path, "-o", tmp_path / "m")
    assert code == 0, said
    assert "! Entries of the file of outlines are not counted in 1 label image" in said
    summary = pd.read_csv(tmp_path / "m" / "summary.csv")
    assert summary["label_fault"].tolist() == ["not-drawn"]
    report = (tmp_path / "m" / "report.html").read_text(encoding="utf-8")
    assert "1 points without outline: not counted" in report
    assert "ignore/" not in report


def test_a_set_without_name_goes_with_the_only_photograph(tmp_path: Path, command: Command) -> None:
    folder = images(tmp_path / "in", "leaf.tif")
    labels = np.zeros((240, 320), dtype=np.int32)
    labels[10:30, 10:50] = 1
    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "RoiSet.zip"
    path.write_bytes(encode_rois(labels))
    code, said = command("measure", path, "--pictures", folder, "-o", tmp_path / "m")
    assert code == 0, said
    shutil.copy(path, folder / path.name)
    code, said = command("measure", folder, "-o", tmp_path / "m2")
    assert code == 0, said
    assert "left out" not in said
    images(folder, "other.tif")
    code, said = command("measure", path, "--pictures", folder, "-o", tmp_path / "m3")
    assert code != 0
    assert "one photograph in" in said
    with zipfile.ZipFile(path, "w"):
        pass
    code, said = command("measure", path, "--pictures", folder, "-o", tmp_path / "m4")
    assert code != 0
