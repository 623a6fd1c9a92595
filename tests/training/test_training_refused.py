"""Recipes that a machine cannot train: told before the folder is a run, so that mending them is enough."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import segmentation_models_pytorch as smp
import torch
from tests.training.training_runs import train_command, write_dataset
from torch import nn

from sporemetry.errors import SettingsError
from sporemetry.training import run as run_module
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, Watcher, train
from sporemetry.training.run_folder import is_run

SMALL = {
    "steps": 4,
    "save_every": 0,
    "validate_every": 0,
    "preview_every": 0,
    "crop": {"size": 33},
    "network": {"architecture": "unet", "encoder": "tu-test_resnet"},
}
MACHINE = Machine(accelerator="cpu", threads=1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("set") / "dots", pictures=3)


def train_with(dataset: Path, run: Path, stop_after: int = 4, **changes: dict[str, Any]) -> None:
    merged = {**SMALL, **{key: {**SMALL.get(key, {}), **value} for key, value in changes.items()}}  # type: ignore[dict-item]
    asked = iter(range(1, 5))
    watcher = Watcher(should_stop=lambda: next(asked) >= stop_after)
    train(dataset, run, find_recipe("paper", merged), machine=MACHINE, watcher=watcher)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"loss": {"name": "cfl2"}}, "loss"),
        ({"loss": {"options": {"betta": 2.0}}}, "betta"),
        ({"network": {"encoder": "resnet19"}}, "network.encoder"),
        ({"network": {"channels": 2}}, "network.channels"),
    ],
)
def test_a_mistake_leaves_a_folder_that_its_mending_can_use(
    dataset: Path, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        train_with(dataset, tmp_path / "run", **changes)
    assert caught.value.name == told
    assert not is_run(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} <= {"lock"}
    train_with(dataset, tmp_path / "run", stop_after=1)
    assert is_run(tmp_path / "run")


def test_pretrained_weights_without_internet(dataset: Path, tmp_path: Path) -> None:
    command = train_command(dataset, tmp_path / "run", network__weights="imagenet")
    without = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "empty")}
    done = subprocess.run(command, capture_output=True, text=True, env=without)
    assert done.returncode == 2
    assert (
        "Error: network.weights: expected weights of tu-test_resnet that are on this machine" in done.stderr
    )
    assert "needs internet" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in (tmp_path / "run").iterdir()} <= {"lock"}


def test_a_run_goes_on_without_the_weights_that_it_began_with(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = smp.Unet
    fetched: list[str] = []

    def fetching(*, encoder_weights: str | None, **common: object) -> nn.Module:
        if encoder_weights is not None:
            if len(fetched) == 2:
                raise ConnectionError("Name or service not known")
            fetched.append(encoder_weights)
        network: nn.Module = made(encoder_weights=None, **common)
        if encoder_weights is not None:
            nn.init.constant_(network.get_parameter("segmentation_head.0.bias"), 0.25)  # a mark of its own
        return network

    monkeypatch.setattr(smp, "Unet", fetching)
    weights = {"weights": "imagenet"}
    train_with(dataset, tmp_path / "whole", network=weights)
    train_with(dataset, tmp_path / "parted", stop_after=2, network=weights)
    assert fetched == ["imagenet"] * 2
    train_with(dataset, tmp_path / "parted", network=weights)  # the third fetch would fail
    name = "checkpoints/step-00000004/model.safetensors"
    assert (tmp_path / "parted" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_sync_norm_of_two_cpus_is_told_before_anything_is_written(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = SimpleNamespace(world_size=2, device=torch.device("cpu"), is_global_zero=True)
    monkeypatch.setattr(run_module, "_fabric", lambda *_: two)
    with pytest.raises(SettingsError, match=r"^network\.norm: expected batch or group"):
        train_with(dataset, tmp_path / "run", network={"norm": "sync"})
    assert not (tmp_path / "run").exists()


@pytest.mark.soak
def test_sync_norm_of_two_real_processes_is_told_before_anything_is_written(
    dataset: Path, tmp_path: Path
) -> None:
    command = train_command(dataset, tmp_path / "run", ranks=2, batch=4, network__norm="sync")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Error: network.norm: expected batch or group" in done.stderr
    assert "the program failed" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_sync_norm_of_one_process_is_batch_norm(dataset: Path, tmp_path: Path) -> None:
    for norm in ("sync", "batch"):
        train_with(dataset, tmp_path / norm, network={"norm": norm})
    assert (tmp_path / "sync" / "steps.csv").read_bytes() == (tmp_path / "batch" / "steps.csv").read_bytes()
