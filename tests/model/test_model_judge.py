"""The judge of objects: what it looks at, against scikit-image, and what the card lets it be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.draw import ellipse
from skimage.measure import regionprops
from tests.model.networks import card

from sporemetry.model import Judge, card_of, decode_card, features_of, judge_objects, observe
from sporemetry.model.card import CardError
from sporemetry.model.judge import FEATURES, bound_of

NONE: dict[str, object] = {"weights": {}, "bias": 0.0, "alike_weights": {}, "alike_bias": 0.0, "least": 0.0}


def spores() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Three ellipses of other sizes, with a probability and a middle for each pixel."""
    labels = np.zeros((120, 160), dtype=np.int32)
    for number, (y, x, high, wide, turn) in enumerate(
        ((30, 40, 8, 16, 0.3), (80, 60, 5, 6, 0.0), (60, 120, 20, 9, 1.0)), start=1
    ):
        labels[ellipse(y, x, high, wide, rotation=turn)] = number
    rng = np.random.default_rng(5)
    probability = rng.uniform(0.5, 1.0, labels.shape).astype(np.float32)
    return labels, probability, rng.uniform(0.0, 0.9, labels.shape).astype(np.float32)


def test_what_is_seen_is_what_scikit_image_measures() -> None:
    labels, probability, middle = spores()
    objects = observe(labels, probability, middle, 28.0)
    for place, region in enumerate(regionprops(labels, intensity_image=np.dstack([probability, middle]))):
        assert objects.area[place] == region.area
        assert objects.probability[place] == pytest.approx(region.intensity_mean[0])
        assert objects.middle[place] == pytest.approx(region.intensity_max[1])
        assert 4 * objects.major[place] == pytest.approx(region.axis_major_length, rel=0.01)
        assert 4 * objects.minor[place] == pytest.approx(region.axis_minor_length, rel=0.01)


def test_ellipses_are_not_ragged_and_rings_are() -> None:
    labels, probability, _ = spores()
    raggedness = list(FEATURES).index("raggedness")
    assert np.abs(features_of(observe(labels, probability, None, 28.0))[:, raggedness]).max() < 0.03
    labels[ellipse(60, 120, 14, 6, rotation=1.0)] = 0
    assert features_of(observe(labels, probability, None, 28.0))[2, raggedness] > 0.3


def test_how_sure_it_is_goes_by_the_pixels_that_were_found() -> None:
    labels, probability, middle = spores()
    found = np.zeros(labels.shape, dtype=np.bool_)
    found[20:35] = True  # part of the first spore, and nothing of the others
    whole = observe(labels, probability, middle, 28.0)
    part = observe(labels, probability, middle, 28.0, found=found)
    assert part.probability[0] == pytest.approx(probability[(labels == 1) & found].mean())
    assert part.probability[1:].tolist() == whole.probability[1:].tolist()
    assert part.area.tolist() == whole.area.tolist()
    assert part.major.tolist() == whole.major.tolist()


def test_no_objects_give_no_scores() -> None:
    nothing = np.zeros((5, 6), dtype=np.int32)
    objects = observe(nothing, np.zeros((5, 6), dtype=np.float32), None, 28.0)
    assert features_of(objects).shape == (0, len(FEATURES))
    assert judge_objects(objects, Judge(weights={"shortness": 1.0})).size == 0


def test_without_weights_the_mean_probability_is_the_score() -> None:
    labels, probability, _ = spores()
    objects = observe(labels, probability, None, 28.0)
    assert judge_objects(objects, Judge()).tolist() == objects.probability.tolist()


def test_a_score_is_the_logistic_function_of_the_weighted_features() -> None:
    labels, probability, middle = spores()
    objects = observe(labels, probability, middle, 28.0)
    weights = {name: 0.3 - 0.1 * place for place, name in enumerate(FEATURES)}
    logit = 0.7 + features_of(objects) @ np.array(list(weights.values()))
    expected = 1 / (1 + np.exp(-logit))
    assert judge_objects(objects, Judge(weights=weights, bias=0.7)) == pytest.approx(expected)


def test_where_sure_spores_look_alike_the_other_regression_takes_over() -> None:
    labels, probability, middle = spores()
    objects = observe(labels, probability, middle, 28.0)
    plain, alike = Judge(weights={"shortness": 1.0}, bias=0.2), Judge(weights={"pattern": 2.0}, bias=-0.4)
    both = replace(plain, alike_weights=alike.weights, alike_bias=alike.bias)
    pattern = np.array([0.5, -1.0, 2.0])

    def logit(judge: Judge, share: float) -> NDArray[np.float64]:
        sure = judge_objects(replace(objects, pattern=pattern, alike=share), judge)
        return np.asarray(np.log(sure / (1 - sure)))

    assert logit(both, 0.0) == pytest.approx(logit(plain, 0.0))
    assert logit(both, 1.0) == pytest.approx(logit(alike, 1.0))
    assert logit(both, 0.25) == pytest.approx(0.75 * logit(plain, 0.0) + 0.25 * logit(alike, 1.0))


def test_a_judge_is_kept_in_the_card() -> None:
    judge = Judge(
        weights={"shortness": 1.5, "probability": 2.0},
        bias=-0.25,
        alike_weights={"pattern": 0.5},
        alike_bias=1.0,
        least=0.5,
    )
    assert decode_card(card(judge=judge).encode()).judge == judge


@pytest.mark.parametrize(
    "judge",
    [
        None,
        {},
        {"weights": {}, "bias": 0.0, "least": 0.0},
        NONE | {"weights": {"colour": 1.0}},
        NONE | {"weights": {"shortness": float("1e9")}},
        NONE | {"weights": {"shortness": True}},
        NONE | {"weights": {"shortness": 1.0}, "least": 1.5},
        NONE | {"least": 0.5},
        NONE | {"weights": []},
        NONE | {"alike_weights": {"pattern": 1.0}},
        NONE | {"weights": {"shortness": 1.0}, "alike_bias": 1.0},
        NONE | {"weights": {"shortness": 1.0}, "alike_weights": {"colour": 1.0}},
    ],
)
def test_a_judge_that_cannot_be_is_refused(judge: object) -> None:
    import json

    values = json.loads(card().encode())
    with pytest.raises(CardError, match=r"judge|bias|least"):
        card_of(values | {"judge": judge})


@pytest.mark.parametrize(
    ("sure", "alike", "bound"),
    [
        ([0.99] * 16, 0.9, 0.45),  # a kind that it knows
        ([0.9] * 16, 0.9, 0.1),  # a kind that it does not
        ([0.9] * 16, 0.5, 0.45),  # dirt of all kinds
        ([0.9] * 15, 0.9, 0.45),  # too few to tell
        ([0.2] * 30, 0.9, 0.45),  # none that it is sure of
        ([], 0.0, 0.45),
    ],
)
def test_the_bound_is_lower_where_many_alike_are_of_an_unknown_kind(
    sure: list[float], alike: float, bound: float
) -> None:
    judge = Judge(weights={"shortness": 1.0}, least=0.45)
    assert bound_of(np.array([*sure, 0.05, 0.3]), alike, judge) == bound


def test_the_bound_is_never_raised() -> None:
    assert bound_of(np.full(19, 0.9), 0.9, Judge(weights={"shortness": 1.0}, least=0.05)) == 0.05
