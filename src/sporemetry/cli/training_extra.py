"""The guard before commands that need the training extra."""

from __future__ import annotations

import importlib.util
import sys

from sporemetry.errors import MissingExtraError, SettingsError

_NEEDED = ("torch", "torchvision", "timm", "segmentation_models_pytorch", "lightning", "safetensors")


def need_training_extra() -> None:
    """Raise what is wrong where networks cannot be trained.

    Raises
    ------
    SettingsError
        Under ``python -OO``: segmentation_models_pytorch adds to its own docstrings, and cannot be imported
        without them.
    MissingExtraError
        With what to install, where the training extra is absent.
    """
    if sys.flags.optimize > 1:
        raise SettingsError(
            "python",
            expected="Python with docstrings for whatever trains: segmentation_models_pytorch needs its own",
            found="-OO, or PYTHONOPTIMIZE=2",
            remedy="Use python -O, or no such option. Counting and measuring work with -OO.",
        )
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"sporemetry[train]: expected {', '.join(_NEEDED)}; found none of the name {', '.join(missing)}. "
            "Training networks needs them: pip install 'sporemetry[train]' (several GB)."
        )
