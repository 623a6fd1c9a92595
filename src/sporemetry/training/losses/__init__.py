"""Losses for rare spores: the paper's, their many-class forms, and what they are compared with."""

from sporemetry.training.losses.registry import LOSSES, find_loss

__all__ = ["LOSSES", "find_loss"]
