"""The eight symmetries form the group of the square, and points go where their pixels go."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from sporemetry.dataset.folder import DatasetItem
from sporemetry.dataset.symmetries import SYMMETRIES, Augmented, Symmetry, find_symmetry
from sporemetry.errors import SettingsError

ALL = list(SYMMETRIES.values())
PICTURE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def test_there_are_eight_different_ones() -> None:
    square = np.arange(9).reshape(3, 3)
    assert len({symmetry.apply(square).tobytes() for symmetry in ALL}) == len(ALL) == 8
    np.testing.assert_array_equal(SYMMETRIES["identity"].apply(PICTURE), PICTURE)


@pytest.mark.parametrize(("first", "second"), list(product(ALL, ALL)))
def test_one_after_the_other_is_one_of_them(first: Symmetry, second: Symmetry) -> None:
    np.testing.assert_array_equal(second.apply(first.apply(PICTURE)), first.then(second).apply(PICTURE))


@pytest.mark.parametrize("symmetry", ALL)
def test_the_inverse_undoes_it(symmetry: Symmetry) -> None:
    assert symmetry.then(symmetry.inverse).name == "identity"
    np.testing.assert_array_equal(symmetry.inverse.apply(symmetry.apply(PICTURE)), PICTURE)


@pytest.mark.parametrize("symmetry", ALL)
def test_points_follow_their_pixels(symmetry: Symmetry) -> None:
    for y, x in product(range(5), range(7)):
        mask = np.zeros((5, 7), dtype=bool)
        mask[y, x] = True
        moved = symmetry.apply_to_points(np.array([(y, x)], dtype=float), mask.shape)
        np.testing.assert_array_equal(np.argwhere(symmetry.apply(mask)), moved)
    assert symmetry.apply_to_points(np.zeros((0, 2)), (5, 7)).shape == (0, 2)


def test_nothing_is_copied() -> None:
    assert all(np.shares_memory(symmetry.apply(PICTURE), PICTURE) for symmetry in ALL)


def test_entries_keep_the_group_of_their_item() -> None:
    items = [
        DatasetItem(name=f"{g}_{k}", group=g, image=Path(f"{g}_{k}.png")) for g in "ab" for k in range(3)
    ]
    augmented = Augmented(items)
    assert len(augmented) == 48
    assert [(item.name, symmetry.name) for item, symmetry in augmented] == [
        (item.name, name) for item in items for name in SYMMETRIES
    ]
    with pytest.raises(IndexError):
        augmented[48]
    assert len(Augmented([])) == 0


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(SettingsError, match="mirror-rot90"):
        find_symmetry("upside-down")
