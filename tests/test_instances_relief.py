"""Outlines in relief: set out to where the picture is flat, and nowhere but in relief."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage
from tests.drawing import MaskArray, scattered

from sporemetry.dataset.folder import open_dataset, read_item_labels
from sporemetry.image import read_image
from sporemetry.instances import LabelArray, fill_relief, label_components
from sporemetry.instances.relief import one_sidedness
from sporemetry.model.likeness import brightness

SHAPE = (300, 360)
LENGTH = 36.0
SPORES = scattered(SHAPE, 15, length=int(LENGTH), width=18, seed=6)
TRUTH = np.any(SPORES, axis=0)
TIGHT = label_components(ndimage.binary_erosion(TRUTH, iterations=3))
SURE = np.ones(SHAPE, dtype=np.float32)
EVERYWHERE = np.ones(SHAPE, dtype=np.bool_)
Grey = NDArray[np.float32]


def in_relief(truth: MaskArray, degrees: float = 30, seed: int = 1) -> Grey:
    """Show the slope of the light's path through spores that are lumpy inside.

    As in labels by hand, a spore ends where the picture is flat: blur is within the outline.
    """
    rng = np.random.default_rng(seed)
    truth = ndimage.binary_erosion(truth, iterations=2)
    inside = ndimage.distance_transform_edt(truth)
    half = max(1.0, float(inside.max()))
    dome = half * np.sqrt(np.clip(1 - (1 - inside / half) ** 2, 0, 1)) * truth
    lumps = cv2.GaussianBlur(rng.normal(size=truth.shape), (0, 0), 2.0)
    path = cv2.GaussianBlur(dome + 1.6 * lumps / lumps.std() * (inside > 2), (0, 0), 0.8)
    down, across = np.gradient(path)
    slope = np.cos(np.deg2rad(degrees)) * across + np.sin(np.deg2rad(degrees)) * down
    return np.asarray(120 + 30 * slope + rng.normal(0, 1, truth.shape), dtype=np.float32)


def in_bright_field(truth: MaskArray) -> Grey:
    """Show dark spores with bright halos."""
    rng = np.random.default_rng(2)
    halo = cv2.GaussianBlur(ndimage.binary_dilation(truth, iterations=4).astype(np.float64), (0, 0), 1.5)
    light = 150 + 50 * halo - 110 * cv2.GaussianBlur(truth.astype(np.float64), (0, 0), 1.0)
    return np.asarray(light + rng.normal(0, 1, truth.shape), dtype=np.float32)


def overlaps(labels: LabelArray) -> list[float]:
    found = []
    for spore in SPORES:
        own = labels == np.bincount(labels[spore]).argmax()
        found.append(float((own & spore).sum() / (own | spore).sum()))
    return found


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_tight_outlines_reach_the_edge_in_relief(degrees: float) -> None:
    grey = in_relief(TRUTH, degrees)
    assert one_sidedness(TIGHT, grey, LENGTH) > 0.35
    filled = fill_relief(TIGHT, SURE, grey, EVERYWHERE, LENGTH)
    assert filled.dtype == np.int32
    assert filled.max() == TIGHT.max() == 15
    assert max(overlaps(TIGHT)) < 0.65
    assert min(overlaps(filled)) > 0.7
    assert np.mean(overlaps(filled)) > np.mean(overlaps(TIGHT)) + 0.15
    assert (filled[TIGHT > 0] > 0).all()


def test_outlines_on_the_edge_stay() -> None:
    labels = label_components(TRUTH)
    np.testing.assert_array_equal(fill_relief(labels, SURE, in_relief(TRUTH), EVERYWHERE, LENGTH), labels)


@pytest.mark.parametrize("tight", [TIGHT, label_components(TRUTH)], ids=["tight", "right"])
def test_halos_are_no_spore(tight: LabelArray) -> None:
    grey = in_bright_field(TRUTH)
    assert one_sidedness(tight, grey, LENGTH) < 0.2
    np.testing.assert_array_equal(fill_relief(tight, SURE, grey, EVERYWHERE, LENGTH), tight)


def test_light_that_slopes_across_the_picture_is_no_relief() -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    grey = in_bright_field(TRUTH) + np.asarray(0.15 * rows + 0.15 * columns, dtype=np.float32)
    assert one_sidedness(TIGHT, grey, LENGTH) < 0.2


def test_nothing_beyond_the_field_is_given() -> None:
    field = EVERYWHERE.copy()
    field[:, 180:] = False
    filled = fill_relief(np.where(field, TIGHT, 0), SURE, in_relief(TRUTH), field, LENGTH)
    assert filled[field].any()
    assert not filled[~field].any()


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90])
def test_outlines_turn_with_the_picture(turn) -> None:  # type: ignore[no-untyped-def]
    grey = in_relief(TRUTH)
    filled = fill_relief(TIGHT, SURE, grey, EVERYWHERE, LENGTH)
    labels, sure, shown, field = (
        np.ascontiguousarray(turn(each)) for each in (TIGHT, SURE, grey, EVERYWHERE)
    )
    turned = fill_relief(labels, sure, shown, field, LENGTH)
    np.testing.assert_array_equal(turned > 0, turn(filled) > 0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_fewer_than_three_nothing_is_said(count: int) -> None:
    few = label_components(np.any(SPORES[:count], axis=0) if count else np.zeros(SHAPE, dtype=np.bool_))
    grey = in_relief(TRUTH)
    assert one_sidedness(few, grey, LENGTH) == 0
    np.testing.assert_array_equal(fill_relief(few, SURE, grey, EVERYWHERE, LENGTH), few)


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24))),
    st.floats(0.1, 1e4),
    st.integers(0, 2**32 - 1),
)
def test_whatever_is_given_no_spore_is_lost(mask: MaskArray, length: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = label_components(mask)
    grey = np.cumsum(rng.uniform(-1, 30, mask.shape), axis=1).astype(np.float32)
    field = mask | (rng.random(mask.shape) < 0.8)
    filled = fill_relief(labels, rng.random(mask.shape).astype(np.float32), grey, field, length)
    assert filled.max() == labels.max()
    assert (filled[mask] > 0).all()
    assert not filled[~field].any()


def test_specks_and_flat_pictures_are_of_no_side() -> None:
    specks = np.zeros((9, 9), dtype=np.int32)
    specks[[1, 4, 7], [1, 4, 7]] = 1, 2, 3
    assert one_sidedness(specks, np.zeros((9, 9), dtype=np.float32), 2.0) == 0


def test_real_pictures_are_told_apart(real_data: Path) -> None:
    sides = {
        name: [
            one_sidedness(read_item_labels(item).labels, brightness(read_image(item.image).pixels), 28.0)
            for item in open_dataset(real_data / name).labelled
        ]
        for name in ("dic_fungal", "anthracnose", "nosema")
    }
    assert min(sides.pop("dic_fungal")) > 0.4
    assert max(max(each) for each in sides.values()) < 0.3
