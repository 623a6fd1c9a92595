"""A training sample: where it is cut from a picture and how it is changed, all from one generator."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.training.pictures import IGNORED, TrainingPicture
from sporemetry.training.recipe_tables import AugmentSettings, CropSettings

FloatArray = NDArray[np.float32]
_HALO_PX, _HALO_GAINS = (1.0, 4.0), (-0.5, 1.0)


def cut(
    picture: TrainingPicture,
    crop: CropSettings,
    augment: AugmentSettings,
    fill: tuple[float, ...],
    rng: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.uint8]]:
    """Return pixels (size, size, 3) float32 from 0 to 255 and their target (size, size) uint8.

    Where the picture has heads the target is (1 + K, size, size): the maps of the heads follow it.

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
    target = target.astype(np.uint8, copy=False)
    if picture.heads is not None:
        heads = cv2.warpAffine(
            picture.heads, to_picture, size, flags=flags | cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        target = np.concatenate([target[None], heads.reshape(*target.shape, -1).transpose(2, 0, 1)])
    return change_colours(pixels, augment, rng), target


def _placement(
    picture: TrainingPicture, crop: CropSettings, augment: AugmentSettings, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix from crop pixels (x, y, 1) to picture pixels."""
    scale = rng.uniform(crop.scale_min, crop.scale_max)
    mirrored = augment.flip and rng.random() < 0.5
    angle = math.radians(rng.uniform(-augment.rotate, augment.rotate)) if augment.rotate else 0.0
    if augment.turn:
        angle += rng.integers(4) * math.pi / 2
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    spot = _shown_pixel(picture, crop, rng)
    centre = _centre(picture, crop.size / scale, spot, rng)
    offset = centre - linear @ np.full(2, (crop.size - 1) / 2)
    if spot is not None:
        # The crop pixel nearest to it shows exactly that one, however the window is turned.
        shown = np.clip(np.rint(np.linalg.solve(linear, spot - offset)), 0, crop.size - 1)
        offset = spot - linear @ shown
    whole = np.rint(linear)
    if np.allclose(linear, whole, rtol=0, atol=1e-9):
        # Crop pixels can lie on picture pixels: then they do, and nothing is interpolated.
        linear, offset = whole, np.rint(offset)
    return np.hstack([linear, offset[:, None]])


def _shown_pixel(
    picture: TrainingPicture, crop: CropSettings, rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """Return x and y of a pixel to show: of a spore or of a distractor in their shares of the samples.

    None in the others, and where the picture has no such pixel.
    """
    if not (crop.foreground or crop.distractor):
        return None
    drawn = rng.random()
    if drawn < crop.foreground:
        spots = np.flatnonzero(picture.target == 1)
    elif picture.distractors is not None and drawn < crop.foreground + crop.distractor:
        spots = picture.distractors
    else:
        return None
    if not spots.size:
        return None
    row, column = divmod(int(spots[rng.integers(spots.size)]), picture.target.shape[1])
    return np.array([column, row], dtype=np.float64)


def _centre(
    picture: TrainingPicture, window: float, spot: NDArray[np.float64] | None, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return x and y of the middle of the window: inside the picture, and near the pixel to show if any."""
    lengths = np.array(picture.target.shape[::-1], dtype=np.float64)
    # Where the picture is smaller than the window, it lies somewhere inside it.
    low, high = np.sort([np.full(2, window / 2 - 0.5), lengths - window / 2 - 0.5], axis=0)
    if spot is None:
        return np.asarray(rng.uniform(low, high))
    return np.asarray(np.clip(spot + rng.uniform(-0.4, 0.4, 2) * window, low, high))


def change_focus(values: FloatArray, size: float, gain: float, rest: float) -> FloatArray:
    """Return grey values (H, W, 3) float32 with the halos of another focus around what stands out.

    Out of focus a thin clear object loses its edges and gets a bright or dark middle and broad halos, by the
    curvature of its phase. Structures of about ``size`` px, the difference of two Gaussians, are taken
    ``gain`` times, and the finer ones ``rest`` times.
    """
    fine, coarse = (cv2.GaussianBlur(values, (0, 0), factor * size) for factor in (1.0, 2.0))
    changed = coarse + np.float32(gain) * (fine - coarse) + np.float32(rest) * (values - fine)
    return np.asarray(changed, dtype=np.float32)


def change_colours(
    pixels: NDArray[np.uint8], augment: AugmentSettings, rng: np.random.Generator
) -> FloatArray:
    """Return the pixels as float32 with light, contrast, colour, focus and noise changed.

    Only what is switched on draws numbers, and nothing leaves 0 to 255.
    """
    values = pixels.astype(np.float32)
    if augment.grey and rng.random() < augment.grey:
        values[:] = (values @ np.array([0.299, 0.587, 0.114], dtype=np.float32))[..., None]
    if augment.focus and rng.random() < 0.5:
        gain = math.exp(augment.focus * rng.uniform(*_HALO_GAINS))
        values = change_focus(values, rng.uniform(*_HALO_PX), gain, rng.random())
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
