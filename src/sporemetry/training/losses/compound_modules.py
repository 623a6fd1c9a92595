"""Dice with another loss as modules: each wraps the function of the same name in :mod:`~.compound`.

Calls take logits (N, 1, H, W) or (N, H, W) and a target of 0, 1 and ``ignore_index``, and return one number:
0 with nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_RADIUS
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.compound import (
    DEFAULT_BOUNDARY_WEIGHT,
    dice_boundary_loss,
    dice_ce_loss,
    dice_cfl_star_loss,
)
from sporemetry.training.losses.options import IGNORE_INDEX
from sporemetry.training.losses.region import DEFAULT_SMOOTH, Pool
from sporemetry.training.losses.weights import Ratio


class DiceCrossEntropyLoss(BoundLoss):
    """Cross entropy plus Dice: :func:`~.compound.dice_ce_loss` as a module of logits and target.

    Parameters
    ----------
    dice_weight, smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = DiceCrossEntropyLoss(dice_weight=2.0)  # 0.6931 + 2 x 0.4286
    >>> loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(1.5503)
    """

    def __init__(
        self,
        *,
        dice_weight: float = 1.0,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"dice_weight": dice_weight, "smooth": smooth, "pool": pool}
        super().__init__(dice_ce_loss, {**own, "ignore_index": ignore_index})


class DiceConstrainedFocalLossStar(BoundLoss):
    """CFL* plus Dice: :func:`~.compound.dice_cfl_star_loss` as a module of logits and target.

    Parameters
    ----------
    ratio, beta, radius, shape, pixel_counts, dice_weight, smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = DiceConstrainedFocalLossStar(ratio=9.0, radius=1)
    >>> loss(torch.zeros(1, 1, 4), torch.tensor([[[1, 0, 0, 0]]]))
    tensor(1.8863)
    """

    def __init__(
        self,
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
    ) -> None:
        of_cfl = {
            "ratio": ratio,
            "beta": beta,
            "radius": radius,
            "shape": shape,
            "pixel_counts": pixel_counts,
        }
        of_dice = {"dice_weight": dice_weight, "smooth": smooth, "pool": pool, "ignore_index": ignore_index}
        super().__init__(dice_cfl_star_loss, {**of_cfl, **of_dice})


class DiceBoundaryLoss(BoundLoss):
    """Dice plus the boundary loss: :func:`~.compound.dice_boundary_loss` as a module of logits and target.

    Parameters
    ----------
    boundary_weight, smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = DiceBoundaryLoss(boundary_weight=1.0)  # 1/2 + 3/4
    >>> loss(torch.zeros(1, 1, 4), torch.tensor([[[0, 0, 0, 1]]]))
    tensor(1.2500)
    """

    def __init__(
        self,
        *,
        boundary_weight: float = DEFAULT_BOUNDARY_WEIGHT,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"boundary_weight": boundary_weight, "smooth": smooth, "pool": pool}
        super().__init__(dice_boundary_loss, {**own, "ignore_index": ignore_index})
