"""Depthwise convolutions in 32 bits, beside others in 16."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from sporemetry.training.depthwise import DepthwiseConv2d, keep_depthwise


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
