"""Unified Focal loss, for comparison: a focal cross entropy and a Focal Tversky under three settings.

Yeung et al. 2022, doi 10.1016/j.compmedimag.2021.102026, the asymmetric form, as their released code has it
(their equation swaps the weights of misses and false alarms). Ours, because monai's
AsymmetricUnifiedFocalLoss takes logits for probabilities, clamped to 0 ... 1, and halves the focal term.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    check_binary,
    check_number,
    count_pixels,
    divide,
)
from sporemetry.training.losses.pixelwise import pixel_loss, working_type
from sporemetry.training.losses.region import DEFAULT_SMOOTH, focused, missed_share, soft_counts

DEFAULT_DELTA = 0.6
DEFAULT_FOCUS = 0.5


def unified_focal_loss(
    logits: Tensor,
    target: Tensor,
    *,
    weight: float = 0.5,
    delta: float = DEFAULT_DELTA,
    gamma: float = DEFAULT_FOCUS,
    smooth: float = DEFAULT_SMOOTH,
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return weight L_F + (1 - weight) L_FT.

    L_F is the mean over pixels of -delta log p for spores and -(1 - delta) (1 - p_t)^gamma log p_t for
    background. L_FT is the mean over pictures and both classes of the Tversky loss, for spores to the
    power 1 - gamma.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``.
    weight, delta : float
        0 to 1.
    gamma : float
        From 0 to below 1.
    smooth : float
        Pixels, above 0; the authors' 1e-7 is hardly different where there are spores.
    ignore_index : int or None

    Returns
    -------
    float32 (or float64) tensor, ()
        0 with nothing in it.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    >>> import torch
    >>> unified_focal_loss(torch.zeros(1, 1, 2), torch.tensor([[[255, 255]]]))
    tensor(0.)
    """
    check_number("weight", weight, least=0, most=1)
    check_number("delta", delta, least=0, most=1)
    check_number("gamma", gamma, least=0, below=1)
    check_number("smooth", smooth, above=0)
    hits, misses, alarms, rest = soft_counts(logits, target, ignore_index, "image")
    spores = focused(missed_share(hits, misses, alarms, delta, smooth), 1 - gamma)
    background = missed_share(rest, alarms, misses, delta, smooth)
    tversky = divide((spores + background).sum(), 2 * spores.numel())
    return weight * _focal(logits, target, delta, gamma, ignore_index) + (1 - weight) * tversky


def _focal(logits: Tensor, target: Tensor, delta: float, gamma: float, ignore: int | None) -> Tensor:
    """Return the mean over pixels of the cross entropy that is focal on background only."""
    target = check_binary(logits, target, ignore)
    wide = logits.to(working_type(logits))
    on_spores = delta * functional.softplus(-wide) * (target == 1)
    on_background = (1 - delta) * pixel_loss(wide, gamma) * (target == 0)
    return divide((on_spores + on_background).sum(), count_pixels(target, ignore))


class UnifiedFocalLoss(BoundLoss):
    """Unified Focal loss; options of :func:`unified_focal_loss`.

    Examples
    --------
    >>> UnifiedFocalLoss(gamma=0.2)
    UnifiedFocalLoss(weight=0.5, delta=0.6, gamma=0.2, smooth=1.0, ignore_index=255)
    """

    def __init__(
        self,
        *,
        weight: float = 0.5,
        delta: float = DEFAULT_DELTA,
        gamma: float = DEFAULT_FOCUS,
        smooth: float = DEFAULT_SMOOTH,
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"weight": weight, "delta": delta, "gamma": gamma, "smooth": smooth}
        super().__init__(unified_focal_loss, {**own, "ignore_index": ignore_index})
