"""Pictures side by side: input, label and what each loss finds (Figures 4, 5, 7 and 8)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sporemetry.paper.experiments import CONSTRAINED, SIX, label
from sporemetry.paper.figure_style import GREY, new_figure, say_nothing_run
from sporemetry.paper.found import HALF, TUNED
from sporemetry.paper.trial import CE, Trial, cfl
from sporemetry.paper.views import View, Views
from sporemetry.paper.windows import (
    JOINED,
    PARTED,
    Window,
    adherent_pairs,
    found_spores,
    pair_state,
    richest_window,
    window_about,
)

_LARGE, _SMALL = 256, 96  # px
_LARGE_ROWS, _SMALL_ROWS = 3, 5
_GAP = 3  # px between spores that adhere: the ring of CFL* reaches as far
_RIGHT, _MISSED, _FALSE, _IGNORED = (255, 255, 255), (213, 94, 0), (86, 180, 233), (110, 110, 110)
_LEGEND = (("spore", _RIGHT), ("missed", _MISSED), ("false", _FALSE))

Masks = Sequence[Sequence[NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is shown beside input and label.

    Attributes
    ----------
    titles : list of str
    masks : list of list of bool array
        Of each column, one a picture.
    """

    titles: list[str] = field(default_factory=list)
    masks: list[list[NDArray[np.bool_]]] = field(default_factory=list)


def losses_figure(views: Views) -> Figure:
    """Return Figure 4: the three richest windows of test pictures, and what each loss finds in them.

    Losses that were not run are left out.
    """
    there = [trial for trial in SIX if views.found.seeds_of(trial)]
    seed = views.seed_of(there)
    if not there or seed is None:
        return _nothing()
    pictures = views.pictures(there[0], seed)
    windows = [richest_window(view.truth > 0, _LARGE, number) for number, view in enumerate(pictures)]
    windows.sort(key=lambda window: -np.count_nonzero(window.cut(pictures[window.picture].truth)))
    note = f"At the threshold 0.5; the windows of {windows[0].size} px with most spore pixels, one a picture."
    return _grid(pictures, windows[:_LARGE_ROWS], _columns(views, there, seed), seed, note)


def lost_figure(views: Views) -> Figure:
    """Return Figure 5: spores that CE loses and CFL finds, the largest first."""
    trials = (CE, cfl(2.0))
    seed = views.seed_of(trials)
    if seed is None:
        return _nothing()
    pictures = views.pictures(CE, seed)
    columns = Columns(
        titles=["CE", "CE, tuned threshold", label(cfl(2.0))],
        masks=[views.masks(CE, seed), views.masks(CE, seed, TUNED), views.masks(cfl(2.0), seed)],
    )
    counted, windows = _lost(pictures, columns)
    note = (
        f"Of {counted['all']} true spores CE loses {counted['lost']} at the threshold 0.5; of these CFL "
        f"finds {counted['found']}, CE with its tuned threshold {counted['tuned']}. CFL loses "
        f"{counted['back']} that CE finds. Found: half of the spore's pixels. Shown: the largest that CE "
        "loses and CFL finds."
    )
    return _grid(pictures, windows, columns, seed, note)


def difference_figure(views: Views) -> Figure:
    """Return Figure 7: where CFL and CFL* differ most."""
    seed = views.seed_of(CONSTRAINED)
    if seed is None:
        return _nothing()
    pictures = views.pictures(CONSTRAINED[0], seed)
    one, other = (views.masks(trial, seed) for trial in CONSTRAINED)
    differ = [a ^ b for a, b in zip(one, other, strict=True)]
    windows = [richest_window(plane, _LARGE, number) for number, plane in enumerate(differ)]
    windows.sort(key=lambda window: -np.count_nonzero(window.cut(differ[window.picture])))
    note = (
        f"At the threshold 0.5; the windows of {windows[0].size} px where the two differ most, one a picture."
    )
    return _grid(pictures, windows[:_LARGE_ROWS], _columns(views, CONSTRAINED, seed), seed, note)


