"""Labels from boxes: the ellipse that the picture speaks for."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sporemetry.dataset.box_labels import labels_from_boxes
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import read_image


def picture_of(spores: list[tuple[float, float, float, float, float]], size: int = 160) -> tuple:  # type: ignore[type-arg]
    """Draw ellipses (x, y, half length, half width, degrees); return picture, labels and boxes."""
    rng = np.random.default_rng(0)
    picture = rng.normal(190, 4, (size, size, 3)).clip(0, 255).astype(np.uint8)
    labels = np.zeros((size, size), dtype=np.int32)
    boxes = []
    y, x = np.mgrid[:size, :size] + 0.5
    for number, (column, row, length, width, degrees) in enumerate(spores, start=1):
        turn = math.radians(degrees)
        along = (x - column) * math.cos(turn) + (y - row) * math.sin(turn)
        across = (y - row) * math.cos(turn) - (x - column) * math.sin(turn)
        inside = (along / length) ** 2 + (across / width) ** 2 <= 1
        picture[inside] = picture[inside] // 2
        labels[inside] = number
        half_width = math.hypot(length * math.cos(turn), width * math.sin(turn))
        half_height = math.hypot(length * math.sin(turn), width * math.cos(turn))
        boxes.append((column - half_width, row - half_height, column + half_width, row + half_height))
    return picture, labels, np.array(boxes, dtype=np.float64).reshape(-1, 4)


@settings(max_examples=25)
@given(st.floats(0, 180), st.floats(10, 20), st.floats(4, 7))
def test_a_lone_spore_is_found_again(degrees: float, length: float, width: float) -> None:
    flat = (80.0, 40.0, length, width, 0.0)  # tells how wide spores are
    picture, labels, boxes = picture_of([(40.0, 110.0, length, width, degrees), flat])
    found = labels_from_boxes(picture, boxes)
    overlap = (found.labels == 1) & (labels == 1)
    union = (found.labels == 1) | (labels == 1)
    assert overlap.sum() / union.sum() > 0.8
    assert not found.ignore[(labels == 0) & (found.labels == 0)].sum() > 0.6 * (labels > 0).sum()


def test_touching_spores_keep_their_numbers() -> None:
    picture, labels, boxes = picture_of([(50, 60, 18, 6, 35), (62, 53, 18, 6, 35), (110, 100, 18, 6, 120)])
    found = labels_from_boxes(picture, boxes)
    for number in (1, 2, 3):
        own = labels == number
        assert np.bincount(found.labels[own], minlength=4).argmax() == number


def test_no_box_is_all_background() -> None:
    found = labels_from_boxes(np.full((30, 40, 3), 200, np.uint8), np.zeros((0, 4)))
    assert not found.labels.any()
    assert not found.ignore.any()


@pytest.mark.parametrize("box", [(-5, -5, 8, 8), (35, 25, 45, 36), (10, 10, 10, 10), (50, 50, 60, 60)])
def test_boxes_at_and_beyond_the_edge(box: tuple[float, ...]) -> None:
    found = labels_from_boxes(np.full((30, 40, 3), 200, np.uint8), np.array([box], dtype=np.float64))
    assert found.labels.shape == (30, 40)
    assert found.labels.max() <= 1


@pytest.mark.real
def test_real_boxes_hold_dark_spores(real_data: Path) -> None:
    """What the labels cover is darker than what surrounds them, for nearly every box."""
    root = real_data / "rice_blast"
    item = sorted((root / "boxes").glob("*.txt"))[0]
    pixels = read_image(root / "images" / f"{item.stem}.jpg").pixels.astype(np.uint8)
    boxes = read_boxes(item).in_pixels(*pixels.shape[:2])
    found = labels_from_boxes(pixels, boxes)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    ground = cv2.medianBlur(grey, 61)
    present = np.unique(found.labels)[1:]
    assert len(present) > 0.98 * len(boxes)
    darker = [
        (ground[own].mean() - grey[own].mean()) > 5 for own in (found.labels == k for k in present[:80])
    ]
    assert np.mean(darker) > 0.85
