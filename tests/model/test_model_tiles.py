"""Tiles give what the whole picture gives: logits and labels, whatever the tiles are."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.networks import HALO, STRIDE, dark_package, noise

from sporemetry.errors import SettingsError
from sporemetry.instances import separate_touching
from sporemetry.model import load_network, picture_logits
from sporemetry.model.evaluation import Tiling
from sporemetry.model.tiles import plan_tiles


@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(1, 40),
    st.integers(0, 40),
    st.integers(1, 5),
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
)
def test_cores_cover_each_pixel_once_and_windows_hold_all_that_they_depend_on(
    rows: int, columns: int, core: int, halo: int, stride: int, offset: tuple[int, int]
) -> None:
    shape = (rows * stride, columns * stride)
    covered = np.zeros(shape, dtype=int)
    sizes = set()
    for tile in plan_tiles(shape, core, halo=halo, stride=stride, offset=offset):
        covered[tile.core] += 1
        for side, length in enumerate(shape):
            window, inner = tile.window[side], tile.core[side]
            assert window.start % stride == 0
            assert window.start <= max(0, inner.start - halo)
            assert window.stop >= min(length, inner.stop + halo)
            assert 0 <= window.start < window.stop <= length
        sizes.add(tuple(side.stop - side.start for side in tile.window))
        assert np.zeros(shape)[tile.window][tile.kept].shape == np.zeros(shape)[tile.core].shape
    assert (covered == 1).all()
    assert len(sizes) == 1


def test_what_makes_no_tiles_is_refused() -> None:
    with pytest.raises(SettingsError, match="multiples of 4"):
        list(plan_tiles((8, 9), 8, halo=1, stride=4))
    with pytest.raises(SettingsError, match="core and stride of 1 or more"):
        list(plan_tiles((8, 8), 0, halo=1))
    assert list(plan_tiles((0, 8), 4, halo=1)) == []


def spores(shape: tuple[int, int], seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = (noise(shape, seed) // 6 + 150).astype(np.uint8)
    draw = np.random.default_rng(seed)
    for _ in range(shape[0] * shape[1] // 2500):
        centre = (int(draw.integers(0, shape[1])), int(draw.integers(0, shape[0])))
        cv2.ellipse(picture, centre, (14, 6), float(draw.uniform(0, 180)), 0, 360, (90, 80, 85), -1)
    return picture


def check_tilings(tilings: int, seed: int) -> float:
    """Compare random tilings with the whole picture; return the largest difference of logits."""
    package, draw = dark_package(), np.random.default_rng(seed)
    network = load_network(package)
    picture = spores((211, 274), seed)
    field = np.ones(picture.shape[:2], dtype=np.bool_)
    whole = picture_logits(network, package.card, picture, field)
    labels = separate_touching(whole[0] >= 0)
    assert labels.max() > 10
    worst = 0.0
    for _ in range(tilings):
        core, offset = int(draw.integers(1, 200)), tuple(map(int, draw.integers(0, 200, 2)))
        tiling = Tiling(whole=0, core=max(core, 8), offset=(offset[0], offset[1]))
        tiled = picture_logits(network, package.card, picture, field, tiling=tiling)
        worst = max(worst, float(np.abs(tiled - whole).max()))
        assert np.array_equal(separate_touching(tiled[0] >= 0), labels)
    return worst


def test_tiles_of_any_size_and_place_give_the_logits_and_labels_of_the_whole() -> None:
    assert check_tilings(8, seed=1) <= 1e-5


@pytest.mark.soak
def test_fifty_tilings_of_each_of_four_pictures() -> None:
    for seed in range(2, 6):
        worst = check_tilings(50, seed)
        print(f"picture {seed}: largest difference {worst:.2g}")
        assert worst <= 1e-5


def test_a_halo_that_is_too_small_is_seen() -> None:
    package = dark_package()
    card = dataclasses.replace(package.card, halo=HALO - STRIDE)
    network, picture = load_network(package), spores((120, 160), 7)
    field = np.ones(picture.shape[:2], dtype=np.bool_)
    whole = picture_logits(network, card, picture, field)
    tiled = picture_logits(network, card, picture, field, tiling=Tiling(whole=0, core=32))
    assert float(np.abs(tiled - whole).max()) > 1e-5


@pytest.mark.parametrize("factor", [1.0, 0.6, 1.7])
def test_tiles_outside_the_field_are_not_looked_at_and_change_nothing_in_it(factor: float) -> None:
    package = dark_package()
    network, picture = load_network(package), spores((230, 300), 8)
    y, x = np.mgrid[:230, :300]
    field = np.hypot(y - 115, x - 150) < 112

    class Counted:
        calls = 0

        def logits(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> object:
            self.calls += 1
            return network.logits(pixels)

    counted = Counted()
    whole = picture_logits(network, package.card, picture, field, factor=factor)
    tiling = Tiling(whole=0, core=16)
    tiled = picture_logits(counted, package.card, picture, field, factor=factor, tiling=tiling)  # type: ignore[arg-type]
    every = int(np.ceil(223 * factor / 16)) ** 2
    assert counted.calls < every
    assert np.abs(tiled - whole)[:, field].max() <= 1e-5


def test_what_lies_outside_the_field_changes_no_logit_in_its_box() -> None:
    package = dark_package()
    network, picture = load_network(package), spores((120, 200), 9)
    field = np.zeros((120, 200), dtype=np.bool_)
    field[:, 60:140] = True
    other = picture.copy()
    other[:, :60] = 0
    first, second = (picture_logits(network, package.card, each, field) for each in (picture, other))
    assert np.array_equal(first, second)
    assert (first[0][~field] == -30).all()
