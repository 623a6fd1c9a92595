"""The guard before commands that need the training extra."""

from __future__ import annotations

import importlib.util

from sporemetry.errors import MissingExtraError

_NEEDED = ("torch", "torchvision", "timm", "segmentation_models_pytorch", "lightning", "safetensors")


def need_training_extra() -> None:
    """Raise MissingExtraError, with what to install, where the training extra is absent."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"sporemetry[train]: expected {', '.join(_NEEDED)}; found none of the name {', '.join(missing)}. "
            "Training networks needs them: pip install 'sporemetry[train]' (several GB)."
        )
