"""How large an experiment is: pictures, crops, steps, encoder; and the recipe that this makes of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sporemetry.dataset.synthesis import Preset, find_preset
from sporemetry.errors import SettingsError
from sporemetry.paper.trial import CE, MODERN, UNET, Trial, cfl_star
from sporemetry.training.recipe import Recipe, find_recipe

MODERN_BATCH = 2
"""Crops a step of the recipe ``modern``: as many as in the other runs, and so no more time."""

KEPT_TRIALS = (CE, cfl_star(2.0))
"""The trials whose weights are kept on the way, for Tables 1 to 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The rendered pictures of a scale.

    Attributes
    ----------
    preset : str
        Of :mod:`sporemetry.dataset.synthesis`.
    pictures : int
    seed : int
    size : tuple of int or None
        Height and width, px; None: the preset's.
    density : float
        Factor on the preset's spores a square millimetre.
    """

    preset: str
    pictures: int
    seed: int = 2019
    size: tuple[int, int] | None = None
    density: float = 1.0

    def scene(self) -> Preset:
        """Return the preset with the changes of this scale."""
        preset = find_preset(self.preset)
        height, width = self.size or (preset.height, preset.width)
        population = replace(preset.population, per_mm2=preset.population.per_mm2 * self.density)
        return replace(preset, height=height, width=width, population=population)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large the runs are.

    Attributes
    ----------
    name : str
    encoder : str
        Of both networks.
    crop : int
        Of the training crops, px.
    steps : int
        Of a trial that states none.
    validate_every, save_every : int
        Steps.
    keep : tuple of int
        Steps whose weights are kept of :data:`KEPT_TRIALS`.
    parts : mapping of str to float
        Shares of the data set that are trained on, validated and tested on.
    share : float
        Of the training part, for a trial that states none.
    grid_shares, grid_steps : tuple
        What Table 7 goes through; the scale's own are among them.
    accelerator : str
        Unless the call says otherwise.
    bench : Bench
        What ``--data bench`` renders.
    precision, layout : str or None
        Of :class:`sporemetry.training.recipe.Recipe`, the same for every loss; None: the recipe's own.
        ``auto`` multiplies in bfloat16 where the machine does so in hardware, and halves the time there;
        arrays lie as each machine is faster with.
    """

    name: str
    encoder: str
    crop: int
    steps: int
    validate_every: int
    save_every: int
    keep: tuple[int, ...]
    parts: Mapping[str, float]
    share: float = 1.0
    grid_shares: tuple[float, ...]
    grid_steps: tuple[int, ...]
    accelerator: str
    bench: Bench
    precision: str | None = None
    layout: str | None = None

    def sized(self, trial: Trial, share: float, steps: int) -> Trial:
        """Return a trial on a share of the pictures for so many steps; the scale's own stay unsaid."""
        return replace(
            trial,
            share=None if share == self.share else share,
            steps=None if steps == self.steps else steps,
        )


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(
        name="smoke",
        encoder="tu-test_resnet",
        crop=64,
        steps=8,
        validate_every=4,
        save_every=0,
        keep=(2, 4),
        parts={"train": 0.5, "val": 0.2, "test": 0.3},
        grid_shares=(0.5, 1.0),
        grid_steps=(4, 8),
        accelerator="cpu",
        bench=Bench(preset="nosema", pictures=10, size=(128, 160), density=16.0),
    ),
    "cpu": Scale(
        name="cpu",
        encoder="resnet18",
        crop=224,
        steps=1000,
        validate_every=250,
        save_every=250,
        keep=(60, 250, 500),
        parts={"train": 0.6, "val": 0.15, "test": 0.25},
        grid_shares=(2 / 7, 4 / 7, 1.0),
        grid_steps=(500, 1000),
        accelerator="cpu",
        bench=Bench(preset="nosema", pictures=40),
        precision="auto",
        layout="auto",
    ),
    "paper": Scale(
        name="paper",
        encoder="resnet101",
        crop=513,
        steps=18_200,
        validate_every=1000,
        save_every=500,
        keep=(60, 1000, 6000, 10_000, 16_000),
        parts={"train": 1400 / 1700, "val": 100 / 1700, "test": 200 / 1700},
        share=400 / 1400,
        grid_shares=(400 / 1400, 800 / 1400, 1.0),
        grid_steps=(18_200, 35_000),
        accelerator="auto",
        bench=Bench(preset="anthracnose", pictures=1700),
    ),
}


def find_scale(name: str) -> Scale:
    """Return a scale by its name.

    Raises
    ------
    SettingsError
        For an unknown one; the choices are listed.
    """
    if name not in SCALES:
        raise SettingsError("--scale", expected=f"one of {', '.join(SCALES)}", found=repr(name))
    return SCALES[name]


def trial_recipe(trial: Trial, scale: Scale, seed: int) -> Recipe:
    """Return the recipe of a trial's run.

    Raises
    ------
    SettingsError
        When a value cannot be used.

    Examples
    --------
    >>> recipe = trial_recipe(cfl_star(2.5), SCALES["cpu"], seed=1)
    >>> recipe.loss.name, dict(recipe.loss.options), recipe.steps, recipe.network.architecture
    ('cfl_star', {'beta': 2.5, 'radius': 3}, 1000, 'deeplabv3plus-paper')
    """
    changes: dict[str, Any] = {
        "steps": trial.steps or scale.steps,
        "seed": seed,
        "validate_every": scale.validate_every,
        "save_every": scale.save_every,
        "preview_every": 0,
        "keep": list(scale.keep) if trial in KEPT_TRIALS else [],
        "network": {
            "architecture": "unet-paper" if trial.network == UNET else "deeplabv3plus-paper",
            "encoder": scale.encoder,
        },
        "crop": {"size": scale.crop},
    }
    arithmetic = {"precision": scale.precision, "layout": scale.layout}
    changes |= {name: value for name, value in arithmetic.items() if value is not None}
    if trial.recipe == MODERN:
        changes["batch"] = MODERN_BATCH
    else:
        changes["loss"] = {"name": trial.loss, "options": dict(trial.options), "exclusive": trial.borders}
        changes["network"]["heads"] = ["border"] if trial.borders else []
    return find_recipe(trial.recipe, changes)
