"""Pictures with what several runs find in them, for figures; each network looks once at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem, open_dataset, read_item_ignore, read_item_labels
from sporemetry.image import read_image
from sporemetry.paper.found import HALF, Found
from sporemetry.paper.trial import Trial
from sporemetry.training.evaluate import UNTUNED
from sporemetry.training.parts import TEST, choose_items
from sporemetry.training.pictures import to_eight_bits
from sporemetry.training.trained import available_steps, load_trained

MOST_PICTURES = 12


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A test picture.

    Attributes
    ----------
    name : str
    pixels : uint8 array, H x W x 3
    truth : int32 array, H x W
        Labels.
    ignore : bool array, H x W
    """

    name: str
    pixels: NDArray[np.uint8]
    truth: NDArray[np.int32]
    ignore: NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class Views:
    """The first test pictures of a seed, and the masks of trials in them, made when asked for.

    Attributes
    ----------
    found : Found
    data : Path
    device : str or None
    """

    found: Found
    data: Path
    device: str | None = None
    _pictures: dict[int, list[View]] = field(default_factory=dict)
    _masks: dict[tuple[Trial, int], list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]] = field(
        default_factory=dict
    )

    def seed_of(self, trials: Sequence[Trial]) -> int | None:
        """Return the first seed of which all trials have a run with its weights; None where there is none."""
        return min((seed for seed in self._scored(trials) if self._has_weights(trials, seed)), default=None)

    def are_gone(self, trials: Sequence[Trial]) -> bool:
        """Return whether trials have scores of the same seed, but of none of them the weights as well."""
        return bool(self._scored(trials)) and self.seed_of(trials) is None

    def _scored(self, trials: Sequence[Trial]) -> set[int]:
        return set(self.found.seeds).intersection(*(self.found.seeds_of(trial) for trial in trials))

    def _has_weights(self, trials: Sequence[Trial], seed: int) -> bool:
        return all(available_steps(self.found.runs[trial, seed]) for trial in trials)

    def pictures(self, trial: Trial, seed: int) -> list[View]:
        """Return up to :data:`MOST_PICTURES` test pictures of a seed, in the order of their names."""
        if seed not in self._pictures:
            items = choose_items(open_dataset(self.data), self.found.scores[trial, seed].card, TEST)
            self._pictures[seed] = [read_view(item) for item in items[:MOST_PICTURES]]
        return self._pictures[seed]

    def masks(self, trial: Trial, seed: int, at: str = HALF) -> list[NDArray[np.bool_]]:
        """Return what a trial finds in each picture, at 0.5 or at its tuned threshold."""
        key = trial, seed
        if key not in self._masks:
            tuned = self.found.scores[key].threshold
            trained = load_trained(self.found.runs[key], device=self.device)
            looks = [trained.probability(view.pixels) for view in self.pictures(trial, seed)]
            self._masks[key] = [
                (look >= UNTUNED, look >= (UNTUNED if tuned is None else tuned)) for look in looks
            ]
        return [pair[0 if at == HALF else 1] for pair in self._masks[key]]


def read_view(item: DatasetItem) -> View:
    """Read a labelled picture.

    Raises
    ------
    FileError
        When a file cannot be read.
    """
    pixels = to_eight_bits(read_image(item.image).pixels)
    truth = read_item_labels(item).labels
    return View(item.name, pixels, truth, read_item_ignore(item, truth.shape))
