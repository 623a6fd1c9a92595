"""K-means clustering of the pixels' colours (the paper's references 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.baselines.background import FloatArray, MaskArray
from sporemetry.baselines.contrast import MOST_CONTRAST, Pixels, picture_contrast
from sporemetry.baselines.morphology import Morphology, spore_mask
from sporemetry.errors import SettingsError

_LEVELS = 64  # a channel; 0.0125 of the background's brightness each
_MOST_ROUNDS = 100
_NEAREST = 1 / 3  # of the farthest cluster's distance: nearer ones are background of another shade


@dataclass(frozen=True)
class KMeansSettings:
    """Settings of :func:`kmeans_mask`.

    Attributes
    ----------
    clusters : int
        2 or more. Three are background, spores, and the faint dirt and blurred rims between them.
    morphology : Morphology
        Sizes of the structuring elements.
    """

    clusters: int = 3
    morphology: Morphology = field(default_factory=Morphology)

    def __post_init__(self) -> None:
        if not 2 <= self.clusters <= 16:
            raise SettingsError("clusters", expected="a number from 2 to 16", found=repr(self.clusters))


def kmeans_mask(pixels: Pixels, field_mask: MaskArray, settings: KMeansSettings | None = None) -> MaskArray:
    """Find spores by K-means on the colours of the pixels.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture.
    field_mask : (H, W) bool array
        Pixels outside take no part and are never foreground.
    settings : KMeansSettings, optional
        The number of clusters, sizes of the structuring elements.

    Returns
    -------
    (H, W) bool array
        True where there is a spore; all false for a picture of nothing but background.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    >>> picture[20:40, 20:32] = (90, 120, 80)
    >>> spore = kmeans_mask(picture, np.ones((64, 64), dtype=bool))
    >>> bool(spore[30, 26]), bool(spore[10, 10])
    (True, False)
    """
    settings = KMeansSettings() if settings is None else settings
    contrast = picture_contrast(pixels, field_mask)
    codes = _codes(contrast.colour)
    counts = np.bincount(codes[contrast.inside], minlength=_LEVELS ** contrast.colour.shape[2])
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return np.zeros_like(contrast.inside)
    colours = _colours(present, contrast.colour.shape[2])
    centres, members = lloyd(colours, counts[present], settings.clusters)
    chosen = spore_clusters(centres, np.bincount(members, counts[present], len(centres)).astype(np.float64))
    is_spore = np.zeros(len(counts), dtype=np.bool_)
    is_spore[present] = chosen[members]
    raw = is_spore[codes] & contrast.inside & (contrast.grey > contrast.floor)
    return spore_mask(raw, contrast.grey, contrast.core, contrast.inside, settings.morphology)


def lloyd(
    points: NDArray[np.float64], weights: NDArray[np.integer], clusters: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cluster weighted points by K-means (S. P. Lloyd 1982, doi:10.1109/TIT.1982.1056489).

    The first centres lie evenly between the darkest and the brightest point, so that no chance is in it.

    Parameters
    ----------
    points : (n, C) float64 array
        Distinct colours.
    weights : (n,) integer array
        How often each occurs.
    clusters : int
        How many centres.

    Returns
    -------
    centres : (clusters, C) float64 array
        A cluster that has lost all its points stays where it was.
    members : (n,) integer array
        The cluster of each point.
    """
    order = np.argsort(points.mean(axis=1), kind="stable")
    low, high = points[order[0]], points[order[-1]]
    centres = low + (high - low) * ((np.arange(clusters) + 0.5) / clusters)[:, None]
    for _ in range(_MOST_ROUNDS):
        members = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        held = np.bincount(members, weights, clusters)
        sums = np.stack([np.bincount(members, weights * c, clusters) for c in points.T], axis=1)
        moved = np.where(held[:, None] > 0, sums / np.maximum(held, 1)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-6:
            break
        centres = moved
    return centres, members


def spore_clusters(centres: NDArray[np.float64], held: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which clusters are spores: darker than the largest, a third as far from it as the farthest."""
    largest = int(np.argmax(held))
    offset = centres - centres[largest]
    distance = np.linalg.norm(offset, axis=1)
    darker = (offset.mean(axis=1) > 0) & (held > 0)
    return np.asarray(darker & (distance >= _NEAREST * distance[darker].max(initial=0)))


def _codes(colour: FloatArray) -> NDArray[np.int32]:
    """Return H x W: each pixel's colour as one number, 64 levels a channel."""
    steps = ((colour + np.float32(MOST_CONTRAST)) * np.float32(_LEVELS / (2 * MOST_CONTRAST))).astype(
        np.int32
    )
    steps = np.minimum(steps, _LEVELS - 1)
    code = steps[..., 0]
    for channel in range(1, colour.shape[2]):
        code = code * _LEVELS + steps[..., channel]
    return np.asarray(code)


def _colours(codes: NDArray[np.intp], channels: int) -> NDArray[np.float64]:
    """Return n x C: the colour in the middle of each code's cell."""
    parts = [codes // _LEVELS ** (channels - 1 - c) % _LEVELS for c in range(channels)]
    return (np.stack(parts, axis=1) + 0.5) * (2 * MOST_CONTRAST / _LEVELS) - MOST_CONTRAST
