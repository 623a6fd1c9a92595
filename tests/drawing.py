"""Rendered spores, fields and empty backgrounds, whose truth is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

MaskArray = NDArray[np.bool_]
Picture = NDArray[np.uint8]


def capsule(
    shape: tuple[int, int],
    centre: tuple[float, float],
    *,
    length: float,
    width: float,
    degrees: float,
    roughness: float = 0.0,
    seed: int = 0,
) -> MaskArray:
    """Draw a rod with round ends; its outline wavers by ``roughness`` px (standard deviation)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    angle = np.deg2rad(degrees)
    along = (x - centre[1]) * np.cos(angle) + (y - centre[0]) * np.sin(angle)
    across = (y - centre[0]) * np.cos(angle) - (x - centre[1]) * np.sin(angle)
    distance = np.hypot(np.maximum(np.abs(along) - (length - width) / 2, 0), across) - width / 2
    if roughness:
        noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=shape), (0, 0), 2.0)
        distance += roughness * noise / noise.std()
    return np.asarray(distance < 0)


def scattered(
    shape: tuple[int, int], count: int, *, length: float, width: float, seed: int
) -> list[MaskArray]:
    """Draw ``count`` rods on the cells of a grid, none touching another."""
    rng = np.random.default_rng(seed)
    side = int(length * 1.5) + 4
    columns = shape[1] // side
    cells = rng.permutation(columns * (shape[0] // side))[:count]
    if len(cells) < count:
        raise ValueError("the picture is too small for so many rods")
    return [
        capsule(
            shape,
            ((cell // columns + 0.5) * side, (cell % columns + 0.5) * side),
            length=length,
            width=width,
            degrees=float(rng.uniform(0, 180)),
        )
        for cell in cells
    ]


def photograph(light: NDArray[np.float64], *, noise: float, seed: int = 0) -> Picture:
    """Turn H x W or H x W x 3 levels into a picture with normal noise."""
    levels = light if light.ndim == 3 else np.repeat(light[..., None], 3, axis=2)
    noisy = levels + np.random.default_rng(seed).normal(0, noise, levels.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def even(shape: tuple[int, int], level: float = 180) -> NDArray[np.float64]:
    """Return even light."""
    return np.full(shape, float(level))


def sloping(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return light that falls from one corner to the opposite one by more than half."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    return np.asarray(90 + 60 * y / shape[0] + 60 * x / shape[1])


def vignetted(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return light that falls to less than half from the middle to the corners."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    square = ((y - shape[0] / 2) / shape[0]) ** 2 + ((x - shape[1] / 2) / shape[1]) ** 2
    return np.asarray(210 / (1 + 2.4 * square))


def jpeg(picture: Picture, quality: int) -> Picture:
    """Pass a picture through JPEG."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def write_spores(path: Path, *, spores: int = 3, seed: int = 0, shape: tuple[int, int] = (96, 128)) -> None:
    """Write a small image with ``spores`` dark ellipses that the traditional methods find."""
    generator = np.random.default_rng(seed)
    picture = generator.normal(200, 3, shape).clip(0, 255).astype(np.uint8)
    columns = shape[1] // 40
    for number in range(spores):
        place = (20 + 40 * (number % columns), 24 + 40 * (number // columns))
        cv2.ellipse(picture, place, (14, 6), float(generator.integers(0, 180)), 0, 360, 90, -1)
    if not cv2.imwrite(str(path), picture):
        raise OSError(path)
