"""The outlined picture as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.draw import ellipse
from skimage.segmentation import find_boundaries

from sporemetry.errors import SettingsError
from sporemetry.overlay import draw_overlay
from sporemetry.overlay.display import DIMMING
from sporemetry.overlay.drawing import ON_BRIGHT, ON_DARK, RGB

GREY = 200


def scene(level: int = GREY) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Four ellipses well apart on an even ground."""
    labels = np.zeros((300, 400), np.int32)
    for label, (row, column, turn) in enumerate(
        [(60, 70, 0.0), (70, 300, 0.7), (200, 110, 1.3), (220, 310, 2.2)], 1
    ):
        labels[ellipse(row, column, 14, 26, rotation=turn)] = label
    return np.full((300, 400, 3), level, np.uint8), labels


def near(rgb: NDArray[np.uint8], colour: RGB) -> NDArray[np.bool_]:
    distance: NDArray[np.int64] = np.abs(rgb.astype(np.int64) - np.array(colour)).sum(axis=2)
    return distance < 90


def test_the_outline_runs_along_every_border_pixel_and_leaves_the_inside() -> None:
    pixels, labels = scene()
    drawn = draw_overlay(pixels, labels, numbers=False)
    painted = (drawn != GREY).any(axis=2)
    border = find_boundaries(labels, mode="inner")
    assert painted[border].all()
    far_inside = cv2.erode((labels > 0).astype(np.uint8), np.ones((7, 7))) > 0
    far_outside = cv2.dilate((labels > 0).astype(np.uint8), np.ones((7, 7))) == 0
    assert far_inside.any()
    assert not painted[far_inside | far_outside].any()


