"""What a training run does, as one frozen object: read from TOML, where an unknown key is an error."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from sporemetry.errors import SettingsError
from sporemetry.training.settings_table import (
    LARGEST_TEXT,
    check,
    check_choices,
    parse_toml,
    settings_of,
    shown,
)

BUILT_IN = ("paper", "modern")
MOST_STEPS = 99_999_999  # what the names of checkpoints have room for
MOST_CROPS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """The network.

    Attributes
    ----------
    architecture : str
        A key of :data:`sporemetry.training.networks.NETWORKS`.
    encoder : str
        An encoder of segmentation-models-pytorch, or ``tu-`` and a name of timm.
    weights : str or None
        Pretrained weights of the encoder, for instance ``imagenet`` (needs internet once); None: random.
    channels : int
        Input channels: 3 for RGB, 1 for grey.
    norm : str
        ``batch`` as the encoder has it; ``sync``: over all processes; ``group``: group norm in its place, for
        tiny batches.
    width : float
        Of a ResNet of timm: its stages have so many times the usual channels.
    decoder : tuple of int
        Channels of a U-Net's decoder, the deepest first: as many as the encoder's halvings that are used.
        Empty: those of the library, five.
    heads : tuple of str
        What the network tells beside spore or not, keys of :data:`sporemetry.training.heads.HEADS`.
    normalise : str
        ``dataset``: by mean and spread of the training part; ``picture``: by the picture's own light.
    """

    architecture: str = "deeplabv3plus"
    encoder: str = "resnet18"
    weights: str | None = None
    channels: int = 3
    norm: Literal["batch", "sync", "group"] = "batch"
    width: float = 1.0
    decoder: tuple[int, ...] = ()
    heads: tuple[str, ...] = ()
    normalise: Literal["dataset", "picture"] = "dataset"

    def __post_init__(self) -> None:
        check_choices(self, "network.")
        check("network.channels", self.channels, self.channels >= 1, "1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSettings:
    """The loss and its options.

    Attributes
    ----------
    name : str
        A key of :data:`sporemetry.training.losses.LOSSES`.
    ratio : float or str
        Background pixels a spore pixel: ``dataset`` (measured on the training part), ``batch``, ``image`` or
        a number. Only losses that use it are given it.
    options : mapping
        What else the loss takes, for instance ``beta``.
    """

    name: str = "cfl_star"
    ratio: float | str = "dataset"
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CropSettings:
    """How a training sample is cut from a picture.

    Attributes
    ----------
    size : int
        Height and width in px.
    scale_min, scale_max : float
        The picture is scaled by a factor between these, drawn evenly.
    foreground : float
        Share of samples, 0 to 1, that are placed to show a spore pixel where the picture has one.
    """

    size: int = 513
    scale_min: float = 0.5
    scale_max: float = 2.0
    foreground: float = 0.0

    def __post_init__(self) -> None:
        check("crop.size", self.size, 8 <= self.size <= 8192, "8 to 8192")
        sound = 0.05 <= self.scale_min <= self.scale_max <= 20
        check("crop.scale_max", self.scale_max, sound, "scales from 0.05 to 20, the least first")
        check("crop.foreground", self.foreground, 0 <= self.foreground <= 1, "0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """What is done to a crop beside cutting; 0 switches each off.

    Attributes
    ----------
    flip : bool
        Mirror from left to right in half of the samples.
    turn : bool
        Turn by a multiple of 90 degrees.
    rotate : float
        Turn by up to so many degrees either way.
    brightness, contrast, colour : float
        Largest relative change of the whole picture, of its contrast, of each channel.
    gamma : float
        Largest exponent by which grey values are bent, as its logarithm.
    blur : float
        Largest standard deviation of a Gaussian, px: defocus.
    noise : float
        Largest standard deviation of noise, grey values.
    grey : float
        Share of samples that lose their colour.
    """

    flip: bool = True
    turn: bool = False
    rotate: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    gamma: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    grey: float = 0.0

    def __post_init__(self) -> None:
        limits = {"rotate": 180, "brightness": 0.9, "contrast": 0.9, "colour": 0.9, "gamma": 2, "blur": 20}
        for name, most in {**limits, "noise": 100, "grey": 1}.items():
            value = getattr(self, name)
            check(f"augment.{name}", value, 0 <= value <= most, f"0 to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """The optimizer and its schedule.

    Attributes
    ----------
    name : str
        ``sgd`` (with momentum) or ``adamw``.
    learning_rate : float
        At the start, or at the end of the warm-up.
    weight_decay, momentum : float
        Momentum is SGD's; AdamW keeps (0.9, 0.999).
    schedule : str
        ``poly``: (1 - t/T) to the power; ``cosine``: half a cosine to 0; ``constant``.
    power : float
        Of ``poly``.
    warmup : int
        Steps over which the rate rises from 0.
    clip_norm : float
        Gradients longer than this are shortened to it; 0: never.
    """

    name: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = 0.007
    weight_decay: float = 2e-4
    momentum: float = 0.9
    schedule: Literal["poly", "cosine", "constant"] = "poly"
    power: float = 0.9
    warmup: int = 0
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        check_choices(self, "optimizer.")
        check("optimizer.learning_rate", self.learning_rate, 0 < self.learning_rate <= 100, "above 0")
        for name in ("weight_decay", "warmup", "clip_norm", "power"):
            check(f"optimizer.{name}", getattr(self, name), getattr(self, name) >= 0, "0 or more")
        check("optimizer.momentum", self.momentum, 0 <= self.momentum < 1, "from 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run.

    Attributes
    ----------
    steps : int
        Optimizer steps.
    batch : int
        Crops a step, over all processes and accumulated passes.
    accumulate : int
        Passes whose gradients are added up to one step; for batches that memory does not hold.
    seed : int
        Of the random weights, the order, the crops and the dropout.
    precision : str
        ``auto``: ``bf16-mixed`` where the device multiplies bfloat16 in hardware, else ``32-true``; or one of
        these, or ``64-true`` to compare. A run keeps what it began with.
    layout : str
        How arrays lie in memory; ``channels_last`` is faster on CPUs and GPUs that multiply bfloat16.
    ema : float
        Decay of the running mean of weights that is validated and exported; 0: none.
    validate_every, save_every, preview_every : int
        Steps; 0: only at the end (previews: never).
    keep : tuple of int
        Steps whose weights are kept for good, to look at later.
    patience : int
        Validations without a better one after which training ends; 0: it goes on to the end.
    test_flips : bool
        Whether validation and prediction average over flips.
    balance : str
        ``pictures``: each is drawn equally often; ``sets``: each set of a merged data set, the part of a
        picture's name before the first ``/``, is.
    network, loss, crop, augment, optimizer
        See there.
    """

    steps: int = 18_200
    batch: int = 2
    accumulate: int = 1
    seed: int = 0
    precision: Literal["auto", "32-true", "bf16-mixed", "64-true"] = "32-true"
    layout: Literal["channels_first", "channels_last"] = "channels_first"
    ema: float = 0.0
    validate_every: int = 1000
    save_every: int = 500
    preview_every: int = 0
    keep: tuple[int, ...] = ()
    patience: int = 0
    test_flips: bool = False
    balance: Literal["pictures", "sets"] = "pictures"
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)

    def __post_init__(self) -> None:
        check_choices(self, "")
        check("steps", self.steps, 1 <= self.steps <= MOST_STEPS, f"1 to {MOST_STEPS:,}")
        check("seed", self.seed, 0 <= self.seed < 1 << 63, "0 to 2^63 - 1")
        for name in ("batch", "accumulate"):
            check(name, getattr(self, name), 1 <= getattr(self, name) <= MOST_CROPS, f"1 to {MOST_CROPS:,}")
        for name in ("validate_every", "save_every", "preview_every", "patience"):
            check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        check("keep", self.keep, all(step >= 1 for step in self.keep), "steps from 1 on")
        check("ema", self.ema, 0 <= self.ema < 1, "from 0 to below 1")
        check("batch", self.batch, self.batch % self.accumulate == 0, "a multiple of accumulate")

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as nested dictionaries of plain values; :func:`recipe_of` reads them back."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore[no-any-return]


