"""Segmentation networks by name, through segmentation-models-pytorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from sporemetry.errors import SettingsError
from sporemetry.training.encoder_weights import is_weights_file, load_encoder_weights
from sporemetry.training.half_unet import HalfUnet
from sporemetry.training.local_deeplab import local_deeplab
from sporemetry.training.recipe_tables import NetworkSettings

_GROUPS = 32
_MULTIPLE = 32  # the deepest of the encoders halves the picture five times
_MULTIPLES = {"pan": 128}  # its attention halves what the encoder leaves, a sixteenth, three times more
_RESNET_CHANNELS = (64, 128, 256, 512)
_RESNET_STEM = 32  # of the first two of a deep stem's convolutions; the last has twice as many
_HALF_DECODER = (128, 64, 32)
_POOLING = ("deeplabv3plus", "deeplabv3plus-paper", "pan", "upernet")


class Padded(nn.Module):
    """A network that takes any size: the picture is padded at the right and bottom, the logits cut back.

    Parameters
    ----------
    network : Module
        From (N, C, H, W) with H and W multiples of ``multiple`` to (N, K, H, W).
    multiple : int
        What heights and widths are rounded up to; the added border repeats the picture's edge.
    """

    def __init__(self, network: nn.Module, multiple: int = _MULTIPLE) -> None:
        super().__init__()
        self.network = network
        self.multiple = multiple

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits (N, K, H, W) of pictures (N, C, H, W)."""
        height, width = pictures.shape[-2:]
        right, bottom = -width % self.multiple, -height % self.multiple
        if right or bottom:
            pictures = functional.pad(pictures, (0, right, 0, bottom), mode="replicate")
        logits = self.network(pictures)
        if not isinstance(logits, Tensor):
            raise TypeError(f"the network returns {type(logits).__name__}, not a tensor of logits")
        return logits[..., :height, :width]


def _deeplab(settings: NetworkSettings, classes: int) -> nn.Module:
    return _made(
        lambda **common: smp.DeepLabV3Plus(
            encoder_output_stride=16, decoder_atrous_rates=(6, 12, 18), **common
        ),
        settings,
        classes,
    )


def _local_deeplab(settings: NetworkSettings, classes: int) -> nn.Module:
    return _made(local_deeplab, settings, classes)


def _unet(settings: NetworkSettings, classes: int) -> nn.Module:
    own: dict[str, Any] = {}
    if settings.decoder:
        own = {"encoder_depth": len(settings.decoder), "decoder_channels": settings.decoder}
    return _made(lambda **common: smp.Unet(**own, **_widths(settings), **common), settings, classes)


def _half_unet(settings: NetworkSettings, classes: int) -> nn.Module:
    decoder = settings.decoder or _HALF_DECODER
    return _made(
        lambda **common: HalfUnet(decoder_channels=decoder, **_widths(settings), **common), settings, classes
    )


def _widths(settings: NetworkSettings) -> dict[str, Any]:
    """Return what makes a ResNet of timm narrower or wider: a stem of three convolutions, then stages."""
    if settings.width == 1:
        return {}
    return {
        "channels": tuple(round(settings.width * channels) for channels in _RESNET_CHANNELS),
        "stem_type": "deep",
        "stem_width": round(settings.width * _RESNET_STEM),
    }


def _other(name: str) -> Callable[[NetworkSettings, int], nn.Module]:
    return lambda settings, classes: _made(getattr(smp, name), settings, classes)


NETWORKS: Mapping[str, Callable[[NetworkSettings, int], nn.Module]] = {
    "deeplabv3plus": _deeplab,
    "deeplabv3plus-local": _local_deeplab,
    "unet": _unet,
    "unet-half": _half_unet,
    # The settings of Zhao et al. (2019) under names of their own: see build_network for what differs.
    "deeplabv3plus-paper": _deeplab,
    "unet-paper": _unet,
    "unet++": _other("UnetPlusPlus"),
    "fpn": _other("FPN"),
    "manet": _other("MAnet"),
    "linknet": _other("Linknet"),
    "pan": _other("PAN"),
    "pspnet": _other("PSPNet"),
    "upernet": _other("UPerNet"),
    "segformer": _other("Segformer"),
}


