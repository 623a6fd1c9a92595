"""Whole pictures through a network: prediction, validation and previews."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sporemetry.evaluation.pixels import Confusion
from sporemetry.storage import TEMPORARY_PREFIX
from sporemetry.training import trained
from sporemetry.training.average import AveragedWeights
from sporemetry.training.checkpoint import Checkpoint, save_best
from sporemetry.training.loader import normalise
from sporemetry.training.networks import build_network
from sporemetry.training.pictures import IGNORED, PictureStatistics, TrainingPicture
from sporemetry.training.prediction import predict_probability
from sporemetry.training.previews import write_previews
from sporemetry.training.recipe import Recipe
from sporemetry.training.recipe_tables import NetworkSettings
from sporemetry.training.run_folder import RunCard, begin_run
from sporemetry.training.validation import Validation, validate_picture

STATISTICS = PictureStatistics(
    mean=(100.0, 110.0, 120.0), std=(20.0, 30.0, 40.0), spore_pixels=1, background_pixels=9
)


@pytest.fixture(scope="module")
def unet() -> nn.Module:
    return build_network(NetworkSettings(architecture="unet", encoder="tu-test_resnet")).eval()


def pixels(seed: int, height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


class Red(nn.Module):
    """Logits that are the normalised red channel; mode and calls are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.modes: list[bool] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.modes.append(self.training)
        return pictures[:, :1] * self.scale


def test_a_run_has_its_weights_and_needs_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an encoder began with (from the internet) is not asked for again."""
    recipe = Recipe(
        network=NetworkSettings(architecture="unet", encoder="tu-test_resnet", weights="imagenet"), ema=0.5
    )
    card = RunCard(recipe=recipe, dataset="dots", parts={}, groups={}, statistics=STATISTICS)
    begin_run(tmp_path, card)
    asked = []

    def build(settings: NetworkSettings, *, classes: int, seed: int) -> nn.Module:
        asked.append(settings.weights)
        return build_network(settings, classes=classes, seed=seed)

    monkeypatch.setattr(trained, "build_network", build)
    network = build(NetworkSettings(architecture="unet", encoder="tu-test_resnet"), classes=1, seed=7)
    average = AveragedWeights(network, 0.5).network
    state = Checkpoint(step=4, model=network.state_dict(), optimizer={}, ema=average.state_dict())
    save_best(tmp_path, state)
    found = trained.load_trained(tmp_path, device="cpu")
    assert asked == [None, None]
    assert found.step == 4
    picture = pixels(1, 20, 20)
    expected = predict_probability(network.eval(), picture, STATISTICS)
    assert (found.probability(picture) == expected).all()


@given(st.integers(0, 1000), st.integers(1, 50), st.integers(1, 50), st.booleans())
@settings(max_examples=25)
def test_probabilities_have_the_size_of_the_picture(
    unet: nn.Module, seed: int, height: int, width: int, flips: bool
) -> None:
    found = predict_probability(unet, pixels(seed, height, width), STATISTICS, flips=flips)
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


def test_flips_are_averaged(unet: nn.Module) -> None:
    picture = pixels(3, 37, 50)
    expected = np.zeros((37, 50))
    for axes in ((), (0,), (1,), (0, 1)):
        turned = np.ascontiguousarray(np.flip(picture, axes))
        expected += np.flip(predict_probability(unet, turned, STATISTICS), axes) / 4
    found = predict_probability(unet, picture, STATISTICS, flips=True)
    assert found == pytest.approx(expected, abs=1e-5)
    assert found != pytest.approx(predict_probability(unet, picture, STATISTICS), abs=1e-5)
    # And so a flipped picture has the flipped probability.
    mirrored = predict_probability(unet, np.ascontiguousarray(picture[:, ::-1]), STATISTICS, flips=True)
    assert mirrored[:, ::-1] == pytest.approx(found, abs=1e-5)


def test_the_network_sees_normalised_pixels() -> None:
    picture = np.array([[[120, 0, 0], [100, 0, 0], [60, 0, 0]]], dtype=np.uint8)
    found = predict_probability(Red(), picture, STATISTICS)
    assert found.tolist() == [pytest.approx([1 / (1 + np.exp(-1)), 0.5, 1 / (1 + np.exp(2))])]
    grey = predict_probability(Red(), picture, STATISTICS, NetworkSettings(channels=1))
    logits = normalise(picture, STATISTICS, 1)[0]
    assert grey == pytest.approx(1 / (1 + np.exp(-logits.astype(np.float64))), rel=1e-6)


def picture() -> TrainingPicture:
    """Six pixels: red above the mean is found. One found, one false, one missed, one right, two ignored."""
    red = np.array([[101, 101, 99, 99, 101, 99]], dtype=np.uint8)
    target = np.array([[1, 0, 1, 0, IGNORED, IGNORED]], dtype=np.uint8)
    return TrainingPicture(np.dstack([red, red, red]), target)


@pytest.mark.parametrize("training", [True, False])
def test_validation_counts_pixels_and_leaves_the_mode(training: bool) -> None:
    network = Red().train(training)
    found = validate_picture(network, picture(), STATISTICS, network_settings=NetworkSettings(), flips=False)
    assert found == Confusion(1, 1, 1, 1)
    assert network.training is training
    assert network.modes == [False]


def test_scores_of_a_validation() -> None:
    scored = Validation((Confusion(2, 0, 0, 2), Confusion(0, 1, 1, 2), Confusion(0, 0, 0, 4)))
    assert scored.pooled == Confusion(2, 1, 1, 8)
    values = scored.values
    assert values["spore_iou"] == 2 / 4
    assert values["mean_iou"] == pytest.approx((2 / 4 + 8 / 10) / 2)
    # Of the third, without spores, there is none.
    assert values["mean_iou_by_picture"] == pytest.approx((1 + (0 + 2 / 4) / 2) / 2)
    empty = Validation(()).values
    assert all(value != value for value in empty.values())


def test_previews_are_pictures(tmp_path: Path) -> None:
    shown = [TrainingPicture(pixels(seed, 40, 60), np.zeros((40, 60), np.uint8)) for seed in range(2)]
    shown[1].target[5:20, 5:30] = 1
    shown[1].target[30:, :] = IGNORED
    network = Red().train()
    # A kill in the middle of the same call before.
    (tmp_path / "previews" / "step").mkdir(parents=True)
    (tmp_path / "previews" / "step" / f"{TEMPORARY_PREFIX}123-1.jpg").write_bytes(b"hal")
    paths = write_previews(
        network, shown, tmp_path / "previews" / "step", STATISTICS, network_settings=NetworkSettings()
    )
    assert [path.name for path in paths] == ["1.jpg", "2.jpg"]
    assert sorted(path.name for path in (tmp_path / "previews" / "step").iterdir()) == ["1.jpg", "2.jpg"]
    for path in paths:
        drawn = cv2.imread(str(path))
        assert drawn is not None
        assert drawn.shape[1:] == (60, 3)
        assert drawn.shape[0] >= 40  # and a line that says what the colours mean
    assert network.training
    assert network.modes == [False, False]
    assert (
        write_previews(network, [], tmp_path / "none", STATISTICS, network_settings=NetworkSettings()) == []
    )
