"""No file is replaced or deleted that we did not write."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.drawing import write_spores

from sporemetry.errors import ForeignFileError, OutputError, SettingsError
from sporemetry.pipeline import (
    CountingSettings,
    CountSettings,
    PictureSettings,
    find_labels,
    find_pictures,
    run_folder,
)
from sporemetry.pipeline.folder import FolderResult
from sporemetry.pipeline.ownership import Standing, image_claims
from sporemetry.pipeline.record import read_record, record_path
from sporemetry.results_folder import MANIFEST, RECORD_FOLDER
from sporemetry.results_folder import TABLES as KNOWN_TABLES
from sporemetry.segmentation import ModelSettings
from sporemetry.storage import write_atomic

EXPORTS = ("fiji", "qupath")
OUTPUTS = ("leaf_labels.tif", "leaf_overlay.jpg", "leaf_rois.zip", "leaf.geojson")
TABLES = ("summary.csv", "samples.csv", "spores.csv", "failures.csv", "report.html", "manifest.json")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    write_spores(folder / "leaf.png")
    return folder


def count(images: Path, output: Path | None = None, *, method: str = "otsu", **more: object) -> FolderResult:
    output = output or images
    settings = CountSettings(picture=PictureSettings(method=method, exports=EXPORTS))
    tasks = find_pictures([images], output=output)
    return run_folder(tasks, output, settings, **more)  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", [*OUTPUTS, *TABLES])
def test_a_file_of_the_users_stops_the_run_before_it_writes(images: Path, name: str) -> None:
    (images / name).write_bytes(b"mine")
    before = tree(images)
    with pytest.raises(ForeignFileError, match=f"{name}.*another folder with -o.*Nothing was written"):
        count(images)
    assert tree(images) == before
    assert not (images / RECORD_FOLDER).exists()


@pytest.mark.parametrize("name", ["summary.csv", "failures.csv", "report.html", "new_labels.tif"])
def test_also_beside_earlier_results(images: Path, name: str) -> None:
    count(images)
    write_spores(images / "new.png", seed=3)
    (images / name).unlink(missing_ok=True)
    (images / name).write_bytes(b"mine")
    before = tree(images)
    with pytest.raises(ForeignFileError, match=name):
        count(images)
    assert tree(images) == before


def test_the_list_is_short_and_says_how_many_there_are(images: Path) -> None:
    for number in range(13):
        write_spores(images / f"i{number:02}.png")
        (images / f"i{number:02}_labels.tif").write_bytes(b"mine")
    with pytest.raises(ForeignFileError, match=r"i00_labels\.tif.*i09_labels\.tif and 3 more"):
        count(images)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
@pytest.mark.parametrize("name", ["leaf_labels.tif", "summary.csv", "manifest.json"])
def test_a_link_is_never_written_through(images: Path, tmp_path: Path, name: str) -> None:
    count(images)
    target = tmp_path / "elsewhere"
    (images / name).replace(target)
    (images / name).symlink_to(target)
    kept = target.read_bytes()
    with pytest.raises(ForeignFileError, match=name):
        count(images, method="kmeans")
    assert target.read_bytes() == kept


def test_a_record_folder_that_is_a_link_is_refused(images: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (images / RECORD_FOLDER).symlink_to(tmp_path / "other")
    with pytest.raises(OutputError, match="a link"):
        count(images)
    assert not list((tmp_path / "other").iterdir())


@pytest.mark.parametrize("name", ["lock", "discarded"])
def test_links_in_the_record_folder_are_refused(images: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (images / RECORD_FOLDER).mkdir()
    (images / RECORD_FOLDER / name).symlink_to(victim)
    with pytest.raises(OutputError, match="a link"):
        count(images)
    assert victim.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["lock", "job", "running", "tables", "discarded"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_nothing_else_in_the_place_of_our_own_files_is_opened(images: Path, kind: str, name: str) -> None:
    count(images)
    there = images / RECORD_FOLDER / name
    there.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(there)
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to("/dev/zero")
    if (kind, name) == ("folder", "discarded"):
        count(images)
        return
    before = sorted(path.name for path in images.iterdir())
    with pytest.raises(OutputError, match=name):
        count(images)
    assert sorted(path.name for path in images.iterdir()) == before


@pytest.mark.parametrize("failed", [None, 5, [[1]], {"a": 1}])
def test_a_manifest_whose_failures_are_made_up_is_none_of_ours(images: Path, failed: object) -> None:
    count(images)
    manifest = images / MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "failed": failed}))
    with pytest.raises(ForeignFileError):
        count(images)


def test_discarding_moves_nothing_where_a_file_is_in_the_way(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    (output / "summary.csv").write_bytes(b"changed")
    write_spores(images / "new.png", seed=3)
    (output / "new_labels.tif").write_bytes(b"mine")
    before = tree(output)
    with pytest.raises(ForeignFileError, match="new_labels"):
        count(images, output, discard_edits=True)
    assert tree(output) == before


def test_a_disk_without_hard_links_will_do(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(source: object, target: object) -> None:
        raise PermissionError("no links on this disk")

    monkeypatch.setattr(os, "link", none)
    assert count(images, tmp_path / "out").worked == 1
    (tmp_path / "there").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_atomic(tmp_path / "there", b"ours", new=True)
    assert (tmp_path / "there").read_bytes() == b"mine"


def test_a_made_up_record_harms_nothing_outside(images: Path, tmp_path: Path) -> None:
    count(images)
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    path = record_path(images, "leaf")
    content = json.loads(path.read_text())
    content["exports"] = {"../victim": "0" * 64, **content["exports"]}
    path.write_text(json.dumps(content))
    count(images, method="kmeans")
    assert victim.read_bytes() == b"mine"


def test_results_without_their_records_are_known_by_the_manifest(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    record_path(output, "leaf").unlink()
    assert count(images, output, method="kmeans").worked == 1
    record = read_record(output, "leaf")
    assert record is not None
    assert not list((output / RECORD_FOLDER).glob("*.intent"))


def test_a_kill_between_file_and_record_leaves_it_ours(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    record = read_record(output, "leaf")
    claims = image_claims(output, "leaf", record)
    claims.intend({"leaf_labels.tif": "0" * 64})  # killed before the file was written
    assert image_claims(output, "leaf", record).standing("leaf_labels.tif") is Standing.OURS
    record_path(output, "leaf").unlink()  # and with no record, as in a first run
    assert image_claims(output, "leaf", None).standing("leaf_labels.tif") is Standing.OURS
    assert count(images, output).worked == 1
    assert not list((output / RECORD_FOLDER).glob("*.intent"))


def test_a_file_that_comes_while_we_work_fails_that_image(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    write_spores(images / "other.png", seed=4)

    def slow(path: Path, content: bytes, *, new: bool = False) -> None:
        if path.name == "leaf_overlay.jpg":
            path.write_bytes(b"mine")
        write_atomic(path, content, new=new)

    monkeypatch.setattr("sporemetry.pipeline.ownership.write_atomic", slow)
    result = count(images, output)
    assert list(result.outcome.failures) == ["leaf"]
    assert "not ours" in result.outcome.failures["leaf"].found
    assert (output / "leaf_overlay.jpg").read_bytes() == b"mine"
    assert len(result.outcome.summary) == 1


def test_labels_that_are_measured_are_not_written_over(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    before = tree(output)
    with pytest.raises(ForeignFileError, match="leaf_labels"):
        run_folder(find_labels([output]), output, CountSettings(), verb="measure")
    assert tree(output) == before


def _broken(images: Path) -> CountSettings:
    (images / "leaf.png").write_bytes(b"no image any more")
    return CountSettings(picture=PictureSettings(method="otsu", exports=EXPORTS))


def test_a_failure_leaves_the_earlier_result(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    good, picture = tree(output), (images / "leaf.png").read_bytes()
    settings = _broken(images)
    result = run_folder(find_pictures([images]), output, settings)
    assert list(result.outcome.failures) == ["leaf"]
    now = tree(output)
    for name in (*OUTPUTS, f"{RECORD_FOLDER}/leaf.json", f"{RECORD_FOLDER}/leaf.csv"):
        assert now[str(output / name)] == good[str(output / name)]
    failures = (output / "failures.csv").read_text()
    assert "earlier_result" in failures
    assert "kept, not counted in this run" in failures
    assert not len(result.outcome.summary)
    assert not find_labels([output])  # a later measure does not take it either
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["not_of_this_run"] == ["leaf_labels.tif"]
    (images / "leaf.png").write_bytes(picture)
    assert run_folder(find_pictures([images]), output, settings).kept == 1
    assert not (output / "failures.csv").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ModelSettings(device="cuda"),
        ModelSettings(model_file="gone.onnx"),
        ModelSettings(spore_length_um=10.0),
    ],
)
def test_wrong_settings_are_found_before_anything_is_touched(
    images: Path, tmp_path: Path, wrong: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(package: object, precision: str) -> None:
        raise SettingsError("--device", expected="a GPU", found="none")

    monkeypatch.setitem(__import__("sporemetry.model.runtime").model.runtime.DEVICES, "cuda", none_here)
    output = tmp_path / "out"
    count(images, output)
    before = tree(output)
    settings = CountSettings(picture=PictureSettings(model=wrong))
    with pytest.raises(Exception, match=r"--device|gone\.onnx|--spore-length-um"):
        run_folder(find_pictures([images]), output, settings)
    assert tree(output) == before


def test_outputs_of_images_that_are_gone_stay_and_it_is_said(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    (images / "leaf.png").rename(images / "renamed.png")
    result = count(images, output)
    assert (output / "leaf_labels.tif").is_file()
    assert any("leaf_labels.tif" in note for note in result.outcome.notes)
    assert json.loads((output / "manifest.json").read_text())["not_of_this_run"] == ["leaf_labels.tif"]
    assert list(result.outcome.summary["image"]) == ["renamed.png"]


def test_what_is_ours_and_missing_is_made_anew(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    good = (output / "leaf_labels.tif").read_bytes()
    (output / "leaf_labels.tif").unlink()
    count(images, output)
    assert (output / "leaf_labels.tif").read_bytes() == good


def test_every_table_is_known_as_ours(images: Path, tmp_path: Path) -> None:
    for number in range(1, 5):
        write_spores(images / f"{'ab'[number % 2]}_{number}_1.png", seed=number)
    (images / "leaf.png").unlink()
    output = tmp_path / "out"

    def again(dilution: float) -> None:
        counting = CountingSettings(levels="treatment_suspension_image", dilution=dilution)
        settings = CountSettings(picture=PictureSettings(method="otsu"), counting=counting)
        run_folder(find_pictures([images]), output, settings)

    again(1.0)
    again(2.0)
    files = {path.name for path in output.iterdir() if path.suffix in (".csv", ".html", ".json")}
    assert {"treatments.csv", "ratios.csv"} <= files <= set(KNOWN_TABLES)
