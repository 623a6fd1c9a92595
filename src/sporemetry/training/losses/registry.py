"""The losses by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from torch import Tensor, nn

from sporemetry.errors import SettingsError
from sporemetry.training.losses import binary
from sporemetry.training.losses.weights import Ratio

LOSSES: Final[Mapping[str, Callable[..., Tensor]]] = {
    "ce": binary.ce_loss,
    "bce": binary.bce_loss,
    "bce_a": binary.bce_a_loss,
    "focal": binary.focal_loss,
    "focal_alpha": binary.focal_alpha_loss,
    "cfl": binary.cfl_loss,
    "cfl_star": binary.cfl_star_loss,
}


class _Bound(nn.Module):
    def __init__(self, function: Callable[..., Tensor], options: Mapping[str, Any]) -> None:
        super().__init__()
        self.function, self.options = function, dict(options)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return self.function(logits, target, **self.options)


def find_loss(
    name: str,
    *,
    ratio: Ratio = "dataset",
    pixel_counts: Sequence[int] | None = None,
    ignore_index: int | None = 255,
    **options: Any,
) -> nn.Module:
    """Return the loss of a name as a module of logits and target.

    Raises
    ------
    SettingsError
        For an unknown name.
    """
    if name not in LOSSES:
        raise SettingsError("loss.name", expected=f"one of {', '.join(LOSSES)}", found=repr(name))
    function = LOSSES[name]
    if "ratio" in inspect.signature(function).parameters:
        options = {"ratio": ratio, "pixel_counts": pixel_counts, **options}
    return _Bound(function, {"ignore_index": ignore_index, **options})
