"""Figures of scores over something: over beta (Figure 6), over steps (Figure 9), over pictures (Table 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sporemetry.evaluation.ratios import spread
from sporemetry.paper.beta import SERIES, on_network, series_name, shared_seeds
from sporemetry.paper.experiments import BETAS, GRID_LOSSES, SIX, label
from sporemetry.paper.figure_style import colour, new_figure, plain, say_nothing_run
from sporemetry.paper.found import HALF, TUNED, Found
from sporemetry.paper.scale import Scale
from sporemetry.paper.trial import CE, Trial

_PANELS = ((HALF, "at the threshold 0.5, as in the paper"), (TUNED, "at the threshold tuned on validation"))


def beta_figure(found: Found) -> Figure:
    """Return mean IoU over beta, for CFL and CFL* on both networks; CE, beta without end, is a line."""
    figure = new_figure(9.6, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    drawn = False
    found = shared_seeds(found)
    for axes, (at, title) in zip(panels, _PANELS, strict=True):
        for place, (loss, unet) in enumerate(SERIES):
            trials = [on_network(loss(beta), unet=unet) for beta in BETAS]
            places = [beta + _aside(place, len(SERIES), most=max(BETAS)) for beta in BETAS]
            values = [list(found.values(trial, "mean_iou", at).values()) for trial in trials]
            name = series_name(loss(2.0), unet=unet)
            drawn |= _line(axes, places, values, colour(trials[0]), name, dashed=unet)
        for unet in (False, True):
            without = found.spread(on_network(CE, unet=unet), "mean_iou", at)
            if without.n:
                name = series_name(CE, unet=unet)
                axes.axhline(without.mean, color=colour(CE), linestyle="--" if unet else "-", label=name)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel("β; the weight of a spore pixel is (n$_b$ / n$_o$)$^{1/β}$")
        plain(axes)
    panels[0].set_ylabel(_mean_over(found))
    return _finished(figure, panels, drawn)


def learning_figure(found: Found) -> Figure:
    """Return mean IoU on the validation part over the steps: means over the seeds, and their range."""
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    drawn = False
    for trial in SIX:
        tables = [
            pd.Series(dict(found.scores[trial, seed].learning), dtype=float) for seed in found.seeds_of(trial)
        ]
        if not tables:
            continue
        table = pd.concat(tables, axis=1)
        axes.fill_between(
            table.index, table.min(axis=1), table.max(axis=1), color=colour(trial), alpha=0.12, lw=0
        )
        axes.plot(
            table.index,
            table.mean(axis=1),
            color=colour(trial),
            marker="o",
            markersize=3.5,
            label=label(trial),
        )
        drawn = True
    axes.set_xlabel("step")
    axes.set_ylabel("mean IoU at 0.5 on the validation part")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    plain(axes)
    return _finished(figure, [axes], drawn)


def pictures_figure(found: Found, scale: Scale) -> Figure:
    """Return mean IoU over the number of labelled pictures, a line for each loss and number of steps."""
    figure = new_figure(9.6, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    drawn = False
    grid = [(share, steps) for share in scale.grid_shares for steps in scale.grid_steps]
    every = [scale.sized(trial, *cell) for trial in GRID_LOSSES for cell in grid]
    found = found.alike(every)
    most = max((_pictures(trial, found) for trial in every if found.seeds_of(trial)), default=0.0)
    for axes, (at, title) in zip(panels, _PANELS, strict=True):
        for trial in GRID_LOSSES:
            for steps in scale.grid_steps:
                cells = [scale.sized(trial, share, steps) for share in scale.grid_shares]
                there = [cell for cell in cells if found.seeds_of(cell)]
                values = [list(found.values(cell, "mean_iou", at).values()) for cell in there]
                numbers = [_pictures(cell, found) for cell in there]
                name = f"{label(trial)}; {steps:,} steps"
                aside = _aside(GRID_LOSSES.index(trial), len(GRID_LOSSES), most=most)
                numbers = [number + aside for number in numbers]
                dashed = steps != max(scale.grid_steps)
                drawn |= _line(axes, numbers, values, colour(trial), name, dashed=dashed)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel("labelled pictures to train on")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True, steps=[1, 2, 5, 10]))
        plain(axes)
    panels[0].set_ylabel(_mean_over(found))
    return _finished(figure, panels, drawn)


def _aside(place: int, of: int, *, most: float) -> float:
    """Return how far aside one of several series stands, so that ranges do not hide one another."""
    return 0.008 * most * (place - (of - 1) / 2)


def _pictures(trial: Trial, found: Found) -> float:
    """Return how many pictures the runs of a trial saw, on average over the seeds."""
    cards = [found.scores[trial, seed].card for seed in found.seeds_of(trial)]
    return spread(float(len(card.split.names("train"))) for card in cards).mean


def _mean_over(found: Found) -> str:
    """Return what is drawn: of one seed there is no range."""
    several = len(found.seeds) > 1
    seeds = f"seed{'s' if several else ''} {', '.join(map(str, found.seeds))}"
    return f"mean IoU on the test part,\n{'mean and range of ' if several else ''}{seeds}"


def _line(
    axes: Axes,
    places: Sequence[float],
    values: Sequence[Sequence[float]],
    shade: str,
    name: str,
    *,
    dashed: bool,
) -> bool:
    """Draw means over the seeds with their range, and return whether there was one."""
    known = [(x, np.asarray(each)) for x, each in zip(places, values, strict=True) if len(each)]
    if not known:
        return False
    means = np.array([each.mean() for _, each in known])
    low, high = (np.array([pick(each) for _, each in known]) for pick in (np.min, np.max))
    axes.errorbar(
        [x for x, _ in known],
        means,
        yerr=np.abs([means - low, high - means]),
        color=shade,
        linestyle="--" if dashed else "-",
        marker="s" if dashed else "o",
        markerfacecolor="white" if dashed else shade,
        markersize=4.5,
        linewidth=1.5,
        elinewidth=0.8,
        capsize=2,
        label=name,
    )
    return True


def _finished(figure: Figure, panels: Iterable[Axes], drawn: bool) -> Figure:
    if not drawn:
        for axes in panels:
            axes.set_visible(False)
        say_nothing_run(figure)
        return figure
    handles, names = next(iter(panels)).get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False, fontsize=8.5)
    return figure
