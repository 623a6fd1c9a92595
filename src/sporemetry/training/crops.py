"""A training sample: where it is cut from a picture and how it is changed, all from one generator."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.training.pictures import IGNORED, TrainingPicture
from sporemetry.training.recipe import AugmentSettings, CropSettings

FloatArray = NDArray[np.float32]


def cut(
    picture: TrainingPicture,
    crop: CropSettings,
    augment: AugmentSettings,
    fill: tuple[float, ...],
    rng: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.uint8]]:
    """Return pixels (size, size, 3) float32 from 0 to 255 and their target (size, size) uint8.

    Parameters
    ----------
    picture : TrainingPicture
        Of any size; what a crop needs beyond its border is filled and ignored.
    crop, augment
        What to do.
    fill : tuple of 3 float
        The colour beyond the border: the mean of the training part.
    rng : Generator
        The only source of randomness.
    """
    to_picture = _placement(picture, crop, augment, rng)
    size = (crop.size, crop.size)
    flags = cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(
        picture.pixels,
        to_picture,
        size,
        flags=flags | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=fill,
    )
    target = cv2.warpAffine(
        picture.target,
        to_picture,
        size,
        flags=flags | cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=IGNORED,
    )
    return change_colours(pixels, augment, rng), target.astype(np.uint8, copy=False)


def _placement(
    picture: TrainingPicture, crop: CropSettings, augment: AugmentSettings, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix from crop pixels (x, y, 1) to picture pixels."""
    _height, _width = picture.target.shape
    scale = rng.uniform(crop.scale_min, crop.scale_max)
    mirrored = augment.flip and rng.random() < 0.5
    angle = math.radians(rng.uniform(-augment.rotate, augment.rotate)) if augment.rotate else 0.0
    if augment.turn:
        angle += rng.integers(4) * math.pi / 2
    x, y = _centre(picture, crop.size / scale, crop.foreground, rng)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    middle = (crop.size - 1) / 2
    offset = np.array([x, y]) - linear @ [middle, middle]
    return np.hstack([linear, offset[:, None]])


def _centre(
    picture: TrainingPicture, window: float, foreground: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Return x and y of the middle of the window: inside the picture, and near a spore if asked for."""
    height, width = picture.target.shape
    near = foreground > 0 and rng.random() < foreground
    spots = np.flatnonzero(picture.target == 1) if near else np.zeros(0, dtype=np.intp)
    where = []
    if spots.size:
        row, column = divmod(int(spots[rng.integers(spots.size)]), width)
    for axis, length in enumerate((width, height)):
        # Where the picture is smaller than the window, it lies somewhere inside it.
        low, high = sorted((window / 2 - 0.5, length - window / 2 - 0.5))
        if spots.size:
            spot = (column, row)[axis] + rng.uniform(-0.4, 0.4) * window
            where.append(float(np.clip(spot, low, high)))
        else:
            where.append(rng.uniform(low, high))
    return where[0], where[1]


def change_colours(
    pixels: NDArray[np.uint8], augment: AugmentSettings, rng: np.random.Generator
) -> FloatArray:
    """Return the pixels as float32 with light, contrast, colour, focus and noise changed.

    Only what is switched on draws numbers, and nothing leaves 0 to 255.
    """
    values = pixels.astype(np.float32)
    if augment.grey and rng.random() < augment.grey:
        values[:] = (values @ np.array([0.299, 0.587, 0.114], dtype=np.float32))[..., None]
    if augment.blur and rng.random() < 0.5:
        sigma = rng.uniform(0.1, max(0.1, augment.blur))
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), dtype=np.float32)
    if augment.gamma:
        exponent = math.exp(rng.uniform(-augment.gamma, augment.gamma))
        values = (255 * (np.clip(values, 0, 255) / 255) ** exponent).astype(np.float32)
    if augment.contrast:
        mean = values.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
        values = mean + (values - mean) * np.float32(1 + rng.uniform(-augment.contrast, augment.contrast))
    if augment.brightness:
        values = values * np.float32(1 + rng.uniform(-augment.brightness, augment.brightness))
    if augment.colour:
        values = values * (1 + rng.uniform(-augment.colour, augment.colour, 3)).astype(np.float32)
    if augment.noise:
        sigma = rng.uniform(0, augment.noise)
        values = values + rng.standard_normal(values.shape, dtype=np.float32) * np.float32(sigma)
    return np.clip(values, 0, 255, out=values)
