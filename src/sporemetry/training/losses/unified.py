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
    """Return the asymmetric Unified Focal loss, weight L_F + (1 - weight) L_FT.

    L_F is the mean over pixels of -delta log p for spores and -(1 - delta) (1 - p_t)^gamma log p_t for
    background. L_FT is the mean over pictures and both classes of the Tversky loss, for spores to the
    power 1 - gamma. Yeung et al. 2022, doi 10.1016/j.compmedimag.2021.102026; see the module.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    weight, delta : float
        0 to 1.
    gamma : float
        From 0 to below 1.
    smooth : float
        Pixels, above 0; the authors' 1e-7 is hardly different where there are spores.
    ignore_index : int or None
        The target of pixels that count nowhere.

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
    At p = 1/2: L_F = log 2 (0.6 + 0.4 sqrt(1/2)) / 2 = 0.3060. Both classes miss 0.5 of 0.5 + 0.5 + 1, a
    Tversky loss of 1/4: L_FT = (sqrt(1/4) + 1/4) / 2 = 0.375.

    >>> import torch
    >>> unified_focal_loss(torch.zeros(1, 1, 2), torch.tensor([[[1, 0]]]))
    tensor(0.3405)
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
    """Unified Focal loss: :func:`unified_focal_loss` as a module of logits and target.

    Parameters
    ----------
    weight, delta, gamma, smooth, ignore_index
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = UnifiedFocalLoss(weight=0.0)  # L_FT alone
    >>> loss(torch.zeros(1, 1, 2), torch.tensor([[[1, 0]]]))
    tensor(0.3750)
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
