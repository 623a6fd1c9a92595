"""Files in, tables, page, plot and pictures out: the whole way."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, OutputError
from sporemetry.evaluation import evaluate_folder, find_pairs, run_evaluation
from sporemetry.label_image import write_labels

Labels = NDArray[np.int32]


def spores(count: int, shift: int = 0, size: int = 12) -> Labels:
    labels = np.zeros((90, 120), dtype=np.int32)
    for label in range(count):
        y, x = divmod(label, 5)
        labels[4 + 20 * y :, :][:size, 4 + 22 * x + shift :][:, :size] = label + 1
    return labels


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three pictures with 6, 0 and 9 spores; the first spore of `c` is doubtful."""
    folder = tmp_path / "set"
    for name in ("labels", "ignore", "images"):
        (folder / name).mkdir(parents=True)
    for name, count in (("a", 6), ("b & 2", 0), ("c", 9)):
        cv2.imwrite(str(folder / "labels" / f"{name}.png"), spores(count).astype(np.uint16))
    cv2.imwrite(str(folder / "ignore" / "c.png"), np.where(spores(9) == 1, 255, 0).astype(np.uint8))
    grey = np.full((90, 120, 3), 180, dtype=np.uint8)
    cv2.imwrite(str(folder / "images" / "a.png"), np.where((spores(6) > 0)[..., None], 90, grey))
    return folder


