"""The loss of a run: found by its name, given the ratio that its recipe asks for."""

from __future__ import annotations

from typing import cast

from torch import nn

from sporemetry.errors import SettingsError
from sporemetry.training.losses import find_loss
from sporemetry.training.losses.weights import RATIO_SOURCES, Ratio
from sporemetry.training.pictures import IGNORED, PictureStatistics
from sporemetry.training.recipe_tables import LossSettings


def build_criterion(settings: LossSettings, statistics: PictureStatistics) -> nn.Module:
    """Return the module that takes logits (N, 1, H, W) and targets (N, H, W) of 0, 1 and 255 (ignored).

    Raises
    ------
    SettingsError
        For an unknown loss or option, or a training part without spores where the ratio is needed.
    """
    return find_loss(
        settings.name,
        ratio=_ratio(settings.ratio),
        pixel_counts=(statistics.background_pixels, statistics.spore_pixels),
        ignore_index=IGNORED,
        **settings.options,
    )


def _ratio(given: float | str) -> Ratio:
    if isinstance(given, str) and given not in RATIO_SOURCES:
        expected = f"{', '.join(RATIO_SOURCES)} or a number"
        raise SettingsError("loss.ratio", expected=expected, found=repr(given))
    return cast(Ratio, given)
