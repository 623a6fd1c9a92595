"""The training pictures in memory: pixels, targets, and what one pass over them tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem, read_item_ignore, read_item_labels
from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.model.normalization import DARKEST, middle_and_spread
from sporemetry.training.distractors import find_distractors
from sporemetry.training.heads import draw_heads

IGNORED = 255
"""The target of pixels that count neither way: masked by ``ignore/``, or outside the picture."""

DEFAULT_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPicture:
    """One picture with its target.

    Attributes
    ----------
    pixels : uint8 array, H x W x 3
    target : uint8 array, H x W
        0 background, 1 spore, :data:`IGNORED`.
    heads : uint8 array, H x W x K, or None
        The truth of the network's other outputs, see :mod:`sporemetry.training.heads`.
    light : tuple of 3 float or None
        What an empty place of the picture looks like, see :func:`picture_light`; None where not asked for.
    distractors : (N,) int64 array or None
        What stands out and is no spore, see :mod:`sporemetry.training.distractors`; None where not asked for.
    """

    pixels: NDArray[np.uint8]
    target: NDArray[np.uint8]
    heads: NDArray[np.uint8] | None = None
    light: tuple[float, ...] | None = None
    distractors: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureStatistics:
    """What normalisation and losses need to know of a training part.

    Attributes
    ----------
    mean, std : tuple of 3 float
        Of each channel, in grey values from 0 to 255.
    spore_pixels, background_pixels : int
        Ignored ones are in neither.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    spore_pixels: int
    background_pixels: int

    @property
    def ratio(self) -> float:
        """n_b / n_o, the paper's ``a``.

        Raises
        ------
        SettingsError
            When the part has no spore, or nothing else.
        """
        if not self.spore_pixels or not self.background_pixels:
            raise SettingsError(
                "loss.ratio",
                expected="training pictures with spores and background",
                found=f"{self.spore_pixels:,} spore and {self.background_pixels:,} background pixels",
                remedy="State the ratio as a number, or put labelled pictures into the training part.",
            )
        return self.background_pixels / self.spore_pixels


class PictureStore:
    """Pictures of a training part, decoded once and kept as far as memory is allowed.

    Parameters
    ----------
    items : sequence of DatasetItem
        All must have labels.
    memory : int
        Bytes for decoded pictures; the rest is decoded each time.
    heads : sequence of str
        What is drawn from the labels beside the target.
    light : bool
        Whether the light of each picture is measured.
    distractors : bool
        Whether what stands out and is no spore is looked for.
    """

    def __init__(
        self,
        items: Sequence[DatasetItem],
        memory: int = DEFAULT_MEMORY,
        *,
        heads: Sequence[str] = (),
        light: bool = False,
        distractors: bool = False,
    ) -> None:
        self.items = tuple(items)
        self.heads = tuple(heads)
        self.light = light
        self.distractors = distractors
        self._memory = self._left = memory
        self._kept: dict[int, TrainingPicture] = {}

    def __getstate__(self) -> dict[str, object]:
        """Leave the decoded pictures behind where a loading process is not forked: it reads them itself."""
        return {**self.__dict__, "_kept": {}, "_left": self._memory}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> TrainingPicture:
        """Return picture ``index``, from memory or from its files."""
        if (kept := self._kept.get(index)) is not None:
            return kept
        picture = read_training_picture(
            self.items[index], heads=self.heads, light=self.light, distractors=self.distractors
        )
        size = picture.pixels.nbytes + picture.target.nbytes
        size += 0 if picture.heads is None else picture.heads.nbytes
        if size <= self._left:
            self._left -= size
            self._kept[index] = picture
        return picture

    def measure(self, on_progress: Callable[[int, int], None] | None = None) -> PictureStatistics:
        """Read all pictures once, keep what fits, and return their statistics (exact, from histograms).

        Raises
        ------
        SettingsError
            For a part without pictures.
        FileError
            When a picture or its labels cannot be read.
        """
        if not self.items:
            raise SettingsError("dataset", expected="labelled pictures to train on", found="none")
        histogram = np.zeros((3, 256), dtype=np.int64)
        spore = background = 0
        for index in range(len(self)):
            picture = self[index]
            for channel in range(3):
                histogram[channel] += np.bincount(picture.pixels[:, :, channel].ravel(), minlength=256)
            spore += int(np.count_nonzero(picture.target == 1))
            background += int(np.count_nonzero(picture.target == 0))
            if on_progress is not None:
                on_progress(index + 1, len(self))
        values = np.arange(256)
        total = histogram.sum(axis=1)
        mean = (histogram @ values) / total
        square = (histogram @ values**2) / total
        std = np.sqrt(np.maximum(square - mean**2, 1.0))
        return PictureStatistics(
            mean=tuple(mean.tolist()),
            std=tuple(std.tolist()),
            spore_pixels=spore,
            background_pixels=background,
        )


def to_eight_bits(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return pixels of 8 bits: as they are, or the nearest of 256 levels of the full 16-bit range.

    >>> to_eight_bits(np.array([0, 128, 129, 65535], dtype=np.uint16)).tolist()
    [0, 0, 1, 255]
    """
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def picture_light(pixels: NDArray[np.uint8]) -> tuple[float, ...]:
    """Return the median of each channel inside the field: what an empty place looks like, 1 or more.

    >>> picture_light(np.full((40, 60, 3), 180, dtype=np.uint8))
    (180.0, 180.0, 180.0)
    """
    field = find_field(pixels, "auto").mask
    channels = (np.ascontiguousarray(pixels[:, :, channel]) for channel in range(3))
    return tuple(max(middle_and_spread(values, field, 1.0)[0], DARKEST) for values in channels)


def read_training_picture(
    item: DatasetItem, *, heads: Sequence[str] = (), light: bool = False, distractors: bool = False
) -> TrainingPicture:
    """Read the picture of an item with its target.

    The truth of the given heads, its light and its distractors come along if asked for.

    Raises
    ------
    FileError
        When a file is missing or cannot be read, or sizes differ.
    """
    labels = read_item_labels(item).labels
    pixels = to_eight_bits(read_image(item.image).pixels)
    if labels.shape != pixels.shape[:2]:
        raise LabelReadError(
            item.labels or item.image,
            expected=f"the size of its picture, {pixels.shape[1]} x {pixels.shape[0]}",
            found=f"{labels.shape[1]} x {labels.shape[0]}",
            remedy="`sporemetry dataset check` finds all such pairs.",
        )
    target = (labels > 0).astype(np.uint8)
    target[read_item_ignore(item, target.shape)] = IGNORED
    drawn = draw_heads(labels, heads) if heads else None
    return TrainingPicture(
        pixels,
        target,
        drawn,
        picture_light(pixels) if light else None,
        find_distractors(pixels, target) if distractors else None,
    )