@pytest.fixture
def prediction(tmp_path: Path) -> Path:
    """All found 1 px to the right in `a`, a false one in `b`, the doubtful and another one missed in `c`."""
    folder = tmp_path / "predicted"
    folder.mkdir()
    write_labels(folder / "a_labels.tif", spores(6, shift=1))
    write_labels(folder / "b & 2_labels.tif", spores(2) // 2)
    nine = spores(9)
    write_labels(folder / "c_labels.tif", np.where(nine > 2, nine, 0))
    return folder


def test_the_whole_way(dataset: Path, prediction: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    scores = run_evaluation(prediction, dataset, output)
    assert sorted(path.name for path in output.iterdir()) == [
        "a_comparison.jpg", "b & 2_comparison.jpg", "bland_altman.png", "c_comparison.jpg",
        "evaluation.html", "per_image.csv", "summary.json",
    ]  # fmt: skip
    rows = list(csv.DictReader((output / "per_image.csv").read_text("utf-8").splitlines()))
    assert [(row["image"], row["predicted"], row["true"], row["count_error"]) for row in rows] == [
        ("a", "6", "6", "0"), ("b & 2", "1", "0", "1"), ("c", "7", "8", "-1"),
    ]  # fmt: skip
    assert rows[0]["spore_iou"] == f"{11 / 13:.6f}"
    assert rows[2]["spore_iou"] == f"{7 / 8:.6f}"
    assert rows[1]["count_relative_error"] == rows[1]["recall"] == ""
    assert rows[2]["dropped_true"] == "1"
    report = json.loads((output / "summary.json").read_text("utf-8"))
    assert report == json.loads(json.dumps(scores.to_dict()))
    assert report["pictures_without_true_spore"] == 1
    assert report["pooled"]["recall"] == 13 / 14
    assert report["pooled"]["precision"] == 13 / 14
    assert report["per_picture"]["recall"]["undefined"] == 1
    page = (output / "evaluation.html").read_text("utf-8")
    assert "b &amp; 2" in page
    assert 'href="b%20%26%202_comparison.jpg"' in page
    assert "data:image/png;base64," in page


def test_same_scores_same_bytes_wherever_and_whenever(
    dataset: Path, prediction: Path, tmp_path: Path
) -> None:
    outputs = [tmp_path / "one", tmp_path / "deeper" / "two"]
    for output in outputs:
        run_evaluation(prediction, dataset, output)
    run_evaluation(prediction, dataset, outputs[0])  # a second time into the same folder
    contents = [{path.name: path.read_bytes() for path in output.iterdir()} for output in outputs]
    assert contents[0] == contents[1]
    assert not any(str(tmp_path).encode() in content for content in contents[0].values())


def test_without_an_output_nothing_is_written_and_the_scores_are_the_same(
    dataset: Path, prediction: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    calls: list[tuple[int, int]] = []
    scores = run_evaluation(
        prediction, dataset, None, on_progress=lambda done, total: calls.append((done, total))
    )
    assert sorted(tmp_path.rglob("*")) == before
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert evaluate_folder(find_pairs(prediction, dataset).pairs).to_dict() == scores.to_dict()
    assert run_evaluation(prediction, dataset, tmp_path / "out").to_dict() == scores.to_dict()


def test_a_prediction_that_is_the_truth_is_perfect(dataset: Path) -> None:
    scores = run_evaluation(dataset / "labels", dataset, None)
    for name, value in scores.pooled.measures().items():
        assert value == 1, name
    assert (scores.counts.relative_error, scores.counts.mean_absolute_error) == (0, 0)


def test_boxes_as_truth(prediction: Path, tmp_path: Path) -> None:
    boxes = tmp_path / "set" / "boxes"
    boxes.mkdir(parents=True)
    for name, count in (("a", 6), ("b & 2", 0), ("c", 9)):
        lines = []
        for label in range(1, count + 1):
            y, x = np.argwhere(spores(count) == label).mean(axis=0) + 0.5
            lines.append(f"{label % 2} {x / 120} {y / 90} {14 / 120} {14 / 90}\n")
        (boxes / f"{name}.txt").write_text("".join(lines))
    scores = run_evaluation(prediction, boxes.parent, tmp_path / "out")
    assert scores.pooled.measures() == pytest.approx({"precision": 13 / 14, "recall": 13 / 15, "f1": 26 / 29})
    assert scores.counts.relative_error == pytest.approx(-1 / 15)
    assert scores.notes[0] == "a: truth: boxes of the classes 0, 1 were all taken as spores"
    assert "centroid in box" in (tmp_path / "out" / "evaluation.html").read_text("utf-8")


def test_masks_are_taken_apart_with_a_note(tmp_path: Path) -> None:
    for side in ("p", "t"):
        (tmp_path / side).mkdir()
        cv2.imwrite(str(tmp_path / side / "a.png"), np.where(spores(4) > 0, 255, 0).astype(np.uint8))
    scores = run_evaluation(tmp_path / "p", tmp_path / "t", None)
    assert (scores.counts.predicted, scores.counts.truth) == (4, 4)
    assert any(note.startswith("a: truth: ") and "components" in note for note in scores.notes)


def test_sizes_must_agree(dataset: Path, prediction: Path, tmp_path: Path) -> None:
    write_labels(prediction / "a_labels.tif", spores(6)[:80])
    with pytest.raises(LabelReadError, match=r"expected 120 x 90 pixels, as a\.png.*found 120 x 80"):
        run_evaluation(prediction, dataset, None)
    write_labels(prediction / "a_labels.tif", spores(6))
    cv2.imwrite(str(dataset / "ignore" / "a.png"), np.zeros((90, 90), np.uint8))
    with pytest.raises(LabelReadError, match=r"expected 90 x 90 pixels, as a\.png in ignore/"):
        run_evaluation(prediction, dataset, None)
    (dataset / "ignore" / "a.png").unlink()
    cv2.imwrite(str(dataset / "images" / "a.png"), np.zeros((45, 60, 3), np.uint8))
    with pytest.raises(LabelReadError, match=r"as a\.png in images/"):
        run_evaluation(prediction, dataset, tmp_path / "out")


def test_missing_partners_are_noted_in_what_is_written(
    dataset: Path, prediction: Path, tmp_path: Path
) -> None:
    (prediction / "a_labels.tif").unlink()
    with pytest.raises(LabelReadError, match=r"without a prediction \(a\)"):
        run_evaluation(prediction, dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    run_evaluation(prediction, dataset, tmp_path / "out", allow_missing=True)
    report = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert (report["pictures"], report["notes"][0]) == (2, "Left out: 1 without a prediction (a).")
    assert "Left out: 1" in (tmp_path / "out" / "evaluation.html").read_text("utf-8")


def test_an_output_that_cannot_be_made(dataset: Path, prediction: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a folder that can be made"):
        run_evaluation(prediction, dataset, tmp_path / "file" / "out")
