"""An image as a packaged network sees it at several scales, and the objects that it is sure of at each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.instances import LabelArray
from sporemetry.measurement import measure_sizes
from sporemetry.model import ModelPackage, load_network
from sporemetry.model.evaluation import (
    WholeImage,
    brought_back,
    field_box,
    resample,
    working_logits,
    working_size,
)
from sporemetry.model.likeness import brightness
from sporemetry.segmentation.model_settings import ModelSettings
from sporemetry.segmentation.seam import Detections, MaskArray, Pixels

FloatArray = NDArray[np.float32]
Window = tuple[slice, slice]
Detect = Callable[[FloatArray, FloatArray, MaskArray, float | None], Detections]
"""Objects that the network is sure of, from logits (K, h, w), brightness and field at one scale, and the
length of spores there, px, where it is known."""
_MARGIN = 0.75  # of a spore length: objects whose middle lies as near to a window's edge may be cut by it


@dataclass(frozen=True, slots=True, eq=False)
class SureObjects:
    """What the network is sure of, n objects; lengths and places are px of the image's box.

    Attributes
    ----------
    y, x : (n,) float64 array
        Middles.
    length, area : (n,) float64 array
        px and px².
    score : (n,) float64 array
        0 to 1.
    angle : (n,) float64 array
        Of the major axis against the x axis, radians, y downwards.
    whole : (n,) bool array
        Whether it does not touch the edge of what was looked at.
    """

    y: NDArray[np.float64]
    x: NDArray[np.float64]
    length: NDArray[np.float64]
    area: NDArray[np.float64]
    score: NDArray[np.float64]
    angle: NDArray[np.float64]
    whole: NDArray[np.bool_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> SureObjects:
        """Return some of them."""
        return SureObjects(
            self.y[chosen],
            self.x[chosen],
            self.length[chosen],
            self.area[chosen],
            self.score[chosen],
            self.angle[chosen],
            self.whole[chosen],
        )

    @staticmethod
    def together(parts: list[SureObjects]) -> SureObjects:
        """Return the objects of one or more lists as one."""
        return SureObjects(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("y", "x", "length", "area", "score", "angle", "whole")
            )
        )


class Multiscale:
    """One image inside its field, looked at whole and in windows at several scales; whole looks are kept.

    Parameters
    ----------
    package : ModelPackage
    model : ModelSettings
        How the network runs.
    pixels : (H, W, 3) uint8 or uint16 array
    field_mask : (H, W) bool array
        Nowhere: there is nothing to look at, and ``shape`` is (0, 0).
    detect : Detect
        How objects are found in logits.
    """

    def __init__(
        self,
        package: ModelPackage,
        model: ModelSettings,
        pixels: Pixels,
        field_mask: MaskArray,
        detect: Detect,
    ) -> None:
        self._package = package
        self._model = model
        self._detect = detect
        self._field = field_mask
        self._pixels = pixels
        self._box = field_box(field_mask)
        self.shape = (0, 0) if self._box is None else field_mask[self._box].shape
        self._looks: dict[float, FloatArray] = {}
        self._found: dict[tuple[float, float | None], SureObjects] = {}
        self._grey: FloatArray | None = None
        self._whole: WholeImage | None = None

    @property
    def corner(self) -> tuple[int, int]:
        """The row and the column of the image at which what is looked at begins."""
        return (0, 0) if self._box is None else (self._box[0].start, self._box[1].start)

    @property
    def grey(self) -> FloatArray:
        """The brightness of what is looked at, of shape ``shape``."""
        if self._grey is None:
            self._grey = brightness(self._pixels)[self._box or (slice(0, 0), slice(0, 0))]
        return self._grey

    def whole_look(self, factor: float) -> FloatArray | None:
        """Return the logits (K, h, w) of the field's box at a scale, where it was looked at so; else None."""
        return self._looks.get(factor)

    def take_look(self, factor: float, logits: FloatArray) -> None:
        """Take logits of an earlier look at the same image; those of another shape are not taken."""
        size = working_size((self.shape[0], self.shape[1]), factor)
        if logits.shape == (len(self._package.card.channels), *size):
            self._looks[factor] = logits

    def logits(self, factor: float) -> FloatArray:
        """Return the logits (K, H, W) of the image, looked at at ``factor``."""
        return brought_back(self._look(factor), self._field.shape, self._box)

    def objects(
        self, factor: float, length: float | None = None, windows: list[Window] | None = None
    ) -> SureObjects:
        """Return the objects that the network is sure of at a scale.

        Parameters
        ----------
        factor : float
        length : float, optional
            Of spores, px of the image; None: as long as the network was trained for, at this scale.
        windows : list of windows, optional
            Of the box: only objects whose middle lies inside one, away from its edges, are told. None: all.
        """
        if windows is None or factor in self._looks:
            found = self._all_objects(factor, length)
            if windows is None:
                return found
            return SureObjects.together([found[self._inside(found, window, length)] for window in windows])
        parts = []
        for window in windows:
            found = self._objects(self._look_at(factor, window), factor, length, window)
            parts.append(found[self._inside(found, window, length)])
        return SureObjects.together(parts)

    def _all_objects(self, factor: float, length: float | None) -> SureObjects:
        key = (factor, length)
        if key not in self._found:
            whole = (slice(0, self.shape[0]), slice(0, self.shape[1]))
            self._found[key] = self._objects(self._look(factor), factor, length, whole)
        return self._found[key]

    def _look(self, factor: float) -> FloatArray:
        if factor not in self._looks:
            whole = (slice(0, self.shape[0]), slice(0, self.shape[1]))
            self._looks[factor] = self._look_at(factor, whole)
        return self._looks[factor]

    def _look_at(self, factor: float, window: Window) -> FloatArray:
        if self._box is None:
            return np.empty((len(self._package.card.channels), 0, 0), np.float32)
        pixels, field = self._pixels[self._box], self._field[self._box]
        part = pixels[window].shape != pixels.shape
        if part and self._whole is None:
            self._whole = WholeImage.of(self._package.card, pixels, field)
        network = load_network(self._package, device=self._model.device, precision=self._model.precision)
        return working_logits(
            network,
            self._package.card,
            pixels[window],
            field[window],
            factor=factor,
            turns=self._model.turns,
            whole=self._whole if part else None,
        )

    def _objects(
        self, logits: FloatArray, factor: float, length: float | None, window: Window
    ) -> SureObjects:
        size = (logits.shape[1], logits.shape[2])
        if self._box is None or not min(size):
            return _objects_of(np.zeros((1, 1), dtype=np.int32), None, factor, (0, 0))
        grey = resample(self.grey[window], size)
        inside = resample(self._field[self._box][window].astype(np.float32), size) > 0.5
        found = self._detect(logits, grey, inside, None if length is None else length * factor)
        return _objects_of(found.labels, found.scores, factor, (window[0].start, window[1].start))

    def _inside(self, found: SureObjects, window: Window, length: float | None) -> NDArray[np.bool_]:
        margin = _MARGIN * (length or 0.0)
        inside = np.ones(len(found.y), dtype=np.bool_)
        for place, side, size in zip((found.y, found.x), window, self.shape, strict=True):
            inside &= place >= (side.start + margin if side.start > 0 else 0)
            inside &= place < (side.stop - margin if side.stop < size else size)
        return inside


