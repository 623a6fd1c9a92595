"""Randomness as a function: every draw of a picture follows from (version, preset, seed, index, part).

A picture's random numbers come from nowhere else. Each part of it (spores, light, camera, ...) has a stream
of its own, so that a change in one part leaves the others as they were, and pictures can be rendered in
any order by any number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sporemetry.errors import SettingsError

RENDERER_VERSION = 5  # raised whenever the same arguments would give another picture of any preset
_NUMBERS_VERSION = 3  # enters the random numbers; stays, so that presets left alone keep their pictures


def stream(preset: str, seed: int, index: int, part: str) -> np.random.Generator:
    """Return the random numbers of one part of one picture.

    Parameters
    ----------
    preset, part : str
        Names; they enter by their UTF-8 bytes.
    seed, index : int
        Not negative.

    Returns
    -------
    numpy.random.Generator
        Over PCG64; the same arguments give the same stream on every machine.

    Raises
    ------
    SettingsError
        When ``seed`` or ``index`` is negative or no whole number.

    Examples
    --------
    >>> first = stream("nosema", 0, 3, "spores").integers(1000, size=2)
    >>> again = stream("nosema", 0, 3, "spores").integers(1000, size=2)
    >>> bool((first == again).all())
    True
    """
    for name, value in (("seed", seed), ("index", index)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 0:
            raise SettingsError(name, expected="a whole number, 0 or more", found=repr(value))
    words = [_NUMBERS_VERSION, _as_number(preset), int(seed), int(index), _as_number(part)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


@dataclass(frozen=True, slots=True)
class Spread:
    """A normal distribution cut off at both ends.

    Attributes
    ----------
    mean, sd : float
        Of the normal distribution before the cut; ``sd`` 0 gives ``mean`` always.
    low, high : float
        No value is drawn below or above.

    Raises
    ------
    SettingsError
        Unless ``low <= mean <= high`` and ``sd >= 0``.
    """

    mean: float
    sd: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (self.low <= self.mean <= self.high and self.sd >= 0):
            raise SettingsError(
                "spread",
                expected="low <= mean <= high and sd >= 0",
                found=f"mean {self.mean}, sd {self.sd}, low {self.low}, high {self.high}",
            )

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Return ``count`` values, one uniform number each, by the inverse of the distribution."""
        uniform = rng.random(count)
        if self.sd == 0:
            return np.full(count, self.mean)
        first, last = ndtr((self.low - self.mean) / self.sd), ndtr((self.high - self.mean) / self.sd)
        values = self.mean + self.sd * ndtri(first + uniform * (last - first))
        return np.asarray(np.clip(values, self.low, self.high))

    def one(self, rng: np.random.Generator) -> float:
        """Return one value."""
        return float(self.draw(rng, 1)[0])


def fixed(value: float) -> Spread:
    """Return the spread that always gives ``value``."""
    return Spread(value, 0.0, value, value)


AS_IT_IS = fixed(1.0)
NOTHING = fixed(0.0)


def _as_number(name: str) -> int:
    return int.from_bytes(name.encode("utf-8"), "big")
