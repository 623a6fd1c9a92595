"""Logits and targets that our losses and the libraries' are compared on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def pictures(ignored: bool = False) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(13)
    logits = 3 * torch.randn(3, 1, 20, 24, generator=generator, dtype=torch.float64)
    target = (torch.rand(3, 1, 20, 24, generator=generator) < 0.2).double()
    if ignored:
        target[..., 3:7, 5:9] = 255
    return logits, target


def two_channels(logits: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(logits), logits], dim=1)


def labels(target: Tensor) -> Tensor:
    return target[:, 0].long()


def gradient(loss: Any, logits: Tensor, target: Tensor) -> Tensor:
    leaf = logits.clone().requires_grad_()
    loss(leaf, target).backward()
    assert leaf.grad is not None
    return leaf.grad
