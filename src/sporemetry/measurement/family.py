"""Ideal spores: one family of outlines from rods with round ends over ellipsoids to pointed spindles.

Each member is symmetrical about its long axis, with half-length a, half-width b and the half-width
b f(t) at the distance t a from the middle, 0 <= t <= 1:

- rods: f = 1 up to 1 - tau, then a quarter of an ellipse. Capsules of every length are among them (their caps
  are circles where tau = b / a), and tau = 1 is the ellipse;
- spindles: an arc of an ellipse cut off before its end, f = (sqrt(1 - (kappa t)²) - e) / (1 - e) with
  e = sqrt(1 - kappa²). kappa = 1 is the ellipse again; lenses of two circular arcs are among them, and
  kappa -> 0 is the parabola.

The kurtosis of the positions along the axis (1.8 for a rectangle, 2 for an ellipse, 15/7 for a parabola)
grows from one end of the family to the other, so that it tells which member a spore is, whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MEMBERS = 80  # rods, and as many spindles; between them the table is interpolated
_NODES = 2000  # of the midpoint rule along the half-length


@dataclass(frozen=True)
class Family:
    """The family as a table over the kurtosis.

    Attributes
    ----------
    kurtosis : (M,) float64
        Fourth moment over squared second moment of the positions along the long axis; ascending.
    half_length : (M,) float64
        Half-length over the standard deviation of these positions.
    fill : (M,) float64
        Area over that of the box, length times width.
    tau, kappa : (M,) float64
        The member: tau below 1 for rods, kappa below 1 for spindles, both 1 for the ellipse.
    """

    kurtosis: Floats
    half_length: Floats
    fill: Floats
    tau: Floats
    kappa: Floats


@lru_cache(maxsize=1)
def spore_family() -> Family:
    """Integrate the members of the family, once.

    Examples
    --------
    >>> family = spore_family()
    >>> ellipse = np.interp(2.0, family.kurtosis, family.fill)
    >>> bool(np.isclose(ellipse, np.pi / 4, atol=1e-4))
    True
    """
    rods, spindles = np.linspace(0.02, 1, _MEMBERS), np.linspace(1, 0.02, _MEMBERS)[1:]
    tau = np.concatenate([rods, np.ones_like(spindles)])
    kappa = np.concatenate([np.ones_like(rods), spindles])
    t = (np.arange(_NODES) + 0.5) / _NODES
    widths = half_width(t, tau[:, None], kappa[:, None])
    fill = widths.mean(axis=1)
    second = (widths * t**2).mean(axis=1) / fill
    fourth = (widths * t**4).mean(axis=1) / fill
    return Family(fourth / second**2, 1 / np.sqrt(second), fill, tau, kappa)


def half_width(t: Floats, tau: Floats, kappa: Floats) -> Floats:
    """Return f(t), the outline's half-width over the largest one; 0 beyond the end.

    Parameters
    ----------
    t : float64
        Distance from the middle over the half-length, 0 or more.
    tau, kappa : float64
        The member; the three are broadcast together.
    """
    t = np.minimum(t, 1)
    cap = np.maximum(t - (1 - tau), 0) / tau
    end = np.sqrt(1 - kappa**2)
    arc = (np.sqrt(1 - (kappa * t) ** 2) - end) / (1 - end)
    result: Floats = np.where(kappa < 1, arc, np.sqrt(np.maximum(1 - cap**2, 0)))
    return result
