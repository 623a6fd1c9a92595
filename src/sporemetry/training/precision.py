"""Which precision and layout of arrays a machine is made for."""

from __future__ import annotations

from dataclasses import replace

import torch

from sporemetry.training.recipe import Recipe


def settle_machine(recipe: Recipe, device_type: str, *, begun: Recipe | None = None) -> Recipe:
    """Return a recipe whose ``auto`` is replaced by what the device is made for; others are left as they are.

    Parameters
    ----------
    recipe : Recipe
    device_type : str
        ``cpu``, ``cuda`` or another.
    begun : Recipe, optional
        Of a run that is to go on, be it on another machine: it keeps its layout. Its precision it does not:
        bfloat16 without the hardware takes a hundred times as long.

    Returns
    -------
    Recipe
        ``bf16-mixed`` and ``channels_last`` where the device multiplies bfloat16 in hardware, else
        ``32-true`` and ``channels_first``.
    """
    fast = has_bfloat16(device_type)
    if recipe.precision == "auto":
        recipe = replace(recipe, precision="bf16-mixed" if fast else "32-true")
    if recipe.layout == "auto":
        if begun is not None:
            recipe = replace(recipe, layout=begun.layout)
        else:
            recipe = replace(recipe, layout="channels_last" if fast else "channels_first")
    return recipe


def has_bfloat16(device_type: str) -> bool:
    """Return whether a device multiplies bfloat16 in hardware; unknown ones do not."""
    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device_type == "cpu":
        # PyTorch has these under a private name only; without them 32 bits are right everywhere.
        asked = (
            getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        )
        return any(ask is not None and ask() for ask in asked)
    return False
