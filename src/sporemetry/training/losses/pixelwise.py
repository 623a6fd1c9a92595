"""The one formula behind the pixel losses: w (1 - p_t)^gamma (-log p_t), from logits, in little memory.

With s the logit *against* a pixel's class (-z for a spore, z for background), -log p_t is softplus(s) and
1 - p_t is sigmoid(s): nothing overflows, and no gradient is lost on the hardest pixels. Half precision is
computed in float32. Outside torch.compile the work is done in chunks that stay in the processor's cache,
and the backward pass computes again what the forward pass knew; under torch.compile plain operations are
left for the compiler to fuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from sporemetry.training.losses.options import valid_pixels

# Forward: a few buffers, together no larger than the gradient that follows. Backward: two small ones beside
# the gradient. Smaller chunks are as fast on idle processors but wait longer for threads on busy ones.
_CPU_CHUNKS: Final = (1 << 19, 1 << 16)
_DEVICE_CHUNK: Final = 1 << 23


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
    chosen = target == 1 if grown is None else grown
    weights = torch.where(chosen, spread(heavy, target, dtype), spread(light, target, dtype))
    valid = valid_pixels(target, ignore)
    return weights if valid is None else weights * valid


def spread(weight: float | Tensor, target: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a number, or one of each picture (N,), so that it broadcasts over a target (N, ...)."""
    if not isinstance(weight, Tensor):
        return torch.tensor(weight, dtype=dtype, device=target.device)
    weight = weight.to(dtype)
    return weight.reshape(-1, *(1,) * (target.ndim - 1)) if weight.ndim else weight


def weighted_sum(
    logits: Tensor,
    target: Tensor,
    light: float | Tensor,
    heavy: float | Tensor,
    grown: Tensor | None,
    gamma: float,
    ignore: int | None,
) -> Tensor:
    """Return the sum over pixels of w (1 - p_t)^gamma (-log p_t) for one logit a pixel.

    Parameters are those of :func:`weight_map`; ``logits`` have the target's shape. Differentiable once.

    Returns
    -------
    float32 (or float64) tensor, ()
        0 for an empty batch.
    """
    dtype = working_type(logits)
    if torch.compiler.is_compiling():
        s = torch.where(target == 1, -logits.to(dtype), logits.to(dtype))
        return (weight_map(target, light, heavy, grown, ignore, dtype) * pixel_loss(s, gamma)).sum()
    result: Tensor = _WeightedSum.apply(logits, target, light, heavy, grown, gamma, ignore)
    return result


class _WeightedSum(torch.autograd.Function):
    """:func:`weighted_sum` in chunks, with its gradient by hand."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        target: Tensor,
        light: float | Tensor,
        heavy: float | Tensor,
        grown: Tensor | None,
        gamma: float,
        ignore: int | None,
    ) -> Tensor:
        parts = []
        for z, t, g, low, high, _ in _chunks(logits, target, light, heavy, grown, backward=False):
            spore = t == 1
            loss = _softplus(s := _signs(spore, z.dtype).mul_(z))
            if gamma:
                # log(1 - p_t) = s - softplus(s), rounded to 0 at most
                loss.mul_(s.sub_(loss).clamp_(max=0).mul_(gamma).exp_())
            weights = _choose(spore if g is None else g, high, low, loss.dtype)
            if ignore is not None:
                weights.masked_fill_(t == ignore, 0)
            parts.append(torch.dot(loss, weights))
        ctx.save_for_backward(logits, target, grown, *(w for w in (light, heavy) if isinstance(w, Tensor)))
        ctx.light = None if isinstance(light, Tensor) else light
        ctx.heavy = None if isinstance(heavy, Tensor) else heavy
        ctx.gamma, ctx.ignore = gamma, ignore
        return torch.stack(parts).sum() if parts else logits.new_zeros((), dtype=working_type(logits))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        logits, target, grown, *tensors = ctx.saved_tensors
        light = tensors.pop(0) if ctx.light is None else ctx.light
        heavy = tensors.pop(0) if ctx.heavy is None else ctx.heavy
        result = torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)
        flat = result.view(-1)
        for z, t, g, low, high, place in _chunks(logits, target, light, heavy, grown, backward=True):
            spore = t == 1
            signs = _signs(spore, z.dtype)
            slope = _slope(torch.mul(z, signs, out=flat[place] if z.dtype == flat.dtype else None), ctx.gamma)
            weights = _choose(spore if g is None else g, high * gradients[0], low * gradients[0], slope.dtype)
            slope.mul_(signs).mul_(weights)
            if ctx.ignore is not None:
                slope.masked_fill_(t == ctx.ignore, 0)
            if z.dtype != flat.dtype:
                flat[place] = slope
        return result, None, None, None, None, None, None


def _softplus(s: Tensor) -> Tensor:
    """Return log(1 + exp(s)), as exact as log1p in a sixth of its time on a CPU."""
    small = s.abs().neg_().exp_()
    near_one = small + 1
    # What rounding 1 + small lost, small - (near_one - 1), is put back to first order.
    small.add_(1 - near_one).div_(near_one).add_(near_one.log_())
    return small.add_(s.clamp(min=0))


def _slope(s: Tensor, gamma: float) -> Tensor:
    """Turn s into the derivative of :func:`pixel_loss`, q^gamma (q + gamma (1 - q) softplus(s))."""
    if not gamma:
        return s.sigmoid_()
    loss = _softplus(s)
    focus = (s - loss).clamp_(max=0).mul_(gamma).exp_()
    q = s.sigmoid_()
    return q.add_(loss.mul_(1 - q).mul_(gamma)).mul_(focus)


def _signs(spore: Tensor, dtype: torch.dtype) -> Tensor:
    """Return -1 on spores and 1 elsewhere: what turns logits into those against the pixels' classes."""
    return _choose(spore, -1.0, 1.0, dtype)


def _choose(where: Tensor, heavy: float | Tensor, light: float | Tensor, dtype: torch.dtype) -> Tensor:
    """Return one weight where a mask says so, the other elsewhere: torch.where, in a third of its time."""
    return where.to(dtype).mul_(heavy - light).add_(light)


def _chunks(
    logits: Tensor,
    target: Tensor,
    light: float | Tensor,
    heavy: float | Tensor,
    grown: Tensor | None,
    *,
    backward: bool,
) -> Iterator[tuple[Tensor, Tensor, Tensor | None, float | Tensor, float | Tensor, slice]]:
    """Yield flat pieces of logits, target and grown label, with their weights and their place.

    The logits come in the type to compute in.
    """
    z, t = logits.reshape(-1), target.reshape(-1)
    g = None if grown is None else grown.reshape(-1)
    by_image = [w for w in (light, heavy) if isinstance(w, Tensor) and w.ndim]
    spans = logits.shape[0] if by_image else 1
    length = z.numel() // spans if spans else 0
    size = _CPU_CHUNKS[backward] if z.device.type == "cpu" else _DEVICE_CHUNK
    for n in range(spans):
        low, high = (w[n] if isinstance(w, Tensor) and w.ndim else w for w in (light, heavy))
        for start in range(n * length, (n + 1) * length, size):
            place = slice(start, min(start + size, (n + 1) * length))
            yield z[place].to(working_type(z)), t[place], None if g is None else g[place], low, high, place
