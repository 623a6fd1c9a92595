"""Small images to count, and the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from tests.drawing import capsule, scattered

Command = Callable[..., tuple[int, str]]


def image(path: Path, spores: int, *, eyepiece: bool = False, seed: int = 1) -> Path:
    """Write an image with some spores, one of them on the right border."""
    light = np.full((240, 320), 200.0)
    for spore in scattered((200, 280), spores, length=30, width=12, seed=seed):
        light[:200, :280][spore] = 80
    light[capsule((240, 320), (220, 312), length=30, width=12, degrees=0)] = 80
    y, x = np.mgrid[:240, :320]
    if eyepiece:
        light[np.hypot(y - 118, x - 161) > 112] = 8
    light += np.random.default_rng(seed).normal(0, 2, light.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = light.clip(0, 255).astype(np.uint8)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, imagej=True, resolution=(4.0, 4.0), metadata={"unit": "um"})
    else:
        cv2.imwrite(str(path), pixels)
    return path


def images(folder: Path, *names: str, eyepiece: bool = False) -> Path:
    for number, name in enumerate(names):
        image(folder / name, 4 + 3 * number, eyepiece=eyepiece, seed=number)
    return folder
