"""What a step of training costs in each arithmetic, and with depthwise convolutions left in 32 bits.

    python benchmarks/depthwise.py [--rounds 5] [--encoder tu-efficientnet_lite0]

Forward and backward of a `unet-half` on a batch of 8 crops of 160 px, channels last, one thread; the ways
take turns in one process, and the fastest of each is told, with its ratio to bfloat16 throughout.
"""

from __future__ import annotations

import argparse
import time

import torch
from torch import nn

from sporemetry.training.depthwise import keep_depthwise
from sporemetry.training.networks import build_network
from sporemetry.training.precision import has_bfloat16
from sporemetry.training.recipe_tables import NetworkSettings

SHAPE = (8, 3, 160, 160)
BASE = "bfloat16"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--encoder", default="tu-efficientnet_lite0")
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = NetworkSettings(architecture="unet-half", encoder=given.encoder, decoder=(64, 32, 24))
    networks = [build_network(settings, classes=3).to(memory_format=torch.channels_last) for _ in range(2)]
    kept = keep_depthwise(networks[1])
    ways = {
        "float32": (networks[0], False),
        BASE: (networks[0], True),
        f"{BASE}, {kept} depthwise ones in float32": (networks[1], True),
    }
    pixels = torch.rand(SHAPE).to(memory_format=torch.channels_last)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(given.rounds + 1):
        for way, (network, half) in ways.items():
            seconds = step(network, pixels, half)
            if number:
                times[way].append(seconds)
    if not has_bfloat16("cpu"):
        print("This processor does not multiply bfloat16.")
    print("| arithmetic | ms a step | times as fast |\n|---|---:|---:|")
    for way, found in times.items():
        print(f"| {way} | {1e3 * min(found):.0f} | {min(times[BASE]) / min(found):.2f} |")


def step(network: nn.Module, pixels: torch.Tensor, half: bool) -> float:
    """Return the seconds of one forward and backward pass."""
    begun = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        loss = network(pixels).float().square().mean()
    loss.backward()
    network.zero_grad()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
