"""A loss function with its options, as a module: what every loss class here is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class BoundLoss(nn.Module):
    """Base of the loss modules.

    Parameters
    ----------
    function : callable
        Takes logits, target and the options by name, returns the loss.
    options : mapping of str to object
        What the function is called with.
    channels : int
        How many channels of logits the function takes.

    Raises
    ------
    SettingsError
        For an option that is unknown or cannot be used: when the module is made, not at its first batch.
    """

    def __init__(
        self, function: Callable[..., Tensor], options: Mapping[str, Any], *, channels: int = 1
    ) -> None:
        super().__init__()
        self._function = function
        self._options = dict(options)
        # The function itself checks its options, here on a batch of nothing: one place for all checks.
        nothing = torch.zeros(0, 1, 1, dtype=torch.uint8, device="cpu")
        self(torch.zeros(0, channels, 1, 1, device="cpu"), nothing)

    @property
    def options(self) -> dict[str, Any]:
        """The options that the loss is computed with (a copy)."""
        return dict(self._options)

    def options_of(self, function: Callable[..., object]) -> dict[str, Any]:
        """Return those options that another function takes too."""
        taken = inspect.signature(function).parameters
        return {name: value for name, value in self._options.items() if name in taken}

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits and target; see the function of the same name for both."""
        return self._function(logits, target, **self._options)

    def extra_repr(self) -> str:
        """Return the options as they were given."""
        return ", ".join(f"{name}={value!r}" for name, value in self._options.items())
