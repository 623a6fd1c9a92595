"""The page as text: well formed, closed to the outside, complete, safe against hostile names."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from sporemetry.errors import SettingsError
from sporemetry.report import ReportData, render_report
from sporemetry.report.answer import ANSWERS_MAX
from sporemetry.report.data import FAILURE_COLUMNS
from sporemetry.report.limits import ALL_SHOWN_MOST, ROWS_MOST, SHOWN_OF_MANY
from sporemetry.report.page import NAMES_MAX
from sporemetry.report.sizes import ALL_SAMPLES

MakeReport = Callable[..., ReportData]
VOID = {"meta", "link", "img", "wbr", "br", "hr", "input"}
HOSTILE = [
    "<script>alert(1)</script>.png",
    '"><img src=x onerror=alert(1)>.jpg',
    "' onmouseover='alert(1).tif",
    "{{ 7 * 7 }}{% raw %}.png",
    "&amp;&lt;b&gt;.png",
    "javascript:alert(1)",
    "胞子 Gümüş\u202egnp.exe",
    "x" * 200,
]


class Page(HTMLParser):
    """What the tests look at: whether tags balance, attributes by tag, text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def failures(*names: str) -> pd.DataFrame:
    rows = [(name, "ImageDamagedError", "a whole file", "half of one", "Copy it again.") for name in names]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))


