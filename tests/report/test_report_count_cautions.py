"""Counts that are probably wrong, as the report says them."""

from __future__ import annotations

import dataclasses

from tests.report.conftest import MakeReport

from sporemetry.report import ReportData, find_cautions, render_report
from sporemetry.report.count_cautions import COUNT_FAULTS
from sporemetry.uncovered import COUNT_FAULTS as FAULTS_OF_COUNTS


def with_faults(data: ReportData, *faults: str) -> ReportData:
    uncovered = [71 if fault == COUNT_FAULTS[0] else 0 for fault in faults]
    summary = data.summary.assign(
        count_fault=list(faults),
        uncovered_objects=uncovered,
        uncovered_length_px=[101.0 if objects else float("nan") for objects in uncovered],
    )
    return dataclasses.replace(data, summary=summary)


def test_the_faults_are_those_of_the_pipeline() -> None:
    assert COUNT_FAULTS == FAULTS_OF_COUNTS


def test_an_image_with_uncovered_objects_is_named_first_with_the_remedy(make_report: MakeReport) -> None:
    data = with_faults(make_report(), "uncovered objects", "")
    first = find_cautions(data)[0]
    assert (first.level, first.pictures) == ("problem", ("a.jpg",))
    assert "a.jpg" in first.headline
    assert "71" in first.headline
    assert "101" in first.text
    assert "--spore-length-px" in first.text


def test_each_fault_has_a_caution_of_its_own(make_report: MakeReport) -> None:
    data = with_faults(make_report(), "low confidence", "uncovered objects")
    found = [each for each in find_cautions(data) if each.level == "problem"]
    assert sorted(each.pictures for each in found) == [("a.jpg",), ("b.jpg",)]


def test_no_fault_and_no_such_column_give_nothing(make_report: MakeReport) -> None:
    assert find_cautions(make_report()) == []
    assert find_cautions(with_faults(make_report(), "", "")) == []


def test_the_page_says_it_before_the_numbers_and_explains_the_rings(make_report: MakeReport) -> None:
    data = with_faults(make_report(), "uncovered objects", "")
    page, headline = render_report(data), find_cautions(data)[0].headline
    assert page.index(headline) < page.index('id="counts"')
    assert 'class="key ringed"' in page
    assert 'class="key ringed"' not in render_report(make_report())
