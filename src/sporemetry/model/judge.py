"""How sure a network's package is that an object is a spore: a logistic regression on what is seen of it.

The mean probability of an object's pixels says little by itself: a network is sure of the pixels of a speck,
too. With how short the object is beside the picture's spores, how ragged, and how high its middle stands, it
becomes a probability that holds on pictures that neither the network nor the regression has seen. Slimness is
not looked at: another kind's spores may be slimmer than all that the weights were fitted on. Where the
picture's sure spores look alike, a second regression takes over, which also knows how much an object looks
like them. Weights are fitted where a network is made, and are part of its card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.model.likeness import Likeness, compare, correlations, patches

FloatArray = NDArray[np.float64]

_LEAST_PROBABILITY = 1e-4
_PIXEL = 1 / 12  # the variance of a pixel's own square
# An image is unlike those that the weights were fitted on: many sure objects, alike, yet of low scores.
_MANY, _ALIKE, _TYPICAL = 16, 0.75, 0.95
_LEAST_WHERE_UNLIKE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A logistic regression, and one for pictures whose sure spores look alike.

    Attributes
    ----------
    weights : mapping of str to float
        Of features, keys of :data:`FEATURES`. None: there is no judge, and all objects stay.
    bias : float
        The logit where all features are 0.
    alike_weights, alike_bias : mapping and float
        The same where the sure spores look alike; in between, logits are mixed. No weights: the one
        regression serves everywhere.
    least : float
        Objects less sure than this are no spores.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    bias: float = 0.0
    alike_weights: Mapping[str, float] = field(default_factory=dict)
    alike_bias: float = 0.0
    least: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is known of the objects 1..n of a picture; every array has n entries.

    Attributes
    ----------
    area : float array
        px.
    probability : float array
        Mean over the pixels, or over those that the network found.
    middle : float array
        The highest probability of being the middle of a spore; 1 where the network does not know middles.
    minor, major : float array
        Standard deviations along both axes, px.
    pattern, contrast : float array
        How the picture looks there beside its sure spores: see :class:`sporemetry.model.likeness.Likeness`.
    alike : float
        How much those look alike, 0 to 1.
    spore_length_px : float
        How long spores are in the picture.
    """

    area: FloatArray
    probability: FloatArray
    middle: FloatArray
    minor: FloatArray
    major: FloatArray
    pattern: FloatArray
    contrast: FloatArray
    alike: float
    spore_length_px: float


