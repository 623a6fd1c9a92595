"""Looked at turned and mirrored, a picture gives logits and spores that turn with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.model.networks import dark_package, noise

from sporemetry.errors import SettingsError
from sporemetry.evaluation.overlaps import find_overlaps, match
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.model import TURNS, load_network, picture_logits
from sporemetry.model.evaluation import Tiling
from sporemetry.model.turns import mean_over_turns
from sporemetry.segmentation import ModelSettings, SegmentationSettings, segmenter

Array = NDArray[Any]
WAYS: dict[int, list[Callable[[Array], Array]]] = {
    4: [np.copy, np.flipud, np.fliplr, lambda each: np.rot90(each, 2)],
    8: [
        *(lambda each, quarters=quarters: np.rot90(each, quarters) for quarters in range(4)),
        *(lambda each, quarters=quarters: np.rot90(np.flipud(each), quarters) for quarters in range(4)),
    ],
}


@pytest.mark.parametrize("turns", [4, 8])
def test_each_way_is_shown_once(turns: int) -> None:
    seen = []
    numbers = np.arange(6.0, dtype=np.float32).reshape(1, 1, 2, 3)

    def look(made: NDArray[np.float32], field: NDArray[np.bool_]) -> NDArray[np.float32]:
        seen.append(made[0, 0])
        np.testing.assert_array_equal(field, made[0, 0] > 2)
        return np.asarray(made[0])

    back = mean_over_turns(look, numbers, numbers[0, 0] > 2, turns)
    np.testing.assert_array_equal(back, numbers[0])  # each look is brought back
    ways = [way(numbers[0, 0]) for way in WAYS[turns]]
    assert len(seen) == len(TURNS[turns]) == len(ways) == turns
    for way in ways:
        assert sum(np.array_equal(way, each) for each in seen) == 1


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from(sorted(WAYS)),
    st.integers(0, 7),
    st.sampled_from([0.5, 1.0, 1.3]),
    st.booleans(),
)
def test_logits_turn_with_the_picture(
    shape: tuple[int, int], turns: int, number: int, factor: float, tiled: bool
) -> None:
    package = dark_package()
    network, picture = load_network(package), noise(shape, 3)
    tiling = Tiling(whole=0, core=32) if tiled else None

    def logits(pixels: Array) -> NDArray[np.float32]:
        field = np.ones(pixels.shape[:2], dtype=np.bool_)
        return picture_logits(network, package.card, pixels, field, factor=factor, turns=turns, tiling=tiling)

    way = WAYS[turns][number % turns]
    expected = np.stack([way(each) for each in logits(picture)])
    found = logits(np.ascontiguousarray(way(picture)))
    # Resampling rounds grey values; those of the picture as it is are as they are.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 if factor == 1 else 0.2)


@pytest.mark.parametrize("turns", [0, 2, -8, True, 16])
def test_other_numbers_are_refused(turns: int) -> None:
    with pytest.raises(SettingsError, match="--turns: expected 1, 4 or 8"):
        ModelSettings(turns=turns)


def test_spores_of_real_looking_pictures_turn_with_them(repository: Path) -> None:
    find = segmenter("model", SegmentationSettings(), ModelSettings(turns=8))

    def labels(pixels: Array) -> NDArray[np.int32]:
        pixels = np.ascontiguousarray(pixels)
        return np.asarray(find.detect(find(pixels, find_field(pixels, "auto").mask)).labels)

    matched = spores = 0
    for path in sorted((repository / "examples" / "pictures").iterdir()):
        pixels = read_image(path).pixels
        upright = labels(pixels)
        for way in (WAYS[8][1], WAYS[8][4]):
            overlaps = find_overlaps(labels(way(pixels)), np.ascontiguousarray(way(upright)))
            matched += 2 * len(match(overlaps, 0.9))
            spores += len(overlaps.predicted.ids) + len(overlaps.truth.ids)
    assert spores > 1000
    assert matched >= 0.99 * spores
