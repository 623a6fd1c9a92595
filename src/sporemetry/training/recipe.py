"""What a training run does, as one frozen object: read from TOML, where an unknown key is an error."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sporemetry.errors import SettingsError

_LARGEST_RECIPE = 1 << 20
BUILT_IN = ("paper", "modern")


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
    """

    architecture: str = "deeplabv3plus"
    encoder: str = "resnet18"
    weights: str | None = None
    channels: int = 3
    norm: Literal["batch", "sync", "group"] = "batch"

    def __post_init__(self) -> None:
        _check("network.channels", self.channels, self.channels >= 1, "1 or more")


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
        Share of samples that are centred near a spore, 0 to 1.
    """

    size: int = 513
    scale_min: float = 0.5
    scale_max: float = 2.0
    foreground: float = 0.0

    def __post_init__(self) -> None:
        _check("crop.size", self.size, 8 <= self.size <= 8192, "8 to 8192")
        sound = 0.05 <= self.scale_min <= self.scale_max <= 20
        _check("crop.scale_max", self.scale_max, sound, "scales from 0.05 to 20, the least first")
        _check("crop.foreground", self.foreground, 0 <= self.foreground <= 1, "0 to 1")


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
            _check(f"augment.{name}", value, 0 <= value <= most, f"0 to {most}")


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
        _check("optimizer.learning_rate", self.learning_rate, 0 < self.learning_rate <= 100, "above 0")
        for name in ("weight_decay", "warmup", "clip_norm", "power"):
            _check(f"optimizer.{name}", getattr(self, name), getattr(self, name) >= 0, "0 or more")
        _check("optimizer.momentum", self.momentum, 0 <= self.momentum < 1, "from 0 to below 1")


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
    network, loss, crop, augment, optimizer
        See there.
    """

    steps: int = 18_200
    batch: int = 2
    accumulate: int = 1
    seed: int = 0
    precision: Literal["auto", "32-true", "bf16-mixed", "64-true"] = "32-true"
    ema: float = 0.0
    validate_every: int = 1000
    save_every: int = 500
    preview_every: int = 0
    keep: tuple[int, ...] = ()
    patience: int = 0
    test_flips: bool = False
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        for name in ("seed", "validate_every", "save_every", "preview_every", "patience"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        _check("keep", self.keep, all(step >= 1 for step in self.keep), "steps from 1 on")
        _check("ema", self.ema, 0 <= self.ema < 1, "from 0 to below 1")
        _check("batch", self.batch, self.batch % self.accumulate == 0, "a multiple of accumulate")

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
    table, changes = _read(name), changes or {}
    loss, other = table.get("loss"), changes.get("loss")
    if (
        isinstance(loss, dict)
        and isinstance(other, Mapping)
        and other.get("name", "") not in ("", loss.get("name"))
    ):
        loss.pop("options", None)  # another loss has options of its own
    return recipe_of(_merged(table, changes))


def recipe_of(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a table states; what it leaves out keeps its default.

    Raises
    ------
    SettingsError
        When a key is unknown, or a value cannot be used.
    """
    recipe = _build(Recipe, table, "")
    assert isinstance(recipe, Recipe)  # for the type checker
    return recipe


def _read(name: str) -> dict[str, Any]:
    if name in BUILT_IN:
        text = resources.files("sporemetry.training.recipes").joinpath(f"{name}.toml").read_text("utf-8")
        return tomllib.loads(text)
    path = Path(name)
    if not path.is_file():
        raise SettingsError("--recipe", expected=f"{', '.join(BUILT_IN)} or a TOML file", found=repr(name))
    try:
        content = path.read_bytes()[: _LARGEST_RECIPE + 1]
        return tomllib.loads(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError("--recipe", expected="a TOML file", found=f"{name}: {error}") from error


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = (
            _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def _build(kind: type, table: object, where: str) -> Any:
    """Return an instance of a settings class from a table, every key and type checked."""
    if not isinstance(table, Mapping):
        raise SettingsError(where, expected="a table", found=repr(table)[:80])
    hints = get_type_hints(kind)
    names = [each.name for each in dataclasses.fields(kind)]
    unknown = sorted(set(table) - set(names))
    if unknown:
        raise SettingsError(
            f"{where}{unknown[0]}", expected=f"one of {', '.join(names)}", found="a key that is not known"
        )
    return kind(**{key: _value(hints[key], value, f"{where}{key}") for key, value in table.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, f"{where}.")  # type: ignore[arg-type]
    origin = get_origin(hint)
    if origin is Literal:
        choices = get_args(hint)
        _check(where, value, value in choices, f"one of {', '.join(map(str, choices))}")
        return value
    if origin in (Union, types.UnionType):
        kinds = get_args(hint)
    elif origin is tuple:
        _check(where, value, isinstance(value, list | tuple), "a list")
        return tuple(_value(get_args(hint)[0], each, where) for each in value)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        _check(where, value, isinstance(value, Mapping), "a table")
        return {str(key): each for key, each in value.items()}
    else:
        kinds = (hint,)
    for kind in kinds:
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is kind:
            _check(where, value, kind is not float or math.isfinite(value), "a finite number")
            return value
    names = " or ".join("nothing" if kind is type(None) else kind.__name__ for kind in kinds)
    raise SettingsError(where, expected=names, found=repr(value)[:80])


def _check(name: str, value: object, sound: bool, expected: str) -> None:
    if not sound:
        raise SettingsError(name, expected=expected, found=repr(value)[:80])
