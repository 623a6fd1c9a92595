"""The tables of a folder job, made from the records of its pictures."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.counting import (
    TreatmentMean,
    concentration,
    pool_counts,
    rate_interval,
    size_string,
    treatment_mean,
)
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.record import Record
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountingSettings
from sporemetry.pipeline.stated import (
    NOTHING_STATED,
    NOTHING_STATED_OF_ANY,
    SHEET_SCALE,
    Stated,
    chamber_stated,
    counting_settings_of,
)
from sporemetry.pipeline.volume import picture_volume_ml
from sporemetry.report import SporeDigest
from sporemetry.workers import Failure

SUMMARY_COLUMNS = (
    "image",
    "sample",
    "suspension",
    "treatment",
    "width_px",
    "height_px",
    "um_per_px",
    "scale_source",
    "field",
    "field_area_px",
    "field_area_mm2",
    "spores",
    "counted",
    "count_low",
    "count_high",
    "density_per_mm2",
    "density_low",
    "density_high",
    "volume_ml",
    "dilution",
    "concentration_per_ml",
    "concentration_low",
    "concentration_high",
    "edge_spores",
    "left_out_share",
    "spore_length_px",
    "own_scale",
    "area_median_px",
    "length_um_median",
    "width_um_median",
    "q_mean",
    "edited",
    "label_fault",
    "mask_confidence",
    "uncovered_objects",
    "uncovered_length_px",
    "count_fault",
)
SAMPLE_COLUMNS = (
    "sample",
    "treatment",
    "suspensions",
    "pictures",
    "counted",
    "mean",
    "variance",
    "variance_to_mean",
    "dispersion_p",
    "count_low",
    "count_high",
    "widened",
    "density_per_mm2",
    "density_low",
    "density_high",
    "concentration_per_ml",
    "concentration_low",
    "concentration_high",
    "sizes",
    "n_measured",
)
FAILURE_COLUMNS = ("image", "error", "expected", "found", "remedy", "earlier_result")
EARLIER_RESULT = "kept, not counted in this run"
# Of any table: a sheet's own columns must not have these names.
TABLE_COLUMNS = tuple(dict.fromkeys((*SUMMARY_COLUMNS, *SAMPLE_COLUMNS)))
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,8})?")
_OF_SPORES = ("edge_spores", "area_median_px", "length_um_median", "width_um_median", "q_mean")


def sample_of(image: str, settings: CountingSettings, stated: Stated = NOTHING_STATED) -> str:
    """Return the sample that an image belongs to: the one that is stated, else by the rule."""
    return stated.sample or SAMPLE_RULES[settings.sample_by](PurePosixPath(image))


def summary_table(
    records: Iterable[Record],
    images: pd.DataFrame,
    settings: CountingSettings,
    stated: Mapping[str, Stated] = NOTHING_STATED_OF_ANY,
) -> pd.DataFrame:
    """Return one row a picture, zero counts included, with the columns :data:`SUMMARY_COLUMNS`.

    Parameters
    ----------
    records : iterable of Record
        The pictures, read once.
    images : DataFrame
        What the digest of the spores says of each of them (:data:`sporemetry.report.digest.IMAGE_COLUMNS`).
        Sizes are of whole spores: those that touch an edge are left out of them.
    settings : CountingSettings
        Samples, chamber, confidence.
    stated : mapping of str to Stated
        What a sample sheet or levels state, by image; it overrides ``settings``. Columns of the sheet that
        we do not know come last.
    """
    extra = extra_columns(stated.values())
    columns: dict[str, list[Any]] = {name: [] for name in SUMMARY_COLUMNS if name not in _OF_SPORES}
    carried: dict[str, list[str]] = {name: [] for name in extra}
    for record in records:
        said = stated.get(record.image, NOTHING_STATED)
        row = _summary_row(record, settings, said)
        for name, values in columns.items():
            values.append(row.get(name))
        known = dict(said.extra)
        for name, texts in carried.items():
            texts.append(known.get(name, ""))
    table = pd.DataFrame({**columns, **{name: images[name] for name in _OF_SPORES}}, columns=SUMMARY_COLUMNS)
    return table.assign(**{name: _carried(texts) for name, texts in carried.items()})


def _carried(texts: list[str]) -> pd.Series[Any]:
    """Return a sheet's column as numbers where some are negative, which are no formulas; else as text."""
    some = [text for text in texts if text]
    if any(text.startswith("-") for text in some) and all(map(_PLAIN_NUMBER.fullmatch, some)):
        return pd.Series([float(text) if text else math.nan for text in texts])
    return pd.Series(texts, dtype=object)


