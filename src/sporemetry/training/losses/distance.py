"""Losses that know distances: U-Net's weights between spores, and the boundary loss; for comparison.

Ours: no library here has U-Net's weights, and monai's BoundaryLoss, to which ours is equal otherwise, knows
no ignored pixels. The maps are those of :mod:`~.distance_maps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from sporemetry.training.losses.binary import ce_loss, pixel_weights
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.distance_maps import (
    DEFAULT_SIGMA,
    DEFAULT_W0,
    by_picture,
    check_gaps,
    gap_weights,
    signed_distance,
)
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    PixelOptions,
    check_binary,
    check_options,
    count_pixels,
    divide,
    reduce_pixels,
)
from sporemetry.training.losses.pixelwise import working_type
from sporemetry.training.losses.weights import Ratio


def distance_weighted_ce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    w0: float = DEFAULT_W0,
    sigma: float = DEFAULT_SIGMA,
    ratio: Ratio = "dataset",
    beta: float = 1.0,
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the cross entropy under U-Net's weights: of the classes, and of gaps between spores.

    A pixel weighs w_c + w0 exp(-(d1 + d2)^2 / (2 sigma^2)): Ronneberger et al. 2015, eq. 2,
    doi 10.1007/978-3-319-24574-4_28. Spores are the connected components (8 neighbours) of the target: where
    two touch there is no gap.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    w0 : float
        What a gap of no width weighs, above 0.
    sigma : float
        Width of the gaps that matter, px, above 0.
    ratio, beta, pixel_counts
        The weights w_c of the classes, as in :func:`~.cfl_loss`. The paper says only that they balance the
        classes: beta = 1 does so, an infinite one gives every class 1.
    **options
        ``reduction``, ``normalize``, ``ignore_index``: see :class:`~.options.PixelOptions`.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        0 with nothing in it (an empty batch, all ignored); of the logits' shape with ``reduction="none"``.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    Between two spores (d1 = d2 = 1) a pixel weighs 1 + 10 exp(-4 / 50) = 10.231, spores 4 each; all cost
    log 2:

    >>> target = torch.tensor([[[1, 0, 1]]])
    >>> distance_weighted_ce_loss(torch.zeros(1, 1, 3), target, ratio=4.0)
    tensor(4.2123)
    """
    check_gaps(w0, sigma)
    reduction, normalize, ignore = check_options(options)
    target = check_binary(logits, target, ignore)
    weights = pixel_weights(target, ratio=ratio, beta=beta, pixel_counts=pixel_counts, ignore_index=ignore)

    def gaps(spores: NDArray[np.bool_]) -> NDArray[np.float32]:
        labels, _ = ndimage.label(spores, structure=np.ones((3, 3)))
        return gap_weights(labels, w0=w0, sigma=sigma)

    extra = by_picture(target, gaps)
    weights = weights + (extra if ignore is None else extra * (target != ignore))
    losses = ce_loss(logits, target, reduction="none", ignore_index=ignore)
    return reduce_pixels(losses * weights, weights, target, reduction, normalize, ignore)


def boundary_loss(logits: Tensor, target: Tensor, *, ignore_index: int | None = IGNORE_INDEX) -> Tensor:
    """Return the boundary loss, the mean over pixels of p times the signed distance; may be below 0.

    Kervadec et al. 2021, doi 10.1016/j.media.2020.101851, with the distances of their released code:
    :func:`~.signed_distance`. It says nothing about pictures without spores: add it to another loss.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    ignore_index : int or None
        Such pixels are no spore when distances are measured, and do not count.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        In px. 0 with nothing in it (an empty batch, all ignored), without spores, and with nothing else.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    Distances 3, 2, 1 and 0, all at p = 1/2: (3 + 2 + 1) / 2 / 4.

    >>> boundary_loss(torch.zeros(1, 1, 4), torch.tensor([[[0, 0, 0, 1]]]))
    tensor(0.7500)
    """
    check_options({"ignore_index": ignore_index})
    target = check_binary(logits, target, ignore_index)
    probability = torch.sigmoid(logits.to(working_type(logits)))
    distances = by_picture(target, signed_distance)
    if ignore_index is not None:
        distances = distances * (target != ignore_index)
    return divide((probability * distances).sum(), count_pixels(target, ignore_index))


class DistanceWeightedCrossEntropyLoss(BoundLoss):
    """Cross entropy under U-Net's weights: :func:`distance_weighted_ce_loss` as a module.

    Parameters
    ----------
    w0, sigma, ratio, beta, pixel_counts, **options
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> loss = DistanceWeightedCrossEntropyLoss(ratio=4.0)
    >>> loss(torch.zeros(1, 1, 3), torch.tensor([[[1, 0, 1]]]))
    tensor(4.2123)
    """

    def __init__(
        self,
        *,
        w0: float = DEFAULT_W0,
        sigma: float = DEFAULT_SIGMA,
        ratio: Ratio = "dataset",
        beta: float = 1.0,
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"w0": w0, "sigma": sigma, "ratio": ratio, "beta": beta, "pixel_counts": pixel_counts}
        super().__init__(distance_weighted_ce_loss, {**own, **options})


class BoundaryLoss(BoundLoss):
    """The boundary loss alone: :func:`boundary_loss` as a module of logits and target.

    Parameters
    ----------
    ignore_index : int or None
        The target that is ignored.

    Raises
    ------
    SettingsError
        When it is made, for the setting; when it is called, for shapes and values.

    Examples
    --------
    >>> BoundaryLoss()(torch.zeros(1, 1, 4), torch.tensor([[[0, 0, 0, 1]]]))
    tensor(0.7500)
    """

    def __init__(self, *, ignore_index: int | None = IGNORE_INDEX) -> None:
        super().__init__(boundary_loss, {"ignore_index": ignore_index})
