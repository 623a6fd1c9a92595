"""Pictures that are one another's copies: re-encoded, resized, brightened, trimmed, turned or mirrored.

Pictures of one slide look alike without being copies: the same bright circle, needle and dust in the
eyepiece. So the large forms are taken away first: a picture is reduced to 64 x 64, its surroundings are
subtracted and evened out, and what is dark around a bright circle is left out. Of that a 64-bit hash (signs
of its lowest frequencies) and the correlation of 16 x 16 means pick the candidates under the eight
symmetries, and the correlation of the two confirms them, one laid over the other at a few shifts and
magnifications, as trimmed copies need.

Copies stay above the threshold with up to 2 % of the picture trimmed away; what real sets and renders score
is held by ``tests/dataset/test_near_duplicates.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.symmetries import SYMMETRIES, apply

THRESHOLD = 0.70
HASH_DISTANCE = 24  # of 64 bits; unrelated pictures differ in 32 +- 4
COARSE_LIKENESS = 0.45  # of the 16 x 16 means; copies reach 0.75 and more

_SIDE = 64
_MAGNIFICATIONS = (1.0, 0.985, 0.97, 0.955, 0.94)
_MARGIN = 4  # shifts up to this many of the 64 pixels
_STEPS = 40.0  # a thumbnail is kept in a byte: values from -3 to 3 in steps of 1/40
_LEAST_CONTRAST = 0.05  # grey levels; below it there is nothing to compare
_BITS = np.array([bin(value).count("1") for value in range(256)], dtype=np.uint8)

Thumbnail = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is kept of a picture: 4 KiB.

    Attributes
    ----------
    hashes : (8, 8) uint8
        64 bits for each of :data:`~sporemetry.dataset.symmetries.SYMMETRIES`.
    thumbnail : (64, 64) int8
        The picture, flattened.
    blank : bool
        Whether there is nothing in it to compare.
    """

    hashes: NDArray[np.uint8]
    thumbnail: NDArray[np.int8]
    blank: bool


def fingerprint(pixels: NDArray[Any]) -> Fingerprint:
    """Return the fingerprint of a picture.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3), uint8 or uint16
        At least one pixel. A picture without contrast gives a blank fingerprint, which resembles none.
    """
    grey = _reduced(pixels)
    flat, contrast = _flatten(grey)
    stored = np.rint(flat * _STEPS).astype(np.int8)
    view = stored.astype(np.float32)
    return Fingerprint(
        np.stack([_hash(apply(name, view)) for name in SYMMETRIES]), stored, contrast < _LEAST_CONTRAST
    )


def likeness(first: Fingerprint, second: Fingerprint, *, hash_distance: int = HASH_DISTANCE) -> float:
    """Return how far two pictures agree, -1 to 1, under the symmetry that suits them best.

    0 where either is blank or no symmetry brings their hashes within ``hash_distance``. The order of the two
    does not matter but for rounding.
    """
    if first.blank or second.blank:
        return 0.0
    near = _distances(first.hashes, second.hashes[0]) <= hash_distance
    other = second.thumbnail.astype(np.float32)
    best = 0.0
    for index in np.flatnonzero(near):
        turned = np.ascontiguousarray(apply(SYMMETRIES[index], first.thumbnail)).astype(np.float32)
        best = max(best, _agreement(turned, other))
    return best


