"""Rendered data sets on the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sporemetry.dataset.folder import open_dataset, read_item_labels
from sporemetry.dataset.synthesis import Preset, RenderedPictures, find_preset, render
from sporemetry.dataset.synthesize import synthesize
from sporemetry.errors import OutputError, SettingsError
from sporemetry.image import read_image


def small(name: str = "anthracnose") -> Preset:
    return replace(find_preset(name), height=270, width=480)


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.mark.parametrize("name", ["anthracnose", "nosema", "rice_blast"])
def test_files_hold_what_the_renderer_gives(tmp_path: Path, name: str) -> None:
    preset = small(name)
    synthesize(preset, tmp_path, pictures=2, seed=5, workers=0)
    dataset = open_dataset(tmp_path)
    assert len(dataset.labelled) == 2
    assert len({item.group for item in dataset.items}) == 2
    assert dataset.card.um_per_px == preset.um_per_px
    for index, item in enumerate(dataset.items):
        expected = render(preset, 5, index)
        read = read_item_labels(item)
        np.testing.assert_array_equal(read.labels, expected.labels)
        assert read.um_per_px == pytest.approx(preset.um_per_px, rel=1e-4)
        pixels = read_image(item.image).pixels
        assert np.abs(pixels.astype(int) - expected.pixels.astype(int)).max() <= 2  # JPEG libraries differ
        table = pd.read_csv(tmp_path / "spores" / f"{item.name}.csv")
        assert table["area_px"].tolist() == expected.spores["area_px"].tolist()


def test_workers_and_interruptions_change_no_byte(tmp_path: Path) -> None:
    preset = small("nosema")
    synthesize(preset, tmp_path / "a", pictures=4, seed=1, workers=0)
    synthesize(preset, tmp_path / "b", pictures=2, seed=1, workers=2)
    next((tmp_path / "b" / "labels").iterdir()).unlink()
    result = synthesize(preset, tmp_path / "b", pictures=4, seed=1, workers=2)
    assert (result.pictures, result.kept) == (4, 1)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_progress_ends_at_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    on_progress: Callable[[int, int], None] = lambda done, total: seen.append((done, total))  # noqa: E731
    synthesize(small(), tmp_path, pictures=2, workers=0, on_progress=on_progress)
    assert seen == [(1, 2), (2, 2)]


def test_another_synthesis_is_not_mixed_in(tmp_path: Path) -> None:
    synthesize(small(), tmp_path, pictures=1, seed=1, workers=0)
    before = content(tmp_path)
    with pytest.raises(SettingsError, match="another synthesis"):
        synthesize(small(), tmp_path, pictures=1, seed=2, workers=0)
    assert content(tmp_path) == before


def test_bad_settings(tmp_path: Path) -> None:
    for pictures, seed in ((0, 0), (1, -1), (2_000_000, 0)):
        with pytest.raises(SettingsError):
            synthesize("nosema", tmp_path, pictures=pictures, seed=seed)
    with pytest.raises(SettingsError, match="one of"):
        synthesize("truffles", tmp_path, pictures=1)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        synthesize("nosema", tmp_path / "file", pictures=1)


def test_the_source_is_endless_and_indexed() -> None:
    source = RenderedPictures(preset=small(), seed=9, first=3)
    for number, rendered in enumerate(islice(source, 2), start=3):
        np.testing.assert_array_equal(rendered.pixels, source[number].pixels)
