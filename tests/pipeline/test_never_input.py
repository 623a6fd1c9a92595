"""What we made ourselves is never taken for an image to count."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.drawing import write_spores

from sporemetry.errors import FileError
from sporemetry.evaluation.pairing import find_pairs
from sporemetry.pipeline import CountSettings, PictureSettings, find_labels, find_pictures, run_folder
from sporemetry.pipeline.inputs import list_inputs
from sporemetry.results_folder import RECORD_FOLDER, current_label_files

SETTINGS = CountSettings(picture=PictureSettings(method="otsu", exports=("fiji", "qupath")))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "plate").mkdir(parents=True)
    for number, name in enumerate(("a.png", "plate/b.png")):
        write_spores(folder / name, seed=number)
    return folder


def count(images: Path, output: Path) -> list[str]:
    tasks = find_pictures([images], recursive=True, output=output)
    result = run_folder(tasks, output, SETTINGS)
    assert not result.outcome.failures
    return [task.image for task in tasks]


def test_results_below_the_images_are_not_counted_by_another_run(images: Path) -> None:
    for name in ("out", "out2", "deep/er/out3"):
        assert count(images, images / name) == ["a.png", "plate/b.png"]
    listed = list_inputs([images], recursive=True, output=images.parent / "elsewhere")
    assert len(listed.tasks) == 2
    assert "3 folders that hold results" in listed.notes[0]


def _without_records(output: Path) -> None:
    shutil.rmtree(output / RECORD_FOLDER)


def _without_manifest(output: Path) -> None:
    (output / "manifest.json").unlink()


def _renamed(output: Path) -> None:
    output.rename(output.with_name("renamed"))


@pytest.mark.parametrize("harm", [_without_records, _without_manifest, _renamed])
def test_results_are_known_by_records_or_manifest(images: Path, harm: Callable[[Path], None]) -> None:
    count(images, images / "out")
    harm(images / "out")
    assert len(find_pictures([images], recursive=True)) == 2


def test_a_results_folder_that_is_named_is_refused_in_words(images: Path, tmp_path: Path) -> None:
    count(images, tmp_path / "out")
    with pytest.raises(FileError, match=r"images to count.*results of an earlier count.*measure"):
        find_pictures([tmp_path / "out"])
    assert len(find_labels([tmp_path / "out"])) == 2


def test_an_image_of_the_users_in_a_results_folder_is_counted(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    write_spores(output / "new.png", seed=7)
    (output / "a_cp_masks.png").write_bytes(b"x")
    assert [task.image for task in find_pictures([output], output=output)] == ["new.png"]
    assert find_pictures([tmp_path], recursive=True, output=tmp_path / "elsewhere") != []


def test_measured_labels_below_the_labels_are_not_measured_again(images: Path, tmp_path: Path) -> None:
    count(images, tmp_path / "out")
    labels = tmp_path / "labels"
    labels.mkdir()
    shutil.copy(tmp_path / "out" / "a_labels.tif", labels)
    settings = CountSettings(picture=PictureSettings(field_mode="whole"))
    for name in ("m1", "m2"):
        tasks = find_labels([labels], recursive=True, output=labels / name)
        assert [task.name for task in tasks] == ["a"]
        run_folder(tasks, labels / name, settings, verb="measure")


def test_images_with_their_results_beside_them_are_counted_and_results_are_not(images: Path) -> None:
    count(images, images)
    write_spores(images / "new.png", seed=5)
    write_spores(images / "my_labels.tif", seed=6)  # an image of that name: no image `my` lies beside it
    wanted = ["a.png", "my_labels.tif", "new.png", "plate/b.png"]
    for output in (images, images.parent / "elsewhere"):
        assert [task.image for task in find_pictures([images], recursive=True, output=output)] == wanted
    above = find_pictures([images.parent], recursive=True, output=images.parent / "elsewhere")
    assert [task.image for task in above] == [f"in/{image}" for image in wanted]


def test_what_other_commands_draw_is_not_counted(images: Path) -> None:
    drawn = {
        "scores": ("evaluation.html", "per_image.csv", "a_comparison.jpg", "bland_altman.png"),
        "run": ("run.json", "steps.csv", "previews/step-00000001/1.jpg"),
        "hard": ("hard_examples.csv", "hard_examples.png", "maps/a_step-00000001.jpg"),
        "set": ("images/c.png", "labels/c.png", "ignore/c.png"),
    }
    for folder, names in drawn.items():
        for name in names:
            (images / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (images / folder / name).write_bytes(b"x")
    found = [task.image for task in find_pictures([images], recursive=True)]
    assert found == ["a.png", "plate/b.png", "set/images/c.png"]


def test_labels_and_outlines_beside_their_image_are_left_out_and_said(images: Path) -> None:
    for name in ("a_labels.tif", "a_masks.png", "a_overlay.jpg"):
        (images / name).write_bytes(b"x")
    listed = list_inputs([images])
    assert [task.image for task in listed.tasks] == ["a.png"]
    assert "3 files that are drawn of an image beside" in listed.notes[0]
    named = list_inputs([images, images / "a_labels.tif"])
    assert [task.source.name for task in named.tasks] == ["a.png", "a_labels.tif"]
    assert "2 files" in named.notes[0]


def test_labels_of_images_that_are_gone_are_not_measured(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    count(images, output)
    (images / "a.png").rename(images / "c.png")
    count(images, output)
    labels = current_label_files(output)
    assert labels is not None
    assert labels.current == ("b_labels.tif", "c_labels.tif")
    assert labels.ignored == ("a_labels.tif",)
    assert "1 label image of images that the last count did not have" in labels.note
    assert [task.name for task in find_labels([output])] == ["c", "b"]  # as in the tables
    assert (output / "a_labels.tif").is_file()


def test_labels_of_images_that_are_gone_are_not_evaluated(images: Path, tmp_path: Path) -> None:
    output, truth = tmp_path / "out", tmp_path / "truth"
    count(images, output)
    truth.mkdir()
    shutil.copy(output / "b_labels.tif", truth / "c.tif")
    (images / "a.png").unlink()
    (images / "plate" / "b.png").rename(images / "c.png")
    count(images, output)
    pairing = find_pairs(output, truth)
    assert [pair.name for pair in pairing.pairs] == ["c"]
    assert "2 label images of images that the last count did not have" in pairing.notes[0]


def test_a_folder_without_results_has_no_current_labels(images: Path) -> None:
    assert current_label_files(images) is None
