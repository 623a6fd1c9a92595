"""Rings and weights by hand, and pooled imbalance of the real sets as counted independently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from sporemetry.dataset.folder import open_dataset, read_item_labels
from sporemetry.dataset.imbalance.neighbours import border_distances, gaps
from sporemetry.dataset.imbalance.rings import ring_pixels
from sporemetry.dataset.imbalance.weights import loss_weights


def test_rings_are_what_dilation_adds() -> None:
    spore = np.random.default_rng(3).random((40, 50)) < 0.02
    ignore = np.random.default_rng(4).random((40, 50)) < 0.1
    rings = ring_pixels(spore, 4, ignore)
    free = ~spore & ~ignore
    y, x = np.mgrid[-4:5, -4:5]
    for radius in range(1, 5):
        cross = ((y == 0) & (abs(x) <= radius)) | ((x == 0) & (abs(y) <= radius))
        for shape, element in (("cross", cross), ("disc", y**2 + x**2 <= radius**2)):
            grown = ndimage.binary_dilation(spore & ~ignore, element)
            assert rings[shape][radius - 1] == np.count_nonzero(grown & free), (shape, radius)


def test_balancing_gives_both_classes_half_of_the_loss() -> None:
    table = loss_weights(100, 20_000, 50, (1.0, 2.0)).set_index(["loss", "beta"])
    balanced = table.xs("BCE_A", level="loss").iloc[0]
    assert balanced["spore_share"] == pytest.approx(0.5)
    assert table.loc[("CFL", 1.0), "spore_share"] == pytest.approx(0.5)
    assert table.loc[("CFL", 2.0), "spore_weight"] == pytest.approx(200**0.5)
    assert table.loc[("CFL*", 2.0), "ring_weight"] == pytest.approx(200**0.5)
    assert len(loss_weights(0, 20_000, 0, (2.0,))) == 0


def test_gap_between_neighbours() -> None:
    points, owner = np.array([[0, 0], [0, 1], [0, 4], [9, 4]]), np.array([0, 0, 1, 2])
    distance = border_distances(points, owner, 3)
    assert distance.tolist() == [3.0, 3.0, 9.0]
    gap, touches = gaps(distance)
    assert gap.tolist() == [2.0, 2.0, 8.0]
    assert not touches.any()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "pictures", "ratio"),
    [("anthracnose", ("1", "10"), "122.99"), ("anthracnose", (), "172.71"), ("nosema", (), "187.64")],
)
def test_pooled_ratio_of_real_sets(real_data: Path, name: str, pictures: tuple[str, ...], ratio: str) -> None:
    items = open_dataset(real_data / name).labelled
    labels = [read_item_labels(item).labels for item in items if not pictures or item.name in pictures]
    spore = sum(int(np.count_nonzero(each)) for each in labels)
    assert f"{(sum(each.size for each in labels) - spore) / spore:.2f}" == ratio
