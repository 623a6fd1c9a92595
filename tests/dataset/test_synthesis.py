"""Whole pictures: reproducible, and true to their tables."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.dataset.synthesis import PRESETS, Preset, Rendered, find_preset, render
from sporemetry.dataset.synthesis.scene import Spore
from sporemetry.dataset.synthesis.shapes import Outline, capsule_mask
from sporemetry.dataset.synthesis.truth import COLUMNS, settle
from sporemetry.errors import SettingsError

names = st.sampled_from(sorted(PRESETS))


def small(name: str, height: int = 160, width: int = 240, **population: object) -> Preset:
    """A preset at a size that renders in a moment, with as many spores a picture as asked for."""
    preset = find_preset(name)
    return replace(
        preset,
        height=height,
        width=width,
        population=replace(preset.population, **population),  # type: ignore[arg-type]
    )


def crowded(name: str) -> Preset:
    """About thirty spores in a small picture, most of them in touching groups."""
    preset = small(name, group_share=0.8, variation=0.0)
    area_mm2 = 160 * 240 * preset.um_per_px**2 * 1e-6
    return replace(preset, population=replace(preset.population, per_mm2=18 / area_mm2), eyepiece=None)


def same(first: Rendered, second: Rendered) -> bool:
    return (
        first.pixels.tobytes() == second.pixels.tobytes()
        and first.labels.tobytes() == second.labels.tobytes()
        and first.field.tobytes() == second.field.tobytes()
        and first.spores.equals(second.spores)
    )


def in_outline(row: pd.Series, um_per_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels inside the outline that a row of the table describes."""
    outline = Outline(
        row["kind"],
        row["y_px"],
        row["x_px"],
        row["length_um"] / um_per_px,
        row["width_um"] / um_per_px,
        math.radians(row["angle_deg"]),
    )
    y, x = np.arange(shape[0], dtype=float)[:, None], np.arange(shape[1], dtype=float)[None, :]
    return np.asarray(outline.distance(y, x) <= 1e-9)


def leaves_picture(row: pd.Series, um_per_px: float, shape: tuple[int, int]) -> bool:
    """Whether pixel centres inside a row's outline lie outside the picture."""
    pad = math.ceil(row["length_um"] / um_per_px)
    shifted = row.copy()
    shifted["y_px"] += pad
    shifted["x_px"] += pad
    whole = in_outline(shifted, um_per_px, (shape[0] + 2 * pad, shape[1] + 2 * pad))
    return bool(whole.sum() > whole[pad:-pad, pad:-pad].sum())


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_same_arguments_give_the_same_bytes(name: str) -> None:
    preset = small(name)
    first = render(preset, 5, 2)
    render(preset, 6, 0)  # what is rendered in between does not matter
    assert same(first, render(preset, 5, 2))
    assert not np.array_equal(first.pixels, render(preset, 5, 3).pixels)
    assert not np.array_equal(first.pixels, render(preset, 6, 2).pixels)


def test_workers_do_not_matter() -> None:
    preset = small("rice_blast", 96, 128)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(render, preset, 1, index) for index in (3, 0, 1, 2)]
        parallel = [future.result() for future in futures]
    for index, rendered in zip((3, 0, 1, 2), parallel, strict=True):
        assert same(rendered, render(preset, 1, index))


@given(names, st.integers(0, 2**63), st.integers(0, 10**6), st.integers(1, 200), st.integers(1, 200))
@settings(deadline=None, max_examples=25)
def test_every_picture_agrees_with_its_table(
    name: str, seed: int, index: int, height: int, width: int
) -> None:
    preset = small(name, height, width, per_mm2=2000.0 if name != "rice_blast" else 600.0)
    rendered = render(preset, seed, index)
    assert rendered.pixels.shape == (height, width, 3)
    assert rendered.pixels.dtype == np.uint8
    assert rendered.labels.shape == (height, width)
    assert rendered.labels.dtype == np.int32
    check_labels(rendered)


def check_labels(rendered: Rendered) -> None:
    labels, table = rendered.labels, rendered.spores
    assert table["label"].tolist() == list(range(1, len(table) + 1))
    assert list(table.columns) == list(COLUMNS)
    found = np.unique(labels)
    assert found[found > 0].tolist() == table["label"].tolist()
    firsts = [int(np.flatnonzero(labels.ravel() == label)[0]) for label in table["label"]]
    assert firsts == sorted(firsts)
    for _, row in table.iterrows():
        own = labels == row["label"]
        assert ndimage.label(own)[1] == 1
        assert own.sum() == row["area_px"]
        assert not (own & ~in_outline(row, rendered.um_per_px, labels.shape)).any()
        assert not (own & ~rendered.field).any()
        assert row["cut_by_border"] == leaves_picture(row, rendered.um_per_px, labels.shape)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_labels_are_the_pixels_inside_the_outlines(name: str) -> None:
    rendered = render(crowded(name), 3, 1)
    assert len(rendered.spores) >= 10
    check_labels(rendered)
    covered = np.zeros(rendered.labels.shape, dtype=bool)
    for _, row in rendered.spores.iterrows():
        covered |= in_outline(row, rendered.um_per_px, rendered.labels.shape)
    # Beyond the labels there may be the odd pixel that the raster parts from a pointed tip, and no more.
    assert np.count_nonzero(covered & (rendered.labels == 0)) <= len(rendered.spores)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_groups_touch_and_the_table_says_so(name: str) -> None:
    rendered = render(crowded(name), 9, 0)
    table = rendered.spores
    group = dict(zip(table["label"], table["touching_group"], strict=True))
    assert np.mean([number > 0 for number in group.values()]) > 0.5
    touching = ndimage.label(rendered.labels > 0, structure=np.ones((3, 3)))[0]
    for label, number in group.items():
        component = np.unique(touching[rendered.labels == label])
        assert len(component) == 1
        mates = set(np.unique(rendered.labels[touching == component[0]])) - {0}
        assert mates == ({label} if number == 0 else {other for other, its in group.items() if its == number})


