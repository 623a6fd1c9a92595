"""Averaged weights and optimizers, against what they are by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW

from sporemetry.training.average import AveragedWeights
from sporemetry.training.networks import build_network
from sporemetry.training.optimizer import build_optimizer
from sporemetry.training.recipe_tables import NetworkSettings, OptimizerSettings


def weight(value: float) -> nn.Linear:
    network = nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(value)
        network.bias.zero_()
    return network


def test_the_mean_forgets_its_start_then_keeps_its_decay() -> None:
    network = weight(1.0)
    average = AveragedWeights(network, 0.5)
    expected = 1.0
    for step, value in enumerate([3.0, -2.0, 5.0, 0.0, 7.0, 1.0, 4.0, 2.0, 9.0, 6.0], start=1):
        with torch.no_grad():
            network.weight.fill_(value)
        average.update(network)
        decay = min(0.5, (1 + step) / (10 + step))  # 2/11, 3/12, ..., 0.5 from step 8 on
        expected = decay * expected + (1 - decay) * value
        assert average.network.get_parameter("weight").item() == pytest.approx(expected, rel=1e-6)
    assert int(average.network.get_buffer("averaged_steps")) == 10


def test_it_is_a_copy_that_is_not_trained() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    average = AveragedWeights(network, 0.9)
    assert not average.network.training
    assert not any(each.requires_grad for each in average.parameters())
    assert all(each.requires_grad for each in network.parameters())
    before = average.network.get_parameter("0.weight").clone()
    with torch.no_grad():
        network.get_parameter("0.weight").add_(1)
    assert torch.equal(average.network.get_parameter("0.weight"), before)


def test_statistics_of_norms_are_averaged_and_whole_numbers_copied() -> None:
    network = nn.BatchNorm2d(1)
    average = AveragedWeights(network, 0.9)
    network(torch.full((1, 1, 2, 2), 10.0))  # running mean 0.1 * 10
    average.update(network)
    assert average.network.get_buffer("running_mean").item() == pytest.approx(9 / 11, rel=1e-6)
    assert average.network.get_buffer("num_batches_tracked").item() == 1


def test_going_on_from_a_state_is_going_on() -> None:
    def steps(average: AveragedWeights, first: int, last: int) -> None:
        for step in range(first, last):
            average.update(weight(math.sin(step)))

    whole = AveragedWeights(weight(0.0), 0.7)
    steps(whole, 0, 12)
    half = AveragedWeights(weight(0.0), 0.7)
    steps(half, 0, 5)
    again = AveragedWeights(weight(9.0), 0.7)
    again.network.load_state_dict(half.network.state_dict())
    steps(again, 5, 12)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])


def network() -> nn.Module:
    return build_network(NetworkSettings(architecture="unet", encoder="tu-test_resnet"))


def test_sgd_decays_everything_with_momentum() -> None:
    made = network()
    optimizer = build_optimizer(made, OptimizerSettings())
    assert isinstance(optimizer, SGD)
    (group,) = optimizer.param_groups
    assert len(group["params"]) == len(list(made.parameters()))
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.007, 0.9, 2e-4)
    assert (group["nesterov"], group["dampening"]) == (False, 0)


def test_two_steps_of_sgd_by_hand() -> None:
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(2.0)
    settings = OptimizerSettings(learning_rate=0.1, momentum=0.5, weight_decay=0.01)
    optimizer = build_optimizer(layer, settings)
    value, velocity = 2.0, 0.0
    for _ in range(2):
        optimizer.zero_grad()
        layer(torch.ones(1, 1)).sum().backward()  # a gradient of 1
        optimizer.step()
        velocity = 0.5 * velocity + 1 + 0.01 * value
        value -= 0.1 * velocity
        assert layer.weight.item() == pytest.approx(value, rel=1e-6)


def test_adamw_spares_biases_and_norms() -> None:
    made = network()
    optimizer = build_optimizer(made, OptimizerSettings(name="adamw", learning_rate=1e-3, weight_decay=0.05))
    assert isinstance(optimizer, AdamW)
    decayed, spared = optimizer.param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.05, 0.0)
    assert decayed["lr"] == spared["lr"] == 1e-3
    assert tuple(decayed["betas"]) == (0.9, 0.999)

    def names(group: list[Tensor]) -> set[str]:
        wanted = {id(each) for each in group}
        return {name for name, each in made.named_parameters() if id(each) in wanted}

    every = {name for name, _ in made.named_parameters()}
    assert names(decayed["params"]) | names(spared["params"]) == every
    assert not names(decayed["params"]) & names(spared["params"])
    norms = {
        f"{name}.{part}"
        for name, module in made.named_modules()
        if isinstance(module, nn.BatchNorm2d)
        for part in ("weight", "bias")
    }
    biases = {name for name in every if name.endswith(".bias")}
    assert names(spared["params"]) == norms | biases
    assert norms
    assert biases - norms