def windows_at(
    shape: tuple[int, int],
    side: int,
    count: int,
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    weight: NDArray[np.floating],
) -> list[Window] | None:
    """Return windows, few and apart, that hold much of the weight of some points; None: the whole is small.

    Parameters
    ----------
    shape : (int, int)
        Of the image, px.
    side : int
        Of a window, px.
    count : int
        At most so many; where as many as that would hold the whole image, None.
    y, x, weight : (n,) float64 array
        The points. None of them: the first window alone.
    """
    if shape[0] * shape[1] <= count * side * side:
        return None
    height, width = min(side, shape[0]), min(side, shape[1])
    step = max(1, side // 2)
    places = [
        (top, left) for top in _starts(shape[0], height, step) for left in _starts(shape[1], width, step)
    ]
    chosen: list[Window] = []
    left_over = weight.astype(np.float64).copy()
    while places and len(chosen) < count:
        sums = [
            float(left_over[(y >= top) & (y < top + height) & (x >= left) & (x < left + width)].sum())
            for top, left in places
        ]
        best = int(np.argmax(sums))
        if chosen and not sums[best] > 0:
            break
        top, left = places[best]
        chosen.append((slice(top, top + height), slice(left, left + width)))
        left_over[(y >= top) & (y < top + height) & (x >= left) & (x < left + width)] = 0
        places = [(a, b) for a, b in places if abs(a - top) >= height or abs(b - left) >= width]
    return chosen


def _starts(whole: int, part: int, step: int) -> list[int]:
    return sorted({*range(0, whole - part + 1, step), whole - part})


def _objects_of(
    labels: LabelArray, scores: NDArray[np.float64] | None, factor: float, corner: tuple[int, int]
) -> SureObjects:
    count = int(labels.max(initial=0))
    places = np.flatnonzero(labels)
    number = labels.ravel()[places] - 1
    rows, columns = np.divmod(places, max(1, labels.shape[1]))
    area = np.bincount(number, minlength=count).astype(np.float64)
    whole = np.ones(count + 1, dtype=np.bool_)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        whole[edge] = False
    lengths = measure_sizes(labels)[0] if count else np.zeros(0)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(number, weights=values, minlength=count) / area)

    y, x = mean(rows + 0.5), mean(columns + 0.5)
    dy, dx = rows + 0.5 - y[number], columns + 0.5 - x[number]
    return SureObjects(
        y=y / factor + corner[0],
        x=x / factor + corner[1],
        length=np.asarray(lengths, dtype=np.float64) / factor,
        area=area / factor**2,
        score=np.ones(count) if scores is None else scores,
        angle=0.5 * np.arctan2(2 * mean(dy * dx), mean(dx * dx) - mean(dy * dy)),
        whole=whole[1:],
    )
