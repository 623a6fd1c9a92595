"""Whole validation pictures through the network, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import torch
from torch import Tensor, nn

from sporemetry.evaluation.pixels import Confusion, confusion
from sporemetry.training.pictures import IGNORED, PictureStatistics, TrainingPicture
from sporemetry.training.prediction import predict_probability
from sporemetry.training.recipe_tables import NetworkSettings


@dataclass(frozen=True, slots=True)
class Validation:
    """Scores on the validation part at the threshold 0.5.

    Attributes
    ----------
    pictures : tuple of Confusion
        Of each picture, in the order of the pictures; none gives undefined scores.
    """

    pictures: tuple[Confusion, ...]

    @property
    def pooled(self) -> Confusion:
        """Of all pictures; its mean IoU is the paper's."""
        return reduce(add, self.pictures, Confusion(0, 0, 0, 0))

    @property
    def values(self) -> dict[str, float]:
        """What is logged: pooled mean IoU and spore IoU, and the mean over pictures where it is defined."""
        each = [found.mean_iou for found in self.pictures]
        sound = [value for value in each if value == value]
        return {
            "mean_iou": self.pooled.mean_iou,
            "spore_iou": self.pooled.spore_iou,
            "mean_iou_by_picture": float(np.mean(sound)) if sound else float("nan"),
        }


def validate_picture(
    network: nn.Module,
    picture: TrainingPicture,
    statistics: PictureStatistics,
    *,
    network_settings: NetworkSettings,
    flips: bool,
    device: torch.device | str = "cpu",
) -> Confusion:
    """Count the pixels of a whole picture at the threshold 0.5, ignored ones left out.

    Parameters
    ----------
    network : Module
        Its mode is left as it was.
    picture : TrainingPicture
    statistics, network_settings, flips, device
        As :func:`~sporemetry.training.prediction.predict_probability` takes them.
    """
    was_training = network.training
    network.eval()
    probability = predict_probability(
        network, picture.pixels, statistics, network_settings, flips=flips, device=device
    )
    network.train(was_training)
    return confusion(probability >= 0.5, picture.target == 1, picture.target == IGNORED)


def spore_target(target: Tensor) -> Tensor:
    """Return the target (N, H, W) of spore or not: the first channel where heads follow it."""
    return target[:, 0] if target.ndim == 4 else target


def count_crops(logits: Tensor, target: Tensor) -> Confusion:
    """Count the pixels of crops at the threshold 0.5 on their device, with one transfer.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or more channels
    target : integer tensor, (N, H, W)
        0, 1 and :data:`IGNORED`.
    """
    found, spore, kept = logits[:, 0] >= 0, target == 1, target != IGNORED
    parts = (found & spore, found & ~spore & kept, ~found & spore, ~found & ~spore & kept)
    return Confusion(*torch.stack([part.sum() for part in parts]).tolist())
