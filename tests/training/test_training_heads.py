"""Maps that networks learn beside spore or not, the loss on them, and training with them from end to end."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import SettingsError
from sporemetry.instances.components import label_components
from sporemetry.training.criterion import SporesAndHeads, build_criterion
from sporemetry.training.crops import cut
from sporemetry.training.heads import border_map, centre_map, draw_heads
from sporemetry.training.loader import TrainingSamples, normalise
from sporemetry.training.losses import find_loss
from sporemetry.training.pictures import IGNORED, PictureStatistics, PictureStore, picture_light
from sporemetry.training.recipe import Recipe
from sporemetry.training.recipe_tables import AugmentSettings, CropSettings, LossSettings, NetworkSettings
from sporemetry.training.run import Machine, train
from sporemetry.training.trained import load_trained

STATISTICS = PictureStatistics(mean=(1.0,) * 3, std=(1.0,) * 3, spore_pixels=1, background_pixels=9)


def random_labels(seed: int, size: int = 40) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), dtype=np.int32)
    for number in range(1, int(rng.integers(0, 7)) + 1):
        centre = tuple(map(int, rng.integers(0, size, 2)))
        axes = tuple(map(int, rng.integers(2, 9, 2)))
        cv2.ellipse(labels, centre, axes, float(rng.integers(0, 180)), 0, 360, number, -1)
    return labels


@given(st.integers(0, 2**32))
def test_a_border_is_where_two_labels_are_near(seed: int) -> None:
    labels = random_labels(seed, 20)
    padded = np.pad(labels, 2)
    expected = np.zeros(labels.shape, dtype=np.uint8)
    for row, column in np.ndindex(labels.shape):
        near = set(padded[row : row + 5, column : column + 5].ravel().tolist()) - {0}
        expected[row, column] = 255 if len(near) > 1 else 0
    assert (border_map(labels) == expected).all()


@given(st.integers(0, 2**32))
def test_maps_turn_and_mirror_with_the_labels(seed: int) -> None:
    labels = random_labels(seed)
    for turned in (np.rot90, np.fliplr, np.transpose):
        there = np.ascontiguousarray(turned(labels))
        assert (border_map(there) == turned(border_map(labels))).all()
        apart = centre_map(there).astype(int) - turned(centre_map(labels))
        assert np.abs(apart).max() <= 1  # of 255: sums are added up in another order


@pytest.mark.parametrize(("axes", "angle"), [((14, 14), 0), ((20, 7), 0), ((20, 7), 30), ((25, 5), 77)])
def test_a_centre_falls_evenly_to_the_outline(axes: tuple[int, int], angle: float) -> None:
    y, x = np.mgrid[:61, :61] - 30
    turn = np.deg2rad(angle)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    away = np.sqrt((along / axes[0]) ** 2 + (across / axes[1]) ** 2)
    found = centre_map((away <= 1).astype(np.int32)) / 255
    assert found[away <= 1] == pytest.approx(1 - away[away <= 1], abs=0.04)
    assert not found[away > 1].any()


def test_touching_spores_have_a_summit_each() -> None:
    labels = np.zeros((40, 60), dtype=np.int32)
    for number, column in enumerate((12, 28, 44), start=1):
        cv2.ellipse(labels, (column, 20), (15, 8), 90, 0, 360, number, -1)
    assert int(label_components(labels > 0).max()) == 1
    assert int(label_components(centre_map(labels) > 0.45 * 255).max()) == 3


def test_nothing_in_it() -> None:
    nothing = np.zeros((5, 6), dtype=np.int32)
    assert not border_map(nothing).any()
    assert not centre_map(nothing).any()
    assert draw_heads(nothing, ()).shape == (5, 6, 0)
    assert draw_heads(nothing, ("centre", "border")).shape == (5, 6, 2)


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(SettingsError, match="border, centre"):
        draw_heads(np.zeros((3, 3), np.int32), ("flow",))


def test_crops_cut_the_maps_with_the_target(tmp_path: Path) -> None:
    """The middle of each spore stays where the target has spore, and on a turned crop too."""
    items = open_dataset(write_dataset(tmp_path / "set", pictures=1)).items
    picture = PictureStore(items, heads=("border", "centre"))[0]
    crop, augment = CropSettings(size=64, scale_min=1, scale_max=1), AugmentSettings(turn=True)
    for seed in range(8):
        pixels, target = cut(picture, crop, augment, (0.0, 0.0, 0.0), np.random.default_rng(seed))
        assert pixels.shape == (64, 64, 3)
        assert target.shape == (3, 64, 64)
        sure = target[0] != IGNORED
        assert (target[2][sure] > 0).sum() > 100
        assert (target[0][sure & (target[2] > 0)] == 1).all()
        plain = PictureStore(items)[0]
        again, alone = cut(plain, crop, augment, (0.0, 0.0, 0.0), np.random.default_rng(seed))
        assert (alone == target[0]).all()
        assert (again == pixels).all()


def test_the_loss_of_a_perfect_answer_is_that_of_the_spores() -> None:
    target = torch.zeros(2, 2, 8, 8, dtype=torch.uint8)
    target[:, 0, 2:5, 2:6] = 1
    target[:, 1, 2:5, 2:6] = torch.tensor([40, 128, 200, 90], dtype=torch.uint8)
    truth = (target[:, 1].double() / 255).clamp(1e-12, 1 - 1e-12)
    logits = torch.stack([torch.full((2, 8, 8), -1.0).double(), torch.log(truth / (1 - truth))], dim=1)
    spores = find_loss("ce")
    alone = spores(logits[:, :1], target[:, 0])
    both = SporesAndHeads(spores, [10.0])(logits, target)
    assert float(both) == pytest.approx(float(alone), abs=1e-6)
    worse = SporesAndHeads(spores, [10.0])(logits + torch.tensor([0.0, 1.0])[None, :, None, None], target)
    assert float(worse) > float(both) + 0.01


def test_the_loss_of_a_head_by_hand() -> None:
    """Two pixels: cross entropy less its least value, the one with something in it ten times."""
    target = torch.tensor([[[[1, 0]], [[51, 0]]]], dtype=torch.uint8)
    logits = torch.zeros(1, 2, 1, 2)
    spores = find_loss("ce")
    entropy = -(0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    expected = np.log(2) + (10 * (np.log(2) - entropy) + np.log(2)) / 2
    assert float(SporesAndHeads(spores, [10.0])(logits, target)) == pytest.approx(expected, abs=1e-6)


def test_ignored_pixels_pull_at_no_head() -> None:
    target = torch.zeros(1, 3, 6, 6, dtype=torch.uint8)
    target[:, 0, :3] = IGNORED
    target[:, 1:, :3] = 255
    logits = torch.randn(1, 3, 6, 6, requires_grad=True, generator=torch.Generator().manual_seed(1))
    criterion = build_criterion(LossSettings(name="ce"), STATISTICS, ("border", "centre"))
    criterion(logits, target).backward()
    assert logits.grad is not None
    assert not logits.grad[:, :, :3].any()
    assert logits.grad[:, :, 3:].all()
    criterion(logits, torch.full((1, 3, 6, 6), IGNORED, dtype=torch.uint8)).backward()
    assert bool(torch.isfinite(logits.grad).all())


def test_light_is_that_of_the_empty_place() -> None:
    picture = np.full((50, 50, 3), (200, 180, 160), dtype=np.uint8)
    picture[10:20, 10:30] = 60
    assert picture_light(picture) == (200.0, 180.0, 160.0)
    assert picture_light(np.zeros((20, 20, 3), np.uint8)) == (1.0, 1.0, 1.0)
    shown = normalise(picture, STATISTICS, 3, picture_light(picture))
    assert not shown[:, 0, 0].any()
    assert shown[:, 15, 15] == pytest.approx([(60 / each - 1) * 4 for each in (200, 180, 160)])
    # Half the light gives the same numbers.
    dimmer = (picture // 2).astype(np.uint8)
    assert normalise(dimmer, STATISTICS, 3, picture_light(dimmer)) == pytest.approx(shown)


def test_sets_are_drawn_equally_often(tmp_path: Path) -> None:
    for name, pictures in (("few", 1), ("many", 4)):
        source = write_dataset(tmp_path / name, pictures=pictures)
        for part in ("images", "labels"):
            (tmp_path / "all" / part).mkdir(parents=True, exist_ok=True)
            (source / part).rename(tmp_path / "all" / part / name)
    store = PictureStore(open_dataset(tmp_path / "all").items)
    recipe = Recipe(steps=10, batch=4, balance="sets", crop=CropSettings(size=16))
    samples = TrainingSamples(store, recipe, STATISTICS)
    drawn = [store.items[samples.place_of(sample)].name for sample in range(40)]
    assert drawn.count("few/p0_1") == 20
    assert {drawn.count(f"many/p{number}_1") for number in range(4)} == {5}


def test_a_set_with_more_turns_is_drawn_more_often(tmp_path: Path) -> None:
    for name in ("one", "other"):
        source = write_dataset(tmp_path / name, pictures=2)
        for part in ("images", "labels"):
            (tmp_path / "all" / part).mkdir(parents=True, exist_ok=True)
            (source / part).rename(tmp_path / "all" / part / name)
    store = PictureStore(open_dataset(tmp_path / "all").items)
    crop = CropSettings(size=16)
    recipe = Recipe(steps=10, batch=4, balance="sets", turns={"other": 3}, crop=crop)
    samples = TrainingSamples(store, recipe, STATISTICS)
    drawn = [store.items[samples.place_of(sample)].name for sample in range(40)]
    assert [drawn.count(f"one/p{number}_1") for number in range(2)] == [5, 5]
    assert [drawn.count(f"other/p{number}_1") for number in range(2)] == [15, 15]
    unknown = Recipe(steps=10, batch=4, balance="sets", turns={"third": 3}, crop=crop)
    with pytest.raises(SettingsError, match=r"turns.third.*one of the sets one, other"):
        TrainingSamples(store, unknown, STATISTICS)


def test_a_run_with_heads_from_end_to_end(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dots", pictures=6)
    recipe = Recipe(
        steps=3,
        batch=2,
        balance="sets",
        layout="channels_last",
        network=NetworkSettings(
            architecture="unet",
            encoder="tu-resnet18",
            width=0.125,
            decoder=(8, 8, 8, 8),
            heads=("border", "centre"),
            normalise="picture",
        ),
        loss=LossSettings(name="dice_cfl_star"),
        crop=CropSettings(size=48),
    )
    result = train(dataset, tmp_path / "run", recipe, machine=Machine(accelerator="cpu", threads=1))
    assert result.finished
    trained = load_trained(tmp_path / "run", device="cpu")
    pixels = PictureStore(open_dataset(dataset).items)[0].pixels
    maps = trained.maps(pixels)
    assert maps.shape == (3, *pixels.shape[:2])
    assert (trained.probability(pixels) == maps[0]).all()
    assert trained.card.recipe == recipe


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"width": 0.0}, "network.width"),
        ({"decoder": (8,)}, "network.decoder"),
        ({"decoder": (8, 0, 8)}, "network.decoder"),
        ({"heads": ("centre", "centre")}, "network.heads"),
        ({"normalise": "light"}, "network.normalise"),
        ({"architecture": "fpn", "width": 0.5}, "network.architecture"),
        ({"architecture": "fpn", "decoder": (8, 8, 8)}, "network.architecture"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        NetworkSettings(**{"architecture": "unet", **wrong})  # type: ignore[arg-type]