def adherent_figure(views: Views) -> Figure:
    """Return Figure 8: spores that all but touch, those first that CFL joins and CFL* parts."""
    seed = views.seed_of(CONSTRAINED)
    if seed is None:
        return _nothing()
    pictures = views.pictures(CONSTRAINED[0], seed)
    one, other = (views.masks(trial, seed) for trial in CONSTRAINED)
    found = []
    for number, view in enumerate(pictures):
        for pair in adherent_pairs(view.truth, _GAP, number):
            states = tuple(pair_state(pair, view.truth, masks[number]) for masks in (one, other))
            found.append((pair, states))
    wanted = (JOINED, PARTED)
    found.sort(key=lambda each: each[1] != wanted)
    windows = [
        window_about(pair.row, pair.column, _SMALL, pictures[pair.picture].truth.shape, pair.picture)
        for pair, _ in found
    ]
    joined = [sum(states[place] == JOINED for _, states in found) for place in (0, 1)]
    both = [sum(states == kind for _, states in found) for kind in (wanted, wanted[::-1])]
    note = (
        f"Of {len(found)} pairs of true spores at most {_GAP} px apart CFL joins {joined[0]}, CFL* "
        f"{joined[1]}. CFL joins and CFL* parts {both[0]}, the other way round {both[1]}; the former are "
        "shown first."
    )
    return _grid(pictures, _apart(windows), _columns(views, CONSTRAINED, seed), seed, note)


def _columns(views: Views, trials: Sequence[Trial], seed: int) -> Columns:
    return Columns(
        titles=[label(trial) for trial in trials],
        masks=[views.masks(trial, seed, HALF) for trial in trials],
    )


def _lost(pictures: Sequence[View], columns: Columns) -> tuple[dict[str, int], list[Window]]:
    """Count the spores that CE loses and what becomes of them, and return windows about those CFL finds."""
    counted = dict.fromkeys(("all", "lost", "found", "tuned", "back"), 0)
    places = []
    for number, view in enumerate(pictures):
        every = set(np.unique(view.truth[view.truth > 0]).tolist())
        ce, tuned, constrained = (
            set(found_spores(view.truth, masks[number]).tolist()) for masks in columns.masks
        )
        lost = every - ce
        counted["all"] += len(every)
        counted["lost"] += len(lost)
        counted["found"] += len(lost & constrained)
        counted["tuned"] += len(lost & tuned)
        counted["back"] += len(ce - constrained)
        for spore in sorted(lost & constrained):
            place = np.argwhere(view.truth == spore)
            row, column = place.mean(axis=0).round().astype(int).tolist()
            window = window_about(row, column, _SMALL, view.truth.shape, number)
            places.append((len(place), window))
    places.sort(key=lambda each: -each[0])
    return counted, _apart([window for _, window in places])


def _apart(windows: Sequence[Window]) -> list[Window]:
    """Return the first windows that do not overlap one another."""
    kept: list[Window] = []
    for window in windows:
        if len(kept) < _SMALL_ROWS and not any(window.overlaps(other) for other in kept):
            kept.append(window)
    return kept


def _grid(
    pictures: Sequence[View], windows: Sequence[Window], columns: Columns, seed: int, note: str
) -> Figure:
    """Draw a row a window: input, label, and each column's mask against the label."""
    titles = ["input", "label", *columns.titles]
    rows = max(1, len(windows))
    figure = new_figure(1.55 * len(titles), 1.53 * rows + 0.75, close=True)
    panels = figure.subplots(rows, len(titles), squeeze=False)
    for axes in panels.ravel():
        axes.set_axis_off()
    for row, window in zip(panels, windows, strict=False):
        view = pictures[window.picture]
        shown = [stretched(window.cut(view.pixels)), _against(view, view.truth > 0, window)]
        shown += [_against(view, masks[window.picture], window) for masks in columns.masks]
        for axes, picture in zip(row, shown, strict=True):
            axes.imshow(picture, interpolation="nearest")
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=8.5)
    handles = [
        Patch(facecolor=(red / 255, green / 255, blue / 255), edgecolor=GREY, label=name)
        for name, (red, green, blue) in _LEGEND
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8)
    text = f"{note} Seed {seed}, {len(pictures)} test pictures, contrast stretched."
    if not windows:
        text += " There is none to show."
    figure.suptitle(_wrapped(text, 22 * len(titles)), fontsize=8, x=0.01, ha="left")
    return figure


def stretched(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels whose grey values are stretched between their 0.5 and 99.5 percentiles."""
    low, high = np.percentile(pixels, (0.5, 99.5))
    scaled = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1))
    return np.asarray(np.clip(scaled, 0, 255), dtype=np.uint8)


def _against(view: View, mask: NDArray[np.bool_], window: Window) -> NDArray[np.uint8]:
    """Return a mask in colours: right, missed, false and, in grey, ignored."""
    found, truth, ignore = window.cut(mask), window.cut(view.truth) > 0, window.cut(view.ignore)
    drawn = np.zeros((*found.shape, 3), dtype=np.uint8)
    drawn[found & truth], drawn[~found & truth], drawn[found & ~truth] = _RIGHT, _MISSED, _FALSE
    drawn[ignore] = _IGNORED
    return drawn


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))


def _nothing() -> Figure:
    figure = new_figure(6, 1.5)
    say_nothing_run(figure)
    return figure
