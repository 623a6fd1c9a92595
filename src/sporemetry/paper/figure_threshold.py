"""What the weight of CFL does: it moves the threshold, and the probabilities are no frequencies any more.

A network trained to the end with the weight w on spores gives, where the frequency of spores is q, the
probability p with p / (1 - p) = w q / (1 - q). So its threshold 0.5 is the threshold 1 / (1 + w) of a
network trained without the weight, and its curve over the threshold is that network's, moved by log w along
the axis of log-odds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sporemetry.evaluation.pixels import Confusion
from sporemetry.evaluation.ratios import spread
from sporemetry.paper.experiments import CONSTRAINED, label
from sporemetry.paper.figure_style import GREY, colour, new_figure, plain, say_nothing_run
from sporemetry.paper.found import BEST, HALF, TUNED, Found
from sporemetry.paper.table import percent, tuned_threshold
from sporemetry.paper.trial import CE, Trial
from sporemetry.training.losses.weights import tempered_weight

_TRIALS = (CE, *CONSTRAINED)
_TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
_BINS = 14
_FEWEST = 10  # spore and background pixels of a bin that is drawn


def spore_weight(trial: Trial, found: Found) -> float:
    """Return the weight of a spore pixel, averaged over the seeds; 1 for a loss that has none."""
    beta = dict(trial.options).get("beta")
    if beta is None:
        return 1.0
    cards = [found.scores[trial, seed].card for seed in found.seeds_of(trial)]
    return spread(tempered_weight(card.statistics.ratio, beta) for card in cards).mean


def threshold_figure(found: Found) -> Figure:
    """Return mean IoU over the threshold: as it is, and with each loss's own shift taken back."""
    figure = new_figure(9.6, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    there = [trial for trial in _TRIALS if found.seeds_of(trial)]
    for trial in there:
        values, shift = _mean_iou(trial, found), math.log(spore_weight(trial, found))
        edges = _log_odds(np.linspace(0, 1, values.size)[1:-1])
        for axes, moved in zip(panels, (0.0, shift), strict=True):
            axes.plot(edges - moved, values[1:-1], color=colour(trial), label=label(trial), linewidth=1.6)
        for seed in found.seeds_of(trial):
            tuned = found.scores[trial, seed].threshold
            if tuned is not None and 0 < tuned < 1:
                place = float(_log_odds(np.array([tuned]))[0])
                height = found.scores[trial, seed].tuned["mean_iou"]
                panels[0].plot(place, height, "o", color=colour(trial), markersize=4)
    titles = (
        "as trained; points: tuned on validation, by seed",
        "moved back by the weight: threshold odds / w",
    )
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title, loc="left", fontsize=10)
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        _probability_axis(axes)
        axes.set_xlabel("threshold on the probability of spore")
        plain(axes)
    panels[0].set_ylabel("mean IoU on the test part, mean over seeds")
    if not there:
        return _empty(figure, panels)
    panels[1].legend(frameon=False, loc="lower right")
    return figure


def calibration_figure(found: Found) -> Figure:
    """Return how often pixels of a probability are spore, beside what the weight makes expect."""
    figure = new_figure(5.6, 5.0)
    axes = figure.subplots()
    there = [trial for trial in _TRIALS if found.seeds_of(trial)]
    line = np.linspace(-7, 7, 50)
    for trial in there:
        weight = spore_weight(trial, found)
        odds, frequency = _frequencies([found.scores[trial, seed].curve for seed in found.seeds_of(trial)])
        axes.plot(odds, frequency, "o-", color=colour(trial), markersize=4, label=label(trial))
        if trial.loss != "cfl_star":
            text = "calibrated" if weight == 1 else f"expected at weight {weight:.1f}"
            axes.plot(line, line - math.log(weight), ":", color=colour(trial), linewidth=1.2, label=text)
    _probability_axis(axes)
    axes.set_ylim(-7, 7)
    axes.set_yticks([_logit(tick) for tick in _TICKS], [f"{tick:g}" for tick in _TICKS])
    axes.set_xlabel("probability of spore")
    axes.set_ylabel("share of such pixels that are spore, test part")
    plain(axes, percent=False)
    if not there:
        return _empty(figure, [axes])
    axes.legend(frameon=False, loc="upper left", fontsize=8.5)
    return figure


