"""How pictures differ as a whole: a sample without spores, one of larger spores, a dirtier slide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.errors import SettingsError

_LEAST, _MOST = 0.6, 1.6  # of the factor on the sizes of a picture's spores


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Settings of the differences between pictures.

    Attributes
    ----------
    empty_share : float
        Of the pictures, the part that holds no spore at all, whatever the density.
    size_sd : float
        Standard deviation of the factor on the lengths and widths of all spores of a picture.
    focus_um : float
        Standard deviation of the depth that a picture is focused at, which moves all its spores alike.
    crowded_share, crowded : float
        Of the pictures, the part that is of a denser suspension, and how many times as dense that is.

    Raises
    ------
    SettingsError
        Unless the shares lie in 0 to 1 and the others are 0 or more.
    """

    empty_share: float = 0.0
    size_sd: float = 0.0
    focus_um: float = 0.0
    crowded_share: float = 0.0
    crowded: float = 1.0

    def __post_init__(self) -> None:
        shares = 0 <= self.empty_share <= 1 and 0 <= self.crowded_share <= 1
        if not (shares and self.size_sd >= 0 and self.focus_um >= 0 and self.crowded >= 0):
            raise SettingsError(
                "sample",
                expected="shares of 0 to 1, standard deviations and a density of 0 or more",
                found=f"{self.empty_share}, {self.size_sd}, {self.focus_um}, {self.crowded_share} "
                f"and {self.crowded}",
            )


def draw_population(population: Population, sample: Sample, rng: np.random.Generator) -> Population:
    """Return the settings of one picture's spores.

    Parameters
    ----------
    population : Population
        Of the preset.
    sample : Sample
        How pictures differ.
    rng : numpy.random.Generator
        Of the part ``sample``; three numbers are drawn, and a fourth where some samples are crowded.

    Returns
    -------
    Population
        With a density of 0 for an empty picture; with all sizes scaled alike, their limits too, and all
        depths moved alike.
    """
    empty = bool(rng.random() < sample.empty_share)
    factor = min(max(1.0 + sample.size_sd * float(rng.standard_normal()), _LEAST), _MOST)
    away = sample.focus_um * min(max(float(rng.standard_normal()), -2.0), 2.0)
    depth = population.depth_um
    is_crowded = sample.crowded_share > 0 and bool(rng.random() < sample.crowded_share)
    density = population.per_mm2 * (sample.crowded if is_crowded else 1.0)
    return replace(
        population,
        depth_um=replace(depth, mean=depth.mean + away, low=depth.low + away, high=depth.high + away),
        per_mm2=0.0 if empty else density,
        length_um=scaled(population.length_um, factor),
        width_um=scaled(population.width_um, factor),
    )


def scaled(spread: Spread, factor: float) -> Spread:
    """Return the distribution of ``factor`` times the values of another.

    >>> scaled(Spread(2.0, 0.5, 1.0, 4.0), 2.0)
    Spread(mean=4.0, sd=1.0, low=2.0, high=8.0)
    """
    return replace(
        spread,
        mean=spread.mean * factor,
        sd=spread.sd * factor,
        low=spread.low * factor,
        high=spread.high * factor,
    )


def gamma_factor(variation: float, rng: np.random.Generator) -> float:
    """Return a random factor of mean 1 and standard deviation ``variation``; 1 for a variation of 0."""
    if variation == 0:
        return 1.0
    return float(rng.gamma(1.0 / variation**2, variation**2))
