"""What the losses of the paper make of a ratio of background to spore: weights, thresholds, shares."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from sporemetry.errors import SettingsError

WEIGHT_COLUMNS = (
    "loss",
    "beta",
    "spore_weight",
    "ring_weight",
    "background_weight",
    "weight_ratio",
    "threshold",
    "threshold_at_ring",
    "spore_share",
    "ring_share",
    "background_share",
)
"""The columns of :func:`loss_weights`."""


def tempered_weight(ratio: float, beta: float) -> float:
    """Return the weight of a spore pixel under CFL, a^(1/beta).

    Zhao et al. 2019, eq. 10, doi 10.1109/ACCESS.2019.2953085; ``ratio`` is a = n_b / n_o. An infinite beta
    gives 1, which is plain cross entropy.

    Examples
    --------
    >>> [round(tempered_weight(200, beta), 1) for beta in (1, 1.5, 2, 2.5, 3, 4)]
    [200.0, 34.2, 14.1, 8.3, 5.8, 3.8]
    """
    return float(ratio ** (1 / beta))


def bayes_threshold(weight_ratio: float) -> float:
    """Return the probability above which a pixel is better called spore, if spores weigh so much more.

    A network that minimises the weighted loss is right to answer "spore" from 1 / (1 + w) on, in terms of the
    true probability.

    Examples
    --------
    >>> bayes_threshold(1.0), bayes_threshold(9.0)
    (0.5, 0.1)
    """
    return 1 / (1 + weight_ratio)


def loss_weights(spore_px: int, background_px: int, ring_px: int, betas: Sequence[float]) -> pd.DataFrame:
    """Tabulate CE, BCE_A, CFL and CFL* for a data set.

    Parameters
    ----------
    spore_px, background_px : int
        n_o and n_b, pooled.
    ring_px : int
        The background pixels that lie on the ring of CFL*; part of ``background_px``.
    betas : sequence of float
        The betas of CFL and CFL*.

    Returns
    -------
    pandas.DataFrame
        :data:`WEIGHT_COLUMNS`, one row a loss. ``beta`` is NaN where a loss has none. ``weight_ratio`` is
        the spores' weight over that of the background away from them, ``threshold`` the Bayes threshold it
        implies, and ``threshold_at_ring`` the one between spore and ring: 0.5 under CFL*, which weighs both
        alike. The shares are those of the sum of all weights; spore, ring and remaining background add up
        to 1. No rows where the data set lacks spores or background: there is nothing to balance.

    Raises
    ------
    SettingsError
        When the ring is larger than the background that it is part of, or a count is below 0.
    """
    if min(spore_px, ring_px) < 0 or ring_px > background_px:
        raise SettingsError(
            "ring_px",
            expected="counts of 0 or more, and a ring within the background",
            found=f"{ring_px} ring, {background_px} background and {spore_px} spore pixels",
        )
    if not (spore_px and background_px):
        return pd.DataFrame({name: pd.Series(dtype=_column_type(name)) for name in WEIGHT_COLUMNS})
    counts = (spore_px, ring_px, background_px - ring_px)
    ratio, total = background_px / spore_px, spore_px + background_px
    rows = [
        _row("CE", math.nan, counts, (1.0, 1.0, 1.0)),
        _row("BCE_A", math.nan, counts, (total / spore_px, total / background_px, total / background_px)),
    ]
    for loss in ("CFL", "CFL*"):
        for beta in betas:
            weight = tempered_weight(ratio, beta)
            rows.append(_row(loss, beta, counts, (weight, weight if loss == "CFL*" else 1.0, 1.0)))
    return pd.DataFrame(rows, columns=list(WEIGHT_COLUMNS))


def _column_type(name: str) -> str:
    return "object" if name == "loss" else "float64"


def _row(
    loss: str, beta: float, counts: tuple[int, int, int], weights: tuple[float, float, float]
) -> dict[str, object]:
    """Return a loss as a row; counts and weights are those of spore, ring and remaining background."""
    parts = [count * weight for count, weight in zip(counts, weights, strict=True)]
    shares = [part / sum(parts) for part in parts]
    spore, ring, background = weights
    return {
        "loss": loss,
        "beta": float(beta),
        "spore_weight": spore,
        "ring_weight": ring,
        "background_weight": background,
        "weight_ratio": spore / background,
        "threshold": bayes_threshold(spore / background),
        "threshold_at_ring": bayes_threshold(spore / ring),
        "spore_share": shares[0],
        "ring_share": shares[1],
        "background_share": shares[2],
    }
