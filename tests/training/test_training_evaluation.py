"""Runs scored on whole pictures, and the threshold that they are scored at."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import SettingsError
from sporemetry.evaluation import confusion, run_evaluation
from sporemetry.label_image import read_labels
from sporemetry.training.evaluate import RunEvaluationSettings, evaluate_run, spore_labels, tune_threshold
from sporemetry.training.parts import part_items
from sporemetry.training.pictures import PictureStore, read_training_picture
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train
from sporemetry.training.run_folder import RUN_NAME, read_result, read_run
from sporemetry.training.trained import available_steps, load_trained

RECIPE = {
    "steps": 60,
    "batch": 4,
    "validate_every": 20,
    "save_every": 0,
    "keep": [10],
    "crop": {"size": 65, "foreground": 0.7, "scale_min": 1.0, "scale_max": 1.0},
    "network": {"architecture": "unet", "encoder": "tu-test_resnet"},
    "optimizer": {"name": "adamw", "learning_rate": 3e-3, "weight_decay": 0.0},
}


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    dataset = write_dataset(folder / "dots", pictures=10)
    train(
        dataset, folder / "run", find_recipe("paper", RECIPE), machine=Machine(accelerator="cpu", threads=1)
    )
    return dataset, folder / "run"


def test_a_run_learns_and_its_files_say_the_same(trained_run: tuple[Path, Path], tmp_path: Path) -> None:
    dataset, run = trained_run
    scores = evaluate_run(run, dataset, tmp_path / "out", device="cpu")
    assert scores.pooled.measures()["spore_iou"] > 0.7
    assert scores.notes[0].endswith("tuned on the run's validation part")
    # The labels that it wrote, scored as any others, give the same.
    name = scores.pictures[0].name
    again = run_evaluation(tmp_path / "out", dataset, None, allow_missing=True)
    assert again.pooled.measures() == scores.pooled.measures()
    table = pd.read_csv(tmp_path / "out" / "per_image.csv")
    assert len(table) == len(scores.pictures) == 1
    assert cv2.imread(str(tmp_path / "out" / f"{name}_comparison.jpg")) is not None
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())


def test_what_is_doubtful_in_the_truth_is_said(trained_run: tuple[Path, Path], tmp_path: Path) -> None:
    dataset, run = trained_run
    shutil.copytree(dataset, tmp_path / "set")
    path = tmp_path / "set" / "labels" / "p3_1.png"
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(path), np.where(labels > 0, 2, 0).astype(np.uint8))
    scores = evaluate_run(run, tmp_path / "set", None, RunEvaluationSettings(part="all"), device="cpu")
    assert any(note.startswith("p3_1: truth: A mask of 0 and 2") for note in scores.notes)


def test_the_threshold_is_the_best_one_of_the_validation_part(trained_run: tuple[Path, Path]) -> None:
    dataset, run = trained_run
    network = load_trained(run, device="cpu")
    store = PictureStore(part_items(open_dataset(dataset), network.card.split, "val"))
    best = tune_threshold(network, store)
    assert best is not None
    result = read_result(run)
    assert result is not None
    assert (result.threshold, result.threshold_step) == (best.threshold, network.step)
    picture = store[0]
    probability = network.probability(picture.pixels)
    ious = [
        confusion(probability >= threshold, picture.target == 1).spore_iou
        for threshold in np.linspace(0.05, 0.95, 19)
    ]
    assert best.score >= max(ious) - 1e-9


def test_a_stated_threshold_and_step_count(trained_run: tuple[Path, Path]) -> None:
    dataset, run = trained_run
    settings = RunEvaluationSettings(part="all", threshold=1.0, step=10)
    scores = evaluate_run(run, dataset, None, settings, device="cpu")
    assert len(scores.pictures) == 10
    assert scores.counts.predicted == 0  # no sigmoid reaches 1
    assert scores.notes == ("threshold 1, as given", "state of step 10; all pictures: 10")


def test_another_data_set_is_scored_at_the_run_s_threshold(
    trained_run: tuple[Path, Path], tmp_path: Path
) -> None:
    other = write_dataset(tmp_path / "other", pictures=2, size=(50, 61))
    scores = evaluate_run(trained_run[1], other, None, RunEvaluationSettings(part="all"), device="cpu")
    assert "tuned on the run's validation part" in scores.notes[0]
    with pytest.raises(SettingsError, match="missing"):
        evaluate_run(trained_run[1], other, None, RunEvaluationSettings(part="train"), device="cpu")


def test_another_data_set_keeps_its_scale_and_is_not_tuned_on(
    trained_run: tuple[Path, Path], tmp_path: Path
) -> None:
    other = write_dataset(tmp_path / "other", pictures=2, size=(50, 61))
    (other / "dataset.toml").write_text("um_per_px = 0.5\n")
    settings = RunEvaluationSettings(part="all", step=10)
    scores = evaluate_run(trained_run[1], other, tmp_path / "out", settings, device="cpu")
    assert scores.notes[0] == (
        "threshold 0.5, not tuned: the run tuned none for step 10, and all pictures may be ones it never "
        "validated; --threshold states one"
    )
    found = read_labels(tmp_path / "out" / "p0_1_labels.tif")
    assert found.um_per_px == pytest.approx(0.5)
    assert found.labels.shape == (50, 61)


@pytest.mark.parametrize(("trained", "scored", "said"), [(0.3, 0.31, 0), (0.3, 0.6, 1), (None, 0.6, 0)])
def test_spores_of_another_size_are_told(
    trained_run: tuple[Path, Path], tmp_path: Path, trained: float | None, scored: float, said: int
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained_run[1], run)
    (run / RUN_NAME).write_bytes(replace(read_run(run), um_per_px=trained).encode())
    other = write_dataset(tmp_path / "other", pictures=1)
    (other / "dataset.toml").write_text(f"um_per_px = {scored}\n")
    scores = evaluate_run(run, other, None, RunEvaluationSettings(part="all"), device="cpu")
    assert [note for note in scores.notes if "µm" in note] == [
        "the pictures have 0.6 µm a pixel, those of the training 0.3"
    ] * said


def test_nothing_is_tuned_on_what_is_scored(trained_run: tuple[Path, Path]) -> None:
    """A step that the run did not tune for is tuned on the validation part, and on no other."""
    dataset, run = trained_run
    network = load_trained(run, step=10, device="cpu")
    store = PictureStore(part_items(open_dataset(dataset), network.card.split, "val"))
    expected = tune_threshold(network, store)
    assert expected is not None
    scores = evaluate_run(run, dataset, None, RunEvaluationSettings(part="test", step=10), device="cpu")
    assert scores.notes[0] == f"threshold {expected.threshold:g}, tuned on the validation part"


def test_without_spores_nothing_is_tuned(trained_run: tuple[Path, Path]) -> None:
    network = load_trained(trained_run[1], device="cpu")
    assert tune_threshold(network, PictureStore(())) is None


def test_states_of_a_run(trained_run: tuple[Path, Path]) -> None:
    dataset, run = trained_run
    steps = available_steps(run)
    assert {10, 60} <= set(steps)
    with pytest.raises(SettingsError, match=r"--step: expected a step whose weights the run has: 10, "):
        load_trained(run, step=11)
    with pytest.raises(SettingsError, match="--part: expected one of"):
        evaluate_run(run, dataset, None, RunEvaluationSettings(part="exam"), device="cpu")
    assert not load_trained(run, device="cpu").network.training


def test_the_same_picture_gives_the_same_probability_alone_and_flipped(
    trained_run: tuple[Path, Path],
) -> None:
    dataset, run = trained_run
    network = load_trained(run, device="cpu")
    pixels = read_training_picture(open_dataset(dataset).items[0]).pixels
    one, two = network.probability(pixels), network.probability(pixels)
    np.testing.assert_array_equal(one, two)
    averaged = network.probability(pixels, flips=True)
    mirrored = network.probability(np.ascontiguousarray(pixels[:, ::-1]), flips=True)[:, ::-1]
    np.testing.assert_allclose(averaged, mirrored, atol=1e-5)
    assert torch.is_grad_enabled()


def test_labels_of_a_mask() -> None:
    mask = np.zeros((40, 60), dtype=bool)
    mask[5:15, 5:25] = mask[20:22, 30:33] = mask[25:35, 40:58] = True
    labels = spore_labels(mask)
    assert labels.max() == 2
    assert labels[21, 31] == 0
    assert spore_labels(np.zeros((3, 3), dtype=bool)).max() == 0
