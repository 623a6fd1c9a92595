"""The section of treatments: a dot and an interval for each, the suspensions behind it, and the ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import (
    MISSING,
    count_text,
    is_missing,
    number_text,
    percent_text,
    quantity_text,
)
from sporemetry.report.limits import ROWS_MOST
from sporemetry.report.tables import Cell, Column, Row, Table, make_table

# Ratios that the page shows; all of them are in ratios.csv.
RATIOS_MAX = 100
RATES_MAX = 200


@dataclass(frozen=True, slots=True)
class TreatmentSection:
    """The tables of the section; ``ratios`` is None where there is one treatment only."""

    table: Table
    ratios: Table | None


def treatment_section(data: ReportData) -> TreatmentSection | None:
    """Return the section of treatments, or None when none is known."""
    if data.treatments is None or data.treatments.table.empty:
        return None
    table, rates = data.treatments.table, data.treatments.rates
    unit = str(table["unit"].iloc[0])
    shown = [*numbers(table, "mean"), *numbers(table, "high").dropna()]
    most = max([*shown, *(max(found) for found in rates.values() if found)])
    columns = [
        Column("Treatment", lambda row: Cell(str(row["treatment"])), numeric=False),
        Column("Suspensions", lambda row: Cell(count_text(row["suspensions"]))),
        Column("Images", lambda row: Cell(count_text(row["images"]))),
        Column("Counted", lambda row: Cell(count_text(row["counted"])), "spores"),
        Column("Mean", _mean_cell, unit),
        Column(
            "Interval",
            lambda row: Cell("", chart=_chart(row, rates.get(str(row["treatment"]), ()), most)),
            f"0 to {number_text(most)}",
            numeric=False,
        ),
        Column("Between suspensions", lambda row: _share_cell(row, "cv_between"), "CV"),
        Column("Within them", lambda row: _share_cell(row, "cv_within"), "CV of images"),
    ]
    remark = (
        "The suspension is the unit: images of one suspension are no replicates of a treatment. Small "
        f"numbers are {percent_text(data.confidence)} intervals of the mean; small circles are suspensions. "
        "The CVs are what is left when chance in counting is taken off."
    )
    more = len(table) - ROWS_MOST
    if more > 0:
        remark += f" {more:,} more treatments are in treatments.csv."
    return TreatmentSection(make_table("Treatments", remark, columns, table.head(ROWS_MOST)), _ratios(data))


def _ratios(data: ReportData) -> Table | None:
    if data.treatments is None or data.treatments.ratios.empty:
        return None
    ratios = data.treatments.ratios
    columns = [
        Column("Treatment", lambda row: Cell(str(row["treatment"])), numeric=False),
        Column("against", lambda row: Cell(str(row["reference"])), numeric=False),
        Column("Ratio", lambda row: Cell(number_text(row["ratio"]))),
        Column("Interval", _ratio_interval, percent_text(data.confidence)),
    ]
    more = len(ratios) - RATIOS_MAX
    remark = (
        "Mean of one treatment over that of the other. An interval that holds 1 leaves open which is larger. "
        f"Each holds by itself with {percent_text(data.confidence)}: of many, some miss."
        + (f" {more:,} more are in ratios.csv." if more > 0 else "")
    )
    return make_table("Ratios of treatments", remark, columns, ratios.head(RATIOS_MAX))


def _mean_cell(row: Row) -> Cell:
    quantity = quantity_text(row["mean"], row["low"], row["high"])
    return Cell(quantity.value, quantity.interval or "no interval")


def _share_cell(row: Row, name: str) -> Cell:
    return Cell(MISSING if is_missing(row[name]) else percent_text(float(row[name])))


def _ratio_interval(row: Row) -> Cell:
    if is_missing(row["ratio_low"]):
        return Cell("no interval")
    return Cell(f"{number_text(row['ratio_low'])} to {number_text(row['ratio_high'])}")


def _chart(row: Row, rates: Sequence[float], most: float) -> Markup:
    """Return the mean, its interval and the suspensions on a line from 0 to ``most``.

    It repeats numbers that stand beside it, so screen readers skip it.
    """
    if not 0 < most < float("inf"):
        return Markup("")

    def x(value: float) -> str:
        return f"{4 + 192 * value / most:.1f}"

    dots = Markup("").join(
        Markup('<circle class="suspension" cx="{}" cy="6" r="2.5"/>').format(x(rate))
        for rate in rates[:RATES_MAX]
    )
    reach = Markup("")
    if not (is_missing(row["low"]) or is_missing(row["high"])):
        reach = Markup(
            '<line class="reach" x1="{0}" y1="15" x2="{1}" y2="15"/>'
            '<line class="reach" x1="{0}" y1="11.5" x2="{0}" y2="18.5"/>'
            '<line class="reach" x1="{1}" y1="11.5" x2="{1}" y2="18.5"/>'
        ).format(x(float(row["low"])), x(float(row["high"])))
    return Markup(
        '<svg class="treatment" viewBox="0 0 200 22" aria-hidden="true">'
        '<line class="track" x1="4" y1="15" x2="196" y2="15"/>{}{}<circle cx="{}" cy="15" r="3.5"/></svg>'
    ).format(dots, reach, x(float(row["mean"])))
