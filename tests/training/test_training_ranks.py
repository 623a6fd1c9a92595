"""Processes and passes share a batch without changing what is learnt."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import safetensors.torch
import torch
from tests.training.training_runs import finish, train_command, write_dataset

SAME: Mapping[str, Any] = {
    "steps": 20,
    "precision": "64-true",  # in 32 bits the rounding of the first step grows by training itself
    "batch": 4,
    "ema": 0.0,
    "validate_every": 10,
    "save_every": 0,
    "preview_every": 0,
    "keep": "[]",
    "network__architecture": "unet",  # no dropout
    "network__norm": "group",  # a batch norm sees its own process' part of the batch
}


def trained(run: Path, step: int = 20) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(run / "checkpoints" / f"step-{step:08d}" / "model.safetensors")


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("ranks")
    dataset = write_dataset(folder / "dots", pictures=7)
    finish(train_command(dataset, folder / "one", **SAME), folder / "log.txt")
    return dataset, folder / "one"


@pytest.mark.parametrize(
    "split", [{"ranks": 2}, {"accumulate": 2}, {"ranks": 2, "accumulate": 2, "workers": 1}]
)
def test_parts_of_a_batch_equal_the_whole(
    one_process: tuple[Path, Path], tmp_path: Path, split: dict[str, Any]
) -> None:
    dataset, whole = one_process
    finish(train_command(dataset, tmp_path / "run", **{**SAME, **split}), tmp_path / "log.txt")
    expected, found = trained(whole), trained(tmp_path / "run")
    assert found.keys() == expected.keys()
    furthest = {name: float((found[name] - value).abs().max()) for name, value in expected.items()}
    print(f"{split}: largest difference of a weight {max(furthest.values()):.1e}")
    assert {name: far for name, far in furthest.items() if far > 1e-6} == {}
    for table in ("steps.csv", "validation.csv"):
        one, many = pd.read_csv(whole / table), pd.read_csv(tmp_path / "run" / table)
        pd.testing.assert_frame_equal(one, many, rtol=0, atol=1e-5)


def test_in_32_bits_a_step_differs_by_rounding_only(one_process: tuple[Path, Path], tmp_path: Path) -> None:
    changes = {**SAME, "steps": 1, "validate_every": 0, "precision": "32-true"}
    finish(train_command(one_process[0], tmp_path / "one", **changes), tmp_path / "log.txt")
    finish(train_command(one_process[0], tmp_path / "two", **{**changes, "ranks": 2}), tmp_path / "log.txt")
    one, two = trained(tmp_path / "one", 1), trained(tmp_path / "two", 1)
    furthest = max(float((one[name] - two[name]).abs().max()) for name in one)
    print(f"32 bits, one step: {furthest:.1e}")
    assert furthest <= 1e-6


def test_no_group_of_processes_is_left_to_the_end_of_the_interpreter(
    one_process: tuple[Path, Path], tmp_path: Path
) -> None:
    """Gloo's threads abort a process that ends before its group, but rarely: so the group is tested."""
    script = tmp_path / "two.py"
    script.write_text(
        "import sys, torch\n"
        "from sporemetry.training.recipe import find_recipe\n"
        "from sporemetry.training.run import Machine, train\n"
        "changes = {'steps': 1, 'network': {'architecture': 'unet', 'encoder': 'tu-test_resnet'},"
        " 'crop': {'size': 49}}\n"
        "machine = Machine(accelerator='cpu', threads=1)\n"
        "train(sys.argv[1], sys.argv[2], find_recipe('paper', changes), machine=machine)\n"
        "sys.exit(torch.distributed.is_initialized())\n"
    )
    ranks = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    finish([*ranks, str(script), str(one_process[0]), str(tmp_path / "run")], tmp_path / "log.txt")


def test_weights_move(one_process: tuple[Path, Path]) -> None:
    """What the comparison compares is not where it began."""
    losses = pd.read_csv(one_process[1] / "steps.csv")["loss"]
    assert losses.iloc[-5:].mean() < 0.8 * losses.iloc[0]