def test_size_in_pixels_follows_from_the_area_in_um2() -> None:
    preset = small("anthracnose", 200, 260, group_share=0.0, variation=0.0)
    preset = replace(preset, um_per_px=0.05, eyepiece=None, bodies=(), threads=())  # spores 270 px long
    population = replace(preset.population, per_mm2=8000.0, kinds=(("capsule", 1.0),))
    rendered = render(replace(preset, height=1200, width=1200, population=population), 2, 0)
    whole = rendered.spores[rendered.spores["visible_share"] == 1.0]
    assert len(whole) >= 5
    area = (whole["length_um"] - whole["width_um"]) * whole["width_um"] + math.pi * whole["width_um"] ** 2 / 4
    np.testing.assert_allclose(whole["area_px"] * 0.05**2, area, rtol=0.01)
    np.testing.assert_allclose(whole["area_um2"], area, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_no_spores_is_a_picture_with_an_empty_table(name: str) -> None:
    rendered = render(small(name, per_mm2=0.0), 1, 0)
    assert not rendered.labels.any()
    assert len(rendered.spores) == 0
    assert list(rendered.spores.columns) == list(COLUMNS)
    assert rendered.pixels.std() > 0.5


def test_eyepiece_is_bright_inside_and_dark_outside() -> None:
    rendered = render(small("anthracnose", 270, 480), 4, 0)
    grey = rendered.pixels.mean(axis=2)
    inner = ndimage.binary_erosion(rendered.field, iterations=6)
    outer = ~ndimage.binary_dilation(rendered.field, iterations=6)
    assert np.median(grey[inner]) > 190
    assert np.percentile(grey[outer], 99) < 70
    assert render(small("nosema"), 4, 0).field.all()


@pytest.mark.parametrize(
    ("name", "bright_core"), [("anthracnose", False), ("nosema", True), ("rice_blast", False)]
)
def test_spores_can_be_seen(name: str, bright_core: bool) -> None:
    slide = replace(crowded(name), bodies=(), threads=(), flocks=(), textured=(), sample=None)
    rendered = render(replace(slide, ruling=None, engraving=None, chamber=None, clumps=None), 1, 4)
    grey = rendered.pixels.mean(axis=2)
    background = np.median(grey[rendered.labels == 0])
    depth = ndimage.distance_transform_edt(rendered.labels > 0)
    rim = grey[(depth > 1) & (depth <= 3)].mean()
    core = np.median(grey[depth >= 5])  # the spores are 12 to 17 px wide
    assert rim < 0.95 * background
    assert bool(core > 1.1 * background) == bright_core


def spore(y: float, x: float, *, length: float = 20.0, width: float = 8.0, angle: float = 0.0) -> Spore:
    return Spore(Outline("capsule", y, x, length, width, angle), 0.0, 1.0)


def test_the_upper_spore_owns_the_overlap() -> None:
    lower, upper = spore(20, 20), spore(20, 36)
    kept, labels, table = settle([lower, upper], (40, 60), 1.0)
    assert kept == [lower, upper]
    assert labels[20, 28] == labels[20, 40]  # both outlines hold this pixel
    first, second = (capsule_mask((40, 60), (20, x), 20.0, 8.0, 0.0) for x in (20, 36))
    assert np.array_equal(labels == 2, second)
    assert np.array_equal(labels == 1, first & ~second)
    assert table["visible_share"].tolist() == [(first & ~second).sum() / first.sum(), 1.0]
    assert table["touching_group"].tolist() == [1, 1]


def test_a_spore_cut_in_two_or_mostly_hidden_leaves_the_scene() -> None:
    crossed, across = spore(30, 30, length=40), spore(30, 30, length=40, angle=math.pi / 2)
    kept, labels, _ = settle([crossed, across], (60, 60), 1.0)
    assert kept == [across]
    assert labels.max() == 1
    assert labels[30, 12] == 0
    covered, cover = spore(20, 20), spore(21, 21, length=24, width=12)
    assert settle([covered, cover], (40, 40), 1.0)[0] == [cover]


def test_cuts_are_flagged() -> None:
    field = np.zeros((40, 60), dtype=bool)
    field[:, :45] = True
    spores = [spore(0, 20), spore(20, 20), spore(20, 44)]
    _, _, table = settle(spores, (40, 60), 1.0, field=field)
    assert table["cut_by_border"].tolist() == [True, False, False]
    assert table["cut_by_field"].tolist() == [False, False, True]
    assert table["visible_share"].tolist() == [
        pytest.approx(0.55, abs=0.07),
        1.0,
        pytest.approx(0.55, abs=0.07),
    ]
    assert (settle(spores, (40, 60), 1.0, hidden=~field)[1][:, 45:] == 0).all()


def test_a_spore_wholly_outside_is_no_spore() -> None:
    kept, labels, table = settle([spore(-40, 20), spore(20, 200)], (40, 60), 1.0)
    assert kept == []
    assert not labels.any()
    assert table.empty


def test_unusable_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="anthracnose, nosema, rice_blast"):
        render("pollen", 0)
    with pytest.raises(SettingsError):
        render("nosema", -1)
    with pytest.raises(SettingsError):
        small("nosema", 0, 10)
    with pytest.raises(SettingsError):
        render(replace(small("nosema", 1000, 1000, per_mm2=1e9), sample=None), 0)
    with pytest.raises(SettingsError):
        small("nosema", kinds=(("capsule", 0.5),))
