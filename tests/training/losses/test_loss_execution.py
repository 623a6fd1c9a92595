"""The losses under torch.compile, autocast, channels_last and several processes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from sporemetry.training.losses import LOSSES, find_loss, many_class_cfl_star_loss

COUNTS = (2049, 10)
BY_DISTANCE = ("unet_distance", "boundary", "dice_boundary")


def pictures(channels: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(11)
    logits = 3 * torch.randn(4, channels, 16, 20, generator=generator)
    target = (torch.rand(4, 16, 20, generator=generator) < 0.2).to(torch.uint8)
    target[:, 2:4, 5:9] = 255
    return logits, target


def value_and_gradient(loss: Any, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    leaf = logits.clone(memory_format=torch.preserve_format).requires_grad_()
    value = loss(leaf, target)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def assert_same(loss: Any, other: Any, logits: Tensor, target: Tensor) -> None:
    for found, expected in zip(
        value_and_gradient(other, logits, target), value_and_gradient(loss, logits, target), strict=True
    ):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", LOSSES)
def test_it_traces_in_one_graph(name: str) -> None:
    torch.compiler.reset()
    logits, target = pictures()
    loss = find_loss(name, ratio=200.0)
    whole = name not in BY_DISTANCE  # these leave the graph for SciPy
    assert_same(loss, torch.compile(loss, backend="aot_eager", fullgraph=whole), logits, target)


def test_many_classes_trace_in_one_graph() -> None:
    torch.compiler.reset()
    logits, target = pictures(3)

    def loss(z: Tensor, y: Tensor) -> Tensor:
        return many_class_cfl_star_loss(z, y, ratio="batch")

    assert_same(loss, torch.compile(loss, backend="aot_eager", fullgraph=True), logits, target)


@pytest.mark.skipif(shutil.which("gcc") is None and shutil.which("clang") is None, reason="no C++ compiler")
def test_it_compiles() -> None:
    torch.compiler.reset()
    logits, target = pictures()
    loss = find_loss("cfl_star", ratio="batch")
    assert_same(loss, torch.compile(loss, fullgraph=True), logits, target)


@pytest.mark.parametrize("name", LOSSES)
def test_autocast_changes_nothing_but_the_networks_type(name: str) -> None:
    logits, target = pictures()
    loss = find_loss(name, pixel_counts=COUNTS)
    half = logits.bfloat16()

    def under_autocast(z: Tensor, y: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            result: Tensor = loss(z, y)
        return result

    for each in (logits, half):
        assert_same(loss, under_autocast, each, target)
    assert under_autocast(half, target).dtype == torch.float32


@pytest.mark.parametrize("name", LOSSES)
def test_memory_layout_changes_nothing(name: str) -> None:
    logits, target = pictures()
    loss = find_loss(name, ratio="image" if name == "cfl" else "dataset", pixel_counts=COUNTS)
    expected = value_and_gradient(loss, logits, target)
    wide = torch.stack([logits, logits], dim=-1)[..., 0]  # every second number
    swapped = logits.transpose(-1, -2).contiguous().transpose(-1, -2)
    for other in (logits.contiguous(memory_format=torch.channels_last), wide, swapped):
        for found, wanted in zip(value_and_gradient(loss, other, target), expected, strict=True):
            torch.testing.assert_close(found, wanted)


def test_channels_last_changes_nothing_for_many_classes() -> None:
    logits, target = pictures(3)

    def loss(z: Tensor, y: Tensor) -> Tensor:
        return many_class_cfl_star_loss(z, y, pixel_counts=(900, 100, 10))

    other = logits.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(
        value_and_gradient(loss, other, target), value_and_gradient(loss, logits, target)
    )


def small_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Conv2d(1, 1, 3, padding=1)


def train_one_step(rank: int, folder: str) -> None:
    """Be one of two processes: half of the batch each, the same gradient in both."""
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    torch.set_num_threads(1)
    logits, target = pictures()
    half = slice(2 * rank, 2 * rank + 2)
    network = DistributedDataParallel(small_network())
    find_loss("cfl_star", pixel_counts=COUNTS)(network(logits[half]), target[half]).backward()
    torch.save([p.grad for p in network.parameters()], Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_gloo_available(), reason="this PyTorch has no gloo")
def test_two_processes_give_the_gradient_of_one(tmp_path: Path) -> None:
    spawn(train_one_step, args=(str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    logits, target = pictures()
    network = small_network()
    find_loss("cfl_star", pixel_counts=COUNTS)(network(logits), target).backward()
    expected = [p.grad for p in network.parameters()]
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), expected)
