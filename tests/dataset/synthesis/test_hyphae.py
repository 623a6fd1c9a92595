"""Hyphae: widths that differ, against distances found by brute force; how many, how dark, how alike."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.debris import Thread
from sporemetry.dataset.synthesis.draws import fixed
from sporemetry.dataset.synthesis.hyphae import Hypha, Hyphae, Tapered, grow_hypha, stamp_hyphae
from sporemetry.dataset.synthesis.optics import Look, grey

PIECES = np.array([[20.0, 10.0, 25.0, 30.0], [25.0, 30.0, 18.0, 50.0]])
PLAIN = Hypha(
    length_um=fixed(80.0),
    width_um=fixed(8.0),
    look=Look(body=grey(0.5)),
    waviness=0.0,
    taper=0.0,
    rough=0.0,
    patchy=0.0,
    cell_um=fixed(1000.0),
)
KIND = Hyphae(name="hyphae", per_mm2=200.0, hypha=PLAIN)


def grown(kind: Hypha, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    canvas = Canvas((60, 120), 1, Lens(1.0, (30.0, 60.0)))
    grow_hypha(canvas, kind, (30.0, 20.0), 0.0, np.random.default_rng(seed))
    return np.asarray(canvas.transmission[0])


def test_of_one_width_it_is_a_thread() -> None:
    y, x = np.arange(40.0)[:, None], np.arange(60.0)[None, :]
    tapered = Tapered(PIECES, np.full((2, 2), 2.0), 6.0)
    thread = Thread(PIECES, 4.0, 6.0)
    np.testing.assert_allclose(tapered.distance(y, x), thread.distance(y, x), atol=1e-12)
    assert tapered.bounds() == thread.bounds()


def test_distances_are_those_of_many_circles() -> None:
    halves = np.array([[3.0, 2.5], [2.5, 1.0]])
    y, x = np.arange(40.0)[:, None], np.arange(60.0)[None, :]
    found = Tapered(PIECES, halves, 8.0).distance(y, x)
    expected = np.full(found.shape, 8.0)
    for (y0, x0, y1, x1), (foot, tip) in zip(PIECES, halves, strict=True):
        for share in np.linspace(0.0, 1.0, 400):
            away = np.hypot(y - y0 - share * (y1 - y0), x - x0 - share * (x1 - x0))
            expected = np.minimum(expected, away - foot - share * (tip - foot))
    # 400 circles a piece leave out 0.03; and the nearest point of the axis is not quite that of the nearest
    # circle: by the square of the slope (1.5 in 21) over 2, times the distance of up to 11.
    assert np.abs(found - expected).max() < 0.06


def test_thinner_towards_the_tip() -> None:
    dark = grown(replace(PLAIN, taper=0.7)) < 0.75
    widths = dark.sum(axis=0)
    assert widths[25] == pytest.approx(8, abs=1)
    # Three quarters along, the width is 8 (1 - 0.7 x 0.75^1.5).
    assert widths[80] == pytest.approx(8 * (1 - 0.7 * 0.75**1.5), abs=1)
    assert widths[110:].sum() == 0


def test_rough_hyphae_have_no_even_width_and_smooth_ones_do() -> None:
    def spread(rough: float) -> float:
        dark = 1.0 - grown(replace(PLAIN, rough=rough)).astype(np.float64)
        return float(dark.sum(axis=0)[30:90].std())

    assert spread(0.0) < 0.01
    assert spread(0.25) > 0.2


def test_cells_differ_in_darkness_and_overlap_at_their_walls() -> None:
    row = grown(replace(PLAIN, cell_um=fixed(15.0)))[30, 25:95]
    assert row[5] == pytest.approx(0.5, abs=1e-3)
    assert row.min() == pytest.approx(0.25, abs=0.02)  # two cells over each other
    unlike = grown(replace(PLAIN, cell_um=fixed(15.0), patchy=0.4))[30, 25:95]
    assert np.unique(unlike.round(3)).size > 4


def test_kinks_turn_a_straight_hypha() -> None:
    assert (grown(PLAIN)[:20] == 1.0).all()
    bent = [
        (np.argwhere(grown(replace(PLAIN, kinks=0.3), seed) < 0.75)[:, 0] != 30).mean() for seed in range(5)
    ]
    rows = [np.ptp(np.argwhere(grown(replace(PLAIN, kinks=0.3), seed) < 0.75)[:, 0]) for seed in range(5)]
    assert max(rows) > 15
    assert all(bent)


def test_branches_add_to_it() -> None:
    lone, branched = grown(PLAIN), grown(replace(PLAIN, branches=6.0))
    assert (branched <= lone + 1e-6).all()
    assert (branched < 0.75).sum() > (lone < 0.75).sum() + 50


def scattered(kind: Hyphae, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    canvas = Canvas((200, 200), 3, Lens(1.0, (100.0, 100.0)))
    stamp_hyphae(canvas, kind, np.random.default_rng(seed))
    return canvas.transmission


def test_none_for_a_density_of_nothing_and_the_same_for_the_same_numbers() -> None:
    assert (scattered(replace(KIND, per_mm2=0.0)) == 1.0).all()
    varied = replace(KIND, variation=0.5, per_cluster=2.0, cluster_um=10.0, aligned=0.3)
    assert np.array_equal(scattered(varied, 3), scattered(varied, 3))
    assert not np.array_equal(scattered(varied, 3), scattered(varied, 4))


@given(seed=st.integers(0, 10**6), length=st.floats(0, 900), width=st.floats(0, 9), step=st.floats(0.5, 9))
def test_whatever_the_sizes(seed: int, length: float, width: float, step: float) -> None:
    kind = replace(
        PLAIN,
        length_um=fixed(length),
        width_um=fixed(width),
        step_um=step,
        rough=0.5,
        taper=1.0,
        kinks=0.2,
        branches=1.0,
        patchy=1.0,
        cell_um=fixed(5.0),
    )
    values = grown(kind, seed)
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1.0


def one_direction(aligned: float, seed: int) -> float:
    """How much of the contours runs in one direction: 0 for all directions alike, 1 for parallel lines."""
    kind = replace(KIND, per_mm2=160.0, per_cluster=8.0, cluster_um=30.0, aligned=aligned)
    down, right = np.gradient(scattered(kind, seed)[0].astype(np.float64))
    both = float((down * right).mean())
    tensor = np.array([[(down * down).mean(), both], [both, (right * right).mean()]])
    low, high = np.linalg.eigvalsh(tensor)
    return float(1.0 - low / high) if high > 0 else math.nan


def test_headings_of_a_cluster_are_alike_where_they_are_aligned() -> None:
    parallel, crossed = (
        np.nanmedian([one_direction(aligned, seed) for seed in range(12)]) for aligned in (0.0, math.pi)
    )
    assert parallel > 0.6
    assert parallel > crossed + 0.15
