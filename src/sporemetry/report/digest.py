"""What the report and the tables need of all spores, gathered in one pass without holding their table.

    spores of one image after the other -> DigestBuilder -> SporeDigest

A folder may hold millions of spores. Kept are a few numbers an image, three sizes of each whole spore (for
percentiles and histograms, which need them all), and the few spores that are to be looked at first.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.report.ranking import CANDIDATE_COLUMNS, DOUBTFUL_BELOW, SHOWN_MOST, first_of

Floats = NDArray[np.float64]

SIZE_COLUMNS = ("length_um", "width_um", "q", "length_px", "width_px")
_IN_PX = ("length_px", "width_px", "q")
_IN_UM = ("length_um", "width_um", "q")
# What is read of the table of spores. More columns are welcome.
SPORE_COLUMNS = ("image", "area", *SIZE_COLUMNS, "touches_edge", "counted")
# These are needed to show the spores that are least sure; a table may lack them.
PLACE_COLUMNS = ("label", "score", "centroid-0", "centroid-1")
# What is known of an image, and what that is without spores.
_OF_IMAGE: dict[str, int | float] = {
    "edge_spores": 0,
    "whole": 0,
    "covered_px": 0.0,
    "area_mean": math.nan,
    "area_sd": math.nan,
    "area_median_px": math.nan,
    "length_um_median": math.nan,
    "width_um_median": math.nan,
    "q_mean": math.nan,
    "wider_than_long": 0,
    "doubtful": 0,
}
IMAGE_COLUMNS = tuple(_OF_IMAGE)


@dataclass(frozen=True, slots=True, eq=False)
class SporeDigest:
    """The spores of a folder in short.

    Attributes
    ----------
    images : DataFrame
        One row an image, in the order in which they were added, with :data:`IMAGE_COLUMNS`: how many spores
        touch the edge and how many are whole, the pixels that all cover, statistics of whole spores (NaN
        without any), how many are wider than long, and how many are doubtful.
    place : int32 array, whole spores
        Row of ``images`` that each whole spore belongs to, ascending.
    sizes : dict of str to float64 array, whole spores
        Length, width and Q: ``length_um``, ``width_um`` and ``q`` where a whole spore of the folder has a
        scale, NaN where not known; else ``length_px``, ``width_px`` and ``q``.
    counted, doubtful : int
        How many spores are counted, and how many of those have a score below
        :data:`~sporemetry.report.ranking.DOUBTFUL_BELOW`.
    first : DataFrame
        Those to be looked at first, in the order of the page: row of ``images`` (``place``), label, score,
        centroid, length.
    """

    images: pd.DataFrame
    place: NDArray[np.int32]
    sizes: dict[str, Floats]
    counted: int
    doubtful: int
    first: pd.DataFrame

    @property
    def in_um(self) -> bool:
        """Whether the sizes are in µm."""
        return "length_um" in self.sizes

    @property
    def on_edge(self) -> int:
        """How many spores touch the edge."""
        return int(self.images["edge_spores"].sum())


class DigestBuilder:
    """Gathers a :class:`SporeDigest` from spores that come a few images at a time.

    Parameters
    ----------
    samples : sequence of str
        The sample of each image that will be added, in that order.
    spores : int
        How many spores there will be at most; memory is reserved for their sizes.

    Examples
    --------
    >>> builder = DigestBuilder(["leaf", "leaf"], spores=0)
    >>> builder.finish().images["whole"].tolist()
    [0, 0]
    """

    def __init__(self, samples: Sequence[str], spores: int) -> None:
        self._samples = pd.factorize(np.asarray(samples, dtype=object))[0].astype(np.int32)
        self._images = {name: np.full(len(self._samples), none) for name, none in _OF_IMAGE.items()}
        self._begun = 0
        self._place = _reserved(spores, np.int32)
        self._sizes = {name: _reserved(spores, np.float64) for name in _IN_PX}
        self._whole = 0
        self._counted = 0
        self._doubtful = 0
        self._first = pd.DataFrame({name: [] for name in CANDIDATE_COLUMNS})

    def add(self, counts: Sequence[int], spores: pd.DataFrame) -> None:
        """Add the spores of the next images, all of each.

        Parameters
        ----------
        counts : sequence of int
            How many of the rows belong to each of the images, which follow one another.
        spores : DataFrame
            With :data:`SPORE_COLUMNS` (the image's name is not read) and, where they are known,
            :data:`PLACE_COLUMNS`.

        Raises
        ------
        SettingsError
            When there are more or fewer rows than ``counts`` says.
        """
        if sum(counts) != len(spores):
            raise SettingsError("spores", expected=f"{sum(counts)} rows", found=f"{len(spores)}")
        place = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        edge = spores["touches_edge"].to_numpy(dtype=bool)
        end = self._begun + len(counts)
        if end > len(self._samples):
            raise SettingsError("counts", expected=f"{len(self._samples)} images", found=f"{end}")
        self._add_sizes(place[~edge], spores[~edge])
        self._counted += int(spores["counted"].sum())
        low = _doubtful(spores)
        rows = {**_image_rows(place, len(counts), edge, spores), "doubtful": np.bincount(place[low])}
        for name, values in rows.items():
            self._images[name][self._begun : self._begun + len(values)] = values
        if low.any():
            self._add_doubtful(place[low] + self._begun, spores[low])
        self._begun = end

    def finish(self) -> SporeDigest:
        """Return what was gathered; images that were not added count as images without spores."""
        return SporeDigest(
            images=pd.DataFrame(self._images),
            place=self._place[: self._whole],
            sizes={name: values[: self._whole] for name, values in self._sizes.items()},
            counted=self._counted,
            doubtful=self._doubtful,
            first=self._first,
        )

    def _add_sizes(self, place: NDArray[np.int32], whole: pd.DataFrame) -> None:
        end = self._whole + len(whole)
        if end > len(self._place):
            raise SettingsError("spores", expected=f"at most {len(self._place)}", found=f"{end}")
        self._place[self._whole : end] = place + self._begun
        if "length_um" not in self._sizes and np.isfinite(_numbers(whole, "length_um")).any():
            # From here on µm count; what had no scale has none in µm.
            q = self._sizes["q"]
            self._sizes = {name: _reserved(len(q), np.float64) for name in _IN_UM if name != "q"} | {"q": q}
            for name in _IN_UM[:2]:
                self._sizes[name][: self._whole] = math.nan
        for name, values in self._sizes.items():
            values[self._whole : end] = _numbers(whole, name)
        self._whole = end

    def _add_doubtful(self, place: NDArray[np.int32], low: pd.DataFrame) -> None:
        self._doubtful += len(low)
        found = pd.DataFrame(
            {
                "place": place,
                "sample": self._samples[place],
                **{name: _numbers(low, name) for name in (*PLACE_COLUMNS, "length_px")},
            }
        )
        self._first = first_of(self._first, found, SHOWN_MOST)


def digest(spores: pd.DataFrame, summary: pd.DataFrame) -> SporeDigest:
    """Return the digest of a table of spores that is in memory.

    Parameters
    ----------
    spores : DataFrame
        One row a spore, with :data:`SPORE_COLUMNS`.
    summary : DataFrame
        One row an image, with ``image`` and ``sample``; spores of other images are left out.

    Raises
    ------
    SettingsError
        When the table lacks a column.
    """
    missing = [name for name in SPORE_COLUMNS if name not in spores.columns]
    if missing:
        raise SettingsError(
            "spores", expected=f"the columns {', '.join(SPORE_COLUMNS)}", found=f"no {missing}"
        )
    rows = {str(name): row for row, name in enumerate(summary["image"])}
    place = spores["image"].map(rows)
    known = spores[place.notna()].assign(place=place.dropna().astype(np.int64))
    ordered = known.sort_values("place", kind="stable")
    counts = np.bincount(ordered["place"].to_numpy(dtype=np.int64), minlength=len(rows))
    builder = DigestBuilder([str(name) for name in summary["sample"]], len(ordered))
    builder.add(counts.tolist(), ordered)
    return builder.finish()


def _reserved(length: int, kind: type[Any]) -> NDArray[Any]:
    """Return an array in pages of its own, which the system has back when it is let go."""
    pages = mmap.mmap(-1, max(length * np.dtype(kind).itemsize, 1))
    return np.frombuffer(pages, dtype=kind, count=length)


def _doubtful(spores: pd.DataFrame) -> NDArray[np.bool_]:
    if not set(PLACE_COLUMNS) <= set(spores.columns):
        return np.zeros(len(spores), dtype=bool)
    low: NDArray[np.bool_] = _numbers(spores, "score") < DOUBTFUL_BELOW
    counted: NDArray[np.bool_] = spores["counted"].to_numpy(dtype=bool)
    return np.logical_and(low, counted)


_NEEDED = ("area", *SIZE_COLUMNS)


def _image_rows(
    place: NDArray[np.int32], images: int, edge: NDArray[np.bool_], spores: pd.DataFrame
) -> dict[str, NDArray[Any]]:
    every = pd.RangeIndex(images)
    values = pd.DataFrame({name: _numbers(spores, name) for name in _NEEDED})
    whole = values[~edge].groupby(place[~edge])
    area = whole["area"].agg(["mean", "std", "median"]).reindex(every)
    return {
        "edge_spores": np.bincount(place[edge], minlength=images),
        "whole": np.bincount(place[~edge], minlength=images),
        "covered_px": values["area"].groupby(place).sum().reindex(every, fill_value=0.0).to_numpy(),
        "area_mean": area["mean"].to_numpy(),
        "area_sd": area["std"].to_numpy(),
        "area_median_px": area["median"].to_numpy(),
        "length_um_median": whole["length_um"].median().reindex(every).to_numpy(),
        "width_um_median": whole["width_um"].median().reindex(every).to_numpy(),
        "q_mean": whole["q"].mean().reindex(every).to_numpy(),
        "wider_than_long": np.bincount(place[values["width_px"] > values["length_px"]], minlength=images),
    }


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    return pd.to_numeric(table[name]).to_numpy(dtype=np.float64)
