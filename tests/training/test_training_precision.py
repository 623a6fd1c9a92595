"""The precision that ``auto`` stands for, and training in half precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.training.training_runs import write_dataset

from sporemetry.evaluation.pixels import Confusion
from sporemetry.training import loop
from sporemetry.training.memory import TrainingMemoryError, clear_memory_errors
from sporemetry.training.precision import has_bfloat16, settle_machine
from sporemetry.training.recipe import Recipe, find_recipe
from sporemetry.training.run import Machine, train
from sporemetry.training.run_folder import read_run
from sporemetry.training.validation import validate_picture


def test_auto_is_settled_by_the_device_and_others_stay() -> None:
    recipe = replace(Recipe(), precision="auto")
    assert settle_machine(recipe, "mps").precision == "32-true"
    expected = "bf16-mixed" if has_bfloat16("cpu") else "32-true"
    assert settle_machine(recipe, "cpu").precision == expected
    assert settle_machine(replace(recipe, precision="64-true"), "cpu").precision == "64-true"
    layouts = {settle_machine(replace(recipe, layout="auto"), kind).layout for kind in ("cpu", "mps")}
    assert layouts == {"channels_first"} | ({"channels_last"} if has_bfloat16("cpu") else set())
    last = replace(recipe, precision="bf16-mixed", layout="channels_last")
    assert settle_machine(last, "mps") == last
    going_on = settle_machine(replace(recipe, layout="auto"), "mps", begun=last)
    assert (going_on.precision, going_on.layout) == ("32-true", "channels_last")


def test_a_run_goes_on_in_the_layout_that_it_began_with(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dots")
    changes = {"steps": 4, "network": {"encoder": "tu-test_resnet"}, "crop": {"size": 49}}
    machine, run = Machine(accelerator="cpu", threads=1), tmp_path / "run"
    train(dataset, run, find_recipe("paper", changes | {"layout": "channels_last"}), machine=machine)
    again = train(dataset, run, find_recipe("paper", changes | {"layout": "auto"}), machine=machine)
    assert again.finished
    assert read_run(run).recipe.layout == "channels_last"


def test_hardware_is_what_the_system_says() -> None:
    flags = Path("/proc/cpuinfo")
    if not flags.exists() or "flags" not in (text := flags.read_text()):
        pytest.skip("no list of the processor's abilities here")
    assert has_bfloat16("cpu") == ("avx512_bf16" in text or "amx_tile" in text)


@pytest.mark.parametrize(
    "network",
    [
        {"architecture": "unet", "encoder": "tu-test_resnet"},
        {"architecture": "unet-half", "encoder": "tu-mobilenetv2_050", "decoder": [16, 16, 16]},  # depthwise
    ],
    ids=["plain", "depthwise"],
)
def test_half_precision_learns_as_single_does(tmp_path: Path, network: dict[str, object]) -> None:
    dataset = write_dataset(tmp_path / "dots")
    losses = {}
    for precision in ("32-true", "bf16-mixed"):
        changes = {
            "steps": 12,
            "precision": precision,
            "validate_every": 6,
            "crop": {"size": 64, "foreground": 1.0},
            "network": network,
        }
        run = tmp_path / precision
        train(dataset, run, find_recipe("paper", changes), machine=Machine(accelerator="cpu", threads=1))
        losses[precision] = pd.read_csv(run / "steps.csv")["loss"].to_numpy()
        assert read_run(run).recipe.precision == precision
    assert np.isfinite(losses["bf16-mixed"]).all()
    assert losses["bf16-mixed"][-4:].mean() == pytest.approx(losses["32-true"][-4:].mean(), rel=0.1)
    assert (losses["bf16-mixed"] != losses["32-true"]).any()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_validation_is_in_the_arithmetic_of_training(
    tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def seeing(*given: Any, **named: Any) -> Confusion:
        seen.append(torch.is_autocast_enabled("cpu"))
        return validate_picture(*given, **named)

    monkeypatch.setattr(loop, "validate_picture", seeing)
    changes = {"steps": 2, "precision": precision, "validate_every": 1, "crop": {"size": 64}}
    changes["network"] = {"architecture": "unet", "encoder": "tu-test_resnet"}
    run = tmp_path / "run"
    dataset = write_dataset(tmp_path / "dots")
    train(dataset, run, find_recipe("paper", changes), machine=Machine(accelerator="cpu", threads=1))
    assert set(seen) == {precision == "bf16-mixed"}
    assert pd.read_csv(run / "validation.csv")["mean_iou"].notna().all()


@pytest.mark.parametrize(("norm", "advised"), [("batch", False), ("group", True)])
def test_memory_advice_is_one_that_training_takes(norm: str, advised: bool) -> None:
    """Two crops cannot be halved where batch norm wants two at a time."""
    recipe = find_recipe("paper", {"network": {"norm": norm}})
    with pytest.raises(TrainingMemoryError) as raised, clear_memory_errors(recipe):
        raise MemoryError
    assert ("accumulate=2" in str(raised.value)) is advised
