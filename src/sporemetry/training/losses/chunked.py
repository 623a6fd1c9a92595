"""The sum of weighted pixel losses, in little memory and few passes: chunks, and the gradient by hand.

The chunks' numbers live in a few buffers that stay in the processor's cache. Fresh memory for every step
would cost more time than all the arithmetic. The backward pass computes again what the forward pass knew.
Under torch.compile plain operations are left for the compiler to fuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from sporemetry.training.losses.options import spores_of
from sporemetry.training.losses.pixelwise import pixel_loss, weight_map, working_type

_CPU_CHUNK: Final = 1 << 16  # twice PyTorch's grain for threads; four float32 buffers are 1 MiB
_DEVICE_CHUNK: Final = 1 << 23


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

    Parameters are those of :func:`~.pixelwise.weight_map`; ``logits`` have the target's shape. Differentiable
    once.

    Returns
    -------
    float32 (or float64) tensor, ()
        0 for an empty batch.
    """
    if torch.compiler.is_compiling():
        dtype = working_type(logits)
        s = torch.where(spores_of(target), -logits.to(dtype), logits.to(dtype))
        return (weight_map(target, light, heavy, grown, ignore, dtype) * pixel_loss(s, gamma)).sum()
    result: Tensor = _WeightedSum.apply(logits, target, light, heavy, grown, gamma, ignore)
    return result


class _WeightedSum(torch.autograd.Function):
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
        for chunk in _chunks(logits, target, light, heavy, grown, ignore, buffers=4):
            s, small, *spare = chunk.buffers
            chunk.against(s)
            _log1p_exp(s, small, *spare)
            # small = log(1 + exp(-|s|)): -log p_t is small + max(s, 0), -log(1 - p_t) is small + max(-s, 0)
            loss = torch.clamp(s, min=0, out=spare[0]).add_(small)
            if gamma:
                loss.mul_(s.neg_().clamp_(min=0).add_(small).mul_(-gamma).exp_())
            parts.append(torch.dot(loss, chunk.weights(spare[1])))
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
        buffers = 5 if ctx.gamma else 2
        for chunk in _chunks(logits, target, light, heavy, grown, ctx.ignore, buffers=buffers):
            slope, signs, *spare = chunk.buffers
            place = flat[chunk.place]
            if place.dtype == slope.dtype:
                slope = place
            chunk.against(slope)
            _to_slope(slope, ctx.gamma, [signs, *spare])
            slope.mul_(chunk.signs(signs)).mul_(chunk.weights(signs)).mul_(gradients[0])
            if slope is not place:
                place.copy_(slope)
        return result, None, None, None, None, None, None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A flat piece of a batch, with the weights that hold there and buffers of its length to work in."""

    logits: Tensor
    target: Tensor
    spore: Tensor
    chosen: Tensor
    light: Tensor
    heavy: Tensor
    ignore: int | None
    place: slice
    buffers: tuple[Tensor, ...]

    def signs(self, out: Tensor) -> Tensor:
        """Fill with -1 on spores and 1 elsewhere."""
        return out.copy_(self.spore).mul_(-2).add_(1)

    def against(self, out: Tensor) -> None:
        """Fill with the logits against the pixels' classes."""
        self.signs(out).mul_(self.logits)

    def weights(self, out: Tensor) -> Tensor:
        """Fill with the pixels' weights."""
        torch.where(self.chosen, self.heavy, self.light, out=out)
        return out if self.ignore is None else out.masked_fill_(self.target == self.ignore, 0)


def _log1p_exp(s: Tensor, out: Tensor, near_one: Tensor, lost: Tensor) -> None:
    """Fill with log(1 + exp(-|s|)), as exact as log1p in a sixth of its time on a CPU."""
    torch.abs(s, out=out).neg_().exp_()
    torch.add(out, 1, out=near_one)
    # What rounding 1 + small lost, small - (near_one - 1), is put back to first order.
    torch.neg(near_one, out=lost).add_(1)
    out.add_(lost).div_(near_one).add_(near_one.log_())


def _to_slope(s: Tensor, gamma: float, spare: list[Tensor]) -> None:
    """Turn s into the derivative of the loss by s, q^gamma (q + gamma (1 - q) softplus(s)), q = 1 - p_t."""
    if not gamma:
        s.sigmoid_()
        return
    small, focus, loss, rest = spare
    _log1p_exp(s, small, focus, loss)
    torch.clamp(s, min=0, out=loss).add_(small)
    torch.neg(s, out=focus).clamp_(min=0).add_(small).mul_(-gamma).exp_()
    torch.neg(s, out=rest).sigmoid_()
    s.sigmoid_().add_(loss.mul_(rest).mul_(gamma)).mul_(focus)


def _chunks(
    logits: Tensor,
    target: Tensor,
    light: float | Tensor,
    heavy: float | Tensor,
    grown: Tensor | None,
    ignore: int | None,
    *,
    buffers: int,
) -> Iterator[_Chunk]:
    """Cut a batch into chunks, each within one picture where pictures have weights of their own."""
    z, t = logits.reshape(-1), target.reshape(-1)
    g = None if grown is None else grown.reshape(-1)
    by_image = [w for w in (light, heavy) if isinstance(w, Tensor) and w.ndim]
    spans = logits.shape[0] if by_image else 1
    length = z.numel() // spans if spans else 0
    size = min(_CPU_CHUNK if z.device.type == "cpu" else _DEVICE_CHUNK, max(length, 1))
    kind: dict[str, Any] = {"dtype": working_type(z), "device": z.device}
    memory = [torch.empty(size, **kind) for _ in range(buffers)]
    weights = [torch.as_tensor(w, **kind) for w in (light, heavy)]
    for n in range(spans):
        low, high = (w[n] if w.ndim else w for w in weights)
        for start in range(n * length, (n + 1) * length, size):
            place = slice(start, min(start + size, (n + 1) * length))
            spore = spores_of(t[place])
            yield _Chunk(
                logits=z[place],
                target=t[place],
                spore=spore,
                chosen=spore if g is None else g[place],
                light=low,
                heavy=high,
                ignore=ignore,
                place=place,
                buffers=tuple(buffer[: place.stop - place.start] for buffer in memory),
            )
