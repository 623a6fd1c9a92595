"""Losses of overlap, for comparison: Dice, Tversky, Focal Tversky, and Dice with a loss of pixels.

They count soft hits tp, misses fn and false alarms fp over a batch, or over each picture, and compare sums.
Ours, because none of the libraries' holds throughout. segmentation-models-pytorch and monai add half
precision up in half precision, which is NaN from 512 x 512 pixels on, and fail or give NaN on an empty batch;
the gradient of the former's Focal Tversky is NaN on pure background; monai's Dice with cross entropy knows no
ignored pixels; kornia takes a channel a class. Where theirs hold, ours is equal to them: the tests show both.

All take logits (N, 1, H, W) or (N, H, W) and a target of 0, 1 and ``ignore_index``, and return one float32
number (float64 for float64 logits): 0 with nothing in it. Wrong input raises SettingsError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import torch
from torch import Tensor

from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_RADIUS, ce_loss, cfl_star_loss
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    check_binary,
    check_choice,
    check_number,
    check_options,
    divide,
)
from sporemetry.training.losses.pixelwise import working_type
from sporemetry.training.losses.weights import Ratio

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

    Milletari et al. 2016, doi 10.1109/3DV.2016.79, without the squares.

    Parameters
    ----------
    logits, target, ignore_index
        See the module.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what is summed.

    Examples
    --------
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
    """Return the Tversky loss, in which misses and false alarms weigh differently.

    Salehi et al. 2017, doi 10.1007/978-3-319-67389-9_44; their alpha is 1 - ``miss_weight``, their beta
    ``miss_weight``. Parameters as in :func:`dice_loss`, and

    miss_weight : float
        What a missed pixel weighs, 0 to 1; a false alarm weighs the rest.
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

    Abraham and Khan 2019, doi 10.1109/ISBI.2019.8759329; their alpha is ``miss_weight``. Parameters as in
    :func:`tversky_loss`, and

    gamma : float
        1 to 3 in their paper; any number above 0.
    """
    check_number("miss_weight", miss_weight, least=0, most=1)
    check_number("smooth", smooth, above=0)
    check_number("gamma", gamma, above=0)
    hits, misses, alarms, _ = soft_counts(logits, target, ignore_index, pool)
    share = missed_share(hits, misses, alarms, miss_weight, smooth)
    return divide(focused(share, 1 / gamma).sum(), share.numel())


def dice_ce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    dice_weight: float = 1.0,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return cross entropy plus ``dice_weight`` times Dice (nnU-Net, doi 10.1038/s41592-020-01008-z)."""
    pixels = ce_loss(logits, target, ignore_index=ignore_index)
    dice = dice_loss(logits, target, smooth=smooth, pool=pool, ignore_index=ignore_index)
    return plus(pixels, "dice_weight", dice_weight, dice)


def dice_cfl_star_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    beta: float = DEFAULT_BETA,
    radius: int = DEFAULT_RADIUS,
    shape: str = "cross",
    pixel_counts: Sequence[int] | None = None,
    dice_weight: float = 1.0,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return CFL* plus ``dice_weight`` times Dice; CFL*'s options are those of :func:`~.cfl_star_loss`."""
    pixels = cfl_star_loss(
        logits,
        target,
        ratio=ratio,
        beta=beta,
        radius=radius,
        shape=shape,
        pixel_counts=pixel_counts,
        ignore_index=ignore_index,
    )
    dice = dice_loss(logits, target, smooth=smooth, pool=pool, ignore_index=ignore_index)
    return plus(pixels, "dice_weight", dice_weight, dice)


def plus(first: Tensor, name: str, weight: float, second: Tensor) -> Tensor:
    """Return first + weight second; SettingsError for a weight (called ``name``) below 0."""
    check_number(name, weight, least=0)
    return first + weight * second
