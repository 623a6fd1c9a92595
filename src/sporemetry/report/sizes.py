"""Size histograms: length, width and Q of whole spores, for each sample where there are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from sporemetry.report.charts import Axis, histogram_chart
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import plural
from sporemetry.report.histogram import choose_bins, count_into

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
    samples = dict(zip(data.summary["image"], data.summary["sample"], strict=True))
    on_edge = data.spores["touches_edge"].astype(bool)
    whole = data.spores[~on_edge]
    scaled = numbers(whole, "length_um").notna()
    in_um = bool(scaled.any())
    used = whole[scaled] if in_um else whole
    of_sample = used["image"].map(samples)
    remark = _remark(int(on_edge.sum()), int((~scaled).sum()) if in_um else 0, in_um=in_um)
    pooled = of_sample.nunique() > SAMPLES_MAX
    if pooled:
        of_sample = pd.Series(ALL_SAMPLES, index=used.index)
    return Sizes(_groups(data.samples, used, of_sample, _UM if in_um else _PX), remark, pooled)


def _groups(
    samples: pd.DataFrame, used: pd.DataFrame, of_sample: pd.Series, quantities: tuple[tuple[str, Axis], ...]
) -> tuple[SizeGroup, ...]:
    if used.empty:
        return ()
    columns = [(numbers(used, name), axis) for name, axis in quantities]
    bins = [choose_bins(_finite(values)) if values.notna().any() else None for values, _ in columns]
    strings = dict(zip(samples["sample"], samples["sizes"], strict=True))
    parts = {str(name): of_sample == name for name in of_sample.unique()}
    return tuple(
        SizeGroup(
            name=name,
            sizes=string if isinstance(string := strings.get(name, ""), str) else "",
            measured=int(chosen.sum()),
            charts=tuple(
                histogram_chart(edges, count_into(edges, _finite(values[chosen])), axis)
                for (values, axis), edges in zip(columns, bins, strict=True)
                if edges is not None
            ),
        )
        for name, chosen in parts.items()
    )


def _finite(values: pd.Series) -> NDArray[np.float64]:
    array: NDArray[np.float64] = values.to_numpy(dtype=np.float64)
    finite: NDArray[np.float64] = array[np.isfinite(array)]
    return finite


def _remark(on_edge: int, unscaled: int, *, in_um: bool) -> str:
    parts = ["Only whole spores are measured."]
    if on_edge:
        parts.append(f"{plural(on_edge, 'spore')} on the edge left out.")
    if unscaled:
        parts.append(f"{plural(unscaled, 'spore')} of pictures without a scale left out.")
    if not in_um:
        parts.append("No scale is known, so sizes are in pixels.")
    return " ".join(parts)
