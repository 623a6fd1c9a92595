"""One picture and a set: what is undefined, what is ignored, what is pooled, and the laws of it all."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation import (
    EvaluationSettings,
    LabelScores,
    PictureScores,
    evaluate_boxes,
    evaluate_labels,
    format_summary,
    summarise,
)

Labels = NDArray[np.int32]
LABELS = arrays(np.int32, (6, 8), elements=st.integers(0, 4), fill=st.nothing())
BLANK = np.zeros((12, 16), dtype=np.int32)


def spores(*corners: tuple[int, int], size: int = 4) -> Labels:
    labels = BLANK.copy()
    for label, (y, x) in enumerate(corners, start=1):
        labels[y : y + size, x : x + size] = label
    return labels


def measures(picture: PictureScores) -> dict[str, float]:
    return picture.found.measures()


def test_both_empty_is_undefined_and_stays_out_of_the_mean() -> None:
    blank = evaluate_labels(BLANK, BLANK, name="blank")
    assert all(math.isnan(value) for value in measures(blank).values())
    half = evaluate_labels(spores((1, 1)), spores((1, 1), (6, 8)), name="half")
    scores = summarise([blank, half])
    spread = scores.per_picture["spore_iou"]
    assert (spread.mean, spread.n, spread.undefined) == (0.5, 1, 1)
    assert scores.pooled.measures()["spore_iou"] == 0.5
    # Its background pixels still are in the pooled matrix.
    assert scores.pooled.measures()["mean_iou"] == (0.5 + (2 * 192 - 32) / (2 * 192 - 16)) / 2


def test_a_false_spore_in_a_blank_picture_scores_0_and_lowers_what_is_pooled() -> None:
    right = evaluate_labels(spores((1, 1)), spores((1, 1)))
    false = evaluate_labels(spores((1, 1)), BLANK)
    assert [measures(false)[name] for name in ("spore_iou", "dice", "boundary_f1", "precision", "f1")] == [
        0
    ] * 5
    assert math.isnan(measures(false)["recall"])
    scores = summarise([right, false])
    assert scores.pooled.measures()["precision"] == 0.5
    assert scores.pooled.measures()["spore_iou"] == 0.5
    assert scores.per_picture["spore_iou"].mean == 0.5
    assert (scores.counts.relative_errors.undefined, scores.counts.mean_absolute_error) == (1, 0.5)


def test_the_interval_of_a_mean_stays_between_0_and_1() -> None:
    right = evaluate_labels(spores((1, 1)), spores((1, 1)))
    wrong = evaluate_labels(BLANK, spores((1, 1)))
    spread = summarise([right, wrong]).per_picture["recall"]
    assert (spread.mean, spread.low, spread.high) == (0.5, 0, 1)


def test_pooled_is_not_the_mean_over_pictures() -> None:
    large = evaluate_labels(spores((1, 1), (6, 1), (1, 8)), spores((1, 1), (6, 1), (1, 8)))
    small = evaluate_labels(BLANK, spores((1, 1)))
    scores = summarise([large, small])
    assert scores.pooled.measures()["spore_iou"] == 3 / 4
    assert scores.per_picture["spore_iou"].mean == 1 / 2


def test_a_doubtful_spore_counts_neither_way_whether_found_or_not() -> None:
    truth = spores((1, 1), (6, 9))  # the second one is doubtful
    ignore = truth == 2
    missed = spores((1, 1))
    wide = spores((1, 1))
    wide[5:11, 8:14] = 7  # found, and drawn a pixel wider all around: 16 of 36 pixels are ignored
    found = spores((1, 1), (6, 9))
    found[6:10, 13] = 2  # 4 of 20 pixels lie outside the ignored ones
    for predicted in (missed, found):
        scores = evaluate_labels(predicted, truth, ignore=ignore)
        names = ("spore_iou", "mean_iou", "boundary_f1", "f1", "mean_f1", "panoptic_quality")
        assert [measures(scores)[name] for name in names] == [1] * len(names)
        assert (scores.predicted, scores.truth) == (1, 1)
    dropped = found_scores(evaluate_labels(found, truth, ignore=ignore)).spores
    assert (dropped.dropped_predicted, dropped.dropped_truth) == (1, 1)
    # Of the wide one more than half lies outside: it is a false spore, and so are its 20 pixels there.
    scores = evaluate_labels(wide, truth, ignore=ignore)
    assert (scores.predicted, measures(scores)["precision"]) == (2, 0.5)
    assert found_scores(scores).pixels.fp == 20


def found_scores(picture: PictureScores) -> LabelScores:
    assert isinstance(picture.found, LabelScores)
    return picture.found


def test_everything_ignored_is_undefined() -> None:
    scores = evaluate_labels(spores((1, 1)), spores((2, 2)), ignore=np.ones(BLANK.shape, dtype=bool))
    assert all(math.isnan(value) for value in measures(scores).values())
    assert (scores.predicted, scores.truth) == (0, 0)


@given(LABELS, LABELS, st.permutations(range(1, 5)))
@settings(deadline=None)
def test_laws(predicted: Labels, truth: Labels, new: list[int]) -> None:
    values = measures(evaluate_labels(predicted, truth))
    for name, value in values.items():
        assert math.isnan(value) or 0 <= value <= 1, name
    renamed = measures(evaluate_labels(np.array([0, *new], np.int32)[predicted], truth))
    assert renamed == pytest.approx(values, nan_ok=True)
    for flip in (np.flipud, np.fliplr, np.transpose):
        assert measures(evaluate_labels(flip(predicted), flip(truth))) == pytest.approx(values, nan_ok=True)
    mirrored = measures(evaluate_labels(truth, predicted))
    for name in ("mean_iou", "spore_iou", "dice", "boundary_f1", "f1", "mean_f1", "panoptic_quality"):
        assert mirrored[name] == pytest.approx(values[name], nan_ok=True)
    assert mirrored["precision"] == pytest.approx(values["recall"], nan_ok=True)
    nothing_ignored = np.zeros(predicted.shape, dtype=bool)
    assert measures(evaluate_labels(predicted, truth, ignore=nothing_ignored)) == pytest.approx(
        values, nan_ok=True
    )


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4), st.randoms())
@settings(deadline=None)
def test_the_order_of_the_pictures_does_not_matter(
    pairs: list[tuple[Labels, Labels]], random: object
) -> None:
    pictures = [evaluate_labels(*pair) for pair in pairs]
    forward, backward = summarise(pictures), summarise(pictures[::-1])
    assert forward.pooled.measures() == pytest.approx(backward.pooled.measures(), nan_ok=True)
    assert forward.counts.relative_error == pytest.approx(backward.counts.relative_error, nan_ok=True)


def test_settings_reach_the_measures() -> None:
    predicted, truth = spores((1, 2)), spores((1, 1))  # IoU 12 / 20 = 0.6
    strict = EvaluationSettings(tolerance_px=0, match_iou=0.7, sweep_ious=(0.6, 0.7))
    values = measures(evaluate_labels(predicted, truth, settings=strict))
    assert (values["f1"], values["mean_f1"]) == (0, 0.5)
    assert values["boundary_f1"] == 0.5  # 6 of 12 outline pixels coincide
    assert measures(evaluate_labels(predicted, truth))["boundary_f1"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance_px": -1},
        {"tolerance_px": math.nan},
        {"match_iou": 0},
        {"match_iou": 1.1},
        {"sweep_ious": ()},
    ],
    ids=str,
)
def test_settings_outside_their_range(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        EvaluationSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("predicted", "truth", "ignore", "message"),
    [
        (BLANK > 0, BLANK, None, "an array of bool"),
        (BLANK[None], BLANK, None, r"shape \(1, 12, 16\)"),
        (BLANK - 1, BLANK, None, "-1 to -1"),
        (BLANK, BLANK.astype(float), None, "float64"),
        (BLANK, BLANK[:, :-1], None, r"\(12, 16\) and \(12, 15\)"),
        (BLANK, BLANK, BLANK, "int32"),
        (BLANK, BLANK, (BLANK > 0)[:, 1:], r"\(12, 15\)"),
        (BLANK.astype(np.int64) + 2**31, BLANK, None, "ids from 0"),
    ],
)
def test_arrays_that_are_no_labels(predicted: Labels, truth: Labels, ignore: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        evaluate_labels(predicted, truth, ignore=ignore)  # type: ignore[arg-type]


def test_a_picture_without_pixels() -> None:
    none = np.zeros((0, 5), dtype=np.int32)
    assert all(math.isnan(value) for value in measures(evaluate_labels(none, none)).values())


def test_labels_and_boxes_do_not_mix_and_nothing_is_no_set() -> None:
    boxes = evaluate_boxes(BLANK, np.zeros((0, 4)))
    with pytest.raises(SettingsError, match="boxes and labels"):
        summarise([boxes, evaluate_labels(BLANK, BLANK)])
    with pytest.raises(SettingsError, match="none"):
        summarise([])


def test_the_report_holds_null_for_undefined_and_plain_types() -> None:
    scores = summarise([evaluate_labels(BLANK, BLANK, name="blank")], notes=["a note"])
    report = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert report["pooled"]["spore_iou"] is None
    assert report["per_picture"]["f1"] == {
        "mean": None, "sd": None, "low": None, "high": None, "n": 0, "undefined": 1,
    }  # fmt: skip
    assert report["counts"]["limits"] == [None, None]
    assert (report["truth"], report["pictures_without_true_spore"], report["notes"]) == (
        "labels",
        1,
        ["a note"],
    )
    assert set(report["pooled_f1_at_iou"]) == {f"{iou:.2f}" for iou in np.arange(0.5, 0.96, 0.05)}


def test_the_summary_in_words() -> None:
    pair = evaluate_labels(spores((1, 1)), spores((1, 1), (6, 8)), name="half")
    rows = dict(format_summary(summarise([pair, pair, evaluate_labels(BLANK, BLANK)])))
    assert rows["Pictures"] == "3 (1 without a true spore)"
    assert rows["Spore IoU"] == "0.500 pooled, mean 0.500 ± 0.000"
    assert rows["Spores, predicted / true"] == "2 / 4"
    assert rows["Count error of the set"] == "-50.0 %"
    one = dict(format_summary(summarise([evaluate_labels(BLANK, BLANK)])))
    assert one["Spore IoU"] == one["Count error of the set"] == "undefined"
    assert "95 % limits of agreement" not in one
    boxes = dict(format_summary(summarise([evaluate_boxes(BLANK, np.array([[0.0, 0.0, 2.0, 2.0]]))])))
    assert boxes["Spore recall, centroid in box"] == "0.000"
