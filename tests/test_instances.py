from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as skimage_label
from skimage.measure import regionprops
from skimage.morphology import remove_small_holes
from tests.drawing import MaskArray, capsule, scattered

from sporemetry.errors import SettingsError
from sporemetry.instances import (
    Separation,
    ShapeLimits,
    fill_holes,
    filter_shapes,
    keep_labels,
    label_components,
    separate_touching,
)
from sporemetry.instances.notches import dent_depth, opening_angle
from sporemetry.instances.shape import axes

LabelArray = NDArray[np.int32]
Turn = Callable[[NDArray[np.generic]], NDArray[np.generic]]

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=24))
TURNS: list[Turn] = [np.flipud, np.fliplr, np.rot90, np.transpose]


def same_partition(a: LabelArray, b: LabelArray) -> bool:
    """Tell whether two label pictures differ by numbering only."""
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return bool(len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1])


def raster_order(labels: LabelArray) -> bool:
    seen = labels[labels > 0]
    first = [int(np.argmax(seen == n)) for n in range(1, int(labels.max(initial=0)) + 1)]
    return first == sorted(first)


@given(masks)
@settings(deadline=None)
def test_components_agree_with_scikit_image(mask: MaskArray) -> None:
    labels = label_components(mask)
    assert labels.dtype == np.int32
    assert raster_order(labels)
    assert mask.size == 0 or same_partition(labels, skimage_label(mask, connectivity=2))


@given(masks, st.integers(0, 30))
@settings(deadline=None)
def test_filled_holes_are_those_of_scikit_image(mask: MaskArray, area: int) -> None:
    filled = fill_holes(mask, area)
    assert (filled >= mask).all()
    if mask.size and area:
        # scikit-image also fills background at the border: a frame keeps that apart.
        framed = np.pad(mask, 12)
        expected = remove_small_holes(framed, **_largest_hole(area), connectivity=1)[12:-12, 12:-12]
        reaching = skimage_label(~mask, connectivity=1)
        at_border = np.unique(np.concatenate([reaching[0], reaching[-1], reaching[:, 0], reaching[:, -1]]))
        inner = ~np.isin(reaching, at_border) & ~mask
        np.testing.assert_array_equal(filled[inner], expected[inner])
        np.testing.assert_array_equal(filled[~inner], mask[~inner])


@given(masks)
@settings(deadline=None, max_examples=200)
def test_every_label_is_one_component_without_gaps(mask: MaskArray) -> None:
    labels = separate_touching(mask)
    assert raster_order(labels)
    np.testing.assert_array_equal(labels > 0, mask)
    for number in range(1, int(labels.max(initial=0)) + 1):
        assert skimage_label(labels == number, connectivity=2).max() == 1


@given(masks, st.integers(1, 60))
@settings(deadline=None)
def test_no_label_is_smaller_than_the_least_area(mask: MaskArray, least: int) -> None:
    labels = separate_touching(mask, Separation(min_area=least))
    assert (np.bincount(labels.ravel())[1:] >= least).all()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (30, 40)])
def test_nothing_gives_nothing(shape: tuple[int, int]) -> None:
    labels = separate_touching(np.zeros(shape, dtype=np.bool_))
    assert labels.shape == shape
    assert not labels.any()


def test_a_full_picture_is_one() -> None:
    assert separate_touching(np.ones((30, 40), dtype=np.bool_)).max() == 1


@pytest.mark.parametrize(
    ("width", "aspect"), [*product([8, 12, 20, 40], [1, 2, 3]), *product([12, 20, 40], [6])]
)
def test_a_rough_rod_stays_one(width: int, aspect: int) -> None:
    side = (aspect + 2) * width + 8
    counts = [
        separate_touching(
            capsule(
                (side, side),
                (side / 2, side / 2),
                length=aspect * width,
                width=width,
                degrees=degrees,
                roughness=0.05 * width if width < 20 else 1.0,
                seed=degrees,
            ),
            Separation(min_area=40),
        ).max()
        for degrees in range(0, 180, 11)
    ]
    # A rough rod may by chance have two deep dents that face one another.
    assert sum(count != 1 for count in counts) <= len(counts) // 16


def test_a_bent_rod_stays_one() -> None:
    y, x = np.mgrid[:140, :160].astype(float)
    arc = (np.abs(np.hypot(y - 130, x - 80) - 70) < 9) & (y < 100)
    assert separate_touching(arc, Separation(min_area=60)).max() == 1


