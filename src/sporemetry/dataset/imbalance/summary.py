"""The imbalance of a data set in a few lines, and as files."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sporemetry.csv_table import csv_bytes
from sporemetry.dataset.imbalance.figure import encode_figure, imbalance_figure
from sporemetry.dataset.imbalance.measure import Imbalance
from sporemetry.storage import write_atomic

OUTPUT_NAMES = (
    "stats.json",
    "pictures.csv",
    "spores.csv",
    "rings.csv",
    "weights.csv",
    "stats.png",
    "stats.pdf",
)


def format_table(result: Imbalance) -> list[tuple[str, str]]:
    """Return what is measured as pairs of words and value; what is not defined is a dash.

    Sizes and distances are medians, with the range that holds the middle 90 %.
    """
    pictures, spores = result.pictures, result.spores
    labelled = pictures[pictures["kind"] == "labels"]
    boxed = pictures[pictures["kind"] == "boxes"]
    outlined = spores[spores["picture"].isin(labelled["picture"])]
    empty = int((pictures["spores"] == 0).sum())
    rows = [
        ("pictures", _pictures(len(labelled), len(boxed), len(result.unlabelled))),
        ("groups", f"{pictures['group'].nunique():,}"),
        ("spores", f"{len(spores):,}"),
        ("spores a picture ± sd (range)", _spread(pictures["spores"])),
        ("pictures without spores", f"{empty:,}{_percent(empty, len(pictures))}"),
    ]
    if len(labelled):
        rows += _of_labels(result, labelled, outlined)
    if len(boxed):
        boxes = spores[spores["picture"].isin(boxed["picture"])]
        rows += [
            ("by boxes: px outside a px inside, pooled", _number(result.box_ratio)),
            ("by boxes: area, px² (5 to 95 %)", _quantiles(boxes["area_px"])),
            ("by boxes: to the next centre, px (5 to 95 %)", _quantiles(boxes["centre_px"])),
        ]
    return rows


def _of_labels(result: Imbalance, labelled: pd.DataFrame, spores: pd.DataFrame) -> list[tuple[str, str]]:
    cross = result.rings[result.rings["shape"] == "cross"]
    rows = [("n_b / n_o, pooled", _number(result.ratio))]
    if labelled["ignored_px"].any():
        left_out = result.settings.leave_out_ignored
        rows.append(
            (
                f"n_b / n_o, ignored pixels {'counted' if left_out else 'left out'}",
                _number(result.ratio_all if left_out else result.ratio_kept),
            )
        )
    touching = int(spores["touches"].sum())
    rows += [
        ("n_b / n_o, by picture (range)", _range(labelled["ratio"])),
        ("area, px² (5 to 95 %)", _quantiles(spores["area_px"])),
        ("area, µm² (5 to 95 %)", _quantiles(spores["area_um2"])),
        ("to the next centre, px (5 to 95 %)", _quantiles(spores["centre_px"])),
        ("gap to the next, px (5 to 95 %)", _quantiles(spores["gap_px"])),
        ("spores that touch another", f"{touching:,}{_percent(touching, len(spores))}"),
        (
            f"ring px a spore px, radius 1 to {result.settings.largest_radius}",
            ", ".join(f"{share:.3f}" for share in cross["of_spore"]) or "–",
        ),
    ]
    return rows


def format_weights(result: Imbalance) -> list[tuple[str, ...]]:
    """Return what each loss weighs as rows of text, the header first; only it without labels.

    ``threshold`` is the Bayes threshold on the probability. The last two columns are
    shares of the sum of all weights.
    """
    header = ("loss", "beta", "spore", "ring", "background", "threshold", "spore %", "ring %")
    return [header, *(_weight_cells(row) for row in result.weights.to_dict(orient="records"))]


def _weight_cells(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    return (
        str(row["loss"]),
        "" if math.isnan(row["beta"]) else f"{row['beta']:g}",
        f"{row['spore_weight']:.2f}",
        f"{row['ring_weight']:.2f}",
        f"{row['background_weight']:.2f}",
        f"{row['threshold']:.3f}",
        f"{100 * row['spore_share']:.1f}",
        f"{100 * row['ring_share']:.1f}",
    )


def write_imbalance(result: Imbalance, output: Path) -> tuple[Path, ...]:
    """Write JSON, tables and the plot page into a folder that exists, each complete or absent.

    Returns
    -------
    tuple of Path
        In the order of :data:`OUTPUT_NAMES`.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    summary = {key: value for key, value in result.to_dict().items() if key != "spores"}
    tables = (result.pictures, result.spores, result.rings, result.weights)
    figure = imbalance_figure(result)
    contents = [
        (json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8"),
        *(_csv(table) for table in tables),
        encode_figure(figure, "png"),
        encode_figure(figure, "pdf"),
    ]
    paths = tuple(output / name for name in OUTPUT_NAMES)
    for path, content in zip(paths, contents, strict=True):
        write_atomic(path, content)
    return paths


def _csv(table: pd.DataFrame) -> bytes:
    return csv_bytes(table, float_format="%.6g")


def _pictures(labelled: int, boxed: int, unlabelled: int) -> str:
    parts = ((labelled, "with labels"), (boxed, "with boxes only"), (unlabelled, "with neither, left out"))
    return ", ".join(f"{number:,} {what}" for number, what in parts if number) or "none"


def _percent(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.1f} %)" if whole else ""


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:,.2f}"


def _spread(values: pd.Series) -> str:
    if not len(values):
        return "–"
    sd = f" ± {values.std():.1f}" if len(values) > 1 else ""
    return f"{values.mean():.1f}{sd} ({values.min():,} to {values.max():,})"


def _range(values: pd.Series) -> str:
    found = values.dropna()
    return f"{found.median():,.0f} ({found.min():,.0f} to {found.max():,.0f})" if len(found) else "–"


def _quantiles(values: pd.Series) -> str:
    found = values.dropna().astype(float)
    if not len(found):
        return "–"
    low, middle, high = found.quantile([0.05, 0.5, 0.95])
    digits = 0 if middle >= 20 else 1
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"
