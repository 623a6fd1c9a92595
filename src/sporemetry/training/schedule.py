"""The learning rate of each step, as a function of the step alone."""

from __future__ import annotations

import math

from sporemetry.training.recipe_tables import OptimizerSettings


def learning_rate(settings: OptimizerSettings, step: int, steps: int) -> float:
    """Return the rate of a step.

    Parameters
    ----------
    settings : OptimizerSettings
    step : int
        From 0.
    steps : int
        How many there are in all.

    Examples
    --------
    >>> poly = OptimizerSettings(learning_rate=0.007)
    >>> [round(learning_rate(poly, step, 100), 5) for step in (0, 50, 99)]
    [0.007, 0.00375, 0.00011]
    >>> cosine = OptimizerSettings(learning_rate=1.0, schedule="cosine", warmup=10)
    >>> [round(learning_rate(cosine, step, 110), 3) for step in (0, 9, 60)]
    [0.1, 1.0, 0.5]
    """
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, steps - settings.warmup)
    left = max(0.0, 1.0 - done)
    if settings.schedule == "poly":
        return settings.learning_rate * float(left**settings.power)
    if settings.schedule == "cosine":
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (1 - left)))
    return settings.learning_rate
