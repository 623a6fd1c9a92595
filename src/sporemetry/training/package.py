"""A torch network and what is known of it -> a packaged network, held against the torch network.

network -> halo -> ONNX -> card -> file -> the file's own runtime against torch, on pictures
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from sporemetry.dataset.synthesis import PRESETS, render
from sporemetry.errors import ModelError, ModelExportError
from sporemetry.image import read_image
from sporemetry.model import (
    ModelPackage,
    card_of,
    load_network,
    pack_model,
    picture_logits,
    unpack_model,
)
from sporemetry.model.card import CARD_FORMAT, NO_HASH, SPORE, TASK, CardError
from sporemetry.model.judge import Judge
from sporemetry.training.onnx_export import export_onnx
from sporemetry.training.reach import measure_halo

LARGEST_DIFFERENCE = 1e-4
"""In probability, between the packaged network and the torch network."""
_RENDERED_SIZE = (700, 900)  # no multiple of a stride: padding is compared too


@dataclass(frozen=True, slots=True, eq=False)
class CheckPicture:
    """A picture on which both are compared."""

    name: str
    pixels: NDArray[Any]


class TorchNetwork:
    """A torch network where a packaged one is expected: the reference that a package is held against."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (K, H, W) of normalised pixels (1, 3, H, W)."""
        with torch.inference_mode():
            return np.asarray(self._network(torch.from_numpy(pixels))[0].numpy(), dtype=np.float32)


def package_network(
    network: nn.Module,
    facts: Mapping[str, object],
    path: Path,
    *,
    stride: int,
    pictures: Sequence[CheckPicture],
    on_progress: Callable[[str], None] | None = None,
) -> ModelPackage:
    """Make a packaged network and hold it against the network it came from.

    Parameters
    ----------
    network : Module
        (1, 3, H, W) to (1, K, H, W), both multiples of ``stride``; it is copied, and not changed.
    facts : mapping
        The fields of the card that the network does not tell: name, version, normalization, spore_length_px,
        threshold, and what else differs from its default. As in the card's JSON.
    path : Path
        Where the file will lie; for messages.
    stride : int
    pictures : sequence of CheckPicture
        On which both are compared.
    on_progress : callable, optional
        Told what is being done.

    Raises
    ------
    ModelExportError
        When the network sees the whole picture, its graph is refused, or the packaged network differs from it
        by more than 1e-4 in the probability of a pixel.
    CardError
        When a fact cannot be.
    """
    say = on_progress or _say_nothing
    network = copy.deepcopy(network).cpu().float().eval()
    say("how far the network looks")
    halo = measure_halo(network, stride=stride)
    if halo is None:
        raise ModelExportError(
            path,
            expected="a network whose logits depend on a bounded neighbourhood",
            found="one that sees the whole picture (image pooling, squeeze-and-excite or attention)",
            remedy="Train one without: for instance unet with the encoder resnet18 or tu-mobilenetv2_050.",
        )
    say("the ONNX graph")
    card = card_of(_complete(facts, halo=halo, stride=stride))
    package = _unpacked(pack_model(export_onnx(network, stride=stride), card), path)
    reference = TorchNetwork(network)
    for picture in pictures:
        say(f"the same on {picture.name}")
        _compare(package, reference, picture, path)
    return package


def comparison_images(folder: Path | None = None) -> list[CheckPicture]:
    """Return the images on which a package is held against its network.

    Parameters
    ----------
    folder : Path, optional
        Of images; None: one rendered image of each preset, the same wherever Sporemetry is installed.

    Raises
    ------
    ModelExportError
        When the folder holds none.
    """
    if folder is None:
        height, width = _RENDERED_SIZE
        return [
            CheckPicture(f"a rendered image ({name})", render(name, seed=0).pixels[:height, :width])
            for name in PRESETS
        ]
    paths = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    if not paths:
        raise ModelExportError(
            folder,
            expected="images on which the packaged network is compared with the trained one",
            found="none",
            remedy="Name a folder of images with --pictures, or leave it out: rendered ones are taken.",
        )
    return [CheckPicture(path.name, read_image(path).pixels) for path in paths]


def _complete(facts: Mapping[str, object], *, halo: int, stride: int) -> dict[str, object]:
    versions = {
        "sporemetry": metadata.version("sporemetry"),
        "torch": torch.__version__,
        "onnx": onnx.__version__,
    }
    return {
        "format": CARD_FORMAT,
        "task": TASK,
        "channels": [SPORE],
        "instances": {"decoder": "watershed", "options": {}},
        "um_per_px": None,
        "judge": asdict(Judge()),
        "score_calibration": [],
        "training_data": [],
        "metrics": {},
        **facts,
        "halo": halo,
        "stride": stride,
        "created_with": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "sha256": NO_HASH,
    }


def _unpacked(content: bytes, path: Path) -> ModelPackage:
    try:
        return unpack_model(content, path)
    except ModelError as error:
        raise ModelExportError(
            path,
            expected=error.expected,
            found=error.found,
            remedy="Train a network of plain convolutions: unet with resnet18 or tu-mobilenetv2_050.",
        ) from error


def _compare(package: ModelPackage, reference: TorchNetwork, picture: CheckPicture, path: Path) -> None:
    everywhere = np.ones(picture.pixels.shape[:2], dtype=np.bool_)
    ours, theirs = (
        picture_logits(each, package.card, picture.pixels, everywhere)
        for each in (load_network(package), reference)
    )
    difference = float(np.abs(_probability(ours) - _probability(theirs)).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelExportError(
            path,
            expected=f"the same probabilities as the trained network's, within {LARGEST_DIFFERENCE:g}",
            found=f"a difference of {difference:.2g} on {picture.name}",
            remedy="Report it, with the versions of torch, onnx and openvino that `sporemetry doctor` shows.",
        )


def _probability(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits.astype(np.float64))))


def _say_nothing(text: str) -> None:
    del text


__all__ = [
    "LARGEST_DIFFERENCE",
    "CardError",
    "CheckPicture",
    "TorchNetwork",
    "comparison_images",
    "package_network",
]
