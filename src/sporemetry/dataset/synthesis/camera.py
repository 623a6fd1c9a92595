"""The camera: noise, the curve of its film, eight bits, and JPEG.

A phone's noise is not white when it reaches the file: demosaicing and noise reduction have smeared it over
neighbouring pixels. A microscope camera's nearly is. Noise grows with the light (photons) from a floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PictureArray = NDArray[np.float32]
PixelArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Settings of the camera.

    Attributes
    ----------
    grey : bool
        One channel, repeated in red, green and blue.
    floor : float
        Standard deviation of the noise in the dark, in grey values.
    photon : float
        Standard deviation of the noise added by light at grey value 255.
    colour_noise : float
        Noise of each channel by itself, as a share of the noise common to all.
    smear : int
        Passes of a (1, 2, 1) / 4 filter over the noise; its strength is kept.
    jpeg_quality : int
        1 to 100; 0 gives the pixels as they are.
    """

    grey: bool
    floor: float
    photon: float
    colour_noise: float = 0.4
    smear: int = 1
    jpeg_quality: int = 0


def expose(camera: Camera, light: PictureArray, rng: np.random.Generator) -> PixelArray:
    """Return the picture that the camera makes of the light, H x W x 3 uint8.

    Parameters
    ----------
    camera : Camera
        Settings.
    light : float32 array, H x W x 1 or 3
        Grey values, unbounded; changed in place.
    rng : numpy.random.Generator
        Of the part ``camera``.
    """
    light[:] = _shoulder(light)
    strength = np.sqrt(
        np.float32(camera.floor**2) + np.float32(camera.photon**2 / 255.0) * np.maximum(light, np.float32(0))
    )
    common = _noise(rng, (light.shape[0], light.shape[1]), camera.smear)
    for channel in range(light.shape[2]):
        noise = common
        if light.shape[2] > 1 and camera.colour_noise > 0:
            own = _noise(rng, common.shape, camera.smear + 1)
            noise = common + np.float32(camera.colour_noise) * own
        light[:, :, channel] += strength[:, :, channel] * noise
    pixels = np.clip(np.rint(light), 0, 255).astype(np.uint8)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return decode_jpeg(encode_jpeg(pixels, camera.jpeg_quality)) if camera.jpeg_quality else pixels


def encode_jpeg(pixels: PixelArray, quality: int) -> bytes:
    """Return ``pixels`` (H x W x 3, red first) as a JPEG file, colours at half the resolution."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        cv2.IMWRITE_JPEG_OPTIMIZE,
        1,
    ]
    _, encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], options)
    return encoded.tobytes()


def decode_jpeg(content: bytes) -> PixelArray:
    """Return the pixels of a JPEG file that :func:`encode_jpeg` made, H x W x 3, red first."""
    decoded = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def _shoulder(light: PictureArray) -> PictureArray:
    """Bend grey values above 235 towards 255, as cameras keep highlights from burning out."""
    over = np.maximum(light - np.float32(235), np.float32(0))
    return light - over + over / (np.float32(1) + over / np.float32(20))


def _noise(rng: np.random.Generator, shape: tuple[int, int], smear: int) -> PictureArray:
    """Return noise of mean 0 and standard deviation 1, smeared over its neighbours."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    for _ in range(smear):
        for axis in (0, 1):
            noise = _filter_121(noise, axis)
    return noise * np.float32(_restore(smear))


def _filter_121(values: PictureArray, axis: int) -> PictureArray:
    """Filter with (1, 2, 1) / 4 along an axis; the borders repeat. Sums by powers of two: exact scaling."""
    before = np.concatenate([values.take([0], axis), values.take(range(values.shape[axis] - 1), axis)], axis)
    after = np.concatenate([values.take(range(1, values.shape[axis]), axis), values.take([-1], axis)], axis)
    return (before + after + values + values) * np.float32(0.25)


def _restore(smear: int) -> float:
    """Return what brings white noise back to its strength after ``smear`` passes in both directions."""
    # n passes of (1, 2, 1) are the binomial row 2n; its squares sum to C(4n, 2n).
    along_one_axis = math.comb(4 * smear, 2 * smear) / 16.0 ** (2 * smear) * 16.0**smear
    return 1.0 / along_one_axis
