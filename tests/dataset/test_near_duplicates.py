"""Copies are found through what people do to pictures; pictures of one slide are not taken for copies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.dataset.checking.near_duplicates import THRESHOLD, find_near_duplicates, fingerprint, likeness
from sporemetry.dataset.symmetries import SYMMETRIES, apply
from sporemetry.dataset.synthesis import find_preset, render
from sporemetry.image import read_image

Pixels = NDArray[np.uint8]


def copies(pixels: Pixels) -> Iterator[tuple[str, Pixels]]:
    height, width = pixels.shape[:2]
    encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    yield "JPEG of quality 50", cv2.imdecode(encoded, cv2.IMREAD_COLOR).astype(np.uint8)
    half = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    yield "half the size", half.astype(np.uint8)
    yield "brighter", np.clip(pixels * 1.15 + 8, 0, 255).astype(np.uint8)
    yield "grey", np.repeat(pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    row, column = height // 50, width // 50
    yield "2 % trimmed on all sides", pixels[row:-row, column:-column]


@pytest.fixture(scope="module")
def rendered() -> list[Pixels]:
    return [
        render(find_preset(name), 3, index).pixels for name in ("anthracnose", "nosema") for index in range(4)
    ]


def test_copies_are_found(rendered: list[Pixels]) -> None:
    for pixels in rendered[::3]:
        own = fingerprint(pixels)
        for what, copy in copies(pixels):
            assert likeness(own, fingerprint(copy)) >= THRESHOLD, what


@pytest.mark.parametrize("name", SYMMETRIES)
def test_turned_and_mirrored_copies_are_found(rendered: list[Pixels], name: str) -> None:
    turned = np.ascontiguousarray(apply(name, rendered[5]))
    assert likeness(fingerprint(rendered[5]), fingerprint(turned)) > 0.95


def test_pairs_come_with_both_places(rendered: list[Pixels]) -> None:
    prints = [fingerprint(pixels) for pixels in [*rendered, rendered[2][:, ::-1]]]
    ((first, second, value),) = find_near_duplicates(prints)
    assert (first, second) == (2, len(rendered))
    assert value > 0.95


def test_nothing_in_it() -> None:
    assert list(find_near_duplicates([])) == []
    blank = [fingerprint(np.full((40, 50, 3), 200, dtype=np.uint8))] * 3
    assert list(find_near_duplicates(blank)) == []
    assert likeness(fingerprint(np.zeros((1, 1), dtype=np.uint8)), blank[0]) == 0


@pytest.mark.real
def test_no_real_pictures_are_copies_of_one_another_but_copies_of_them_are(real_data: Path) -> None:
    files = sorted(real_data.glob("*/images/*"))
    assert len(files) == 60
    prints = []
    for number, file in enumerate(files):
        pixels = read_image(file).pixels.astype(np.uint8)
        prints.append(fingerprint(pixels))
        if number % 9 == 0:
            for what, copy in copies(pixels):
                assert likeness(prints[-1], fingerprint(copy)) >= THRESHOLD, (file.name, what)
    assert list(find_near_duplicates(prints)) == []
