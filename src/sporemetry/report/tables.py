"""The tables of the page, as text ready to be set; a column without any number is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from sporemetry.report.charts import interval_chart
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import (
    MISSING,
    Quantity,
    count_text,
    is_missing,
    number_text,
    p_text,
    percent_text,
    plural,
    quantity_text,
)
from sporemetry.report.limits import ROWS_MOST

Row = Mapping[str, Any]

# The rates that a row may have, best first: column, columns of its interval, what it counts, its unit.
CONCENTRATION = ("concentration_per_ml", "concentration_low", "concentration_high", "Concentration", "per mL")
DENSITY = ("density_per_mm2", "density_low", "density_high", "Density", "per mm²")
COUNT = ("counted", "count_low", "count_high", "Counted", "spores")
Rate = tuple[str, str, str, str, str]
_WIDENED_REMARK = "“Widened”: the pictures vary more than chance allows, and the interval accounts for it."
_NO_CHART = Markup("")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, smaller text below, a link, a chart."""

    text: str
    below: str = ""
    href: str = ""
    chart: Markup = _NO_CHART


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the unit below it, whether it holds numbers, and how a row fills it."""

    heading: str
    fill: Callable[[Row], Cell]
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table for the template: its name, a remark that may be empty. A row's first cell is its heading."""

    name: str
    remark: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def samples_table(data: ReportData) -> Table:
    """Return one row a sample; of two or more, the best rate is drawn beside the numbers.

    Of more than :data:`~sporemetry.report.limits.ROWS_MOST` samples, those with the highest rates are shown.
    """
    best = best_rate(data.samples)
    shown = shown_samples(data)
    columns = [
        Column("Sample", _text_filler("sample"), numeric=False),
        Column("Pictures", lambda row: Cell(count_text(row["pictures"]))),
        _rate_column(COUNT),
        _number_column("Mean", "mean", "per picture"),
        Column("Variance / mean", _dispersion_cell),
        _rate_column(DENSITY),
        _rate_column(CONCENTRATION),
    ]
    if len(data.samples) > 1:
        most = float(numbers(data.samples, best[2]).max())
        reach = f"0 to {number_text(most)} {best[4]}"
        columns.append(Column("Interval", lambda row: _chart_cell(row, best, most), reach, numeric=False))
    columns.append(Column("Measured", lambda row: Cell(count_text(row["n_measured"])), "whole spores"))
    rest = _rest_remark(
        len(shown), data.samples, "sample", f"those with the highest {best[3].lower()}", "samples.csv"
    )
    return make_table("Samples", f"{rest}{_interval_remark(data)} {_WIDENED_REMARK}", columns, shown)


def sizes_table(data: ReportData) -> Table:
    """Return the size strings, one row a sample that has one."""
    samples = shown_samples(data)
    known = samples[samples["sizes"].map(_text) != ""]
    columns = [
        Column("Sample", _text_filler("sample"), numeric=False),
        Column("Sizes", _text_filler("sizes"), numeric=False),
    ]
    return make_table("Sizes", "", columns, known)


def pictures_table(data: ReportData, anchors: Mapping[str, str], rows: Sequence[int]) -> Table:
    """Return one row a picture.

    Parameters
    ----------
    data : ReportData
        With the summary.
    anchors : mapping of str to str
        A picture's name to where it is shown on the page.
    rows : sequence of int
        Which rows of the summary, in which order.
    """
    several = data.summary["sample"].nunique() > 1
    columns = [
        Column("Picture", lambda row: _picture_cell(row, anchors), numeric=False),
        *([Column("Sample", _text_filler("sample"), numeric=False)] if several else []),
        Column("Found", _found_cell, "spores"),
        _rate_column(COUNT),
        _rate_column(DENSITY),
        _rate_column(CONCENTRATION),
        Column("Length × width", _size_cell, "medians, µm"),
        _number_column("Q", "q_mean", "mean"),
        _number_column("Area", "area_median_px", "median, px"),
        Column("Field", _field_cell),
        Column("Scale", _scale_cell, "µm per px"),
    ]
    rest = _rest_remark(
        len(rows),
        data.summary,
        "picture",
        "large counts, doubtful spores and cautions come first",
        "summary.csv",
    )
    return make_table("Pictures", f"{rest}{_interval_remark(data)}", columns, data.summary.iloc[list(rows)])


def failures_table(data: ReportData) -> Table:
    """Return one row for each picture that failed."""
    columns = [
        Column(heading, _text_filler(name), numeric=False)
        for heading, name in (
            ("Picture", "image"),
            ("Error", "error"),
            ("Expected", "expected"),
            ("Found", "found"),
            ("What to do", "remedy"),
        )
    ]
    shown = data.failures.head(ROWS_MOST)
    rest = _rest_remark(len(shown), data.failures, "picture", "the first", "failures.csv")
    return make_table("Pictures that failed", rest, columns, shown)


