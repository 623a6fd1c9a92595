"""A data set that is as small as it can be."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_small_set(folder: Path, images: int = 4) -> Path:
    """Write bright images with one dark spore each, and their labels; each is its own group."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(images):
        pixels = np.full((48, 64, 3), 200, dtype=np.uint8)
        labels = np.zeros((48, 64), dtype=np.uint16)
        for canvas, value in ((pixels, (90, 100, 80)), (labels, (1,))):
            cv2.ellipse(canvas, (20 + 5 * number, 24), (9, 4), 0, 0, 360, value, -1)
        cv2.imwrite(str(folder / "images" / f"p{number}_1.png"), pixels)
        cv2.imwrite(str(folder / "labels" / f"p{number}_1.png"), labels)
    return folder
