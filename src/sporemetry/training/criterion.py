"""The loss of a run: found by its name, given the ratio that its recipe asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sporemetry.errors import SettingsError
from sporemetry.training.losses import find_loss
from sporemetry.training.losses.weights import RATIO_SOURCES, Ratio
from sporemetry.training.pictures import IGNORED, PictureStatistics, PictureStore
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


class ExclusiveClasses(nn.Module):
    """A loss in its many-class form over background, spore and the heads, of which each pixel has one.

    The logit of the background is 0, so that those of the others are odds against it. A pixel on the map of a
    head is of that class and not of the spores'.

    Parameters
    ----------
    loss : Module
        Takes logits (N, 2 + K, H, W) and targets (N, H, W).
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss: logits (N, 1 + K, H, W), target uint8 (N, 1 + K, H, W)."""
        background = torch.zeros_like(logits[:, :1])
        found: Tensor = self.loss(torch.cat([background, logits], dim=1), exclusive_target(target))
        return found


def exclusive_target(target: Tensor) -> Tensor:
    """Return the class of each pixel (N, H, W) of a target with heads (N, 1 + K, H, W).

    0 background, 1 spore, 2 and on the heads where their map is half or more, and :data:`IGNORED`.

    >>> target = torch.tensor([[[[0, 1, 1, 255]], [[0, 0, 255, 255]]]], dtype=torch.uint8)
    >>> exclusive_target(target).tolist()
    [[[0, 1, 2, 255]]]
    """
    classes = target[:, 0].clone()
    for head in range(1, target.shape[1]):
        classes[(target[:, head] > _HALF) & (target[:, 0] != IGNORED)] = head + 1
    return classes


def count_classes(store: PictureStore) -> tuple[int, ...]:
    """Return how many pixels of a training part each class of :func:`exclusive_target` has."""
    totals = np.zeros(2 + len(store.heads), dtype=np.int64)
    for picture in (store[index] for index in range(len(store))):
        maps = [picture.target[None]]
        if picture.heads is not None:
            maps.append(picture.heads.reshape(*picture.target.shape, -1).transpose(2, 0, 1))
        classes = exclusive_target(torch.from_numpy(np.concatenate(maps))[None]).numpy()
        totals += np.bincount(classes[classes != IGNORED], minlength=totals.size)
    return tuple(totals.tolist())


def build_criterion(
    settings: LossSettings,
    statistics: PictureStatistics,
    heads: Sequence[str] = (),
    class_pixels: Sequence[int] = (),
) -> nn.Module:
    """Return the module that takes logits (N, 1, H, W) and targets (N, H, W) of 0, 1 and 255 (ignored).

    With heads both have 1 + K channels, see :class:`SporesAndHeads`; with ``exclusive``,
    :class:`ExclusiveClasses`, which takes the pixels of each class from :func:`count_classes`.

    Raises
    ------
    SettingsError
        For an unknown loss or option, or a training part without spores where the ratio is needed.
    """
    own: dict[str, Any] = dict(settings.options)
    if settings.exclusive:
        if not heads or "centre" in heads:
            expected = "the head border, and no other, where the loss is exclusive"
            raise SettingsError("network.heads", expected=expected, found=", ".join(heads) or "none")
        many = find_loss(
            settings.name,
            ratio=_ratio(settings.ratio),
            pixel_counts=tuple(class_pixels),
            ignore_index=IGNORED,
            many_class=True,
            **own,
        )
        return ExclusiveClasses(many)
    spores = find_loss(
        settings.name,
        ratio=_ratio(settings.ratio),
        pixel_counts=(statistics.background_pixels, statistics.spore_pixels),
        ignore_index=IGNORED,
        **own,
    )
    return SporesAndHeads(spores, [_HEAD_WEIGHTS[head] for head in heads]) if heads else spores


_HALF = 127
_HEAD_WEIGHTS = {"border": 20.0, "centre": 10.0}


def _ratio(given: float | str) -> Ratio:
    if isinstance(given, str) and given not in RATIO_SOURCES:
        expected = f"{', '.join(RATIO_SOURCES)} or a number"
        raise SettingsError("loss.ratio", expected=expected, found=repr(given))
    return cast(Ratio, given)
