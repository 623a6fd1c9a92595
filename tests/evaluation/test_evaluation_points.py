"""Points as truth from files: labels and points in, tables, page and compared images out."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.evaluation import EvaluationSettings, evaluate_folder, find_pairs, run_evaluation
from sporemetry.label_image import write_labels

COLOURS = {"found": (0, 158, 115), "missed": (213, 94, 0)}


@pytest.fixture
def prediction(tmp_path: Path) -> Path:
    """`a`: three spores 12 px long at x = 20, 50, 80; `b`: one spore; `c`: none."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, places in (("a", (20, 50, 80)), ("b", (50,)), ("c", ())):
        labels = np.zeros((80, 100), dtype=np.int32)
        for label, x in enumerate(places, start=1):
            labels[38:42, x - 6 : x + 6] = label
        write_labels(folder / f"{name}_labels.tif", labels)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """`a`: a point 4 px off, one 8 px off and an ignored one; `b`: no spore; `c`: one spore."""
    folder = tmp_path / "sets" / "slide"
    (folder / "points").mkdir(parents=True)
    (folder / "images").mkdir()
    for name, rows in (("a", "24,40,spore\n58,40,spore\n83,41,ignore\n"), ("b", ""), ("c", "5,5,\n")):
        (folder / "points" / f"{name}.csv").write_text("x,y,kind\n" + rows)
        cv2.imwrite(str(folder / "images" / f"{name}.png"), np.full((80, 100, 3), 200, np.uint8))
    return folder


def test_the_whole_way_with_half_the_median_length(dataset: Path, prediction: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores"
    scores = run_evaluation(prediction, dataset, output)
    assert scores.settings.point_tolerance_px == pytest.approx(6, abs=0.4)
    assert "half the median length" in scores.notes[0]
    assert scores.pooled.measures() == pytest.approx({"precision": 1 / 3, "recall": 1 / 3, "f1": 1 / 3})
    rows = list(csv.DictReader((output / "per_image.csv").read_text("utf-8").splitlines()))
    found = [(row["predicted"], row["true"], row["matched"], row["dropped_predicted"]) for row in rows]
    assert found == [("2", "2", "1", "1"), ("1", "0", "0", "0"), ("0", "1", "0", "0")]
    report = json.loads((output / "summary.json").read_text("utf-8"))
    assert (report["truth"], report["pictures_without_true_spore"]) == ("points", 1)
    assert report["counts"]["predicted"] == report["counts"]["truth"] == 3
    assert evaluate_folder(find_pairs(prediction, dataset).pairs).to_dict() == scores.to_dict()
    page = (output / "evaluation.html").read_text("utf-8")
    assert "points" in page
    assert "not scored" in page  # pixels and outlines
    drawn = cv2.imread(str(output / "a_comparison.jpg"))[:80, :, ::-1].astype(int)
    for colour in COLOURS.values():
        assert (np.abs(drawn - colour).max(axis=2) < 40).any()


def test_the_tolerance_given_goes_before_the_set_and_the_set_before_the_spores(
    dataset: Path, prediction: Path
) -> None:
    (dataset.parent / "points.json").write_text(json.dumps({"tolerance_px": {"slide": 8.5, "other": 1}}))
    stated = run_evaluation(prediction, dataset, None)
    assert (stated.settings.point_tolerance_px, stated.pooled.spores.matched) == (8.5, 2)
    assert "points.json" in stated.notes[0]
    given = run_evaluation(prediction, dataset, None, settings=EvaluationSettings(point_tolerance_px=3))
    assert (given.settings.point_tolerance_px, given.pooled.spores.matched) == (3, 0)
    assert "as given" in given.notes[0]
    with pytest.raises(SettingsError, match="tolerance"):
        run_evaluation(prediction, dataset, None, settings=EvaluationSettings(point_tolerance_px=0))


def test_regions_of_the_set_by_image(dataset: Path, prediction: Path) -> None:
    rules = {"regions": {"slide/a": [5, 5, 50, 75], "slide/b": None, "other/c": [0, 0, 5, 5]}}
    (dataset.parent / "points.json").write_text(json.dumps(rules))
    scores = run_evaluation(prediction, dataset, None)
    assert [(each.predicted, each.truth) for each in scores.pictures] == [(1, 1), (1, 0), (0, 1)]
    own = {"tolerance_px": 2.0, "regions": {"a": [0, 0, 100, 80], "slide/c": [50, 50, 90, 80]}}
    (dataset / "points.json").write_text(json.dumps(own))  # goes before the one beside the set
    scores = run_evaluation(prediction, dataset, None)
    assert scores.settings.point_tolerance_px == 2.0
    assert [each.truth for each in scores.pictures] == [2, 0, 0]


def test_rules_that_are_not_applied_are_pointed_out(dataset: Path, prediction: Path) -> None:
    (dataset.parent / "points.json").write_text(json.dumps({"tolerance_px": 8.5}))
    assert run_evaluation(prediction, dataset, None).settings.point_tolerance_px == 8.5
    for truth in (dataset / "points", dataset / "points" / "a.csv"):
        guess = prediction if truth.is_dir() else prediction / "a_labels.tif"
        scores = run_evaluation(guess, truth, None)
        assert scores.settings.point_tolerance_px == pytest.approx(6, abs=0.4)
        assert "points.json" in scores.notes[0]


@pytest.mark.parametrize(
    "rules",
    ["[]", "{", '{"tolerance_px": "far"}',
     '{"tolerance_px": {"slide": 0}}', '{"tolerance_px": {"slide": NaN}}',
     '{"regions": []}', '{"regions": {"slide/a": [1, 2, 3]}}', '{"regions": {"slide/a": [9, 2, 3, 8]}}',
     '{"regions": {"slide/a": [0, 0, Infinity, 8]}}', '{"regions": {"slide/a": "all"}}'],
)  # fmt: skip
def test_rules_that_are_none(dataset: Path, prediction: Path, rules: str) -> None:
    (dataset.parent / "points.json").write_text(rules)
    with pytest.raises(LabelReadError, match=r"points\.json"):
        run_evaluation(prediction, dataset, None)


def test_ignore_masks_apply_to_points(dataset: Path, prediction: Path) -> None:
    (dataset / "ignore").mkdir()
    mask = np.zeros((80, 100), np.uint8)
    mask[:, :60] = 255
    cv2.imwrite(str(dataset / "ignore" / "a.png"), mask)
    first = run_evaluation(prediction, dataset, None).pictures[0]
    assert (first.predicted, first.truth, first.found.spores.dropped_truth) == (0, 0, 2)


def test_points_outside_of_the_image_and_turned_ones_are_said(dataset: Path, prediction: Path) -> None:
    (dataset / "points" / "a.csv").write_text("x,y\n10,95\n")
    with pytest.raises(LabelReadError, match=r"a\.csv.*EXIF"):
        run_evaluation(prediction, dataset, None)


def test_partners_must_be_there(dataset: Path, prediction: Path) -> None:
    (dataset / "points" / "b.csv").rename(dataset / "points" / "d.csv")
    with pytest.raises(LabelReadError, match=r"1 without a prediction \(d\); 1 without a truth \(b\)"):
        run_evaluation(prediction, dataset, None)


def test_the_command_takes_points_and_their_tolerance(dataset: Path, prediction: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(prediction), str(dataset), "--tolerance", "8.5"])
    assert done.exit_code == 0, done.output
    assert "8.5 px" in done.output
    assert "0.667" in done.output


