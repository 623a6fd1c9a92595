"""Dice with a loss of pixels or of borders: sums of two losses, for comparison.

Ours, because monai's DiceCELoss and BoundaryLoss know no ignored pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_RADIUS, ce_loss, cfl_star_loss
from sporemetry.training.losses.distance import boundary_loss
from sporemetry.training.losses.options import IGNORE_INDEX, check_number
from sporemetry.training.losses.region import DEFAULT_SMOOTH, Pool, dice_loss
from sporemetry.training.losses.weights import Ratio

DEFAULT_BOUNDARY_WEIGHT = 0.01


def dice_ce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    dice_weight: float = 1.0,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return cross entropy plus ``dice_weight`` times Dice, :func:`~.ce_loss` and :func:`~.dice_loss`.

    The loss of nnU-Net: Isensee et al. 2021, doi 10.1038/s41592-020-01008-z.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    dice_weight : float
        From 0.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what Dice sums: the whole batch, or each picture (then the mean of pictures).
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
    At p = 1/2 cross entropy is log 2 = 0.6931, and Dice 1 - 2 / 3.5 = 0.4286.

    >>> import torch
    >>> dice_ce_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(1.1217)
    """
    pixels = ce_loss(logits, target, ignore_index=ignore_index)
    dice = dice_loss(logits, target, smooth=smooth, pool=pool, ignore_index=ignore_index)
    return _plus(pixels, "dice_weight", dice_weight, dice)


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
    """Return CFL* plus ``dice_weight`` times Dice, :func:`~.cfl_star_loss` and :func:`~.dice_loss`.

    CFL* is eq. 11 and 12 of Zhao et al. 2019, doi 10.1109/ACCESS.2019.2953085; the sum is ours.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    ratio, beta, radius, shape, pixel_counts
        Of CFL*, as in :func:`~.cfl_star_loss`.
    dice_weight : float
        From 0.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what Dice sums: the whole batch, or each picture (then the mean of pictures).
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
    At p = 1/2, with a = 9, the spore and its ring weigh 3: log 2 (3 + 3 + 1 + 1) / 4 = 1.3863. Dice is
    1 - (1 + 1) / (1 + 1/2 + 3/2 + 1) = 1/2.

    >>> import torch
    >>> target = torch.tensor([[[1, 0, 0, 0]]])
    >>> dice_cfl_star_loss(torch.zeros(1, 1, 4), target, ratio=9.0, radius=1)
    tensor(1.8863)
    """
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
    return _plus(pixels, "dice_weight", dice_weight, dice)


def dice_boundary_loss(
    logits: Tensor,
    target: Tensor,
    *,
    boundary_weight: float = DEFAULT_BOUNDARY_WEIGHT,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return Dice plus ``boundary_weight`` times :func:`~.boundary_loss`.

    Kervadec et al. 2021, doi 10.1016/j.media.2020.101851, add it to a loss of overlap; their weight rises
    from 0.01 as they train, ours stays. Dice is :func:`~.dice_loss`.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    boundary_weight : float
        From 0.
    smooth : float
        Pixels, above 0.
    pool : {"batch", "image"}
        Over what Dice sums: the whole batch, or each picture (then the mean of pictures).
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
    At p = 1/2 Dice is 1 - (1 + 1) / (1 + 1/2 + 3/2 + 1) = 1/2, the boundary loss (3 + 2 + 1 + 0) / 2 / 4.

    >>> import torch
    >>> dice_boundary_loss(torch.zeros(1, 1, 4), torch.tensor([[[0, 0, 0, 1]]]))
    tensor(0.5075)
    """
    dice = dice_loss(logits, target, smooth=smooth, pool=pool, ignore_index=ignore_index)
    boundary = boundary_loss(logits, target, ignore_index=ignore_index)
    return _plus(dice, "boundary_weight", boundary_weight, boundary)


def _plus(first: Tensor, name: str, weight: float, second: Tensor) -> Tensor:
    """Return first + weight second; SettingsError for a weight (called ``name``) below 0."""
    check_number(name, weight, least=0)
    return first + weight * second
