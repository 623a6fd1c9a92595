"""The spores table: labels and scale in, one row a spore out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.measurement.caliper import calipers
from sporemetry.measurement.hull import (
    Chains,
    centre_hulls,
    diamond_hulls,
    extents_area,
    filled_extents,
    hull_corners,
    row_extents,
)
from sporemetry.measurement.moments import Moments, moment_columns, run_moments
from sporemetry.measurement.perimeter import perimeters
from sporemetry.measurement.runs import Runs, label_runs
from sporemetry.measurement.size import length_and_width

SPORE_COLUMNS: tuple[str, ...] = (
    "image",
    "label",
    "index",
    "area",
    "area_convex",
    "bbox-0",
    "bbox-1",
    "bbox-2",
    "bbox-3",
    "centroid-0",
    "centroid-1",
    "axis_major_length",
    "axis_minor_length",
    "eccentricity",
    "equivalent_diameter_area",
    "extent",
    "feret_diameter_max",
    "feret_diameter_min",
    "intensity_mean",
    "orientation",
    "perimeter",
    "perimeter_crofton",
    "solidity",
    "length_px",
    "width_px",
    "q",
    "length_um",
    "width_um",
    "equivalent_diameter_um",
    "area_um2",
    "volume_um3",
    "score",
    "touches_edge",
    "counted",
)
"""The columns of ``spores.csv``, in their order."""

PIPELINE_COLUMNS = frozenset({"image", "touches_edge", "counted"})
"""Those of :data:`SPORE_COLUMNS` that :func:`measure` cannot know; the pipeline adds them."""

_LUMINANCE = (0.2125, 0.7154, 0.0721)  # weights of R, G, B: ITU-R BT.709, as in skimage.color.rgb2gray
_WHOLE_NUMBERS = frozenset({"label", "index", "area", "area_convex", "bbox-0", "bbox-1", "bbox-2", "bbox-3"})
_PIXELS_AT_ONCE = 1 << 20


def measure(
    labels: NDArray[Any],
    *,
    um_per_px: float | None = None,
    intensity: NDArray[Any] | None = None,
    score: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Measure every label of a picture.

    Parameters
    ----------
    labels : (H, W) integer
        0 is background. Values may have gaps, touch one another, and consist of several parts.
    um_per_px : float, optional
        Micrometres per pixel. Without it the columns in micrometres are NaN.
    intensity : (H, W) or (H, W, 3), optional
        The picture, for ``intensity_mean``; without it that column is NaN.
    score : (S,) or (H, W), optional
        One number a label in ascending label order, or a picture of probabilities, of which each label
        gets its mean. Without it the column is NaN.

    Returns
    -------
    pandas.DataFrame
        One row a label, ascending; :data:`SPORE_COLUMNS` without :data:`PIPELINE_COLUMNS`. No labels: no
        rows, the same columns and types.

        - ``label`` and ``index`` are the label's value (``index`` is the name that napari looks for).
        - From ``area`` to ``solidity``: scikit-image's properties of the same names, in pixels, equal to
          those of :func:`skimage.measure.regionprops_table`. ``feret_diameter_min`` is the smallest caliper
          of the outline whose largest is ``feret_diameter_max``. ``intensity_mean`` is the mean luminance
          (0.2125 R + 0.7154 G + 0.0721 B) in the picture's own units.
        - ``length_px``, ``width_px``: largest and smallest caliper of the spore itself; see
          :mod:`sporemetry.measurement.size`. ``q`` is length over width.
        - ``volume_um3``: of the prolate ellipsoid with this length and width, pi/6 length width² [1]_. The
          spore is taken to be round across its long axis; a rod is underestimated (a capsule of
          13.8 x 4.8 µm by 25 %).

    Raises
    ------
    SettingsError
        ``labels`` that are not a 2-D array of whole numbers from 0 on, a scale that is not positive, or
        ``intensity`` or ``score`` of another shape.

    References
    ----------
    .. [1] H. Hillebrand et al., Biovolume calculation for pelagic and benthic microalgae, J. Phycol. 35,
       403-424, 1999 (prolate spheroid). https://doi.org/10.1046/j.1529-8817.1999.3520403.x

    Examples
    --------
    >>> labels = np.zeros((8, 12), np.int32)
    >>> labels[2:6, 1:10] = 5
    >>> spores = measure(labels, um_per_px=0.5)
    >>> spores[["label", "area", "area_um2"]].to_dict("records")
    [{'label': 5, 'area': 36, 'area_um2': 9.0}]
    >>> bool(measure(labels)["length_um"].isna().all())
    True
    """
    labels = _checked_labels(labels)
    scale = _checked_scale(um_per_px)
    runs = label_runs(labels)
    _check_values(runs.values)
    columns = {"label": runs.values, "index": runs.values, **_shape_columns(labels, runs)}
    columns |= _micrometre_columns(columns, scale)
    columns["intensity_mean"] = _intensity_means(intensity, labels.shape, runs)
    columns["score"] = _scores(score, labels.shape, runs)
    return pd.DataFrame(
        {
            name: columns[name].astype(np.int64 if name in _WHOLE_NUMBERS else np.float64)
            for name in SPORE_COLUMNS
            if name not in PIPELINE_COLUMNS
        }
    )