def test_the_arguments_are_left_as_they_are() -> None:
    pixels, labels = scene()
    before = pixels.copy(), labels.copy()
    drawn = draw_overlay(pixels, labels, field_mask=labels >= 0, um_per_px=0.5)
    assert drawn.dtype == np.uint8
    assert not np.shares_memory(drawn, pixels)
    np.testing.assert_array_equal(pixels, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_touching_spores_have_a_line_between_them() -> None:
    labels = np.zeros((60, 80), np.int32)
    labels[10:50, 10:40] = 1
    labels[10:50, 40:70] = 2
    drawn = draw_overlay(np.full((60, 80, 3), GREY, np.uint8), labels, numbers=False)
    assert near(drawn, ON_BRIGHT.counted)[15:45, 39:41].all()
    np.testing.assert_array_equal(drawn[30, 20], [GREY] * 3)
    np.testing.assert_array_equal(drawn[30, 60], [GREY] * 3)


@pytest.mark.parametrize(("level", "palette"), [(GREY, ON_BRIGHT), (60, ON_DARK)])
def test_counted_is_solid_blue_and_not_counted_dashed_orange(level: int, palette: Any) -> None:
    pixels, labels = scene(level)
    counted = np.array([True, False, True, False])
    drawn = draw_overlay(pixels, labels, counted=counted, numbers=False)
    blue, orange = near(drawn, palette.counted), near(drawn, palette.not_counted)
    for label, counts in enumerate(counted, 1):
        around = cv2.dilate((labels == label).astype(np.uint8), np.ones((5, 5))) > 0
        border = find_boundaries(labels == label, mode="inner")
        covered = (drawn[border] != level).any(axis=1).mean()
        assert (blue & around).any() == counts
        assert (orange & around).any() != counts
        assert covered == 1.0 if counts else 0.4 < covered < 0.9


def test_outside_the_field_is_dimmed_and_its_boundary_drawn() -> None:
    pixels, labels = scene()
    field = np.zeros(labels.shape, bool)
    field[:, :200] = True
    drawn = draw_overlay(pixels, np.where(field, labels, 0).astype(np.int32), field_mask=field, numbers=False)
    assert (drawn[:, 210:] == round(GREY * DIMMING)).all()
    assert near(drawn, ON_BRIGHT.field)[5:295, 199].all()
    np.testing.assert_array_equal(drawn[150, 20:190], GREY)


def test_a_field_of_the_whole_picture_draws_nothing() -> None:
    pixels, labels = scene()
    whole = draw_overlay(pixels, labels, field_mask=np.ones(labels.shape, bool))
    np.testing.assert_array_equal(whole, draw_overlay(pixels, labels))


def test_numbers_stand_beside_their_spores_not_on_any() -> None:
    pixels, labels = scene()
    plain, numbered = draw_overlay(pixels, labels, numbers=False), draw_overlay(pixels, labels)
    written = (plain != numbered).any(axis=2)
    assert not written[labels > 0].any()
    for label in range(1, 5):
        around = cv2.dilate((labels == label).astype(np.uint8), np.ones((41, 41))) > 0
        assert (written & around).any()
    assert not (written & (cv2.dilate((labels > 0).astype(np.uint8), np.ones((81, 81))) == 0)).any()


def test_numbers_are_left_out_where_they_would_be_illegible() -> None:
    labels = np.zeros((120, 120), np.int32)
    labels[2::6, 2::6] = np.arange(1, 401).reshape(20, 20)
    pixels = np.full((120, 120, 3), GREY, np.uint8)
    np.testing.assert_array_equal(draw_overlay(pixels, labels), draw_overlay(pixels, labels, numbers=False))


def test_a_thousand_spores_still_have_numbers() -> None:
    labels = np.zeros((1125, 2000), np.int32)
    rows, columns = np.meshgrid(np.arange(20, 1100, 44), np.arange(20, 1980, 48), indexing="ij")
    for label, (row, column) in enumerate(zip(rows.ravel(), columns.ravel(), strict=True), 1):
        labels[row : row + 12, column : column + 7] = label
    assert labels.max() >= 1000
    pixels = np.full((1125, 2000, 3), GREY, np.uint8)
    written = (draw_overlay(pixels, labels) != draw_overlay(pixels, labels, numbers=False)).any(axis=2)
    assert not written[labels > 0].any()
    regions, _ = cv2.connectedComponents(cv2.dilate(written.astype(np.uint8), np.ones((1, 5))))
    assert regions - 1 >= 1000


def test_no_spores_give_the_picture_itself() -> None:
    pixels, labels = scene()
    np.testing.assert_array_equal(draw_overlay(pixels, np.zeros_like(labels)), pixels)


def test_labels_with_gaps_are_matched_in_ascending_order() -> None:
    pixels, labels = scene()
    gappy = np.array([0, 2, 3, 7, 9], np.int32)[labels]
    counted = np.array([True, False, False, True])
    np.testing.assert_array_equal(
        draw_overlay(pixels, gappy, counted=counted, numbers=False),
        draw_overlay(pixels, labels, counted=counted, numbers=False),
    )


def test_single_pixels_and_lines_are_drawn() -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[5, 5], labels[10, 3:20], labels[29, 29] = 1, 2, 3
    drawn = draw_overlay(
        np.full((30, 30, 3), GREY, np.uint8), labels, counted=np.array([True, True, False]), numbers=False
    )
    assert (drawn[labels > 0] != GREY).any(axis=1).all()


def test_threads_do_not_change_a_byte() -> None:
    pixels, labels = scene()
    before = cv2.getNumThreads()
    drawn = []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            drawn.append(draw_overlay(pixels, labels, um_per_px=0.2).tobytes())
    finally:
        cv2.setNumThreads(before)
    assert drawn[0] == drawn[1]


PIXELS, LABELS = scene()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("pixels", {"pixels": PIXELS[:, :, 0]}),
        ("pixels", {"pixels": PIXELS.astype(np.float32)}),
        ("pixels", {"pixels": PIXELS[:0], "labels": LABELS[:0]}),
        ("labels", {"labels": LABELS[:-1]}),
        ("labels", {"labels": LABELS.astype(np.float64)}),
        ("labels", {"labels": LABELS - 1}),
        ("labels", {"labels": np.where(LABELS == 4, 2**31 - 1, LABELS)}),
        ("field_mask", {"field_mask": np.ones((3, 3), bool)}),
        ("field_mask", {"field_mask": LABELS}),
        ("counted", {"counted": np.ones(3, bool)}),
        ("counted", {"counted": np.ones(4)}),
        ("um_per_px", {"um_per_px": 0.0}),
        ("um_per_px", {"um_per_px": float("nan")}),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(name: str, changed: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"pixels": PIXELS, "labels": LABELS} | changed
    with pytest.raises(SettingsError) as caught:
        draw_overlay(**arguments)
    assert caught.value.name == name


@pytest.mark.real
def test_every_labelled_spore_of_a_real_picture_is_outlined(real_data: Path) -> None:
    picture = cv2.imread(str(real_data / "anthracnose" / "images" / "1.jpg"))
    labels = cv2.imread(str(real_data / "anthracnose" / "labels" / "1.png"), cv2.IMREAD_UNCHANGED).astype(
        np.int32
    )
    pixels = np.ascontiguousarray(picture[:, :, ::-1])
    drawn = draw_overlay(pixels, labels, numbers=False)
    changed = (drawn != pixels).any(axis=2)
    assert labels.max() >= 30
    for label in range(1, labels.max() + 1):
        assert changed[find_boundaries(labels == label, mode="inner")].mean() > 0.99
