"""The mean of several networks as one packaged network."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.model.networks import HALO, card, dark_bytes, dark_nodes, dark_package, graph_bytes

from sporemetry.model import ModelPackage, SporeLength, load_network, pack_model, unpack_model
from sporemetry.training.recipe import find_recipe

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from mean import mean_package
from trainings import MEMBERS, RECIPE, Job

FILE = Path("mean.onnx")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_its_logits_are_the_mean_of_theirs(number: int) -> None:
    packages = [dark_package(seed) for seed in range(number)]
    pixels = np.random.default_rng(5).normal(size=(1, 3, 24, 40)).astype(np.float32)
    each = [load_network(package).logits(pixels) for package in packages]
    mean = load_network(mean_package(packages, FILE)).logits(pixels)
    assert np.allclose(mean, np.mean(each, axis=0), atol=1e-4)
    assert number == 1 or not np.allclose(mean, each[0], atol=1e-3)


def test_its_card_has_the_farthest_look_of_all() -> None:
    wide = unpack_model(pack_model(graph_bytes(*dark_nodes(1)), card(halo=3 * HALO, stride=8)), FILE)
    made = mean_package([dark_package(), wide], FILE).card
    assert (made.halo, made.stride) == (3 * HALO, 8)
    assert replace(made, sha256="", halo=HALO, stride=4) == replace(dark_package().card, sha256="", stride=4)


def test_networks_that_see_or_tell_other_things_have_no_mean() -> None:
    def other(**changes: object) -> ModelPackage:
        return unpack_model(pack_model(dark_bytes(), card(**changes)), FILE)

    longer = SporeLength(median=40.0, least=20.0, most=80.0)
    for name, value in (("threshold", 0.4), ("spore_length_px", longer)):
        with pytest.raises(ValueError, match=f"expected packages with the same {name}; found .* and .*"):
            mean_package([dark_package(), other(**{name: value})], FILE)


def test_the_model_that_ships_is_the_mean_of_two_trainings(tmp_path: Path) -> None:
    final = Job(name="final", folder=tmp_path, real=tmp_path, held_out=(), steps=5)
    assert [(each.network, each.turns) for each in final.members] == list(MEMBERS.values())
    assert all(not each.members and not each.scored for each in final.members)
    assert len({each.run for each in (final, *final.members)}) == 3
    recipes = [find_recipe(str(RECIPE), {"network": dict(network)}) for network, _ in MEMBERS.values()]
    assert [each.network.encoder for each in recipes] == ["tu-resnet18", "tu-efficientnet_lite0"]
