"""The candidates' speed is that of networks that work as packages."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sporemetry.model import load_network

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from speed import packaged, untrained
from trainings import CANDIDATES, MEMBERS

NARROW, DEEPLAB = "ResNet-18, a quarter narrower", "DeepLabv3+ without image pooling, MobileNetV2"


@pytest.mark.parametrize("name", [NARROW, DEEPLAB])
def test_a_candidate_and_its_package_give_the_same(name: str) -> None:
    network = untrained(CANDIDATES[name])
    pixels = np.random.default_rng(6).normal(size=(1, 3, 96, 128)).astype(np.float32)
    with torch.inference_mode():
        eager = network(torch.from_numpy(pixels))[0].numpy()
    assert np.allclose(load_network(packaged(network)).logits(pixels), eager, atol=1e-3)


def test_no_weights_are_looked_for() -> None:
    lite, _ = MEMBERS["lite"]
    assert lite["weights"]
    assert sum(each.numel() for each in untrained(lite).parameters()) > 800_000
