"""The answer, said first: for each sample one number with its interval, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import Quantity, is_missing, number_text, plural, quantity_text
from sporemetry.report.limits import ROWS_MOST
from sporemetry.report.tables import CONCENTRATION, COUNT, DENSITY, Rate, best_rate, rate_of

# More samples than these are compared in the table more easily than in large print.
ANSWERS_MAX = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one sample.

    Attributes
    ----------
    sample : str
        Its name.
    main : Quantity
        The best rate known: concentration, else density, else the count.
    unit : str
        Of ``main``, with the noun: ``spores per mL``.
    lines : tuple of str
        The other rates, what was counted, and how far replicates agree.
    sizes : str
        The size string; may be empty.
    """

    sample: str
    main: Quantity
    unit: str
    lines: tuple[str, ...]
    sizes: str


def find_answers(data: ReportData) -> list[Answer]:
    """Return the answer for each sample; none when there are more than six, or no sample."""
    if len(data.samples) > ANSWERS_MAX:
        return []
    rows = data.samples.to_dict("records")
    return [_answer({str(key): value for key, value in row.items()}) for row in rows]


def describe_range(data: ReportData) -> str:
    """Return one sentence on samples that are too many for an answer each; empty when none is."""
    rate = best_rate(data.samples)
    known = data.samples[numbers(data.samples, rate[0]).notna()]
    if len(data.samples) <= ANSWERS_MAX or known.empty:
        return ""
    values = numbers(known, rate[0])
    least, most = (known["sample"].iloc[int(at)] for at in (values.argmin(), values.argmax()))
    return (
        f"{rate[3]} of {plural(len(known), 'sample')}: from {number_text(values.min())} ({least}) to "
        f"{number_text(values.max())} {rate[4]} ({most}), median {number_text(values.median())}."
    )


def first_line(data: ReportData) -> str:
    """Return the means of treatments, then the concentrations of samples, each with its interval.

    Empty where neither is known. Of more than six treatments or samples the least and the most are named.
    """
    return " ".join(text for text in (_of_treatments(data), _of_samples(data)) if text)


def _of_treatments(data: ReportData) -> str:
    if data.treatments is None or data.treatments.table.empty:
        return ""
    table = data.treatments.table
    unit = str(table["unit"].iloc[0])
    head = f"{unit[0].upper()}{unit[1:]}"
    if len(table) > ANSWERS_MAX:
        order = numbers(table, "mean").argsort(kind="stable").to_numpy()
        least, most = (_mean_named(_row(table, int(order[at]))) for at in (0, -1))
        return f"{head} of {plural(len(table), 'treatment')}: from {least} to {most}."
    means = "; ".join(_mean_named(_row(table, at)) for at in range(len(table)))
    return f"{head}, mean of {'the treatment' if len(table) == 1 else 'each treatment'}: {means}."


def _mean_named(row: Mapping[str, Any]) -> str:
    quantity = quantity_text(row["mean"], row["low"], row["high"])
    return f"{row['treatment']} {quantity.value} ({quantity.interval or 'no interval'})"


def _of_samples(data: ReportData) -> str:
    known = data.samples[numbers(data.samples, CONCENTRATION[0]).notna()]
    if known.empty:
        return ""
    if len(known) > ANSWERS_MAX:
        order = numbers(known, CONCENTRATION[0]).argsort(kind="stable").to_numpy()
        least, most = (_named(_row(known, int(order[at]))) for at in (0, -1))
        return (
            f"Spores per mL of {plural(len(known), 'sample')}: from {least} to {most}. "
            f"Each is in the table of samples{'' if len(known) <= ROWS_MOST else ' or in samples.csv'}."
        )
    rows = [_row(known, at) for at in range(len(known))]
    if len(data.samples) == 1:
        quantity = rate_of(rows[0], CONCENTRATION)
        return f"{quantity.value} spores per mL ({quantity.interval})."
    return f"Spores per mL of samples: {'; '.join(_named(row) for row in rows)}."


def _row(table: pd.DataFrame, at: int) -> dict[str, Any]:
    return {str(name): table[name].iloc[at] for name in table.columns}


def _named(row: Mapping[str, Any]) -> str:
    quantity = rate_of(row, CONCENTRATION)
    return f"{row['sample']} {quantity.value} ({quantity.interval})"


def _answer(row: Mapping[str, Any]) -> Answer:
    known = [rate for rate in (CONCENTRATION, DENSITY, COUNT) if not is_missing(row[rate[0]])]
    main, others = known[0], known[1:]
    lines = [_line(row, rate) for rate in others]
    if main is COUNT:
        lines.append(f"in {plural(int(row['pictures']), 'picture')}")
    if int(row["pictures"]) > 1:
        lines.append(f"{number_text(row['mean'])} a picture on average")
    if bool(row["widened"]):
        lines.append(f"Interval widened: variance / mean is {number_text(row['variance_to_mean'])}")
    unit = "spores counted" if main is COUNT else f"spores {main[4]}"
    sizes = row["sizes"] if isinstance(row["sizes"], str) else ""
    return Answer(str(row["sample"]), rate_of(row, main), unit, tuple(lines), sizes)


def _line(row: Mapping[str, Any], rate: Rate) -> str:
    quantity = rate_of(row, rate)
    interval = f" ({quantity.interval})" if quantity.interval else ""
    if rate is COUNT:
        return f"{quantity.value} spores counted in {plural(int(row['pictures']), 'picture')}{interval}"
    return f"{quantity.value} {rate[4]}{interval}"
