"""``treatments.csv`` and ``ratios.csv``: the means of treatments, with the suspension as the unit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.counting import TreatmentMean, treatment_mean, treatment_ratio
from sporemetry.report import Caution, TreatmentData
from sporemetry.report.formatting import quantity_text
from sporemetry.report.treatment_data import RATIO_COLUMNS, TREATMENT_COLUMNS

# With more treatments each is compared with the first one only.
ALL_PAIRS_MAX = 20
PER_ML, PER_MM2, PER_IMAGE = "spores per mL", "spores per mm²", "spores per image"
UNDILUTED = " (× dilution)"
_PARTS = (
    "variance",
    "variance_counting",
    "variance_within",
    "variance_between",
    "cv_within",
    "cv_between",
    "dispersion_within",
    "dispersion_p",
)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What the means of all treatments are per: its name, and what each image shows of it."""

    name: str
    exposures: Floats


def treatment_data(
    summary: pd.DataFrame, confidence: float, order: Sequence[str] = ()
) -> TreatmentData | None:
    """Return the tables of treatments, or None when no image has one.

    All means are in one unit, the best one that is known of every image with a treatment: per mL, else per
    mm², else per image. Where dilutions differ and no volume is known, what an image shows is divided by its
    dilution.

    Parameters
    ----------
    summary : DataFrame
        One row an image, as in ``summary.csv``.
    confidence : float
        Of the intervals.
    order : sequence of str
        Treatments in the order of the tables; those that it lacks follow in the order of their images. Of
        two treatments, the one that comes first is the reference of their ratio.
    """
    images = summary[summary["treatment"] != ""].reset_index(drop=True)
    if images.empty:
        return None
    unit = _unit(images)
    present = list(dict.fromkeys(images["treatment"]))
    names = [name for name in dict.fromkeys(order) if name in set(present)]
    names += [name for name in present if name not in set(names)]
    of_treatment = {
        str(name): np.asarray(places) for name, places in images.groupby("treatment").indices.items()
    }
    means = {name: _mean(images, of_treatment[name], unit.exposures, confidence) for name in names}
    known = {name: not (images["suspension"].to_numpy()[of_treatment[name]] == "").any() for name in names}
    rows = [
        _row(name, means[name], known[name], images.iloc[of_treatment[name]], unit, confidence)
        for name in names
    ]
    usable = {name: mean for name, mean in means.items() if known[name]}
    return TreatmentData(
        table=pd.DataFrame(rows, columns=list(TREATMENT_COLUMNS)),
        ratios=pd.DataFrame(_ratios(usable), columns=list(RATIO_COLUMNS)),
        rates={name: mean.rates if known[name] else () for name, mean in means.items()},
    )


def treatment_cautions(data: TreatmentData) -> Iterator[Caution]:
    """Yield what a reader of the treatments must be told: where no interval is claimed, or a poor one."""
    suspensions = dict(zip(data.table["treatment"], data.table["suspensions"], strict=True))
    one = tuple(name for name, number in suspensions.items() if number == 1)
    if one:
        yield Caution(
            "caution",
            f"One suspension only, so no interval: {_names('treatment', one)}",
            "Its images tell of this suspension alone. How another one would have come out, they do not "
            "tell. Make at least three suspensions of each treatment.",
        )
    two = tuple(name for name, number in suspensions.items() if number == 2)
    if two:
        yield Caution(
            "note",
            f"Two suspensions only: {_names('treatment', two)}",
            "Two suspensions hardly tell how suspensions vary. Their interval holds as often as it says, and "
            "is so wide that it says little. A third suspension makes it about three times narrower.",
        )


def treatment_lines(data: TreatmentData, confidence: float) -> list[str]:
    """Return a line for each treatment, for the terminal.

    >>> from sporemetry.counting import treatment_mean
    >>> mean = treatment_mean([[38, 42], [50, 50], [55, 65]])
    >>> row = _row("T1", mean, True, pd.DataFrame(), _Unit(PER_IMAGE, np.ones(6)), 0.95)
    >>> table = pd.DataFrame([row], columns=list(TREATMENT_COLUMNS))
    >>> treatment_lines(TreatmentData(table, pd.DataFrame(), {"T1": mean.rates}), 0.95)
    ['T1: 50.0 spores per image (95 % interval 25.2 to 74.8), 3 suspensions']
    """
    lines = []
    for row in data.table.to_dict("records"):
        quantity = quantity_text(row["mean"], row["low"], row["high"])
        inside = (
            f"{100 * confidence:.4g} % interval {quantity.interval}" if quantity.interval else "no interval"
        )
        number = row["suspensions"]
        known = "suspensions not known" if pd.isna(number) else _plural(int(number), "suspension")
        lines.append(f"{row['treatment']}: {quantity.value} {row['unit']} ({inside}), {known}")
    return lines


