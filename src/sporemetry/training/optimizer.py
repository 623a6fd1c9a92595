"""The optimizers of a recipe."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from sporemetry.training.recipe_tables import OptimizerSettings


def build_optimizer(network: nn.Module, settings: OptimizerSettings) -> Optimizer:
    """Return the optimizer; weight decay spares biases and the scales of norms, as is usual with AdamW.

    With SGD everything decays, as in the authors' protocol. Fused steps read and write each weight once
    (``benchmarks/train_step.py``).
    """
    if settings.name == "sgd":
        return SGD(
            network.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    decayed = [each for each in network.parameters() if each.ndim > 1]
    spared = [each for each in network.parameters() if each.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=settings.learning_rate, fused=True)
