"""How fast the candidates are, and the model that ships, beside the same networks in eager PyTorch.

Speed does not depend on weights: nothing is trained, and no run is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sporemetry.errors import SettingsError
from sporemetry.model import ModelPackage, load_network, read_model
from sporemetry.segmentation.network import default_model
from sporemetry.training.networks import Padded, build_network
from sporemetry.training.package import CheckPicture, package_network
from sporemetry.training.recipe import find_recipe
from sporemetry.workers import share_of_cores
from trainings import CANDIDATES, HERE, MEMBERS, RECIPE

sys.path.insert(0, str(HERE.parent))

from benchmarks.inference import fastest, network_operations

SHIPPED = "the model that ships: the mean of two"
_SIDE, _ROUNDS, _PASSES, _STRIDE = 1024, 3, 2, 32
_WAYS = ("f32", "bf16")
_HEAD = (
    "| network | GFLOP a megapixel | f32, ms a megapixel | bf16 | eager PyTorch | f32 against eager |\n"
    "|---|---:|---:|---:|---:|---:|"
)


def compare_speed() -> str:
    """Return milliseconds a megapixel as Markdown: OpenVINO in f32 and bf16, and PyTorch, in turn in one run.

    The fastest of three rounds in each of two passes counts, on as many threads as this process has cores.
    """
    torch.set_num_threads(share_of_cores())
    pixels = np.random.default_rng(0).normal(size=(1, 3, _SIDE, _SIDE)).astype(np.float32)
    networks: dict[str, tuple[nn.Module, ...]] = {
        name: (untrained(changes),) for name, changes in CANDIDATES.items()
    }
    packages = {name: packaged(*each) for name, each in networks.items()}
    networks[SHIPPED] = tuple(untrained(changes) for changes, _ in MEMBERS.values())
    packages[SHIPPED] = read_model(default_model())
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in packages}
    for _ in range(_PASSES):  # not all at once: loaded networks keep what they made of the pixels
        for name, package in packages.items():
            works = _packaged_works(package, pixels)
            works["eager"] = _eager_work(networks[name], pixels)
            taken[name].append(fastest(works, _ROUNDS))
    megapixels = _SIDE * _SIDE / 1e6
    rows = [_HEAD]
    for name, package in packages.items():
        work = network_operations(package, _SIDE, _SIDE) / 1e9 / megapixels
        least = {way: min(each[way] for each in taken[name]) for way in taken[name][0]}
        cells = [f"{1e3 * least[way] / megapixels:.0f}" if way in least else "" for way in (*_WAYS, "eager")]
        rows.append(f"| {name} | {work:.0f} | {' | '.join(cells)} | {least['eager'] / least['f32']:.2f} |")
    return "\n".join(rows)


def untrained(changes: Mapping[str, object]) -> nn.Module:
    """Return the recipe's network with these changes and random weights, for sides of multiples of 32."""
    settings = find_recipe(str(RECIPE), {"network": {**changes, "weights": None}}).network
    padded = build_network(settings, classes=1 + len(settings.heads)).eval()
    if not isinstance(padded, Padded):
        raise TypeError("a network that was not made by build_network")
    return padded.network


def packaged(network: nn.Module) -> ModelPackage:
    """Return a network packaged as `sporemetry export` does it."""
    shipped = read_model(default_model()).card
    facts = {
        "name": "untrained",
        "version": "0",
        "threshold": 0.5,
        "channels": list(shipped.channels),
        "normalization": {"kind": "fixed", "mean": [0.0] * 3, "std": [1.0] * 3, "floor": 0.0},
        "spore_length_px": {"median": 28.0, "least": 12.0, "most": 120.0},
    }
    pictures = [CheckPicture(name="black", pixels=np.zeros((64, 64, 3), dtype=np.uint8))]
    return package_network(network, facts, Path("untrained.onnx"), stride=_STRIDE, pictures=pictures)


def _packaged_works(package: ModelPackage, pixels: NDArray[np.float32]) -> dict[str, Callable[[], object]]:
    works: dict[str, Callable[[], object]] = {}
    for way in _WAYS:
        try:
            network = load_network(package, precision=way)
        except SettingsError:
            continue  # a processor that does not multiply it
        works[way] = lambda network=network: network.logits(pixels)  # type: ignore[misc]
    return works


def _eager_work(networks: tuple[nn.Module, ...], pixels: NDArray[np.float32]) -> Callable[[], object]:
    tensor = torch.from_numpy(pixels)

    def work() -> object:
        with torch.inference_mode():
            return sum(network(tensor) for network in networks)

    return work
