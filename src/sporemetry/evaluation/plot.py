"""The Bland-Altman plot of predicted against true counts."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sporemetry.evaluation.counts import CountAgreement, count_agreement

_NAMED_AT_MOST = 5
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#6e6e6e"


def bland_altman_figure(predicted: Sequence[int], truth: Sequence[int], names: Sequence[str] = ()) -> Figure:
    """Draw the difference of two counts over their mean, with bias and limits of agreement.

    Parameters
    ----------
    predicted, truth : sequence of int
        One count a picture, one picture or more. Below two pictures there are no limits, and the plot
        says so.
    names : sequence of str
        The pictures' names; up to five outside the limits are written beside their points.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so that no state is shared. After Bland and Altman 1986,
        doi 10.1016/S0140-6736(86)90837-8.

    Raises
    ------
    SettingsError
        When there is no picture, or the two differ in length.
    """
    agreement = count_agreement(predicted, truth)
    figure = Figure(figsize=(7.2, 4.6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    middle = (np.asarray(predicted, dtype=np.float64) + np.asarray(truth, dtype=np.float64)) / 2
    error = np.subtract(predicted, truth, dtype=np.float64)
    axes.axhline(0, color="black", linewidth=0.8)
    _draw_agreement(axes, agreement)
    axes.scatter(middle, error, s=26, color=_BLUE, alpha=0.75, edgecolors="white", linewidths=0.5, zorder=3)
    _name_outliers(axes, middle, error, agreement, names)
    axes.set_xlabel("Mean of predicted and true count (spores per picture)")
    axes.set_ylabel("Predicted − true (spores per picture)")
    axes.set_title(_title(agreement), fontsize=10, loc="left")
    axes.margins(x=0.06, y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def encode_png(figure: Figure) -> bytes:
    """Return the figure as a PNG file, without date and version: same numbers, same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _title(agreement: CountAgreement) -> str:
    pictures = agreement.bias.n
    if pictures < 2:
        return "1 picture: no limits of agreement"
    return (
        f"{pictures} pictures: bias {agreement.bias.mean:+.1f} "
        f"(95 % interval {agreement.bias.low:+.1f} to {agreement.bias.high:+.1f}) spores per picture\n"
        "dashed: 95 % limits of agreement; bands: 95 % intervals of bias and limits"
    ).replace("-", "−")


def _draw_agreement(axes: Axes, agreement: CountAgreement) -> None:
    """Draw bias and limits as lines with their values, and the intervals as bands."""
    bias = agreement.bias
    if bias.n < 2:
        return
    low, high = agreement.limits
    lines = (
        (high, "+1.96 SD", _ORANGE, "--", agreement.limits_half_interval),
        (bias.mean, "bias", _BLUE, "-", bias.high - bias.mean),
        (low, "−1.96 SD", _ORANGE, "--", agreement.limits_half_interval),
    )
    for value, _, colour, style, half in lines:
        axes.axhline(value, color=colour, linestyle=style, linewidth=1.2)
        axes.axhspan(value - half, value + half, color=colour, alpha=0.10, linewidth=0)
    # Lines of no spread lie on one another: one of the three names is then enough.
    for value, name, colour, _, _ in lines if bias.sd > 0 else lines[1:2]:
        axes.annotate(
            f"{name}\n{value:+.1f}".replace("-", "−"),
            xy=(1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8,
            annotation_clip=False,
        )


def _name_outliers(
    axes: Axes,
    middle: NDArray[np.float64],
    error: NDArray[np.float64],
    agreement: CountAgreement,
    names: Sequence[str],
) -> None:
    """Write the names of the pictures that lie farthest outside the limits of agreement."""
    if not names or agreement.bias.n < 2:
        return
    low, high = agreement.limits
    excess = np.maximum(error - high, low - error)
    order = np.argsort(-excess, kind="stable")[:_NAMED_AT_MOST]
    for index in order[excess[order] > 0].tolist():
        axes.annotate(
            names[index],
            (middle[index], error[index]),
            xytext=(-5, 5),
            textcoords="offset points",
            ha="right",
            fontsize=7,
            color=_GREY,
        )
