"""The imbalance of a data set on one page."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from sporemetry.dataset.imbalance.measure import Imbalance

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#6e6e6e"
_PAGE = (11.69, 8.27)  # A4, inches
_MANY = 500  # from as many spores on, a few far out are left off the axis
_NAMED = 12  # as many pictures have their names under the axis
_NAME_LENGTH = 14


def imbalance_figure(result: Imbalance) -> Figure:
    """Draw sizes, counts, ratios, rings, neighbours and loss weights.

    Parameters
    ----------
    result : Imbalance
        What it lacks is left empty, with a word on why.

    Returns
    -------
    matplotlib.figure.Figure
        One landscape page, made without pyplot.
    """
    apart = _of_one_kind(result)
    figure = Figure(figsize=_PAGE, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    figure.suptitle(_title(apart), x=0.01, ha="left", fontsize=12, fontweight="bold", parse_math=False)
    figure.supxlabel(_below(result, apart), x=0.01, ha="left", fontsize=8, color=_GREY)
    _areas(axes[0, 0], apart)
    _counts(axes[0, 1], apart)
    _ratios(axes[0, 2], apart)
    _rings(axes[1, 0], result)
    _neighbours(axes[1, 1], apart.spores)
    _weights(axes[1, 2], result)
    for each in axes.flat:
        each.spines[["top", "right"]].set_visible(False)
        each.set_title(each.get_title(loc="left"), loc="left", fontsize=9.5)
        each.xaxis.label.set_fontsize(9)
        each.yaxis.label.set_fontsize(9)
        each.tick_params(labelsize=8)
    return figure


def encode_figure(figure: Figure, ending: str) -> bytes:
    """Return the figure as PNG or PDF, without date and version: same numbers, same bytes."""
    unstated = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None, "Creator": None}}
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, metadata=unstated[ending])
    return buffer.getvalue()


def _of_one_kind(result: Imbalance) -> Imbalance:
    """Return what has labels, or all of it where nothing has: boxes and outlines share no panel."""
    labelled = result.pictures["kind"] == "labels"
    if not labelled.any():
        return result
    pictures = result.pictures[labelled]
    spores = result.spores[result.spores["picture"].isin(pictures["picture"])]
    return replace(result, pictures=pictures, spores=spores)


def _by_boxes(result: Imbalance) -> bool:
    return len(result.pictures) > 0 and bool((result.pictures["kind"] == "boxes").all())


def _below(result: Imbalance, apart: Imbalance) -> str:
    parts = ["Orange lines: the median, mean or pooled value in the panel's title."]
    if len(apart.pictures) < len(result.pictures):
        parts.append(f"Not shown: {len(result.pictures) - len(apart.pictures)} pictures with boxes only.")
    if _by_boxes(result):
        parts.append("By boxes: their pixels include background, and no outline is known.")
    if result.settings.leave_out_ignored:
        parts.append("Ignored pixels are left out.")
    return " ".join(parts)


def _title(result: Imbalance) -> str:
    pictures, spores = result.pictures, len(result.spores)
    what = "boxes" if _by_boxes(result) else "spores"
    ratio = f", {result.ratio:,.1f} background pixels a spore pixel" if result.ratio is not None else ""
    return f"{result.name}: {spores:,} {what} on {len(pictures):,} pictures{ratio}"


def _nothing(axes: Axes, title: str, why: str) -> None:
    axes.set_title(title, loc="left")
    axes.text(0.5, 0.5, why, ha="center", va="center", color=_GREY, fontsize=9, transform=axes.transAxes)
    axes.set_xticks([])
    axes.set_yticks([])


def _areas(axes: Axes, result: Imbalance) -> None:
    spores = result.spores
    micro = spores["area_um2"].notna().all() and len(spores) > 0
    values = spores["area_um2" if micro else "area_px"].astype(float)
    if values.empty:
        _nothing(axes, "Area", "no spores")
        return
    boxes = _by_boxes(result)
    # One box of a pixel in thousands would squeeze all the others into a corner.
    ends = (0.001, 0.999) if len(values) >= _MANY else (0.0, 1.0)
    low, high = (max(float(values.quantile(end)), 1e-9) for end in ends)
    shown = values[values.between(low, high)]
    axes.hist(shown, bins=np.geomspace(low * 0.98, high * 1.02, 31).tolist(), color=_BLUE, alpha=0.85)
    axes.set_xscale("log")
    axes.axvline(float(values.median()), color=_ORANGE, linewidth=1.2)
    unit = "µm²" if micro else "px²"
    axes.set_title(f"{'Box area' if boxes else 'Area'}: median {values.median():,.4g} {unit}", loc="left")
    beyond = f"; {len(values) - len(shown):,} beyond" if len(shown) < len(values) else ""
    axes.set_xlabel(f"area, {unit} (logarithmic{beyond})")
    axes.set_ylabel("boxes" if boxes else "spores")
    _plain_log(axes, low, high)
    if micro and result.pictures["um_per_px"].nunique() == 1:
        _pixel_areas(axes, float(result.pictures["um_per_px"].iloc[0]))


def _pixel_areas(axes: Axes, scale: float) -> None:
    """Add the areas in pixels above those in µm²."""
    above = axes.secondary_xaxis("top", functions=(partial(_times, 1 / scale**2), partial(_times, scale**2)))
    low, high = (edge / scale**2 for edge in axes.get_xlim())
    ticks = [step * 10.0**decade for decade in range(-1, 9) for step in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    above.set_xticks(shown, [f"{tick:,.6g}" for tick in shown])
    above.minorticks_off()
    above.tick_params(labelsize=7, colors=_GREY)
    above.set_xlabel("px²", fontsize=7, color=_GREY)


def _times(factor: float, values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64) * factor


def _plain_log(axes: Axes, low: float, high: float) -> None:
    """Label a logarithmic axis with plain numbers: 1, 2 and 5 times powers of ten."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    shown = [tick for tick in ticks if low * 0.9 <= tick <= high * 1.1]
    if len(shown) >= 2:
        axes.set_xticks(shown, [f"{tick:,.6g}" for tick in shown])
        axes.minorticks_off()


