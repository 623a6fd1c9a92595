"""The paper's losses for many classes, one logit a class, as modules.

Each wraps the function of the same name in :mod:`~.many_class`: logits (N, K, H, W), targets (N, H, W) of
0 ... K-1 and ``ignore_index``. Options are checked when the module is made; a batch with nothing in it
costs 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from torch import Tensor

from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_GAMMA, DEFAULT_RADIUS
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.many_class import (
    many_class_bce_a_loss,
    many_class_bce_loss,
    many_class_ce_loss,
    many_class_cfl_loss,
    many_class_cfl_star_loss,
    many_class_focal_alpha_loss,
    many_class_focal_loss,
    many_class_pixel_weights,
)
from sporemetry.training.losses.options import PixelOptions
from sporemetry.training.losses.weights import ClassRatio


class ManyClassCrossEntropyLoss(BoundLoss):
    """Cross entropy of the softmax; options of :func:`~.many_class.many_class_ce_loss`.

    Examples
    --------
    >>> import torch
    >>> ManyClassCrossEntropyLoss()(torch.zeros(1, 3, 1, 1), torch.ones(1, 1, 1))
    tensor(1.0986)
    """

    def __init__(self, **options: Unpack[PixelOptions]) -> None:
        super().__init__(many_class_ce_loss, options, channels=2)


class ManyClassBalancedCrossEntropyLoss(BoundLoss):
    """Cross entropy with one alpha a class; options of :func:`~.many_class.many_class_bce_loss`.

    Examples
    --------
    >>> ManyClassBalancedCrossEntropyLoss(alpha=(0.1, 0.6, 0.3))
    ManyClassBalancedCrossEntropyLoss(alpha=(0.1, 0.6, 0.3))
    """

    def __init__(self, *, alpha: Sequence[float], **options: Unpack[PixelOptions]) -> None:
        super().__init__(many_class_bce_loss, {"alpha": alpha, **options}, channels=len(alpha))


class ManyClassFrequencyBalancedCrossEntropyLoss(BoundLoss):
    """Cross entropy over the class frequency; options of :func:`~.many_class.many_class_bce_a_loss`.

    Examples
    --------
    >>> ManyClassFrequencyBalancedCrossEntropyLoss(ratio="batch")
    ManyClassFrequencyBalancedCrossEntropyLoss(ratio='batch', pixel_counts=None)
    """

    def __init__(
        self,
        *,
        ratio: ClassRatio = "dataset",
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"ratio": ratio, "pixel_counts": pixel_counts}
        super().__init__(many_class_bce_a_loss, {**own, **options}, channels=_classes(ratio, pixel_counts))


class ManyClassFocalLoss(BoundLoss):
    """Focal loss of the softmax; options of :func:`~.many_class.many_class_focal_loss`.

    Examples
    --------
    >>> ManyClassFocalLoss(gamma=1.0)
    ManyClassFocalLoss(gamma=1.0)
    """

    def __init__(self, *, gamma: float = DEFAULT_GAMMA, **options: Unpack[PixelOptions]) -> None:
        super().__init__(many_class_focal_loss, {"gamma": gamma, **options}, channels=2)


class ManyClassBalancedFocalLoss(BoundLoss):
    """Focal loss with one alpha a class; options of :func:`~.many_class.many_class_focal_alpha_loss`.

    Examples
    --------
    >>> ManyClassBalancedFocalLoss(alpha=(0.2, 0.8))
    ManyClassBalancedFocalLoss(gamma=2.0, alpha=(0.2, 0.8))
    """

    def __init__(
        self,
        *,
        alpha: Sequence[float],
        gamma: float = DEFAULT_GAMMA,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"gamma": gamma, "alpha": alpha}
        super().__init__(many_class_focal_alpha_loss, {**own, **options}, channels=len(alpha))


class _Constrained(BoundLoss):
    """What both constrained losses share: the map of their weights."""

    def pixel_weights(self, target: Tensor, classes: int | None = None) -> Tensor:
        """Return the weight of each pixel, for plots: see :func:`~.many_class.many_class_pixel_weights`."""
        shared = self.options_of(many_class_pixel_weights)
        return many_class_pixel_weights(target, classes=classes, **shared)


class ManyClassConstrainedFocalLoss(_Constrained):
    """CFL for many classes; options of :func:`~.many_class.many_class_cfl_loss`.

    Examples
    --------
    >>> import torch
    >>> ManyClassConstrainedFocalLoss(pixel_counts=(900, 100)).pixel_weights(torch.tensor([[[0, 1]]]))
    tensor([[[1., 3.]]])
    >>> ManyClassConstrainedFocalLoss(ratio=(1, 9, 4)).pixel_weights(torch.tensor([[[0, 1, 2]]]))
    tensor([[[1., 3., 2.]]])
    """

    def __init__(
        self,
        *,
        ratio: ClassRatio = "dataset",
        beta: float = DEFAULT_BETA,
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"ratio": ratio, "beta": beta, "pixel_counts": pixel_counts}
        super().__init__(many_class_cfl_loss, {**own, **options}, channels=_classes(ratio, pixel_counts))


class ManyClassConstrainedFocalLossStar(_Constrained):
    """CFL* for many classes; options of :func:`~.many_class.many_class_cfl_star_loss`.

    Examples
    --------
    >>> ManyClassConstrainedFocalLossStar(ratio="image", radius=2)
    ManyClassConstrainedFocalLossStar(ratio='image', beta=2.0, radius=2, shape='cross', pixel_counts=None)
    """

    def __init__(
        self,
        *,
        ratio: ClassRatio = "dataset",
        beta: float = DEFAULT_BETA,
        radius: int = DEFAULT_RADIUS,
        shape: str = "cross",
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"ratio": ratio, "beta": beta, "radius": radius, "shape": shape, "pixel_counts": pixel_counts}
        super().__init__(many_class_cfl_star_loss, {**own, **options}, channels=_classes(ratio, pixel_counts))


def _classes(ratio: ClassRatio, pixel_counts: Sequence[int] | None) -> int:
    """Return the number of classes that a loss will see, as far as its options tell it."""
    told = ratio if isinstance(ratio, Sequence) and not isinstance(ratio, str) else pixel_counts
    return 2 if told is None else max(len(told), 2)
