from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measurement.label_pictures import Labels, label_pictures

from sporemetry.errors import SettingsError
from sporemetry.measurement import PIPELINE_COLUMNS, SPORE_COLUMNS, measure, measure_sizes

MICROMETRES = ["length_um", "width_um", "equivalent_diameter_um", "area_um2", "volume_um3"]


def test_column_order_is_the_promised_one() -> None:
    assert SPORE_COLUMNS[:3] == ("image", "label", "index")
    assert SPORE_COLUMNS[-3:] == ("score", "touches_edge", "counted")
    assert len(set(SPORE_COLUMNS)) == len(SPORE_COLUMNS)
    expected = [name for name in SPORE_COLUMNS if name not in PIPELINE_COLUMNS]
    assert list(measure(np.eye(3, dtype=int)).columns) == expected


@pytest.mark.parametrize("shape", [(5, 7), (0, 7), (5, 0), (0, 0), (1, 1)])
def test_no_labels_give_the_same_columns_and_types(shape: tuple[int, int]) -> None:
    some, none = measure(np.ones((2, 2), np.int32)), measure(np.zeros(shape, np.int32), um_per_px=0.3)
    assert len(none) == 0
    assert none.dtypes.equals(some.dtypes)


def test_rectangle_by_hand() -> None:
    labels = np.zeros((9, 12), np.int32)
    labels[2:6, 1:10] = 7  # 4 rows, 9 columns
    spore = measure(labels, um_per_px=0.5).iloc[0]
    assert spore[["label", "index", "area", "area_convex"]].tolist() == [7, 7, 36, 36]
    assert spore[[f"bbox-{side}" for side in range(4)]].tolist() == [2, 1, 6, 10]
    assert spore[["centroid-0", "centroid-1"]].tolist() == [3.5, 5.0]
    assert spore["axis_major_length"] == pytest.approx(4 * np.sqrt((9**2 - 1) / 12))
    assert spore["axis_minor_length"] == pytest.approx(4 * np.sqrt((4**2 - 1) / 12))
    assert spore["feret_diameter_max"] == pytest.approx(np.hypot(9, 3))  # between the diamonds' tips
    assert spore["feret_diameter_min"] == pytest.approx(4)
    assert spore["equivalent_diameter_um"] == pytest.approx(np.sqrt(4 * 36 / np.pi) / 2)
    assert spore["area_um2"] == pytest.approx(9)
    assert spore["orientation"] == pytest.approx(np.pi / 2)
    assert (spore["extent"], spore["solidity"]) == (1, 1)


def test_single_pixel_by_hand() -> None:
    spore = measure(np.array([[0, 3]])).iloc[0]
    assert spore[["area", "area_convex", "feret_diameter_max"]].tolist() == [1, 1, 1]
    assert spore["feret_diameter_min"] == pytest.approx(np.sqrt(0.5))  # a diamond's width
    assert spore["length_px"] == pytest.approx(1, abs=0.01)
    assert spore["width_px"] == pytest.approx(1, abs=0.01)


def test_volume_is_that_of_the_prolate_ellipsoid() -> None:
    labels = np.zeros((40, 60), np.int32)
    row, column = np.ogrid[:40, :60]
    labels[((column - 30) / 24.3) ** 2 + ((row - 20) / 12.2) ** 2 <= 1] = 1
    spore = measure(labels, um_per_px=0.25).iloc[0]
    # 4/3 pi a b b with the half-axes 6.075 and 3.05 µm
    assert spore["volume_um3"] == pytest.approx(4 / 3 * np.pi * 6.075 * 3.05**2, rel=0.02)
    assert spore["q"] == pytest.approx(spore["length_um"] / spore["width_um"])


@settings(max_examples=100, deadline=None)
@given(labels=label_pictures())
def test_sizes_alone_are_those_of_the_table(labels: Labels) -> None:
    length, width = measure_sizes(labels)
    whole = measure(labels)
    assert length.tolist() == whole["length_px"].tolist()
    assert width.tolist() == whole["width_px"].tolist()


def test_rows_are_the_labels_present() -> None:
    labels = np.array([[0, 70000, 0], [3, 0, 12]])
    assert measure(labels)["label"].tolist() == [3, 12, 70000]