def find_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return a built-in recipe, or the one in a TOML file.

    Parameters
    ----------
    name : str
        ``paper``, ``modern``, or the path of a TOML file.
    changes : mapping, optional
        Values that replace the recipe's, as nested mappings. Another loss does not keep the options of the
        one that it replaces.

    Raises
    ------
    SettingsError
        When there is no such recipe, a key is unknown, or a value cannot be used.

    Examples
    --------
    >>> find_recipe("paper").optimizer.learning_rate
    0.007
    """
    changes = changes or {}
    return recipe_of(_merged(_without_other_options(_read(name), changes), changes))


def recipe_of(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a table states; what it leaves out keeps its default.

    Raises
    ------
    SettingsError
        When a key is unknown, or a value cannot be used.
    """
    return settings_of(Recipe, table)


def _read(name: str) -> dict[str, Any]:
    if name in BUILT_IN:
        text = resources.files("sporemetry.training.recipes").joinpath(f"{name}.toml").read_text("utf-8")
        return parse_toml(text, name)
    path = Path(name)
    if "\0" in name or not _is_file(path):
        raise SettingsError("--recipe", expected=f"{', '.join(BUILT_IN)} or a TOML file", found=shown(name))
    try:
        with path.open("rb") as file:
            text = file.read(4 * LARGEST_TEXT + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("--recipe", expected="a TOML file", found=f"{name}: {error}") from error
    return parse_toml(text, name)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _without_other_options(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the options of a loss that the changes replace by another one: it has its own."""
    old, new = table.get("loss"), changes.get("loss")
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return table
    if new.get("name", old.get("name")) == old.get("name"):
        return table
    return table | {"loss": {key: value for key, value in old.items() if key != "options"}}


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = (
            _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
