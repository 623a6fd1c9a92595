"""The shared columns are scikit-image's, on every kind of label picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from skimage.measure import regionprops_table
from tests.measurement.label_pictures import KINDS, Labels, label_pictures

from sporemetry.measurement import measure

PROPERTIES = (
    "label",
    "area",
    "area_convex",
    "bbox",
    "centroid",
    "axis_major_length",
    "axis_minor_length",
    "eccentricity",
    "equivalent_diameter_area",
    "extent",
    "feret_diameter_max",
    "orientation",
    "perimeter",
    "perimeter_crofton",
    "solidity",
)


def check(labels: Labels) -> None:
    """Compare all shared columns; an orientation is an axis, so -pi/2 and pi/2 are the same."""
    ours = measure(labels)
    for name, column in regionprops_table(labels, properties=PROPERTIES).items():
        difference = np.abs(ours[name].to_numpy() - column)
        if name == "orientation":
            difference = np.minimum(difference, np.abs(difference - np.pi))
            difference[isotropic(ours["eccentricity"].to_numpy())] = 0
        assert difference.max() <= 1e-6 * max(1, np.abs(column).max()), name


def isotropic(eccentricity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell where there is no axis: scikit-image's orientation is then its rounding error's."""
    return eccentricity < 1e-6


@settings(deadline=None, max_examples=60)
@given(label_pictures())
def test_any_small_picture(labels: Labels) -> None:
    if labels.any():
        check(labels)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_at_size(kind: str) -> None:
    check(KINDS[kind](np.random.default_rng(5), 97, 130))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_every_integer_type_and_memory_order(dtype: type[np.integer]) -> None:
    labels = KINDS["tiles"](np.random.default_rng(3), 30, 41).astype(dtype)
    expected = measure(labels)
    assert expected.equals(measure(np.asfortranarray(labels)))
    assert expected.equals(measure(np.repeat(labels, 2, axis=1)[:, ::2]))
    check(labels.astype(np.int64))


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = KINDS["noise"](np.random.default_rng(8), 50, 37)
    whole = measure(labels)
    for pixels in (1, 74, 400):
        monkeypatch.setattr("sporemetry.label_runs.STRIP_PIXELS", pixels)
        monkeypatch.setattr("sporemetry.measurement.perimeter.STRIP_PIXELS", pixels)
        narrow = measure(labels)
        assert np.allclose(whole, narrow, rtol=1e-13, equal_nan=True)


def test_intensity_mean_is_that_of_the_luminance() -> None:
    rng = np.random.default_rng(1)
    labels = KINDS["blobs"](rng, 60, 80)
    pixels = rng.integers(0, 65536, (60, 80, 3)).astype(np.uint16)
    luminance = pixels @ np.array([0.2125, 0.7154, 0.0721])
    expected = regionprops_table(labels, luminance, properties=("intensity_mean",))["intensity_mean"]
    assert np.allclose(measure(labels, intensity=pixels)["intensity_mean"], expected, rtol=1e-12)
    assert np.allclose(measure(labels, intensity=luminance)["intensity_mean"], expected, rtol=1e-12)
