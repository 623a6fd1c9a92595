"""Time and memory of the losses, forward and backward, against torch, monai and segmentation-models-pytorch.

    python benchmarks/losses.py [--rounds 15] [--threads 1] [--device cpu|cuda]

All losses run in turn, round after round in one process, on the same logits (2, 1, 1080, 1920). A ratio is
that of two times of one round; its median is told, with the 10th and 90th percentile. Memory is the peak
above what the input takes, in a process of its own for each loss: on a CPU (Linux) the peak resident set,
reset just before; on a GPU what PyTorch allocated. On a GPU the share of the memory-bandwidth floor is told:
the time to read logits and target twice and write the gradient once, at the speed of a copy, over the time
taken; and CFL and CFL* also run compiled. Exit status 1 if a target is missed.

On a machine that is busy with other work, several threads measure how long they wait for one another: use
``--threads 1`` there.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import torch
from monai.losses import FocalLoss as MonaiFocalLoss
from segmentation_models_pytorch.losses import FocalLoss as SmpFocalLoss
from torch import Tensor
from torch.nn import functional

from sporemetry.training.losses import find_loss

SHAPE = (2, 1, 1080, 1920)
BASE = "torch BCE with logits"
COUNTS = (204_900, 1_000)
# name: (the base, at most this ratio of time, at most this ratio of memory)
TARGETS = {"CFL": (1.2, 1.05), "CFL*": (2.0, None)}
SLOWER = ("monai FocalLoss", "smp FocalLoss")
LEAST_SPEED_UP = 2.0
IGNORING = ", 1 % ignored"
BYTES_A_PIXEL = 2 * (4 + 1) + 4

Loss = Callable[[Tensor, Tensor], Tensor]


def candidates(device: str) -> dict[str, tuple[Loss, torch.dtype]]:
    """Return the losses and the type of target that each is fastest with."""
    cfl, star = (find_loss(name, pixel_counts=COUNTS) for name in ("cfl", "cfl_star"))
    found: dict[str, tuple[Loss, torch.dtype]] = {
        BASE: (functional.binary_cross_entropy_with_logits, torch.float32),
        "CFL": (cfl, torch.uint8),
        "CFL*": (star, torch.uint8),
        "monai FocalLoss": (MonaiFocalLoss(), torch.float32),
        "smp FocalLoss": (SmpFocalLoss("binary"), torch.float32),
        f"CFL{IGNORING}": (cfl, torch.uint8),
        f"CFL*{IGNORING}": (star, torch.uint8),
    }
    if device == "cuda":
        found["CFL, compiled"] = (torch.compile(cfl), torch.uint8)
        found["CFL*, compiled"] = (torch.compile(star), torch.uint8)
    return found


def with_ignored(target: Tensor) -> Tensor:
    """Return the target with 1 % of its rows ignored."""
    result = target.clone()
    result[..., ::100, :] = 255
    return result


def batch(device: str) -> tuple[Tensor, Tensor]:
    """Return logits and a target of as many spore pixels as the paper's data has, in blobs of 24 x 24."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(SHAPE, generator=generator)
    blobs = torch.rand(SHAPE[0], 1, SHAPE[2] // 24, SHAPE[3] // 24, generator=generator) < 1 / 205
    target = functional.interpolate(blobs.float(), SHAPE[2:], mode="nearest").to(torch.uint8)
    return logits.to(device), target.to(device)


def once(loss: Loss, logits: Tensor, target: Tensor) -> float:
    """Return the seconds of a forward and a backward pass."""
    leaf = logits.detach().requires_grad_()
    _wait(logits)
    start = time.perf_counter()
    loss(leaf, target).backward()  # type: ignore[no-untyped-call]
    _wait(logits)
    return time.perf_counter() - start


def _wait(tensor: Tensor) -> None:
    if tensor.is_cuda:
        torch.cuda.synchronize()


def memory(name: str, device: str) -> float:
    """Return the peak of one pass above its input, in MiB, after small passes have set everything up."""
    loss, dtype = candidates(device)[name]
    logits, target = batch(device)
    target = with_ignored(target) if name.endswith(IGNORING) else target.to(dtype)
    for _ in range(3):
        once(loss, logits[..., :64, :64].contiguous(), target[..., :64, :64].contiguous())
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        once(loss, logits, target)
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is resident now
    before = _resident("VmRSS")
    once(loss, logits, target)
    return (_resident("VmHWM") - before) / 1024


def _resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise SystemExit(f"No {field} in /proc/self/status: memory is measured on Linux only.")
    return int(found[1])


def memories(device: str, processes: int) -> dict[str, float]:
    """Return the median peak of each loss in processes of its own."""
    # Memory that was freed goes back to the system at once, and cannot hide what is taken next.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    result = {}
    for name in candidates(device):
        command = [sys.executable, __file__, "--device", device, "--memory-of", name]
        runs = [
            json.loads(
                subprocess.run(
                    command, check=True, capture_output=True, text=True, env=environment
                ).stdout.split()[-1]
            )
            for _ in range(processes)
        ]
        result[name] = median(runs)
    return result


def times(device: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each loss in each round; the first two rounds are warm-up."""
    losses = candidates(device)
    logits, target = batch(device)
    targets = {dtype: target.to(dtype) for dtype in (torch.uint8, torch.float32)}
    ignoring = with_ignored(target)
    taken: dict[str, list[float]] = {name: [] for name in losses}
    for number in range(rounds + 2):
        for name, (loss, dtype) in losses.items():
            seconds = once(loss, logits, ignoring if name.endswith(IGNORING) else targets[dtype])
            if number >= 2:
                taken[name].append(seconds)
    return taken


def ratios(over: list[float], under: list[float]) -> tuple[float, float, float]:
    """Return the median, 10th and 90th percentile of the ratios of each round."""
    each = [a / b for a, b in zip(over, under, strict=True)]
    tenths = quantiles(each, n=10)
    return median(each), tenths[0], tenths[-1]


def bandwidth_floor() -> float:
    """Return the seconds that a GPU needs for a pass's bytes at the speed of its copies."""
    source = torch.empty(2**28, dtype=torch.uint8, device="cuda")
    copy = torch.empty_like(source)
    runs = []
    for _ in range(20):
        torch.cuda.synchronize()
        start = time.perf_counter()
        copy.copy_(source)
        torch.cuda.synchronize()
        runs.append(time.perf_counter() - start)
    pixels = SHAPE[0] * SHAPE[2] * SHAPE[3]
    return pixels * BYTES_A_PIXEL / (2 * 2**28 / median(runs))


def verdict(what: str, value: float, limit: float, *, most: bool) -> bool:
    """Print whether a target is met, and return it."""
    met = value <= limit if most else value >= limit
    print(
        f"  {'met   ' if met else 'MISSED'} {what}: {value:.2f} ({'at most' if most else 'at least'} {limit})"
    )
    return met


def main() -> int:
    """Measure, print the table and the targets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--processes", type=int, default=3, help="for the memory of each loss")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the CPU")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.memory_of:
        print(json.dumps(memory(given.memory_of, given.device)))
        return 0
    on_gpu = given.device == "cuda"
    where = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} CPU threads"
    print(f"torch {torch.__version__}, {where}, {SHAPE[0]}x1x{SHAPE[2]}x{SHAPE[3]}, {given.rounds} rounds")
    taken, peaks = times(given.device, given.rounds), memories(given.device, given.processes)
    floor = bandwidth_floor() if on_gpu else 0.0
    print(f"{'':24}{'ms':>8}{'time over BCE (10-90 %)':>28}{'peak MiB':>10}{'over BCE':>10}")
    for name, runs in taken.items():
        middle, low, high = ratios(runs, taken[BASE])
        spread = f"{middle:.2f} ({low:.2f}-{high:.2f})"
        peak = f"{peaks[name]:>10.1f}{peaks[name] / peaks[BASE]:>10.2f}"
        share = f"   {floor / median(runs):.0%} of the bandwidth floor" if floor else ""
        print(f"{name:24}{median(runs) * 1e3:>8.1f}{spread:>28}{peak}{share}")
    met = []
    for name, (slower, bigger) in TARGETS.items():
        met.append(verdict(f"{name}, time over BCE", ratios(taken[name], taken[BASE])[0], slower, most=True))
        if bigger is not None:
            met.append(verdict(f"{name}, memory over BCE", peaks[name] / peaks[BASE], bigger, most=True))
        for other in SLOWER:
            speed_up = ratios(taken[other], taken[name])[0]
            met.append(verdict(f"{other}, time over {name}", speed_up, LEAST_SPEED_UP, most=False))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