def _unit(images: pd.DataFrame) -> _Unit:
    dilutions = images["dilution"].to_numpy(float)
    volumes = pd.to_numeric(images["volume_ml"]).to_numpy(float)
    if not np.isnan(volumes).any():
        return _Unit(PER_ML, volumes / dilutions)
    alike = bool((dilutions == dilutions[0]).all())
    areas = pd.to_numeric(images["field_area_mm2"]).to_numpy(float)
    by_area = not np.isnan(areas).any()
    # Fields of unequal size are compared by their pixels, in units of the mean field.
    pixels = images["field_area_px"].to_numpy(float)
    shown = areas if by_area else pixels / pixels.mean()
    name = PER_MM2 if by_area else PER_IMAGE
    return _Unit(name, shown) if alike else _Unit(name + UNDILUTED, shown / dilutions)


def _mean(
    images: pd.DataFrame, places: NDArray[np.intp], exposures: Floats, confidence: float
) -> TreatmentMean:
    counts = images["counted"].to_numpy()[places]
    suspensions = pd.factorize(images["suspension"].to_numpy()[places])[0]
    parts = [np.flatnonzero(suspensions == number) for number in range(suspensions.max() + 1)]
    return treatment_mean(
        [counts[part].tolist() for part in parts],
        [exposures[places[part]].tolist() for part in parts],
        confidence,
    )


def _row(
    name: str, mean: TreatmentMean, known: bool, images: pd.DataFrame, unit: _Unit, confidence: float
) -> dict[str, object]:
    row: dict[str, object] = {
        "treatment": name,
        "suspensions": mean.suspensions if known else None,
        "images": mean.images,
        "counted": mean.total,
        "unit": unit.name,
        "mean": mean.mean,
    }
    if known:
        row.update(low=mean.low, high=mean.high, **{part: getattr(mean, part) for part in _PARTS})
    if images.empty:
        return row
    images = images.reset_index(drop=True)
    areas = pd.to_numeric(images["field_area_mm2"]).to_numpy(float)
    volumes = pd.to_numeric(images["volume_ml"]).to_numpy(float)
    dilutions = images["dilution"].to_numpy(float)
    # A density of suspensions that were diluted differently has no meaning.
    if not np.isnan(areas).any() and (dilutions == dilutions[0]).all():
        row.update(_rate("density_per_mm2", "density", images, areas, known, confidence))
    if not np.isnan(volumes).any():
        row.update(
            _rate("concentration_per_ml", "concentration", images, volumes / dilutions, known, confidence)
        )
    return row


def _rate(
    column: str, prefix: str, images: pd.DataFrame, exposures: Floats, known: bool, confidence: float
) -> dict[str, float]:
    mean = _mean(images, np.arange(len(images)), exposures, confidence)
    low, high = (mean.low, mean.high) if known else (math.nan, math.nan)
    return {column: mean.mean, f"{prefix}_low": low, f"{prefix}_high": high}


def _ratios(means: dict[str, TreatmentMean]) -> list[dict[str, object]]:
    names = list(means)
    pairs = (
        ((later, earlier) for earlier, later in itertools.combinations(names, 2))
        if len(names) <= ALL_PAIRS_MAX
        else ((name, names[0]) for name in names[1:])
    )
    rows: list[dict[str, object]] = []
    for name, reference in pairs:
        found = treatment_ratio(means[name], means[reference])
        rows.append(
            {
                "treatment": name,
                "reference": reference,
                "ratio": found.ratio,
                "ratio_low": found.low,
                "ratio_high": found.high,
            }
        )
    return rows


def _names(noun: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{noun}{'' if len(names) == 1 else 's'} {shown}"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
