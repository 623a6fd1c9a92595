"""Half precision, large pictures, and batches of nothing: finite values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from sporemetry.training import losses
from sporemetry.training.losses import LOSSES, find_loss

COUNTS = (2049, 10)
HALF = (torch.float16, torch.bfloat16)
FULL = 4096
SHORT = 1024
# Distances take SciPy seconds at 4096 x 4096 with spores everywhere.
BY_DISTANCE = ("unet_distance", "boundary", "dice_boundary")
MANY: dict[str, dict[str, Any]] = {
    "ce": {},
    "bce": {"alpha": (0.3, 0.7)},
    "bce_a": {"ratio": "batch"},
    "focal": {"gamma": 0.5},
    "focal_alpha": {"alpha": (0.3, 0.7)},
    "cfl": {"ratio": "batch"},
    "cfl_star": {"ratio": "batch"},
}


def picture(what: str, size: int, dtype: torch.dtype, channels: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, channels, size, size, generator=generator).mul_(8).to(dtype)
    limit = torch.finfo(dtype).max if dtype == torch.float16 else 1e30
    logits[..., 0, :8] = limit
    logits[..., 1, :8] = -limit if channels == 1 else 0
    target = torch.zeros(1, size, size, dtype=torch.uint8)
    if what == "mixed":
        target[:, ::2] = 1
    elif what == "spores":
        target[:] = 1
    elif what == "ignored":
        target[:] = 255
    return logits.requires_grad_(), target


def check_finite(loss: torch.nn.Module, what: str, size: int, dtype: torch.dtype, channels: int = 1) -> None:
    logits, target = picture(what, size, dtype, channels)
    value = loss(logits, target)
    assert value.dtype == torch.float32
    assert bool(value.isfinite())
    (value * 2.0**12).backward()
    assert logits.grad is not None
    assert logits.grad.dtype == dtype
    assert bool(logits.grad.isfinite().all())
    if what == "ignored":
        assert float(value.detach()) == 0
        assert not logits.grad.any()


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("what", ["background", "spores", "mixed", "ignored"])
@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_is_finite(name: str, what: str, dtype: torch.dtype) -> None:
    size = 96 if name in BY_DISTANCE else SHORT // 8
    options: dict[str, Any] = {"gamma": 0.5} if name.startswith("focal") else {}
    check_finite(find_loss(name, pixel_counts=COUNTS, **options), what, size, dtype)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("what", ["background", "spores", "mixed", "ignored"])
@pytest.mark.parametrize("name", MANY)
def test_half_precision_is_finite_for_many_classes(name: str, what: str, dtype: torch.dtype) -> None:
    check_finite(_many(name), what, SHORT // 8, dtype, channels=2)


@pytest.mark.parametrize("name", ["cfl", "cfl_star"])
def test_a_megapixel_in_half_precision(name: str) -> None:
    for dtype in HALF:
        for ratio in ("dataset", "batch", "image"):
            check_finite(find_loss(name, ratio=ratio, pixel_counts=COUNTS), "mixed", SHORT, dtype)


@pytest.mark.soak
@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("what", ["background", "spores", "mixed", "ignored"])
def test_4096_by_4096_in_half_precision(what: str, dtype: torch.dtype) -> None:
    for name in LOSSES:
        if what != "mixed" or name not in BY_DISTANCE:
            check_finite(find_loss(name, pixel_counts=COUNTS), what, FULL, dtype)
    for name in MANY:
        check_finite(_many(name), what, FULL, dtype, channels=2)


@pytest.mark.parametrize("shape", [(0, 1, 8, 8), (2, 1, 0, 8), (2, 1, 8, 0), (0, 1, 0, 0)])
@pytest.mark.parametrize("name", LOSSES)
def test_nothing_costs_nothing(name: str, shape: tuple[int, ...]) -> None:
    for ratio in ("dataset", "batch", "image"):
        logits = torch.zeros(shape, requires_grad=True)
        target = torch.zeros(shape[0], *shape[2:], dtype=torch.uint8)
        value = find_loss(name, ratio=ratio, pixel_counts=COUNTS)(logits, target)
        value.backward()
        assert float(value.detach()) == 0
        assert logits.grad is not None
        assert logits.grad.shape == shape


@pytest.mark.parametrize("name", MANY)
def test_nothing_costs_nothing_for_many_classes(name: str) -> None:
    for shape in ((0, 2, 8, 8), (2, 2, 0, 8)):
        logits = torch.zeros(shape, requires_grad=True)
        value = _many(name)(logits, torch.zeros(shape[0], *shape[2:], dtype=torch.uint8))
        value.backward()
        assert float(value.detach()) == 0
        assert logits.grad is not None


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_that_of_its_logits_in_single(dtype: torch.dtype) -> None:
    logits, target = picture("mixed", 64, dtype)
    with torch.no_grad():
        clean = logits.clamp(-50, 50)
    for name in LOSSES:
        loss = find_loss(name, pixel_counts=COUNTS)
        torch.testing.assert_close(loss(clean, target), loss(clean.float(), target))


def _many(name: str) -> torch.nn.Module:
    class Bound(torch.nn.Module):
        def forward(self, logits: Tensor, target: Tensor) -> Tensor:
            result: Tensor = getattr(losses, f"many_class_{name}_loss")(logits, target, **MANY[name])
            return result

    return Bound()