PLACES = {
    # centre of the second rod along and across the first, in widths, and how it is turned
    "end to end": (2.95, 0.0, 0.0),
    "side by side": (0.0, 1.0, 0.0),
    "side by side, shifted": (1.0, 1.0, 0.0),
    "in a T": (0.0, 2.0, 90.0),
    "in an L": (1.0, 2.0, 90.0),
}


@pytest.mark.parametrize("width", [16, 24, 40])
@pytest.mark.parametrize("place", PLACES)
def test_two_touching_rods_are_two(place: str, width: int) -> None:
    along, across, turn = PLACES[place]
    shape, middle = (10 * width, 10 * width), 5 * width
    for degrees in range(0, 180, 15):
        angle = np.deg2rad(degrees)
        second = (
            middle + width * (along * np.sin(angle) + across * np.cos(angle)),
            middle + width * (along * np.cos(angle) - across * np.sin(angle)),
        )
        rods = [
            capsule(shape, centre, length=3 * width, width=width + 1, degrees=degrees + extra)
            for centre, extra in (((float(middle), float(middle)), 0.0), (second, turn))
        ]
        assert label_components(rods[0] | rods[1]).max() == 1
        labels = separate_touching(rods[0] | rods[1], Separation(min_area=60))
        assert labels.max() == 2, f"{place} at {degrees} degrees"
        ious = [[(rod & (labels == n)).sum() / (rod | (labels == n)).sum() for n in (1, 2)] for rod in rods]
        assert max(min(ious[0][0], ious[1][1]), min(ious[0][1], ious[1][0])) > 0.9


def test_a_row_of_four_discs_is_four() -> None:
    y, x = np.mgrid[:40, :140].astype(float)
    row = np.any([np.hypot(y - 20, x - 20 - 27 * k) < 14.5 for k in range(4)], axis=0)
    assert separate_touching(row, Separation(min_area=60)).max() == 4


def test_filling_makes_a_ring_one_disc() -> None:
    y, x = np.mgrid[:50, :50].astype(float)
    distance = np.hypot(y - 25, x - 25)
    ring = (distance < 20) & (distance > 15)
    labels = separate_touching(ring, Separation(max_hole_area=800))
    np.testing.assert_array_equal(labels, (distance < 20).astype(np.int32))


@pytest.mark.parametrize("turn", TURNS)
def test_labels_turn_with_the_mask(turn: Turn) -> None:
    rng = np.random.default_rng(5)
    mask = np.zeros((200, 220), dtype=np.bool_)
    for _ in range(40):
        centre = (float(rng.uniform(20, 180)), float(rng.uniform(20, 200)))
        mask |= capsule(mask.shape, centre, length=32, width=13, degrees=float(rng.uniform(0, 180)))
    straight = turn(separate_touching(mask, Separation(min_area=60)))
    turned = separate_touching(np.ascontiguousarray(turn(mask)).astype(np.bool_), Separation(min_area=60))
    assert abs(int(straight.max()) - int(turned.max())) <= 1
    found = 0
    for number in range(1, int(turned.max()) + 1):
        region = turned == number
        other = np.bincount(straight[region].astype(np.int64)).argmax()
        found += (region & (straight == other)).sum() > 0.9 * (region | (straight == other)).sum()
    assert found >= 0.9 * int(turned.max())


@given(st.integers(0, 30), st.integers(0, 30))
@settings(deadline=None, max_examples=20)
def test_labels_move_with_the_mask(down: int, right: int) -> None:
    pair = capsule((60, 80), (30, 25), length=36, width=14, degrees=20)
    pair |= capsule((60, 80), (36, 55), length=36, width=14, degrees=100)
    moved = np.zeros((100, 120), dtype=np.bool_)
    moved[down + 2 : down + 62, right + 2 : right + 82] = pair
    labels = separate_touching(moved)[down + 2 : down + 62, right + 2 : right + 82]
    np.testing.assert_array_equal(labels, separate_touching(np.pad(pair, 2))[2:-2, 2:-2])


def test_spores_apart_are_left_alone() -> None:
    rods = scattered((400, 500), 40, length=30, width=12, seed=3)
    mask = np.any(rods, axis=0)
    np.testing.assert_array_equal(separate_touching(mask), label_components(mask))


def test_a_dent_is_as_deep_as_drawn() -> None:
    # A 20 x 10 rectangle with a wedge 4 deep in the middle of its upper side, point by point.
    outline = np.array([[0, 0], [6, 0], [10, 4], [14, 0], [20, 0], [20, 10], [0, 10]], dtype=np.int32)
    np.testing.assert_allclose(dent_depth(outline), [0, 0, 4, 0, 0, 0, 0], atol=1e-9)
    assert np.rad2deg(opening_angle(outline, np.array([2]), 1)) == pytest.approx([90])


