"""What all figures share: colours of the losses, a canvas without pyplot, plain axes, files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sporemetry.evaluation.plot import encode_png
from sporemetry.paper.trial import Trial
from sporemetry.storage import make_folder, write_atomic

FIGURES = "figures"
GREY = "#6e6e6e"
# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), told apart with any colour vision.
COLOURS: Mapping[str, str] = {
    "ce": "#222222",
    "bce": "#999999",
    "bce_a": "#E69F00",
    "focal": "#56B4E9",
    "focal_alpha": "#0072B2",
    "cfl": "#009E73",
    "cfl_star": "#D55E00",
}
"""By the name of the loss."""


def colour(trial: Trial) -> str:
    """Return the colour of a trial's loss."""
    return COLOURS.get(trial.loss, "#CC79A7")


def new_figure(width: float, height: float, *, close: bool = False) -> Figure:
    """Return a figure of so many inches that shares no state with others; ``close``: panels side by side."""
    layout = ConstrainedLayoutEngine()
    if close:
        layout.set(w_pad=0.02, h_pad=0.03, wspace=0.01, hspace=0.01)
    figure = Figure(figsize=(width, height), dpi=150, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes, *, percent: bool = True) -> None:
    """Leave out what does not help: the box's upper and right side; shares are shown in %."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    if percent:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=0))


def say_nothing_run(figure: Figure) -> None:
    """Write into an empty figure that its runs are missing."""
    figure.text(0.5, 0.5, "None of the runs of this figure is there yet.", ha="center", color=GREY)


def write_figure(output: Path, name: str, figure: Figure) -> Path:
    """Write a figure as PNG, and return the file.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    make_folder(output / FIGURES)
    path = output / FIGURES / f"{name}.png"
    write_atomic(path, encode_png(figure))
    return path
