"""Spore, border and background as classes: from runs to the table, and the loss that trains them."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.training_runs import write_dataset

from sporemetry.errors import LabelReadError, ModelExportError, SettingsError
from sporemetry.paper.classes import ClassScores, classes_markdown, likeliest, score_classes, true_classes
from sporemetry.paper.experiments import find_experiments
from sporemetry.paper.scale import SCALES, trial_recipe
from sporemetry.paper.trial import BORDER_TRIALS, CE, cfl
from sporemetry.paper.work import Call, draw_call, run_call
from sporemetry.training.criterion import build_criterion, count_classes, exclusive_target
from sporemetry.training.export import export_run
from sporemetry.training.losses import many_class_cfl_loss
from sporemetry.training.pictures import IGNORED, PictureStatistics, PictureStore, TrainingPicture
from sporemetry.training.recipe_tables import LossSettings
from sporemetry.training.run import Machine, train

SCALE = SCALES["smoke"]
STATISTICS = PictureStatistics(
    mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), spore_pixels=100, background_pixels=900
)


def test_the_table_is_trained_scored_and_drawn(tmp_path: Path) -> None:
    call = Call(
        experiments=find_experiments(["classes"], SCALE),
        scale=SCALE,
        seeds=(0,),
        data=write_dataset(tmp_path / "dots", pictures=10),
        output=tmp_path / "out",
    )
    run_call(call)
    draw_call(call)
    rows = (call.output / "tables" / "classes.md").read_text(encoding="utf-8").splitlines()
    shown = [row.split("|")[1].strip() for row in rows if row.startswith("| C")]
    assert shown == ["CE", "CFL, β 2", "CFL*, β 2"]
    kept = call.output / "classes" / "borders_ce_s0.json"
    before, table = kept.read_bytes(), (call.output / "tables" / "classes.md").read_bytes()
    shutil.rmtree(call.output / "runs" / "borders_ce_s0" / "checkpoints")  # measured once, kept for good
    draw_call(call)
    assert (call.output / "tables" / "classes.md").read_bytes() == table
    kept.write_text(before.decode().replace('"counts": [[', '"counts": [[1, '))
    with pytest.raises(LabelReadError, match="three classes"):
        draw_call(call)
    kept.unlink()
    draw_call(call)
    assert "| CE |  |" in (call.output / "tables" / "classes.md").read_text(encoding="utf-8")
    scores = score_classes(call.output / "runs" / "borders_cfl_2_s0", call.data)
    assert scores.counts.sum() > 0
    # Each true class is counted, whatever a network of eight steps finds.
    assert (scores.counts.sum(axis=1)[:2] > 0).all()


def test_a_recipe_of_three_classes() -> None:
    recipe = trial_recipe(replace(cfl(2.0), borders=True), SCALE, 0)
    assert (recipe.network.heads, recipe.loss.exclusive) == (("border",), True)
    assert not trial_recipe(cfl(2.0), SCALE, 0).loss.exclusive
    assert len({trial.name for trial in (*BORDER_TRIALS, CE, cfl(2.0))}) == 5


def test_the_loss_is_the_many_class_form_with_a_background_of_zero() -> None:
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 2, 6, 7, generator=rng)
    target = torch.zeros(2, 2, 6, 7, dtype=torch.uint8)
    target[:, 0, 2:5] = 1
    target[:, 1, 3] = 255
    target[:, 0, 5] = IGNORED
    settings = LossSettings(name="cfl", options={"beta": 2.0}, exclusive=True)
    loss = build_criterion(settings, STATISTICS, ("border",), (900, 90, 10))(logits, target)
    whole = torch.cat([torch.zeros(2, 1, 6, 7), logits], dim=1)
    classes = exclusive_target(target)
    assert sorted(set(classes.flatten().tolist())) == [0, 1, 2, IGNORED]
    expected = many_class_cfl_loss(whole, classes, pixel_counts=(900, 90, 10), beta=2.0, ignore_index=IGNORED)
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("heads", [(), ("centre",), ("border", "centre")])
def test_only_borders_are_a_class(heads: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match=r"network\.heads"):
        build_criterion(LossSettings(name="ce", exclusive=True), STATISTICS, heads, (1, 1, 1))


def test_a_loss_without_a_many_class_form_is_refused() -> None:
    with pytest.raises(SettingsError, match="loss"):
        build_criterion(LossSettings(name="dice", exclusive=True), STATISTICS, ("border",), (1, 1, 1))


def test_classes_are_counted_without_ignored_pixels() -> None:
    target = np.array([[0, 0, 1, 1, 255]], dtype=np.uint8)
    heads = np.array([[[0], [0], [0], [255], [255]]], dtype=np.uint8)
    store = PictureStore((), heads=("border",))
    store.items = (None,)  # type: ignore[assignment]
    store._kept = {0: TrainingPicture(np.zeros((1, 5, 3), np.uint8), target, heads)}
    assert count_classes(store) == (2, 1, 1)


def test_scores_of_classes() -> None:
    labels = np.zeros((20, 30), dtype=np.int32)
    labels[5:15, 5:15], labels[5:15, 15:25] = 1, 2
    truth = true_classes(labels)
    assert truth[10, 15] == 2
    assert truth[10, 8] == 1
    assert truth[0, 0] == 0
    maps = np.stack([np.where(truth == 1, 0.9, 0.2), np.where(truth == 2, 0.8, 0.1)]).astype(np.float32)
    assert (likeliest(maps) == truth).all()
    counts = np.array([[90, 4, 0], [0, 6, 0], [0, 2, 2]])
    scores = ClassScores(counts=counts, f1=1.0, merges=0)
    assert scores.ious == pytest.approx((90 / 94, 6 / 12, 2 / 4))
    assert scores.recall == 0.5
    nothing = ClassScores(counts=np.zeros((3, 3), dtype=np.int64), f1=math.nan, merges=0)
    assert all(math.isnan(value) for value in (*nothing.ious, nothing.recall))
    text = classes_markdown({(BORDER_TRIALS[0], 0): scores})
    assert "| CE | 1 |" in text
    assert "one of 26 is border" in text
    assert "Nothing was run yet" in classes_markdown({})


def test_a_run_of_exclusive_classes_is_not_packaged(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "dots", pictures=6)
    recipe = trial_recipe(replace(CE, borders=True), SCALE, 0)
    train(data, tmp_path / "run", recipe, machine=Machine(accelerator="cpu"))
    with pytest.raises(ModelExportError, match=r"loss\.exclusive"):
        export_run(tmp_path / "run", tmp_path / "model.onnx")
