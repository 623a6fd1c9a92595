"""Label images that mean something else than ids, and sound ones that look odd; made here, not kept."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Ids = NDArray[np.int64]

CENTRES = ((35, 45), (40, 140), (110, 50), (115, 150))


def ellipses(scale: int = 1) -> Ids:
    """Four ellipses of about 447 px with the ids 1 to 4 in 160 x 200 px, or ``scale`` times as large."""
    y, x = np.mgrid[: 160 * scale, : 200 * scale]
    labels = np.zeros(y.shape, dtype=np.int64)
    for number, (row, column) in enumerate(CENTRES, start=1):
        down, across = (y + 0.5) / scale - row, (x + 0.5) / scale - column
        turn = 0.7 * number
        along = across * np.cos(turn) + down * np.sin(turn)
        beside = down * np.cos(turn) - across * np.sin(turn)
        labels[(along / 15) ** 2 + (beside / 9.5) ** 2 <= 1] = number
    return labels


def spores(number: int = 60, *, touching: bool = False, seed: int = 0) -> Ids:
    """Many spores of about 8 px in 240 x 320 px, apart or touching."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((240, 320), dtype=np.int64)
    y, x = np.mgrid[:240, :320]
    for _ in range(20 * number):
        if labels.max() == number:
            break
        row, column, half = rng.uniform(0, 240), rng.uniform(0, 320), rng.uniform(5, 9)
        turn, ratio = rng.uniform(0, 3.2), rng.uniform(0.5, 1)
        along = (x - column) * np.cos(turn) + (y - row) * np.sin(turn)
        beside = (y - row) * np.cos(turn) - (x - column) * np.sin(turn)
        one = (along / half) ** 2 + (beside / half / ratio) ** 2 <= 1
        taken = np.count_nonzero(labels[one]) if touching else np.count_nonzero(labels[_wider(one)])
        if taken <= (0.2 * one.sum() if touching else 0) and one.sum() > 20:
            labels[one & (labels == 0)] = labels.max() + 1
    return labels


def grid(number: int, *, apart: int, side: int = 12) -> Ids:
    """Squares of ``side`` px in rows of ten, ``apart`` px from each other."""
    step = side + apart
    labels = np.zeros((step * (-(-number // 10)) + apart, 10 * step + apart), dtype=np.int64)
    for place in range(number):
        row, column = (apart + step * each for each in divmod(place, 10))
        labels[row : row + side, column : column + side] = place + 1
    return labels


def smoothed(mask: NDArray[np.bool_], plateau: float, how: str) -> NDArray[np.float64]:
    """A mask with grey edges: ``supersampled``, ``gauss 1``, ``x4 cubic`` and the like."""
    if how.startswith("gauss"):
        return np.asarray(ndimage.gaussian_filter(mask * float(plateau), float(how.split()[1])), float)
    factor, kernel = how.split()
    grey = resized(mask.astype(np.float32), float(factor[1:]), KERNELS[kernel])
    return np.asarray(np.clip(grey, 0, 1) * plateau, dtype=np.float64)


KERNELS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}
SMOOTHINGS = (
    *("gauss 0.5", "gauss 0.7", "gauss 1", "gauss 2"),
    *("x0.5 cubic", "x0.5 lanczos", "x0.37 linear", "x0.37 area", "x0.3 area"),
    *("x1.5 linear", "x1.5 cubic", "x2 linear", "x2 lanczos", "x4 linear", "x4 cubic"),
)


def resized(values: NDArray[np.float32], factor: float, kernel: int) -> NDArray[np.float32]:
    """Values at another size, with interpolation."""
    size = (round(values.shape[1] * factor), round(values.shape[0] * factor))
    return np.asarray(cv2.resize(values, size, interpolation=kernel), dtype=np.float32)


def supersampled(times: int) -> NDArray[np.float64]:
    """The mask of the ellipses, anti-aliased: the share of ``times`` x ``times`` points in each pixel."""
    points = (ellipses(times) > 0).reshape(160, times, 200, times)
    return np.asarray(points.mean(axis=(1, 3)), dtype=np.float64)


def jpeg(values: NDArray[np.integer], quality: int) -> Ids:
    """What is left of an image after JPEG."""
    content = cv2.imencode(".jpg", values.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), dtype=np.int64)


def broken(labels: Ids, *, every: int, width: int) -> Ids:
    """Labels with columns of ``width`` pixels taken out of every spore."""
    cut = labels.copy()
    for first in range(width):
        cut[:, first::every] = 0
    return cut


def sound() -> dict[str, Ids]:
    """Label images that must be taken as they are."""
    four, many, touching = ellipses(), spores(), spores(110, touching=True)
    rng = np.random.default_rng(1)
    dense = np.zeros((80, 100), dtype=np.int64)
    dense[5:45, 5:65] = np.kron(np.arange(1, 601).reshape(20, 30), np.ones((2, 2), dtype=np.int64))
    lines = np.zeros((100, 100), dtype=np.int64)
    lines[5:60, 11:41] = np.arange(1, 31)
    tiny = np.zeros((200, 300), dtype=np.int64)
    for number, place in enumerate(rng.permutation(40 * 60)[:400], start=1):
        row, column = 5 * (place // 60), 5 * (place % 60)
        tiny[[row, row, row + 1], [column, column + 1, column]] = number
    one_cut = many.copy()
    row = int(np.nonzero(many == 3)[0].mean())
    one_cut[row][one_cut[row] == 3] = 0
    huge = np.zeros((100, 120), dtype=np.int64)
    cv2.ellipse(view := huge.astype(np.uint8), (60, 50), (58, 48), 0, 0, 360, 1, -1)
    return {
        "four": four,
        "many": many,
        "touching": touching,
        "scattered ids": np.where(touching > 0, (touching * 7919) % 65_521 + 1, 0),
        "gaps": np.choose(four, [0, 459, 460, 70_000, 3_000_000]),
        "beyond int32": np.choose(four, [0, 7, 2**31, 2**32 - 9, 2**31 + 5]),
        "spread over 8 bits": four * 63,
        "one": (four == 1) * 1,
        "one of 255": (four == 1) * 255,
        "huge": view.astype(np.int64),
        "2 x 2 px, dense": dense,
        "1 px lines, touching": lines,
        "3 px": tiny,
        "3 px, dense": np.where(np.arange(900).reshape(30, 30) % 7 < 6, _triples(30, 30), 0),
        "all broken": broken(many, every=9, width=2),
        "all broken, four": broken(four, every=8, width=3),
        "shattered": np.where(rng.random(many.shape) < 0.4, 0, many),
        "one broken": one_cut,
        "stray pixel": np.where(np.arange(many.size).reshape(many.shape) == 2000, 9, many),
        "grown together": _grown(many),
        "nothing": np.zeros((20, 30), dtype=np.int64),
    }


def _wider(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _triples(height: int, width: int) -> Ids:
    return (np.arange(height)[:, None] * width + np.arange(width)) // 3 + 1


def _grown(labels: Ids) -> Ids:
    distance, near = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    return np.where(distance < 6, labels[near[0], near[1]], 0)
