"""Reports made of invented pictures, for the tests of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sporemetry.overlay import encode_jpeg
from sporemetry.report.data import (
    FAILURE_COLUMNS,
    SAMPLE_COLUMNS,
    SUMMARY_COLUMNS,
    PictureEntry,
    ReportData,
)
from sporemetry.report.digest import SPORE_COLUMNS, digest

MakeReport = Callable[..., ReportData]
NAN = float("nan")


def summary_row(image: str, sample: str, spores: int, um_per_px: float) -> dict[str, Any]:
    """One picture of 640 x 480 with round numbers that differ in every column."""
    scaled = um_per_px == um_per_px
    return {
        "image": image,
        "sample": sample,
        "width_px": 640,
        "height_px": 480,
        "um_per_px": um_per_px,
        "scale_source": "--um-per-px" if scaled else "none",
        "field": "whole",
        "field_area_px": 307_200,
        "field_area_mm2": 0.0768 if scaled else NAN,
        "spores": spores,
        "counted": spores,
        "count_low": 0.8 * spores,
        "count_high": 1.25 * spores + 3.69,
        "density_per_mm2": spores / 0.0768 if scaled else NAN,
        "density_low": 0.8 * spores / 0.0768 if scaled else NAN,
        "density_high": 1.25 * spores / 0.0768 if scaled else NAN,
        "concentration_per_ml": NAN,
        "concentration_low": NAN,
        "concentration_high": NAN,
        "edge_spores": 0,
        "left_out_share": 0.05,
        "spore_length_px": 40.0,
        "length_um_median": 40.5 * um_per_px,
        "width_um_median": 20.5 * um_per_px,
        "q_mean": 1.98,
        "area_median_px": 652.0,
    }


def spore_rows(image: str, spores: int, um_per_px: float, rng: np.random.Generator) -> pd.DataFrame:
    """Spores of about 40 x 20 pixels, all whole and counted."""
    length = np.round(rng.normal(40, 3, spores), 2)
    width = np.round(rng.normal(20, 1, spores), 2)
    return pd.DataFrame(
        {
            "image": image,
            "area": np.round(0.785 * length * width),
            "length_px": length,
            "width_px": width,
            "length_um": length * um_per_px,
            "width_um": width * um_per_px,
            "q": length / width,
            "touches_edge": np.zeros(spores, bool),
            "counted": np.ones(spores, bool),
        },
        columns=list(SPORE_COLUMNS),
    )


def sample_row(sample: str, pictures: pd.DataFrame) -> dict[str, Any]:
    """One sample of the summary's pictures; its counts are not overdispersed."""
    total = int(pictures["counted"].sum())
    area = float(pictures["field_area_mm2"].sum(skipna=False))
    return {
        "sample": sample,
        "pictures": len(pictures),
        "counted": total,
        "mean": total / len(pictures),
        "variance_to_mean": 0.9 if len(pictures) > 1 else NAN,
        "dispersion_p": 0.4 if len(pictures) > 1 else NAN,
        "count_low": 0.8 * total,
        "count_high": 1.25 * total + 3.69,
        "widened": False,
        "density_per_mm2": total / area,
        "density_low": 0.8 * total / area,
        "density_high": 1.25 * total / area,
        "concentration_per_ml": NAN,
        "concentration_low": NAN,
        "concentration_high": NAN,
        "sizes": "(15.0–)17.0–23.0(–25.0) × 9.0–11.0 µm" if area == area and total else "",
        "n_measured": total,
    }


@pytest.fixture
def make_report(tmp_path: Path) -> MakeReport:
    """Return a function that makes ReportData.

    Its argument lists pictures as (name, sample, spores); ``um_per_px`` is the scale of all; ``change``
    changes the table of spores before it is digested; further named arguments replace fields of ReportData.
    """

    def make(
        pictures: list[tuple[str, str, int]] | None = None,
        *,
        um_per_px: float = 0.5,
        change: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
        **changed: Any,
    ) -> ReportData:
        pictures = [("a.jpg", "leaf", 40), ("b.jpg", "leaf", 44)] if pictures is None else pictures
        rng = np.random.default_rng(7)
        overlay = tmp_path / "some_overlay.jpg"
        overlay.write_bytes(encode_jpeg(rng.integers(150, 170, (48, 64, 3)).astype(np.uint8)))
        summary = pd.DataFrame(
            [summary_row(*picture, um_per_px) for picture in pictures], columns=list(SUMMARY_COLUMNS)
        )
        spores = [spore_rows(name, count, um_per_px, rng) for name, _, count in pictures if count]
        table = pd.concat(spores, ignore_index=True) if spores else pd.DataFrame(columns=list(SPORE_COLUMNS))
        samples = [sample_row(str(name), group) for name, group in summary.groupby("sample", sort=False)]
        fields: dict[str, Any] = {
            "title": "Spore counts",
            "version": "1.2.3",
            "command": "sporemetry count pictures -o out",
            "method_title": "K-means and watershed",
            "method_description": "Colours are grouped in two.",
            "method_source": "Lloyd (1982)",
            "traditional": False,
            "confidence": 0.95,
            "settings": (("edge_rule", "top-left"), ("min_area_px", "30")),
            "pictures": {name: PictureEntry(overlay) for name, _, _ in pictures},
            "summary": summary,
            "spores": digest(table if change is None else change(table), summary),
            "samples": pd.DataFrame(samples, columns=list(SAMPLE_COLUMNS)),
            "failures": pd.DataFrame(columns=list(FAILURE_COLUMNS)),
        }
        return ReportData(**(fields | changed))

    return make
