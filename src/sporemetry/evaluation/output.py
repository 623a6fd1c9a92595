"""Writing an evaluation: tables for machines, a page and a plot for people; same scores, same bytes."""

from __future__ import annotations

import base64
import json
from importlib import resources
from pathlib import Path

import jinja2

from sporemetry.csv_table import csv_rows
from sporemetry.evaluation.plot import bland_altman_figure, encode_png
from sporemetry.evaluation.scores import LabelScores, SetScores
from sporemetry.evaluation.summary import count_rows, fraction, measure_rows
from sporemetry.storage import write_atomic

COMPARISON_SUFFIX = "_comparison.jpg"
_DECIMALS = 6


def write_evaluation(scores: SetScores, output: Path) -> None:
    """Write ``per_image.csv``, ``summary.json``, ``bland_altman.png`` and ``evaluation.html``.

    Nothing in them depends on time or place. The page links the compared pictures that lie beside it.

    Parameters
    ----------
    scores : SetScores
        The scores of one picture or more.
    output : Path
        The folder; it must exist.

    Raises
    ------
    OutputError
        When a file cannot be written. Each is complete or as it was.
    """
    names = [picture.name for picture in scores.pictures]
    predicted = [picture.predicted for picture in scores.pictures]
    truth = [picture.truth for picture in scores.pictures]
    plot = encode_png(bland_altman_figure(predicted, truth, names))
    compared = {name for name in names if (output / f"{name}{COMPARISON_SUFFIX}").is_file()}
    write_atomic(output / "per_image.csv", encode_table(scores))
    write_atomic(output / "summary.json", encode_summary(scores))
    write_atomic(output / "bland_altman.png", plot)
    write_atomic(output / "evaluation.html", render_page(scores, plot, compared))


def encode_table(scores: SetScores) -> bytes:
    """Return one CSV row a picture: UTF-8, comma, point, six decimals, empty where undefined."""
    rows = scores.table()
    return csv_rows([list(rows[0]), *(list(row.values()) for row in rows)], float_format=f"%.{_DECIMALS}f")


def encode_summary(scores: SetScores) -> bytes:
    """Return the set's scores as JSON, null where undefined."""
    return (json.dumps(scores.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def render_page(scores: SetScores, plot: bytes, compared: set[str]) -> bytes:
    """Return a page with the set's scores, the plot in it, and a table of the pictures.

    Parameters
    ----------
    scores : SetScores
        The scores.
    plot : bytes
        The Bland-Altman plot as PNG; it is embedded.
    compared : set of str
        The names of the pictures that have a compared picture beside the page, to link.
    """
    source = resources.files("sporemetry.evaluation").joinpath("evaluation.html.jinja").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    page = template.render(
        scores=scores,
        measures=measure_rows(scores),
        counts=count_rows(scores),
        pictures=_picture_rows(scores),
        compared=compared,
        suffix=COMPARISON_SUFFIX,
        plot=base64.b64encode(plot).decode("ascii"),
        labels=isinstance(scores.pooled, LabelScores),
        kind=scores.pooled.kind,
    )
    return page.encode()


def _picture_rows(scores: SetScores) -> list[dict[str, str]]:
    """Return the columns that the page shows of each picture, as text."""
    shown = ("spore_iou", "boundary_f1", "precision", "recall", "f1")
    rows = []
    for picture in scores.pictures:
        measures, numbers = picture.found.measures(), picture.found.numbers()
        row = {"name": picture.name, "predicted": str(picture.predicted), "true": str(picture.truth)}
        row["error"] = f"{picture.predicted - picture.truth:+d}"
        row |= {name: fraction(measures[name]) for name in shown if name in measures}
        row |= {name: str(numbers[name]) for name in ("merges", "splits") if name in numbers}
        rows.append(row)
    return rows