def test_no_spore_predicted_anywhere(dataset: Path, prediction: Path) -> None:
    for path in prediction.iterdir():
        write_labels(path, np.zeros((80, 100), dtype=np.int32))
    scores = run_evaluation(prediction, dataset, None)
    assert (scores.counts.predicted, scores.counts.truth, scores.pooled.measures()["recall"]) == (0, 3, 0)


def one_table(dataset: Path, rows: str, name: str = "points.csv") -> Path:
    shutil.rmtree(dataset / "points", ignore_errors=True)
    (dataset / name).write_text("image;x;y;kind\n" + rows)
    return dataset / name


def test_one_table_of_all_images(dataset: Path, prediction: Path) -> None:
    (dataset.parent / "points.json").write_text(json.dumps({"tolerance_px": {"slide": 8.5}}))
    by_file = run_evaluation(prediction, dataset, None)
    rows = "a.png;24,0;40;spore\nslides/a.png;58;40;\na.PNG;83;41;ignore\nb;;;\nc.png;5;5;spore\n"
    table = one_table(dataset, rows)
    for truth in (table, dataset):
        assert run_evaluation(prediction, truth, None).to_dict() == by_file.to_dict()
    first = run_evaluation(prediction / "a_labels.tif", dataset, None)
    assert [(each.name, each.truth) for each in first.pictures] == [("a", 2)]


def test_one_table_with_images_that_are_not_there(dataset: Path, prediction: Path) -> None:
    table = one_table(dataset, "a;24;40;\nd;5;5;\n", "clicks.csv")
    with pytest.raises(LabelReadError, match=r"1 without a prediction \(d\); 2 without a truth \(b, c\)"):
        run_evaluation(prediction, table, None)
    scores = run_evaluation(prediction, table, None, allow_missing=True)
    assert [each.name for each in scores.pictures] == ["a"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [(";3;4;\n", "row 2"), ("a;1;2;\nb;3;;\n", "row 3"), ("a;1;200;\nb;1;2;\nc;;;\n", "outside")],
)
def test_one_table_with_rows_that_are_none(dataset: Path, prediction: Path, rows: str, found: str) -> None:
    table = one_table(dataset, rows)
    with pytest.raises(LabelReadError, match=found):
        run_evaluation(prediction, table, None, allow_missing=True)


def test_a_table_beside_other_truth_is_not_chosen_in_silence(dataset: Path, prediction: Path) -> None:
    (dataset / "points.csv").write_text("image,x,y\na,1,2\n")
    with pytest.raises(LabelReadError, match=r"points/ and points\.csv"):
        run_evaluation(prediction, dataset, None)
