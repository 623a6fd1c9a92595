"""Whole pictures through a network: logits, averaged over flips if asked for."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sporemetry.training.loader import normalise
from sporemetry.training.pictures import PictureStatistics, picture_light
from sporemetry.training.recipe_tables import NetworkSettings

_FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-1, -2))


def predict_probability(
    network: nn.Module,
    pixels: NDArray[np.uint8],
    statistics: PictureStatistics,
    settings: NetworkSettings | None = None,
    *,
    flips: bool = False,
    device: torch.device | str = "cpu",
) -> NDArray[np.float32]:
    """Return the probability of spore for each pixel of a whole picture, (H, W); see :func:`predict_maps`."""
    return np.asarray(predict_maps(network, pixels, statistics, settings, flips=flips, device=device)[0])


def predict_maps(
    network: nn.Module,
    pixels: NDArray[np.uint8],
    statistics: PictureStatistics,
    settings: NetworkSettings | None = None,
    *,
    flips: bool = False,
    device: torch.device | str = "cpu",
) -> NDArray[np.float32]:
    """Return every output for each pixel of a whole picture, from 0 to 1.

    Parameters
    ----------
    network : Module
        In evaluation mode; (1, C, H, W) to logits (1, 1 + K, H, W).
    pixels : uint8 array, H x W x 3
    statistics : PictureStatistics
        Of the training part.
    settings : NetworkSettings, optional
        Its channels, and how it wants pictures normalised; the defaults of a recipe where not given.
    flips : bool
        Whether to average over the picture and its three flips.
    device : torch.device or str

    Returns
    -------
    float32 array, 1 + K x H x W
        The probability of spore, then the heads.
    """
    settings = settings or NetworkSettings()
    light = picture_light(pixels) if settings.normalise == "picture" else None
    dtype = next(network.parameters()).dtype
    picture = torch.from_numpy(normalise(pixels, statistics, settings.channels, light))[None].to(
        device, dtype
    )
    with torch.inference_mode():
        turned = [_flipped(network, picture, axes) for axes in (_FLIPS if flips else _FLIPS[:1])]
        mean = torch.stack(turned).mean(dim=0)
    return np.asarray(mean[0].float().cpu().numpy(), dtype=np.float32)


def _flipped(network: nn.Module, picture: Tensor, axes: tuple[int, ...]) -> Tensor:
    logits: Tensor = network(picture.flip(axes) if axes else picture)
    probability = torch.sigmoid(logits.float())
    return probability.flip(axes) if axes else probability
