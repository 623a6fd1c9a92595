"""What a report shows of treatments: their means, their ratios, and the suspensions behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

TREATMENT_COLUMNS = (
    "treatment",
    "suspensions",
    "images",
    "counted",
    "unit",
    "mean",
    "low",
    "high",
    "density_per_mm2",
    "density_low",
    "density_high",
    "concentration_per_ml",
    "concentration_low",
    "concentration_high",
    "variance",
    "variance_counting",
    "variance_within",
    "variance_between",
    "cv_within",
    "cv_between",
    "dispersion_within",
    "dispersion_p",
)
RATIO_COLUMNS = ("treatment", "reference", "ratio", "ratio_low", "ratio_high")


@dataclass(frozen=True, slots=True, eq=False)
class TreatmentData:
    """The tables of treatments.

    Attributes
    ----------
    table : DataFrame
        One row a treatment, with the columns :data:`TREATMENT_COLUMNS`. ``low`` and ``high`` are NaN where a
        treatment has one suspension, or its suspensions are not known.
    ratios : DataFrame
        One row a pair of treatments, with the columns :data:`RATIO_COLUMNS`.
    rates : mapping of str to tuple of float
        By treatment the rates of its suspensions, in the unit of ``mean``.
    """

    table: pd.DataFrame
    ratios: pd.DataFrame
    rates: Mapping[str, tuple[float, ...]]
