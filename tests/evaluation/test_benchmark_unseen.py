"""The benchmark of unseen kinds: its own matching and reading of results, and one image the whole way."""

from __future__ import annotations

import itertools
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sporemetry.label_image import write_labels

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "unseen.py"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    return runpy.run_path(str(SCRIPT))


def test_boxes_pair_as_every_assignment_tried(benchmark: dict[str, Any]) -> None:
    chance = np.random.default_rng(4)
    several = 0
    for _ in range(200):
        first, second = (
            np.concatenate([low, low + chance.integers(3, 6, (4, 2))], axis=1).astype(float)
            for low in (chance.integers(0, 4, (4, 2)), chance.integers(0, 4, (4, 2)))
        )
        good = [[iou(a, b) >= 0.5 for b in second] for a in first]
        most = max(
            sum(good[k][each] for k, each in enumerate(order)) for order in itertools.permutations(range(4))
        )
        several += most > 1
        assert benchmark["count_pairs"](first, second) == most
    assert several > 50
    assert benchmark["count_pairs"](np.zeros((0, 4)), np.ones((2, 4))) == 0


def iou(a: Any, b: Any) -> float:
    shared = np.prod(np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))


def test_boxes_around_labels_hold_their_pixels(benchmark: dict[str, Any]) -> None:
    labels = np.zeros((10, 12), dtype=np.int32)
    labels[2:5, 3:9] = 2  # there is no 1
    labels[9, 11] = 5
    assert benchmark["boxes_around"](labels).tolist() == [[3, 2, 9, 5], [11, 9, 12, 10]]


def test_labels_are_scored_by_the_boxes_around_them(benchmark: dict[str, Any], tmp_path: Path) -> None:
    labels = np.zeros((100, 200), dtype=np.int32)
    labels[10:20, 10:30], labels[50:60, 100:120], labels[80:90, 150:160] = 1, 2, 3
    write_labels(tmp_path / "a.b_labels.tif", labels)
    (tmp_path / "boxes").mkdir()
    # The first box shares a third with its label's, then a half; the second is four times as large.
    (tmp_path / "boxes" / "a.b.txt").write_text("0 0.1 0.2 0.1 0.1\n1 0.55 0.55 0.2 0.2\n")
    scores = benchmark["box_scores"](tmp_path, tmp_path)
    found = scores.pooled.spores
    assert (found.predicted, found.truth, found.matched) == (3, 2, 0)
    (tmp_path / "boxes" / "a.b.txt").write_text("0 0.1 0.15 0.1 0.2\n1 0.55 0.55 0.2 0.2\n")
    assert benchmark["box_scores"](tmp_path, tmp_path).pooled.spores.matched == 1
    assert scores.pictures[0].name == "a.b"


def test_cautions_of_an_image_are_those_of_its_count(benchmark: dict[str, Any]) -> None:
    said = [
        {"level": "problem", "headline": "A", "images": ["a.png"]},
        {
            "level": "caution",
            "headline": "Spores were taken to be of another length in 1 image",
            "images": [],
        },
        {"level": "caution", "headline": "No scale is known", "images": []},
        {"level": "note", "headline": "another length", "images": []},
    ]
    assert len(benchmark["cautions_of"]({"cautions": said}, "a.png")) == 2
    assert len(benchmark["cautions_of"]({"cautions": said}, "b.png")) == 1


def test_one_image_the_whole_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    example = cv2.imread(str(ROOT / "examples" / "pictures" / "rice_blast_chamberA_1.jpg"))[:300, :400]
    truth = cv2.imread(str(ROOT / "examples" / "truth" / "labels" / "rice_blast_chamberA_1.png"), -1)[
        :300, :400
    ]
    folder = tmp_path / "unseen" / "slide"
    for name in ("images", "points"):
        (folder / name).mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "a.png"), example)
    rows = [np.argwhere(truth == each).mean(axis=0) for each in np.unique(truth)[1:]]
    table = "x,y\n" + "".join(f"{x + 0.5},{y + 0.5}\n" for y, x in rows)
    (folder / "points" / "a.csv").write_text(table)
    saved = tmp_path / "saved.json"
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    monkeypatch.setattr(
        sys, "argv", ["unseen.py", str(tmp_path), "--save", str(saved), "--against", str(saved)]
    )
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 0
    run = json.loads(saved.read_text())["runs"][0]
    assert (run["name"], run["images"][0]["truth"]) == ("slide", len(rows))
    assert run["f1"] > 0.5
    assert run["images"][0]["length_px"] > 0
    printed = capsys.readouterr().out
    assert f"{run['f1']:.3f}" in printed
    assert "+0.000" in printed
