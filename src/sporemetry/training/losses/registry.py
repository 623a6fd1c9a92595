"""The losses by name, for recipes: the paper's and those they are compared with, for one logit a pixel."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from torch import nn

from sporemetry.errors import SettingsError
from sporemetry.training.losses import (
    adjustment,
    compound_modules,
    distance,
    many_class_modules,
    modules,
    region_modules,
    unified,
)
from sporemetry.training.losses.options import IGNORE_INDEX, PixelOptions
from sporemetry.training.losses.weights import Ratio

LOSSES: Final[Mapping[str, Callable[..., nn.Module]]] = {
    "ce": modules.CrossEntropyLoss,
    "bce": modules.BalancedCrossEntropyLoss,
    "bce_a": modules.FrequencyBalancedCrossEntropyLoss,
    "focal": modules.FocalLoss,
    "focal_alpha": modules.BalancedFocalLoss,
    "cfl": modules.ConstrainedFocalLoss,
    "cfl_star": modules.ConstrainedFocalLossStar,
    "logit_adjusted_ce": adjustment.LogitAdjustedCrossEntropyLoss,
    "dice": region_modules.DiceLoss,
    "dice_ce": compound_modules.DiceCrossEntropyLoss,
    "dice_cfl_star": compound_modules.DiceConstrainedFocalLossStar,
    "tversky": region_modules.TverskyLoss,
    "focal_tversky": region_modules.FocalTverskyLoss,
    "unified_focal": unified.UnifiedFocalLoss,
    "unet_distance": distance.DistanceWeightedCrossEntropyLoss,
    "boundary": distance.BoundaryLoss,
    "dice_boundary": compound_modules.DiceBoundaryLoss,
}
"""Name to class of module; a loss of yours is added by its line here."""

MANY_CLASS_LOSSES: Final[Mapping[str, Callable[..., nn.Module]]] = {
    "ce": many_class_modules.ManyClassCrossEntropyLoss,
    "bce": many_class_modules.ManyClassBalancedCrossEntropyLoss,
    "bce_a": many_class_modules.ManyClassFrequencyBalancedCrossEntropyLoss,
    "focal": many_class_modules.ManyClassFocalLoss,
    "focal_alpha": many_class_modules.ManyClassBalancedFocalLoss,
    "cfl": many_class_modules.ManyClassConstrainedFocalLoss,
    "cfl_star": many_class_modules.ManyClassConstrainedFocalLossStar,
}
"""Those with a form for many classes, one logit a class."""


def find_loss(
    name: str,
    *,
    ratio: Ratio = "dataset",
    pixel_counts: Sequence[int] | None = None,
    ignore_index: int | None = IGNORE_INDEX,
    many_class: bool = False,
    **options: Any,
) -> nn.Module:
    """Return a loss by its name, as a module of logits and target.

    Parameters
    ----------
    name : str
        A key of :data:`LOSSES`.
    ratio : float or {"dataset", "batch", "image"}
        Background pixels a spore pixel; see :func:`~.binary.cfl_loss`. Given only to losses that use it.
    pixel_counts : sequence of 2 int, optional
        The data set's background and spore pixels, for ``ratio="dataset"``.
    ignore_index : int or None
        The target value that is ignored.
    many_class : bool
        The form for one logit a class, of :data:`MANY_CLASS_LOSSES`; ``pixel_counts`` then has each class.
    **options
        The loss's own.

    Returns
    -------
    Module
        Takes logits (N, 1, H, W), or (N, K, H, W) of many classes, and a target (N, H, W) or (N, 1, H, W).

    Raises
    ------
    SettingsError
        For an unknown name or option (the choices are listed), or an option that cannot be used.

    Examples
    --------
    >>> find_loss("cfl", pixel_counts=(2000, 10), beta=2.5)
    ConstrainedFocalLoss(ratio='dataset', beta=2.5, pixel_counts=(2000, 10), ignore_index=255)
    >>> find_loss("dice", beta=2.5)
    Traceback (most recent call last):
    sporemetry.errors.SettingsError: beta: expected an option of 'dice': smooth, pool; found an unknown ...
    """
    losses = MANY_CLASS_LOSSES if many_class else LOSSES
    if name not in losses:
        raise SettingsError("loss", expected=f"one of {', '.join(losses)}", found=repr(name))
    known = _option_names(losses[name])
    given = {"ratio": ratio, "pixel_counts": pixel_counts, "ignore_index": ignore_index}
    own = [option for option in known if option not in given]
    for option in options:
        if option not in own:
            expected = f"an option of {name!r}: {', '.join(own) or '(it has none)'}"
            raise SettingsError(option, expected=expected, found="an unknown option")
    return losses[name](**{key: value for key, value in given.items() if key in known}, **options)


def _option_names(loss: Callable[..., nn.Module]) -> list[str]:
    parameters = inspect.signature(loss).parameters.values()
    names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    # The options that every pixel loss takes hide behind **options.
    return names + (list(PixelOptions.__annotations__) if len(names) < len(parameters) else [])