def extra_columns(stated: Iterable[Stated]) -> tuple[str, ...]:
    """Return the names of the columns that sheets have and we do not know, in the order of the sheet."""
    return tuple(dict.fromkeys(name for said in stated for name, _ in said.extra))


def sample_table(summary: pd.DataFrame, spores: SporeDigest, settings: CountingSettings) -> pd.DataFrame:
    """Return one row a sample, with the columns :data:`SAMPLE_COLUMNS`.

    Its images are pooled as replicates. Where it holds several suspensions, these are the replicates.
    Columns of a sample sheet follow, where all images of the sample agree in them.
    """
    extra = [name for name in summary.columns if name not in SUMMARY_COLUMNS]
    codes, names = pd.factorize(summary["sample"])
    whole = _spores_by_sample(codes.astype(np.int32)[spores.place], len(names))
    rows = [
        _sample_row(str(names[code]), pictures, spores, whole[code], settings)
        for code, (_, pictures) in enumerate(summary.groupby(codes, sort=False))
    ]
    columns = [*SAMPLE_COLUMNS, *extra]
    for row, (_, pictures) in zip(rows, summary.groupby(codes, sort=False), strict=True):
        for name in extra:
            row[name] = pictures[name].iloc[0] if pictures[name].nunique() == 1 else ""
    return pd.DataFrame(rows, columns=columns)


def _spores_by_sample(of_spore: NDArray[np.int32], samples: int) -> list[slice | NDArray[np.intp]]:
    """Return where the spores of each sample are: slices, which copy nothing, where samples do not mix."""
    follow = bool((np.diff(of_spore) >= 0).all())
    order = None if follow else np.argsort(of_spore, kind="stable")
    ends = np.searchsorted(of_spore, np.arange(samples + 1, dtype=np.int32), sorter=order)
    places = [slice(int(start), int(end)) for start, end in itertools.pairwise(ends)]
    return list(places) if order is None else [order[place] for place in places]


def failure_table(
    tasks: Sequence[PictureTask], failures: Mapping[str, Failure], earlier: Collection[str] = ()
) -> pd.DataFrame:
    """Return one row for each image of ``failures`` (by output name), in the order of ``tasks``.

    The last column says of those in ``earlier`` that the result of an earlier run is kept.
    """
    rows = [
        (
            task.image,
            failure.error,
            failure.expected,
            failure.found,
            failure.remedy,
            EARLIER_RESULT if task.name in earlier else "",
        )
        for task in tasks
        if (failure := failures.get(task.name)) is not None
    ]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))


def _summary_row(record: Record, settings: CountingSettings, stated: Stated) -> dict[str, Any]:
    facts = record.facts
    area_mm2 = _area_mm2(facts)
    settings = counting_settings_of(settings, chamber_stated(stated))
    volume_ml = picture_volume_ml(settings, area_mm2)
    counted = int(facts["counted"])
    row: dict[str, Any] = {**facts, "image": record.image, "field_area_mm2": area_mm2, "volume_ml": volume_ml}
    row["edited"] = bool(facts.get("edited"))
    row["own_scale"] = bool(facts.get("has_own_scale"))
    row["label_fault"] = facts.get("label_fault", "")
    row["count_fault"] = facts.get("count_fault", "")
    row["um_per_px"] = math.nan if facts["um_per_px"] is None else facts["um_per_px"]
    row["sample"] = sample_of(record.image, settings, stated)
    row["suspension"], row["treatment"] = stated.suspension, stated.treatment
    row["dilution"] = settings.dilution
    if stated.um_per_px is not None:
        row["scale_source"] = SHEET_SCALE
    elif facts["scale_source"] == "--um-per-px":  # as it is, a spreadsheet would take it for a formula
        row["scale_source"] = "given as --um-per-px"
    row["count_low"], row["count_high"] = _interval(counted, 1.0, settings.confidence)
    if area_mm2 is not None:
        row["density_per_mm2"] = counted / area_mm2
        row["density_low"], row["density_high"] = _interval(counted, area_mm2, settings.confidence)
    if volume_ml is not None:
        row.update(_concentration((counted,), (volume_ml / settings.dilution,), settings.confidence))
    return row


