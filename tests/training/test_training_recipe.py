"""Recipes: what they state, and what of a bad one is said."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import SettingsError
from sporemetry.training.changes import parse_changes
from sporemetry.training.criterion import build_criterion
from sporemetry.training.losses import LOSSES
from sporemetry.training.networks import NETWORKS
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import BUILT_IN, Recipe, find_recipe, recipe_of
from sporemetry.training.recipe_tables import (
    AugmentSettings,
    CropSettings,
    LossSettings,
    NetworkSettings,
    OptimizerSettings,
)
from sporemetry.training.settings_table import LARGEST_TEXT, LONGEST_LINE

STATISTICS = PictureStatistics(mean=(200.0,) * 3, std=(20.0,) * 3, spore_pixels=10, background_pixels=2000)

numbers = st.floats(0, 0.9, allow_nan=False)
recipes = st.builds(
    Recipe,
    steps=st.integers(1, 10**7),
    seed=st.integers(0, 2**63 - 1),
    accumulate=st.just(1),
    batch=st.integers(1, 1000),
    ema=numbers,
    keep=st.lists(st.integers(1, 10**6), max_size=5).map(tuple),
    test_flips=st.booleans(),
    precision=st.sampled_from(["32-true", "bf16-mixed"]),
    network=st.builds(
        NetworkSettings, weights=st.none() | st.text(), channels=st.integers(1, 5), encoder=st.text()
    ),
    loss=st.builds(
        LossSettings,
        ratio=st.floats(0.1, 1e6) | st.sampled_from(["dataset", "batch"]),
        options=st.dictionaries(st.text(), numbers | st.integers() | st.text() | st.booleans(), max_size=4),
    ),
    crop=st.builds(CropSettings, size=st.integers(8, 8192), foreground=numbers),
    augment=st.builds(AugmentSettings, flip=st.booleans(), rotate=st.floats(0, 180), blur=st.floats(0, 20)),
    optimizer=st.builds(
        OptimizerSettings,
        name=st.sampled_from(["sgd", "adamw"]),
        learning_rate=st.floats(1e-9, 100),
        warmup=st.integers(0, 10**6),
    ),
)


def leaves(table: Mapping[str, Any], where: str = "") -> Iterator[str]:
    for key, value in table.items():
        name = f"{where}{key}"
        if isinstance(value, Mapping) and name != "loss.options":
            yield from leaves(value, f"{name}.")
        else:
            yield name


@given(recipes)
def test_a_recipe_reads_back_from_its_table(recipe: Recipe) -> None:
    assert recipe_of(recipe.to_dict()) == recipe


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_recipes_have_known_names_and_losses(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.network.architecture in NETWORKS
    assert recipe.loss.name in LOSSES
    build_criterion(recipe.loss, STATISTICS)
    text = resources.files("sporemetry.training.recipes").joinpath(f"{name}.toml").read_text("utf-8")
    stated, known = set(leaves(tomllib.loads(text))), set(leaves(Recipe().to_dict()))
    assert stated <= known
    assert {"steps", "batch", "network.encoder", "loss.name", "crop.size", "optimizer.schedule"} <= stated


def test_paper_is_the_protocol_of_the_paper() -> None:
    recipe = find_recipe("paper")
    assert recipe.network.architecture == "deeplabv3plus-paper"
    assert recipe.network.encoder == "resnet101"
    assert recipe.network.weights is None
    assert recipe.network.norm == "batch"
    assert recipe.batch == 2
    assert recipe.steps == 18_200
    assert (recipe.crop.size, recipe.crop.scale_min, recipe.crop.scale_max) == (513, 0.5, 2.0)
    assert recipe.crop.foreground == 0
    # Horizontal flips, and nothing else is done to a crop.
    assert recipe.augment == AugmentSettings(flip=True)
    assert all(value == 0 for key, value in dataclasses.asdict(recipe.augment).items() if key != "flip")
    optimizer = recipe.optimizer
    assert (optimizer.name, optimizer.momentum, optimizer.weight_decay) == ("sgd", 0.9, 2e-4)
    assert (optimizer.schedule, optimizer.learning_rate, optimizer.power) == ("poly", 0.007, 0.9)
    assert (optimizer.warmup, optimizer.clip_norm) == (0, 0)
    assert recipe.loss == LossSettings(name="cfl_star", ratio="dataset", options={"beta": 2.0, "radius": 3})
    assert (recipe.ema, recipe.test_flips, recipe.accumulate) == (0, False, 1)


BAD = {
    "stepz = 3": "stepz",
    "[crop]\nsize = 64\nsiez = 3": "crop.siez",
    "[optimizer.name]\nx = 1": "optimizer.name",
    "crop = 3": "crop",
    "steps = 0": "steps",
    "steps = 100000000": "steps",
    "steps = '3'": "steps",
    "steps = 3.0": "steps",
    "steps = true": "steps",
    "seed = -1": "seed",
    "seed = 9223372036854775808": "seed",
    "batch = 3\naccumulate = 2": "batch",
    "batch = 1000000": "batch",
    "accumulate = 0": "accumulate",
    "ema = 1": "ema",
    "ema = nan": "ema",
    "ema = inf": "ema",
    f"ema = {'9' * 400}": "ema",
    "keep = 3": "keep",
    "keep = [0]": "keep",
    "keep = ['a']": "keep",
    "patience = -1": "patience",
    "precision = '8-true'": "precision",
    "test_flips = 1": "test_flips",
    "network.norm = 'none'": "network.norm",
    "network.channels = 0": "network.channels",
    "network.weights = 3": "network.weights",
    "loss.ratio = true": "loss.ratio",
    "loss.options.beta = nan": "loss.options.beta",
    "loss.options.beta = [1]": "loss.options.beta",
    "loss.options.beta = 2020-01-01": "loss.options.beta",
    "loss.options = 1": "loss.options",
    "crop.size = 7": "crop.size",
    "crop.size = 8193": "crop.size",
    "crop.scale_min = 3": "crop.scale_max",
    "crop.scale_min = 0.01": "crop.scale_max",
    "crop.foreground = 1.1": "crop.foreground",
    "augment.rotate = 181": "augment.rotate",
    "augment.brightness = -0.1": "augment.brightness",
    "augment.grey = 2": "augment.grey",
    "augment.flip = 'yes'": "augment.flip",
    "optimizer.name = 'adam'": "optimizer.name",
    "optimizer.schedule = 'step'": "optimizer.schedule",
    "optimizer.learning_rate = 0": "optimizer.learning_rate",
    "optimizer.momentum = 1": "optimizer.momentum",
    "optimizer.warmup = -1": "optimizer.warmup",
    f"crop.size.{'.'.join('a' * 400)} = 1": "crop.size",
}


@pytest.mark.parametrize("text", BAD, ids=[text[:40].replace("\n", ";") for text in BAD])
def test_what_cannot_be_used_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        find_recipe(str(path))
    assert error.value.name == BAD[text]
    assert len(str(error.value)) < 400


UNREADABLE = {
    "broken": b"steps = ",
    "not text": b"\xff\xfe\x00",
    "binary": b"\x00\x01",
    "large": b"steps = 3\n" + b"# x\n" * LARGEST_TEXT,
    "long line": b"steps = 3 #" + b"x" * LONGEST_LINE,
    # Takes memory of the square of its length in tomllib.
    "long key": b"crop.size." + b"a." * 20_000 + b"a = 1",
    "deep": b"keep = " + b"[" * 900,
    "digits": b"steps = " + b"9" * 900,
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_is_no_recipe_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(UNREADABLE[kind])
    with pytest.raises(SettingsError) as error:
        find_recipe(str(path))
    assert str(path) in str(error.value) or kind == "digits"
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("name", ["papers", "", "a\0b", "x" * 5000, "."])
def test_an_unknown_recipe_lists_those_there_are(name: str) -> None:
    with pytest.raises(SettingsError, match=r"paper, modern or a TOML file"):
        find_recipe(name)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes("\ufeffsteps = 3\n[crop]\nsize = 64\n".encode())
    assert find_recipe(str(path)) == Recipe(steps=3, crop=CropSettings(size=64))


def test_choices_are_checked_in_python_too() -> None:
    with pytest.raises(SettingsError, match=r"^optimizer\.name: expected one of sgd, adamw"):
        OptimizerSettings(name="adam")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"^network\.norm"):
        NetworkSettings(norm="layer")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"^precision"):
        Recipe(precision="half")  # type: ignore[arg-type]


def test_changes_reach_into_tables() -> None:
    recipe = find_recipe("paper", parse_changes(["crop.size=64", "loss.options.beta=3.0", "keep=[1, 2]"]))
    whole = find_recipe("paper")
    assert recipe == dataclasses.replace(
        whole,
        crop=dataclasses.replace(whole.crop, size=64),
        loss=dataclasses.replace(whole.loss, options={"beta": 3.0, "radius": 3}),
        keep=(1, 2),
    )


@pytest.mark.parametrize("name", LOSSES)
def test_another_loss_leaves_the_options_of_the_first_behind(name: str) -> None:
    loss = find_recipe("paper", parse_changes([f"loss.name={name}"])).loss
    build_criterion(loss, STATISTICS)
    assert dict(loss.options) == ({"beta": 2.0, "radius": 3} if name == "cfl_star" else {})


def test_another_loss_can_bring_its_own_options() -> None:
    loss = find_recipe("paper", parse_changes(["loss.name=focal", "loss.options.gamma=1.5"])).loss
    assert loss == LossSettings(name="focal", options={"gamma": 1.5})


VALUES = {
    "1": 1, "1.5": 1.5, "true": True, "[1, 2]": [1, 2], "cfl": "cfl", "'a=b'": "a=b", "a=b": "a=b", "": "",
    "{ beta = 2 }": {"beta": 2}, "imagenet": "imagenet", "bf16-mixed": "bf16-mixed", "1.": "1.",
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_values_are_toml_or_text(text: str) -> None:
    assert parse_changes([f" a . b = {text} "]) == {"a": {"b": VALUES[text]}}


@pytest.mark.parametrize(
    "texts",
    [
        ["crop"], ["=3"], ["crop.=3"], [".size=3"], ["a..b=1"], ["crop=3", "crop.size=4"],
        ["crop.size=4", "crop=3"], [f"crop.size={'9' * 5000}"], [f"{'a.' * 5000}a=1"],
    ],
)  # fmt: skip
def test_changes_that_say_nothing_clear_are_refused(texts: list[str]) -> None:
    with pytest.raises(SettingsError) as error:
        parse_changes(texts)
    assert error.value.name == "--set"
    assert len(str(error.value)) < 300
