"""Training that begins with the weights of an encoder from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from sporemetry.errors import SettingsError
from sporemetry.training.networks import build_network
from sporemetry.training.recipe_tables import NetworkSettings

LITE = NetworkSettings(architecture="unet-half", encoder="tu-efficientnet_lite0", decoder=(16, 16, 16))


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    encoder = timm.create_model("efficientnet_lite0", pretrained=False)
    with torch.no_grad():
        for value in encoder.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5)
    return dict(encoder.state_dict())


def written(path: Path, weights: dict[str, torch.Tensor]) -> str:
    save_file(weights, path)
    return str(path)


def test_an_encoder_begins_with_the_file(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    random = build_network(LITE, classes=3, seed=1).state_dict()
    file = written(tmp_path / "lite.safetensors", weights)
    begun = build_network(replace(LITE, weights=file), classes=3, seed=1).state_dict()
    assert set(begun) == set(random)
    for name, value in begun.items():
        known = name.removeprefix("network.encoder.model.")
        if known != name and not name.endswith("num_batches_tracked"):
            assert torch.equal(value, weights[known])
        elif not name.endswith("num_batches_tracked"):
            assert torch.equal(value, random[name]), "only the encoder is replaced"


def test_an_encoder_of_the_library_itself(tmp_path: Path) -> None:
    settings = NetworkSettings(architecture="unet", encoder="resnet18")
    encoder = build_network(settings, seed=3).get_submodule("network.encoder").state_dict()
    file = written(tmp_path / "resnet.safetensors", dict(encoder))
    begun = (
        build_network(replace(settings, weights=file), seed=4).get_submodule("network.encoder").state_dict()
    )
    assert all(torch.equal(value, encoder[name]) for name, value in begun.items())


def test_files_that_do_not_fit_are_refused(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    lacking = {name: value for name, value in weights.items() if name != "bn1.weight"}
    other = weights | {"conv_stem.weight": torch.zeros(32, 1, 3, 3)}
    (tmp_path / "text.safetensors").write_text("no weights")
    for file, said in (
        (written(tmp_path / "lacking.safetensors", lacking), "no weight bn1.weight"),
        (written(tmp_path / "grey.safetensors", other), r"conv_stem.weight of shape \(32, 1, 3, 3\), not"),
        (str(tmp_path / "text.safetensors"), "text.safetensors: "),
        (str(tmp_path / "none.safetensors"), "No such file"),
    ):
        with pytest.raises(SettingsError, match=rf"^network\.weights: expected a safetensors file.*{said}"):
            build_network(replace(LITE, weights=file))