def _counts(axes: Axes, result: Imbalance) -> None:
    what = "Boxes" if _by_boxes(result) else "Spores"
    counts = result.pictures["spores"].astype(float)
    if counts.empty:
        _nothing(axes, f"{what} a picture", "no labelled pictures")
        return
    empty = int((counts == 0).sum())
    top = max(int(counts.max()), 1)
    width = max(1, int(np.ceil((top + 1) / 30)))
    axes.hist(counts, bins=(np.arange(0, top + 2 * width, width) - 0.5).tolist(), color=_BLUE, alpha=0.85)
    axes.axvline(float(counts.mean()), color=_ORANGE, linewidth=1.2)
    said = f", {empty:,} without" if empty else ""
    axes.set_title(f"{what} a picture: mean {counts.mean():,.1f}{said}", loc="left")
    axes.set_xlabel(f"{what.lower()} on a picture")
    axes.set_ylabel("pictures")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))


def _ratios(axes: Axes, result: Imbalance) -> None:
    pictures = result.pictures[result.pictures["ratio"].notna()].sort_values("ratio", kind="stable")
    boxes = _by_boxes(result)
    title = "By boxes, px outside a px inside" if boxes else "Background px a spore px"
    if pictures.empty:
        _nothing(axes, title, "no spore pixels")
        return
    places = np.arange(1, len(pictures) + 1)
    axes.vlines(places, 0, pictures["ratio"], color=_BLUE, alpha=0.35, linewidth=1)
    axes.scatter(places, pictures["ratio"], s=16, color=_BLUE, zorder=3)
    pooled = result.box_ratio if boxes else result.ratio
    if pooled is not None:
        axes.axhline(pooled, color=_ORANGE, linewidth=1.2)
        axes.set_title(f"{title}: {pooled:,.1f} pooled", loc="left")
    axes.set_yscale("log")
    _plain_log_y(axes, float(pictures["ratio"].min()), float(pictures["ratio"].max()))
    axes.set_ylabel("outside / inside boxes" if boxes else "$n_b / n_o$")
    axes.set_xlabel("pictures with spores, by ratio")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if len(pictures) <= _NAMED:
        names = [
            name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
            for name in pictures["picture"]
        ]
        turned = 90 if max(map(len, names)) * len(names) > 36 else 0
        axes.set_xticks(places, names, rotation=turned, parse_math=False)


