"""The tables of a recipe: network, loss, crop, augment, optimizer. Each is frozen and checks its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sporemetry.training.settings_table import check, check_choices


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
        Pretrained weights of the encoder: a name, for instance ``imagenet`` (needs internet once), or the
        path of a ``.safetensors`` file; None: random.
    channels : int
        Input channels: 3 for RGB, 1 for grey.
    norm : str
        ``batch`` as the encoder has it; ``sync``: over all processes; ``group``: group norm in its place, for
        tiny batches.
    width : float
        Of a ResNet of timm: stem and stages have so many times the usual channels, and the stem is of three
        small convolutions where this is not 1.
    decoder : tuple of int
        Channels of a U-Net's decoder, the deepest first: as many as the encoder's halvings that are used, and
        one fewer in ``unet-half``, whose last level is at half of the size. Empty: five of the library's, or
        three.
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
        check("network.width", self.width, 0 < self.width <= 8, "above 0, up to 8")
        sound = len(self.decoder) in (0, 3, 4, 5) and all(1 <= each <= 4096 for each in self.decoder)
        check("network.decoder", self.decoder, sound, "three to five numbers of channels, or none")
        unet = self.architecture in ("unet", "unet-paper", "unet-half") or (
            self.width == 1 and not self.decoder
        )
        check(
            "network.architecture",
            self.architecture,
            unet,
            "unet or unet-half, where width or decoder are set",
        )
        twice = len(set(self.heads)) < len(self.heads)
        check("network.heads", self.heads, not twice, "each head once")


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
    exclusive : bool
        Whether background, spore and the network's heads are classes of which each pixel has one, and the
        loss is taken in its many-class form; else each head is learnt beside the spores.
    """

    name: str = "cfl_star"
    ratio: float | str = "dataset"
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    exclusive: bool = False


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
    distractor : float
        Share of samples that are placed to show what stands out and is no spore, where the picture has it
        (:mod:`sporemetry.training.distractors`); with ``foreground`` at most 1.
    """

    size: int = 513
    scale_min: float = 0.5
    scale_max: float = 2.0
    foreground: float = 0.0
    distractor: float = 0.0

    def __post_init__(self) -> None:
        check("crop.size", self.size, 8 <= self.size <= 8192, "8 to 8192")
        sound = 0.05 <= self.scale_min <= self.scale_max <= 20
        check("crop.scale_max", self.scale_max, sound, "scales from 0.05 to 20, the least first")
        check("crop.foreground", self.foreground, 0 <= self.foreground <= 1, "0 to 1")
        left = max(0.0, 1 - self.foreground)
        check("crop.distractor", self.distractor, 0 <= self.distractor <= left + 1e-9, f"0 to {left:g}")


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
    focus : float
        Largest gain of the halos that another focus gives, as its logarithm, in half of the crops:
        :func:`sporemetry.training.crops.change_focus`.
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
    focus: float = 0.0
    noise: float = 0.0
    grey: float = 0.0

    def __post_init__(self) -> None:
        limits = {"rotate": 180, "brightness": 0.9, "contrast": 0.9, "colour": 0.9, "gamma": 2, "blur": 20}
        for name, most in {**limits, "focus": 4, "noise": 100, "grey": 1}.items():
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
