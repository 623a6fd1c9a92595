"""The settings of the imbalance statistics and their defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sporemetry.errors import SettingsError
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS

LARGEST_RADIUS = 50
"""Radii above this are refused: a ring is a border, and pads every crop by its radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImbalanceSettings:
    """What is counted, and which losses are compared.

    Attributes
    ----------
    leave_out_ignored : bool
        Whether pixels under an ``ignore/`` mask are left out. By default they count as what their label says,
        because the masks are for scores and a training uses all labels. Pooled n_b / n_o is reported both
        ways wherever the two differ; everything else (rings, spores, weights) goes by this setting.
    betas : tuple of float
        The betas for which CFL and CFL* are worked out; each above 0.
    largest_radius : int
        Rings are measured for the radii 1 to this, in pixels.
    cfl_radius : int
        The radius of the ring of CFL*, in pixels; at most ``largest_radius``.
    max_pixels : int
        The most pixels that a label picture or a picture may have.

    Raises
    ------
    SettingsError
        When a value is outside its range.

    Examples
    --------
    >>> ImbalanceSettings().cfl_radius
    3
    """

    leave_out_ignored: bool = False
    betas: tuple[float, ...] = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
    largest_radius: int = 6
    cfl_radius: int = 3
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        for beta in self.betas:
            if not (math.isfinite(beta) and beta > 0):
                raise SettingsError("betas", expected="finite numbers above 0", found=f"{beta}")
        if not 1 <= self.largest_radius <= LARGEST_RADIUS:
            raise SettingsError(
                "largest_radius", expected=f"1 to {LARGEST_RADIUS} px", found=f"{self.largest_radius}"
            )
        if not 1 <= self.cfl_radius <= self.largest_radius:
            raise SettingsError(
                "cfl_radius",
                expected=f"1 px to the largest radius, {self.largest_radius} px",
                found=f"{self.cfl_radius}",
                remedy="Raise largest_radius as well.",
            )
        if self.max_pixels < 1:
            raise SettingsError("max_pixels", expected="a whole number from 1", found=f"{self.max_pixels}")