def test_axes_are_those_of_scikit_image() -> None:
    labels = label_components(np.any(scattered((200, 200), 9, length=30, width=11, seed=1), axis=0))
    long, short = axes(labels)
    regions = regionprops(labels)
    # scikit-image takes pixels for points; as squares they have a second moment of 1/12 of their own.
    for ours, theirs in ((long, "axis_major_length"), (short, "axis_minor_length")):
        expected = np.array([float(getattr(region, theirs)) for region in regions])
        np.testing.assert_allclose(ours[1:] ** 2 - 16 / 12, expected**2, rtol=1e-9)


def test_filter_keeps_by_each_limit() -> None:
    labels = np.zeros((60, 120), dtype=np.int32)
    labels[5:15, 5:15] = 1  # 100 px, square
    labels[20:24, 5:65] = 2  # 240 px, aspect 15
    labels[30:50, 80:100] = 3
    labels[35:50, 85:100] = 0  # 175 px, an L
    assert filter_shapes(labels, ShapeLimits()).max() == 3
    assert np.unique(labels[filter_shapes(labels, ShapeLimits(min_area=150)) > 0]).tolist() == [2, 3]
    assert np.unique(labels[filter_shapes(labels, ShapeLimits(max_area=200)) > 0]).tolist() == [1, 3]
    assert np.unique(labels[filter_shapes(labels, ShapeLimits(max_aspect=5)) > 0]).tolist() == [1, 3]
    assert np.unique(labels[filter_shapes(labels, ShapeLimits(min_solidity=0.8)) > 0]).tolist() == [1, 2]
    assert np.unique(labels[filter_shapes(labels, ShapeLimits(min_width=6)) > 0]).tolist() == [1, 3]
    assert not filter_shapes(np.zeros((4, 4), dtype=np.int32), ShapeLimits(min_solidity=0.5)).any()


@given(masks, st.data())
@settings(deadline=None)
def test_keep_labels_closes_gaps(mask: MaskArray, data: st.DataObject) -> None:
    labels = label_components(mask)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=int(labels.max(initial=0)) + 1,
                                       max_size=int(labels.max(initial=0)) + 1)))  # fmt: skip
    kept = keep_labels(labels, keep)
    np.testing.assert_array_equal(kept > 0, keep[labels] & (labels > 0))
    assert kept.max(initial=0) == np.count_nonzero(keep[1:])
    assert raster_order(kept)


@pytest.mark.parametrize("mask", [np.zeros((3, 3), dtype=np.uint8), np.zeros((3, 3, 3), dtype=np.bool_)])
def test_what_is_no_mask_is_refused(mask: MaskArray) -> None:
    with pytest.raises(SettingsError, match="mask: expected a bool array"):
        separate_touching(mask)


@pytest.mark.parametrize(
    "wrong", [{"min_area": 0}, {"neck": 1.5}, {"neck": float("nan")}, {"reach": -1.0}, {"max_hole_area": -1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Separation(**wrong)  # type: ignore[arg-type]


def test_limits_that_exclude_everything_are_refused() -> None:
    with pytest.raises(SettingsError, match="max_area"):
        ShapeLimits(min_area=50, max_area=20)


def test_labels_of_another_type_are_refused() -> None:
    with pytest.raises(SettingsError, match="labels: expected an int32"):
        filter_shapes(np.zeros((3, 3), dtype=np.uint8), ShapeLimits())


def test_a_chamber_s_ruling_does_not_take_for_ever() -> None:
    # One component over the whole picture, with hundreds of spores stuck to it.
    lines = np.zeros((600, 800), dtype=np.bool_)
    lines[::60] = lines[1::60] = lines[:, ::60] = lines[:, 1::60] = True
    mask = lines | ndimage.binary_dilation(np.random.default_rng(0).random(lines.shape) < 4e-4, iterations=6)
    labels = separate_touching(mask, Separation(min_area=40))
    assert 100 < labels.max() < 2000


def _largest_hole(area: int) -> dict[str, int]:
    """Return scikit-image's word for holes of at most this area: before 0.26 it was for smaller ones."""
    new = tuple(map(int, skimage.__version__.split(".")[:2])) >= (0, 26)
    return {"max_size": area} if new else {"area_threshold": area + 1}
