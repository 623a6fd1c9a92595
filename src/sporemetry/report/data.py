"""The plain data that a report shows; nothing here reads a file or computes a count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.report.caution import Caution
from sporemetry.report.digest import SporeDigest
from sporemetry.report.treatment_data import TreatmentData

# What the report reads of each table. More columns are welcome and not shown.
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
    "concentration_per_ml",
    "concentration_low",
    "concentration_high",
    "edge_spores",
    "left_out_share",
    "spore_length_px",
    "length_um_median",
    "width_um_median",
    "q_mean",
    "area_median_px",
)
SAMPLE_COLUMNS = (
    "sample",
    "pictures",
    "counted",
    "mean",
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


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """What is shown of one picture.

    Attributes
    ----------
    overlay : Path
        The outlined picture, a JPEG on the disk.
    notes : tuple of str
        What a reader should know about how the picture was read.
    original : callable or None
        Reads the picture itself, as it is shown on a screen: H x W x 3, uint8. None where there is none;
        it raises FileError when it cannot be read any more.
    link : str
        The file beside the page to which it links; empty for the name of ``overlay``.
    """

    overlay: Path
    notes: tuple[str, ...] = ()
    original: Callable[[], NDArray[np.uint8]] | None = None
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportData:
    """All that a report shows. It holds no time of day, so that a rerun gives the same page.

    Attributes
    ----------
    title : str
        Heading of the page.
    version, command : str
        Of Sporemetry; the command as the user typed it.
    method_title, method_description, method_source : str
        How spores were found: name, a sentence or two, publication.
    traditional : bool
        Whether the method is one of the traditional ones, which count debris too.
    confidence : float
        Of all intervals in the tables, 0.95 for 95 %.
    chamber : str
        What the concentrations rest on: which chamber, and what of it a picture shows. Empty where none
        was asked for.
    of_labels : bool
        Whether label images were measured. What is odd in them is then a matter of the labels, and is not
        explained by debris or crowding. The column ``label_fault`` of the summary, where there is one, says
        which of them may not mean what was counted.
    treatments : TreatmentData or None
        Means and ratios of treatments, where any is known.
    stated_cautions : tuple of Caution
        What must be said of a sample sheet and of treatments, beside what the tables show.
    rules : sequence of (str, str)
        How the counts were got, beside the method: a term and its explanation.
    settings : sequence of (str, str)
        Every setting with its value.
    pictures : mapping of str to PictureEntry
        By the column ``image`` of the summary; those that are missing are not shown. It is asked only for
        the pictures that the page shows.
    samples, summary, failures : DataFrame
        One row a sample, a picture, a picture that failed. Any may be without rows, and any number but a
        count may be NaN.
    spores : SporeDigest
        The spores in short; its images are the rows of ``summary``, in that order.

    Raises
    ------
    SettingsError
        When a table lacks a column, a picture has two rows, the digest is of other images, or the confidence
        is not in 0..1.
    """

    title: str
    version: str
    command: str
    method_title: str
    method_description: str
    method_source: str
    traditional: bool
    confidence: float
    settings: Sequence[tuple[str, str]]
    pictures: Mapping[str, PictureEntry]
    samples: pd.DataFrame
    summary: pd.DataFrame
    spores: SporeDigest
    failures: pd.DataFrame
    chamber: str = ""
    of_labels: bool = False
    rules: Sequence[tuple[str, str]] = ()
    treatments: TreatmentData | None = None
    stated_cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        _check_columns("samples", self.samples, SAMPLE_COLUMNS)
        _check_columns("summary", self.summary, SUMMARY_COLUMNS)
        _check_columns("failures", self.failures, FAILURE_COLUMNS)
        _check_pictures(self.summary)
        if len(self.spores.images) != len(self.summary):
            raise SettingsError(
                "spores",
                expected=f"a digest of {len(self.summary)} images, one for each row of the summary",
                found=f"one of {len(self.spores.images)}",
            )
        if not 0 < self.confidence < 1:
            raise SettingsError(
                "confidence",
                expected="a number between 0 and 1",
                found=str(self.confidence),
                remedy="Give 0.95 for 95 %.",
            )


def numbers(table: pd.DataFrame, column: str) -> pd.Series[float]:
    """Return a column as float, NaN where there is no number, whatever its type; text raises ValueError."""
    return pd.to_numeric(table[column]).astype(float)


def _check_columns(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise SettingsError(
            name,
            expected=f"the columns {', '.join(columns)}",
            found=f"a table without {', '.join(missing)}",
            remedy="A table without rows needs its header too.",
        )


def _check_pictures(summary: pd.DataFrame) -> None:
    repeated = summary["image"][summary["image"].duplicated()]
    if len(repeated):
        raise SettingsError(
            "summary",
            expected="one row for each picture",
            found=f"two rows for {repeated.iloc[0]}",
            remedy="Give pictures names of their own.",
        )
