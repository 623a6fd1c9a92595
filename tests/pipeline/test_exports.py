"""Exports beside the labels: what is in them, and that a rerun writes only what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from sporemetry.errors import SettingsError
from sporemetry.exchange.imagej import read_imagej
from sporemetry.exchange.qupath import read_qupath
from sporemetry.image import ReadSettings
from sporemetry.pipeline import CountSettings, PictureSettings, find_labels, find_pictures, run_folder
from sporemetry.pipeline.settings import read_settings


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "plate").mkdir(parents=True)
    for number, name in enumerate(("a.png", "plate/b.png")):
        picture = np.random.default_rng(number).normal(200, 3, (96, 128)).clip(0, 255).astype(np.uint8)
        for place in ((30, 30), (80, 60)):
            cv2.ellipse(picture, place, (14, 6), 30.0 * number, 0, 360, 90, -1)
        cv2.imwrite(str(folder / name), picture)
    return folder


def run(pictures: Path, *exports: str, method: str = "kmeans") -> Path:
    output = pictures.parent / "out"
    reading = ReadSettings(um_per_px=0.5)
    settings = CountSettings(picture=PictureSettings(method=method, exports=exports, reading=reading))
    run_folder(find_pictures([pictures], recursive=True, output=output), output, settings)
    return output


def times(output: Path) -> dict[str, int]:
    """Return when each file was written (a rename gives a new inode)."""
    files = [path for path in output.rglob("*") if path.is_file() and path.name != "lock"]
    return {path.relative_to(output).as_posix(): path.stat().st_ino for path in files}


def test_files_hold_the_labels_and_the_sizes(pictures: Path) -> None:
    output = run(pictures, "fiji", "qupath")
    labels = tifffile.imread(output / "a_labels.tif")
    assert labels.max() == 2
    [rois] = read_imagej(output / "a_rois.zip", lambda _: labels.shape)
    [objects] = read_qupath(output / "a.geojson", lambda _: labels.shape)
    np.testing.assert_array_equal(rois.labels, labels)
    np.testing.assert_array_equal(objects.labels, labels)
    assert objects.classes == ("Spore", "Spore")
    spores = pd.read_csv(output / "spores.csv").query("image == 'a.png'")
    features = json.loads((output / "a.geojson").read_text("utf-8"))["features"]
    for feature, (_, spore) in zip(features, spores.iterrows(), strict=True):
        measured = feature["properties"]["measurements"]
        assert measured["Area px^2"] == np.count_nonzero(labels == spore["label"])
        assert measured["Length µm"] == pytest.approx(spore["length_um"])
        assert measured["Width µm"] == pytest.approx(spore["width_um"])
    manifest = json.loads((output / "manifest.json").read_text())
    assert {"a_rois.zip", "a.geojson"} <= set(manifest["outputs"])
    assert manifest["settings"]["exports"] == "fiji, qupath"


def test_a_rerun_writes_nothing_and_another_export_only_itself(pictures: Path) -> None:
    output = run(pictures)
    plain = times(output)
    assert not list(output.rglob("*.zip"))
    run(pictures, "fiji")
    first = times(output)
    made = set(first) - set(plain)
    assert len(made) == 2
    assert all(name.endswith("_rois.zip") for name in made)
    labels = [name for name in plain if name.endswith(("_labels.tif", "_overlay.jpg", ".csv"))]
    assert len(labels) >= 6
    assert {name: first[name] for name in labels} == {name: plain[name] for name in labels}
    run(pictures, "fiji")
    assert times(output) == first
    run(pictures, "fiji", "qupath")
    both = times(output)
    assert {name: both[name] for name in (*labels, *made)} == {name: first[name] for name in (*labels, *made)}
    assert sum(name.endswith(".geojson") for name in both) == 2


def test_the_bytes_do_not_depend_on_when_it_was_exported(pictures: Path) -> None:
    output = run(pictures)
    run(pictures, "fiji", "qupath")
    later = {name: (output / name).read_bytes() for name in ("a_rois.zip", "a.geojson")}
    for name in later:
        (output / name).unlink()
    (output / "a_labels.tif").unlink()  # so that the picture is done anew
    run(pictures, "fiji", "qupath")
    assert {name: (output / name).read_bytes() for name in later} == later


def test_what_is_missing_is_written_again_and_what_is_unwanted_goes(pictures: Path) -> None:
    output = run(pictures, "fiji", "qupath")
    good = (output / "a_rois.zip").read_bytes()
    (output / "a_rois.zip").unlink()
    (output / "a.geojson").unlink()
    before = times(output)
    run(pictures, "fiji", "qupath")
    assert (output / "a_rois.zip").read_bytes() == good
    assert (output / "a.geojson").is_file()
    assert times(output)["a_labels.tif"] == before["a_labels.tif"]
    run(pictures, "qupath", method="otsu")
    assert not list(output.rglob("*.zip"))
    assert len(list(output.rglob("*.geojson"))) == 2
    run(pictures, method="otsu")
    assert not list(output.rglob("*.geojson"))


def test_measured_labels_are_exported_too(tmp_path: Path) -> None:
    labels = np.zeros((20, 30), dtype=np.uint16)
    labels[2:6, 3:12] = 4
    labels[10:12, 3:12] = labels[14:16, 3:12] = 9  # one spore of two pieces
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "x.tif", labels)
    output = tmp_path / "out"
    settings = CountSettings(picture=PictureSettings(field_mode="whole", exports=("fiji",)))
    tasks = find_labels([tmp_path / "in"], pictures=None, recursive=False, output=output)
    run_folder(tasks, output, settings, verb="measure")
    [archive] = output.glob("*_rois.zip")
    [rois] = read_imagej(archive, lambda _: (20, 30))
    np.testing.assert_array_equal(rois.labels, np.where(labels == 4, 1, np.where(labels == 9, 2, 0)))


def test_settings_name_the_choices(tmp_path: Path) -> None:
    path = tmp_path / "count.toml"
    path.write_text('[picture]\nexports = ["fiji", "qupath"]\n')
    assert read_settings(path).picture.exports == ("fiji", "qupath")
    for text in ('["imagej"]', '"fiji"', '["fiji", "fiji"]', "[1]", "3"):
        path.write_text(f"[picture]\nexports = {text}\n")
        with pytest.raises(SettingsError, match="exports"):
            read_settings(path)
