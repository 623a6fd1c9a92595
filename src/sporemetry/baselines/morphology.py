"""The morphology that the methods share: from raw foreground to whole, separate, filled spores."""

from __future__ import annotations

import cv2
import numpy as np

from sporemetry.baselines.background import MaskArray


def disc(radius: int) -> np.ndarray:
    d = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (d, d))


def close_fill_open(mask: MaskArray, *, close: int, hole: int, opening: int) -> MaskArray:
    m = mask.astype(np.uint8)
    if close:
        m = cv2.morphologyEx(m, cv2.MORPH_CLOSE, disc(close), borderType=cv2.BORDER_REPLICATE)
    _, regions, stats, _ = cv2.connectedComponentsWithStats(1 - m, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= hole
    for e in (regions[0], regions[-1], regions[:, 0], regions[:, -1]):
        small[e] = False
    small[0] = True
    m = small[regions].astype(np.uint8)
    if opening:
        m = cv2.morphologyEx(m, cv2.MORPH_OPEN, disc(opening), borderType=cv2.BORDER_REPLICATE)
    return m.astype(bool)
