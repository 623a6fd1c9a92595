"""The imbalance of a data set on one page."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sporemetry.dataset.imbalance.measure import Imbalance

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#6e6e6e"
_PAGE = (11.0, 8.2)
_CLEAREST = 45  # pictures with a bar of their own and a name under it


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
    figure = Figure(figsize=_PAGE, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    figure.suptitle(_title(result), x=0.01, ha="left", fontsize=12, fontweight="bold")
    _areas(axes[0, 0], result)
    _counts(axes[0, 1], result.pictures)
    _ratios(axes[0, 2], result)
    _rings(axes[1, 0], result)
    _neighbours(axes[1, 1], result.spores)
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


def _title(result: Imbalance) -> str:
    pictures, spores = result.pictures, len(result.spores)
    what = "boxes" if len(pictures) and (pictures["kind"] == "boxes").all() else "spores"
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
    boxes = (result.pictures["kind"] == "boxes").all()
    low, high = float(values.min()), float(values.max())
    bins = np.geomspace(max(low * 0.98, 1e-9), high * 1.02, 31)
    axes.hist(values, bins=bins.tolist(), color=_BLUE, alpha=0.85)
    axes.set_xscale("log")
    axes.axvline(float(values.median()), color=_ORANGE, linewidth=1.2)
    unit = "µm²" if micro else "px²"
    axes.set_title(f"{'Box area' if boxes else 'Area'}: median {values.median():,.4g} {unit}", loc="left")
    axes.set_xlabel(f"area, {unit} (logarithmic)")
    axes.set_ylabel("spores")
    _plain_log(axes, low, high)


def _plain_log(axes: Axes, low: float, high: float) -> None:
    """Label a logarithmic axis with plain numbers: 1, 2 and 5 times powers of ten."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    shown = [tick for tick in ticks if low * 0.9 <= tick <= high * 1.1]
    if len(shown) >= 2:
        axes.set_xticks(shown, [f"{tick:,.6g}" for tick in shown])
        axes.minorticks_off()


def _counts(axes: Axes, pictures: pd.DataFrame) -> None:
    counts = pictures["spores"].astype(float)
    if counts.empty:
        _nothing(axes, "Spores a picture", "no labelled pictures")
        return
    empty = int((counts == 0).sum())
    top = max(int(counts.max()), 1)
    width = max(1, int(np.ceil((top + 1) / 30)))
    axes.hist(counts, bins=(np.arange(0, top + 2 * width, width) - 0.5).tolist(), color=_BLUE, alpha=0.85)
    axes.axvline(float(counts.mean()), color=_ORANGE, linewidth=1.2)
    said = f", {empty:,} without" if empty else ""
    axes.set_title(f"Spores a picture: mean {counts.mean():,.1f}{said}", loc="left")
    axes.set_xlabel("spores")
    axes.set_ylabel("pictures")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))


def _ratios(axes: Axes, result: Imbalance) -> None:
    pictures = result.pictures[result.pictures["ratio"].notna()].sort_values("ratio", kind="stable")
    title = "Background px a spore px"
    if pictures.empty:
        _nothing(axes, title, "no spore pixels")
        return
    boxes = bool((pictures["kind"] == "boxes").all())
    places = np.arange(len(pictures))
    axes.vlines(places, 0, pictures["ratio"], color=_BLUE, alpha=0.35, linewidth=1)
    axes.scatter(places, pictures["ratio"], s=16, color=_BLUE, zorder=3)
    pooled = result.box_ratio if boxes else result.ratio
    if pooled is not None:
        axes.axhline(pooled, color=_ORANGE, linewidth=1.2)
        axes.set_title(f"{title}{', by boxes' if boxes else ''}: {pooled:,.1f} pooled", loc="left")
    axes.set_yscale("log")
    _plain_log_y(axes, float(pictures["ratio"].min()), float(pictures["ratio"].max()))
    axes.set_ylabel("outside / under boxes" if boxes else "n_b / n_o")
    axes.set_xlabel("pictures with spores, ordered")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if len(pictures) <= 12:
        axes.set_xticks(places, pictures["picture"].astype(str), rotation=90 if len(pictures) > 6 else 0)


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
            f"{weight:.1f}", (beta, weight), (0, 5), textcoords="offset points", ha="center", fontsize=8
        )
    full = weights[weights["loss"] == "BCE_A"].iloc[0]
    axes.set_title("Weight of a spore pixel (background 1)", loc="left")
    axes.set_xlabel(f"beta of CFL and CFL*  (beta 1 is BCE_A: {full['weight_ratio']:,.0f}; CE: 1)")
    axes.set_ylabel("weight")
    axes.set_ylim(0, float(tempered["spore_weight"].max()) * 1.15)
    axes.margins(x=0.08)
    share = axes.twinx()
    share.plot(tempered["beta"], tempered["spore_share"], color=_ORANGE, marker="s", markersize=4)
    share.set_ylim(0, 1)
    share.yaxis.set_major_formatter(PercentFormatter(1.0))
    share.tick_params(labelsize=8, colors=_ORANGE)
    share.set_ylabel("share of spores in the sum of weights", color=_ORANGE, fontsize=9)
    share.spines["top"].set_visible(False)
