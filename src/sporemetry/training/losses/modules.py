"""The losses of the paper for one logit a pixel, as modules.

Each wraps the function of the same name in :mod:`~.binary`: same options, same results, same errors, these
when the module is made. Calls take logits (N, 1, H, W) or (N, H, W) and targets of the same shape, with or
without the channel, of 0, 1 and ``ignore_index``; a batch with nothing in it costs 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from torch import Tensor

from sporemetry.training.losses.binary import (
    DEFAULT_ALPHA,
    DEFAULT_BETA,
    DEFAULT_GAMMA,
    DEFAULT_RADIUS,
    bce_a_loss,
    bce_loss,
    ce_loss,
    cfl_loss,
    cfl_star_loss,
    focal_alpha_loss,
    focal_loss,
    pixel_weights,
)
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import PixelOptions
from sporemetry.training.losses.weights import Ratio


class CrossEntropyLoss(BoundLoss):
    """Cross entropy CE (eq. 2); options of :func:`~.binary.ce_loss`.

    Examples
    --------
    >>> import torch
    >>> CrossEntropyLoss(reduction="sum")(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, 1]]]))
    tensor(1.3863)
    """

    def __init__(self, **options: Unpack[PixelOptions]) -> None:
        super().__init__(ce_loss, options)


class BalancedCrossEntropyLoss(BoundLoss):
    """Balanced cross entropy BCE (eq. 4, 5); options of :func:`~.binary.bce_loss`.

    Examples
    --------
    >>> BalancedCrossEntropyLoss(alpha=0.75)
    BalancedCrossEntropyLoss(alpha=0.75)
    """

    def __init__(self, *, alpha: float = 0.5, **options: Unpack[PixelOptions]) -> None:
        super().__init__(bce_loss, {"alpha": alpha, **options})


class FrequencyBalancedCrossEntropyLoss(BoundLoss):
    """Cross entropy over the class frequency, BCE_A (eq. 6); options of :func:`~.binary.bce_a_loss`.

    Examples
    --------
    >>> FrequencyBalancedCrossEntropyLoss(ratio="batch")
    FrequencyBalancedCrossEntropyLoss(ratio='batch', pixel_counts=None)
    """

    def __init__(
        self,
        *,
        ratio: Ratio = "dataset",
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        super().__init__(bce_a_loss, {"ratio": ratio, "pixel_counts": pixel_counts, **options})


class FocalLoss(BoundLoss):
    """Focal loss FL (eq. 7); options of :func:`~.binary.focal_loss`.

    Examples
    --------
    >>> FocalLoss(gamma=0.5, ignore_index=None)
    FocalLoss(gamma=0.5, ignore_index=None)
    """

    def __init__(self, *, gamma: float = DEFAULT_GAMMA, **options: Unpack[PixelOptions]) -> None:
        super().__init__(focal_loss, {"gamma": gamma, **options})


class BalancedFocalLoss(BoundLoss):
    """Focal loss weighted by alpha, FL# (eq. 8); options of :func:`~.binary.focal_alpha_loss`.

    Examples
    --------
    >>> BalancedFocalLoss(alpha=0.9)
    BalancedFocalLoss(gamma=2.0, alpha=0.9)
    """

    def __init__(
        self,
        *,
        gamma: float = DEFAULT_GAMMA,
        alpha: float = DEFAULT_ALPHA,
        **options: Unpack[PixelOptions],
    ) -> None:
        super().__init__(focal_alpha_loss, {"gamma": gamma, "alpha": alpha, **options})


class _Constrained(BoundLoss):
    """What CFL and CFL* share: the map of their weights."""

    def pixel_weights(self, target: Tensor) -> Tensor:
        """Return the weight of each pixel, for plots: see :func:`~.binary.pixel_weights`."""
        return pixel_weights(target, **self.options_of(pixel_weights))


class ConstrainedFocalLoss(_Constrained):
    """Constrained focal loss CFL (eq. 9, 10); options of :func:`~.binary.cfl_loss`.

    Examples
    --------
    >>> import torch
    >>> loss = ConstrainedFocalLoss(pixel_counts=(900, 100))
    >>> loss.pixel_weights(torch.tensor([[[0, 1, 255]]]))
    tensor([[[1., 3., 0.]]])
    """

    def __init__(
        self,
        *,
        ratio: Ratio = "dataset",
        beta: float = DEFAULT_BETA,
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        super().__init__(cfl_loss, {"ratio": ratio, "beta": beta, "pixel_counts": pixel_counts, **options})


class ConstrainedFocalLossStar(_Constrained):
    """CFL* (eq. 11, 12), CFL with a ring around the spores; options of :func:`~.binary.cfl_star_loss`.

    Examples
    --------
    >>> import torch
    >>> loss = ConstrainedFocalLossStar(ratio=9.0, radius=1)
    >>> loss.pixel_weights(torch.tensor([[[0, 0, 1, 0, 255]]]))
    tensor([[[1., 3., 3., 3., 0.]]])
    """

    def __init__(
        self,
        *,
        ratio: Ratio = "dataset",
        beta: float = DEFAULT_BETA,
        radius: int = DEFAULT_RADIUS,
        shape: str = "cross",
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"ratio": ratio, "beta": beta, "radius": radius, "shape": shape, "pixel_counts": pixel_counts}
        super().__init__(cfl_star_loss, {**own, **options})