def shown_samples(data: ReportData) -> pd.DataFrame:
    """Return the samples that the page has room for: all, or those with the highest rates."""
    if len(data.samples) <= ROWS_MOST:
        return data.samples
    order = numbers(data.samples, best_rate(data.samples)[0]).argsort(kind="stable")[::-1]
    return data.samples.iloc[order.to_numpy()[:ROWS_MOST]]


def best_rate(table: pd.DataFrame) -> Rate:
    """Return the rate that says most about the samples: concentration, else density, else the count."""
    for rate in (CONCENTRATION, DENSITY):
        if numbers(table, rate[0]).notna().any():
            return rate
    return COUNT


def rate_of(row: Row, rate: Rate) -> Quantity:
    """Return a row's rate with its interval; counts are whole."""
    quantity = quantity_text(row[rate[0]], row[rate[1]], row[rate[2]])
    return Quantity(count_text(row["counted"]), quantity.interval) if rate is COUNT else quantity


def make_table(name: str, remark: str, columns: Sequence[Column], table: pd.DataFrame) -> Table:
    """Return a table; a column in which no row has a text or a chart is left out."""
    records = table.to_dict("records")
    cells = [
        [column.fill({str(key): value for key, value in row.items()}) for row in records]
        for column in columns
    ]
    kept = [
        index
        for index in range(len(columns))
        if index == 0 or any(cell.chart or cell.text not in ("", MISSING) for cell in cells[index])
    ]
    rows = [[cells[index][row] for index in kept] for row in range(len(records))]
    return Table(name, remark, [columns[index] for index in kept], rows)


def _rest_remark(shown: int, table: pd.DataFrame, noun: str, which: str, file: str) -> str:
    """Say how many rows are shown and where the rest is; nothing when all are."""
    if shown == len(table):
        return ""
    return f"{shown:,} of {plural(len(table), noun)} are shown: {which}. All are in {file}. "


def _interval_remark(data: ReportData) -> str:
    return f"Small numbers below counts and rates are {percent_text(data.confidence)} intervals."


def _number_column(heading: str, name: str, unit: str = "") -> Column:
    return Column(heading, lambda row: Cell(number_text(row[name])), unit)


def _rate_column(rate: Rate) -> Column:
    def fill(row: Row) -> Cell:
        quantity = rate_of(row, rate)
        return Cell(quantity.value, quantity.interval)

    return Column(rate[3], fill, rate[4])


def _text_filler(name: str) -> Callable[[Row], Cell]:
    return lambda row: Cell(_text(row[name]))


def _dispersion_cell(row: Row) -> Cell:
    if is_missing(row["variance_to_mean"]):
        return Cell(MISSING)
    below = [] if is_missing(row["dispersion_p"]) else [p_text(float(row["dispersion_p"]))]
    if bool(row["widened"]):
        below.append("widened")
    return Cell(number_text(row["variance_to_mean"]), "; ".join(below))


def _found_cell(row: Row) -> Cell:
    return Cell(count_text(row["spores"]), f"{count_text(row['edge_spores'])} on the edge")


def _size_cell(row: Row) -> Cell:
    length, width = number_text(row["length_um_median"]), number_text(row["width_um_median"])
    return Cell(MISSING if MISSING in (length, width) else f"{length} × {width}")


def _field_cell(row: Row) -> Cell:
    pixels, kind = f"{count_text(row['field_area_px'])} px", _text(row["field"])
    if is_missing(row["field_area_mm2"]):
        return Cell(pixels, kind)
    return Cell(f"{number_text(row['field_area_mm2'])} mm²", f"{pixels}, {kind}")


def _chart_cell(row: Row, rate: Rate, most: float) -> Cell:
    value, low, high = (row[name] for name in rate[:3])
    if any(is_missing(part) for part in (value, low, high)):
        return Cell(MISSING)
    return Cell("", chart=interval_chart(float(value), float(low), float(high), most))


def _picture_cell(row: Row, anchors: Mapping[str, str]) -> Cell:
    name = str(row["image"])
    return Cell(name, href=anchors.get(name, ""))


def _scale_cell(row: Row) -> Cell:
    if is_missing(row["um_per_px"]):
        return Cell(MISSING)
    return Cell(f"{float(row['um_per_px']):.4g}", _text(row["scale_source"]))


def _text(value: Any) -> str:
    return "" if value is None or (not isinstance(value, str) and is_missing(value)) else str(value)
