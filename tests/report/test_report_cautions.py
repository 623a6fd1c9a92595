"""Each caution at, just below and just above its threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sporemetry.report import Caution, ReportData, find_cautions
from sporemetry.report.cautions import (
    COVERED_SHARE_MAX,
    DISPERSION_P_MAX,
    EDGE_SHARE_MAX,
    EDGE_SPORES_MIN,
    SCALE_RATIO_MAX,
    crowded,
    many_on_edge,
    mixed_scales,
    no_scale,
    no_volume,
    nothing_counted,
    pictures_failed,
    traditional_method,
    varies_more_than_chance,
)
from sporemetry.report.data import FAILURE_COLUMNS
from sporemetry.report.size_cautions import (
    AREA_MEDIAN_PX_MIN,
    AREA_VARIATION_MAX,
    AREA_VARIATION_SPORES_MIN,
    LEFT_OUT_MAX,
    LENGTH_RATIO_MAX,
    LENGTH_UM_MAX,
    LENGTH_UM_MIN,
    implausible_length,
    left_out,
    mixed_sizes,
    too_coarse,
    unlike_lengths,
    wider_than_long,
)

MakeReport = Callable[..., ReportData]
Check = Callable[[ReportData], Caution | None]


def with_summary(data: ReportData, row: int = 0, **values: Any) -> ReportData:
    summary = data.summary.copy()
    for column, value in values.items():
        summary[column] = summary[column].astype(object)
        summary.loc[summary.index[row], column] = value
    return dataclasses.replace(data, summary=summary)


def test_a_sound_report_has_no_caution(make_report: MakeReport) -> None:
    assert find_cautions(make_report()) == []


def test_no_rows_give_no_caution(make_report: MakeReport) -> None:
    assert find_cautions(make_report([])) == []


@pytest.mark.parametrize(
    ("check", "column", "quiet", "loud"),
    [
        (many_on_edge, "edge_spores", EDGE_SHARE_MAX * 40, EDGE_SHARE_MAX * 40 + 1),
        (implausible_length, "length_um_median", LENGTH_UM_MAX, LENGTH_UM_MAX * 1.001),
        (implausible_length, "length_um_median", LENGTH_UM_MIN, LENGTH_UM_MIN * 0.999),
        (left_out, "left_out_share", LEFT_OUT_MAX, LEFT_OUT_MAX + 0.01),
        (too_coarse, "area_median_px", AREA_MEDIAN_PX_MIN, AREA_MEDIAN_PX_MIN - 0.5),
        (nothing_counted, "counted", 1, 0),
        (no_scale, "um_per_px", 0.5, float("nan")),
        (no_scale, "um_per_px", 0.5, None),
    ],
)
def test_a_picture_beyond_the_threshold_is_named(
    make_report: MakeReport, check: Check, column: str, quiet: float, loud: float | None
) -> None:
    data = make_report([("a.jpg", "leaf", 40), ("b.jpg", "leaf", 40)])
    assert check(with_summary(data, 1, **{column: quiet})) is None
    caution = check(with_summary(data, 1, **{column: loud}))
    assert caution is not None
    assert caution.pictures == ("b.jpg",)
    assert caution in find_cautions(with_summary(data, 1, **{column: loud}))


def test_few_spores_on_the_edge_are_no_pattern(make_report: MakeReport) -> None:
    few = make_report([("a.jpg", "leaf", EDGE_SPORES_MIN - 1)])
    enough = make_report([("a.jpg", "leaf", EDGE_SPORES_MIN)])
    assert many_on_edge(with_summary(few, edge_spores=5)) is None
    assert many_on_edge(with_summary(enough, edge_spores=5)) is not None


@pytest.mark.parametrize(
    ("p", "ratio", "warned"),
    [
        (DISPERSION_P_MAX * 0.99, 1.5, True),
        (DISPERSION_P_MAX, 1.5, False),
        (DISPERSION_P_MAX * 1.01, 1.5, False),
        (0.01, 1.0, False),
        (0.01, 1.01, True),
        (float("nan"), float("nan"), False),
        (None, None, False),
    ],
)
def test_variance_above_poisson(
    make_report: MakeReport, p: float | None, ratio: float | None, warned: bool
) -> None:
    data = make_report()
    samples = data.samples.assign(dispersion_p=p, variance_to_mean=ratio, widened=True)
    caution = varies_more_than_chance(dataclasses.replace(data, samples=samples))
    assert (caution is not None) == warned
    if caution:
        assert caution.samples == ("leaf",)
        assert "widened accordingly" in caution.text


def test_the_test_of_the_worst_sample_is_told(make_report: MakeReport) -> None:
    data = make_report([("a.jpg", "x", 9), ("b.jpg", "y", 9), ("c.jpg", "z", 9)])
    samples = data.samples.assign(
        dispersion_p=[0.04, 0.0312, 0.5], variance_to_mean=[2.0, 7.77, 1.1], widened=False
    )
    caution = varies_more_than_chance(dataclasses.replace(data, samples=samples))
    assert caution is not None
    assert "7.77 (p = 0.031; 2 samples, most in y)" in caution.text
    assert "too narrow" in caution.text
    assert caution.samples == ("x", "y")


@pytest.mark.parametrize(("share", "warned"), [(0.999, False), (1.0, False), (1.001, True)])
def test_crowding_is_the_share_of_the_field_that_spores_cover(
    make_report: MakeReport, share: float, warned: bool
) -> None:
    areas = [500.0] * 10 + [307_200 * COVERED_SHARE_MAX * share / 10] * 10
    caution = crowded(
        make_report(
            [("a.jpg", "leaf", 10), ("b.jpg", "leaf", 10)], change=lambda table: table.assign(area=areas)
        )
    )
    assert (caution is not None) == warned
    if caution:
        assert caution.pictures == ("b.jpg",)


@pytest.mark.parametrize(
    ("other", "warned"),
    [(0.5 * SCALE_RATIO_MAX, False), (0.5 * SCALE_RATIO_MAX * 1.0001, True), (0.25, True), (None, True)],
)
def test_one_sample_with_two_scales(make_report: MakeReport, other: float | None, warned: bool) -> None:
    data = with_summary(make_report(), 1, um_per_px=other)
    caution = mixed_scales(data)
    assert (caution is not None) == warned
    if caution:
        assert caution.level == "problem"
        assert caution.samples == ("leaf",)


def test_two_samples_may_have_two_scales(make_report: MakeReport) -> None:
    data = with_summary(make_report([("a.jpg", "x", 9), ("b.jpg", "y", 9)]), 1, um_per_px=0.1)
    assert mixed_scales(data) is None


@pytest.mark.parametrize(
    ("spores", "large", "warned"),
    [
        # One area is `large`, the others 100: on both sides of a coefficient of variation of 1.
        (AREA_VARIATION_SPORES_MIN, 650.0, False),
        (AREA_VARIATION_SPORES_MIN, 750.0, True),
        (AREA_VARIATION_SPORES_MIN - 1, 5000.0, False),
    ],
)
def test_a_wide_spread_of_areas(make_report: MakeReport, spores: int, large: float, warned: bool) -> None:
    areas = np.array([100.0] * (spores - 1) + [large])
    assert (areas.std(ddof=1) / areas.mean() > AREA_VARIATION_MAX) == (large > 700)
    pictures = [("a.jpg", "leaf", spores)]
    data = make_report(pictures, change=lambda table: table.assign(area=areas))
    assert (mixed_sizes(data) is not None) == warned
    cut = make_report(pictures, change=lambda table: table.assign(area=areas, touches_edge=areas == large))
    assert mixed_sizes(cut) is None


THREE = [("a.jpg", "leaf", 40), ("b.jpg", "leaf", 44), ("c.jpg", "leaf", 50)]


@pytest.mark.parametrize(("factor", "warned"), [(0.7, True), (0.72, False), (1.39, False), (1.41, True)])
def test_a_picture_looked_at_for_other_lengths(make_report: MakeReport, factor: float, warned: bool) -> None:
    data = with_summary(make_report(THREE), row=1, spore_length_px=40.0 * factor)
    found = unlike_lengths(data)
    assert (found is not None) == warned
    if found is not None:
        assert found.pictures == (data.summary["image"].iloc[1],)
        assert "--spore-length-px 40:" in found.text
    # Pictures of two cameras have two usual lengths, and both are named.
    if warned:
        six = make_report([*THREE, *((f"2{name}", sample, spores) for name, sample, spores in THREE)])
        mixed = with_summary(six, row=1, spore_length_px=40.0 * factor)
        for row, length in ((3, 90.0), (4, 90.0 * factor), (5, 90.0)):
            mixed = with_summary(mixed, row=row, spore_length_px=length, um_per_px=0.2)
        both = unlike_lengths(mixed)
        assert both is not None
        assert both.pictures == ("b.jpg", "2b.jpg")
        assert "--spore-length-px 40 or 90:" in both.text
    # Of another size or scale it may have other lengths; where the length is not known nothing is said.
    assert unlike_lengths(with_summary(data, row=1, width_px=1)) is None
    assert unlike_lengths(with_summary(data, row=1, um_per_px=0.123)) is None
    assert unlike_lengths(with_summary(data, row=1, spore_length_px=None)) is None
    # The length of most spores is the usual one, be it in one picture.
    few = data
    for row in range(len(data.summary)):
        few = with_summary(few, row=row, counted=1000 if row == 1 else 1)
    if warned:
        assert len((unlike_lengths(few) or found).pictures) == len(data.summary) - 1  # type: ignore[union-attr]
    assert LENGTH_RATIO_MAX == 1.4


@pytest.mark.parametrize(("width", "warned"), [(39.9, False), (40.0, False), (40.1, True)])
def test_a_spore_cannot_be_wider_than_long(make_report: MakeReport, width: float, warned: bool) -> None:
    data = make_report(
        change=lambda table: table.assign(length_px=40.0, width_px=[width] + [20.0] * (len(table) - 1))
    )
    assert (wider_than_long(data) is not None) == warned


def test_traditional_methods_always_warn(make_report: MakeReport) -> None:
    caution = traditional_method(make_report(traditional=True))
    assert caution is not None
    assert "two to three false spores for each true one" in caution.text
    assert "by eye" in caution.text
    assert traditional_method(make_report(traditional=False)) is None


def test_failed_pictures_come_first(make_report: MakeReport) -> None:
    failures = pd.DataFrame([["bad.tif", "ImageDamagedError", "x", "y", "z"]], columns=list(FAILURE_COLUMNS))
    data = with_summary(make_report(failures=failures, traditional=True), 0, counted=0)
    assert pictures_failed(data) == find_cautions(data)[0]
    assert [caution.level for caution in find_cautions(data)] == ["problem", "caution", "note"]
    assert find_cautions(data)[0].pictures == ("bad.tif",)


def test_a_scale_missing_everywhere_names_no_picture(make_report: MakeReport) -> None:
    caution = no_scale(make_report(um_per_px=float("nan")))
    assert caution is not None
    assert caution.headline == "No scale is known"
    assert caution.pictures == ()


def test_the_interval_of_a_zero_count_is_told(make_report: MakeReport) -> None:
    caution = nothing_counted(make_report([("a.jpg", "leaf", 0)]))
    assert caution is not None
    assert "0 to 3.69" in caution.text


def test_a_chamber_without_squares_or_scale_is_a_problem(make_report: MakeReport) -> None:
    data = make_report([("a.jpg", "leaf", 40), ("b.jpg", "leaf", 40)])
    unknown = with_summary(data, 1, concentration_per_ml=float("nan"))
    assert no_volume(unknown) is None
    asked = dataclasses.replace(unknown, chamber="Neubauer, 0.1 mm deep.")
    caution = no_volume(asked)
    assert caution is not None
    assert caution.level == "problem"
    assert "b.jpg" in caution.pictures
    known = asked.summary.assign(concentration_per_ml=1e6)
    assert no_volume(dataclasses.replace(asked, summary=known)) is None
