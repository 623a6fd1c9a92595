"""What a packaged network gains and loses in bfloat16 and in 8-bit integers: time and accuracy, side by side.

    python benchmarks/precision.py [MODEL] [--data ../shared/data] [--rounds 5]

Integers come from NNCF's post-training quantisation (`pip install nncf`; without it that row is left out),
calibrated on the shipped pictures. Times are those of the network alone on a picture of 1920 x 1080 pixels,
the fastest of the rounds, in turn in one process. Accuracy is of spores at IoU 0.5 through the program's own
stages on real pictures, on which the network may have been trained: compare rows, not with other tables.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.folder import open_dataset, read_item_ignore, read_item_labels
from sporemetry.errors import SettingsError
from sporemetry.evaluation import evaluate_labels, summarise
from sporemetry.image import read_image
from sporemetry.model import ModelPackage, Network, load_network, normalise, read_model
from sporemetry.model.quiet_openvino import import_openvino, telemetry_hidden
from sporemetry.pipeline import PictureSettings, count_picture
from sporemetry.segmentation.network import default_model

ROOT = Path(__file__).resolve().parents[1]
_PICTURES = 5  # of each set


class Integers:
    """A network quantised to 8 bits by NNCF, behind the seam of the runtimes."""

    def __init__(self, package: ModelPackage, pictures: list[NDArray[np.float32]]) -> None:
        with telemetry_hidden():
            import nncf

        core = import_openvino().Core()
        model = core.read_model(package.onnx)
        quantised = nncf.quantize(model, nncf.Dataset(pictures), subset_size=len(pictures))
        self._compiled = core.compile_model(quantised, "CPU", {"PERFORMANCE_HINT": "LATENCY"})

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (K, H, W)."""
        return np.asarray(self._compiled(pixels)[0][0], dtype=np.float32)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, nargs="?", default=default_model())
    real = os.environ.get("SPOREMETRY_REAL_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(real))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    package = read_model(given.model)
    networks = ways(package)
    pixels = np.random.default_rng(0).normal(size=(1, 3, 1088, 1920)).astype(np.float32)
    seconds = fastest(networks, pixels, given.rounds)
    sets = [given.data / name for name in ("anthracnose", "nosema", "dic_fungal")]
    names = [path.name for path in sets if path.is_dir()]
    print(f"| {given.model.name} | ms a megapixel | " + " | ".join(f"F1, {name}" for name in names) + " |")
    print("|---|---:|" + "---:|" * len(names))
    for name, network in networks.items():
        scores = [f"{score(given.model, network, given.data / each):.3f}" for each in names]
        print(f"| {name} | {seconds[name] * 1e3 / 2.089:.0f} | " + " | ".join(scores) + " |")


def ways(package: ModelPackage) -> dict[str, Network | Integers]:
    """Return the network in each precision that can be had here."""
    found: dict[str, Network | Integers] = {"f32": load_network(package, precision="f32")}
    try:
        found["bf16"] = load_network(package, precision="bf16")
    except SettingsError as error:
        print(f"left out bf16: {error}")
    if importlib.util.find_spec("nncf") is None:
        print("left out int8: NNCF is not installed")
    else:
        found["int8 (NNCF)"] = Integers(package, calibration(package))
    return found


def fastest(
    networks: Mapping[str, Network | Integers], pixels: NDArray[np.float32], rounds: int
) -> dict[str, float]:
    """Return the seconds of the fastest round of each; every one has its turn in each, the first warms up."""
    seconds = dict.fromkeys(networks, float("inf"))
    for number in range(rounds + 1):
        for name, network in networks.items():
            start = time.perf_counter()
            network.logits(pixels)
            if number:
                seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def calibration(package: ModelPackage) -> list[NDArray[np.float32]]:
    """Return normalised windows of the shipped pictures."""
    windows = []
    for path in sorted((ROOT / "examples" / "pictures").iterdir()):
        pixels = read_image(path).pixels
        everywhere = np.ones(pixels.shape[:2], dtype=np.bool_)
        values = normalise(pixels, everywhere, package.card.normalization)
        values = np.asarray(values, dtype=np.float32).reshape(1, 3, *pixels.shape[:2])
        for top in range(0, pixels.shape[0] - 255, 256):
            windows += [values[:, :, top : top + 256, left : left + 256] for left in (0, 256)]
    return windows


def score(model: Path, network: Network | Integers, folder: Path) -> float:
    """Return F1 on some pictures of a set, with this network in the place of the packaged one."""
    from sporemetry.segmentation import ModelSettings

    settings = PictureSettings(model=ModelSettings(model_file=str(model)))
    scores = []
    with mock.patch("sporemetry.segmentation.looks.load_network", return_value=network):
        for item in open_dataset(folder).labelled[:_PICTURES]:
            labels = count_picture(item.image, settings).labels
            ignore = read_item_ignore(item, labels.shape)
            scores.append(evaluate_labels(labels, read_item_labels(item).labels, ignore=ignore))
    measures: dict[str, Any] = summarise(scores).pooled.measures()
    return float(measures["f1"])


if __name__ == "__main__":
    main()
