"""Length and width of spores from their masks: calipers of the spore, not of its pixels.

A mask holds the pixels whose centres lie inside the outline. The calipers of the hull of these centres read
short; those of the pixels' outer edges read long, and both depend on the angle. Areas and moments do
not: they average over the whole outline. So a spore is measured in three steps.

1. **Moments.** Variance and kurtosis along the long axis name the member of a family of ideal spores
   (:mod:`sporemetry.measurement.family`) and its length; the area then gives the width.
2. **The flat side.** Where a side lies along a row, a column or a diagonal of pixels, nearly a pixel's width
   of outlines make the same mask and step 1 takes the middle. How long the outermost row of pixels is says
   how far the outline rises above it: by the sagitta of the ideal spore over this chord. The two
   estimates are averaged by their variances.
3. **Bounds.** The spore holds all its pixel centres, so no caliper is below that of their hull, and not far
   above it. These bounds hold for every shape; for bent, forked or joined ones they are what decides.

Length is the largest caliper and width the smallest one (Feret's diameters); on bent spores the smallest
caliper differs from the width across the long axis.

Errors on rods of 13.8 x 4.8 µm in percent: 95 % of 1,000 random positions, and the largest one. Their means
are within 0.05 %. ``benchmarks/caliper.py`` prints these and those of other shapes and estimators.

=====  =================  ================  ===================================
px/µm  length, any angle  width, any angle  width, axis at 0, 45 or 90 degrees
=====  =================  ================  ===================================
3.1    0.8, 1.9           0.7, 4.5          6.0, 6.5
5      0.4, 0.6           0.3, 1.2          0.5, 2.8
10     0.1, 0.3           0.1, 0.7          0.3, 1.3
20     0.0, 0.1           0.0, 0.3          0.4, 0.4
=====  =================  ================  ===================================

So the length is within 1 % from 5 px/µm on, and the width from 10 px/µm on unless the rod lies along the
grid. At 3.1 px/µm such a rod is 14.88 pixels wide: along the grid it holds 14 or 15 rows of pixels, and with
14 little in the mask says that it is wider. At that scale the mean width is 2 % short on spores that taper to
half their width, and on circles of 15 pixels the length is 1 % long and the width 2 % short: of two equal
diameters the larger is called length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.measurement.caliper import Calipers, calipers, following_corner
from sporemetry.measurement.family import half_width, spore_family
from sporemetry.measurement.hull import Chains, hull_corners
from sporemetry.measurement.moments import Moments
from sporemetry.measurement.runs import Runs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PIXEL_VARIANCE = 1 / 12  # of a pixel along a side: makes single pixels and lines as long as their pixels
_OUTLINE_ERROR = 0.05  # px, standard deviation of a width when no side lies along the grid
_CHORD_ERROR = 0.8  # px, by how much a half-chord may differ from the ideal spore's
_RISE = 0.3  # px, mean rise of a round outline of 7 px radius over its outermost pixel centre

# How far the outline may lie outside the outermost pixel centres, both ends together, in pixels. The tip of
# a spindle is thinner than a pixel for a while and then holds no centre.
_BEYOND_WIDTH = 1.5
_BEYOND_LENGTH = 2.5


@dataclass(frozen=True)
class _Ideal:
    """The ideal spore of each label: its size in pixels and its member of the family."""

    length: Floats
    width: Floats
    fill: Floats
    tau: Floats
    kappa: Floats


def length_and_width(runs: Runs, moments: Moments, centres: Chains) -> tuple[Floats, Floats]:
    """Return length and width of every label.

    Parameters
    ----------
    runs, moments, centres
        Of the same labels; ``centres`` are the hulls of the pixels' centres. Without labels both results
        are empty.

    Returns
    -------
    length, width : (S,) float64
        In pixels, length >= width > 0.
    """
    spore, points = hull_corners(centres)
    inner = calipers(spore, points, runs.values.size)
    ideal = _ideal_spores(runs, moments)
    width = _width_by_sides(ideal, inner, spore, points)
    length = np.clip(ideal.length, inner.largest, inner.largest + _BEYOND_LENGTH)
    width = np.clip(width, inner.smallest, inner.smallest + _BEYOND_WIDTH)
    return np.maximum(length, width), np.minimum(length, width)


def _ideal_spores(runs: Runs, moments: Moments) -> _Ideal:
    """Return the ideal spores with the same area, variance and kurtosis as the labels."""
    variance, kurtosis = _axial_moments(runs, moments)
    family = spore_family()
    fill = np.interp(kurtosis, family.kurtosis, family.fill)
    deviation = np.sqrt(np.maximum(variance, _PIXEL_VARIANCE))
    length = 2 * deviation * np.interp(kurtosis, family.kurtosis, family.half_length)
    return _Ideal(
        length=length,
        width=moments.area / (length * fill),
        fill=fill,
        tau=np.interp(kurtosis, family.kurtosis, family.tau),
        kappa=np.interp(kurtosis, family.kurtosis, family.kappa),
    )


def _axial_moments(runs: Runs, moments: Moments) -> tuple[Floats, Floats]:
    """Return variance and kurtosis of the pixels' positions along each label's major axis.

    One and a half times the squared skewness is taken off the kurtosis. For spores that taper to one end
    this leaves the kurtosis of an even one with the same length (within 0.4 % for rods with one end down to
    half as wide as the other, found by integration).
    """
    if not runs.first.size:
        return np.empty(0), np.empty(0)
    angle = 0.5 * np.arctan2(2 * moments.row_column, moments.column_column - moments.row_row)
    cosine, sine = np.cos(angle)[runs.spore], np.sin(angle)[runs.spore]
    row, column = moments.centre[runs.spore].T
    n = (runs.stop - runs.start).astype(np.float64)
    middle = ((runs.start + runs.stop - 1) / 2 - column) * cosine + (runs.row - row) * sine
    # Sums of the second and fourth powers of a run's positions about its own middle, along the axis.
    second = n * (n * n - 1) / 12 * cosine**2
    fourth = second * (3 * n * n - 7) / 20 * cosine**2
    middle_2 = middle * middle  # numpy's ** is slow beyond squares
    powers = [
        n * middle_2 + second,
        (n * middle_2 + 3 * second) * middle,
        (n * middle_2 + 6 * second) * middle_2 + fourth,
    ]
    m2, m3, m4 = (np.add.reduceat(power, runs.first) / moments.area for power in powers)
    squared = np.where(m2 > 0, m2, 1)  # a single pixel counts as the shortest rod
    return m2, m4 / squared**2 - 1.5 * m3**2 / squared**3


def _width_by_sides(ideal: _Ideal, inner: Calipers, spore: Ints, points: Floats) -> Floats:
    """Average the ideal spore's width with that from the two outermost rows of pixels."""
    chords, step = _side_chords(inner, spore, points)
    half, radius = ideal.length / 2, ideal.width / 2

    def sagitta(chord: Floats) -> Floats:
        height: Floats = radius * (1 - half_width(chord / 2 / half, ideal.tau, ideal.kappa))
        return np.minimum(height, 1 / step)  # the next row of pixels, 1 / step away, is outside

    by_sides = inner.smallest.copy()
    variance = np.full(half.shape, _OUTLINE_ERROR**2)
    for chord in chords:
        outer = chord + step  # the outline crosses the row halfway, on average, to the next pixels
        by_sides += sagitta(outer)
        slope = sagitta(outer + 1) - sagitta(np.maximum(outer - 1, 0))  # for one pixel of the half-chord
        variance += (_CHORD_ERROR * slope) ** 2
    # Each row of pixels puts the area off by its steps times a uniform error over one pixel.
    area_variance = ((chords / step) ** 2).sum(axis=0) / 12
    ideal_variance = _OUTLINE_ERROR**2 + area_variance / (ideal.length * ideal.fill) ** 2
    gap = by_sides - ideal.width
    share = np.where(inner.smallest > 0, ideal_variance / (ideal_variance + variance), 0)
    # Three deviations apart, the spore is none of the family. Then its sides are right: as they are where
    # the ideal spore is wider; where it is narrower (spores that taper), with a rise that any outline has.
    other = gap**2 > 9 * (ideal_variance + variance)
    outer_sides = np.where(gap < 0, by_sides, inner.smallest + 2 * np.minimum(_RISE, 0.5 / step))
    return np.where(other, outer_sides, ideal.width + share * gap)


