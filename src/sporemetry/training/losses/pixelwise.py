"""The one formula behind the pixel losses: w (1 - p_t)^gamma (-log p_t), from logits, in little memory.

With s the logit *against* a pixel's class (-z for a spore, z for background), -log p_t is softplus(s) and
1 - p_t is sigmoid(s): nothing overflows, and no gradient is lost on the hardest pixels. Half precision is
computed in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sporemetry.training.losses.options import spores_of, valid_pixels


def pixel_loss(against: Tensor, gamma: float) -> Tensor:
    """Return (1 - p_t)^gamma (-log p_t) of logits against the pixels' classes; any shape, differentiable.

    Examples
    --------
    >>> pixel_loss(torch.tensor([-100.0, 0.0, 100.0]), 2.0)
    tensor([  0.0000,   0.1733, 100.0000])
    """
    loss = _log1p_exp(against)
    # exp(gamma log(1 - p_t)) and not a power, whose gradient is infinite at 0 for gamma below 1.
    return loss if gamma == 0 else loss * torch.exp(-gamma * _log1p_exp(-against))


def _log1p_exp(s: Tensor) -> Tensor:
    # Above 40, log(1 + exp(s)) is s even in float64. logsigmoid would do too, but sets up all threads
    # of a CPU for a handful of pixels, which takes milliseconds.
    return functional.softplus(s, threshold=40.0)


def working_type(logits: Tensor) -> torch.dtype:
    """Return the type that a loss is computed in: float32 for half precision, otherwise the logits' own."""
    return torch.float64 if logits.dtype == torch.float64 else torch.float32


def weight_map(
    target: Tensor,
    light: float | Tensor,
    heavy: float | Tensor,
    grown: Tensor | None,
    ignore: int | None,
    dtype: torch.dtype,
) -> Tensor:
    """Return each pixel's weight, 0 where ignored.

    Parameters
    ----------
    target : tensor, (N, ...)
        0 background, 1 spore, ``ignore``.
    light, heavy : float or tensor () or (N,)
        The weights of background and spores.
    grown : bool tensor, (N, ...), optional
        Where the heavy weight holds instead of on the spores.
    ignore : int or None
        The ignored value.
    dtype : torch.dtype
        The result's.

    Returns
    -------
    tensor, the target's shape
    """
    chosen = spores_of(target) if grown is None else grown
    weights = torch.where(chosen, spread(heavy, target, dtype), spread(light, target, dtype))
    valid = valid_pixels(target, ignore)
    return weights if valid is None else weights * valid


def spread(weight: float | Tensor, target: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a number, or one of each picture (N,), so that it broadcasts over a target (N, ...)."""
    if not isinstance(weight, Tensor):
        return torch.tensor(weight, dtype=dtype, device=target.device)
    weight = weight.to(dtype)
    return weight.reshape(-1, *(1,) * (target.ndim - 1)) if weight.ndim else weight
