"""Names that look the same are the same: composed and decomposed letters, endings in capitals."""

from __future__ import annotations

import csv
import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.dataset.card import DatasetCard
from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.picture_index import PictureIndex
from sporemetry.dataset.split_file import read_split
from sporemetry.errors import FileError, LabelReadError
from sporemetry.evaluation.pairing import find_pairs
from sporemetry.pipeline import find_labels

NAME = "Bl\u00e4tter \u00e9chantillon, n\u00b01 \uac00"
FORMS = [("NFC", "NFD"), ("NFD", "NFC")]


def _form(form: str, text: str = NAME) -> str:
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def _labels() -> np.ndarray:
    labels = np.zeros((40, 50), dtype=np.uint8)
    labels[5:15, 5:15], labels[20:30, 20:30] = 1, 2
    return labels


def _save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def _photograph(path: Path) -> Path:
    return _save(path, np.full((40, 50, 3), 200, dtype=np.uint8))


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_measure_finds_the_photograph(tmp_path: Path, one: str, other: str) -> None:
    _save(tmp_path / "labels" / f"{_form(one)}_masks.png", _labels())
    _photograph(tmp_path / "pics" / f"{_form(other)}.PNG")
    arguments = ["measure", str(tmp_path / "labels"), "--pictures", str(tmp_path / "pics")]
    run = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out"), "--workers", "1"])
    assert run.exit_code == 0, run.output
    assert "2 spores counted" in run.output


def test_of_two_photographs_that_look_alike_the_exact_one_is_taken_or_none(tmp_path: Path) -> None:
    labels = _save(tmp_path / "labels" / f"{_form('NFD')}_masks.png", _labels())
    for form in ("NFC", "NFD"):
        _photograph(tmp_path / "pics" / f"{_form(form)}.png")
    (task,) = find_labels([labels], pictures=tmp_path / "pics")
    assert task.backdrop == tmp_path / "pics" / f"{_form('NFD')}.png"
    _photograph(tmp_path / "pics" / f"{_form('NFD')}.jpg")
    with pytest.raises(FileError, match="one photograph"):
        find_labels([labels], pictures=tmp_path / "pics")


