"""On the real pictures: what a pixel of outline is worth, and doubtful spores that count neither way."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.evaluation import (
    SetScores,
    evaluate_labels,
    find_pairs,
    read_boxes,
    run_evaluation,
    summarise,
)

pytestmark = pytest.mark.real

Labels = NDArray[np.int32]
SPORES = {"1": (39, 6), "10": (19, 1), "2": (20, 6), "4": (15, 1), "6": (10, 0)}  # all, doubtful


def read(path: Path) -> Labels:
    labels: Labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.int32)
    return labels


def widened(labels: Labels) -> Labels:
    """Each label grown by one pixel in all eight directions."""
    grown: Labels = cv2.dilate(labels.astype(np.uint16), np.ones((3, 3), np.uint8)).astype(np.int32)
    return grown


def widened_against_itself(folder: Path, *, ignoring: bool) -> SetScores:
    pictures = []
    for name in ("1", "10"):
        labels = read(folder / "labels" / f"{name}.png")
        ignore = read(folder / "ignore" / f"{name}.png") > 0 if ignoring else None
        pictures.append(evaluate_labels(widened(labels), labels, ignore=ignore, name=name))
    return summarise(pictures)


def test_one_pixel_of_outline_on_the_authors_own_labels(real_data: Path) -> None:
    # On all ten of the authors' sample labels it is 91.0; these two of the ten give 90.9.
    values = widened_against_itself(real_data / "anthracnose", ignoring=False).pooled.measures()
    assert values["mean_iou"] == pytest.approx(0.9094, abs=5e-5)
    assert values["spore_iou"] == pytest.approx(0.8207, abs=5e-5)
    # Finding and outlines at 2 px are perfect all the while; strict IoUs are not.
    assert values["f1"] == values["boundary_f1"] == 1
    assert values["mean_f1"] == pytest.approx(0.691, abs=5e-4)


def test_ignoring_the_doubtful_spores_hardly_changes_that(real_data: Path) -> None:
    values = widened_against_itself(real_data / "anthracnose", ignoring=True).pooled.measures()
    assert values["mean_iou"] == pytest.approx(0.9099, abs=5e-5)
    assert values["f1"] == values["boundary_f1"] == 1


@pytest.mark.parametrize("name", SPORES)
def test_doubtful_spores_count_neither_way(real_data: Path, name: str) -> None:
    labels = read(real_data / "anthracnose" / "labels" / f"{name}.png")
    ignore = read(real_data / "anthracnose" / "ignore" / f"{name}.png") > 0
    every, doubtful = SPORES[name]
    clear = np.where(np.isin(labels, np.unique(labels[ignore])), 0, labels)
    for predicted, dropped in ((labels, doubtful), (clear, 0)):
        scores = evaluate_labels(predicted, labels, ignore=ignore)
        assert (scores.predicted, scores.truth) == (every - doubtful, every - doubtful)
        assert scores.found.numbers()["dropped_true"] == doubtful
        assert scores.found.numbers()["dropped_predicted"] == dropped
        values = scores.found.measures()
        assert values["f1"] == values["spore_iou"] == values["boundary_f1"] == 1


def test_every_set_pairs_with_itself(real_data: Path) -> None:
    for name, pictures in (("anthracnose", 5), ("nosema", 27), ("dic_fungal", 14)):
        pairs = find_pairs(real_data / name / "labels", real_data / name).pairs
        assert len(pairs) == pictures
        assert all(pair.image is not None for pair in pairs)
        assert sum(pair.ignore is not None for pair in pairs) == (5 if name == "anthracnose" else 0)


def test_the_boxes_of_rice_blast_are_read(real_data: Path) -> None:
    files = sorted((real_data / "rice_blast" / "boxes").glob("*.txt"))
    assert sum(len(read_boxes(path).fractions) for path in files) == 6056


def test_blank_pictures_of_nosema_are_undefined_not_perfect(real_data: Path) -> None:
    labels = real_data / "nosema" / "labels"
    scores = run_evaluation(labels, real_data / "nosema", None)
    assert scores.counts.truth == 848
    assert scores.per_picture["spore_iou"].undefined == 2
    assert scores.per_picture["spore_iou"].mean == 1
