"""Gradients: against finite differences in float64, and of the chunked pass against plain autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from sporemetry.training import losses
from sporemetry.training.losses import LOSSES, chunked, find_loss

COUNTS = (300, 20)
MANY: dict[str, dict[str, Any]] = {
    "ce": {},
    "bce": {"alpha": (0.2, 0.5, 1.0)},
    "bce_a": {"pixel_counts": (300, 20, 5)},
    "focal": {"gamma": 0.5},
    "focal_alpha": {"gamma": 1.5, "alpha": (0.2, 0.5, 1.0)},
    "cfl": {"ratio": (1.0, 15.0, 60.0)},
    "cfl_star": {"ratio": "image", "radius": 1},
}


def pictures(channels: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    logits = 2 * torch.randn(2, channels, 4, 5, generator=generator, dtype=torch.float64)
    target = torch.randint(0, max(channels, 2), (2, 4, 5), generator=generator)
    target[0, 0] = 255
    return logits.requires_grad_(), target


@pytest.mark.parametrize("name", LOSSES)
def test_gradcheck_by_name(name: str) -> None:
    logits, target = pictures(1)
    assert torch.autograd.gradcheck(find_loss(name, pixel_counts=COUNTS), (logits, target))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("ratio", ["dataset", "batch", "image", 30.0])
@pytest.mark.parametrize("name", ["bce_a", "cfl", "cfl_star", "logit_adjusted_ce", "unet_distance"])
def test_gradcheck_of_every_ratio_and_reduction(name: str, ratio: Any, reduction: str) -> None:
    logits, target = pictures(1)
    loss = find_loss(name, ratio=ratio, pixel_counts=COUNTS, reduction=reduction, normalize="weights")
    assert torch.autograd.gradcheck(loss, (logits, target))


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.5, 1.0, 2.0, 5.0])
def test_gradcheck_of_focal_at_any_gamma(gamma: float) -> None:
    logits, target = pictures(1)
    assert torch.autograd.gradcheck(find_loss("focal", gamma=gamma), (logits, target))
    assert torch.autograd.gradcheck(find_loss("focal_alpha", gamma=gamma, alpha=0.9), (logits, target))


@pytest.mark.parametrize("name", MANY)
def test_gradcheck_of_many_classes(name: str) -> None:
    logits, target = pictures(3)
    function: Callable[..., Tensor] = getattr(losses, f"many_class_{name}_loss")
    assert torch.autograd.gradcheck(lambda z: function(z, target, **MANY[name]), (logits,))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("ratio", ["batch", "image", 30.0])
@pytest.mark.parametrize("name", ["focal", "cfl_star"])
def test_chunks_do_not_change_loss_or_gradient(
    name: str, ratio: Any, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits, target = pictures(1)
    first, second = (logits.detach().to(dtype).requires_grad_() for _ in range(2))
    # One loss a pixel goes through plain autograd and not through chunks.
    plain = find_loss(name, ratio=ratio, reduction="none")(first, target).sum()
    plain.backward()
    monkeypatch.setattr(chunked, "_CPU_CHUNK", 7)
    in_chunks = find_loss(name, ratio=ratio, reduction="sum")(second, target)
    in_chunks.backward()
    torch.testing.assert_close(in_chunks, plain)
    assert first.grad is not None
    torch.testing.assert_close(second.grad, first.grad)
    assert second.grad is not None
    assert second.grad.dtype == dtype


def test_the_hardest_pixels_keep_their_gradient() -> None:
    logits = torch.tensor([[[-100.0, 100.0, -30.0, 30.0]]], requires_grad=True)
    find_loss("cfl", ratio=9.0, reduction="sum")(logits, torch.tensor([[[1, 0, 0, 1]]])).backward()
    assert logits.grad is not None
    expected = torch.tensor([[[-3.0, 1.0, 9.3576e-14, -3 * 9.3576e-14]]])
    torch.testing.assert_close(logits.grad, expected, rtol=1e-4, atol=0)


def test_a_small_weight_of_spores_keeps_its_digits() -> None:
    logits, target = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1)
    loss = find_loss("bce", alpha=1e-6, normalize="weights")
    torch.testing.assert_close(loss(logits, target), torch.tensor(2.0).log(), rtol=1e-6, atol=0)
