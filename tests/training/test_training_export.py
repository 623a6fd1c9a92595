"""A run becomes a packaged network that says what the trained one says, or is refused with the reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.model.networks import noise
from tests.training.training_runs import finish, train_command, write_dataset
from torch import Tensor, nn

from sporemetry.errors import FileError, ModelExportError, SettingsError
from sporemetry.model import load_network, picture_logits, read_model
from sporemetry.training import package as packaging
from sporemetry.training.export import export_run, read_card_fields
from sporemetry.training.networks import build_network
from sporemetry.training.onnx_export import export_onnx
from sporemetry.training.package import CheckPicture, package_network
from sporemetry.training.reach import measure_halo
from sporemetry.training.recipe_tables import NetworkSettings

FACTS: dict[str, Any] = {
    "name": "n",
    "version": "1",
    "threshold": 0.5,
    "normalization": {"kind": "picture", "mean": [], "std": [], "floor": 8.0},
    "spore_length_px": {"least": 10, "median": 20, "most": 40},
}
PICTURES = [CheckPicture("noise", noise((64, 96)))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of a U-Net on a tiny encoder, with its data set beside it."""
    folder = tmp_path_factory.mktemp("export")
    write_dataset(folder / "set")
    command = train_command(
        folder / "set", folder / "run", steps=6, keep="[]", crop__size=32, network__architecture="unet"
    )
    finish(command, folder / "log")
    return folder / "run"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("pictures") / "set", pictures=2) / "images"


def test_the_command_packages_a_run_and_counts_with_it(run: Path, pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    command = [sys.executable, "-m", "sporemetry", "export", str(run), "-o", str(file), "--name", "tiny"]
    command += ["--dataset", str(run.parent / "set"), "--pictures", str(pictures)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    card = read_model(file).card
    assert card.name == "tiny"
    assert card.spore_length_px.median == pytest.approx(19, abs=2)
    assert card.training_data[0].spores > 5
    assert card.normalization.kind == "fixed"
    assert card.halo % card.stride == 0
    count = [sys.executable, "-m", "sporemetry", "count", str(pictures), "-o", str(tmp_path / "out")]
    subprocess.run([*count, "--model", str(file), "--workers", "1"], capture_output=True, check=True)


def test_the_graph_is_clean_and_the_same_network_at_other_sizes() -> None:
    settings = NetworkSettings(architecture="unet", encoder="tu-test_resnet")
    network = build_network(settings, classes=2).eval()
    facts = FACTS | {"channels": ["spore", "border"]}
    package = package_network(network.network, facts, Path("x"), stride=32, pictures=PICTURES)  # type: ignore[arg-type]
    for batch_norm in (b"BatchNormalization", b"Identity", b"Shape"):
        assert batch_norm not in package.onnx
    pixels = np.random.default_rng(1).normal(size=(1, 3, 96, 160)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels))[0].numpy()
    assert np.abs(load_network(package).logits(pixels) - expected).max() < 1e-4


@pytest.mark.parametrize(("stride", "layers", "halo"), [(1, 3, 3), (4, 3, 4), (2, 3, 4)])
def test_the_halo_is_that_of_the_convolutions(stride: int, layers: int, halo: int) -> None:
    parts = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)]
    assert measure_halo(nn.Sequential(*parts).eval(), stride=stride) == halo


def test_a_dilated_convolution_reaches_as_far_as_it_is_dilated() -> None:
    assert measure_halo(nn.Conv2d(3, 1, 3, padding=5, dilation=5).eval(), stride=1) == 5


class SqueezeAndExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        made: Tensor = self.conv(pictures)
        return made * torch.sigmoid(made.mean(dim=(2, 3), keepdim=True))


class Corners(nn.Module):
    """Upsampled by its corners: a bounded reach, but a pixel's place depends on the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 2, stride=2)
        self.up = nn.UpsamplingBilinear2d(scale_factor=2)

    def forward(self, pictures: Tensor) -> Tensor:
        made: Tensor = self.up(self.conv(pictures))
        return made


@pytest.mark.parametrize(
    ("network", "stride", "said"),
    [
        (SqueezeAndExcite(), 1, "sees the whole picture"),
        (Corners(), 2, "align_corners|sees the whole picture"),
    ],
)
def test_networks_that_tiles_would_change_are_refused(network: nn.Module, stride: int, said: str) -> None:
    with pytest.raises(ModelExportError, match=said):
        package_network(network, FACTS, Path("x"), stride=stride, pictures=PICTURES)


def test_image_pooling_of_deeplab_is_refused() -> None:
    network = build_network(NetworkSettings(architecture="deeplabv3plus", encoder="tu-test_resnet")).eval()
    with pytest.raises(ModelExportError, match="sees the whole picture"):
        package_network(network.network, FACTS, Path("x"), stride=32, pictures=PICTURES)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoder", ["tu-test_resnet", "tu-efficientnet_lite0"])
def test_deeplab_without_image_pooling_passes(encoder: str) -> None:
    settings = NetworkSettings(architecture="deeplabv3plus-local", encoder=encoder)
    network = build_network(settings).eval()
    package = package_network(network.network, FACTS, Path("x"), stride=32, pictures=PICTURES)  # type: ignore[arg-type]
    assert 96 <= package.card.halo < 512


def test_a_package_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Conv2d(3, 1, 3, padding=1)

    def other(_: nn.Module, *, stride: int) -> bytes:
        changed = nn.Conv2d(3, 1, 3, padding=1).eval()
        return export_onnx(changed, stride=stride)

    monkeypatch.setattr(packaging, "export_onnx", other)
    with pytest.raises(ModelExportError, match=r"a difference of .* on noise"):
        package_network(network, FACTS, Path("x"), stride=1, pictures=PICTURES)


def test_grey_networks_take_the_mean_of_the_channels(tmp_path: Path, pictures: Path) -> None:
    write_dataset(tmp_path / "set")
    command = train_command(
        tmp_path / "set",
        tmp_path / "run",
        steps=2,
        keep="[]",
        crop__size=32,
        network__architecture="unet",
        network__channels=1,
    )
    finish(command, tmp_path / "log")
    from sporemetry.training.export import ExportSettings
    from sporemetry.training.trained import load_trained

    settings = ExportSettings(dataset=tmp_path / "set", pictures=pictures)
    package = export_run(tmp_path / "run", "x", settings)
    pixels = noise((64, 64))
    logits = picture_logits(load_network(package), package.card, pixels, np.ones((64, 64), dtype=np.bool_))
    expected = load_trained(tmp_path / "run", device="cpu").probability(pixels, flips=False)
    assert np.abs(1 / (1 + np.exp(-logits[0].astype(float))) - expected).max() < 1e-4


def test_what_the_card_lacks_is_asked_for(run: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--dataset"):
        export_run(run, "x")
    with pytest.raises(FileError, match="a TOML file"):
        read_card_fields(tmp_path / "none.toml")
    (tmp_path / "card.toml").write_text('halo = 3\nname = "x"', encoding="utf-8")
    with pytest.raises(SettingsError, match="found halo"):
        read_card_fields(tmp_path / "card.toml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelExportError, match="--pictures"):
        packaging.comparison_images(tmp_path / "empty")
