"""Sizes of a population in which some are unlike the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Mixed(Spread):
    """A cut-off normal distribution for most values, and another, within the same limits, for the others.

    Attributes
    ----------
    mean, sd, low, high : float
        As in :class:`~sporemetry.dataset.synthesis.draws.Spread`; the first two of most values.
    share : float
        The part of the values that are drawn from the other distribution, 0 to 1.
    other_mean, other_sd : float
        The other normal distribution, before the cut.

    Raises
    ------
    SettingsError
        As ``Spread``, for either distribution, and for a share outside 0 to 1.

    Examples
    --------
    >>> lengths = Mixed(13.0, 0.0, 4.0, 17.0, share=0.5, other_mean=6.0)
    >>> values = lengths.draw(np.random.default_rng(0), 1000)
    >>> sorted(set(values.tolist())), bool(abs(values.mean() - 9.5) < 0.3)
    ([6.0, 13.0], True)
    """

    share: float = 0.0
    other_mean: float = 0.0
    other_sd: float = 0.0

    def __post_init__(self) -> None:
        for mean, sd in ((self.mean, self.sd), (self.other_mean, self.other_sd)):
            Spread(mean, sd, self.low, self.high)  # refuses what cannot be drawn from
        if not 0 <= self.share <= 1:
            raise SettingsError("share", expected="0 to 1", found=repr(self.share))

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Return ``count`` values, three uniform numbers each whichever distribution they are from."""
        is_other = rng.random(count) < self.share
        most = Spread(self.mean, self.sd, self.low, self.high).draw(rng, count)
        other = Spread(self.other_mean, self.other_sd, self.low, self.high).draw(rng, count)
        return np.where(is_other, other, most)
