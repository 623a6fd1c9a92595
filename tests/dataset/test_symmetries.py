"""The eight symmetries form the group of the square; points and boxes go where their pixels go."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sporemetry.dataset.symmetries import (
    SYMMETRIES,
    apply,
    apply_to_boxes,
    apply_to_fractions,
    apply_to_points,
    compose,
    copy_name,
    inverse,
    source_name,
)
from sporemetry.errors import SettingsError

PICTURE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def test_there_are_eight_different_ones() -> None:
    square = np.arange(9).reshape(3, 3)
    assert len({apply(name, square).tobytes() for name in SYMMETRIES}) == len(SYMMETRIES) == 8
    np.testing.assert_array_equal(apply("identity", PICTURE), PICTURE)


@pytest.mark.parametrize(("first", "second"), list(product(SYMMETRIES, SYMMETRIES)))
def test_one_after_the_other_is_one_of_them(first: str, second: str) -> None:
    np.testing.assert_array_equal(
        apply(second, apply(first, PICTURE)), apply(compose(second, first), PICTURE)
    )


@pytest.mark.parametrize("name", SYMMETRIES)
def test_the_inverse_undoes_it(name: str) -> None:
    assert compose(inverse(name), name) == "identity"
    np.testing.assert_array_equal(apply(inverse(name), apply(name, PICTURE)), PICTURE)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_points_follow_their_pixels(name: str) -> None:
    for row, column in product(range(5), range(7)):
        mask = np.zeros((5, 7), dtype=bool)
        mask[row, column] = True
        moved = apply_to_points(name, np.array([[column + 0.5, row + 0.5]]), (5, 7))
        (there,) = np.argwhere(apply(name, mask))
        np.testing.assert_allclose(moved, [[there[1] + 0.5, there[0] + 0.5]])
    assert apply_to_points(name, np.zeros((0, 2)), (5, 7)).shape == (0, 2)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_boxes_follow_their_pixels(name: str) -> None:
    mask = np.zeros((5, 7), dtype=bool)
    mask[1:3, 2:6] = True
    rows, columns = np.nonzero(apply(name, mask))
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(apply_to_boxes(name, np.array([[2.0, 1.0, 6.0, 3.0]]), (5, 7)), [box])
    fractions = apply_to_fractions(name, np.array([[4 / 7, 2 / 5, 4 / 7, 2 / 5]]))
    height, width = apply(name, mask).shape
    x, y, w, h = (fractions * [width, height, width, height])[0]
    np.testing.assert_allclose([x - w / 2, y - h / 2, x + w / 2, y + h / 2], box)


def test_nothing_is_copied() -> None:
    assert all(np.shares_memory(apply(name, PICTURE), PICTURE) for name in SYMMETRIES)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_names_of_copies_lead_back(name: str) -> None:
    assert source_name(copy_name("plot 3/leaf7_1", name)) == "plot 3/leaf7_1"


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(SettingsError, match="flip-rot90"):
        apply("upside-down", PICTURE)