def _side_chords(inner: Calipers, spore: Ints, points: Floats) -> tuple[Floats, Floats]:
    """Return how long the hull is on both tangents of its smallest caliper, and the pixels' step there.

    Returns
    -------
    chords : (2, S) float64
        On the tangent that lies on an edge, and on the opposite one, in pixels; 0 at a single corner.
    step : (S,) float64
        Distance of neighbouring pixels along the tangents; rows of pixels are 1 / step apart.
    """
    count = inner.flush.size
    if not count:
        return np.empty((2, 0)), np.empty(0)
    corners = np.bincount(spore, minlength=count)
    begin = np.cumsum(corners) - corners
    origin = points[inner.flush]
    edge = points[following_corner(corners)[inner.flush]] - origin
    length = np.hypot(*edge.T)
    steps = np.maximum(np.gcd(*np.rint(edge).astype(np.int64).T), 1)
    along = edge / np.maximum(length, 1)[:, None]
    offset = points - origin[spore]
    depth = np.abs(offset[:, 0] * along[spore, 1] - offset[:, 1] * along[spore, 0])
    far = depth > inner.smallest[spore] - 1e-9  # corners are whole numbers: equality up to rounding
    position = np.einsum("ij,ij->i", offset, along[spore])
    last = np.maximum.reduceat(np.where(far, position, -np.inf), begin)
    first = np.minimum.reduceat(np.where(far, position, np.inf), begin)
    return np.stack([length, last - first]), np.maximum(length, 1) / steps
