"""The presets' populations against the real sets: what a network would learn about sizes and rarity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage, stats

from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.imbalance import measure_imbalance
from sporemetry.dataset.synthesis import find_preset, render
from sporemetry.dataset.synthesis.render import render_truth


def _population(preset: str, pictures: int) -> tuple[float, np.ndarray, float]:
    """Spores a picture, their areas and n_b / n_o."""
    counts, areas, background = [], [], 0
    for index in range(pictures):
        labels, spores = render_truth(preset, 0, index)
        counts.append(len(spores))
        areas.append(spores["area_px"].to_numpy())
        background += int(np.count_nonzero(labels == 0))
    joined = np.concatenate(areas)
    return float(np.mean(counts)), joined, background / float(joined.sum())


def test_truth_without_the_picture_is_that_of_the_picture() -> None:
    for preset in ("anthracnose", "nosema", "rice_blast"):
        whole = render(find_preset(preset), 3, 1)
        labels, spores = render_truth(preset, 3, 1)
        np.testing.assert_array_equal(labels, whole.labels)
        assert spores.equals(whole.spores)


@pytest.mark.real
@pytest.mark.parametrize("preset", ["anthracnose", "nosema"])
def test_sizes_and_rarity_are_the_real_ones(real_data: Path, preset: str) -> None:
    real = measure_imbalance(open_dataset(real_data / preset))
    spores, areas, ratio = _population(preset, 120)
    # 0.15, and the error of 120 pictures of unlike samples.
    assert stats.ks_2samp(areas, real.spores["area_px"]).statistic < 0.2
    assert real.ratio is not None
    # Pictures differ by half to all of their mean: 120 of them leave an error of 4 to 8 %.
    assert ratio == pytest.approx(real.ratio, rel=0.3)
    assert spores == pytest.approx(float(real.pictures["spores"].mean()), rel=0.25)


def _box_population(pictures: int) -> tuple[float, np.ndarray, float]:
    """Spores a picture of rice blast, the areas of their boxes, and background over the sum of these."""
    counts, areas, pixels = [], [], 0
    for index in range(pictures):
        labels, spores = render_truth("rice_blast", 0, index)
        counts.append(len(spores))
        areas.append(np.array([labels[box].size for box in ndimage.find_objects(labels)]))
        pixels += labels.size
    joined = np.concatenate(areas)
    return float(np.mean(counts)), joined, pixels / float(joined.sum()) - 1.0


@pytest.mark.real
def test_boxes_of_rice_blast_are_the_real_ones(real_data: Path) -> None:
    real = measure_imbalance(open_dataset(real_data / "rice_blast"))
    _, areas, _ = _box_population(5)
    assert stats.ks_2samp(areas, real.spores["area_px"]).statistic < 0.15


@pytest.mark.soak
@pytest.mark.real
def test_rarity_of_rice_blast_is_the_real_one(real_data: Path) -> None:
    real = measure_imbalance(open_dataset(real_data / "rice_blast"))
    own = real.spores["area_px"].to_numpy()
    spores, areas, ratio = _box_population(150)
    assert stats.ks_2samp(areas, own).statistic < 0.15
    # Pictures differ by half of their mean: 150 of them leave an error of 4 %.
    assert ratio == pytest.approx(14 * 2000 * 1125 / own.sum() - 1.0, rel=0.15)
    assert spores == pytest.approx(float(real.pictures["spores"].mean()), rel=0.12)


@pytest.mark.soak
@pytest.mark.real
@pytest.mark.parametrize("preset", ["anthracnose", "nosema"])
def test_at_the_scale_of_the_paper(real_data: Path, preset: str) -> None:
    """1,600 pictures: distance of areas below 0.15, n_b / n_o within 15 % of the real set's."""
    real = measure_imbalance(open_dataset(real_data / preset))
    spores, areas, ratio = _population(preset, 1600)
    assert stats.ks_2samp(areas, real.spores["area_px"]).statistic < 0.15
    assert real.ratio is not None
    assert ratio == pytest.approx(real.ratio, rel=0.15)
    assert spores == pytest.approx(float(real.pictures["spores"].mean()), rel=0.1)
    if preset == "anthracnose":  # the stand-in for the paper's set
        assert ratio == pytest.approx(200, rel=0.05)
