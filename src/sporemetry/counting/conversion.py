"""From counts in a chamber to spores per mL of the undiluted suspension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.counting.intervals import (
    DEFAULT_CONFIDENCE,
    checked_counts,
    checked_positive,
    checked_positive_number,
)
from sporemetry.counting.replicates import PooledCount, pool_counts


@dataclass(frozen=True)
class Concentration:
    """Spores per mL of the undiluted suspension.

    Attributes
    ----------
    per_ml, low, high : float
        The concentration and its confidence limits, in spores per mL.
    dilution : float
        The factor by which the suspension had been diluted.
    pooled : PooledCount
        The counts that it rests on; its exposure is in mL, and it tells whether the interval was widened.
    """

    per_ml: float
    low: float
    high: float
    dilution: float
    pooled: PooledCount


def concentration(
    counts: Sequence[int] | NDArray[np.integer],
    volume_ml: float | Sequence[float] | NDArray[np.float64],
    *,
    dilution: float = 1.0,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Concentration:
    """Return the concentration of spores in the suspension.

    C = sum(N) x dilution / (squares x area of a square x depth x 10⁻³ mL/mm³), the denominator being the sum
    of the pictures' volumes. The limits are those of :func:`~sporemetry.counting.replicates.pool_counts`,
    converted likewise: they hold the chance of counting and the spread between pictures, not errors of
    pipetting, of the dilution or of the chamber's depth.

    Parameters
    ----------
    counts : sequence of int
        Spores counted in each picture (or each square); at least one.
    volume_ml : float or sequence of float
        What each picture shows, in mL, above 0: one number for all of them, or one each
        (:func:`~sporemetry.counting.chambers.squares_volume_ml`,
        :func:`~sporemetry.counting.chambers.field_volume_ml`).
    dilution : float
        Above 0. 1 part of the suspension made up to 10 parts is a dilution of 10; a suspension concentrated
        tenfold, one of 0.1.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    Concentration
        Without spores 0, from 0 to 3.69 x dilution / volume.

    Raises
    ------
    SettingsError
        No counts, or counts that are negative or fractional; volumes or a dilution that are not above 0; a
        confidence outside (0, 1).

    Examples
    --------
    200 spores in four large squares of a Neubauer chamber, the suspension diluted 1 + 1:

    >>> from sporemetry.counting.chambers import find_chamber, squares_volume_ml
    >>> volume = squares_volume_ml(find_chamber("neubauer"), "large", 1)
    >>> found = concentration([47, 53, 52, 48], volume, dilution=2)
    >>> print(f"{found.per_ml:.3g} per mL, {found.low:.3g} to {found.high:.3g}")
    1e+06 per mL, 8.66e+05 to 1.15e+06
    """
    factor = checked_positive_number("dilution", dilution)
    volumes = checked_positive("volume (mL)", volume_ml)
    each = volumes if volumes.ndim else np.full(checked_counts("counts", counts).size, volumes)
    pooled = pool_counts(counts, each, confidence)
    return Concentration(
        per_ml=pooled.rate * factor,
        low=pooled.rate_low * factor,
        high=pooled.rate_high * factor,
        dilution=factor,
        pooled=pooled,
    )