def build_network(settings: NetworkSettings, *, classes: int = 1, seed: int = 0) -> nn.Module:
    """Return a network for pictures of any size, its random weights a function of the seed.

    ``deeplabv3plus-paper`` is DeepLabv3+ with output stride 16, ASPP rates 6, 12 and 18, 256 channels and 48
    low-level channels. It differs from the authors' network (READING: their TensorFlow code) in these points:
    the ResNet is torchvision's (activation after the addition) where theirs is the pre-activation one; batch
    norm keeps its default momentum of 0.1 (theirs decays by 0.9997, which short runs do not live to see); the
    decoder of segmentation-models-pytorch has one 3x3 convolution of 256 after the low-level features are
    joined, where theirs has two, and one more before, on the ASPP's output; these and the ASPP's three are
    depthwise separable, and the ASPP ends in dropout of 0.5. ``unet-paper`` is a U-Net on the same encoder,
    with padding, batch norm and five halvings of the size: Ronneberger et al. have no padding, no batch norm,
    four halvings and an encoder of their own.

    Parameters
    ----------
    settings : NetworkSettings
    classes : int
        Logit channels: 1 for spore against background.
    seed : int
        Of the random weights; the global generator is left as it was.

    Returns
    -------
    Module
        (N, C, H, W) float to (N, classes, H, W) logits, any H and W.

    Raises
    ------
    SettingsError
        For a name that is not known, an encoder that does not fit or weights that cannot be had; the choices
        are listed.
    """
    if settings.architecture not in NETWORKS:
        raise SettingsError(
            "network.architecture",
            expected=f"one of {', '.join(NETWORKS)}",
            found=repr(settings.architecture),
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = NETWORKS[settings.architecture](settings, classes)
        if settings.norm == "group":
            _replace_norms(network)
        elif settings.norm == "sync":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return Padded(network, _MULTIPLES.get(settings.architecture, _MULTIPLE))


def check_crops(settings: NetworkSettings, crops: int) -> None:
    """Raise SettingsError where a network cannot be trained on so few crops at a time.

    Batch norm over a single value a channel is undefined, and some networks pool a crop to one pixel.
    """
    if crops < 2 and settings.norm != "group" and settings.architecture in _POOLING:
        raise SettingsError(
            "batch",
            expected=f"2 crops or more at a time for {settings.architecture} with batch norm",
            found=str(crops),
            remedy="Take a larger batch, a smaller accumulate, fewer processes, or network.norm=group.",
        )


def check_norm(settings: NetworkSettings, processes: int, device_type: str) -> None:
    """Raise SettingsError where several processes are to share batch norm on a device that cannot.

    PyTorch has it for GPUs only. A single process has nothing to share: there ``sync`` is ``batch``.
    """
    if settings.norm == "sync" and processes > 1 and device_type != "cuda":
        raise SettingsError(
            "network.norm",
            expected="batch or group where several processes train on other devices than GPUs",
            found=f"'sync', {processes} processes on {device_type}",
            remedy="Group norm is the same with any number of processes: --set network.norm=group.",
        )


def _replace_norms(module: nn.Module) -> None:
    """Put group norm in the place of every batch norm."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            group = nn.GroupNorm(math.gcd(_GROUPS, child.num_features), child.num_features)
            # timm's norms carry the activation that follows them.
            after = [part for part in (getattr(child, "act", None),) if isinstance(part, nn.Module)]
            setattr(module, name, nn.Sequential(group, *after) if after else group)
        else:
            _replace_norms(child)


def _made(build: Callable[..., Any], settings: NetworkSettings, classes: int) -> nn.Module:
    file = settings.weights if is_weights_file(settings.weights) else None
    try:
        network = build(
            encoder_name=settings.encoder,
            encoder_weights=None if file else settings.weights,
            in_channels=settings.channels,
            classes=classes,
        )
    except MemoryError:
        raise
    except Exception as error:  # of all kinds: the encoder's, timm's, those of downloading weights
        raise _not_made(build, settings, error) from error
    if not isinstance(network, nn.Module):
        raise TypeError(f"{settings.architecture} is no torch module")
    if file:
        load_encoder_weights(network.get_submodule("encoder"), file)
    return network


def _not_made(build: Callable[..., Any], settings: NetworkSettings, error: Exception) -> SettingsError:
    """Return what is wrong with settings: the weights, where the network can be made without them."""
    text = (str(error).splitlines() or [type(error).__name__])[0][:200]
    if settings.weights is not None and _can_be_made(build, settings):
        return SettingsError(
            "network.weights",
            expected=f"weights of {settings.encoder} that are on this machine or can be fetched",
            found=f"{settings.weights!r}: {text}",
            remedy="They are fetched once, which needs internet, and kept in the cache of Hugging Face "
            "(HF_HOME). Without network.weights training begins with random ones.",
        )
    return SettingsError(
        "network.encoder",
        expected=f"an encoder for {settings.architecture}",
        found=f"{settings.encoder!r}: {text}",
        remedy=f"Encoders: {', '.join(smp.encoders.get_encoder_names())}; tu-NAME for those of timm.",
    )


def _can_be_made(build: Callable[..., Any], settings: NetworkSettings) -> bool:
    try:
        with torch.device("meta"):  # nothing is computed, and no memory taken
            build(
                encoder_name=settings.encoder, encoder_weights=None, in_channels=settings.channels, classes=1
            )
    except Exception:  # as above: of all kinds
        return False
    return True
