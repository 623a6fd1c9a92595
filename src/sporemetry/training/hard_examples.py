"""Where a network errs in training: which of the hard pixels are spore, which lie in the ring around them.

A pixel is hard where p_t, the probability given to its own class, is at most a threshold. Zhao et al. 2019,
Tables 1 to 3 and Figure 3, doi 10.1109/ACCESS.2019.2953085: hard pixels are the ones that the ring of CFL*
is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.ratios import ratio
from sporemetry.training.losses.ring import check_ring, grown_label
from sporemetry.training.pictures import IGNORED, PictureStore, TrainingPicture
from sporemetry.training.trained import TrainedNetwork

DEFAULT_THRESHOLDS = (0.5, 0.25)
DEFAULT_RADIUS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HardPixels:
    """Hard pixels of one threshold, counted; they add up over pictures.

    Attributes
    ----------
    threshold : float
        A pixel is hard where p_t is at most this.
    pixels : int
        All that count, hard or not.
    hard : int
        The hard ones.
    spore, ring : int
        Those of them on spores, and in the ring around them.
    """

    threshold: float
    pixels: int = 0
    hard: int = 0
    spore: int = 0
    ring: int = 0

    def __add__(self, other: HardPixels) -> HardPixels:
        if other.threshold != self.threshold:
            raise SettingsError("threshold", expected=str(self.threshold), found=str(other.threshold))
        return HardPixels(
            threshold=self.threshold,
            pixels=self.pixels + other.pixels,
            hard=self.hard + other.hard,
            spore=self.spore + other.spore,
            ring=self.ring + other.ring,
        )

    @property
    def hard_share(self) -> float:
        """Hard pixels of all; NaN where there is none."""
        return ratio(self.hard, self.pixels)

    @property
    def spore_share(self) -> float:
        """Spore pixels of the hard ones; NaN where none is hard."""
        return ratio(self.spore, self.hard)

    @property
    def ring_share(self) -> float:
        """Ring pixels of the hard ones; NaN where none is hard."""
        return ratio(self.ring, self.hard)

    @property
    def either_share(self) -> float:
        """Spore or ring pixels of the hard ones; NaN where none is hard."""
        return ratio(self.spore + self.ring, self.hard)


def own_class_probability(
    probability: NDArray[np.floating], target: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return p_t: the probability of spore on spores, of background elsewhere, NaN where ignored.

    Parameters
    ----------
    probability : float array, H x W
        Of spore.
    target : uint8 array, H x W
        0, 1 and 255 where ignored.

    Examples
    --------
    >>> own_class_probability(np.array([[0.9, 0.9, 0.9]]), np.array([[1, 0, 255]], dtype=np.uint8)).round(2)
    array([[0.9, 0.1, nan]], dtype=float32)
    """
    own = np.where(target == 1, probability, 1 - probability).astype(np.float32)
    own[target == IGNORED] = np.nan
    return own


def count_hard_pixels(
    own: NDArray[np.float32],
    target: NDArray[np.uint8],
    *,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    radius: int = DEFAULT_RADIUS,
    shape: str = "cross",
) -> tuple[HardPixels, ...]:
    """Count the hard pixels of a picture at each threshold.

    Parameters
    ----------
    own : float32 array, H x W
        p_t, NaN where ignored.
    target : uint8 array, H x W
    thresholds : sequence of float
        From 0 to 1.
    radius, shape
        Of the ring, see :func:`sporemetry.training.losses.ring.dilate`.

    Raises
    ------
    SettingsError
        For a threshold or ring that is none.

    Examples
    --------
    >>> target = np.array([[0, 0, 0, 1, 0, 0]], dtype=np.uint8)
    >>> own = np.array([[0.4, 0.9, 0.2, 0.5, 0.9, 0.9]], dtype=np.float32)
    >>> counted = count_hard_pixels(own, target, thresholds=(0.5,), radius=1)[0]
    >>> counted.hard, counted.spore, counted.ring
    (3, 1, 1)
    """
    check_ring(radius, shape)
    for threshold in thresholds:
        if not 0 <= threshold <= 1:
            raise SettingsError("--threshold", expected="a number from 0 to 1", found=str(threshold))
    spore = target == 1
    ring = grown_label(torch.from_numpy(target), radius, shape, ignore_index=IGNORED).numpy() & ~spore
    pixels = int(np.count_nonzero(target != IGNORED))
    counted = []
    for threshold in thresholds:
        hard = own <= threshold
        counted.append(
            HardPixels(
                threshold=threshold,
                pixels=pixels,
                hard=int(np.count_nonzero(hard)),
                spore=int(np.count_nonzero(hard & spore)),
                ring=int(np.count_nonzero(hard & ring)),
            )
        )
    return tuple(counted)


def hard_examples(
    trained: TrainedNetwork,
    store: PictureStore,
    *,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    radius: int = DEFAULT_RADIUS,
    shape: str = "cross",
    on_picture: Callable[[int, TrainingPicture, NDArray[np.float32]], None] | None = None,
) -> tuple[HardPixels, ...]:
    """Count a network's hard pixels over pictures, pooled, one result a threshold.

    Parameters
    ----------
    trained : TrainedNetwork
        One forward pass a picture, without flips: what the loss would see.
    store : PictureStore
        No picture gives counts of 0 and undefined shares.
    thresholds, radius, shape
        See :func:`count_hard_pixels`.
    on_picture : callable, optional
        Called with each picture's number, the picture and its map of p_t.
    """
    total = tuple(HardPixels(threshold=threshold) for threshold in thresholds)
    for number, picture, own in _maps(trained, store):
        counted = count_hard_pixels(own, picture.target, thresholds=thresholds, radius=radius, shape=shape)
        total = tuple(sum_ + each for sum_, each in zip(total, counted, strict=True))
        if on_picture is not None:
            on_picture(number, picture, own)
    return total


def _maps(
    trained: TrainedNetwork, store: PictureStore
) -> Iterator[tuple[int, TrainingPicture, NDArray[np.float32]]]:
    for number in range(len(store)):
        picture = store[number]
        probability = trained.probability(picture.pixels, flips=False)
        yield number, picture, own_class_probability(probability, picture.target)
