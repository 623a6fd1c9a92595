"""What is trained for the paper: names, recipes, and shares of the pictures."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.split import Split
from sporemetry.dataset.split_file import read_split
from sporemetry.errors import SettingsError
from sporemetry.paper.data import UNUSED, find_data, find_parts, parts_file, reduced
from sporemetry.paper.experiments import EXPERIMENTS, find_experiments
from sporemetry.paper.scale import SCALES, find_scale, trial_recipe
from sporemetry.paper.trial import CE, MODERN_RECIPE, UNET, Trial, cfl_star
from sporemetry.training.changes import parse_changes
from sporemetry.training.criterion import build_criterion
from sporemetry.training.networks import NETWORKS
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import find_recipe

CPU = SCALES["cpu"]
TYPED = {
    "ce": ["loss.name=ce", "keep=[60,250,500]"],
    "cfl_star_2": [
        "loss.name=cfl_star",
        "loss.options.beta=2.0",
        "loss.options.radius=3",
        "keep=[60,250,500]",
    ],
    "cfl_2": ["loss.name=cfl", "loss.options.beta=2.0"],
    "focal_2": ["loss.name=focal", "loss.options.gamma=2.0"],
    "bce_a": ["loss.name=bce_a"],
    "focal_alpha_2_0.25": ["loss.name=focal_alpha", "loss.options.gamma=2.0", "loss.options.alpha=0.25"],
    "bce_0.75": ["loss.name=bce", "loss.options.alpha=0.75"],
}


@pytest.mark.parametrize("name", TYPED)
def test_a_trial_is_the_run_that_one_would_type(name: str) -> None:
    (experiment,) = find_experiments(["losses"], CPU)
    (trial,) = (trial for trial in experiment.trials if trial.name == name)
    base = ["network.architecture=deeplabv3plus-paper", "network.encoder=resnet18", "steps=1000"]
    base += ["crop.size=224", "validate_every=250", "save_every=250", "preview_every=0", "seed=1"]
    base += ["precision=auto", "layout=auto"]
    typed = find_recipe("paper", parse_changes([*base, *TYPED[name]]))
    made = trial_recipe(trial, CPU, seed=1)
    # The bytes of the run's card have to be the same for a run to go on.
    assert json.dumps(made.to_dict()) == json.dumps(typed.to_dict())


@pytest.mark.parametrize("scale", SCALES)
def test_every_trial_of_every_experiment_can_be_trained(scale: str) -> None:
    statistics = PictureStatistics(mean=(1.0,) * 3, std=(1.0,) * 3, spore_pixels=1, background_pixels=200)
    names: dict[str, Trial] = {}
    for experiment in find_experiments(["all"], SCALES[scale]):
        for trial in experiment.trials:
            assert names.setdefault(trial.name, trial) == trial, "two trials of one name"
            recipe = trial_recipe(trial, SCALES[scale], seed=0)
            build_criterion(recipe.loss, statistics, recipe.network.heads, (200, 1, 1))
            assert recipe.network.architecture in NETWORKS
    assert len(names) >= 60


def test_the_papers_protocol_at_the_papers_scale() -> None:
    recipe = trial_recipe(cfl_star(2.0), SCALES["paper"], seed=0)
    assert (recipe.steps, recipe.batch, recipe.crop.size) == (18_200, 2, 513)
    assert recipe.network.encoder == "resnet101"
    assert recipe.keep == (60, 1000, 6000, 10_000, 16_000)
    bench = SCALES["paper"].bench.scene()
    assert (bench.width, bench.height) == (1920, 1080)
    shares = [round(1400 * share) for share in SCALES["paper"].grid_shares]
    assert shares == [400, 800, 1400]


def test_the_modern_recipe_shares_network_crops_and_steps() -> None:
    modern, paper = trial_recipe(MODERN_RECIPE, CPU, seed=3), trial_recipe(CE, CPU, seed=3)
    own = replace(modern.network, normalise=paper.network.normalise)
    assert (own, modern.steps, modern.crop.size, modern.batch) == (paper.network, 1000, 224, paper.batch)
    assert (modern.loss.name, modern.optimizer.name) == ("dice_ce", "adamw")


def test_what_a_scale_says_by_itself_is_not_said_again() -> None:
    assert CPU.sized(CE, 1.0, 1000) == CE
    assert CPU.sized(CE, 0.5, 500).name == "ce_share0.5_steps500"
    assert Trial(loss="ce", network=UNET).name == "unet_ce"


def test_unknown_names_are_answered_with_the_choices() -> None:
    with pytest.raises(SettingsError, match="smoke, cpu, paper"):
        find_scale("huge")
    with pytest.raises(SettingsError, match="losses"):
        find_experiments(["table9"], CPU)
    assert [each.name for each in find_experiments(["all", "losses"], CPU)] == list(EXPERIMENTS)


@given(st.integers(0, 99), st.lists(st.integers(1, 4), min_size=1, max_size=12), st.data())
def test_shares_are_whole_groups_and_nested(seed: int, sizes: list[int], data: st.DataObject) -> None:
    groups = {f"g{g}_{n}": f"g{g}" for g, size in enumerate(sizes) for n in range(size)}
    parts = dict.fromkeys(groups, "train") | {"v_1": "val", "t_1": "test"}
    split = Split(parts=parts, groups=groups | {"v_1": "v", "t_1": "t"})
    small, large = sorted(data.draw(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1))))
    fewer, more = reduced(split, small, seed), reduced(split, large, seed)
    assert set(fewer.names("train")) <= set(more.names("train"))
    assert fewer.names("train")
    assert set(fewer.names("train")) | set(fewer.names(UNUSED)) == set(groups)
    assert fewer.names("val") == ("v_1",)
    assert reduced(split, 1.0, seed).names("train") == tuple(sorted(groups))
    # No group more or less would come nearer, but for the one that is always there.
    taken = len(fewer.names("train"))
    assert abs(taken - small * len(groups)) <= max(sizes)


def test_parts_are_written_once_and_shared(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "dots", pictures=8)
    whole = parts_file(data, SCALES["smoke"], CE, 0, tmp_path)
    part = parts_file(data, SCALES["smoke"], SCALES["smoke"].sized(CE, 0.5, 8), 0, tmp_path)
    assert (whole.name, part.name) == ("split_0.csv", "split_0_share0.5.csv")
    kept = whole.read_bytes()
    whole.write_bytes(kept + b"\n")
    assert parts_file(data, SCALES["smoke"], CE, 0, tmp_path).read_bytes() == kept + b"\n"


def test_parts_are_foretold_without_writing(tmp_path: Path) -> None:
    data, scale = write_dataset(tmp_path / "dots", pictures=8), SCALES["smoke"]
    for trial in (CE, scale.sized(CE, 0.5, 8)):
        foretold = find_parts(data, scale, trial, 0, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert read_split(parts_file(data, scale, trial, 0, tmp_path / "written")) == foretold
    # What a file says goes before what would be made.
    kept = Path(shutil.copy(tmp_path / "written" / "split_0.csv", tmp_path / "written" / "split_1.csv"))
    taken, made = (find_parts(data, scale, CE, 1, tmp_path / folder) for folder in ("written", "out"))
    assert taken == read_split(kept) != made


def test_pictures_without_labels_are_in_no_run(tmp_path: Path) -> None:
    """A real folder holds some; a picture of a labelled group is never parted from it."""
    data, scale = write_dataset(tmp_path / "dots", pictures=8), SCALES["smoke"]
    trials = (CE, scale.sized(CE, 0.5, 8))
    before = [find_parts(data, scale, trial, 0, tmp_path / "out") for trial in trials]
    for name in ("p3_2", "other_1"):
        shutil.copy(data / "images" / "p3_1.png", data / "images" / f"{name}.png")
    for trial, parts in zip(trials, before, strict=True):
        file = parts_file(data, scale, trial, 0, tmp_path / "out")
        written = read_split(file, {item.name: item.group for item in open_dataset(data).items})
        assert written.parts["other_1"] == UNUSED
        assert written.parts["p3_2"] == written.parts["p3_1"]
        assert find_parts(data, scale, trial, 0, tmp_path / "out") == parts


def test_data_by_folder_and_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "real" / "dots", pictures=2)
    assert find_data(str(data), tmp_path) == data
    monkeypatch.setenv("SPOREMETRY_REAL_DATA", str(tmp_path / "real"))
    assert find_data("dots", tmp_path) == data
    assert find_data("bench", tmp_path) == tmp_path / "data"
    with pytest.raises(SettingsError, match="--data"):
        find_data("none", tmp_path)


@pytest.mark.real
def test_the_parts_of_nosema_are_those_of_the_benchmark(real_data: Path, tmp_path: Path) -> None:
    from benchmarks.recipe import SHARES, split

    assert dict(CPU.parts) == SHARES
    split(real_data / "nosema", tmp_path, 0)
    (tmp_path / "made").mkdir()
    made = parts_file(real_data / "nosema", CPU, CE, 0, tmp_path / "made")
    assert made.read_bytes() == (tmp_path / "split_0.csv").read_bytes()
