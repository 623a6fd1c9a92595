"""Losses of overlap, for comparison: Dice, Tversky, Focal Tversky.

They count soft hits tp, misses fn and false alarms fp over a batch, or over each picture, and compare sums.
Ours, because none of the libraries' holds throughout. segmentation-models-pytorch and monai add half
precision up in half precision, which is NaN from 512 x 512 pixels on, and fail or give NaN on an empty batch;
the gradient of the former's Focal Tversky is NaN on pure background; kornia's take a channel a class. Where
theirs hold, ours is equal to them: the tests show both.
"""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor

from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    check_binary,
    check_choice,
    check_number,
    check_options,
    divide,
)
from sporemetry.training.losses.pixelwise import working_type

Pool = Literal["batch", "image"]
"""Over what hits and misses are summed: the whole batch, or each picture (then the mean of pictures)."""

DEFAULT_SMOOTH: Final = 1.0
DEFAULT_MISS_WEIGHT: Final = 0.7
DEFAULT_TVERSKY_GAMMA: Final = 4 / 3
_STRAIGHT: Final = 1e-7


def soft_counts(
    logits: Tensor, target: Tensor, ignore_index: int | None, pool: Pool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return soft hits, misses, false alarms and true background in pixels, each (1,) or (N,).

    Examples
    --------
    >>> soft_counts(torch.zeros(1, 1, 4), torch.tensor([[[1, 0, 0, 255]]]), 255, "batch")
    (tensor([0.5000]), tensor([0.5000]), tensor([1.]), tensor([1.]))
    """
    check_choice("pool", pool, ("batch", "image"))
    check_options({"ignore_index": ignore_index})
    target = check_binary(logits, target, ignore_index)
    wide = logits.to(working_type(logits))
    here, not_here = torch.sigmoid(wide), torch.sigmoid(-wide)
    spores, background = target == 1, target == 0
    terms = (here * spores, not_here * spores, here * background, not_here * background)
    if pool == "batch":
        hits, misses, alarms, rest = (term.sum().reshape(1) for term in terms)
    else:
        hits, misses, alarms, rest = (term.flatten(1).sum(dim=1) for term in terms)
    return hits, misses, alarms, rest


def missed_share(hits: Tensor, misses: Tensor, alarms: Tensor, miss_weight: float, smooth: float) -> Tensor:
    """Return 1 less the Tversky index (hits + smooth) / (hits + m misses + (1 - m) alarms + smooth)."""
    wrong = miss_weight * misses + (1 - miss_weight) * alarms
    return wrong / (hits + wrong + smooth)


def focused(share: Tensor, exponent: float) -> Tensor:
    """Return share^exponent, a straight line below 1e-7: its slope stays finite at 0, and 0 stays 0.

    Examples
    --------
    >>> focused(torch.tensor([0.0, 0.25]), 0.5)
    tensor([0.0000, 0.5000])
    """
    curve = share.clamp(min=_STRAIGHT).pow(exponent)
    return torch.where(share > _STRAIGHT, curve, share * _STRAIGHT ** (exponent - 1))


def dice_loss(
    logits: Tensor,
    target: Tensor,
    *,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return the soft Dice loss, 1 - (2 tp + smooth) / (2 tp + fp + fn + smooth).

    tp, fn and fp are sums of p on spores, 1 - p on spores and p on background. Milletari et al. 2016,
    doi 10.1109/3DV.2016.79, without the squares in its denominator.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what is summed: the whole batch, or each picture (then the mean of pictures).
    ignore_index : int or None
        The target of pixels that are in no sum.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        0 with nothing in it: an empty batch, all ignored.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    At p = 1/2 tp = fn = 1/2 and fp = 1: 1 - (1 + 1) / (1 + 1 + 1/2 + 1) = 1 - 2 / 3.5.

    >>> dice_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.4286)
    """
    return tversky_loss(
        logits, target, miss_weight=0.5, smooth=smooth / 2, pool=pool, ignore_index=ignore_index
    )


def tversky_loss(
    logits: Tensor,
    target: Tensor,
    *,
    miss_weight: float = DEFAULT_MISS_WEIGHT,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return the Tversky loss, 1 - (tp + smooth) / (tp + m fn + (1 - m) fp + smooth), m = ``miss_weight``.

    Salehi et al. 2017, doi 10.1007/978-3-319-67389-9_44; their alpha is 1 - m, their beta m. tp, fn and fp
    are those of :func:`dice_loss`.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    miss_weight : float
        What a missed pixel weighs, 0 to 1; a false alarm weighs the rest.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what is summed: the whole batch, or each picture (then the mean of pictures).
    ignore_index : int or None
        The target of pixels that are in no sum.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        0 with nothing in it: an empty batch, all ignored.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    At p = 1/2 tp = fn = 1/2 and fp = 1: 0.7 / 2 + 0.3 = 0.65 is wrong, 0.65 / (0.5 + 0.65 + 1).

    >>> tversky_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.3023)
    """
    return focal_tversky_loss(
        logits,
        target,
        miss_weight=miss_weight,
        gamma=1.0,
        smooth=smooth,
        pool=pool,
        ignore_index=ignore_index,
    )


def focal_tversky_loss(
    logits: Tensor,
    target: Tensor,
    *,
    miss_weight: float = DEFAULT_MISS_WEIGHT,
    gamma: float = DEFAULT_TVERSKY_GAMMA,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return the Focal Tversky loss, (Tversky loss)^(1 / gamma), with a finite gradient everywhere.

    Abraham and Khan 2019, doi 10.1109/ISBI.2019.8759329; their alpha is ``miss_weight``. Below a Tversky loss
    of 1e-7 it is a straight line: the power's slope is infinite at 0.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    miss_weight : float
        As in :func:`tversky_loss`.
    gamma : float
        1 to 3 in their paper; any number above 0.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what is summed: the whole batch, or each picture (then the mean of pictures).
    ignore_index : int or None
        The target of pixels that are in no sum.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        0 with nothing in it: an empty batch, all ignored.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    The Tversky loss 0.65 / 2.15 = 0.3023 to the power 3/4:

    >>> focal_tversky_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.4077)
    """
    check_number("miss_weight", miss_weight, least=0, most=1)
    check_number("smooth", smooth, above=0)
    check_number("gamma", gamma, above=0)
    hits, misses, alarms, _ = soft_counts(logits, target, ignore_index, pool)
    share = missed_share(hits, misses, alarms, miss_weight, smooth)
    return divide(focused(share, 1 / gamma).sum(), share.numel())
