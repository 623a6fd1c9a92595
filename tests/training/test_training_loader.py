"""The loader: the same samples for any number of workers, from any step on, shared out among processes."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import FileError, SettingsError
from sporemetry.training.loader import Share, StepSamples, TrainingSamples, normalise, training_loader
from sporemetry.training.pictures import IGNORED, PictureStatistics, PictureStore
from sporemetry.training.recipe import Recipe
from sporemetry.training.recipe_tables import AugmentSettings, CropSettings, NetworkSettings

STATISTICS = PictureStatistics(
    mean=(180.0, 170.0, 160.0), std=(20.0, 30.0, 40.0), spore_pixels=1, background_pixels=9
)
RECIPE = Recipe(
    steps=6,
    batch=2,
    crop=CropSettings(size=24, foreground=0.5),
    augment=AugmentSettings(turn=True, rotate=20, brightness=0.3, blur=1, noise=5),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PictureStore:
    folder = write_dataset(tmp_path_factory.mktemp("loader") / "set", pictures=3, size=(40, 50))
    return PictureStore(open_dataset(folder).items)


def taken(store: PictureStore, start: int, workers: int, recipe: Recipe = RECIPE) -> list[bytes]:
    loader = training_loader(TrainingSamples(store, recipe, STATISTICS), start, Share(), workers=workers)
    return [pixels.numpy().tobytes() + target.numpy().tobytes() for pixels, target in loader]


def test_workers_change_nothing(store: PictureStore) -> None:
    alone = taken(store, 0, 0)
    assert len(set(alone)) == 6
    assert taken(store, 0, 1) == alone
    assert taken(store, 0, 2) == alone


def test_a_later_start_gives_what_came_then(store: PictureStore) -> None:
    assert taken(store, 4, 0) == taken(store, 0, 0)[4:]
    assert taken(store, 6, 0) == []


def test_another_seed_gives_other_samples(store: PictureStore) -> None:
    other = dataclasses.replace(RECIPE, seed=1)
    assert not set(taken(store, 0, 0, other)) & set(taken(store, 0, 0))


def test_global_generators_are_left_alone(store: PictureStore) -> None:
    torch.manual_seed(3)
    random.seed(3)
    before = torch.random.get_rng_state(), str(np.random.get_state()), random.getstate()  # noqa: NPY002
    taken(store, 0, 0)
    taken(store, 0, 1)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1]  # noqa: NPY002
    assert random.getstate() == before[2]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 6))
def test_processes_together_see_what_one_sees(
    steps: int, world: int, accumulate: int, each: int, start: int
) -> None:
    recipe = Recipe(steps=steps, batch=world * accumulate * each, accumulate=accumulate)
    start = min(start, steps)
    shares = [list(StepSamples(recipe, start, Share(rank, world))) for rank in range(world)]
    assert {len(share) for share in shares} == {(steps - start) * accumulate}
    assert len(StepSamples(recipe, start, Share(0, world))) == (steps - start) * accumulate
    assert {len(one) for share in shares for one in share} <= {each}
    joined = [sample for passes in zip(*shares, strict=True) for one in passes for sample in one]
    assert joined == list(range(start * recipe.batch, steps * recipe.batch))
    # A step of one process and pass holds the same samples as its parts.
    whole = Recipe(steps=steps, batch=recipe.batch)
    assert [sample for one in StepSamples(whole, start, Share()) for sample in one] == joined


def test_a_sample_is_normalised_with_the_statistics(store: PictureStore) -> None:
    plain = Recipe(crop=CropSettings(size=24, scale_min=1, scale_max=1), augment=AugmentSettings(flip=False))
    pixels, target = TrainingSamples(store, plain, STATISTICS)[0]
    assert (pixels.dtype, target.dtype) == (torch.float32, torch.uint8)
    assert pixels.shape == (3, 24, 24)
    values = (pixels.numpy().transpose(1, 2, 0) * (20, 30, 40)) + (180, 170, 160)
    found = [
        picture
        for picture in (store[index] for index in range(3))
        for y in range(17)
        for x in range(27)
        if np.allclose(picture.pixels[y : y + 24, x : x + 24], values, atol=1e-3)
        and (picture.target[y : y + 24, x : x + 24] == target.numpy()).all()
    ]
    assert len(found) == 1


def test_grey_is_the_mean_of_the_normalised_channels() -> None:
    pixels = np.array([[[200, 200, 200], [180, 170, 120]]], dtype=np.uint8)
    assert normalise(pixels, STATISTICS, 3)[:, 0].tolist() == [[1.0, 0.0], [1.0, 0.0], [1.0, -1.0]]
    assert normalise(pixels, STATISTICS, 1)[0, 0].tolist() == pytest.approx([1.0, -1 / 3])


def test_channels_that_pictures_do_not_have_are_refused_at_once(store: PictureStore) -> None:
    with pytest.raises(SettingsError, match=r"^network\.channels: expected 1 \(grey\) or 3 \(RGB\)"):
        TrainingSamples(store, Recipe(network=NetworkSettings(channels=5)), STATISTICS)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_goes_bad_is_named(workers: int, tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "set", pictures=2, size=(40, 50))
    lost = PictureStore(open_dataset(folder).items, memory=0)
    (folder / "images" / "p1_1.png").write_bytes(b"no picture")
    with pytest.raises(FileError, match=r"p1_1\.png: expected"):
        taken(lost, 0, workers)


def test_ignored_pixels_stay_ignored(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "set", pictures=1, size=(24, 24))
    (folder / "ignore").mkdir()
    mask = np.zeros((24, 24), np.uint8)
    mask[:, :5] = 200
    cv2.imwrite(str(folder / "ignore" / "p0_1.png"), mask)
    plain = Recipe(crop=CropSettings(size=24, scale_min=1, scale_max=1), augment=AugmentSettings(flip=False))
    _, target = TrainingSamples(PictureStore(open_dataset(folder).items), plain, STATISTICS)[0]
    assert (target.numpy()[:, :5] == IGNORED).all()
    assert set(np.unique(target.numpy()[:, 5:])) == {0, 1}
