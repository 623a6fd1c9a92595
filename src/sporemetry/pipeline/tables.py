"""The tables of a folder job, made from the records of its pictures."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from sporemetry.counting import concentration, pool_counts, rate_interval, size_string
from sporemetry.measurement import SPORE_COLUMNS
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.record import Record, spores_path
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountingSettings
from sporemetry.pipeline.volume import picture_volume_ml
from sporemetry.workers import Failure

SUMMARY_COLUMNS = (
    "image",
    "sample",
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
    "concentration_per_ml",
    "concentration_low",
    "concentration_high",
    "edge_spores",
    "left_out_share",
    "spore_length_px",
    "area_median_px",
    "length_um_median",
    "width_um_median",
    "q_mean",
)
SAMPLE_COLUMNS = (
    "sample",
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
FAILURE_COLUMNS = ("image", "error", "expected", "found", "remedy")
# From pandas 3.1 on, floats are read exactly by default, and asking for it is deprecated.
_EXACT_BY_DEFAULT = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
_EXACT_FLOATS: Mapping[str, Any] = {} if _EXACT_BY_DEFAULT else {"float_precision": "round_trip"}
_TEXT_COLUMNS = ("image", "sample", "scale_source", "field")


def join_spores(records: Iterable[Record], output: Path) -> tuple[bytes, pd.DataFrame]:
    """Return ``spores.csv`` joined from the pictures' own rows, as bytes and as a table.

    No records give a header only.
    """
    header = (",".join(SPORE_COLUMNS) + "\n").encode()
    rows = [spores_path(output, record.name).read_bytes().split(b"\n", 1)[1] for record in records]
    content = header + b"".join(rows)
    table = pd.read_csv(
        io.BytesIO(content),
        dtype={"image": str, "label": np.int64, "index": np.int64, "touches_edge": bool, "counted": bool},
        keep_default_na=False,
        na_values={name: [""] for name in SPORE_COLUMNS if name != "image"},
        **_EXACT_FLOATS,
    )
    return content, table


def summary_table(
    records: Sequence[Record], spores: pd.DataFrame, settings: CountingSettings
) -> pd.DataFrame:
    """Return one row a picture, zero counts included, with the columns :data:`SUMMARY_COLUMNS`.

    Sizes are of whole spores: those that touch an edge are left out of them.
    """
    of_picture = dict(tuple(spores.groupby("image", sort=False)))
    rows = [_summary_row(record, of_picture.get(record.image), settings) for record in records]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def sample_table(summary: pd.DataFrame, spores: pd.DataFrame, settings: CountingSettings) -> pd.DataFrame:
    """Return one row a sample: its pictures pooled as replicates, with the columns :data:`SAMPLE_COLUMNS`."""
    whole = spores[~spores["touches_edge"]].merge(summary[["image", "sample"]], on="image")
    rows = [
        _sample_row(str(sample), pictures, whole[whole["sample"] == sample], settings)
        for sample, pictures in summary.groupby("sample", sort=False)
    ]
    return pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS))


def failure_table(tasks: Sequence[PictureTask], failures: Mapping[str, Failure]) -> pd.DataFrame:
    """Return one row for each picture of ``failures`` (by output name), in the order of ``tasks``."""
    rows = [
        (task.image, failure.error, failure.expected, failure.found, failure.remedy)
        for task in tasks
        if (failure := failures.get(task.name)) is not None
    ]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))


def _summary_row(record: Record, spores: pd.DataFrame | None, settings: CountingSettings) -> dict[str, Any]:
    facts = record.facts
    area_mm2 = _area_mm2(facts)
    volume_ml = picture_volume_ml(settings, area_mm2)
    counted = int(facts["counted"])
    row: dict[str, Any] = {**facts, "image": record.image, "field_area_mm2": area_mm2, "volume_ml": volume_ml}
    row["um_per_px"] = math.nan if facts["um_per_px"] is None else facts["um_per_px"]
    row["sample"] = SAMPLE_RULES[settings.sample_by](PurePosixPath(record.image))
    row["count_low"], row["count_high"] = rate_interval(counted, 1.0, settings.confidence)
    if area_mm2 is not None:
        row["density_per_mm2"] = counted / area_mm2
        row["density_low"], row["density_high"] = rate_interval(counted, area_mm2, settings.confidence)
    if volume_ml is not None:
        row.update(_concentration([counted], [volume_ml], settings))
    row["edge_spores"] = 0
    if spores is not None:
        whole = spores[~spores["touches_edge"]]
        row["edge_spores"] = len(spores) - len(whole)
        if len(whole):
            row["area_median_px"] = whole["area"].median()
            row["length_um_median"] = whole["length_um"].median()
            row["width_um_median"] = whole["width_um"].median()
            row["q_mean"] = whole["q"].mean()
    return row


def _sample_row(
    sample: str, pictures: pd.DataFrame, whole: pd.DataFrame, settings: CountingSettings
) -> dict[str, Any]:
    counts = pictures["counted"].tolist()
    areas = _all_known(pictures["field_area_mm2"])
    volumes = _all_known(pictures["volume_ml"])
    # Pictures of unequal size are compared by what they show: volume, else mm², else pixels.
    shown = volumes or areas or _all_known(pictures["field_area_px"])
    pooled = pool_counts(counts, shown, confidence=settings.confidence)
    row: dict[str, Any] = {
        "sample": sample,
        "pictures": len(pictures),
        "counted": pooled.total,
        "mean": pooled.mean,
        "variance": pooled.variance,
        "variance_to_mean": pooled.variance_to_mean,
        "dispersion_p": pooled.dispersion_p,
        "count_low": pooled.low,
        "count_high": pooled.high,
        "widened": pooled.widened,
        "sizes": size_string(whole["length_um"].to_numpy(float), whole["width_um"].to_numpy(float))
        if _has_sizes(whole)
        else "",
        "n_measured": len(whole),
    }
    if areas is not None:
        density = pool_counts(counts, areas, confidence=settings.confidence)
        row["density_per_mm2"] = density.rate
        row["density_low"], row["density_high"] = density.rate_low, density.rate_high
    if volumes is not None:
        row.update(_concentration(counts, volumes, settings))
    return row


def _concentration(counts: list[int], volumes: list[float], settings: CountingSettings) -> dict[str, float]:
    found = concentration(counts, volumes, dilution=settings.dilution, confidence=settings.confidence)
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


def _has_sizes(whole: pd.DataFrame) -> bool:
    return len(whole) > 0 and bool(whole["length_um"].notna().all())
