"""A trained network taken from a run, ready to look at pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sporemetry.errors import FileError, SettingsError
from sporemetry.training import checkpoint as checkpoints
from sporemetry.training.average import AveragedWeights
from sporemetry.training.networks import build_network
from sporemetry.training.prediction import predict_maps
from sporemetry.training.restore import restore_weights
from sporemetry.training.run_folder import RunCard, read_run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A network in evaluation mode with what it needs to know of its run.

    Attributes
    ----------
    network : Module
        (N, C, H, W) to logits (N, 1, H, W).
    card : RunCard
        The run's.
    step : int
        Steps that it was trained for.
    device : torch.device
        Where it lies.
    """

    network: nn.Module
    card: RunCard
    step: int
    device: torch.device

    def probability(self, pixels: NDArray[np.uint8], *, flips: bool | None = None) -> NDArray[np.float32]:
        """Return the probability of spore for each pixel of a picture.

        Parameters
        ----------
        pixels : uint8 array, H x W x 3
        flips : bool, optional
            Whether to average over flips; None: as the recipe says.

        Returns
        -------
        float32 array, H x W
        """
        return np.asarray(self.maps(pixels, flips=flips)[0])

    def maps(self, pixels: NDArray[np.uint8], *, flips: bool | None = None) -> NDArray[np.float32]:
        """Return all outputs for each pixel of a picture, (1 + K, H, W): spore, then the recipe's heads."""
        recipe = self.card.recipe
        return predict_maps(
            self.network,
            pixels,
            self.card.statistics,
            recipe.network,
            flips=recipe.test_flips if flips is None else flips,
            device=self.device,
        )


def load_trained(
    run: str | Path, *, step: int | None = None, device: torch.device | str | None = None
) -> TrainedNetwork:
    """Take a network from a run: the averaged weights where the recipe averages them.

    Parameters
    ----------
    run : str or Path
        A run's folder.
    step : int, optional
        One of the kept steps, or of the newest two; None: the best validated state, without a validation the
        last one.
    device : torch.device or str, optional
        None: a GPU where there is one.

    Raises
    ------
    LabelReadError
        When the folder is no run.
    SettingsError
        When the run has no state of that step.
    CheckpointError
        When the state is damaged.
    """
    run = Path(run)
    card = read_run(run)
    found = checkpoints.read_folder(_state_path(run, step))
    # The run has the weights: those that the encoder began with need not be had again.
    network = build_network(
        replace(card.recipe.network, weights=None),
        classes=1 + len(card.recipe.network.heads),
        seed=card.recipe.seed,
    )
    averaged = AveragedWeights(network, card.recipe.ema).network if found.ema else network
    restore_weights(found.ema or found.model, averaged, run)
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return TrainedNetwork(network=averaged.eval().to(chosen), card=card, step=found.step, device=chosen)


def available_steps(run: str | Path) -> tuple[int, ...]:
    """Return the steps whose weights a run still has, sorted: the kept ones, the best and the newest two."""
    return tuple(sorted(checkpoints.stored_steps(Path(run))))


def _state_path(run: Path, step: int | None) -> Path:
    stored = checkpoints.stored_steps(run)
    if step is not None:
        if step not in stored:
            raise SettingsError(
                "--step",
                expected=f"a step whose weights the run has: {', '.join(map(str, sorted(stored))) or 'none'}",
                found=str(step),
                remedy="`keep = [...]` in the recipe keeps the weights of chosen steps.",
            )
        return stored[step]
    if (best := checkpoints.best_path(run)) is not None:
        return best
    if not stored:
        raise FileError(
            run,
            expected="a run with a saved state",
            found="none yet",
            remedy="Train on: `sporemetry train` with the same command.",
        )
    return stored[max(stored)]
