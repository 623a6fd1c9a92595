"""Hard pixels: counted by hand, over a run's steps, and on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training.training_runs import write_dataset

from sporemetry.errors import SettingsError
from sporemetry.storage import TEMPORARY_PREFIX
from sporemetry.training.hard_examples import HardPixels, count_hard_pixels, own_class_probability
from sporemetry.training.hard_report import COLUMNS, HardSettings, draw_map, write_hard_examples
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, train


def test_counted_by_hand() -> None:
    target = np.zeros((7, 9), dtype=np.uint8)
    target[3, 4] = 1
    target[0, 0] = 255
    probability = np.zeros((7, 9))
    probability[3, 4] = 0.3  # a spore pixel, hard at 0.5 only
    probability[3, 6] = 0.9  # in the ring, hard at both
    probability[5, 6] = 0.6  # not in the cross of radius 3: off its arms
    probability[0, 0] = 1.0  # ignored
    own = own_class_probability(probability, target)
    at_half, at_quarter = count_hard_pixels(own, target)
    assert at_half == HardPixels(threshold=0.5, pixels=62, hard=3, spore=1, ring=1)
    assert at_quarter == HardPixels(threshold=0.25, pixels=62, hard=1, spore=0, ring=1)
    assert at_half.either_share == pytest.approx(2 / 3)
    disc = count_hard_pixels(own, target, thresholds=(0.5,), shape="disc")[0]
    assert disc.ring == 2


@given(st.integers(0, 2**32 - 1))
def test_counts_agree_with_plain_loops_and_add_up(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 9, 2))
    target = generator.choice([0, 1, 255], size=shape, p=[0.7, 0.2, 0.1]).astype(np.uint8)
    probability = generator.random(shape)
    radius = int(generator.integers(0, 4))
    own = own_class_probability(probability, target)
    found = count_hard_pixels(own, target, thresholds=(0.4,), radius=radius)[0]
    expected = {"hard": 0, "spore": 0, "ring": 0}
    for row, column in np.argwhere(target != 255):
        p_t = probability[row, column] if target[row, column] == 1 else 1 - probability[row, column]
        if np.float32(p_t) > 0.4:
            continue
        near = [target[row, max(0, column - radius) : column + radius + 1]]
        near.append(target[max(0, row - radius) : row + radius + 1, column])
        spore = target[row, column] == 1
        expected["hard"] += 1
        expected["spore"] += bool(spore)
        expected["ring"] += bool(not spore and any((line == 1).any() for line in near))
    assert {name: getattr(found, name) for name in expected} == expected
    doubled = found + found
    assert (doubled.hard, doubled.pixels) == (2 * found.hard, 2 * found.pixels)


def test_nothing_hard_and_nothing_at_all() -> None:
    sure = count_hard_pixels(np.ones((2, 2), dtype=np.float32), np.zeros((2, 2), dtype=np.uint8))[0]
    assert (sure.hard, sure.hard_share) == (0, 0)
    assert np.isnan(sure.spore_share)
    assert np.isnan(HardPixels(threshold=0.5).hard_share)
    with pytest.raises(SettingsError, match="--threshold"):
        count_hard_pixels(
            np.ones((2, 2), dtype=np.float32), np.zeros((2, 2), dtype=np.uint8), thresholds=(2,)
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("hard")
    dataset = write_dataset(folder / "dots")
    changes = {
        "steps": 12,
        "keep": [4, 8],
        "validate_every": 0,
        "save_every": 0,
        "crop": {"size": 49},
        "network": {"architecture": "unet", "encoder": "tu-test_resnet"},
    }
    train(
        dataset, folder / "run", find_recipe("paper", changes), machine=Machine(accelerator="cpu", threads=1)
    )
    return dataset, folder / "run"


def test_table_plot_and_maps(run: tuple[Path, Path], tmp_path: Path) -> None:
    dataset, folder = run
    (tmp_path / "maps").mkdir()
    for left in (tmp_path, tmp_path / "maps"):
        (left / f"{TEMPORARY_PREFIX}123-half").write_bytes(b"hal")
    table = write_hard_examples(folder, dataset, tmp_path, HardSettings(maps=2), device="cpu")
    assert table["step"].tolist() == [4, 4, 8, 8, 12, 12]
    assert tuple(table.columns) == COLUMNS
    assert (table["pixels"] == 4 * 72 * 96).all()  # of the training part
    assert (table["spore"] + table["ring"] <= table["hard"]).all()
    halves, quarters = table[table["threshold"] == 0.5], table[table["threshold"] == 0.25]
    assert (halves["hard"].to_numpy() >= quarters["hard"].to_numpy()).all()
    assert len(pd.read_csv(tmp_path / "hard_examples.csv")) == 6
    assert cv2.imread(str(tmp_path / "hard_examples.png")) is not None
    assert len(list((tmp_path / "maps").iterdir())) == 2 * 3
    assert not list(tmp_path.glob(f"{TEMPORARY_PREFIX}*"))


def test_on_the_command_line(run: tuple[Path, Path], tmp_path: Path) -> None:
    dataset, folder = run
    command = [sys.executable, "-m", "sporemetry", "hard-examples", str(folder), str(dataset)]
    command += [
        "-o",
        str(tmp_path / "out"),
        "--step",
        "8",
        "--threshold",
        "0.1",
        "--part",
        "all",
        "--maps",
        "0",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "hard_examples.csv")
    assert table[["step", "threshold", "pixels"]].to_numpy().tolist() == [[8, 0.1, 6 * 72 * 96]]
    command[command.index("8")] = "9"
    wrong = subprocess.run(command, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "keep = [...]" in wrong.stderr


def test_a_map_shows_the_picture_and_its_probability() -> None:
    pixels = np.full((60, 80, 3), 200, dtype=np.uint8)
    own = np.ones((60, 80), dtype=np.float32)
    own[10:20, 10:20], own[30:40, 30:40] = 0.0, np.nan
    drawn = draw_map(pixels, own)
    assert drawn.dtype == np.uint8
    assert drawn.shape[0] >= 60
    assert drawn.shape[1] > 160