def threshold_table(found: Found) -> str:
    """Return in Markdown what remains of the gain of CFL once CE has the threshold that belongs to it."""
    lines = [
        "| | weight w | threshold 1 / (1 + w) | tuned threshold | mean IoU at 0.5 | CE at 1 / (1 + w) "
        "| mean IoU, tuned | mean IoU, best of any threshold |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for trial in _TRIALS:
        seeds = found.seeds_of(trial)
        if not seeds:
            lines.append(f"| {label(trial)} |  |  |  |  |  |  |  |")
            continue
        weight = spore_weight(trial, found)
        both = [seed for seed in seeds if (CE, seed) in found.scores]
        moved = spread(_at(found.scores[CE, seed].curve, 1 / (1 + weight)).mean_iou for seed in both)
        cells = [
            label(trial),
            f"{weight:.1f}",
            f"{1 / (1 + weight):.3f}",
            tuned_threshold(trial, found),
            percent(found.spread(trial, "mean_iou", HALF)),
            "" if trial == CE else percent(moved),
            percent(found.spread(trial, "mean_iou", TUNED)),
            percent(found.spread(trial, "mean_iou", BEST)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    note = (
        "The best of any threshold is that of each run on the test part itself: out of reach in practice, "
        "it tells what a loss has changed but the threshold."
    )
    return "\n".join([*lines, "", note])


def _mean_iou(trial: Trial, found: Found) -> NDArray[np.float64]:
    """Return the mean IoU at each threshold, averaged over the seeds."""
    curves = [found.scores[trial, seed].curve for seed in found.seeds_of(trial)]
    values = np.array([[each.mean_iou for each in curve] for curve in curves], dtype=np.float64)
    return np.asarray(values.mean(axis=0))


def _at(curve: Sequence[Confusion], threshold: float) -> Confusion:
    """Return the confusion at the threshold of the curve that is nearest."""
    return curve[round(threshold * (len(curve) - 1))]


def _frequencies(
    curves: Sequence[Sequence[Confusion]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-odds of the mean probability in bins, and of the share of spores among their pixels.

    Bins of few spore or few background pixels are left out.
    """
    tp = np.sum([[each.tp for each in curve] for curve in curves], axis=0)
    fp = np.sum([[each.fp for each in curve] for curve in curves], axis=0)
    # Between two thresholds lie the pixels that the lower one takes and the higher one does not.
    spores, others = tp[:-1] - tp[1:], fp[:-1] - fp[1:]
    last = len(spores)
    middles = (np.arange(last) + 0.5) / last
    wanted = 1 / (1 + np.exp(-np.linspace(-6.5, 6.5, _BINS + 1)))
    edges = np.unique(np.clip(np.rint(wanted * last), 1, last).astype(int))
    odds, shares = [], []
    for low, high in pairwise(edges.tolist()):
        right, wrong = int(spores[low:high].sum()), int(others[low:high].sum())
        if min(right, wrong) >= _FEWEST:
            pixels = (spores + others)[low:high]
            odds.append(_logit(float(np.average(middles[low:high], weights=pixels))))
            shares.append(math.log(right / wrong))
    return np.array(odds), np.array(shares)


def _probability_axis(axes: Axes) -> None:
    axes.set_xlim(-7, 7)
    axes.set_xticks([_logit(tick) for tick in _TICKS], [f"{tick:g}" for tick in _TICKS])


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(probability / (1 - probability))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _empty(figure: Figure, panels: Sequence[Axes]) -> Figure:
    for axes in panels:
        axes.set_visible(False)
    say_nothing_run(figure)
    return figure