@given(label_pictures(), st.floats(0.01, 10))
@settings(deadline=None, max_examples=30)
def test_scale_only_scales(labels: Labels, scale: float) -> None:
    without, with_scale = measure(labels), measure(labels, um_per_px=scale)
    assert without[MICROMETRES].isna().all(axis=None)
    shared = [name for name in without.columns if name not in MICROMETRES]
    assert without[shared].equals(with_scale[shared])
    assert np.allclose(with_scale["length_um"], without["length_px"] * scale)
    assert np.allclose(with_scale["width_um"], without["width_px"] * scale)
    assert np.allclose(with_scale["area_um2"], without["area"] * scale**2)


@given(label_pictures(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_renaming_labels_permutes_rows(labels: Labels, seed: int) -> None:
    values = np.unique(labels[labels > 0])
    renamed = np.random.default_rng(seed).permutation(values.size) * 3 + 1
    lookup = np.zeros(labels.max() + 1, np.int64)
    lookup[values] = renamed
    before, after = measure(labels), measure(lookup[labels])
    order = np.argsort(renamed)
    same = before.columns.drop(["label", "index"])
    assert np.allclose(before[same].iloc[order], after[same], rtol=1e-12, atol=1e-12, equal_nan=True)


@given(label_pictures())
@settings(deadline=None, max_examples=30)
def test_flips_change_no_size(labels: Labels) -> None:
    names = ["area", "area_convex", "axis_major_length", "feret_diameter_max", "feret_diameter_min"]
    names += ["perimeter", "perimeter_crofton", "solidity"]
    before = measure(labels)[names]
    for flipped in (labels[::-1], labels[:, ::-1], labels.T):
        assert np.allclose(before, measure(flipped)[names], rtol=1e-9)


@given(label_pictures())
@settings(deadline=None, max_examples=30)
def test_moving_changes_only_positions(labels: Labels) -> None:
    before, after = measure(labels), measure(np.pad(labels, ((3, 0), (11, 2))))
    moved = {"centroid-0": 3, "bbox-0": 3, "bbox-2": 3, "centroid-1": 11, "bbox-1": 11, "bbox-3": 11}
    expected = before + [moved.get(name, 0) for name in before.columns]
    assert np.allclose(expected, after, rtol=1e-9, equal_nan=True)


def test_score_per_label_and_from_probabilities() -> None:
    labels = np.array([[2, 2, 0], [0, 5, 5]])
    probability = np.array([[0.5, 1.0, 0.9], [0.9, 0.25, 0.75]], np.float32)
    assert measure(labels, score=probability)["score"].tolist() == [0.75, 0.5]
    assert measure(labels, score=np.array([0.1, 0.2]))["score"].tolist() == [0.1, 0.2]
    assert measure(labels)["score"].isna().all()


def test_large_parts_of_the_picture_are_averaged_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    labels, picture = rng.integers(0, 5, (40, 50)), rng.random((40, 50))
    whole = measure(labels, intensity=picture)["intensity_mean"]
    monkeypatch.setattr("sporemetry.measurement.table._PIXELS_AT_ONCE", 7)
    assert np.allclose(whole, measure(labels, intensity=picture)["intensity_mean"], rtol=1e-12)
    assert np.allclose(whole, [picture[labels == label].mean() for label in range(1, 5)], rtol=1e-12)


@pytest.mark.parametrize(
    ("labels", "options", "name", "found"),
    [
        (np.ones((3, 3), bool), {}, "labels", "mask"),
        (np.ones((3, 3)), {}, "labels", "float64"),
        (np.ones((3, 3, 3), int), {}, "labels", "(3, 3, 3)"),
        (np.array([[0, -4]]), {}, "labels", "-4"),
        (np.ones((3, 3), int), {"um_per_px": 0}, "um_per_px", "0"),
        (np.ones((3, 3), int), {"um_per_px": float("nan")}, "um_per_px", "nan"),
        (np.ones((3, 3), int), {"intensity": np.ones((3, 4))}, "intensity", "(3, 4)"),
        (np.ones((3, 3), int), {"intensity": np.ones((3, 3, 4))}, "intensity", "(3, 3, 4)"),
        (np.ones((3, 3), int), {"score": np.ones(2)}, "score", "(2,)"),
    ],
)
def test_bad_arguments_are_named(labels: Labels, options: dict[str, Any], name: str, found: str) -> None:
    with pytest.raises(SettingsError) as caught:
        measure(labels, **options)
    assert caught.value.name == name
    assert found in caught.value.found


def test_input_is_left_alone() -> None:
    labels = np.arange(12).reshape(3, 4)
    labels.flags.writeable = False
    assert len(measure(labels)) == 11