@pytest.mark.parametrize("rule", ["folder", "name", "sheet"])
def test_images_of_one_sample_are_one_in_either_form(tmp_path: Path, rule: str) -> None:
    for number, form in enumerate(("NFC", "NFD")):
        name = _form(form, f"Bl\u00e4tter_{number}.png")
        _save(tmp_path / "in" / _form(form, "Stra\u00dfe \u00f6") / name, _labels())
    arguments = ["measure", str(tmp_path / "in"), "-r", "-o", str(tmp_path / "out"), "--workers", "1"]
    if rule == "sheet":
        forms = enumerate(("NFC", "NFD"))
        rows = [_form(form, f"Bl\u00e4tter_{number}.png,\u00fc") for number, form in forms]
        (tmp_path / "sheet.csv").write_text("\n".join(["image,sample", *rows]), encoding="utf-8")
        arguments += ["--samples", str(tmp_path / "sheet.csv")]
    elif rule == "folder":
        arguments += ["--sample-by", "folder"]
    else:
        for path in sorted((tmp_path / "in").glob("*/*.png")):
            path.rename(tmp_path / "in" / path.name)
        arguments += ["--sample-by", "name"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    (row,) = csv.DictReader((tmp_path / "out" / "samples.csv").open(encoding="utf-8"))
    assert (row["pictures"], row["counted"]) == ("2", "4")


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_evaluate_pairs(tmp_path: Path, one: str, other: str) -> None:
    _save(tmp_path / "predicted" / f"{_form(one)}_labels.png", _labels())
    truth = tmp_path / "truth"
    _save(truth / "labels" / f"{_form(other)}.png", _labels())
    _save(truth / "ignore" / f"{_form(one)}.PNG", _labels() * 0)
    _photograph(truth / "images" / f"{_form(one)}.jpg")
    (pair,) = find_pairs(tmp_path / "predicted", truth).pairs
    assert pair.ignore is not None
    assert pair.image is not None
    run = CliRunner().invoke(app, ["evaluate", str(tmp_path / "predicted"), str(truth)])
    assert run.exit_code == 0, run.output


def test_evaluate_tells_two_predictions_that_look_alike(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        _save(tmp_path / "predicted" / f"{_form(form)}.png", _labels())
    _save(tmp_path / "truth" / f"{_form('NFC')}.png", _labels())
    with pytest.raises(LabelReadError, match="u0308"):
        find_pairs(tmp_path / "predicted", tmp_path / "truth")


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_a_data_set_pairs_its_folders_splits_and_groups(tmp_path: Path, one: str, other: str) -> None:
    _photograph(tmp_path / "images" / _form(one, "Stra\u00dfe \u00f6") / f"{_form(one)}.JPG")
    for kind in ("labels", "ignore"):
        _save(tmp_path / kind / _form(other, "Stra\u00dfe \u00f6") / f"{_form(other)}.Png", _labels())
    dataset = open_dataset(tmp_path)
    (item,) = dataset.items
    assert item.name == _form("NFC", f"Stra\u00dfe \u00f6/{NAME}")
    assert item.labels is not None
    assert item.ignore is not None
    assert dataset.orphans == dataset.doubles == ()
    rows = [{"name": _form(one, item.name), "group": _form(one, "\u00fc"), "part": "train"}]
    (tmp_path / "split.json").write_text(json.dumps(rows))
    assert read_split(tmp_path / "split.json", {item.name: item.group}).parts == {item.name: "train"}
    card = DatasetCard(groups={_form(one, "\u00e4*"): "A"})
    assert card.group_of(_form(other, "\u00e4_1")) == "A"


def test_a_data_set_never_mixes_up_two_names_that_look_alike(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        _photograph(tmp_path / "images" / f"{_form(form)}.png")
    _save(tmp_path / "labels" / f"{_form('NFC')}.png", _labels())
    with pytest.raises(LabelReadError, match="look the same"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_an_import_finds_the_picture(tmp_path: Path, one: str, other: str) -> None:
    picture = _photograph(tmp_path / "images" / f"{_form(one)}.PNG")
    index = PictureIndex(tmp_path / "images")
    for written in (f"{_form(other)}.png", f"C/{_form(other)}.PNG", _form(other), f"{_form(other)}.tif"):
        assert index.find(written) == picture
    coco = {
        "images": [{"id": 1, "file_name": f"{_form(other)}.png", "width": 50, "height": 40}],
        "categories": [{"id": 1, "name": "spore"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 400, "bbox": [10, 10, 20, 20]}
            | {"segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]}
        ],
    }
    (tmp_path / "c.json").write_text(json.dumps(coco))
    arguments = ["dataset", "import", str(tmp_path / "c.json"), "--from", "coco"]
    output = ["-o", str(tmp_path / "set"), "--images", str(tmp_path / "images")]
    run = CliRunner().invoke(app, [*arguments, *output])
    assert run.exit_code == 0, run.output
    assert len(open_dataset(tmp_path / "set").labelled) == 1


def test_an_import_takes_the_exact_one_of_two_that_look_alike_or_says_so(tmp_path: Path) -> None:
    for folder in ("", "x"):
        for form in ("NFC", "NFD"):
            _photograph(tmp_path / folder / f"{_form(form)}.png")
    index = PictureIndex(tmp_path)
    assert index.find(f"there/{_form('NFD')}.png") == tmp_path / f"{_form('NFD')}.png"
    assert index.find(f"x/{_form('NFC')}.png") == tmp_path / "x" / f"{_form('NFC')}.png"
    with pytest.raises(LabelReadError, match="one picture of that name"):
        index.find(f"x/{_form('NFC')}")


@pytest.mark.real
def test_the_shared_cases(shared_cases: Path) -> None:
    names = shared_cases / "names"
    (task,) = find_labels([names / "nfd" / "labels"], pictures=names / "nfd" / "pics")
    assert task.backdrop is not None
    folder = names / "X06_nfd_disk_nfc_json"
    written = json.loads((folder / "c.json").read_text())["images"][0]["file_name"]
    assert PictureIndex(folder / "images").find(written) is not None
