"""The running mean of a network's weights, which is validated and exported in its place."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedWeights(nn.Module):
    """An exponential moving average of a network.

    Parameters
    ----------
    network : Module
        The one that is trained; copied.
    decay : float
        From 0 to below 1. In step t it is at most (1 + t) / (10 + t), so that the random start is forgotten.

    Notes
    -----
    Buffers (the statistics of batch norm) are averaged as weights are; those of whole numbers are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.network.register_buffer("averaged_steps", torch.zeros((), dtype=torch.int64))
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take a step of the trained network in."""
        steps = self.network.get_buffer("averaged_steps")
        steps += 1
        done = int(steps)
        decay = min(self.decay, (1 + done) / (10 + done))
        own = self.network.state_dict()
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - decay)
            else:
                own[name].copy_(value)
