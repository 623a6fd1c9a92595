"""What beta does (Figure 6): whose runs are looked at, and mean IoU and threshold over it as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sporemetry.paper.experiments import BETAS, label
from sporemetry.paper.found import HALF, TUNED, Found
from sporemetry.paper.table import percent, tuned_threshold
from sporemetry.paper.trial import CE, UNET, Trial, cfl, cfl_star

SERIES: tuple[tuple[Callable[[float], Trial], bool], ...] = ((cfl, False), (cfl_star, False), (cfl, True))
"""A loss of beta, and whether it is on a U-Net instead of a DeepLabv3+."""


def on_network(trial: Trial, *, unet: bool) -> Trial:
    """Return a trial of DeepLabv3+, or the same on a U-Net."""
    return replace(trial, network=UNET) if unet else trial


def series_name(trial: Trial, *, unet: bool) -> str:
    """Return what a series is called: its loss without beta, and its network."""
    return f"{label(trial).split(',')[0]}, {'U-Net' if unet else 'DeepLabv3+'}"


def shared_seeds(found: Found) -> Found:
    """Return the scores of the seeds that all points have, CE's on both networks included."""
    trials = [on_network(loss(beta), unet=unet) for loss, unet in SERIES for beta in BETAS]
    return found.alike([*trials, *(on_network(CE, unet=unet) for unet in (False, True))])


def beta_table(found: Found) -> str:
    """Return in Markdown mean IoU over beta, in %, and the tuned threshold, of the points of the figure.

    A series of which nothing was run has empty cells.
    """
    found = shared_seeds(found)
    names = [series_name(loss(2.0), unet=unet) for loss, unet in SERIES]
    heads = [f"{name}{what}" for name in names for what in (" at 0.5", ", tuned", ", tuned threshold")]
    lines = ["| β | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for beta in BETAS:
        cells = [f"{beta:g}"]
        for loss, unet in SERIES:
            cells += _cells(on_network(loss(beta), unet=unet), found)
        lines.append("| " + " | ".join(cells) + " |")
    without = [_cells(on_network(CE, unet=unet), found) for unet in (False, True)]
    lines.append("| " + " | ".join(["CE, no weight", *without[0], "", "", "", *without[1]]) + " |")
    note = "Mean IoU in %; means over the seeds ± standard deviation, of the seeds that all points share."
    return "\n".join([*lines, "", note])


def _cells(trial: Trial, found: Found) -> list[str]:
    if not found.seeds_of(trial):
        return ["", "", ""]
    means = [percent(found.spread(trial, "mean_iou", at)) for at in (HALF, TUNED)]
    return [*means, tuned_threshold(trial, found)]
