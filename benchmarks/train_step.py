"""What a training step on a CPU gains by fused updates and by leaving new arrays unfilled.

    python benchmarks/train_step.py [--rounds 10] [--network deeplabv3plus-paper] [--optimizer sgd]

Forward, backward and update on a batch of 2 crops of 224 px with ResNet-18, deterministic kernels, one
thread, bfloat16 where the processor multiplies it. The ways take turns in one process, each with a network
and an optimizer of its own; the median of each is told, and whether all networks are the same to the bit in
the end. Then a picture of 1040 x 1388 px is validated in float32 and in bfloat16, in turn.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn
from torch.optim import Optimizer

from sporemetry.training.networks import build_network
from sporemetry.training.optimizer import build_optimizer
from sporemetry.training.precision import has_bfloat16
from sporemetry.training.recipe_tables import NetworkSettings, OptimizerSettings

SHAPE = (2, 3, 224, 224)
PICTURE = (1, 3, 1040, 1388)


@dataclass(frozen=True, slots=True)
class Way:
    """How a step is done."""

    name: str
    fill: bool
    fused: bool


WAYS = (
    Way("filled, tensor by tensor", fill=True, fused=False),
    Way("not filled", fill=False, fused=False),
    Way("fused", fill=True, fused=True),
    Way("both, as in training", fill=False, fused=True),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--network", default="deeplabv3plus-paper")
    parser.add_argument("--optimizer", choices=("sgd", "adamw"), default="sgd")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    half = has_bfloat16("cpu")
    layout = torch.channels_last if half else torch.contiguous_format
    pixels = torch.rand(SHAPE).to(memory_format=layout)
    settings = NetworkSettings(architecture=given.network, encoder="resnet18")
    learners: dict[Way, tuple[nn.Module, Optimizer]] = {}
    for way in WAYS:
        network = build_network(settings, seed=0).to(memory_format=layout)
        optimizer = build_optimizer(network, OptimizerSettings(name=given.optimizer))
        for group in optimizer.param_groups:
            group["fused"] = way.fused
        learners[way] = network, optimizer
    times: dict[Way, list[float]] = {way: [] for way in WAYS}
    for number in range(given.rounds + 1):
        for way, (network, optimizer) in learners.items():
            torch.utils.deterministic.fill_uninitialized_memory = way.fill  # type: ignore[attr-defined]
            torch.manual_seed(number)
            seconds = step(network, optimizer, pixels, half)
            if number:
                times[way].append(seconds)
    print(f"{given.network}, {given.optimizer}, {'bfloat16' if half else 'float32'}, {given.rounds} rounds")
    print("| | ms a step | of the first's time |\n|---|---:|---:|")
    for way, found in times.items():
        print(f"| {way.name} | {1e3 * median(found):.0f} | {median(found) / median(times[WAYS[0]]):.2f} |")
    first, *others = (list(network.state_dict().values()) for network, _ in learners.values())
    same = all(torch.equal(a, b) for other in others for a, b in zip(first, other, strict=True))
    print(f"Weights in the end: {'the same to the bit' if same else 'not the same'}.")
    network = learners[WAYS[-1]][0].eval()
    look(network, bfloat16=False)
    looks = [(look(network, bfloat16=False), look(network, bfloat16=True)) for _ in range(3)]
    single, halved = (median(column) for column in zip(*looks, strict=True))
    print(f"A whole picture: {single:.2f} s in float32, {halved:.2f} s in bfloat16.")


def step(network: nn.Module, optimizer: Optimizer, pixels: torch.Tensor, half: bool) -> float:
    """Return the seconds of one step."""
    begun = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = network(pixels)
    loss = logits.float().square().mean()
    loss.backward()
    optimizer.step()
    return time.perf_counter() - begun


def look(network: nn.Module, *, bfloat16: bool) -> float:
    """Return the seconds that a whole picture takes."""
    picture = torch.rand(PICTURE)
    begun = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        network(picture)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