CASES: dict[str, Callable[[MakeReport], ReportData]] = {
    "plain": lambda make: make(),
    "no scale": lambda make: make(um_per_px=float("nan")),
    "zero": lambda make: make([("blank.png", "all", 0)], traditional=True),
    "one picture": lambda make: make([("a.jpg", "a.jpg", 3)]),
    "many samples": lambda make: make([(f"s{k}/a.jpg", f"s{k}", 5 + k) for k in range(30)]),
    "failures only": lambda make: make([], failures=failures("bad.png")),
    "nothing": lambda make: make([], command="", settings=(), method_source=""),
    "hostile": lambda make: make(
        [(name, name, 4) for name in HOSTILE],
        failures=failures(*(f"f{name}" for name in HOSTILE)),
        title=HOSTILE[0],
        command=HOSTILE[1],
        method_title=HOSTILE[0],
        method_description=HOSTILE[1],
        method_source=HOSTILE[2],
        settings=((HOSTILE[0], HOSTILE[1]),),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tags_balance_and_ids_and_links_within_the_page_agree(make_report: MakeReport, case: str) -> None:
    page = Page(render_report(CASES[case](make_report)))
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"])[1:] for link in page.all("a") if str(link["href"]).startswith("#")}
    assert targets <= set(ids)
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_closed_to_the_outside(make_report: MakeReport, case: str) -> None:
    text = render_report(CASES[case](make_report))
    page = Page(text)
    for tag in ("script", "iframe", "object", "embed", "form", "base", "audio", "video", "source"):
        assert page.all(tag) == []
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    for link in page.all("a"):
        assert re.match(r"#|\./[^/]|https://doi\.org/", str(link["href"]))
    assert not any(
        name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes
    )
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("case", CASES)
def test_the_same_data_give_the_same_bytes(make_report: MakeReport, case: str) -> None:
    data = CASES[case](make_report)
    assert render_report(data).encode() == render_report(data).encode()


def test_every_picture_and_table_is_described_for_those_who_cannot_see(make_report: MakeReport) -> None:
    page = Page(render_report(make_report()))
    assert [image["alt"] for image in page.all("img")] == [
        "a.jpg with the outlines of the spores found; 40 counted",
        "b.jpg with the outlines of the spores found; 44 counted",
    ]
    assert all(heading.get("scope") in ("col", "row") for heading in page.all("th"))
    charts = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert len(charts) == 3
    assert all("spores, median" in str(svg["aria-label"]) for svg in charts)
    assert page.all("html")[0]["lang"] == "en"


def test_hostile_names_are_text_and_nothing_else(make_report: MakeReport) -> None:
    page = Page(render_report(CASES["hostile"](make_report)))
    for name in HOSTILE:
        assert page.text.count(" ".join(name.split())) >= 5
    assert page.all("b") == []
    assert len(page.all("img")) == len(HOSTILE)
    assert "49" not in page.text.split("{{ 7 * 7 }}")[1][:3]


def test_every_number_of_the_tables_is_on_the_page(make_report: MakeReport) -> None:
    data = make_report([("p/a.jpg", "leaf", 1234), ("q/b.jpg", "stem", 44)])
    rates = {"concentration_per_ml": 1.234e6, "concentration_low": 1.01e6, "concentration_high": 1.47e6}
    data = dataclasses.replace(
        data,
        samples=data.samples.assign(**rates, variance_to_mean=2.345, dispersion_p=0.0123, widened=True),
        summary=data.summary.assign(**rates, edge_spores=[17, 3]),
    )
    text = Page(render_report(data)).text
    for expected in (
        "1,278 spores counted in 2 pictures of 2 samples",
        "1,234 987 to 1,546",  # counted and its interval
        "16,068 12,854 to 20,085",  # per mm²
        "1.23 × 10⁶ 1.01 to 1.47 × 10⁶",
        "95 % interval 1.01 to 1.47 × 10⁶",
        "2.35 p = 0.012; widened",
        "17 on the edge",
        "20.2 × 10.2",  # median length and width, µm
        "1.98",
        "652",
        "0.0768 mm² 307,200 px, whole",
        "0.5 --um-per-px",
        "(15.0–)17.0–23.0(–25.0) × 9.0–11.0 µm",
        "640 × 480 px",
        "edge_rule top-left",
        "sporemetry count pictures -o out",
        "K-means and watershed. Colours are grouped in two. Source: Lloyd (1982)",
        "Sporemetry 1.2.3",
    ):
        assert expected in text, expected


def test_the_confidence_is_the_one_that_was_used(make_report: MakeReport) -> None:
    text = Page(render_report(make_report(confidence=0.9))).text
    assert "90 % interval" in text
    assert "95 % interval" not in text


def test_without_a_scale_sizes_are_in_pixels_and_the_page_says_so(make_report: MakeReport) -> None:
    text = Page(render_report(make_report(um_per_px=float("nan")))).text
    assert "Length (px)" in text
    assert "Length (µm)" not in text
    assert "No scale is known, so sizes are in pixels." in text
    assert "84 spores counted" in text
    assert "per mm²" not in text.split("What to watch for")[0]


def test_spores_on_the_edge_and_without_a_scale_are_not_drawn(make_report: MakeReport) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.assign(touches_edge=[True] * 5 + [False] * 79)
        table.loc[table["image"] == "b.jpg", ["length_um", "width_um"]] = float("nan")
        return table

    text = Page(render_report(make_report(change=change))).text
    assert "5 spores on the edge left out. 44 spores of pictures without a scale left out." in text
    assert "leaf n = 35" in text


def test_a_count_of_zero_is_an_answer(make_report: MakeReport) -> None:
    text = Page(render_report(make_report([("blank.png", "all", 0)]))).text
    assert "0 spores per mm²" in text
    assert "No spore was counted in 1 picture" in text
    assert "Histogram" not in text


def test_few_samples_are_answered_each_and_many_in_one_sentence(make_report: MakeReport) -> None:
    few = Page(render_report(make_report([(f"{k}.jpg", f"s{k}", 5 + k) for k in range(ANSWERS_MAX)])))
    many = Page(render_report(make_report([(f"{k}.jpg", f"s{k}", 5 + k) for k in range(ANSWERS_MAX + 1)])))
    assert len(few.all("article")) == ANSWERS_MAX
    assert ALL_SAMPLES not in few.text
    assert many.all("article") == []
    assert "Density of 7 samples: from 65.1 (s0) to 143 per mm² (s6), median 104." in many.text
    assert ALL_SAMPLES in many.text
    assert many.text.count("(15.0–)17.0–23.0(–25.0)") == ANSWERS_MAX + 1


def test_failed_pictures_are_listed_with_what_to_do(make_report: MakeReport) -> None:
    text = Page(render_report(make_report([], failures=failures("bad.png")))).text
    assert "No picture was counted" in text
    assert "bad.png ImageDamagedError a whole file half of one Copy it again." in text
    assert "1 picture could not be counted" in text


def test_a_caution_names_some_pictures_and_counts_the_rest(make_report: MakeReport) -> None:
    data = make_report([(f"{k:03}.jpg", "all", 0) for k in range(NAMES_MAX + 3)])
    text = Page(render_report(data)).text
    assert f"{NAMES_MAX - 1:03}.jpg and 3 more" in text


def test_two_hundred_rows_are_all_there(make_report: MakeReport) -> None:
    data = make_report([(f"plot {k // 5}/{k}.jpg", f"plot {k // 5}", 1) for k in range(ALL_SHOWN_MOST)])
    page = Page(render_report(data))
    assert all(f"/{k}.jpg" in page.text for k in range(ALL_SHOWN_MOST))
    assert len(page.all("figure")) == ALL_SHOWN_MOST
    assert "are shown" not in page.text


def test_of_many_pictures_the_page_shows_some_and_says_where_the_rest_is(make_report: MakeReport) -> None:
    count = ALL_SHOWN_MOST + 100
    names = [f"{k:03}.jpg" for k in range(count)]
    scores = np.full(2 * count + 100, 0.99)
    scores[7] = 0.3  # of 003.jpg

    def change(table: pd.DataFrame) -> pd.DataFrame:
        places = {"label": 1, "centroid-0": 9.0, "centroid-1": 9.0}
        return table.assign(score=scores[: len(table)], **places)

    spores = [2] * (count - 1) + [102]
    pictures = [(name, name, number) for name, number in zip(names, spores, strict=True)]
    failed = failures(*(f"x{k}.jpg" for k in range(ROWS_MOST + 1)))
    page = Page(render_report(make_report(pictures, change=change, failures=failed)))
    assert len(page.all("figure")) == SHOWN_OF_MANY
    captions = [each["alt"] for each in page.all("img") if "outlines of the spores" in str(each["alt"])]
    assert str(captions[0]).startswith(names[-1])  # the largest count
    assert any(str(caption).startswith("003.jpg") for caption in captions)
    assert f"{SHOWN_OF_MANY} of {count} pictures are shown" in page.text
    assert "Shown: one of the largest counts" in page.text
    assert "Shown: many doubtful spores" in page.text
    assert f"{ROWS_MOST} of {ROWS_MOST + 1} pictures are shown: the first. All are in fail" in page.text
    many = Page(render_report(make_report([(f"{k}.jpg", f"s{k}", 2) for k in range(ROWS_MOST + 7)])))
    assert f"{ROWS_MOST} of {ROWS_MOST + 7} pictures are shown" in many.text
    assert f"{ROWS_MOST} of {ROWS_MOST + 7} samples are shown" in many.text
    assert len(many.all("tr")) < 3 * ROWS_MOST + 20


def test_a_table_without_a_column_is_refused(make_report: MakeReport) -> None:
    data = make_report()
    with pytest.raises(SettingsError, match="without q_mean"):
        dataclasses.replace(data, summary=data.summary.drop(columns="q_mean"))
    with pytest.raises(SettingsError, match=r"two rows for a\.jpg"):
        dataclasses.replace(data, summary=data.summary.assign(image="a.jpg"))
    with pytest.raises(SettingsError, match="one of 2"):
        dataclasses.replace(data, summary=data.summary.head(1))
    with pytest.raises(SettingsError, match="confidence"):
        dataclasses.replace(data, confidence=95.0)
