"""Figure 3: maps of p_t, the probability of the own class, at the kept steps of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sporemetry.dataset.folder import open_dataset
from sporemetry.paper.experiments import label
from sporemetry.paper.figure_pictures import stretched
from sporemetry.paper.figure_style import new_figure, say_nothing_run
from sporemetry.paper.found import Found
from sporemetry.paper.scale import KEPT_TRIALS
from sporemetry.paper.views import Views
from sporemetry.paper.windows import richest_window
from sporemetry.training.hard_examples import own_class_probability
from sporemetry.training.parts import TRAIN, choose_items
from sporemetry.training.pictures import PictureStore, TrainingPicture
from sporemetry.training.run_folder import read_run
from sporemetry.training.trained import available_steps, load_trained

_SIZE = 256
_MAP = colormaps["viridis"].with_extremes(bad="#808080")
_MOST_STEPS = 5
_MOST_LOOKED_AT = 40  # pictures


def own_class_figure(found: Found, data: Path, *, device: str | None = None) -> Figure:
    """Return the maps of p_t of CE and CFL* in the training window that is richest in spores."""
    seed = Views(found=found, data=data).seed_of(KEPT_TRIALS)
    if seed is None:
        figure = new_figure(6, 1.5)
        say_nothing_run(figure)
        return figure
    runs = [found.runs[trial, seed] for trial in KEPT_TRIALS]
    steps = _spread_out(sorted(set.intersection(*(set(available_steps(run)) for run in runs))))
    store = PictureStore(choose_items(open_dataset(data), read_run(runs[0]), TRAIN)[:_MOST_LOOKED_AT])
    windows = [richest_window(store[number].target == 1, _SIZE, number) for number in range(len(store))]
    window = max(windows, key=lambda each: np.count_nonzero(each.cut(store[each.picture].target == 1)))
    picture = store[window.picture]
    figure = new_figure(1.75 * (len(steps) + 1) + 0.6, 1.62 * len(runs) + 0.35)
    panels = figure.subplots(len(runs), len(steps) + 1, squeeze=False)
    for axes, title in zip(
        panels[0], ("input, label outlined", *(f"step {s:,}" for s in steps)), strict=True
    ):
        axes.set_title(title, fontsize=9)
    for row, run, trial in zip(panels, runs, KEPT_TRIALS, strict=True):
        row[0].imshow(stretched(window.cut(picture.pixels)), interpolation="nearest")
        row[0].contour(window.cut(picture.target == 1), levels=[0.5], colors="#D55E00", linewidths=0.7)
        row[0].set_ylabel(label(trial), fontsize=9)
        for axes, step in zip(row[1:], steps, strict=True):
            own = _own(run, step, picture, device)
            axes.imshow(window.cut(own), cmap=_MAP, vmin=0, vmax=1, interpolation="nearest")
        for axes in row:
            axes.set_xticks([])
            axes.set_yticks([])
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), _MAP), ax=panels.ravel().tolist(), shrink=0.8)
    bar.set_label("$p_t$; a pixel is hard from 0.5 down", fontsize=9)
    return figure


def _own(run: Path, step: int, picture: TrainingPicture, device: str | None) -> NDArray[np.float32]:
    """Return p_t of a picture at a stored step."""
    probability = load_trained(run, step=step, device=device).probability(picture.pixels, flips=False)
    return own_class_probability(probability, picture.target)


def _spread_out(steps: Sequence[int]) -> list[int]:
    """Return up to so many steps, the first and the last among them."""
    places = np.linspace(0, len(steps) - 1, min(_MOST_STEPS, len(steps))).round().astype(int)
    return [steps[place] for place in places]