def _sample_row(
    sample: str,
    pictures: pd.DataFrame,
    spores: SporeDigest,
    whole: slice | NDArray[np.intp],
    settings: CountingSettings,
) -> dict[str, Any]:
    counts = pictures["counted"].tolist()
    areas = _all_known(pictures["field_area_mm2"])
    # What each image shows of the undiluted suspension.
    volumes = _all_known(pictures["volume_ml"] / pictures["dilution"])
    # Pictures of unequal size are compared by what they show: volume, else mm², else pixels.
    shown = volumes or areas or _all_known(pictures["field_area_px"])
    pooled = pool_counts(counts, shown, confidence=settings.confidence)
    row: dict[str, Any] = {
        "sample": sample,
        "treatment": _common(pictures["treatment"]),
        "suspensions": _suspensions(pictures),
        "pictures": len(pictures),
        "counted": pooled.total,
        "mean": pooled.mean,
        "variance": pooled.variance,
        "variance_to_mean": pooled.variance_to_mean,
        "dispersion_p": pooled.dispersion_p,
        "count_low": pooled.low,
        "count_high": pooled.high,
        "widened": pooled.widened,
        "sizes": _sizes(spores.sizes["length_um"][whole], spores.sizes["width_um"][whole])
        if spores.in_um
        else "",
        "n_measured": len(spores.place[whole]),
    }
    if areas is not None:
        density = pool_counts(counts, areas, confidence=settings.confidence)
        row["density_per_mm2"] = density.rate
        row["density_low"], row["density_high"] = density.rate_low, density.rate_high
    if volumes is not None:
        row.update(_concentration(tuple(counts), tuple(volumes), settings.confidence))
    if row["suspensions"] is not None and row["suspensions"] > 1:
        row.update(_of_suspensions(pictures, areas, volumes, shown, settings.confidence))
    return row


def _of_suspensions(
    images: pd.DataFrame,
    areas: list[float] | None,
    volumes: list[float] | None,
    shown: list[float] | None,
    confidence: float,
) -> dict[str, Any]:
    """Return rates and intervals of a sample of several suspensions, which are its replicates."""
    codes = pd.factorize(images["suspension"])[0]
    counts = images["counted"].to_numpy()
    parts = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]

    def mean(exposures: list[float]) -> TreatmentMean:
        sizes = np.asarray(exposures, dtype=float)
        return treatment_mean(
            [counts[part].tolist() for part in parts], [sizes[part].tolist() for part in parts], confidence
        )

    sizes = shown or [1.0] * len(counts)
    total = mean(sizes)
    row: dict[str, Any] = {
        "count_low": total.low * total.exposure,
        "count_high": total.high * total.exposure,
        "widened": total.low < total.poisson_low or total.high > total.poisson_high,
    }
    if areas is not None:
        found = mean(areas)
        row.update(density_per_mm2=found.mean, density_low=found.low, density_high=found.high)
    if volumes is not None:
        found = mean(volumes)
        row.update(
            concentration_per_ml=found.mean, concentration_low=found.low, concentration_high=found.high
        )
    return row


def _common(texts: pd.Series) -> str:
    return str(texts.iloc[0]) if texts.nunique() == 1 else ""


def _suspensions(images: pd.DataFrame) -> int | None:
    """Return how many suspensions a sample has; None where that is not stated of each image."""
    stated = images["suspension"]
    return None if (stated == "").any() else int(stated.nunique())


# Of thousands of pictures many have the same count and the same area.
_interval = functools.lru_cache(maxsize=4096)(rate_interval)


@functools.lru_cache(maxsize=4096)
def _concentration(
    counts: tuple[int, ...], volumes: tuple[float, ...], confidence: float
) -> dict[str, float]:
    """Return the concentration; ``volumes`` are those of the undiluted suspension."""
    found = concentration(counts, volumes, dilution=1.0, confidence=confidence)
    return {
        "concentration_per_ml": found.per_ml,
        "concentration_low": found.low,
        "concentration_high": found.high,
    }


def _area_mm2(facts: Mapping[str, Any]) -> float | None:
    if facts["um_per_px"] is None:
        return None
    return float(facts["field_area_px"]) * (float(facts["um_per_px"]) * 1e-3) ** 2


def _all_known(values: pd.Series) -> list[float] | None:
    return None if values.isna().any() else [float(value) for value in values]


def _sizes(length_um: NDArray[np.float64], width_um: NDArray[np.float64]) -> str:
    if not length_um.size or np.isnan(length_um).any():
        return ""
    return size_string(length_um, width_um)
