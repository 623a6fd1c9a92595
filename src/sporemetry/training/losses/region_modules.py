"""The losses of overlap as modules: each wraps the function of the same name in :mod:`~.region`."""

from __future__ import annotations

from collections.abc import Sequence

from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_RADIUS
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import IGNORE_INDEX
from sporemetry.training.losses.region import (
    DEFAULT_MISS_WEIGHT,
    DEFAULT_SMOOTH,
    DEFAULT_TVERSKY_GAMMA,
    Pool,
    dice_ce_loss,
    dice_cfl_star_loss,
    dice_loss,
    focal_tversky_loss,
    tversky_loss,
)
from sporemetry.training.losses.weights import Ratio


class DiceLoss(BoundLoss):
    """Soft Dice; options of :func:`~.region.dice_loss`.

    Examples
    --------
    >>> DiceLoss(pool="image")
    DiceLoss(smooth=1.0, pool='image', ignore_index=255)
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
    """Tversky; options of :func:`~.region.tversky_loss`."""

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
    """Focal Tversky; options of :func:`~.region.focal_tversky_loss`."""

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


class DiceCrossEntropyLoss(BoundLoss):
    """Cross entropy plus Dice; options of :func:`~.region.dice_ce_loss`."""

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
    """CFL* plus Dice; options of :func:`~.region.dice_cfl_star_loss`."""

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
