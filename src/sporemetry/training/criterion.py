"""The loss of a run: found by its name, given the ratio that its recipe asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sporemetry.errors import SettingsError
from sporemetry.training.losses import find_loss
from sporemetry.training.losses.weights import RATIO_SOURCES, Ratio
from sporemetry.training.pictures import IGNORED, PictureStatistics
from sporemetry.training.recipe_tables import LossSettings


class SporesAndHeads(nn.Module):
    """The loss of spore or not, plus that of each head.

    A head is a map from 0 to 1. Its loss is the cross entropy with it, less that of a perfect answer, and
    weighed as CFL weighs: by the square root of how rare its pixels are, here a number. Pixels that the spore
    target ignores are ignored by every head.

    Parameters
    ----------
    spores : Module
        Takes logits (N, 1, H, W) and targets (N, H, W).
    weights : sequence of float
        One a head: what its pixels weigh where the map is 1.
    """

    def __init__(self, spores: nn.Module, weights: Sequence[float]) -> None:
        super().__init__()
        self.spores = spores
        self.weights = tuple(weights)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the sum: logits (N, 1 + K, H, W), target uint8 (N, 1 + K, H, W)."""
        total: Tensor = self.spores(logits[:, :1], target[:, 0])
        kept = (target[:, 0] != IGNORED).float()
        pixels = kept.sum().clamp(min=1)
        for head, weight in enumerate(self.weights, start=1):
            truth = target[:, head].float() / 255
            given = logits[:, head].float()
            loss = functional.binary_cross_entropy_with_logits(given, truth, reduction="none")
            least = torch.special.entr(truth) + torch.special.entr(1 - truth)
            total = total + ((loss - least) * (1 + (weight - 1) * (truth > 0)) * kept).sum() / pixels
        return total


def build_criterion(
    settings: LossSettings, statistics: PictureStatistics, heads: Sequence[str] = ()
) -> nn.Module:
    """Return the module that takes logits (N, 1, H, W) and targets (N, H, W) of 0, 1 and 255 (ignored).

    With heads both have 1 + K channels, see :class:`SporesAndHeads`.

    Raises
    ------
    SettingsError
        For an unknown loss or option, or a training part without spores where the ratio is needed.
    """
    spores = find_loss(
        settings.name,
        ratio=_ratio(settings.ratio),
        pixel_counts=(statistics.background_pixels, statistics.spore_pixels),
        ignore_index=IGNORED,
        **settings.options,
    )
    return SporesAndHeads(spores, [_HEAD_WEIGHTS[head] for head in heads]) if heads else spores


_HEAD_WEIGHTS = {"border": 20.0, "centre": 10.0}


def _ratio(given: float | str) -> Ratio:
    if isinstance(given, str) and given not in RATIO_SOURCES:
        expected = f"{', '.join(RATIO_SOURCES)} or a number"
        raise SettingsError("loss.ratio", expected=expected, found=repr(given))
    return cast(Ratio, given)
