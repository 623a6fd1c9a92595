"""The spores that are shown first: which, in which order, and that the cut-outs show them."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sporemetry.errors import FileError, ImageDamagedError
from sporemetry.report import PictureEntry, ReportData, render_report
from sporemetry.report.doubtful import find_doubtful
from sporemetry.report.ranking import CANDIDATE_COLUMNS, SHOWN_MOST, first_of

MakeReport = Callable[..., ReportData]


def scored(scores: list[float], **changed: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Give the first spores of a report these scores and all others 0.99, on a diagonal of the picture."""

    def change(spores: pd.DataFrame) -> pd.DataFrame:
        place = np.arange(len(spores))
        spores["label"] = place + 1
        spores["score"] = [*scores, *[0.99] * (len(spores) - len(scores))]
        spores["centroid-0"], spores["centroid-1"] = 5.0 * place, 6.0 * place
        return spores.assign(**changed)

    return change


def test_the_least_sure_come_first_and_sure_ones_not_at_all(make_report: MakeReport) -> None:
    found = find_doubtful(make_report(change=scored([0.7, 0.9, 0.4, 0.79, 0.8])))
    assert [(each.label, each.score) for each in found.shown] == [("3", "0.40"), ("1", "0.70"), ("4", "0.79")]
    assert (found.doubtful, found.counted) == (3, 84)


def test_the_page_leads_there(make_report: MakeReport) -> None:
    page = render_report(make_report(change=scored([0.7, 0.9])))
    assert 'href="#doubtful">Look at these first (1)' in page
    assert 'id="doubtful"' in page
    assert 'href="#doubtful"' not in render_report(make_report(change=scored([0.9, 0.9])))


def test_only_counted_spores_are_shown(make_report: MakeReport) -> None:
    data = make_report(change=scored([0.4, 0.5], counted=[False] + [True] * 83))
    assert [each.label for each in find_doubtful(data).shown] == ["2"]


def test_a_cut_out_shows_the_spore(make_report: MakeReport, tmp_path: Path) -> None:
    data = make_report(change=scored([0.9, 0.9, 0.3]))  # the third lies at row 10, column 12
    picture = np.zeros((480, 640, 3), dtype=np.uint8)
    picture[9:12, 11:14] = 255
    Image.fromarray(picture).save(tmp_path / "spot.png")
    data = replace(data, pictures=dict.fromkeys(data.pictures, PictureEntry(tmp_path / "spot.png")))
    (shown,) = find_doubtful(data).shown
    cut = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.outlined.partition(",")[2]))).convert("L"))
    brightest = np.unravel_index(int(cut.argmax()), cut.shape)
    assert np.abs(np.array(brightest) - np.array(cut.shape) / 2).max() < 4


def test_no_more_are_shown_than_a_page_bears(make_report: MakeReport) -> None:
    found = find_doubtful(make_report(change=scored([0.5] * 60)))
    assert (len(found.shown), found.doubtful) == (SHOWN_MOST, 60)
    page = render_report(make_report(change=scored([0.5] * 60)))
    assert "60 of 84 counted spores have a score below 0.8" in page
    assert page.count("score 0.50") == SHOWN_MOST


def test_methods_without_scores_show_none(make_report: MakeReport) -> None:
    assert not find_doubtful(make_report()).shown
    assert not find_doubtful(make_report(change=scored([float("nan")] * 84))).shown
    assert not find_doubtful(make_report([], change=scored([]))).shown
    assert "Look at these first" not in render_report(make_report(change=scored([])))


def test_what_is_no_picture_is_said(make_report: MakeReport, tmp_path: Path) -> None:
    data = make_report(change=scored([0.5]))
    (tmp_path / "some_overlay.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageDamagedError):
        find_doubtful(data)
    (tmp_path / "some_overlay.jpg").unlink()
    with pytest.raises(FileError):
        find_doubtful(data)


def test_ties_are_spread_over_samples_and_images(make_report: MakeReport) -> None:
    """Were ties broken by name, the first image would fill the page."""
    pictures = [(f"{sample}/{k}.jpg", sample, 40) for sample in "abcd" for k in range(3)]
    found = find_doubtful(make_report(pictures, change=scored([0.5] * 480)))
    assert len(found.shown) == SHOWN_MOST
    uses = Counter(each.image for each in found.shown)
    assert set(uses) == {name for name, _, _ in pictures}
    assert max(uses.values()) == min(uses.values()) == SHOWN_MOST // len(pictures)
    assert found.samples == 4


def test_a_sample_that_is_surer_is_shown_too_but_later(make_report: MakeReport) -> None:
    pictures = [("a/1.jpg", "a", 40), ("b/1.jpg", "b", 40)]
    found = find_doubtful(make_report(pictures, change=scored([0.4] * 40 + [0.7] * 3)))
    assert Counter(each.image for each in found.shown) == {"a/1.jpg": SHOWN_MOST - 3, "b/1.jpg": 3}
    assert [each.score for each in found.shown] == ["0.40"] * (SHOWN_MOST - 3) + ["0.70"] * 3


def test_many_images_at_a_time_give_what_all_at_once_give() -> None:
    rng = np.random.default_rng(3)
    found = pd.DataFrame(
        {
            "place": np.repeat(np.arange(60), 9),
            "sample": np.repeat(rng.integers(0, 7, 60), 9),
            "label": np.tile(np.arange(1, 10), 60),
            "score": rng.choice([0.3, 0.3, 0.35, 0.6, 0.75], 540),
            **dict.fromkeys(("centroid-0", "centroid-1", "length_px"), 1.0),
        }
    )
    none = pd.DataFrame({name: [] for name in CANDIDATE_COLUMNS})
    whole = first_of(none, found, SHOWN_MOST)
    kept = none
    for _, part in found.groupby(found["place"] // 4):
        kept = first_of(kept, part, SHOWN_MOST)
    pd.testing.assert_frame_equal(kept, whole, check_dtype=False)


def test_the_plain_cut_out_shows_the_spore_uncovered(make_report: MakeReport) -> None:
    pixels = np.full((480, 640, 3), 200, np.uint8)
    pixels[8:13, 7:18] = 40  # the third spore, at row 10, column 12
    data = make_report(change=scored([0.9, 0.9, 0.3]))
    entries = {name: replace(entry, original=lambda: pixels) for name, entry in data.pictures.items()}
    (shown,) = find_doubtful(replace(data, pictures=entries)).shown
    cut = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.plain.partition(",")[2]))).convert("L"))
    middle = cut.shape[0] // 2
    assert abs(int(cut[middle, middle]) - 40) < 12
    assert (cut > 245).any()  # the marks
    page = render_report(replace(data, pictures=entries))
    assert page.count("score 0.30") == 1
    assert "The same with its outline" in page


def test_an_image_that_is_gone_is_shown_by_its_outline_alone(make_report: MakeReport) -> None:
    def gone() -> np.ndarray:
        raise FileNotFoundError("gone")

    data = make_report(change=scored([0.3]))
    entries = {name: replace(entry, original=gone) for name, entry in data.pictures.items()}
    (shown,) = find_doubtful(replace(data, pictures=entries)).shown
    assert shown.plain == ""
    assert shown.outlined.startswith("data:image/jpeg")


def test_the_page_says_where_the_rest_is(make_report: MakeReport) -> None:
    page = " ".join(render_report(make_report(change=scored([0.5] * 60))).split())
    assert "24 of them are shown" in page
    assert "<code>score</code> below 0.8" in page
    assert "spores.csv" in page[page.index('id="doubtful"') :]