def _logit(values: FloatArray) -> FloatArray:
    inside = np.clip(values, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(np.log(inside / (1 - inside)))


def _shortness(objects: Objects) -> FloatArray:
    # An ellipse is four standard deviations long. What is longer than the picture's spores is no worse.
    return np.asarray(np.minimum(np.log(4 * objects.major / objects.spore_length_px), 0.0))


def _raggedness(objects: Objects) -> FloatArray:
    # An ellipse has the area 4 pi times the product of its standard deviations.
    return np.asarray(np.log(4 * np.pi * objects.major * objects.minor / objects.area))


FEATURES: Mapping[str, Callable[[Objects], FloatArray]] = {
    "probability": lambda objects: _logit(objects.probability),
    "middle": lambda objects: _logit(objects.middle),
    "shortness": _shortness,
    "raggedness": _raggedness,
    "pattern": lambda objects: objects.pattern,
    "strangeness": lambda objects: np.minimum(objects.pattern, 0.0),
    "deviance": lambda objects: np.abs(objects.contrast),
    "faintness": lambda objects: np.minimum(objects.contrast, 0.0),
}
"""What is looked at, by name."""
PLAIN = ("probability", "middle", "shortness", "raggedness")
"""Those that need no look at the picture."""


def observe(
    labels: NDArray[np.int32],
    probability: NDArray[np.float32],
    middle: NDArray[np.float32] | None,
    spore_length_px: float,
    grey: NDArray[np.float32] | None = None,
    found: NDArray[np.bool_] | None = None,
    *,
    example: NDArray[np.float32] | None = None,
) -> Objects:
    """Return what is known of the objects of a picture.

    Parameters
    ----------
    labels : (H, W) int32 array
        0 background, 1..n without gaps. All 0: every array is empty.
    probability : (H, W) float32 array
    middle : (H, W) float32 array or None
        Probability of being the middle of a spore.
    spore_length_px : float
    grey : (H, W) float32 array or None
        The picture's brightness; None: likeness is not looked at.
    found : (H, W) bool array or None
        What the network itself took for spore, where outlines have been set out since: the mean probability
        is of these pixels, and of all pixels of an object that has none of them. None: of all pixels.
    example : (336,) float32 array, optional
        The patch of one spore, of this image or another. Objects are compared with the half that looks most
        like it. None: with the half that the network is surest of.
    """
    places = np.flatnonzero(labels != 0)
    rows, columns = np.divmod(places, max(1, labels.shape[1]))
    number = labels.ravel()[places]
    count = int(labels.max(initial=0)) + 1
    area = np.bincount(number, minlength=count).astype(np.float64)[1:]

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(number, weights=values, minlength=count)[1:] / area)

    y, x = mean(rows.astype(np.float64)), mean(columns.astype(np.float64))
    dy, dx = rows - y[number - 1], columns - x[number - 1]
    yy, xx, xy = mean(dy * dy) + _PIXEL, mean(dx * dx) + _PIXEL, mean(dy * dx)
    spread = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    highest = np.ones(count)
    if middle is not None:
        highest[:] = 0.0
        np.maximum.at(highest, number, middle[rows, columns].astype(np.float64))
    chance = probability[rows, columns].astype(np.float64)
    sure = mean(chance)
    if found is not None:
        own = found[rows, columns].astype(np.float64)
        size = np.bincount(number, weights=own, minlength=count)[1:]
        sums = np.bincount(number, weights=own * chance, minlength=count)[1:]
        sure = np.divide(sums, size, out=sure, where=size > 0)
    alike = Likeness(np.zeros(len(area)), np.zeros(len(area)), 0.0)
    if grey is not None and len(area):
        angle = 0.5 * np.arctan2(2 * xy, xx - yy)
        # The likelier half stands for the spores: where most objects are some, the median tells their look.
        patch = patches(grey, y, x, angle, spore_length_px)
        likely = sure if example is None else correlations(patch, example)
        alike = compare(patch, likely >= np.median(likely))
    return Objects(
        area=area,
        probability=sure,
        middle=highest[1:],
        minor=np.sqrt(np.maximum((xx + yy) / 2 - spread, _PIXEL)),
        major=np.sqrt((xx + yy) / 2 + spread),
        pattern=alike.pattern,
        contrast=alike.contrast,
        alike=alike.alike,
        spore_length_px=spore_length_px,
    )


def judge_objects(objects: Objects, judge: Judge) -> FloatArray:
    """Return how sure the judge is of each object, 0 to 1; the mean probability where there is no judge.

    Examples
    --------
    >>> area, half, major = np.array([300.0, 40.0]), np.array([0.5, 0.5]), np.array([7.0, 2.0])
    >>> objects = Objects(area, half, half, major / 2, major, half, half, 0.0, 28.0)
    >>> judge_objects(objects, Judge(weights={"shortness": 2.0}, bias=1.0)).round(2).tolist()
    [0.73, 0.18]
    """
    if not judge.weights:
        return objects.probability
    logit = _weighed(objects, judge.weights, judge.bias)
    if judge.alike_weights and objects.alike:
        other = _weighed(objects, judge.alike_weights, judge.alike_bias)
        logit = (1 - objects.alike) * logit + objects.alike * other
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)))


def bound_of(scores: FloatArray, alike: float, judge: Judge) -> float:
    """Return the score from which an image's objects are kept.

    That is the judge's bound; but 0.1 at most where the image is unlike those that the weights were fitted
    on. Spores of a kind that it knows have scores near 1. Sixteen and more objects that look alike, with a
    median below 0.95, are of a kind that it does not know; there the bound costs more than it helps.

    Parameters
    ----------
    scores : (n,) float64 array
        Of all objects. None: the judge's bound.
    alike : float
        See :class:`Objects`.
    judge : Judge
    """
    sure = scores[scores >= judge.least]
    unlike = alike >= _ALIKE and len(sure) >= _MANY and float(np.median(sure)) < _TYPICAL
    return min(judge.least, _LEAST_WHERE_UNLIKE) if unlike else judge.least


def _weighed(objects: Objects, weights: Mapping[str, float], bias: float) -> FloatArray:
    logit = np.full(len(objects.area), bias)
    for name, weight in weights.items():
        logit += weight * FEATURES[name](objects)
    return logit


def features_of(objects: Objects) -> FloatArray:
    """Return all features (n, K) in the order of :data:`FEATURES`, for fitting."""
    return np.column_stack([feature(objects) for feature in FEATURES.values()])
