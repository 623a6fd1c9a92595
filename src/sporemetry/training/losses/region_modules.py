"""The losses of overlap as modules: each wraps the function of the same name in :mod:`~.region`.

Calls take logits (N, 1, H, W) or (N, H, W) and a target of 0, 1 and ``ignore_index``, and return one number:
0 with nothing in it.
"""

from __future__ import annotations

from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import IGNORE_INDEX
from sporemetry.training.losses.region import (
    DEFAULT_MISS_WEIGHT,
    DEFAULT_SMOOTH,
    DEFAULT_TVERSKY_GAMMA,
    Pool,
    dice_loss,
    focal_tversky_loss,
    tversky_loss,
)


class DiceLoss(BoundLoss):
    """Soft Dice: :func:`~.region.dice_loss` as a module of logits and target.

    Parameters
    ----------
    smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = DiceLoss(smooth=1.0)
    >>> loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.4286)
    """

    def __init__(
        self,
        *,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        super().__init__(dice_loss, {"smooth": smooth, "pool": pool, "ignore_index": ignore_index})


class TverskyLoss(BoundLoss):
    """Tversky: :func:`~.region.tversky_loss` as a module of logits and target.

    Parameters
    ----------
    miss_weight, smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = TverskyLoss(miss_weight=0.7)
    >>> loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.3023)
    """

    def __init__(
        self,
        *,
        miss_weight: float = DEFAULT_MISS_WEIGHT,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"miss_weight": miss_weight, "smooth": smooth, "pool": pool}
        super().__init__(tversky_loss, {**own, "ignore_index": ignore_index})


class FocalTverskyLoss(BoundLoss):
    """Focal Tversky: :func:`~.region.focal_tversky_loss` as a module of logits and target.

    Parameters
    ----------
    miss_weight, gamma, smooth, pool, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = FocalTverskyLoss(gamma=4 / 3)
    >>> loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[1, 0], [0, 255]]]))
    tensor(0.4077)
    """

    def __init__(
        self,
        *,
        miss_weight: float = DEFAULT_MISS_WEIGHT,
        gamma: float = DEFAULT_TVERSKY_GAMMA,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"miss_weight": miss_weight, "gamma": gamma, "smooth": smooth, "pool": pool}
        super().__init__(focal_tversky_loss, {**own, "ignore_index": ignore_index})
