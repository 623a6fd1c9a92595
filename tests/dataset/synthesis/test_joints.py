"""Worn lines and their joints: where light is added, how far a line strays, what stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.draws import fixed
from sporemetry.dataset.synthesis.joints import Mitre, Wear, stamp_mitres, wear_lines

UPRIGHT, LEVEL = ((60.0, 20.0),), ((40.0, 20.0),)
MITRE = Mitre(bright=fixed(0.4), inwards=fixed(0.6), breadth_um=fixed(0.8))


def canvas(channels: int = 3) -> Canvas:
    return Canvas((81, 121), channels, Lens(1.0, (40.0, 60.0)))


def mitred(
    mitre: Mitre = MITRE, bare: float = 0.0, channels: int = 3
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    made = canvas(channels)
    stamp_mitres(made, UPRIGHT, LEVEL, mitre, np.random.default_rng(0), bare=bare)
    return made.transmission


def striped(column: int = 60) -> Canvas:
    """A canvas with one dark line of three pixels that runs down."""
    made = Canvas((400, 121), 1, Lens(1.0, (200.0, 60.0)))
    made.transmission[:, :, column - 1 : column + 2] = 0.4
    return made


def test_bright_along_the_diagonal_and_dark_beside_it() -> None:
    green = mitred()[1]
    # The corner of the crossing lies at (30, 50); 3 µm inwards of it the line has its full height. The dark
    # lines beside it are 2.4 breadths away and take 0.4 of it at most; here, by their tail.
    middle = 1.0 + 0.4 * (1.0 - 0.4 * np.exp(-0.5 * 2.4**2))
    assert green[33, 53] == pytest.approx(middle, abs=1e-6)
    assert green[32, 54] < 1.0
    assert green[34, 52] < 1.0


def test_as_far_as_it_reaches_and_no_farther() -> None:
    changed = np.argwhere(np.abs(mitred()[1] - 1.0) > 1e-6)
    assert (np.abs(changed - (40, 60)).max(axis=1) >= 2).all()
    assert (np.abs(changed - (40, 60)).max(axis=1) <= 15).all()
    assert mitred()[1][40, 60] == 1.0


def test_the_four_corners_are_alike() -> None:
    green = mitred()[1][20:61, 40:81]
    np.testing.assert_array_equal(green, green[::-1])
    np.testing.assert_array_equal(green, green[:, ::-1])
    np.testing.assert_array_equal(green, green.T)


@pytest.mark.parametrize("bare", [1.0, -1.0])
def test_a_line_that_ends_at_the_main_one_has_two_corners(bare: float) -> None:
    changed = mitred(bare=bare)[0] != 1.0
    lined, empty = (changed[:, 61:], changed[:, :60])[:: int(bare)]
    assert lined.any()
    assert not empty.any()


def test_colours_are_brightened_by_their_shares_and_a_grey_canvas_by_the_first() -> None:
    coloured = Mitre(bright=fixed(0.4), inwards=fixed(0.6), breadth_um=fixed(0.8), colour=(1.0, 0.5, 0.0))
    red, green, blue = mitred(coloured)
    np.testing.assert_allclose(green - 1.0, 0.5 * (red - 1.0), atol=1e-6)
    assert (blue == 1.0).all()
    assert np.array_equal(mitred(coloured, channels=1)[0], red)


def test_neither_mitre_nor_wear_without_settings() -> None:
    assert (mitred(Mitre()) == 1.0).all()
    straight, worn = striped(), striped()
    wear_lines(worn, ((60.0, 3.0),), Wear(), np.random.default_rng(0), down=True)
    assert np.array_equal(straight.transmission, worn.transmission)


def test_lines_stray_by_as_much_as_is_set() -> None:
    middles = []
    for seed in range(8):
        made = striped()
        wear = Wear(waver_um=0.7, waver_size_um=4.0)
        wear_lines(made, ((60.0, 3.0),), wear, np.random.default_rng(seed), down=True)
        taken = 1.0 - made.transmission[0].astype(np.float64)
        # Nothing of what a row takes is lost; its middle moves with the row.
        np.testing.assert_allclose(taken.sum(axis=1), 1.8, rtol=1e-5)
        middles.append((taken * np.arange(121)).sum(axis=1) / taken.sum(axis=1))
    assert np.std(middles) == pytest.approx(0.7, rel=0.15)
    assert np.mean(middles) == pytest.approx(60.0, abs=0.2)


def test_rough_lines_are_deep_here_and_shallow_there() -> None:
    made = striped()
    wear_lines(made, ((60.0, 3.0),), Wear(rough=0.2), np.random.default_rng(3), down=True)
    depth = 1.0 - made.transmission[0, :, 60]
    assert depth.std() / depth.mean() == pytest.approx(0.2, rel=0.25)
    assert depth.mean() == pytest.approx(0.6, rel=0.1)


@given(place=st.floats(-30, 160), seed=st.integers(0, 50), down=st.booleans())
def test_wear_changes_the_strip_around_a_line_alone(place: float, seed: int, down: bool) -> None:
    made = canvas()
    made.transmission[...] = np.random.default_rng(1).uniform(0.2, 1.3, made.transmission.shape)
    before = made.transmission.copy()
    wear = Wear(waver_um=2.0, rough=0.5)
    wear_lines(made, ((place, 6.0),), wear, np.random.default_rng(seed), down=down)
    across = np.arange(121 if down else 81)
    outside = np.abs(across - place) > 3.0 + 12.0
    kept = (slice(None), slice(None), outside) if down else (slice(None), outside)
    assert np.array_equal(made.transmission[kept], before[kept])
    assert made.transmission.min() > 0
    assert np.isfinite(made.transmission).all()
