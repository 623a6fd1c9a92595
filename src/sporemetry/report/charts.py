"""Small charts as inline SVG.

They are written by hand rather than by matplotlib: importing that takes longer (1 to 3 s cold) than a small
folder's whole report, its SVG of one histogram weighs ten times as much, and here text stays text, in the
page's own font and colours. The CSS classes are in ``templates/report.css``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sporemetry.report.formatting import number_text
from sporemetry.report.histogram import Bins, Histogram, round_ticks

# In the units of the viewBox; the page scales a chart to its column.
WIDTH, HEIGHT = 340, 198
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 10, 20, 40
_PLOT_WIDTH, _PLOT_HEIGHT = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, slots=True)
class Axis:
    """The quantity on a histogram's axis: its name, and its unit or an empty text."""

    name: str
    unit: str = ""

    @property
    def title(self) -> str:
        """Name and unit as the axis says them."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def histogram_chart(bins: Bins, histogram: Histogram, axis: Axis) -> Markup:
    """Return a histogram with its median and the span of 5 to 95 % marked; empty for no values.

    A screen reader gets the same figures as a sentence.
    """
    if histogram.size == 0:
        return Markup("")
    top = max(int(histogram.counts.max()), 1)
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            WIDTH, HEIGHT, _sentence(histogram, axis)
        ),
        _span(bins, histogram),
        *_counts_axis(top),
        *_bars(bins, histogram, top),
        *_values_axis(bins, axis),
        _median(bins, histogram),
        _beyond(histogram),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def interval_chart(value: float, low: float, high: float, most: float) -> Markup:
    """Return a dot with its interval on a line from 0 to ``most``, for a cell of a table.

    It repeats numbers that stand beside it, so screen readers skip it. Empty when ``most`` is not above 0 or
    a number is not finite.
    """
    if not 0 <= low <= value <= high <= most < float("inf") or most <= 0:
        return Markup("")
    left, middle, right = (f"{4 + 112 * part / most:.1f}" for part in (low, value, high))
    return Markup(
        '<svg class="whisker" viewBox="0 0 120 14" aria-hidden="true">'
        '<line class="track" x1="4" y1="7" x2="116" y2="7"/>'
        '<line class="reach" x1="{0}" y1="7" x2="{2}" y2="7"/>'
        '<line class="reach" x1="{0}" y1="3.5" x2="{0}" y2="10.5"/>'
        '<line class="reach" x1="{2}" y1="3.5" x2="{2}" y2="10.5"/>'
        '<circle cx="{1}" cy="7" r="3"/></svg>'
    ).format(left, middle, right)


def _sentence(histogram: Histogram, axis: Axis) -> str:
    unit = f" {axis.unit}" if axis.unit else ""
    return (
        f"Histogram of {axis.name.lower()}: {histogram.size:,} spores, median "
        f"{number_text(histogram.median)}{unit}, 5 to 95 % from {number_text(histogram.p5)} to "
        f"{number_text(histogram.p95)}{unit}."
    )


def _x(bins: Bins, value: float) -> float:
    low, high = float(bins.edges[0]), float(bins.edges[-1])
    inside = min(max(value, low), high)
    return _LEFT + _PLOT_WIDTH * (inside - low) / (high - low)


def _y(count: float, top: int) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - count / top)


def _bars(bins: Bins, histogram: Histogram, top: int) -> list[Markup]:
    bars = []
    for low, high, count in zip(bins.edges[:-1], bins.edges[1:], histogram.counts, strict=True):
        if count:
            left, right, upper = _x(bins, low), _x(bins, high), _y(float(count), top)
            bars.append(
                Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">').format(
                    left + 0.5, upper, max(right - left - 1, 0.5), _TOP + _PLOT_HEIGHT - upper
                )
                + Markup("<title>{:.{}f} to {:.{}f}: {:,}</title></rect>").format(
                    low, bins.decimals, high, bins.decimals, int(count)
                )
            )
    return bars


def _span(bins: Bins, histogram: Histogram) -> Markup:
    left, right = _x(bins, histogram.p5), _x(bins, histogram.p95)
    return Markup('<rect class="span" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
        left, _TOP, max(right - left, 1), _PLOT_HEIGHT
    )


def _median(bins: Bins, histogram: Histogram) -> Markup:
    at = _x(bins, histogram.median)
    return Markup('<line class="median" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/>').format(
        at, _TOP - 6, _TOP + _PLOT_HEIGHT
    )


def _beyond(histogram: Histogram) -> Markup:
    if not histogram.beyond:
        return Markup("")
    return Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{:,} beyond this range</text>').format(
        WIDTH - _RIGHT, _TOP - 9, histogram.beyond
    )


def _values_axis(bins: Bins, axis: Axis) -> list[Markup]:
    base = _TOP + _PLOT_HEIGHT
    ticks = round_ticks(float(bins.edges[0]), float(bins.edges[-1]), 7)
    labels = [
        Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{:g}</text>').format(
            _x(bins, tick), base + 14, tick
        )
        for tick in ticks
    ]
    line = Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        _LEFT, base, WIDTH - _RIGHT, base
    )
    title = Markup('<text class="name" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
        _LEFT + _PLOT_WIDTH / 2, HEIGHT - 6, axis.title
    )
    return [line, *labels, title]


def _counts_axis(top: int) -> list[Markup]:
    # Counts are whole: no tick between 0 and 1.
    ticks: Sequence[float] = [tick for tick in round_ticks(0, top, 4) if tick == int(tick)]
    return [
        Markup('<line class="grid" x1="{}" y1="{:.1f}" x2="{}" y2="{:.1f}"/>').format(
            _LEFT, _y(tick, top), WIDTH - _RIGHT, _y(tick, top)
        )
        + Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{:,}</text>').format(
            _LEFT - 5, _y(tick, top) + 4, int(tick)
        )
        for tick in ticks
    ]
