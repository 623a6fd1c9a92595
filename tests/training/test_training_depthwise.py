"""Depthwise convolutions in 32 bits, beside others in 16."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
import torch
from tests.training.training_runs import write_dataset
from torch import Tensor, nn

from sporemetry.training.depthwise import DepthwiseConv2d, keep_depthwise
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=False),
        nn.Conv2d(8, 8, 3, padding=1, groups=4),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=8),
        nn.Conv2d(16, 1, 1),
    )


def _learnt(network: nn.Module, pixels: Tensor, half: bool) -> tuple[Tensor, dict[str, Tensor]]:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = network(pixels)
    logits.float().square().sum().backward()
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    return logits, {name: each for name, each in gradients.items() if each is not None}


def test_depthwise_ones_are_found_and_keep_their_weights() -> None:
    network = _network()
    before = copy.deepcopy(network.state_dict())
    assert keep_depthwise(network) == 2  # the third is grouped and no depthwise one
    assert [type(each) is DepthwiseConv2d for each in network] == [False, True, False, True, False]
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())
    assert keep_depthwise(network) == 0
    assert keep_depthwise(nn.Sequential()) == 0


def test_nothing_changes_in_32_bits() -> None:
    pixels, network = torch.rand(2, 3, 16, 16), _network()
    logits, gradients = _learnt(network, pixels, half=False)
    network = _network()
    keep_depthwise(network)
    again, after = _learnt(network, pixels, half=False)
    assert torch.equal(logits, again)
    assert all(torch.equal(gradients[name], each) for name, each in after.items())


def test_they_work_in_32_bits_under_autocast_and_gradients_are_right() -> None:
    pixels, network = torch.rand(2, 3, 16, 16), _network()
    _, exact = _learnt(network, pixels, half=False)
    network = _network()
    keep_depthwise(network)
    kinds: list[torch.dtype] = []

    def note(module: nn.Module, given: object, made: Tensor) -> None:
        del module, given
        kinds.append(made.dtype)

    for each in network:
        each.register_forward_hook(note)
    _, gradients = _learnt(network, pixels, half=True)
    assert kinds == [torch.bfloat16, torch.float32, torch.bfloat16, torch.float32, torch.bfloat16]
    assert gradients.keys() == exact.keys()
    for name, gradient in gradients.items():
        assert gradient.dtype == torch.float32
        difference = torch.linalg.vector_norm(gradient - exact[name]) / torch.linalg.vector_norm(exact[name])
        assert difference < 0.05, name


def test_a_network_with_some_trains_in_half_precision_and_is_read_again(tmp_path: Path) -> None:
    dataset, losses = write_dataset(tmp_path / "dots"), {}
    for precision in ("32-true", "bf16-mixed"):
        changes = {
            "steps": 8,
            "precision": precision,
            "validate_every": 4,
            "crop": {"size": 64, "foreground": 1.0},
            "network": {
                "architecture": "unet-half",
                "encoder": "tu-mobilenetv2_050",
                "decoder": [16, 16, 16],
            },
        }
        run = tmp_path / precision
        train(dataset, run, find_recipe("paper", changes), machine=Machine(accelerator="cpu", threads=1))
        losses[precision] = pd.read_csv(run / "steps.csv")["loss"].to_numpy()
    assert losses["bf16-mixed"] == pytest.approx(losses["32-true"], rel=0.1)
    assert (losses["bf16-mixed"] != losses["32-true"]).any()
