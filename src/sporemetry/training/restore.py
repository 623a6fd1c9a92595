"""A saved state back into a network, its running mean and its optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn
from torch.optim import Optimizer

from sporemetry.training.checkpoint import Checkpoint, CheckpointError


def restore(
    checkpoint: Checkpoint, model: nn.Module, optimizer: Optimizer, ema: nn.Module | None, path: Path
) -> None:
    """Put a checkpoint's state into a network and its optimizer.

    Raises
    ------
    CheckpointError
        When they are not those that it was made of.
    """
    restore_weights(checkpoint.model, model, path)
    if ema is not None:
        restore_weights(checkpoint.ema, ema, path)
    try:
        optimizer.load_state_dict(dict(checkpoint.optimizer))
    except (ValueError, KeyError) as error:
        raise _other_network(path, error) from error


def restore_weights(weights: Mapping[str, Tensor], network: nn.Module, path: Path) -> None:
    """Put weights and buffers into a network.

    Raises
    ------
    CheckpointError
        When they are not those of such a network.
    """
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise _other_network(path, error) from error


def _other_network(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        path,
        expected="the state of this recipe's network",
        found=str(error).splitlines()[0][:200],
        remedy="Train into another folder, or with the recipe that this one was begun with.",
    )
