"""Samples to batches: which sample goes to which process and step, loaded ahead in worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from sporemetry.errors import SettingsError, SporemetryError
from sporemetry.model.normalization import LIGHT_STEP
from sporemetry.training.crops import cut
from sporemetry.training.pictures import PictureStatistics, PictureStore
from sporemetry.training.randomness import generator, picture_of, picture_of_sets
from sporemetry.training.recipe import Recipe

Batch = tuple[Tensor, Tensor]


class TrainingSamples(Dataset[Batch]):
    """Sample k of a run: a function of (seed, k) alone.

    Parameters
    ----------
    store : PictureStore
    recipe : Recipe
    statistics : PictureStatistics
        For normalisation: (value - mean) / std of each channel.
    """

    def __init__(self, store: PictureStore, recipe: Recipe, statistics: PictureStatistics) -> None:
        self.store = store
        self.recipe = recipe
        self.statistics = statistics
        check_channels(recipe.network.channels)
        places: dict[str, list[int]] = {}
        for place, item in enumerate(store.items):
            places.setdefault(item.name.partition("/")[0], []).append(place)
        self._places = [place for each in places.values() for place in each]
        self._sizes = tuple(map(len, places.values()))
        unknown = sorted(set(recipe.turns) - set(places))
        if unknown:
            raise SettingsError(
                f"turns.{unknown[0]}", expected=f"one of the sets {', '.join(places)}", found=unknown[0]
            )
        self._turns = tuple(recipe.turns.get(name, 1) for name in places)

    def __len__(self) -> int:
        return self.recipe.steps * self.recipe.batch

    def __getitem__(self, sample: int) -> tuple[Tensor, Tensor]:
        """Return pixels (C, size, size) float32, normalised, and target (size, size) uint8."""
        seed = self.recipe.seed
        picture = self.store[self.place_of(sample)]
        rng = generator(seed, "crop", sample)
        pixels, target = cut(picture, self.recipe.crop, self.recipe.augment, self.statistics.mean, rng)
        light = picture.light if self.recipe.network.normalise == "picture" else None
        normalised = normalise(pixels, self.statistics, self.recipe.network.channels, light)
        return torch.from_numpy(normalised), torch.from_numpy(target)

    def place_of(self, sample: int) -> int:
        """Return the place in the store of the picture that a sample is cut from."""
        seed = self.recipe.seed
        if self.recipe.balance == "pictures":
            return picture_of(seed, sample, len(self.store))
        return self._places[picture_of_sets(seed, sample, self._sizes, self._turns)]


def normalise(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    statistics: PictureStatistics,
    channels: int,
    light: tuple[float, ...] | None = None,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return (C, H, W) float32 of pixels (H, W, 3) from 0 to 255; one channel is the mean of the three.

    With the light of the picture, its empty places become 0 and a quarter less light -1.

    Raises
    ------
    SettingsError
        For other than one or three channels: pictures have no others.
    """
    check_channels(channels)
    mean = np.array(statistics.mean if light is None else light, dtype=np.float32)
    std = np.array(statistics.std, dtype=np.float32) if light is None else mean * np.float32(LIGHT_STEP)
    values = (pixels.astype(np.float32) - mean) / std
    if channels == 1:
        values = values.mean(axis=2, keepdims=True)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def check_channels(channels: int) -> None:
    """Raise SettingsError for other than one or three channels: pictures have no others."""
    if channels not in (1, 3):
        raise SettingsError("network.channels", expected="1 (grey) or 3 (RGB)", found=str(channels))


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of each batch this process works on.

    Attributes
    ----------
    rank, world : int
        This process, and how many there are.
    """

    rank: int = 0
    world: int = 1


class StepSamples(Sampler[list[int]]):
    """The samples of each pass, from a step on: step t takes samples t * batch to (t + 1) * batch - 1.

    Passes of a step follow one another; in a pass, processes take neighbouring samples. Together the
    processes see what one alone would see.
    """

    def __init__(self, recipe: Recipe, start: int, share: Share) -> None:
        self.recipe = recipe
        self.start = start
        self.share = share
        self.each = recipe.batch // (recipe.accumulate * share.world)

    def __len__(self) -> int:
        return (self.recipe.steps - self.start) * self.recipe.accumulate

    def __iter__(self) -> Iterator[list[int]]:
        """Go through the passes of this process."""
        recipe, share = self.recipe, self.share
        for step in range(self.start, recipe.steps):
            for part in range(recipe.accumulate):
                first = step * recipe.batch + (part * share.world + share.rank) * self.each
                yield list(range(first, first + self.each))


class _Fetched(Dataset["Batch | SporemetryError"]):
    """Whole batches, or what is wrong with one: PyTorch cannot raise our errors across processes."""

    def __init__(self, samples: TrainingSamples) -> None:
        self.samples = samples

    def __getitem__(self, batch: list[int]) -> Batch | SporemetryError:
        try:
            pixels, targets = zip(*(self.samples[sample] for sample in batch), strict=True)
        except SporemetryError as error:
            return error
        return torch.stack(pixels), torch.stack(targets)


def training_loader(
    samples: TrainingSamples, start: int, share: Share, *, workers: int, pin_memory: bool = False
) -> Iterator[Batch]:
    """Go through the passes from step ``start`` to the end; the number of workers changes no sample.

    Raises
    ------
    FileError
        When a picture cannot be read any more.
    """
    loader = DataLoader(
        _Fetched(samples),
        batch_size=None,
        sampler=StepSamples(samples.recipe, start, share),
        num_workers=workers,
        pin_memory=pin_memory,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread if workers else None,
        generator=torch.Generator(),  # its own, so that the global one is not touched
    )
    for batch in loader:
        if isinstance(batch, SporemetryError):
            raise batch
        yield batch


def _one_thread(worker: int) -> None:
    """Keep a worker to one core."""
    del worker
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
