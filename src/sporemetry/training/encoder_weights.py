"""Weights of an encoder from a file, to begin training with."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from sporemetry.errors import SettingsError

SUFFIX = ".safetensors"
_LARGEST = 4 << 30
_WRAPPED = "model."  # before the names of timm's networks in those of segmentation-models-pytorch


def is_weights_file(weights: str | None) -> bool:
    """Return whether a recipe's weights are a file's path and no name."""
    return weights is not None and weights.endswith(SUFFIX)


def load_encoder_weights(encoder: nn.Module, weights: str) -> None:
    """Put the weights of a file into an encoder.

    Parameters
    ----------
    encoder : Module
        Of segmentation-models-pytorch. Its parameters and the statistics of its norms are replaced.
    weights : str
        A safetensors file, which holds numbers and no code, with the names of the encoder's own library
        (timm's or torchvision's). Weights that the encoder has no use for, as those of a classifier, are
        left out.

    Raises
    ------
    SettingsError
        When the file cannot be read, or lacks a weight or has it in another shape; the encoder is left as it
        was.
    """
    path = Path(weights)
    own = encoder.state_dict()
    found: dict[str, Tensor] = {}
    try:
        if path.stat().st_size > _LARGEST:
            raise _unfit(weights, f"more than {_LARGEST >> 30} GiB")
        with safe_open(path, framework="pt") as file:
            there = set(file.keys())
            for name, value in own.items():
                if name.endswith("num_batches_tracked"):
                    continue
                known = name.removeprefix(_WRAPPED)
                if known not in there:
                    raise _unfit(weights, f"no weight {known}")
                tensor = file.get_tensor(known)
                if tensor.shape != value.shape:
                    raise _unfit(weights, f"{known} of shape {tuple(tensor.shape)}, not {tuple(value.shape)}")
                found[name] = tensor.to(value.dtype)
    except (OSError, SafetensorError) as error:
        raise _unfit(weights, str(error).splitlines()[0][:200]) from error
    with torch.no_grad():
        for name, tensor in found.items():
            own[name].copy_(tensor)


def _unfit(weights: str, found: str) -> SettingsError:
    return SettingsError(
        "network.weights",
        expected="a safetensors file with all weights of the encoder, under its library's names",
        found=f"{weights}: {found}",
        remedy="Without network.weights training begins with random ones.",
    )