def find_near_duplicates(
    prints: list[Fingerprint], *, threshold: float = THRESHOLD
) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs (i, j, likeness) with i < j that are copies of one another, by j.

    Parameters
    ----------
    prints : list of Fingerprint
        One a picture. None or one gives no pair.
    threshold : float
        The least likeness of a copy.
    """
    hashes = np.stack([each.hashes[0] for each in prints]) if prints else np.zeros((0, 8), dtype=np.uint8)
    coarse = np.stack([_coarse(each.thumbnail) for each in prints]) if prints else np.zeros((0, 256))
    for later, each in enumerate(prints):
        if each.blank:
            continue
        turned = np.stack([_coarse(apply(name, each.thumbnail)) for name in SYMMETRIES])
        near = coarse[:later] @ turned.T >= COARSE_LIKENESS
        for index, own in enumerate(each.hashes):
            near[:, index] &= _distances(hashes[:later], own) <= HASH_DISTANCE
        for earlier in np.flatnonzero(near.any(axis=1)):
            value = likeness(prints[earlier], each)
            if value >= threshold:
                yield int(earlier), later, value


def _reduced(pixels: NDArray[Any]) -> Thumbnail:
    """Return the grey picture as 64 x 64 means, in levels of 8 bits."""
    # Colours are reduced before they are averaged, as that needs no second picture in memory.
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    grey = small.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    return np.asarray(grey / np.float32(257.0) if pixels.dtype == np.uint16 else grey, dtype=np.float32)


def _flatten(grey: Thumbnail) -> tuple[Thumbnail, float]:
    """Return the picture without its large forms, -3 to 3, and its contrast before it was evened out."""
    lit = _lit(grey)
    weight = _smooth(lit, 4.0) + np.float32(1e-3)
    detail = (grey - _smooth(grey * lit, 4.0) / weight) * lit
    local = np.sqrt(_smooth(detail * detail, 4.0) / weight)
    overall = float(np.sqrt((detail * detail).sum() / max(float(lit.sum()), 1.0)))
    even = np.clip(detail / (local + np.float32(overall + 1e-6)), -3, 3).astype(np.float32)
    return _smooth(even, 0.5), overall


def _lit(grey: Thumbnail) -> Thumbnail:
    """Return 1 inside the bright circle of an eyepiece, away from its rim, and everywhere without one."""
    light = _smooth(grey, 2.0)
    bright = (light > 0.5 * np.percentile(light, 90)).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    inner = cv2.erode(bright, disc, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray(inner, dtype=np.float32)


def _smooth(values: Thumbnail, sigma: float) -> Thumbnail:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), dtype=np.float32)


def _hash(flat: Thumbnail) -> NDArray[np.uint8]:
    """Return 64 bits: which of the 64 lowest frequencies of the 32 x 32 means lie above their median."""
    means = np.ascontiguousarray(flat).reshape(32, 2, 32, 2).mean(axis=(1, 3)).astype(np.float32)
    low = cv2.dct(means)[:8, :8].ravel()
    return np.packbits(low > np.median(low))


def _coarse(thumbnail: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the 16 x 16 means as a vector of length 1 whose product with another is their correlation."""
    means = thumbnail.reshape(16, 4, 16, 4).mean(axis=(1, 3), dtype=np.float32).ravel()
    means -= means.mean()
    return np.asarray(means / np.float32(max(float(np.linalg.norm(means)), 1e-6)), dtype=np.float32)


def _distances(hashes: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray(_BITS[hashes ^ other].sum(axis=-1, dtype=np.int64))


def _agreement(first: Thumbnail, second: Thumbnail) -> float:
    """Return the highest correlation of the middle of one with the other, over shifts and magnifications."""
    best = 0.0
    for magnification in _MAGNIFICATIONS:
        best = max(best, _correlation(first, second, magnification))
        if magnification != 1.0:
            best = max(best, _correlation(second, first, magnification))
    return best


def _correlation(part: Thumbnail, whole: Thumbnail, magnification: float) -> float:
    """Return the correlation of ``part``, enlarged as the trimmed ``whole`` was, with ``whole``."""
    template = part[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    if magnification != 1.0:
        side = round(template.shape[0] / magnification)
        template = cv2.resize(template, (side, side), interpolation=cv2.INTER_LINEAR)
        excess = max(0, side - (_SIDE - 2) + 1) // 2  # leave room to shift by a pixel either way
        template = template[excess : side - excess, excess : side - excess]
    scores = cv2.matchTemplate(whole, np.ascontiguousarray(template), cv2.TM_CCOEFF_NORMED)
    return float(np.clip(np.nan_to_num(scores.max()), -1.0, 1.0))
