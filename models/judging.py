"""Fits the judge of a package on objects that its network has not seen, and draws how well it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.model import Judge
from sporemetry.model.judge import FEATURES, PLAIN

FloatArray = NDArray[np.float64]
LEAST = 0.45  # lower, slides without spores show more false ones; higher, clean slides lose more
_SHRINKAGE = 1.0  # of standardised weights, in objects
_STEPS = 50
_BINS = 10


def fit_judge(sets: Mapping[str, tuple[FloatArray, FloatArray]]) -> Judge:
    """Return the logistic regressions of right on features, each set weighing as much as any other.

    Parameters
    ----------
    sets : mapping of str to (features, right)
        (N, K) in the order of :data:`~sporemetry.model.judge.FEATURES`, and N of 0 or 1.
    """
    plain, bias = _fit(sets, PLAIN)
    alike, alike_bias = _fit(sets, tuple(FEATURES))
    return Judge(weights=plain, bias=bias, alike_weights=alike, alike_bias=alike_bias, least=LEAST)


def _fit(
    sets: Mapping[str, tuple[FloatArray, FloatArray]], names: Sequence[str]
) -> tuple[dict[str, float], float]:
    columns = [list(FEATURES).index(name) for name in names]
    sets = {name: (values[:, columns], right) for name, (values, right) in sets.items()}
    features = np.concatenate([values for values, _ in sets.values()])
    right = np.concatenate([values for _, values in sets.values()])
    share = np.concatenate([np.full(len(values), 1 / len(values)) for _, values in sets.values()])
    weight = share * len(features) / len(sets)
    middle, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    known = np.column_stack([(features - middle) / spread, np.ones(len(features))])
    penalty = np.diag([*[_SHRINKAGE] * features.shape[1], 0.0])
    found = np.zeros(known.shape[1])
    for _ in range(_STEPS):
        sure = 0.5 * (1 + np.tanh(0.5 * known @ found))
        gradient = known.T @ (weight * (sure - right)) + penalty @ found
        curvature = (known * (weight * sure * (1 - sure))[:, None]).T @ known + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found -= step / max(1.0, float(np.abs(step).max()))
    slopes = found[:-1] / spread
    bias = found[-1] - float(slopes @ middle)
    weights = {name: round(float(value), 6) for name, value in zip(names, slopes, strict=True)}
    return weights, round(bias, 6)


def objects_of(
    reports: Iterable[Mapping[str, Any]], sets: Iterable[str]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return features and truth of all objects of some sets in the reports of several trainings."""
    reports = list(reports)
    found = {}
    for name in sets:
        pictures = [each for report in reports for each in report["sets"].get(name, {}).get("scores", [])]
        features = [np.asarray(each["features"], dtype=np.float64) for each in pictures if each["features"]]
        right = [np.asarray(each["right"], dtype=np.float64) for each in pictures if each["features"]]
        if features:
            found[name] = (np.concatenate(features), np.concatenate(right))
    return found


def reliability(sure: FloatArray, right: FloatArray) -> list[tuple[float, float, int]]:
    """Return of each tenth of the scores: the mean score, the share that is right, and how many there are."""
    place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return [
        (float(sure[own].mean()), float(right[own].mean()), int(own.sum()))
        for number in range(_BINS)
        if (own := place == number).any()
    ]


def draw_reliability(curves: Mapping[str, tuple[FloatArray, FloatArray]], path: Path) -> None:
    """Draw score against share of true spores, a line a set."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 5.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=":", label="as it should be")
    for name, (sure, right) in curves.items():
        points = [point for point in reliability(sure, right) if point[2] >= 10]
        axes.plot(
            [point[0] for point in points],
            [point[1] for point in points],
            marker="o",
            label=f"{name}, {len(sure):,} objects",
        )
    axes.set_xlabel("score")
    axes.set_ylabel("share that is a spore")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
