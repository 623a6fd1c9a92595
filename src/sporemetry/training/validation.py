"""Whole validation pictures through the network, and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sporemetry.dataset.folder import DatasetItem
from sporemetry.evaluation.pixels import Confusion, confusion
from sporemetry.training.pictures import IGNORED, PictureStatistics, TrainingPicture, read_training_picture
from sporemetry.training.prediction import predict_probability

Read = Callable[[DatasetItem], TrainingPicture]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Scores on the validation part at the threshold 0.5.

    Attributes
    ----------
    pooled : Confusion
        Of all pictures; its mean IoU is the paper's.
    by_picture : tuple of float
        The mean IoU of each picture, in the order of the pictures; NaN where it is not defined.
    """

    pooled: Confusion
    by_picture: tuple[float, ...]

    @property
    def values(self) -> dict[str, float]:
        """What is logged."""
        sound = [value for value in self.by_picture if value == value]
        return {
            "mean_iou": self.pooled.mean_iou,
            "spore_iou": self.pooled.spore_iou,
            "mean_iou_by_picture": float(np.mean(sound)) if sound else float("nan"),
        }


def validate(
    network: nn.Module,
    items: Sequence[DatasetItem],
    statistics: PictureStatistics,
    *,
    channels: int,
    flips: bool,
    device: torch.device | str = "cpu",
    read: Read = read_training_picture,
) -> Validation:
    """Score a network on whole pictures; its mode is left as it was.

    Parameters
    ----------
    network : Module
    items : sequence of DatasetItem
        With labels. None gives an undefined score.
    statistics, channels, flips, device
        As :func:`~sporemetry.training.prediction.predict_probability` takes them.
    read : callable
        How a picture is read; a cache may stand here.
    """
    was_training = network.training
    network.eval()
    pooled = Confusion(0, 0, 0, 0)
    each = []
    for item in items:
        picture = read(item)
        probability = predict_probability(
            network, picture.pixels, statistics, channels=channels, flips=flips, device=device
        )
        found = confusion(probability >= 0.5, picture.target == 1, picture.target == IGNORED)
        pooled += found
        each.append(found.mean_iou)
    network.train(was_training)
    return Validation(pooled=pooled, by_picture=tuple(each))
