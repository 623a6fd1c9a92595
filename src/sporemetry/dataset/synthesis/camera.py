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
    soften : int
        Passes of a (1, 2, 1) / 4 filter over the light: a lens that is not sharp to the pixel.
    """

    grey: bool
    floor: float
    photon: float
    colour_noise: float = 0.4
    smear: int = 1
    jpeg_quality: int = 0
    soften: int = 0


def expose(camera: Camera, light: PictureArray, rng: np.random.Generator) -> PixelArray:
    """Return the picture that the camera makes of the light, H x W x 3 uint8.

    Parameters
    ----------
    camera : Camera
        Settings.
    light : float32 array, 1 or 3 x H x W
        Grey values, unbounded; changed in place.
    rng : numpy.random.Generator
        Of the part ``camera``.
    """
    _shoulder(light)
    common = _noise(rng, (light.shape[1], light.shape[2]), camera.smear)
    pixels = np.empty((light.shape[1], light.shape[2], 3), dtype=np.uint8)
    for channel in range(len(light)):
        for _ in range(camera.soften):
            for axis in (0, 1):
                light[channel] = _filter_121(light[channel], axis)
    for channel, values in enumerate(light):
        noise = common
        if len(light) > 1 and camera.colour_noise > 0:
            noise = common + np.float32(camera.colour_noise) * _noise(rng, common.shape, camera.smear)
        photons = np.float32(camera.photon**2 / 255.0) * np.maximum(values, np.float32(0))
        values += np.sqrt(photons + np.float32(camera.floor**2)) * noise
        pixels[:, :, channel] = np.clip(np.rint(values, out=values), 0, 255, out=values)
    if len(light) == 1:
        pixels[:, :, 1:] = pixels[:, :, :1]
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
    return bytes(encoded)


def decode_jpeg(content: bytes) -> PixelArray:
    """Return the pixels of a JPEG file that :func:`encode_jpeg` made, H x W x 3, red first."""
    decoded = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def _shoulder(light: PictureArray) -> None:
    """Bend grey values above 235 towards 255 in place, as cameras keep highlights from burning out."""
    bright = light > np.float32(235)
    over = light[bright] - np.float32(235)
    light[bright] = np.float32(235) + over / (np.float32(1) + over * np.float32(0.05))


def _noise(rng: np.random.Generator, shape: tuple[int, int], smear: int) -> PictureArray:
    """Return noise of mean 0 and standard deviation 1, smeared over its neighbours."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    for _ in range(smear):
        for axis in (0, 1):
            noise = _filter_121(noise, axis)
    return noise * np.float32(_restore(smear))


def _filter_121(values: PictureArray, axis: int) -> PictureArray:
    """Filter with (1, 2, 1) / 4 along an axis; the borders repeat."""
    if axis == 0:
        padded = np.concatenate([values[:1], values, values[-1:]], axis=0)
        return np.asarray((padded[:-2] + padded[2:] + values + values) * np.float32(0.25))
    padded = np.concatenate([values[:, :1], values, values[:, -1:]], axis=1)
    return np.asarray((padded[:, :-2] + padded[:, 2:] + values + values) * np.float32(0.25))


def _restore(smear: int) -> float:
    """Return what brings white noise back to its strength after ``smear`` passes in both directions.

    ``n`` passes weight the neighbours as the binomial row ``2 n``, whose squares sum to ``C(4 n, 2 n)``.
    """
    return 16.0**smear / math.comb(4 * smear, 2 * smear)
