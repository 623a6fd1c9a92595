"""Size histograms: length, width and Q of whole spores, for each sample where there are few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from sporemetry.report.charts import Axis, histogram_chart
from sporemetry.report.data import ReportData
from sporemetry.report.formatting import plural
from sporemetry.report.histogram import choose_bins, count_into

Floats = NDArray[np.float64]

# A row of histograms for each of so many samples; more are drawn as one.
SAMPLES_MAX = 6
ALL_SAMPLES = "All samples together"
_UM = (
    ("length_um", Axis("Length", "µm")),
    ("width_um", Axis("Width", "µm")),
    ("q", Axis("Q = length / width")),
)
_PX = (
    ("length_px", Axis("Length", "px")),
    ("width_px", Axis("Width", "px")),
    ("q", Axis("Q = length / width")),
)


@dataclass(frozen=True, slots=True)
class SizeGroup:
    """The histograms of one sample, or of all: its name, its size string, spores measured, charts."""

    name: str
    sizes: str
    measured: int
    charts: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """All histograms and what must be said about them.

    Attributes
    ----------
    groups : tuple of SizeGroup
        None when no whole spore was found.
    remark : str
        The unit, and what was left out.
    pooled : bool
        Whether the samples are too many and are drawn as one.
    """

    groups: tuple[SizeGroup, ...]
    remark: str
    pooled: bool


def find_sizes(data: ReportData) -> Sizes:
    """Return the size histograms, in µm when at least one picture has a scale, in pixels otherwise.

    Spores that touch the edge are left out, and so are spores without a scale when others have one; the
    remark says how many. Charts of one quantity have the same bins in all samples.
    """
    spores = data.spores
    in_um = spores.in_um
    known = np.isfinite(spores.sizes["length_um" if in_um else "length_px"])
    unscaled = len(known) - int(np.count_nonzero(known)) if in_um else 0
    used = slice(None) if known.all() else known  # usually all are: no copy of millions of numbers
    of_image, names = pd.factorize(data.summary["sample"])
    of_sample = of_image.astype(np.int32)[spores.place[used]]
    shown = pd.unique(of_sample)
    pooled = len(shown) > SAMPLES_MAX
    parts: dict[str, slice | NDArray[np.bool_]]
    if pooled or len(shown) == 1:
        parts = {ALL_SAMPLES if pooled else str(names[int(shown[0])]): slice(None)}
    else:
        parts = {str(names[int(each)]): of_sample == each for each in shown}
    columns = [(spores.sizes[name][used], axis) for name, axis in (_UM if in_um else _PX)]
    remark = _remark(spores.on_edge, unscaled, in_um=in_um)
    return Sizes(_groups(data.samples, columns, parts), remark, pooled)


def _groups(
    samples: pd.DataFrame,
    columns: Sequence[tuple[Floats, Axis]],
    parts: Mapping[str, slice | NDArray[np.bool_]],
) -> tuple[SizeGroup, ...]:
    bins = [choose_bins(finite) if (finite := _finite(values)).size else None for values, _ in columns]
    strings = dict(zip(samples["sample"], samples["sizes"], strict=True))
    return tuple(
        SizeGroup(
            name=name,
            sizes=string if isinstance(string := strings.get(name, ""), str) else "",
            measured=len(columns[0][0][chosen]),
            charts=tuple(
                histogram_chart(edges, count_into(edges, _finite(values[chosen])), axis)
                for (values, axis), edges in zip(columns, bins, strict=True)
                if edges is not None
            ),
        )
        for name, chosen in parts.items()
    )


def _finite(values: Floats) -> Floats:
    known = np.isfinite(values)
    return values if known.all() else values[known]


def _remark(on_edge: int, unscaled: int, *, in_um: bool) -> str:
    parts = ["Only whole spores are measured."]
    if on_edge:
        parts.append(f"{plural(on_edge, 'spore')} on the edge left out.")
    if unscaled:
        parts.append(f"{plural(unscaled, 'spore')} of pictures without a scale left out.")
    if not in_um:
        parts.append("No scale is known, so sizes are in pixels.")
    return " ".join(parts)