def measure_sizes(labels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the columns ``length_px`` and ``width_px`` of :func:`measure` alone.

    Parameters
    ----------
    labels : (H, W) integer
        As :func:`measure` takes them.

    Returns
    -------
    length, width : (S,) float64
        In pixels, in ascending label order; empty without labels.

    Raises
    ------
    SettingsError
        As :func:`measure`.

    Examples
    --------
    >>> labels = np.zeros((8, 12), np.int32)
    >>> labels[2:6, 1:10] = 5
    >>> [float(each[0].round(1)) for each in measure_sizes(labels)]
    [9.0, 4.1]
    """
    labels = _checked_labels(labels)
    runs = label_runs(labels)
    _check_values(runs.values)
    return length_and_width(runs, run_moments(runs), centre_hulls(row_extents(runs)))


def scikit_image_columns(labels: NDArray[Any], runs: Runs) -> dict[str, NDArray[Any]]:
    """Return the columns in pixels that have scikit-image's names, one entry a label."""
    return _outline_columns(labels, runs, run_moments(runs), centre_hulls(row_extents(runs)))


def _outline_columns(
    labels: NDArray[Any], runs: Runs, moments: Moments, centres: Chains
) -> dict[str, NDArray[Any]]:
    count = runs.values.size
    convex = filled_extents(diamond_hulls(centres))
    area_convex = extents_area(convex, count)
    feret = calipers(*hull_corners(diamond_hulls(centre_hulls(convex))), count)
    around, crofton = perimeters(labels, runs.values)
    return {
        "area": moments.area,
        "area_convex": area_convex,
        **{f"bbox-{side}": moments.box[:, side] for side in range(4)},
        **{f"centroid-{axis}": moments.centre[:, axis] for axis in range(2)},
        **moment_columns(moments),
        "feret_diameter_max": feret.largest,
        "feret_diameter_min": feret.smallest,
        "perimeter": around,
        "perimeter_crofton": crofton,
        "solidity": moments.area / area_convex,
    }


def _shape_columns(labels: NDArray[Any], runs: Runs) -> dict[str, NDArray[Any]]:
    """Return scikit-image's columns, and ours in pixels."""
    moments, centres = run_moments(runs), centre_hulls(row_extents(runs))
    length, width = length_and_width(runs, moments, centres)
    ours = {"length_px": length, "width_px": width, "q": length / width}
    return _outline_columns(labels, runs, moments, centres) | ours


def _micrometre_columns(columns: dict[str, NDArray[Any]], scale: float) -> dict[str, NDArray[np.float64]]:
    length, width = columns["length_px"] * scale, columns["width_px"] * scale
    return {
        "length_um": length,
        "width_um": width,
        "equivalent_diameter_um": columns["equivalent_diameter_area"] * scale,
        "area_um2": columns["area"] * scale**2,
        "volume_um3": np.pi / 6 * length * width**2,
    }


def _intensity_means(
    intensity: NDArray[Any] | None, shape: tuple[int, ...], runs: Runs
) -> NDArray[np.float64]:
    if intensity is None:
        return np.full(runs.values.size, np.nan)
    intensity = np.asarray(intensity)
    if intensity.shape not in (shape, (*shape, 3)):
        raise SettingsError(
            "intensity",
            expected=f"the picture of the labels, {shape} or {(*shape, 3)}",
            found=f"an array of shape {intensity.shape}",
            remedy="Give the picture that the labels were made from.",
        )
    means = _pixel_means(intensity, runs)
    return means @ np.array(_LUMINANCE) if intensity.ndim == 3 else means[:, 0]


def _scores(score: NDArray[Any] | None, shape: tuple[int, ...], runs: Runs) -> NDArray[np.float64]:
    count = runs.values.size
    if score is None:
        return np.full(count, np.nan)
    score = np.asarray(score)
    if score.shape == shape:
        return _pixel_means(score, runs)[:, 0]
    if score.shape == (count,):
        return score.astype(np.float64)
    raise SettingsError(
        "score",
        expected=f"one number for each of the {count} labels, or probabilities of shape {shape}",
        found=f"an array of shape {score.shape}",
    )


def _pixel_means(picture: NDArray[Any], runs: Runs) -> NDArray[np.float64]:
    """Return the mean of each label's pixels, (S, channels)."""
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    sums = np.zeros((runs.values.size, channels))
    length = runs.stop - runs.start
    end = np.cumsum(length)
    part = end // _PIXELS_AT_ONCE
    for number in np.unique(part):
        some = np.flatnonzero(part == number)
        run = np.repeat(some, length[some])
        column = np.arange(run.size) + np.repeat(runs.start[some] - (end[some] - length[some]), length[some])
        values = picture[runs.row[run], column + end[some[0]] - length[some[0]]].reshape(run.size, channels)
        for channel in range(channels):
            sums[:, channel] += np.bincount(
                runs.spore[run], weights=values[:, channel], minlength=sums.shape[0]
            )
    return sums / np.bincount(runs.spore, weights=length, minlength=sums.shape[0])[:, None]


def _checked_labels(labels: NDArray[Any]) -> NDArray[Any]:
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.dtype.kind in "iu":
        return labels
    found = f"an array of shape {labels.shape} and type {labels.dtype}"
    mask = labels.dtype == bool
    raise SettingsError(
        "labels",
        expected="a 2-D array of whole numbers, 0 for background and one number a spore",
        found=f"a mask of shape {labels.shape}" if mask else found,
        remedy="Number its parts first, e.g. with scipy.ndimage.label." if mask else "",
    )


def _check_values(values: NDArray[np.int64]) -> None:
    if values.size and values[0] < 0:
        raise SettingsError(
            "labels",
            expected="0 for background and positive numbers for spores",
            found=f"the value {values[0]}",
            remedy="Renumber the labels; other programs use negative numbers for regions to ignore.",
        )


def _checked_scale(um_per_px: float | None) -> float:
    if um_per_px is None:
        return np.nan
    if np.isfinite(um_per_px) and um_per_px > 0:
        return float(um_per_px)
    raise SettingsError(
        "um_per_px",
        expected="a positive number of micrometres per pixel",
        found=str(um_per_px),
        remedy="Leave it out when the scale is not known.",
    )
