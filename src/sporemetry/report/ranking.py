"""Which spores to look at first: the least sure of every sample, not all of one.

Scores often tie, at the least score that still counts above all. Were ties broken by name, the first image of
the first sample would fill the page. So samples take turns, and so do the images of a sample among spores
of like scores; what is still equal is ordered by a hash of the spore's number.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DOUBTFUL_BELOW = 0.8
"""The score below which a counted spore is doubtful."""
SHOWN_MOST = 24
"""How many of them a page shows."""
# Scores that differ by less say the same: the images of a sample take turns among them.
LIKE_SCORES = 0.1

CANDIDATE_COLUMNS = (
    "place",
    "sample",
    "label",
    "score",
    "centroid-0",
    "centroid-1",
    "length_px",
    "turn",
    "hash",
)


def first_of(kept: pd.DataFrame, found: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the first ``most`` of those kept before and those found now, in the order of the page.

    What this drops could not come back later: further spores only push others back. So it may be called
    with a few images at a time, and the result is the same as with all at once.

    Parameters
    ----------
    kept : DataFrame
        What an earlier call returned, or a table with :data:`CANDIDATE_COLUMNS` and no row.
    found : DataFrame
        All doubtful spores of further images: ``place`` (number of the image), ``sample`` (number),
        ``label``, ``score``, ``centroid-0``, ``centroid-1``, ``length_px``.
    most : int
        How many to return at most.
    """
    fresh = found.assign(hash=_hash(found["place"].to_numpy(), found["label"].to_numpy()))
    fresh = fresh.sort_values(["place", "score", "hash"], kind="stable")
    fresh["turn"] = fresh.groupby("place").cumcount()
    both = fresh if kept.empty else pd.concat([kept, fresh], ignore_index=True)
    both = both.assign(level=np.floor(both["score"] / LIKE_SCORES))
    order = ["level", "turn", "score", "hash"]
    both = both.sort_values(order, kind="stable")
    both["round"] = both.groupby("sample").cumcount()
    both = both.sort_values(["round", *order], kind="stable")
    return both.head(most)[list(CANDIDATE_COLUMNS)].reset_index(drop=True)


def _hash(place: NDArray[np.int64], label: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return well mixed numbers (the finalizer of SplitMix64, doi:10.1145/2714064.2660195)."""
    mixed = (place.astype(np.uint64) << np.uint64(32)) ^ label.astype(np.uint64)
    mixed += np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