def _plain_log_y(axes: Axes, low: float, high: float) -> None:
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    bottom = max([tick for tick in ticks if tick <= low * 0.9] or [low * 0.8])
    top = min([tick for tick in ticks if tick >= high * 1.05] or [high * 1.2])
    shown = [tick for tick in ticks if bottom <= tick <= top]
    axes.set_yticks(shown, [f"{tick:,.6g}" for tick in shown])
    axes.minorticks_off()
    axes.set_ylim(bottom, top)


def _rings(axes: Axes, result: Imbalance) -> None:
    rings = result.rings
    if rings.empty:
        _nothing(axes, "Ring pixels by radius", "no outlines to dilate")
        return
    for shape, colour, mark in (("cross", _BLUE, "o"), ("disc", _GREEN, "s")):
        part = rings[rings["shape"] == shape]
        axes.plot(part["radius_px"], part["of_spore"], color=colour, marker=mark, markersize=4, label=shape)
    at = rings[(rings["shape"] == "cross") & (rings["radius_px"] == result.settings.cfl_radius)]
    share = float(at["of_spore"].iloc[0])
    axes.set_title(f"Ring: {share:.2f} px a spore pixel at {result.settings.cfl_radius} px", loc="left")
    axes.set_xlabel("radius, px")
    axes.set_ylabel("ring pixels a spore pixel")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8, title="dilated by", title_fontsize=8)


def _neighbours(axes: Axes, spores: pd.DataFrame) -> None:
    gaps = spores["gap_px"].astype(float).dropna()
    known = len(gaps) > 0
    values = gaps if known else spores["centre_px"].astype(float).dropna()
    title = "Nearest neighbour"
    if values.empty:
        _nothing(axes, title, "no picture with two spores")
        return
    touching = float(spores.loc[gaps.index, "touches"].mean()) if known else 0.0
    end = float(values.quantile(0.99)) or 1.0
    axes.hist(values[values <= end], bins=30, color=_BLUE, alpha=0.85)
    axes.axvline(float(values.median()), color=_ORANGE, linewidth=1.2)
    said = f"{100 * touching:.1f} % touch, " if known else ""
    axes.set_title(f"{title}: {said}median {values.median():,.0f} px", loc="left")
    axes.set_xlabel(("gap between borders" if known else "distance of centres") + ", px (99 % of spores)")
    axes.set_ylabel("spores")


def _weights(axes: Axes, result: Imbalance) -> None:
    weights = result.weights
    if weights.empty:
        _nothing(axes, "Weight of a spore pixel", "no spore pixels to weigh")
        return
    tempered = weights[weights["loss"] == "CFL"]
    axes.plot(tempered["beta"], tempered["spore_weight"], color=_BLUE, marker="o", markersize=4)
    for beta, weight in zip(tempered["beta"], tempered["spore_weight"], strict=True):
        axes.annotate(
            f"{weight:.1f}", (beta, weight), (3, 4), textcoords="offset points", ha="left", fontsize=8
        )
    full = weights[weights["loss"] == "BCE_A"].iloc[0]
    axes.set_title("Weight of a spore pixel (background 1)", loc="left")
    axes.set_xlabel(f"beta of CFL and CFL*  (beta 1 is BCE_A: {full['weight_ratio']:,.0f}; CE: 1)")
    axes.set_ylabel("weight")
    axes.set_ylim(0, float(tempered["spore_weight"].max()) * 1.15)
    axes.margins(x=0.08)
    share = axes.twinx()
    share.plot(
        tempered["beta"],
        tempered["spore_share"],
        color=_ORANGE,
        marker="s",
        markersize=4,
        label="CFL: spores",
    )
    ringed = weights[weights["loss"] == "CFL*"]
    both = ringed["spore_share"] + ringed["ring_share"]
    share.plot(ringed["beta"], both, color=_ORANGE, linestyle="--", label="CFL*: spores and ring")
    share.legend(frameon=False, fontsize=8, loc="upper right")
    share.set_ylim(0, 1)
    share.yaxis.set_major_formatter(PercentFormatter(1.0))
    share.tick_params(labelsize=8, colors=_ORANGE)
    share.set_ylabel("share in the sum of weights", color=_ORANGE, fontsize=9)
    share.spines["top"].set_visible(False)
