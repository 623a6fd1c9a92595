"""Depthwise convolutions that stay in 32 bits while the rest of a network is trained in 16."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution in float32, whatever autocast says.

    On CPUs the gradients of one are slower in bfloat16 than in float32, so that a network which is mostly
    these gains nothing from bfloat16 but for this (``benchmarks/depthwise.py``).
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 the name that PyTorch calls it by
        """Return the convolved (N, C, H, W) array as float32."""
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


def keep_depthwise(network: nn.Module) -> int:
    """Make every depthwise convolution of a network stay in float32, in place.

    Weights and their names are as before. Transposed and ordinarily grouped convolutions are left, and so
    are kinds of convolution with a forward pass of their own.

    Returns
    -------
    int
        How many there are; 0 in a network without any.
    """
    found = [
        module
        for module in network.modules()
        if type(module) is nn.Conv2d and 1 < module.groups == module.in_channels
    ]
    for module in found:
        module.__class__ = DepthwiseConv2d
    return len(found)
